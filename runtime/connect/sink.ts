// What a connector that writes must say: how a task writes its partition, and how the job is committed.
import type { Time } from '../base/duration';

/** A job that writes to a sink. */
export interface SinkJob {
  /** Another one for each call of `saveTo`. Of a stream the same for a batch whenever it is written, also after a restart. */
  readonly id: string;
  readonly partitions: number;
  /** The time of the batch, of a stream. */
  readonly time?: Time;
}

/** What a task knows of its part in a job. */
export interface SinkTask extends SinkJob {
  readonly partition: number;
}

/**
 * What `saveTo` writes to. `write` is captured and runs on executors; it uses no `this`. A task may be tried again after it has written, and
 * two tries may write at the same time: what `write` leaves must count once for (id, partition). Usually it writes where nobody looks, and
 * `commit` moves all of it at once.
 */
export interface Sink<T, R = unknown> {
  /** What errors and outputs call it: `the table totals`. */
  readonly name: string;
  /** The operator that users call, which errors name. Default: `saveTo`. */
  readonly operation?: string;
  /** Whether this job was committed before: it is not written again then. */
  isCommitted?(job: SinkJob): boolean | Promise<boolean>;
  /** Before the first task, in the session: what is left of an earlier try of this job goes here. */
  begin?(job: SinkJob): void | Promise<void>;
  /** Writes the rows of a partition. What it answers is plain data, and goes to `commit`. */
  write(this: void, rows: IterableIterator<T>, task: SinkTask): R | Promise<R>;
  /** When all tasks have ended well, in the session: the answers of the tries that count, by partition. */
  commit?(answers: readonly R[], job: SinkJob): void | Promise<void>;
  /** When the job has failed, or its commit has. Tasks that still run may write after it. */
  abort?(job: SinkJob): void | Promise<void>;
}
