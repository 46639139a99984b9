// What is told of a running stream: batches, outputs, receivers. A listener that throws never harms a batch.
import type { Time } from './duration';

/** One source in one batch. */
export interface InputInfo {
  readonly stream: string;
  readonly records: number | undefined;
  readonly bytes: number | undefined;
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
}

/** A batch as it stands. All moments in milliseconds since the epoch, all delays in milliseconds. */
export interface BatchInfo {
  readonly time: Time;
  readonly inputs: readonly InputInfo[];
  /** Elements of all sources that know theirs. */
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

export interface ReceiverInfo {
  readonly stream: string;
  readonly message: string;
}

/** Events of a streaming context, as Spark's StreamingListener names them. */
export interface StreamingListener {
  onStreamingStarted?(at: number): void;
  onBatchSubmitted?(batch: BatchInfo): void;
  onBatchStarted?(batch: BatchInfo): void;
  onBatchCompleted?(batch: BatchInfo): void;
  onOutputOperationStarted?(batch: BatchInfo, output: OutputInfo): void;
  onOutputOperationCompleted?(batch: BatchInfo, output: OutputInfo): void;
  onReceiverStarted?(receiver: ReceiverInfo): void;
  onReceiverError?(receiver: ReceiverInfo): void;
  onReceiverStopped?(receiver: ReceiverInfo): void;
}

type Events = Required<StreamingListener>;

/** Hands events to listeners. */
export class ListenerBus {
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
        (listener[event] as ((...args: unknown[]) => void) | undefined)?.call(listener, ...args);
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}
