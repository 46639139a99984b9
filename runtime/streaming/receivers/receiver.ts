// Receivers that users write: a class with `onStart` and `onStop`, whose instance runs in a process of its own and stores what comes.
import { MillraceError } from '../../base/errors';
import { registerEngineClass } from '../../closure/intrinsics';

/** What a running receiver calls; set on the instance in its process only. */
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
 * A source of one's own, for `receiverStream`. The instance travels, with what it captured, to a process of its own, where Node's
 * modules work as usual. Fields hold what makes it up (addresses, options); sockets and timers are opened in `onStart`.
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

  /** Begins to receive, without waiting for the end: timers and sockets go on by themselves. A promise that rejects restarts it. */
  abstract onStart(): unknown;
  /** Ends what `onStart` began. */
  abstract onStop(): unknown;

  /**
   * Stores one element. The promise resolves when it is on disk and known to the session: a reliable receiver acknowledges to its
   * source after that. It also waits while more is received than is processed; a receiver that never awaits loses what is beyond
   * twice the limit, and that is counted and told.
   */
  store(element: T): Promise<void> {
    return hostOf(this).store([element]);
  }

  /** Stores several elements; as `store`. */
  storeAll(elements: Iterable<T>): Promise<void> {
    return hostOf(this).store([...elements]);
  }

  /**
   * Stores lines of UTF-8 text undecoded: the fastest way in, for streams made by `receiverStream(receiver, { lines: true })`. As
   * `store`. Throws NOT_LINES in other streams.
   */
  storeBytes(this: Receiver<string>, lines: Uint8Array): Promise<void> {
    return hostOf(this).storeBytes(lines);
  }

  /** Tells the reason, stops the receiver and starts it again after a moment. */
  restart(reason: string, error?: unknown): void {
    hostOf(this).restart(reason, error);
  }

  /** Ends the receiver for good. */
  stop(reason: string): void {
    hostOf(this).stop(reason);
  }

  /** Tells of something that went wrong while the receiver goes on. */
  reportError(message: string, error?: unknown): void {
    hostOf(this).reportError(message, error);
  }

  /** True once it is to end: for loops of `onStart`. */
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
