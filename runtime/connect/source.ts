// What a connector that reads must say: the parts of its data, and how an executor reads one.
import type { Asked } from '../plan/condition';
import type { Schema } from '../schema/schema';

/** A part of a source that one task reads. */
export interface SourcePartition<P = unknown> {
  /** What `read` gets: plain data, such as a range of keys. No password: it is sent to executors, and pages may show it. */
  readonly data: P;
  /** Hosts on which it is read best. */
  readonly hosts?: readonly string[];
  /** About how many bytes it has, by which parts are dealt to partitions. */
  readonly bytes?: number;
}

/** The rows of a part, some at a time: each array of them as it comes. */
export type RowBatches<T> = Iterable<readonly T[]> | AsyncIterable<readonly T[]>;

/**
 * Data that `sc.source` reads. `partitions` and `schema` run in the session, `read` is captured and runs on executors: it uses no `this`, and
 * opens its connections itself, inside the function.
 */
export interface Source<T, P = unknown> {
  /** What errors, heads and pages call it: `the table orders`. */
  readonly name: string;
  /** The operator that users call, which errors and plans name. Default: that of the SDK. */
  readonly operation?: string;
  /**
   * The parts of the data. Called once before the first job; where it answers an array at once, when partitions are first counted. The next
   * dataset asks anew.
   */
  partitions(): readonly SourcePartition<P>[] | Promise<readonly SourcePartition<P>[]>;
  /**
   * How many partitions the dataset has: neighbouring parts share one. Default: one for each part, and `sc.defaultParallelism` where `partitions`
   * answers a promise.
   */
  readonly numPartitions?: number;
  /** The columns of rows that are objects. */
  schema?(): Schema | Promise<Schema>;
  /** The rows of one part. A second run must give the same rows: a task may be tried again. */
  read(this: void, part: P, asked: Asked): RowBatches<T> | Promise<RowBatches<T>>;
}
