// The events of running streams: batches, outputs, receivers. A listener that throws never harms a batch.
import type { Time } from '../../base/duration';

/** One source in one batch. */
export interface InputInfo {
  readonly stream: string;
  readonly records: number | undefined;
  readonly bytes: number | undefined;
  /** How many of its elements wait for later batches, if the source knows. */
  readonly behind?: number;
  readonly notes: readonly string[];
}

/** One output of one batch. */
export interface OutputInfo {
  /** `print of counts`. */
  readonly name: string;
  readonly startedAt: number | undefined;
  readonly endedAt: number | undefined;
  /** Why it failed; the other outputs go on. */
  readonly failure: Error | undefined;
  /** How often it was tried. */
  readonly attempts: number;
}

/** The progress of a batch. All moments in milliseconds since the epoch, all delays in milliseconds. */
export interface BatchInfo {
  readonly time: Time;
  readonly inputs: readonly InputInfo[];
  /** Elements of all sources that know their number. */
  readonly records: number;
  readonly submittedAt: number;
  readonly startedAt: number | undefined;
  readonly endedAt: number | undefined;
  /** From its time to its start. */
  readonly schedulingDelay: number | undefined;
  /** From its start to its end. */
  readonly processingTime: number | undefined;
  /** From its time to its end. */
  readonly totalDelay: number | undefined;
  readonly outputs: readonly OutputInfo[];
}

/** A message of a source's receiver. */
export interface ReceiverInfo {
  readonly stream: string;
  readonly message: string;
}

/** Events of a streaming context, as Spark's StreamingListener names them. */
export interface StreamingListener {
  /** The context has started; `at` is in milliseconds since the epoch. */
  onStreamingStarted?(at: number): void;
  /** A batch was submitted and waits for its turn. */
  onBatchSubmitted?(batch: BatchInfo): void;
  /** The first output of a batch begins. */
  onBatchStarted?(batch: BatchInfo): void;
  /** All outputs of a batch have ended, successfully or not, or wait to be tried again. */
  onBatchCompleted?(batch: BatchInfo): void;
  /** One output of a batch begins. */
  onOutputOperationStarted?(batch: BatchInfo, output: OutputInfo): void;
  /** One output of a batch has failed and will be tried again; its later batches wait. */
  onOutputOperationRetried?(batch: BatchInfo, output: OutputInfo): void;
  /** One output of a batch has ended, successfully or not. */
  onOutputOperationCompleted?(batch: BatchInfo, output: OutputInfo): void;
  /** A receiver has started to read its source. */
  onReceiverStarted?(receiver: ReceiverInfo): void;
  /** A receiver has trouble and tries again. */
  onReceiverError?(receiver: ReceiverInfo): void;
  /** A receiver has ended. */
  onReceiverStopped?(receiver: ReceiverInfo): void;
}

type Events = Required<StreamingListener>;

/** Delivers events to listeners. */
export class StreamingListenerBus {
  readonly #listeners = new Set<StreamingListener>();
  readonly #onError: (error: unknown) => void;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  add(listener: StreamingListener): void {
    this.#listeners.add(listener);
  }

  remove(listener: StreamingListener): void {
    this.#listeners.delete(listener);
  }

  post<E extends keyof Events>(event: E, ...args: Parameters<Events[E]>): void {
    for (const listener of this.#listeners) {
      try {
        const answer = (listener[event] as ((...args: unknown[]) => unknown) | undefined)?.call(listener, ...args);
        // An async listener is not awaited; its rejection must not be one that nobody handles.
        if (answer instanceof Promise) answer.catch(this.#onError);
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}
