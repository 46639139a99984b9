// When the next executor is started after one has ended: at once as a rule, later where they keep dying, never where none can start.
import { backoffMs, deathWindowMs, freeDeaths, maxBackoffMs, startAttempts } from '../limits';

export class Backoff {
  readonly #slots: number;
  #failedStarts = 0;
  #deaths: number[] = [];

  constructor(slots: number) {
    this.#slots = slots;
  }

  joined(): void {
    this.#failedStarts = 0;
  }

  /** An executor ended before it had joined: the wait before the next start, or undefined when it is hopeless. */
  startFailed(): number | undefined {
    this.#failedStarts++;
    // All slots start at once, and each failure of that first round says the same.
    if (this.#failedStarts >= startAttempts + this.#slots - 1) return undefined;
    return wait(this.#failedStarts);
  }

  /** An executor that had joined ended at `now` (milliseconds): the wait before its replacement. */
  died(now: number): number {
    this.#deaths = this.#deaths.filter((time) => now - time < deathWindowMs);
    this.#deaths.push(now);
    const beyond = this.#deaths.length - freeDeaths * this.#slots;
    return beyond <= 0 ? 0 : wait(beyond);
  }
}

const wait = (round: number): number => Math.min(backoffMs * 2 ** (round - 1), maxBackoffMs);
