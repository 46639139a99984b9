// What a function that runs on an executor can know of the task around it, and how the tasks of a barrier stage meet.

import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { MillraceError } from '../base/errors';
import { makeFolders } from '../base/files';
import { type Reference, travelsAs } from '../base/markers';
import type { TaskControl, TaskSpec } from '../plan/task';
import type { TaskEnvironment } from '../plan/task-environment';
import { EngineMeeting, type Gather } from './engine-meeting';
import type { TaskExchange } from './files/exchange';
import { type Meeting, Rendezvous } from './rendezvous';

/** What a task's context needs of its executor. */
export interface TaskHost {
  readonly executorId: string;
  readonly folder: string;
  blob(id: string): Uint8Array;
}

/** Called when a task ends, well or not. */
export type TaskCompletionListener = (context: TaskContext) => void;
/** Called with the error when a task fails. */
export type TaskFailureListener = (context: TaskContext, error: Error) => void;

let current: TaskContext | undefined;

const notInATask = (operation: string, where: string, example: string): never => {
  throw new MillraceError('NOT_IN_A_TASK', { operation, where, example });
};

/**
 * The task that runs a function: `TaskContext.get()` inside of one. Methods as in Spark.
 * @example await sc.range(0, 3, 1, 3).map(() => TaskContext.get().partitionId()).collect() // [0, 1, 2]
 */
export class TaskContext {
  protected readonly task: TaskSpec;
  protected readonly host: TaskHost;
  protected readonly environment: TaskEnvironment;
  readonly #control: TaskControl;
  readonly #completion: TaskCompletionListener[] = [];
  readonly #failure: TaskFailureListener[] = [];

  /** @internal */ constructor(task: TaskSpec, host: TaskHost, control: TaskControl, environment: TaskEnvironment) {
    this.task = task;
    this.host = host;
    this.#control = control;
    this.environment = environment;
  }

  /**
   * The context of the task that runs now. Throws NOT_IN_A_TASK in the session.
   * @example await sc.range(0, 2, 1, 2).map(() => TaskContext.get().partitionId()).collect() // [0, 1]
   */
  static get(): TaskContext {
    return current ?? notInATask('TaskContext.get()', 'a task', 'map(x => TaskContext.get().partitionId())');
  }

  /**
   * The partition of the task that runs now.
   * @example await sc.range(0, 2, 1, 2).map(() => TaskContext.getPartitionId()).collect() // [0, 1]
   */
  static getPartitionId(): number {
    return TaskContext.get().partitionId();
  }

  /** @internal */ static [travelsAs](): Reference {
    return { kind: 'engine', id: 'TaskContext' };
  }

  /**
   * The stage that the task is of.
   * @example sc.range(1).map(() => TaskContext.get().stageId())
   */
  stageId(): number {
    return this.task.stageId;
  }

  /**
   * Which run of the stage this is, from 0.
   * @example await sc.range(1).map(() => TaskContext.get().stageAttemptNumber()).first() // 0
   */
  stageAttemptNumber(): number {
    return this.task.stageAttempt;
  }

  /**
   * The partition that the task computes.
   * @example await sc.range(0, 2, 1, 2).map(() => TaskContext.get().partitionId()).collect() // [0, 1]
   */
  partitionId(): number {
    return this.task.partition;
  }

  /**
   * Which try of the partition this is, from 0.
   * @example await sc.range(1).map(() => TaskContext.get().attemptNumber()).first() // 0
   */
  attemptNumber(): number {
    return this.task.attempt;
  }

  /**
   * Unique in the session.
   * @example sc.range(1).map(() => TaskContext.get().taskAttemptId())
   */
  taskAttemptId(): number {
    return this.task.taskId;
  }

  /**
   * The executor that the task runs on.
   * @example sc.range(1).map(() => TaskContext.get().executorId())
   */
  executorId(): string {
    return this.host.executorId;
  }

  /**
   * A property that was set by `sc.setLocalProperty` before the job.
   * @example await sc.range(1).map(() => TaskContext.get().getLocalProperty('none') ?? 'not set').first() // 'not set'
   */
  getLocalProperty(key: string): string | undefined {
    return this.environment.properties.find(([name]) => name === key)?.[1];
  }

  /**
   * True once the task was cancelled.
   * @example await sc.range(1).map(() => TaskContext.get().isInterrupted()).first()
   */
  isInterrupted(): boolean {
    return this.#control.cancelled();
  }

  /**
   * Has `f` called when the task ends, well or not; the last one added comes first. What it throws fails the task.
   * @example sc.range(1).foreachPartition(() => { TaskContext.get().addTaskCompletionListener(() => console.log('done')); })
   */
  addTaskCompletionListener(f: TaskCompletionListener): this {
    this.#completion.push(f);
    return this;
  }

  /**
   * Has `f` called with the error when the task fails.
   * @example sc.range(1).mapPartitions(rows => { TaskContext.get().addTaskFailureListener((context, error) => console.log(error.message)); return rows; })
   */
  addTaskFailureListener(f: TaskFailureListener): this {
    this.#failure.push(f);
    return this;
  }

  /** Where a file stands that was added by `sc.addFile`: written out when it is first asked for. @internal */
  addedFile(name: string): string {
    const blob = this.environment.files.find(([known]) => known === name)?.[1];
    if (!blob) {
      const names = this.environment.files.map(([known]) => known).join(', ') || 'none';
      throw new MillraceError('FILE_NOT_ADDED', { name, names });
    }
    const folder = join(this.host.folder, 'files', blob);
    const path = join(folder, basename(name));
    if (existsSync(path)) return path;
    makeFolders(folder, 0o700);
    // Executors of one machine share the folder: whoever is last renames the same bytes over them.
    const part = join(folder, `${this.task.taskId}.part`);
    writeFileSync(part, this.host.blob(blob), { mode: 0o600 });
    renameSync(part, path);
    return path;
  }

  /** The task's work is done; a listener that throws fails it after all. @internal */
  succeeded(): void {
    this.leave(true);
    for (const f of this.#completion.splice(0).reverse()) f(this);
  }

  /** The task failed already: what listeners throw changes nothing. @internal */
  failed(error: Error): void {
    this.leave(false);
    for (const f of this.#failure.splice(0).reverse()) quietly(() => f(this, error));
    for (const f of this.#completion.splice(0).reverse()) quietly(() => f(this));
  }

  /** What must be known of the task's end beyond it. */
  protected leave(_isWell: boolean): void {}

  protected get cancelled(): () => boolean {
    return this.#control.cancelled;
  }
}

function quietly(f: () => void): void {
  try {
    f();
  } catch {
    // The error of the task is the one to report.
  }
}

/**
 * A task of a barrier stage: all of its tasks run at the same time and can wait for each other.
 * @example const met = sc.range(1).coalesce(1).barrier().mapPartitions(() => BarrierTaskContext.get().allGather('here'))
 */
export class BarrierTaskContext extends TaskContext {
  readonly #members: readonly string[];
  readonly #meeting: Meeting;

  /** @internal */ constructor(
    task: TaskSpec,
    host: TaskHost,
    control: TaskControl,
    environment: TaskEnvironment,
    members: readonly string[],
    gather?: Gather,
  ) {
    super(task, host, control, environment);
    this.#members = members;
    const { stageId, stageAttempt, partition } = task;
    const of = { folder: host.folder, stageId, stageAttempt, member: partition, members: members.length };
    this.#meeting = gather ? new EngineMeeting(gather) : new Rendezvous(of, this.cancelled);
  }

  /**
   * The context of the barrier task that runs now. Throws NOT_IN_A_TASK elsewhere.
   * @example await sc.range(1).coalesce(1).barrier().mapPartitions(() => [BarrierTaskContext.get().partitionId()]).collect() // [0]
   */
  static override get(): BarrierTaskContext {
    if (current instanceof BarrierTaskContext) return current;
    return notInATask('BarrierTaskContext.get()', 'a barrier stage', 'rdd.barrier().mapPartitions(…)');
  }

  /** @internal */ static override [travelsAs](): Reference {
    return { kind: 'engine', id: 'BarrierTaskContext' };
  }

  /**
   * Waits until every task of the stage is here. Throws BARRIER_FAILED where one has ended before.
   * @example await sc.range(1).coalesce(1).barrier().mapPartitions(rows => { BarrierTaskContext.get().barrier(); return rows; }).count() // 1
   */
  barrier(): void {
    this.#meeting.exchange('barrier', undefined);
  }

  /**
   * Waits until every task of the stage is here, and answers what each of them said, by partition.
   * @example await sc.range(1).coalesce(1).barrier().mapPartitions(() => BarrierTaskContext.get().allGather('here')).collect() // ['here']
   */
  allGather<T = string>(message: T): T[] {
    return this.#meeting.exchange('allGather', message) as T[];
  }

  /**
   * Where the tasks of the stage run, by partition.
   * @example await sc.range(1).coalesce(1).barrier().mapPartitions(() => [BarrierTaskContext.get().getTaskInfos().length]).collect() // [1]
   */
  getTaskInfos(): { readonly address: string }[] {
    return this.#members.map((address) => ({ address }));
  }

  protected override leave(isWell: boolean): void {
    this.#meeting.leave(isWell);
  }
}

/** Begins a task: its context is the current one until the answer is called. */
export function enterTask(
  task: TaskSpec,
  host: TaskHost,
  control: TaskControl,
  environment: TaskEnvironment,
  exchange?: TaskExchange,
): { context: TaskContext; exit: () => void } {
  const { members = exchange?.members } = environment;
  const gather = exchange?.gather && ((message: Uint8Array) => exchange.gather!(message));
  const context = members
    ? new BarrierTaskContext(task, host, control, environment, members, gather)
    : new TaskContext(task, host, control, environment);
  current = context;
  const exit = () => {
    if (current === context) current = undefined;
  };
  return { context, exit };
}
