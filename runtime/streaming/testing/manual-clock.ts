// A clock that stands still until a test advances it: streams under test run as fast as they can, and each run is the same.

import { type Duration, milliseconds } from '../../base/duration';
import type { Clock } from '../../base/time';

interface Timer {
  readonly at: number;
  readonly f: () => void;
}

/**
 * A clock that the test controls. `advance` fires what is due, in order of time.
 * @example new ManualClock(1000).now() // 1000
 */
export class ManualClock implements Clock {
  #now: number;
  readonly #timers = new Set<Timer>();

  constructor(start = 0) {
    this.#now = start;
  }

  /**
   * @example new ManualClock(1000).now() // 1000
   */
  now(): number {
    return this.#now;
  }

  after(ms: number, f: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, ms), f };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /**
   * Advances by `duration`; each timer sees the clock at its own time.
   * @example const clock = new ManualClock(0); clock.advance(5); clock.now()
   */
  advance(duration: Duration): void {
    const end = this.#now + milliseconds('advance', 'the duration', duration);
    for (let due = this.#firstUntil(end); due; due = this.#firstUntil(end)) {
      this.#timers.delete(due);
      this.#now = Math.max(this.#now, due.at);
      due.f();
    }
    this.#now = end;
  }

  #firstUntil(end: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) if (timer.at <= end && (!first || timer.at < first.at)) first = timer;
    return first;
  }
}
