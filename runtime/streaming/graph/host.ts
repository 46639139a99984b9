// What streams need of the streaming context that they belong to, and of the session whose executors run their batches.

import type { Time } from '../../base/duration';
import type { InputPaths } from '../../base/paths';
import type { Clock } from '../../base/time';
import type { ReceiverBackend } from '../../plan/receivers';
import type { DatasetHost } from '../../rdd/host';
import type { RDD } from '../../rdd/rdd';
import type { Accumulator } from '../../shared/accumulator';
import type { StreamDisplay } from './display';
import type { ReceiverInfo, StreamingListener } from './listener';

/** What streams need of the session's context: datasets, receivers, and the end of a state. */
export interface StreamSession extends DatasetHost {
  readonly receivers: ReceiverBackend;
  /** What runs the jobs: `sharesFolder` is false where executors do not see the session's folder. */
  readonly engine: { readonly status: { readonly sharesFolder?: boolean } };
  union<T>(rdds: readonly RDD<T>[]): RDD<T>;
  emptyRDD<T>(): RDD<T>;
  parallelize<T>(values: readonly T[]): RDD<T>;
  range(start: number, end: number): RDD<number>;
  textFile(paths: InputPaths): RDD<string>;
  longAccumulator(name: string): Accumulator<number>;
  /** Executors drop the tables of this state. */
  forgetState(id: number): void;
}

/** A stream, as far as its context must know it. */
export interface HostedStream {
  readonly id: number;
  readonly name: string;
}

/** What a receiver reports: its start, trouble, something to know, its end. */
export type ReceiverEvent = 'started' | 'error' | 'notice' | 'stopped';

export interface StreamHost {
  readonly sc: StreamSession;
  readonly interval: number;
  readonly clock: Clock;
  readonly display: StreamDisplay;
  /** The time of the batch before the first; undefined before the start. */
  readonly zeroTime: Time | undefined;
  readonly checkpointFolder: string | undefined;
  /** The folder of the write-ahead logs of receivers; undefined: their blocks are removed with the session. */
  readonly logFolder: string | undefined;
  /** Registers a new stream and returns its number. Throws STREAMING_STOPPED. */
  register(): number;
  /** Throws NAME_TAKEN for the name of another stream. */
  claimName(name: string, stream: HostedStream): void;
  /** Makes a dataset of this stream for each batch even if no output asks for it. */
  keep(stream: HostedStream): void;
  /** Registers a stream that carries something over from batch to batch: a state, a window. */
  carries(stream: HostedStream): void;
  addStreamingListener(listener: StreamingListener): void;
  /** Reports to listeners and to the user what a receiver says. */
  reportReceiver(event: ReceiverEvent, receiver: ReceiverInfo): void;
  /** Calls `cleanUp` when the context has stopped. */
  onStop(cleanUp: () => void): void;
}
