// The closed unions of the scheduler's events and commands: past tense in, imperative out.
import type { AccumulatorUpdate, BlockId, CachedBlock, TaskEnd } from '../plan/end';
import type { StageSpec } from '../planner/stage-spec';
import type { ExecutorInfo } from './backend';

export interface JobSpec {
  readonly jobId: number;
  /** Parents before children; the last one answers. */
  readonly stages: readonly StageSpec[];
  /**
   * Plans what lies behind a stage with deferred parents: the new stages, and last the stage itself. A function of the job's datasets and
   * of what is there, without effects. Left out where no stage has any.
   */
  readonly behind?: (stage: StageSpec, all: boolean) => readonly StageSpec[];
  /** The scheduling pool; the one called `default` if left out. */
  readonly pool?: string;
}

/** A task that the scheduler wants run; the loop adds program and split. */
export interface TaskRequest {
  readonly taskId: number;
  readonly jobId: number;
  readonly stageId: number;
  readonly stageAttempt: number;
  readonly partition: number;
  readonly attempt: number;
  /** A copy of a task that runs slowly. */
  readonly speculative: boolean;
  /** What it persists is written to files too, so that another executor can take it over. */
  readonly handsOver: boolean;
  /** The executors of all tasks of a barrier stage, by the order of its partitions. */
  readonly members?: readonly string[];
}

/** Why a job ended without its result. */
export type JobFailure =
  | {
      readonly kind: 'task';
      readonly end: TaskEnd & { kind: 'userError' | 'lost' };
      readonly stageId: number;
      readonly partition: number;
      readonly attempts: number;
    }
  /** A task's part of the answer alone, in bytes, is more than was left. */
  | { readonly kind: 'tooBig'; readonly bytes: number }
  | { readonly kind: 'shuffleLost'; readonly stageId: number; readonly attempts: number; readonly reason: string }
  | { readonly kind: 'backend'; readonly reason: string }
  /** A barrier stage that can never have all its tasks running at once. */
  | { readonly kind: 'tooFewSlots'; readonly stageId: number; readonly asked: number; readonly slots: number }
  | { readonly kind: 'cancelled'; readonly reason: string };

export type SchedulerEvent =
  | { readonly kind: 'jobSubmitted'; readonly job: JobSpec }
  | { readonly kind: 'jobCancelled'; readonly jobId: number; readonly reason: string }
  | { readonly kind: 'executorJoined'; readonly executor: ExecutorInfo }
  | { readonly kind: 'executorLost'; readonly executorId: string; readonly reason: string }
  | { readonly kind: 'taskEnded'; readonly executorId: string; readonly taskId: number; readonly end: TaskEnd }
  | { readonly kind: 'backendFailed'; readonly reason: string }
  /** The user or the garbage collector dropped a persisted dataset or a shuffle. */
  | { readonly kind: 'datasetForgotten'; readonly rddId: number }
  | { readonly kind: 'shuffleForgotten'; readonly shuffleId: number }
  /** Time passed since a task began to wait for its preferred executor. */
  | { readonly kind: 'localityExpired' }
  /** Time passed: tasks may have become slow. */
  | { readonly kind: 'speculationDue' };

export type Command =
  | { readonly kind: 'launchTask'; readonly executorId: string; readonly task: TaskRequest }
  | { readonly kind: 'cancelTask'; readonly executorId: string; readonly taskId: number }
  | { readonly kind: 'reportResult'; readonly jobId: number; readonly partition: number; readonly value: Uint8Array }
  | { readonly kind: 'mergeAccumulators'; readonly updates: readonly AccumulatorUpdate[] }
  /** An executor has persisted partitions, and evicted others. */
  | {
      readonly kind: 'noteBlocks';
      readonly executorId: string;
      readonly cached: readonly CachedBlock[];
      readonly evicted: readonly BlockId[];
    }
  | { readonly kind: 'finishJob'; readonly jobId: number }
  | { readonly kind: 'failJob'; readonly jobId: number; readonly failure: JobFailure }
  /** Tasks wait for an executor that holds their data: tell `localityExpired` after so many milliseconds. */
  | { readonly kind: 'startLocalityTimer'; readonly ms: number }
  /** Tasks run that may become slow: tell `speculationDue` after the configured interval. */
  | { readonly kind: 'startSpeculationTimer' }
  /** Persisted partitions were made of rows that are no longer: executors drop them. */
  | { readonly kind: 'dropBlocks'; readonly rddId: number }
  /** A persisted partition has moved to the executor `keeper`: others drop it from their memory. */
  | { readonly kind: 'dropCopies'; readonly rddId: number; readonly partition: number; readonly keeper: string }
  | { readonly kind: 'noteStageSubmitted'; readonly jobId: number; readonly stage: StageSpec; readonly attempt: number }
  | {
      readonly kind: 'noteStageCompleted';
      readonly jobId: number;
      readonly stageId: number;
      readonly attempt: number;
      /** Why it ended before its time. */
      readonly failure?: string;
    };
