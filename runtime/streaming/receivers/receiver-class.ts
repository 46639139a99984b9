// The base class of the user's receivers: an instance with `onStart` and `onStop` runs in a process of its own and stores what arrives.
import { MillraceError } from '../../base/errors';
import { registerEngineClass } from '../../closure/intrinsics';

/** What the methods of a running receiver call; set on the instance in its process only. */
export interface ReceiverHost {
  store(values: readonly unknown[]): Promise<void>;
  storeBytes(bytes: Uint8Array): Promise<void>;
  restart(reason: string, error: unknown): void;
  stop(reason: string): void;
  reportError(message: string, error: unknown): void;
  readonly isStopped: boolean;
}

const host: unique symbol = Symbol.for('millrace.receiverHost') as never;

/**
 * Your own source, for `receiverStream`. The instance is shipped, with what it captured, to a process of its own; Node's modules work
 * there as usual. Keep addresses and options in fields; open sockets and timers in `onStart`.
 *
 *     class Ticks extends Receiver<number> {
 *       #timer?: NodeJS.Timeout;
 *       onStart() { let n = 0; this.#timer = setInterval(() => this.store(n++), 100); }
 *       onStop() { clearInterval(this.#timer); }
 *     }
 *     ssc.receiverStream(new Ticks()).print();
 */
export abstract class Receiver<T> {
  /** Keeps T in the type. */
  declare protected readonly element: T;

  /** Begins to receive and returns; timers and sockets continue by themselves. A promise that rejects restarts the receiver. */
  abstract onStart(): unknown;
  /** Stops what `onStart` began. */
  abstract onStop(): unknown;

  /**
   * Stores one element. The promise resolves when the element is on disk and the session knows it: a reliable receiver acknowledges to
   * its source after that. It also waits while too much is received and not processed. A receiver that never awaits loses what exceeds
   * twice the limit; the loss is counted and reported.
   */
  store(element: T): Promise<void> {
    return hostOf(this).store([element]);
  }

  /** Stores several elements, like `store`. */
  storeAll(elements: Iterable<T>): Promise<void> {
    return hostOf(this).store([...elements]);
  }

  /**
   * Stores lines of UTF-8 text undecoded, like `store`: the fastest way, for streams made by
   * `receiverStream(receiver, { lines: true })`. Throws NOT_LINES in other streams.
   */
  storeBytes(this: Receiver<string>, lines: Uint8Array): Promise<void> {
    return hostOf(this).storeBytes(lines);
  }

  /** Reports the reason, stops the receiver, and starts it again after a moment. */
  restart(reason: string, error?: unknown): void {
    hostOf(this).restart(reason, error);
  }

  /** Ends the receiver for good. */
  stop(reason: string): void {
    hostOf(this).stop(reason);
  }

  /** Reports an error; the receiver continues. */
  reportError(message: string, error?: unknown): void {
    hostOf(this).reportError(message, error);
  }

  /** True once the receiver must end: for loops of `onStart`. */
  get isStopped(): boolean {
    return hostOf(this).isStopped;
  }
}

registerEngineClass('Receiver', Receiver);

/** In the process of a receiver: gives the instance what its methods call. */
export function attachHost(receiver: Receiver<unknown>, made: ReceiverHost): void {
  Object.defineProperty(receiver, host, { value: made, enumerable: false, configurable: true });
}

function hostOf(receiver: object): ReceiverHost {
  const found = (receiver as { [host]?: ReceiverHost })[host];
  if (!found) throw new MillraceError('RECEIVER_NOT_STARTED');
  return found;
}
