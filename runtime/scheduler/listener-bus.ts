// Calls listeners for what happens to jobs, stages, tasks and executors, in order; what they throw harms no job.
import { asError } from '../base/errors';
import type { CallSite } from '../base/flow';
import type { Place } from '../base/place';
import type { TaskEnd, TaskMetrics } from '../plan/end';
import type { StageGraph } from '../planner/job-graph';
import type { JobFailureInfo } from './job-error';
import type { JobRecord } from './job-record';

/** A job has begun. */
export interface JobStart {
  readonly jobId: number;
  readonly title: string;
  readonly stageIds: readonly number[];
  /** What these are made of, parents before children. */
  readonly stages: readonly StageGraph[];
  /** The user's text that started it. */
  readonly callSite?: CallSite;
  /** The local properties that the job was submitted with. */
  readonly properties: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch, here and below. */
  readonly time: number;
}

/** A job has ended, well or not. */
export interface JobEnd {
  readonly jobId: number;
  readonly status: Exclude<JobRecord['status'], 'running'>;
  /** Why it failed. */
  readonly failure?: JobFailureInfo;
  readonly time: number;
}

/** A run of a stage has begun. */
export interface StageSubmitted {
  readonly jobId: number;
  readonly stageId: number;
  /** Which run of the stage. */
  readonly attempt: number;
  readonly title: string;
  readonly numTasks: number;
  readonly time: number;
}

/** A run of a stage has ended. */
export interface StageCompleted {
  readonly jobId: number;
  readonly stageId: number;
  readonly attempt: number;
  /** Why it ended before its time. */
  readonly failure?: string;
  readonly time: number;
}

/** A task went to an executor. */
export interface TaskStart {
  readonly taskId: number;
  readonly jobId: number;
  readonly stageId: number;
  readonly stageAttempt: number;
  readonly partition: number;
  /** The number of the try, from 0. */
  readonly attempt: number;
  readonly executorId: string;
  readonly speculative: boolean;
  readonly time: number;
}

/** A task has ended, well or not. */
export interface TaskEnded extends TaskStart {
  readonly end: TaskEnd['kind'];
  /** Of a task that ended well. */
  readonly metrics?: TaskMetrics;
  /** Why it did not end well. */
  readonly reason?: string;
  /** Where in the user's text it threw. */
  readonly place?: Place;
}

/** An executor has joined. */
export interface ExecutorAdded {
  readonly executorId: string;
  readonly host: string;
  readonly slots: number;
  readonly pid?: number;
  /** Bytes of persisted partitions that it holds in memory at most. */
  readonly storageBytes?: number;
  readonly time: number;
}

/** An executor is lost or was sent away. */
export interface ExecutorRemoved {
  readonly executorId: string;
  readonly reason: string;
  readonly time: number;
}

/** A partition was persisted or evicted. */
export interface BlockUpdated {
  readonly executorId: string;
  readonly rddId: number;
  readonly partition: number;
  /** Bytes in the memory of that executor; 0 once it was evicted. */
  readonly bytes: number;
  /** Bytes in a file that all executors of its machine read. */
  readonly diskBytes: number;
}

/** A dataset was unpersisted. */
export interface Unpersisted {
  readonly rddId: number;
}

/** What happens to jobs, stages, tasks, executors and persisted partitions, by the method that is called. */
export interface ListenerEvents {
  onJobStart: JobStart;
  onJobEnd: JobEnd;
  onStageSubmitted: StageSubmitted;
  onStageCompleted: StageCompleted;
  onTaskStart: TaskStart;
  onTaskEnd: TaskEnded;
  onExecutorAdded: ExecutorAdded;
  onExecutorRemoved: ExecutorRemoved;
  onBlockUpdated: BlockUpdated;
  onUnpersist: Unpersisted;
}

/** What `sc.addListener` takes: any of these methods. As Spark's `SparkListener`. */
export type Listener = { readonly [K in keyof ListenerEvents]?: (event: ListenerEvents[K]) => unknown };

export class ListenerBus {
  readonly #listeners = new Set<Listener>();
  readonly #reported = new WeakSet<Listener>();
  readonly #notice: (text: string) => void;
  #waiting: (() => void)[] = [];

  /** Calls `notice` once for each listener that throws. */
  constructor(notice: (text: string) => void) {
    this.#notice = notice;
  }

  add(listener: Listener): void {
    this.#listeners.add(listener);
  }

  remove(listener: Listener): void {
    this.#listeners.delete(listener);
  }

  /** Whether anybody listens: what is made for listeners alone need not be made. */
  get isHeard(): boolean {
    return this.#listeners.size > 0;
  }

  /** Tells all listeners soon: never within the step that caused it, so that they may call anything. */
  post<K extends keyof ListenerEvents>(name: K, event: ListenerEvents[K]): void {
    if (this.#listeners.size === 0) return;
    Object.freeze(event);
    for (const listener of this.#listeners) this.#waiting.push(() => this.#tell(listener, name, event));
    if (this.#waiting.length === this.#listeners.size) queueMicrotask(() => this.#tellAll());
  }

  #tellAll(): void {
    const told = this.#waiting;
    this.#waiting = [];
    for (const tell of told) tell();
  }

  #tell<K extends keyof ListenerEvents>(listener: Listener, name: K, event: ListenerEvents[K]): void {
    const failed = (thrown: unknown) => this.#report(listener, name, thrown);
    try {
      const answer = (listener[name] as ((event: ListenerEvents[K]) => unknown) | undefined)?.call(listener, event);
      if (answer instanceof Promise) answer.catch(failed);
    } catch (thrown) {
      failed(thrown);
    }
  }

  #report(listener: Listener, name: string, thrown: unknown): void {
    if (this.#reported.has(listener)) return;
    this.#reported.add(listener);
    const { message } = asError(thrown);
    this.#notice(`A listener threw in ${name}: ${message}. It is told of what follows, but not reported again.`);
  }
}
