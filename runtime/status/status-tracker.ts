// What a session can ask about its jobs, stages and executors while they run. As Spark's `SparkStatusTracker`.
import type { ExecutorStatus } from '../scheduler/executor-table';
import type { JobRecord } from '../scheduler/job-record';
import type { EngineStatus } from '../scheduler/loop';

/** What the status tracker knows of a job, as Spark's SparkJobInfo. */
export interface JobInfo {
  readonly jobId: number;
  readonly stageIds: readonly number[];
  readonly status: JobRecord['status'];
}

/** What it knows of a stage, as Spark's SparkStageInfo. */
export interface StageInfo {
  readonly stageId: number;
  readonly currentAttemptId: number;
  readonly name: string;
  readonly numTasks: number;
  readonly numActiveTasks: number;
  readonly numCompletedTasks: number;
  readonly numFailedTasks: number;
}

/** Looks at running jobs and stages, as Spark's SparkStatusTracker: `sc.statusTracker`. */
export class StatusTracker {
  readonly #status: EngineStatus;

  constructor(status: EngineStatus) {
    this.#status = status;
  }

  /**
   * Jobs that run now.
   * @example sc.statusTracker.getActiveJobIds()
   */
  getActiveJobIds(): number[] {
    return this.#status.running().jobs.map(({ jobId }) => jobId);
  }

  /**
   * Jobs of a group, or of none, that are still remembered.
   * @example sc.statusTracker.getJobIdsForGroup('no such group') // []
   */
  getJobIdsForGroup(group?: string): number[] {
    return this.#idsWhere((job) => job.group === group);
  }

  /**
   * Jobs with a tag that are still remembered.
   * @example sc.statusTracker.getJobIdsForTag('no such tag') // []
   */
  getJobIdsForTag(tag: string): number[] {
    return this.#idsWhere(({ tags }) => tags.includes(tag));
  }

  #idsWhere(fits: (job: JobRecord) => boolean): number[] {
    const jobs = this.#status.jobs().filter(fits);
    return jobs.map(({ jobId }) => jobId);
  }

  /**
   * Stages with running tasks.
   * @example sc.statusTracker.getActiveStageIds()
   */
  getActiveStageIds(): number[] {
    return this.#stages()
      .filter(({ running }) => running > 0)
      .map(({ stageId }) => stageId);
  }

  /**
   * A job that runs or is still remembered.
   * @example sc.statusTracker.getJobInfo(1_000_000)
   */
  getJobInfo(jobId: number): JobInfo | undefined {
    const job = this.#status.jobs().find((record) => record.jobId === jobId);
    return job && { jobId, stageIds: job.stageIds, status: job.status };
  }

  /**
   * A stage of a job that runs.
   * @example sc.statusTracker.getStageInfo(1_000_000)
   */
  getStageInfo(stageId: number): StageInfo | undefined {
    const stage = this.#stages().find((s) => s.stageId === stageId);
    if (!stage) return undefined;
    const { attempt, title, tasks, running, done, failed } = stage;
    return {
      stageId,
      currentAttemptId: attempt,
      name: title,
      numTasks: tasks,
      numActiveTasks: running,
      numCompletedTasks: done,
      numFailedTasks: failed,
    };
  }

  /**
   * The executors that are there.
   * @example sc.statusTracker.getExecutorInfos().length
   */
  getExecutorInfos(): readonly ExecutorStatus[] {
    return this.#status.executors();
  }

  #stages() {
    return this.#status.running().jobs.flatMap((job) => job.stages);
  }
}
