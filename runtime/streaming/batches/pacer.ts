// Decides when batches are made: overdue ones as fast as they are done, the others each at its time.

import type { Past, Time } from '../../base/duration';
import type { Clock } from '../../base/time';
import { Ticker } from './ticker';

/** How many batches may be unfinished while overdue ones are made. */
const ahead = 2;

export interface PacerOptions {
  readonly clock: Clock;
  readonly interval: number;
  /** Makes a batch. */
  readonly tick: (time: Time) => void;
  /** The number of unfinished batches. */
  readonly unfinished: () => number;
}

export class Pacer {
  readonly #options: PacerOptions;
  #next: Time;
  readonly #past: Past | undefined;
  #ticker: Ticker | undefined;
  #stopped = false;

  /** `begin` starts with the batch of `first`, which may be long past, or runs through old data regardless of the clock. */
  constructor(options: PacerOptions, first: Time | Past) {
    this.#options = options;
    this.#next = typeof first === 'number' ? first : first.first;
    this.#past = typeof first === 'number' ? undefined : first;
  }

  begin(): void {
    this.#goOn();
  }

  /** True while it makes overdue batches or reads old data. */
  get isBehindClock(): boolean {
    return this.#ticker === undefined;
  }

  /** The time of the next batch. */
  get next(): Time {
    return this.#ticker?.next ?? this.#next;
  }

  /** A batch is done. */
  batchDone(): void {
    if (!this.#ticker) this.#goOn();
  }

  stop(): void {
    this.#stopped = true;
    this.#ticker?.stop();
  }

  #goOn(): void {
    const { interval, tick, unfinished } = this.#options;
    while (!this.#stopped && this.#next <= this.#end() && unfinished() < ahead) {
      const time = this.#next;
      this.#next += interval;
      tick(time);
    }
    if (this.#stopped || this.#next <= this.#end()) return;
    if (!this.#past) this.#wait();
    else if (unfinished() === 0) {
      this.#stopped = true;
      this.#past.ended();
    }
  }

  #end(): Time {
    return this.#past?.last ?? this.#options.clock.now();
  }

  #wait(): void {
    const { clock, interval, tick } = this.#options;
    this.#ticker = new Ticker(clock, interval, this.#next, tick);
  }
}
