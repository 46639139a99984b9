// Limits how often a receiver reports the same kind of trouble: the first at once, then at most every ten seconds, with a count.
import { msText } from '../../runtime/base/units';

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

const firstMs = 100;
const mostMs = 5000;

/** The wait before the next attempt: it doubles up to five seconds, with jitter so that many clients spread out. */
export class RetryDelay {
  #next = firstMs;

  wait(): number {
    const ms = this.#next;
    this.#next = Math.min(mostMs, ms * 2);
    return Math.round(ms * (0.5 + Math.random() / 2));
  }

  succeeded(): void {
    this.#next = firstMs;
  }
}

/** Milliseconds between two looks at a source that may be silent for long. */
const mostCheckMs = 60_000;

/** Reports a source that sends nothing, once per silence. */
export class SilenceWatch {
  readonly #ms: number;
  readonly #report: (message: string) => void;
  readonly #timer: NodeJS.Timeout;
  #heardAt = performance.now();
  #isReported = false;

  constructor(ms: number, source: string, report: (message: string) => void) {
    this.#ms = ms;
    this.#report = (message) => report(`${source} ${message}`);
    this.#timer = setInterval(() => this.#check(), Math.min(mostCheckMs, Math.max(10, ms / 4)));
  }

  heard(): void {
    this.#heardAt = performance.now();
    if (this.#isReported) this.#report('is sending again');
    this.#isReported = false;
  }

  #check(): void {
    if (this.#isReported || performance.now() - this.#heardAt < this.#ms) return;
    this.#isReported = true;
    this.#report(`has sent nothing for ${msText(this.#ms)}`);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

/** What a network error means, as the rest of a sentence about the peer. */
export function networkReason(error: Error): string {
  const reasons: Record<string, string> = {
    ECONNREFUSED: 'refused the connection',
    ECONNRESET: 'reset the connection',
    ETIMEDOUT: 'did not answer',
    ENOTFOUND: 'is an unknown host name',
    EAI_AGAIN: 'could not be looked up',
    EHOSTUNREACH: 'cannot be reached',
    ENETUNREACH: 'cannot be reached',
    EADDRINUSE: 'is in use by another process',
    EACCES: 'is not permitted by the system',
  };
  const { code } = error as NodeJS.ErrnoException;
  return (code && reasons[code]) || `failed: ${error.message}`;
}
