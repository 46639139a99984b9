// When a client connects again and a listener opens its port again, and what the user hears of it: at most one report every ten seconds.
import { restMs, ThrottledReport } from './limited-notices';

type Report = (event: 'started' | 'error', message: string) => void;

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

/** The connection of a client: counts its losses and says when to try again. */
export class ClientConnection {
  readonly #name: string;
  readonly #report: Report;
  readonly #retry = new RetryDelay();
  readonly #trouble: ThrottledReport;
  #isUp = false;
  #wasUp = false;
  /** The last report said that the connection is lost. */
  #isReportedLost = false;
  // Not reported yet:
  #losses = 0;
  #lostBytes = 0;
  #why = '';
  #waitMs = 0;

  constructor(name: string, report: Report, rest = restMs) {
    this.#name = name;
    this.#report = report;
    this.#trouble = new ThrottledReport((count) => this.#reportTrouble(count), rest);
  }

  connected(): void {
    if (!this.#wasUp) this.#report('started', `connected to ${this.#name}`);
    else if (this.#isReportedLost) this.#report('started', `reconnected to ${this.#name}`);
    this.#isReportedLost = false;
    this.#isUp = true;
    this.#wasUp = true;
    // Failed attempts need no report any more; lost connections still do.
    if (this.#losses === 0) this.#trouble.forget();
  }

  /** The source has sent something, so the wait after the next loss is short again. */
  heard(): void {
    this.#retry.succeeded();
  }

  /**
   * The connection was lost or could not be made; `cutBytes` of an incomplete line are lost with it. Returns the milliseconds until the
   * next attempt.
   */
  disconnected(why: string, cutBytes = 0): number {
    if (this.#isUp) this.#losses++;
    this.#isUp = false;
    this.#lostBytes += cutBytes;
    this.#why = why;
    this.#waitMs = this.#retry.wait();
    this.#trouble.happened();
    return this.#waitMs;
  }

  #reportTrouble(count: number): void {
    const times = count > 1 ? ` (${count} times)` : '';
    const loss = lossText(this.#lostBytes);
    const next = this.#isUp ? 'reconnected' : `next attempt in ${this.#waitMs} ms`;
    this.#losses = 0;
    this.#lostBytes = 0;
    this.#isReportedLost = !this.#isUp;
    this.#report('error', `${this.#name} ${this.#why}${times}${loss}; ${next}`);
  }

  /** The stream ends: attempts that failed matter no more, what was lost does. `cutBytes` of an incomplete line are lost with it. */
  close(cutBytes = 0): void {
    this.#trouble.forget();
    this.#trouble.close();
    this.#lostBytes += cutBytes;
    const lost = lossText(this.#lostBytes);
    const times = this.#losses > 1 ? ` (${this.#losses} times)` : '';
    if (this.#losses > 0) this.#report('error', `${this.#name} ${this.#why}${times}${lost}; the stream has ended`);
    else if (lost !== '') this.#report('error', `${this.#name}: the stream has ended${lost}`);
  }
}

/** `; 9 bytes of an incomplete line are lost`, or nothing. */
export const lossText = (bytes: number): string => (bytes === 0 ? '' : `; ${bytes} bytes of an incomplete line are lost`);

/** A port to listen on. While it is taken it is tried again: the receiver of an earlier run may hold it a moment longer. */
export class ListeningPort {
  readonly #name: string;
  readonly #report: Report;
  readonly #retry = new RetryDelay();
  readonly #taken: ThrottledReport;
  #timer: NodeJS.Timeout | undefined;

  constructor(name: string, report: Report) {
    this.#name = name;
    this.#report = report;
    this.#taken = new ThrottledReport((count, why) => report('error', `${why}${count > 1 ? ` (${count} times)` : ''}`));
  }

  opened(address: string): void {
    this.#taken.forget();
    this.#report('started', `listening on ${address}`);
  }

  failed(error: Error, again: () => void): void {
    const wait = this.#retry.wait();
    this.#taken.happened(1, `${this.#name} ${networkReason(error)}; next attempt in ${wait} ms`);
    this.#timer = setTimeout(again, wait);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#taken.forget();
    this.#taken.close();
  }
}
