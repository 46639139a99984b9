// Calls back at each batch time, once each and in order; for missed times it calls at once.

import type { Time } from '../../base/duration';
import type { Clock } from '../../base/time';

export class Ticker {
  readonly #clock: Clock;
  readonly #interval: number;
  readonly #tick: (time: Time) => void;
  #next: Time;
  #cancel: (() => void) | undefined;

  /** The first tick is at `first`. */
  constructor(clock: Clock, interval: number, first: Time, tick: (time: Time) => void) {
    this.#clock = clock;
    this.#interval = interval;
    this.#next = first;
    this.#tick = tick;
    this.#wait();
  }

  #wait(): void {
    this.#cancel = this.#clock.after(Math.max(0, this.#next - this.#clock.now()), () => {
      this.#cancel = undefined;
      this.#catchUp();
      this.#wait();
    });
  }

  #catchUp(): void {
    for (const now = this.#clock.now(); this.#next <= now; ) {
      const time = this.#next;
      this.#next += this.#interval;
      this.#tick(time);
    }
  }

  /** The time of the next tick. */
  get next(): Time {
    return this.#next;
  }

  stop(): void {
    this.#cancel?.();
  }
}
