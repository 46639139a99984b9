// A receiver of the user's in its process: it is started, stores into blocks, and is started again when it asks for that or throws.
import { asError, MillraceError } from '../runtime/errors';
import { attachHost, type Receiver, type ReceiverHost } from '../runtime/streaming/receiver';
import { LineSink, type Source, type SourceHost } from './receiver-source';
import { Rarely, Retry } from './receiver-words';

/** Rows are written in frames of so many at most, and after so many milliseconds. */
const frameRows = 1024;
const frameMs = 20;

interface Waiting {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

function waiting(): Waiting {
  let [resolve, reject]: [() => void, (error: unknown) => void] = [() => {}, () => {}];
  const promise = new Promise<void>((done, failed) => ([resolve, reject] = [done, failed]));
  // Whoever stores need not wait.
  promise.catch(() => {});
  return { promise, resolve, reject };
}

export class CustomSource implements Source, ReceiverHost {
  readonly #host: SourceHost;
  readonly #receiver: Receiver<unknown>;
  readonly #maxUnprocessed: number;
  /** Elements are lines of text. */
  readonly #isText: boolean;
  readonly #sink: LineSink;
  readonly #retry = new Retry();
  readonly #overrun: Rarely;
  /** By the number of the block that holds what is waited for. */
  readonly #unknown = new Map<number, Waiting>();
  #rows: unknown[] = [];
  #rowTimer: NodeJS.Timeout | undefined;
  #restartTimer: NodeJS.Timeout | undefined;
  #opened: Waiting | undefined;
  #isStopped = true;
  #closed = false;

  constructor(host: SourceHost, receiver: Receiver<unknown>, isText: boolean, maxUnprocessed: number) {
    this.#host = host;
    this.#isText = isText;
    this.#receiver = receiver;
    this.#maxUnprocessed = maxUnprocessed;
    this.#sink = new LineSink(host);
    this.#overrun = new Rarely((lost) => host.told('error', new MillraceError('RECEIVER_OVERRUN', { lost }).message));
    attachHost(receiver, this);
    host.flow.attach((open) => this.#flowChanged(open));
    this.#start();
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  store(values: readonly unknown[]): Promise<void> {
    if (this.#isText) return this.storeBytes(Buffer.from(values.join('\n')));
    if (this.#isOver(values.length)) return this.#whenOpen();
    for (const value of values) this.#rows.push(value);
    const { number } = this.#host.blocks;
    if (this.#rows.length >= frameRows) this.#writeRows();
    else this.#rowTimer ??= setTimeout(() => this.#writeRows(), frameMs);
    return this.#stored(number);
  }

  storeBytes(bytes: Uint8Array): Promise<void> {
    if (!this.#isText) throw new MillraceError('NOT_LINES');
    if (this.#isOver(1)) return this.#whenOpen();
    const { number } = this.#host.blocks;
    const cutter = this.#sink.cutter();
    cutter.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    cutter.end();
    return this.#stored(number);
  }

  #isOver(elements: number): boolean {
    if (this.#host.flow.unprocessed < 2 * this.#maxUnprocessed) return false;
    this.#overrun.happened(elements);
    return true;
  }

  async #stored(block: number): Promise<void> {
    const known = this.#unknown.get(block) ?? waiting();
    this.#unknown.set(block, known);
    await known.promise;
    if (!this.#host.flow.isOpen) await this.#whenOpen();
  }

  #whenOpen(): Promise<void> {
    this.#opened ??= waiting();
    return this.#opened.promise;
  }

  #flowChanged(open: boolean): void {
    if (!open) return;
    this.#opened?.resolve();
    this.#opened = undefined;
  }

  /** The rows that wait go into the block that is being written. Called before each cut. */
  flush(): void {
    if (this.#rows.length > 0) this.#writeRows();
  }

  #writeRows(): void {
    clearTimeout(this.#rowTimer);
    this.#rowTimer = undefined;
    const rows = this.#rows;
    this.#rows = [];
    try {
      this.#host.flow.received(this.#host.blocks.rows(rows), rows.length);
    } catch (error) {
      this.reportError(`${rows.length} elements are lost, for one of them cannot be stored`, error);
      this.#unknown.get(this.#host.blocks.number)?.reject(error);
      this.#unknown.delete(this.#host.blocks.number);
    }
  }

  /** The driver knows all blocks up to this one. */
  known(block: number): void {
    for (const [number, { resolve }] of this.#unknown) {
      if (number > block) continue;
      this.#unknown.delete(number);
      resolve();
    }
  }

  // Life.

  #start(): void {
    this.#isStopped = false;
    this.#host.told('started', `${this.#receiver.constructor.name} has started`);
    this.#attempt('onStart', (error) => this.restart('onStart failed', error));
  }

  #attempt(method: 'onStart' | 'onStop', failed: (error: unknown) => void): Promise<void> {
    return (async () => this.#receiver[method]())().then(() => {}, failed);
  }

  restart(reason: string, error?: unknown): void {
    if (this.#isStopped || this.#closed) return;
    this.#isStopped = true;
    const wait = this.#retry.wait();
    this.reportError(`${reason}; it is started again in ${wait} ms`, error);
    void this.#attempt('onStop', (thrown) => this.reportError('onStop failed', thrown)).then(() => {
      if (!this.#closed) this.#restartTimer = setTimeout(() => this.#start(), wait);
    });
  }

  stop(reason: string): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#host.told('notice', `${this.#receiver.constructor.name} has stopped: ${reason}`);
    void this.#attempt('onStop', (thrown) => this.reportError('onStop failed', thrown));
  }

  reportError(message: string, error?: unknown): void {
    this.#host.told('error', error === undefined ? message : `${message}: ${asError(error).message}`);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#restartTimer);
    this.#flowChanged(true);
    if (!this.#isStopped) {
      this.#isStopped = true;
      await this.#attempt('onStop', (thrown) => this.reportError('onStop failed', thrown));
    }
    this.flush();
    this.#sink.close();
    this.#overrun.close();
  }
}
