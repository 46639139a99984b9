// Opens and closes the reading of a source: closed while too many bytes wait for batches, and while the rate is above its limit.
import { bytesText } from '../../runtime/base/units';

/** Milliseconds between two checks of a limited rate. */
const refillMs = 20;

/** After a pause, at most this many seconds' worth of the limit may be read at once. */
const burstSeconds = 0.5;

export class ReadGate {
  readonly #maxUnprocessed: number;
  readonly #notify: (message: string) => void;
  readonly #readers = new Set<(open: boolean) => void>();
  #unprocessed: number;
  #rate = -1;
  #allowance = 0;
  #timer: NodeJS.Timeout | undefined;
  #isOpen = true;
  #full = false;

  /** `unprocessed` bytes wait already; `notify` is called whenever reading pauses because too many wait. */
  constructor(maxUnprocessed: number, unprocessed: number, notify: (message: string) => void) {
    this.#maxUnprocessed = maxUnprocessed;
    this.#unprocessed = unprocessed;
    this.#notify = notify;
  }

  /** Bytes that no batch has processed yet. */
  get unprocessed(): number {
    return this.#unprocessed;
  }

  /** Whether sources may be read now. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Calls `reader` at each change, and at once if the gate is closed; the returned function detaches it. */
  attach(reader: (open: boolean) => void): () => void {
    this.#readers.add(reader);
    if (!this.#isOpen) reader(false);
    return () => this.#readers.delete(reader);
  }

  /** Counts what was read. */
  received(bytes: number, records: number): void {
    this.#unprocessed += bytes;
    if (this.#rate >= 0) this.#allowance -= records;
    this.#update();
  }

  processed(bytes: number): void {
    this.#unprocessed = Math.max(0, this.#unprocessed - bytes);
    this.#update();
  }

  /** Elements per second from now on; -1 for no limit. */
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
        this.#update();
      }, refillMs);
    }
    this.#update();
  }

  /** How many bytes to read at a time, so that a limit holds evenly: a tenth of a second's elements, at 100 bytes each. */
  get readBytes(): number {
    return this.#rate < 0 ? Number.POSITIVE_INFINITY : Math.max(1024, this.#rate * 10);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#readers.clear();
  }

  #update(): void {
    // Reopen at three quarters of the limit, not after each block.
    this.#full = this.#unprocessed >= this.#maxUnprocessed * (this.#full ? 0.75 : 1);
    const open = !this.#full && (this.#rate < 0 || this.#allowance > 0);
    if (this.#full && this.#isOpen) this.#notify(`reading paused: ${bytesText(this.#unprocessed)} wait to be processed`);
    if (open === this.#isOpen) return;
    this.#isOpen = open;
    for (const reader of this.#readers) reader(open);
  }
}
