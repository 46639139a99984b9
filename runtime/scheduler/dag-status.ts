// The state of running jobs as plain data, for the progress line, `.jobs` and the status tracker.

import type { ExecutorStatus } from './executor-table';
import type { Job } from './running-jobs';
import type { Stage } from './running-stage';

export interface StageStatus {
  readonly stageId: number;
  /** The operator and name of the dataset. */
  readonly title: string;
  readonly attempt: number;
  readonly submitted: boolean;
  readonly tasks: number;
  readonly running: number;
  readonly done: number;
  readonly failed: number;
  /** Partitions that no task runs for yet. */
  readonly waiting: number;
}

export interface JobStatus {
  readonly jobId: number;
  readonly pool: string;
  /** Tasks that hold a slot. */
  readonly running: number;
  readonly stages: readonly StageStatus[];
}

export interface DagStatus {
  readonly jobs: readonly JobStatus[];
  readonly executors: readonly ExecutorStatus[];
}

function stageStatus(stage: Stage): StageStatus {
  const { spec, attempt, submitted, running, done, failedTasks, waiting } = stage;
  let tasks = 0;
  for (const copies of running.values()) tasks += copies.size;
  return {
    stageId: spec.stageId,
    title: spec.title,
    attempt,
    submitted,
    tasks: spec.partitions.length,
    running: tasks,
    done: done.size,
    failed: failedTasks,
    waiting: waiting.size,
  };
}

export function jobStatus({ jobId, pool, running, stages }: Job): JobStatus {
  return { jobId, pool, running, stages: [...stages.values()].map(stageStatus) };
}

/** The part of a job that the progress line shows: the first stage that runs, or the last one that did. */
export function progressOf({ stages }: JobStatus) {
  const submitted = stages.filter((s) => s.submitted);
  const current = submitted.find((s) => s.running > 0) ?? submitted[submitted.length - 1];
  const { title, done, tasks: total, running } = current;
  return { stages: submitted.length, stage: submitted.indexOf(current) + 1, title, done, total, running };
}
