// When a source may be read: not while too much of it waits to be processed, and not faster than the limit.
import { bytesText } from '../../runtime/base/units';

/** Milliseconds between two looks at a limited rate. */
const refillMs = 20;

/** The most that is made up for after a pause, in seconds of the limit. */
const burstSeconds = 0.5;

export class ReadGate {
  readonly #maxUnprocessed: number;
  readonly #told: (message: string) => void;
  readonly #readers = new Set<(open: boolean) => void>();
  #unprocessed: number;
  #rate = -1;
  #allowance = 0;
  #timer: NodeJS.Timeout | undefined;
  #isOpen = true;
  #full = false;

  /** `unprocessed` bytes wait already; `told` hears when reading stops for want of processing, and when it goes on. */
  constructor(maxUnprocessed: number, unprocessed: number, told: (message: string) => void) {
    this.#maxUnprocessed = maxUnprocessed;
    this.#unprocessed = unprocessed;
    this.#told = told;
  }

  /** Bytes that no batch has finished. */
  get unprocessed(): number {
    return this.#unprocessed;
  }

  /** Whether sources may be read now. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Has a reader stopped and let on; the answer forgets it. It is told at once. */
  attach(reader: (open: boolean) => void): () => void {
    this.#readers.add(reader);
    if (!this.#isOpen) reader(false);
    return () => this.#readers.delete(reader);
  }

  /** So much was read. */
  received(bytes: number, records: number): void {
    this.#unprocessed += bytes;
    if (this.#rate >= 0) this.#allowance -= records;
    this.#look();
  }

  processed(bytes: number): void {
    this.#unprocessed = Math.max(0, this.#unprocessed - bytes);
    this.#look();
  }

  /** Elements a second from now on; -1 for no limit. */
  limit(perSecond: number): void {
    this.#rate = perSecond;
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (perSecond >= 0) {
      this.#allowance = Math.min(this.#allowance, perSecond * burstSeconds);
      let last = performance.now();
      this.#timer = setInterval(() => {
        const now = performance.now();
        this.#allowance = Math.min(perSecond * burstSeconds, this.#allowance + (perSecond * (now - last)) / 1000);
        last = now;
        this.#look();
      }, refillMs);
    }
    this.#look();
  }

  /** Bytes that are worth reading at a time, so that a limit is kept evenly: a tenth of a second's, at 100 bytes each. */
  get readBytes(): number {
    return this.#rate < 0 ? Number.POSITIVE_INFINITY : Math.max(1024, this.#rate * 10);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#readers.clear();
  }

  #look(): void {
    // It goes on at three quarters, not at each block that is done.
    this.#full = this.#unprocessed >= this.#maxUnprocessed * (this.#full ? 0.75 : 1);
    const open = !this.#full && (this.#rate < 0 || this.#allowance > 0);
    if (this.#full && this.#isOpen) this.#told(`reading stops: ${bytesText(this.#unprocessed)} wait to be processed`);
    if (open === this.#isOpen) return;
    this.#isOpen = open;
    for (const reader of this.#readers) reader(open);
  }
}
