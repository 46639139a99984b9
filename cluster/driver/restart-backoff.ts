// When to start the replacement of an executor: usually at once, later if executors keep dying or failing to start.
import { backoffMs, deathWindowMs, freeDeaths, maxBackoffMs, slowBackoffMs, startAttempts } from '../base/limits';

export class Backoff {
  readonly #slots: number;
  #failedStarts = 0;
  /** Of those, the starts whose program ended by itself or could not be run. */
  #unable = 0;
  #deaths: number[] = [];

  constructor(slots: number) {
    this.#slots = slots;
  }

  joined(): void {
    this.#failedStarts = 0;
    this.#unable = 0;
  }

  /** An executor ended before it joined. Returns the wait before the next start. */
  startFailed(isUnable: boolean): number {
    this.#failedStarts++;
    if (isUnable) this.#unable++;
    // All slots start at once, so the failures of that first round count as one.
    return wait(Math.max(1, this.#failedStarts - this.#slots + 1), this.isHopeless ? slowBackoffMs : maxBackoffMs);
  }

  /** The program has failed so often that it cannot run on this machine as it is now. */
  get isHopeless(): boolean {
    return this.#unable >= startAttempts + this.#slots - 1;
  }

  /** An executor that had joined ended at `now` (milliseconds). Returns the wait before its replacement starts. */
  died(now: number): number {
    this.#deaths = this.#deaths.filter((time) => now - time < deathWindowMs);
    this.#deaths.push(now);
    const beyond = this.#deaths.length - freeDeaths * this.#slots;
    return beyond <= 0 ? 0 : wait(beyond, maxBackoffMs);
  }
}

const wait = (round: number, most: number): number => Math.min(backoffMs * 2 ** (round - 1), most);
