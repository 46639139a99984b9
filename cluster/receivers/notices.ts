// What a receiver tells its user, and how often: the first time at once, then at most every ten seconds, with what was left untold.
import { msText } from '../../runtime/base/units';

/** Milliseconds between two that are told. */
export const restMs = 10_000;

/** Things of one kind that may happen very often. */
export class ThrottledReport {
  readonly #tell: (count: number, detail: string) => void;
  readonly #rest: number;
  #count = 0;
  #detail = '';
  #toldAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  /** `tell` hears how many there were since it was told last, and the last detail. */
  constructor(tell: (count: number, detail: string) => void, rest = restMs) {
    this.#tell = tell;
    this.#rest = rest;
  }

  happened(count = 1, detail = ''): void {
    this.#count += count;
    this.#detail = detail;
    const wait = this.#toldAt + this.#rest - performance.now();
    if (wait <= 0) this.#tellNow();
    else this.#timer ??= setTimeout(() => this.#tellNow(), wait);
  }

  #tellNow(): void {
    const count = this.#count;
    this.forget();
    this.#toldAt = performance.now();
    if (count > 0) this.#tell(count, this.#detail);
  }

  /** What has not been told yet needs no telling any more. */
  forget(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#count = 0;
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}

const firstMs = 100;
const mostMs = 5000;

/** The waits between attempts: doubled up to five seconds, each between half and the whole of that, so that many clients spread. */
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

/** Tells of a source that says nothing, once for each silence. */
export class SilenceWatch {
  readonly #ms: number;
  readonly #tell: (message: string) => void;
  readonly #timer: NodeJS.Timeout;
  #heardAt = performance.now();
  #told = false;

  constructor(ms: number, source: string, tell: (message: string) => void) {
    this.#ms = ms;
    this.#tell = (message) => tell(`${source} ${message}`);
    this.#timer = setInterval(() => this.#look(), Math.max(10, ms / 4));
  }

  heard(): void {
    this.#heardAt = performance.now();
    if (this.#told) this.#tell('is sending again');
    this.#told = false;
  }

  #look(): void {
    if (this.#told || performance.now() - this.#heardAt < this.#ms) return;
    this.#told = true;
    this.#tell(`has sent nothing for ${msText(this.#ms)}`);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

/** Network errors in words. */
export function networkReason(error: Error): string {
  const words: Record<string, string> = {
    ECONNREFUSED: 'refused the connection',
    ECONNRESET: 'reset the connection',
    ETIMEDOUT: 'did not answer',
    ENOTFOUND: 'is not known by that name',
    EAI_AGAIN: 'could not be looked up',
    EHOSTUNREACH: 'cannot be reached',
    ENETUNREACH: 'cannot be reached',
    EADDRINUSE: 'is in use by another process',
    EACCES: 'may not be listened on',
  };
  const { code } = error as NodeJS.ErrnoException;
  return (code && words[code]) || `failed: ${error.message}`;
}
