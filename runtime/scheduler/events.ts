// The closed unions of what the scheduler is told and what it decides: past tense in, imperative out.
import type { AccumulatorUpdate, CachedBlock, TaskEnd } from '../exec/end';
import type { ExecutorInfo } from './backend';

/** One stage of a job as the scheduler sees it: how many tasks, what must come before, and where data lies. */
export interface StageSpec {
  readonly stageId: number;
  /** The shuffle that this stage writes; undefined for the stage that answers the job. */
  readonly shuffleId?: number;
  /** The partitions to run: all of them for a map stage, those asked for in the result stage. */
  readonly partitions: readonly number[];
  readonly parents: readonly StageParent[];
  /** For each partition the cached blocks that it would read, as [dataset, partition]: where it likes to run. */
  readonly blocks: readonly (readonly (readonly [number, number])[])[];
  /** What the user sees: the operator and the dataset's name. */
  readonly title: string;
}

export interface StageParent {
  readonly stageId: number;
  /** Cached datasets on the way to the parent, as [dataset, partitions]: where one is wholly in memory the parent need not run. */
  readonly guards: readonly (readonly [number, number])[];
}

export interface JobSpec {
  readonly jobId: number;
  /** Parents before children; the last one answers. */
  readonly stages: readonly StageSpec[];
}

/** A task that the scheduler wants run; the loop adds program and split. */
export interface TaskRequest {
  readonly taskId: number;
  readonly jobId: number;
  readonly stageId: number;
  readonly stageAttempt: number;
  readonly partition: number;
  readonly attempt: number;
}

/** Why a job ended without its result. */
export type JobFailure =
  | {
      readonly kind: 'task';
      readonly end: TaskEnd & { kind: 'userError' | 'lost' | 'tooBig' };
      readonly stageId: number;
      readonly partition: number;
      readonly attempts: number;
    }
  | { readonly kind: 'shuffleLost'; readonly stageId: number; readonly attempts: number; readonly reason: string }
  | { readonly kind: 'backend'; readonly reason: string }
  | { readonly kind: 'cancelled'; readonly reason: string };

export type SchedulerEvent =
  | { readonly kind: 'jobSubmitted'; readonly job: JobSpec }
  | { readonly kind: 'jobCancelled'; readonly jobId: number; readonly reason: string }
  | { readonly kind: 'executorJoined'; readonly executor: ExecutorInfo }
  | { readonly kind: 'executorLost'; readonly executorId: string; readonly reason: string }
  | { readonly kind: 'taskEnded'; readonly executorId: string; readonly taskId: number; readonly end: TaskEnd }
  | { readonly kind: 'backendFailed'; readonly reason: string }
  /** A cached dataset or a shuffle was given up by the user or the garbage collector. */
  | { readonly kind: 'datasetForgotten'; readonly rddId: number }
  | { readonly kind: 'shuffleForgotten'; readonly shuffleId: number }
  /** Time passed since a task began to wait for its preferred executor. */
  | { readonly kind: 'localityExpired' };

export type Command =
  | { readonly kind: 'launchTask'; readonly executorId: string; readonly task: TaskRequest }
  | { readonly kind: 'cancelTask'; readonly executorId: string; readonly taskId: number }
  | { readonly kind: 'reportResult'; readonly jobId: number; readonly partition: number; readonly value: Uint8Array }
  | { readonly kind: 'mergeAccumulators'; readonly updates: readonly AccumulatorUpdate[] }
  | { readonly kind: 'noteCached'; readonly executorId: string; readonly blocks: readonly CachedBlock[] }
  | { readonly kind: 'finishJob'; readonly jobId: number }
  | { readonly kind: 'failJob'; readonly jobId: number; readonly failure: JobFailure }
  /** Tasks wait for an executor that holds their data: tell `localityExpired` after the configured wait. */
  | { readonly kind: 'startLocalityTimer' };
