// What is told of a connection, or a port, and when it is tried again: one that comes and goes is told at most every ten seconds.
import { networkReason, RetryDelay, restMs, ThrottledReport } from './notices';

type Told = (event: 'started' | 'error', message: string) => void;

/** A client's connection. */
export class ClientConnection {
  readonly #name: string;
  readonly #told: Told;
  readonly #retry = new RetryDelay();
  readonly #trouble: ThrottledReport;
  #isUp = false;
  #wasUp = false;
  /** What was told last is that it is not there. */
  #isToldLost = false;
  // What has not been told yet.
  #losses = 0;
  #lostBytes = 0;
  #why = '';
  #waitMs = 0;

  constructor(name: string, told: Told, rest = restMs) {
    this.#name = name;
    this.#told = told;
    this.#trouble = new ThrottledReport((count) => this.#tell(count), rest);
  }

  connected(): void {
    if (!this.#wasUp) this.#told('started', `connected to ${this.#name}`);
    else if (this.#isToldLost) this.#told('started', `${this.#name} is connected again`);
    this.#isToldLost = false;
    this.#isUp = true;
    this.#wasUp = true;
    // Attempts that failed are over; connections that were lost are still to be told.
    if (this.#losses === 0) this.#trouble.forget();
  }

  /** It has sent something: the next loss is tried again at once. */
  heard(): void {
    this.#retry.succeeded();
  }

  /** It was lost with so many bytes of a line that had not ended, or could not be made. Answers when to try again, in milliseconds. */
  disconnected(why: string, cutBytes = 0): number {
    if (this.#isUp) this.#losses++;
    this.#isUp = false;
    this.#lostBytes += cutBytes;
    this.#why = why;
    this.#waitMs = this.#retry.wait();
    this.#trouble.happened();
    return this.#waitMs;
  }

  #tell(count: number): void {
    const times = count > 1 ? ` (${count} times)` : '';
    const loss = this.#lostBytes > 0 ? `, in the middle of a line, of which ${this.#lostBytes} bytes are lost` : '';
    const next = this.#isUp ? 'it is connected again' : `next attempt in ${this.#waitMs} ms`;
    this.#losses = 0;
    this.#lostBytes = 0;
    this.#isToldLost = !this.#isUp;
    this.#told('error', `${this.#name} ${this.#why}${times}${loss}; ${next}`);
  }

  close(): void {
    this.#trouble.close();
  }
}

/** A port to listen on. It is tried again while it is taken: the receiver of an earlier run may hold it a moment longer. */
export class ListeningPort {
  readonly #name: string;
  readonly #told: Told;
  readonly #retry = new RetryDelay();
  readonly #taken: ThrottledReport;
  #timer: NodeJS.Timeout | undefined;

  constructor(name: string, told: Told) {
    this.#name = name;
    this.#told = told;
    this.#taken = new ThrottledReport((count, why) => told('error', `${why}${count > 1 ? ` (${count} times)` : ''}`));
  }

  opened(address: string): void {
    this.#taken.forget();
    this.#told('started', `listening on ${address}`);
  }

  failed(error: Error, again: () => void): void {
    const wait = this.#retry.wait();
    this.#taken.happened(1, `${this.#name} ${networkReason(error)}; next attempt in ${wait} ms`);
    this.#timer = setTimeout(again, wait);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#taken.close();
  }
}
