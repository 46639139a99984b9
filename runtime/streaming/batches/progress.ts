// The progress of a context: its unfinished batches, and the last ones that are done.

import type { Time } from '../../base/duration';
import type { BatchInfo } from '../graph/listener';

const historyLength = 100;

export class Progress {
  readonly #history: BatchInfo[] = [];
  /** The times of unfinished batches, oldest first. */
  readonly #unfinished: Time[] = [];

  /** How many batches are unfinished. */
  get unfinished(): number {
    return this.#unfinished.length;
  }

  /** The last completed batches, oldest first; at most 100. */
  get history(): readonly BatchInfo[] {
    return [...this.#history];
  }

  submitted(time: Time): void {
    this.#unfinished.push(time);
  }

  done(info: BatchInfo): void {
    this.#unfinished.shift();
    this.#history.push(info);
    if (this.#history.length > historyLength) this.#history.shift();
  }

  /** How late the oldest unfinished batch is, in milliseconds: 0 while each batch is done before the next one ends. */
  behind(now: Time, interval: number): number {
    const [oldest] = this.#unfinished;
    return oldest === undefined ? 0 : Math.max(0, now - oldest - interval);
  }
}
