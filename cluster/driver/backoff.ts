// When to start the replacement of an executor: usually at once, later if executors keep dying, never if none can start.
import { backoffMs, deathWindowMs, freeDeaths, maxBackoffMs, startAttempts } from '../base/limits';

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

  /** An executor ended before it joined. Returns the wait before the next start, or undefined to give up. */
  startFailed(): number | undefined {
    this.#failedStarts++;
    // All slots start at once, so the failures of that first round count as one.
    if (this.#failedStarts >= startAttempts + this.#slots - 1) return undefined;
    return wait(this.#failedStarts);
  }

  /** An executor that had joined ended at `now` (milliseconds). Returns the wait before its replacement starts. */
  died(now: number): number {
    this.#deaths = this.#deaths.filter((time) => now - time < deathWindowMs);
    this.#deaths.push(now);
    const beyond = this.#deaths.length - freeDeaths * this.#slots;
    return beyond <= 0 ? 0 : wait(beyond);
  }
}

const wait = (round: number): number => Math.min(backoffMs * 2 ** (round - 1), maxBackoffMs);
