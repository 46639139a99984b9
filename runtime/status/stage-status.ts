// One stage of a job as it stands: how many of its tasks are done, which run, and those that are remembered.

import { cutText } from '../base/cut-text';
import type { StageGraph } from '../planner/job-graph';
import type { JobEnd, StageCompleted, StageSubmitted, TaskEnded, TaskStart } from '../scheduler/listener-bus';
import { type RunningRow, StageTasks } from './stage-tasks';

/** Once its job has ended, a stage that no task ran for is `skipped` if the job did without, for what it makes was there; else it `neverRan`. */
export type StageState = 'waiting' | 'running' | 'done' | 'failed' | 'cancelled' | 'skipped' | 'neverRan';

export class StageStatus {
  readonly jobId: number;
  readonly graph: StageGraph;
  readonly tasks = new StageTasks();
  readonly running = new Map<number, RunningRow>();
  state: StageState = 'waiting';
  /** Which run of the stage, from 0. */
  attempt = 0;
  submitted: number | undefined;
  completed: number | undefined;
  /** Why it ended before its time. */
  failure: string | undefined;
  /** Sums over the tasks that ended well. */
  rows = 0;
  bytesRead = 0;
  bytesWritten = 0;
  /** Partitions that are done; while the stage runs, by their numbers: a stage that runs again does some of them again. */
  readonly #done = new Set<number>();
  #doneCount = 0;

  constructor(jobId: number, graph: StageGraph) {
    this.jobId = jobId;
    this.graph = graph;
  }

  /** Partitions that are done. */
  get done(): number {
    return this.state === 'running' ? this.#done.size : this.#doneCount;
  }

  onSubmitted({ attempt, time }: StageSubmitted): void {
    this.state = 'running';
    this.attempt = attempt;
    this.submitted ??= time;
    this.completed = undefined;
    this.failure = undefined;
  }

  onCompleted({ failure, time }: StageCompleted): void {
    this.#doneCount = this.#done.size;
    this.state = failure === undefined ? 'done' : 'failed';
    this.failure = failure && cutText(failure);
    this.completed = time;
  }

  onTaskStart({ taskId, partition, attempt, executorId, speculative, time }: TaskStart): void {
    this.running.set(taskId, { taskId, partition, attempt, executorId, speculative, started: time });
    if (!speculative) this.#done.delete(partition);
  }

  /** Answers by how many the remembered tasks have grown. */
  onTaskEnd(ended: TaskEnded, started: number): number {
    const { taskId, partition, attempt, executorId, speculative, end, metrics, place, time } = ended;
    this.running.delete(taskId);
    const { recordsRead: rows = 0, shuffleBytesRead: bytesRead = 0, shuffleBytesWritten: bytesWritten = 0 } = metrics ?? {};
    if (end === 'success') {
      this.#done.add(partition);
      this.rows += rows;
      this.bytesRead += bytesRead;
      this.bytesWritten += bytesWritten;
    }
    const reason = ended.reason && cutText(ended.reason);
    const sizes = { rows, bytesRead, bytesWritten };
    return this.tasks.add({
      taskId,
      partition,
      attempt,
      executorId,
      speculative,
      started,
      ended: time,
      end,
      ...sizes,
      reason,
      place,
    });
  }

  /** Its job is over, and nothing runs for it any more. */
  onJobEnd(status: JobEnd['status']): void {
    if (this.state === 'running') {
      this.#doneCount = this.#done.size;
      this.state = status;
    }
    if (this.state === 'waiting') this.state = status === 'done' ? 'skipped' : 'neverRan';
    this.running.clear();
    this.#done.clear();
  }
}
