// Runs the user's receiver in its process: starts it, stores its elements into blocks, and restarts it when it asks for that or throws.
import { asError, MillraceError } from '../../runtime/base/errors';
import { attachHost, type Receiver, type ReceiverHost } from '../../runtime/streaming/receivers/receiver-class';
import { ThrottledReport } from './limited-notices';
import { RetryDelay } from './reconnect';
import { LineSink, type Source, type SourceHost } from './source';

/** Rows are written in frames of at most this many, at the latest after this many milliseconds. */
const frameRows = 1024;
const frameMs = 20;

/** The elements of one call of `store`. */
interface Stored {
  readonly values: readonly unknown[];
  /** Why none of them is in a block. */
  error?: unknown;
}

interface Waiting {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

function waiting(): Waiting {
  let resolve = () => {};
  let reject = (_: Error) => {};
  const promise = new Promise<void>((...ends) => ([resolve, reject] = ends));
  return { promise, resolve, reject };
}

export class CustomSource implements Source, ReceiverHost {
  readonly #host: SourceHost;
  readonly #receiver: Receiver<unknown>;
  readonly #maxUnprocessed: number;
  /** Whether elements are lines of text. */
  readonly #isText: boolean;
  readonly #sink: LineSink;
  readonly #retry = new RetryDelay();
  readonly #overrun: ThrottledReport;
  readonly #refused: ThrottledReport;
  /** Reports restarts for the last reason. */
  #restarts: ThrottledReport | undefined;
  #restartReason = '';
  /** Callers that wait until the driver knows a block, by the number of that block. */
  readonly #unknown = new Map<number, Waiting>();
  #calls: Stored[] = [];
  #rows = 0;
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
    this.#overrun = new ThrottledReport((lost) => host.report('error', new MillraceError('RECEIVER_OVERRUN', { lost }).message));
    this.#refused = new ThrottledReport((lost, why) =>
      host.report(
        'error',
        `${lost === 1 ? 'an element that cannot be stored is' : `${lost} elements that cannot be stored are`} lost: ${why}`,
      ),
    );
    attachHost(receiver, this);
    host.gate.attach((open) => this.#flowChanged(open));
    this.#start();
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  store(values: readonly unknown[]): Promise<void> {
    if (this.#isText) return this.storeBytes(Buffer.from(values.join('\n')));
    if (this.#isOver(values.length)) return this.#whenOpen();
    const call: Stored = { values };
    this.#calls.push(call);
    this.#rows += values.length;
    const { number } = this.#host.blocks;
    const stored = this.#stored(number, call);
    if (this.#rows >= frameRows) this.#writeRows();
    else this.#rowTimer ??= setTimeout(() => this.#writeRows(), frameMs);
    // Callers need not await the promise: a rejection that nobody handles is none.
    stored.catch(() => {});
    return stored;
  }

  storeBytes(bytes: Uint8Array): Promise<void> {
    if (!this.#isText) throw new MillraceError('NOT_LINES');
    if (this.#isOver(1)) return this.#whenOpen();
    const { number } = this.#host.blocks;
    const cutter = this.#sink.cutter();
    cutter.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    cutter.end();
    const stored = this.#stored(number);
    stored.catch(() => {});
    return stored;
  }

  #isOver(elements: number): boolean {
    if (this.#host.gate.unprocessed < 2 * this.#maxUnprocessed) return false;
    this.#overrun.happened(elements);
    return true;
  }

  async #stored(block: number, call?: Stored): Promise<void> {
    const known = this.#unknown.get(block) ?? waiting();
    this.#unknown.set(block, known);
    await known.promise;
    if (call?.error !== undefined) throw call.error;
    if (!this.#host.gate.isOpen) await this.#whenOpen();
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

  /** Writes the waiting rows into the current block. Called before each cut. */
  flush(): void {
    if (this.#calls.length > 0) this.#writeRows();
  }

  #writeRows(): void {
    clearTimeout(this.#rowTimer);
    this.#rowTimer = undefined;
    const calls = this.#calls;
    this.#calls = [];
    this.#rows = 0;
    try {
      this.#write(calls.length === 1 ? calls[0].values : calls.flatMap(({ values }) => values));
    } catch {
      // Write each call alone, so that one that cannot be stored costs only itself.
      for (const call of calls) this.#writeCall(call);
      this.#releaseEmpty();
    }
  }

  #write(rows: readonly unknown[]): void {
    this.#host.gate.received(this.#host.blocks.rows(rows), rows.length);
  }

  #writeCall(call: Stored): void {
    try {
      this.#write(call.values);
    } catch (error) {
      call.error = error;
      this.#refused.happened(call.values.length, asError(error).message);
    }
  }

  /** Releases the callers that wait for the current block if it is empty: no empty block is ever handed over. */
  #releaseEmpty(): void {
    const { isEmpty, number } = this.#host.blocks;
    if (!isEmpty) return;
    this.#unknown.get(number)?.resolve();
    this.#unknown.delete(number);
  }

  /** The driver knows all blocks up to this one. */
  known(block: number): void {
    for (const [number, { resolve }] of this.#unknown) {
      if (number > block) continue;
      this.#unknown.delete(number);
      resolve();
    }
  }

  /** Its block could not be ended: `store` must not resolve, or the source would forget its elements. */
  blockLost(block: number, reason: string): void {
    this.#unknown.get(block)?.reject(new Error(reason));
    this.#unknown.delete(block);
  }

  #start(): void {
    this.#isStopped = false;
    this.#host.report('started', `${this.#receiver.constructor.name} has started`);
    this.#attempt('onStart', (error) => this.restart('onStart failed', error));
  }

  #attempt(method: 'onStart' | 'onStop', failed: (error: unknown) => void): Promise<void> {
    return (async () => this.#receiver[method]())().then(() => {}, failed);
  }

  restart(reason: string, error?: unknown): void {
    if (this.#isStopped || this.#closed) return;
    this.#isStopped = true;
    const wait = this.#retry.wait();
    this.#reportRestart(reason, error === undefined ? '' : `: ${asError(error).message}`, wait);
    void this.#attempt('onStop', (thrown) => this.reportError('onStop failed', thrown)).then(() => {
      if (!this.#closed) this.#restartTimer = setTimeout(() => this.#start(), wait);
    });
  }

  /** Reports a new reason at once, and the same reason at most every ten seconds. */
  #reportRestart(reason: string, detail: string, wait: number): void {
    if (reason + detail !== this.#restartReason) {
      this.#restartReason = reason + detail;
      this.#restarts?.close();
      this.#restarts = new ThrottledReport((count, why) =>
        this.#host.report('error', `${why}${count > 1 ? ` (${count} times)` : ''}`),
      );
    }
    this.#restarts?.happened(1, `${reason}; restarting in ${wait} ms${detail}`);
  }

  stop(reason: string): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#host.report('notice', `${this.#receiver.constructor.name} has stopped: ${reason}`);
    void this.#attempt('onStop', (thrown) => this.reportError('onStop failed', thrown));
  }

  reportError(message: string, error?: unknown): void {
    this.#host.report('error', error === undefined ? message : `${message}: ${asError(error).message}`);
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
    this.#refused.close();
    this.#restarts?.close();
  }
}
