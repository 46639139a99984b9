// Reports to listeners what runs: each task's start and end, stages, and the moment when nothing can run.

import { stuckAfterMs } from '../base/limits';
import type { Clock } from '../base/time';
import type { TaskEnd } from '../plan/end';
import type { DagStatus } from './dag-status';
import type { Command, TaskRequest } from './events';
import type { ListenerBus, TaskStart } from './listener-bus';

export class TaskWatch {
  readonly #bus: ListenerBus;
  readonly #clock: Clock;
  readonly #tasks = new Map<number, TaskStart>();

  constructor(bus: ListenerBus, clock: Clock) {
    this.#bus = bus;
    this.#clock = clock;
  }

  started(executorId: string, request: TaskRequest): void {
    const { taskId, jobId, stageId, stageAttempt, partition, attempt, speculative } = request;
    const time = this.#clock.now();
    const task = { taskId, jobId, stageId, stageAttempt, partition, attempt, executorId, speculative, time };
    this.#tasks.set(taskId, task);
    this.#bus.post('onTaskStart', task);
  }

  ended(taskId: number, end: TaskEnd): void {
    const task = this.#tasks.get(taskId);
    if (!task) return;
    this.#tasks.delete(taskId);
    const metrics = end.kind === 'success' ? end.metrics : undefined;
    const place = end.kind === 'userError' ? end.error.frames[0] : undefined;
    const time = this.#clock.now();
    this.#bus.post('onTaskEnd', { ...task, end: end.kind, metrics, reason: reasonOf(end), place, time });
  }

  /** What ran on an executor is lost with it. */
  executorLost(executorId: string, reason: string): void {
    for (const task of [...this.#tasks.values()])
      if (task.executorId === executorId) this.ended(task.taskId, { kind: 'lost', executorId, reason });
  }

  noteBlocks({ executorId, cached, evicted }: Command & { kind: 'noteBlocks' }): void {
    for (const { rddId, partition } of evicted)
      this.#bus.post('onBlockUpdated', { executorId, rddId, partition, bytes: 0, diskBytes: 0 });
    for (const block of cached) this.#bus.post('onBlockUpdated', { executorId, ...block });
  }

  note(command: Command & { kind: 'noteStageSubmitted' | 'noteStageCompleted' }): void {
    const time = this.#clock.now();
    const { jobId, attempt } = command;
    if (command.kind === 'noteStageCompleted')
      return this.#bus.post('onStageCompleted', { jobId, stageId: command.stageId, attempt, failure: command.failure, time });
    const { stageId, title, partitions } = command.stage;
    this.#bus.post('onStageSubmitted', { jobId, stageId, attempt, title, numTasks: partitions.length, time });
  }
}

function reasonOf(end: TaskEnd): string | undefined {
  switch (end.kind) {
    case 'userError':
      return `${end.error.name}: ${end.error.message}`;
    case 'lost':
    case 'fetchFailed':
      return end.reason;
    case 'tooBig':
      return `its result has ${end.bytes} bytes`;
    default:
      return undefined;
  }
}

/** Warns the user once when jobs wait for so long that the user should know what they wait for. */
export class StuckWatch {
  readonly #clock: Clock;
  readonly #status: () => DagStatus;
  readonly #notice: (text: string) => void;
  #cancel: (() => void) | undefined;
  /** Why the last executor did not start, if none has joined since. */
  #startFailure: string | undefined;
  /** Whether the user was warned since jobs are stuck, and whether with that reason. */
  #told: 'nothing' | 'stuck' | 'why' = 'nothing';

  constructor(clock: Clock, status: () => DagStatus, notice: (text: string) => void) {
    this.#clock = clock;
    this.#status = status;
    this.#notice = notice;
  }

  /** Called after each event. */
  look(isStuck: boolean): void {
    if (isStuck === (this.#cancel !== undefined)) return;
    this.#cancel?.();
    this.#told = 'nothing';
    this.#cancel = isStuck ? this.#clock.after(stuckAfterMs, () => this.#tell()) : undefined;
  }

  /** An executor ended while it started: jobs that have been stuck for long learn the reason now, once. */
  startFailed(reason: string): void {
    this.#startFailure = reason;
    if (this.#told === 'stuck') this.#tell();
  }

  joined(): void {
    this.#startFailure = undefined;
  }

  #tell(): void {
    this.#told = this.#startFailure === undefined ? 'stuck' : 'why';
    this.#notice(stuckText(this.#status(), this.#startFailure));
  }
}

/** What is asked, and what is free. */
function stuckText({ jobs, executors }: DagStatus, startFailure: string | undefined): string {
  const asked = jobs.flatMap((job) => job.stages).reduce((n, stage) => n + stage.waiting, 0);
  const slots = executors.reduce((n, e) => n + e.slots, 0);
  const free = executors.reduce((n, e) => n + e.free, 0);
  const why = startFailure === undefined ? '' : `: the last one ended while it started (${startFailure}), and others are tried`;
  const there = executors.length === 0 ? `no executor has joined${why}` : `${free} of ${slots} slots are free`;
  const excluded = executors.filter((e) => e.excluded).length;
  const without = excluded === 0 ? '' : `, ${excluded} of ${executors.length} executors are excluded after failures`;
  const tasks = `${asked} ${asked === 1 ? 'task waits' : 'tasks wait'}`;
  return `Nothing can run: ${tasks} in ${jobs.length} ${jobs.length === 1 ? 'job' : 'jobs'}, ${there}${without}. Jobs go on when slots are there; Ctrl-C cancels them.`;
}
