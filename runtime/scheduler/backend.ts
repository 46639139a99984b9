// The boundary between the scheduler and where tasks run: five calls down, six up.
import type { TaskEnd } from '../plan/end';
import type { BlobSource } from '../plan/engine';
import type { Forget, TaskSpec } from '../plan/task';

export interface ExecutorInfo {
  readonly id: string;
  readonly host: string;
  readonly slots: number;
  /** True when its shuffle files can still be read after its process has ended (same machine, same folder). */
  readonly outputsSurvive: boolean;
  /** Its process. */
  readonly pid?: number;
  /** Bytes of persisted partitions that it holds in memory at most. */
  readonly storageBytes?: number;
}

export interface TaskBackend {
  /** Begins to start executors and to tell the listener. Resolves at once; executors join later. */
  start(listener: TaskListener, blobs: BlobSource): Promise<void>;
  /** Runs a task on an executor that has joined; the listener gets its end exactly once. */
  launch(executorId: string, task: TaskSpec): void;
  /** Stops a task soon (≤ 300 ms), also one that loops for ever; the end told is `cancelled`, or what it was if it came first. */
  cancel(executorId: string, taskId: number): void;
  /** Drops cached partitions, shuffle files or blobs on every executor. */
  forget(what: Forget): void;
  /** Ends all executors and removes their folders. */
  stop(): Promise<void>;
}

export interface TaskListener {
  executorJoined(executor: ExecutorInfo): void;
  /** The executor is lost. The scheduler itself ends each task that ran there with `lost`. */
  executorLost(executorId: string, reason: string): void;
  taskEnded(executorId: string, taskId: number, end: TaskEnd): void;
  /** Records read so far by a running task, a few times a second. */
  taskProgress(taskId: number, records: number): void;
  /** An executor ended while it started. The backend tries again, and jobs wait. */
  startFailed(reason: string): void;
  /** The program of executors cannot run here, so jobs fail until an executor joins after all. */
  backendFailed(reason: string): void;
}
