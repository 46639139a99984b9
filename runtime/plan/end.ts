// How a task ends: a closed union that survives the wire with its type, never a string.
import type { Place } from '../base/place';

/** An error thrown by the user's code on an executor, as plain data. */
export interface RemoteError {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  /** The user's frames, innermost first, in TypeScript positions where a source map is known. */
  readonly frames: readonly Place[];
  /** The operator that ran the closure, such as `map`. */
  readonly operator?: string;
  /** The number of that step in the plan of its stage (see `nodesOf`), where it is known. */
  readonly step?: number;
  /** The element being worked on, inspected and cut. */
  readonly element?: string;
  /** What its thrower added to it, such as a `status`: numbers as they are, other values as texts. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Set when the error is one that Millrace declares: its code and details, so that the driver raises the same one. */
  readonly code?: string;
  readonly details?: Record<string, unknown>;
}

/** Where a map task left its buckets. */
export interface MapOutput {
  readonly shuffleId: number;
  readonly mapIndex: number;
  readonly executorId: string;
  /** The id of the task that wrote the file; part of its name, so that a late task never overwrites a good file. */
  readonly writer: number;
  /** Bytes of each bucket. */
  readonly sizes: readonly number[];
}

export interface AccumulatorUpdate {
  readonly id: string;
  readonly value: unknown;
  /** The computation of a persisted partition that added it; left out of what the task itself added. */
  readonly block?: Computation;
}

/** One computation of a persisted partition. Tries of one stage are the same one: it counts once, whichever task reports it. */
export interface Computation extends BlockId {
  /** The stage that computed it, or the shuffle that the stage wrote. */
  readonly within: string;
}

/** What a task has done, in numbers. */
export interface TaskMetrics {
  readonly runMs: number;
  readonly recordsRead: number;
  readonly shuffleBytesWritten: number;
  readonly shuffleBytesRead: number;
}

export interface BlockId {
  readonly rddId: number;
  readonly partition: number;
}

/** Where a persisted partition is now: so many bytes in the memory of the executor that tells, so many in a file that all of its machine read. */
export interface CachedBlock extends BlockId {
  readonly bytes: number;
  readonly diskBytes: number;
}

export type TaskEnd =
  | {
      readonly kind: 'success';
      /** The sink's result, encoded by the codec; empty for map tasks. */
      readonly value: Uint8Array;
      readonly output?: MapOutput;
      readonly cached: readonly CachedBlock[];
      /** Partitions that were kept and are not any more, in memory or on disk: evicted, damaged or gone. */
      readonly evicted: readonly BlockId[];
      readonly accumulators: readonly AccumulatorUpdate[];
      readonly metrics: TaskMetrics;
    }
  | {
      readonly kind: 'fetchFailed';
      readonly shuffleId: number;
      readonly mapIndex: number;
      /** The task whose output could not be read. */
      readonly writer: number;
      readonly reason: string;
    }
  | { readonly kind: 'userError'; readonly error: RemoteError }
  | { readonly kind: 'lost'; readonly executorId: string; readonly reason: string }
  | { readonly kind: 'tooBig'; readonly bytes: number; readonly limit: number }
  | { readonly kind: 'cancelled' };
