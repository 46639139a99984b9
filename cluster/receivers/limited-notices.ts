// Limits how often a receiver reports the same kind of trouble: the first at once, then at most every ten seconds, with a count.

/** Milliseconds between two reports of one kind. */
export const restMs = 10_000;

/** Reports something that may happen very often. */
export class ThrottledReport {
  readonly #report: (count: number, detail: string) => void;
  readonly #rest: number;
  #count = 0;
  #detail = '';
  #reportedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** `report` gets the number since the last report, and the last detail. */
  constructor(report: (count: number, detail: string) => void, rest = restMs) {
    this.#report = report;
    this.#rest = rest;
  }

  happened(count = 1, detail = ''): void {
    if (this.#isClosed) return;
    this.#count += count;
    this.#detail = detail;
    const wait = this.#reportedAt + this.#rest - performance.now();
    if (wait <= 0) this.#reportNow();
    else this.#timer ??= setTimeout(() => this.#reportNow(), wait);
  }

  #reportNow(): void {
    const count = this.#count;
    this.forget();
    this.#reportedAt = performance.now();
    if (count > 0) this.#report(count, this.#detail);
  }

  /** Drops what has not been reported yet. */
  forget(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#count = 0;
  }

  /** Reports at once what has not been reported yet; what happens later is not reported. */
  close(): void {
    if (this.#count > 0) this.#reportNow();
    clearTimeout(this.#timer);
    this.#isClosed = true;
  }
}
