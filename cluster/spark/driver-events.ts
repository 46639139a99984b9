// What Spark's driver tells the session, as plain data.
import { MessageReader } from './message';

export interface SparkStage {
  readonly stageId: number;
  /** The definition that it ends with; -1 where the session knows none. */
  readonly key: number;
  readonly numTasks: number;
  readonly parents: readonly number[];
}

/** A task that ended well has done something, and may have added to accumulators. */
export interface Report {
  /** What its accumulators count once in: a job or a shuffle. */
  readonly within: string;
  readonly jobId: number;
  /** Spark's number of the task. */
  readonly taskId: number;
  /** The persisted dataset whose computation it is; -1 for the task itself. */
  readonly dataset: number;
  readonly partition: number;
  readonly records: number;
  /** Encoded updates; empty if there are none. */
  readonly updates: Uint8Array;
}

export type DriverEvent =
  | {
      readonly kind: 'ready';
      readonly version: string;
      readonly application: string;
      readonly page: string;
      /** The heap of the driver. */
      readonly heapBytes: number;
    }
  | { readonly kind: 'startFailed'; readonly reason: string }
  | { readonly kind: 'answer'; readonly jobId: number; readonly index: number; readonly value: Uint8Array }
  | { readonly kind: 'jobEnded'; readonly jobId: number; readonly failure: string }
  | ({ readonly kind: 'report' } & Report)
  | { readonly kind: 'jobStarted'; readonly jobId: number; readonly stages: readonly SparkStage[] }
  | { readonly kind: 'stageSubmitted'; readonly stageId: number; readonly attempt: number; readonly numTasks: number }
  | { readonly kind: 'stageCompleted'; readonly stageId: number; readonly attempt: number; readonly failure: string }
  | {
      readonly kind: 'taskStarted';
      readonly taskId: number;
      readonly stageId: number;
      readonly stageAttempt: number;
      /** Its place among the partitions of the stage. */
      readonly index: number;
      readonly attempt: number;
      readonly executorId: string;
      readonly speculative: boolean;
    }
  | {
      readonly kind: 'taskEnded';
      readonly taskId: number;
      readonly stageId: number;
      /** Empty where it ended well. */
      readonly failure: string;
      readonly runMs: number;
      readonly shuffleBytesWritten: number;
      readonly shuffleBytesRead: number;
    }
  | { readonly kind: 'executorAdded'; readonly executorId: string; readonly host: string; readonly slots: number }
  | { readonly kind: 'executorRemoved'; readonly executorId: string; readonly reason: string }
  | {
      readonly kind: 'block';
      readonly key: number;
      readonly partition: number;
      readonly executorId: string;
      readonly bytes: number;
      readonly diskBytes: number;
    }
  /** What was asked of Hadoop's file systems. */
  | { readonly kind: 'hadoop'; readonly id: number; readonly answer: MessageReader }
  /** Spark has stopped by itself, or as it was asked to. */
  | { readonly kind: 'applicationEnded' };

/** By their numbers in `Events.java`. */
const readers: Readonly<Record<number, (m: MessageReader) => DriverEvent>> = {
  1: (m) => ({ kind: 'ready', version: m.text(), application: m.text(), page: m.text(), heapBytes: m.double() }),
  2: (m) => ({ kind: 'startFailed', reason: m.text() }),
  3: (m) => ({ kind: 'answer', jobId: m.int(), index: m.int(), value: m.bytes() }),
  4: (m) => ({ kind: 'jobEnded', jobId: m.int(), failure: m.text() }),
  5: (m) => ({
    kind: 'report',
    within: m.text(),
    jobId: m.int(),
    taskId: m.double(),
    dataset: m.int(),
    partition: m.int(),
    records: m.double(),
    updates: m.bytes(),
  }),
  6: (m) => ({ kind: 'jobStarted', jobId: m.int(), stages: Array.from({ length: m.int() }, () => readStage(m)) }),
  7: (m) => ({ kind: 'stageSubmitted', stageId: m.int(), attempt: m.int(), numTasks: m.int() }),
  8: (m) => ({ kind: 'stageCompleted', stageId: m.int(), attempt: m.int(), failure: m.text() }),
  9: (m) => ({
    kind: 'taskStarted',
    taskId: m.double(),
    stageId: m.int(),
    stageAttempt: m.int(),
    index: m.int(),
    attempt: m.int(),
    executorId: m.text(),
    speculative: m.flag(),
  }),
  10: (m) => ({
    kind: 'taskEnded',
    taskId: m.double(),
    stageId: m.int(),
    failure: m.text(),
    runMs: m.double(),
    shuffleBytesWritten: m.double(),
    shuffleBytesRead: m.double(),
  }),
  11: (m) => ({ kind: 'executorAdded', executorId: m.text(), host: m.text(), slots: m.int() }),
  12: (m) => ({ kind: 'executorRemoved', executorId: m.text(), reason: m.text() }),
  13: (m) => ({
    kind: 'block',
    key: m.int(),
    partition: m.int(),
    executorId: m.text(),
    bytes: m.double(),
    diskBytes: m.double(),
  }),
  14: () => ({ kind: 'applicationEnded' }),
  15: (m) => ({ kind: 'hadoop', id: m.int(), answer: m }),
};

const readStage = (m: MessageReader): SparkStage => ({
  stageId: m.int(),
  key: m.int(),
  numTasks: m.int(),
  parents: m.ints(),
});

/** Throws a RangeError or TypeError for bytes that are no event. */
export function readEvent(bytes: Buffer): DriverEvent {
  const message = new MessageReader(bytes);
  return readers[message.byte()](message);
}
