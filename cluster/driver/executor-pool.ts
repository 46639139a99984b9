// The executors of a session on this machine: starts them, hands them tasks, watches them, and replaces those that end.
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { asError, assert, MillraceError } from '../../runtime/base/errors';
import { removeQuietly } from '../../runtime/base/files';
import { bytesText } from '../../runtime/base/units';
import { releasedFolder } from '../../runtime/exec/released-folder';
import type { BlobSource } from '../../runtime/plan/engine';
import type { Forget, TaskSpec } from '../../runtime/plan/task';
import type { TaskBackend, TaskListener } from '../../runtime/scheduler/backend';
import { spillFolder } from '../../runtime/storage/spill-file';
import { cancelKillMs, drainMs, joinMs, loopback, maxBlobBytes, maxTaskBlobs } from '../base/limits';
import type { OutputListener } from '../base/output-lines';
import { variablesOf } from '../files/s3-account';
import { Connection } from '../link/connection';
import { deadline } from '../link/deadline';
import { refuse } from '../link/fields';
import { freshToken } from '../link/handshake';
import { checkToDriver, type ToDriver } from '../link/protocol';
import { unpackEnd } from '../link/task-end';
import { type DoorOptions, DriverDoor } from './driver-door';
import { ExecutorProcess, type ProcessEnd } from './executor-process';
import { ReleasedFolders } from './released-folders';
import { Backoff } from './restart-backoff';
import type { SessionFolder } from './session-folder';
import { lostBySilence } from './silent-executor';

export interface ExecutorPoolOptions {
  readonly executors: number;
  /** Heap of each executor in MiB; V8's own choice if left out. */
  readonly executorMemory?: number;
  /** Bytes of persisted partitions that each executor holds in memory. */
  readonly storageBytes: number;
  /** Bytes that the groups, tables and sorts of a task may take before they spill to disk. */
  readonly executionBytes: number;
  /** The bundled program of an executor. */
  readonly program: string;
  readonly folder: SessionFolder;
  readonly onOutput: OutputListener;
  /** False: executors and their connections do not keep this process alive. */
  readonly holds: boolean;
}

interface PooledExecutor {
  readonly id: string;
  readonly process: ExecutorProcess;
  /** Cancels the deadline for joining. */
  readonly joinedInTime: () => void;
  /** The tasks that it runs or has queued. A cancelled task maps to the function that cancels its deadline. */
  readonly tasks: Map<number, (() => void) | undefined>;
  readonly blobs: Set<string>;
  connection?: Connection;
  joined: boolean;
}

export class ExecutorPool implements TaskBackend {
  readonly #options: ExecutorPoolOptions;
  readonly #token = freshToken();
  readonly #backoff: Backoff;
  readonly #executors = new Map<string, PooledExecutor>();
  readonly #processes = new Set<ExecutorProcess>();
  readonly #restarts = new Set<NodeJS.Timeout>();
  readonly #atExit = () => this.#killAll();
  readonly #released = new ReleasedFolders();
  #notifications: (() => void)[] = [];
  #door: DriverDoor | undefined;
  #listener: TaskListener | undefined;
  #blobs: BlobSource | undefined;
  #started = 0;
  /** The listener knows that no executor can start. */
  #failed = false;
  #allGone: (() => void) | undefined;

  constructor(options: ExecutorPoolOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.executors);
  }

  async start(listener: TaskListener, blobs: BlobSource): Promise<void> {
    assert(this.#listener === undefined, 'a pool is started once');
    this.#listener = listener;
    this.#blobs = blobs;
    this.#door = await this.#open({
      token: this.#token,
      holds: this.#options.holds,
      awaited: () => [...this.#executors.values()].filter(({ connection }) => connection === undefined).length,
      admits: (id) => this.#executors.get(id)?.connection === undefined && this.#executors.has(id),
      entered: (id, ws, socket) => this.#connect(id, ws, socket),
    });
    process.once('exit', this.#atExit);
    for (let i = 0; i < this.#options.executors; i++) this.#spawn();
  }

  /** Opens the door in the session's folder, or in a short one where that has too long a path or a file system without sockets. */
  async #open(options: DoorOptions): Promise<DriverDoor> {
    const { folder } = this.#options;
    const path = folder.socketPath();
    if (path !== undefined) {
      try {
        return await DriverDoor.open(path, options);
      } catch {
        // The short folder may lie on another file system.
      }
    }
    return DriverDoor.open(folder.shortSocketPath(), options);
  }

  launch(executorId: string, task: TaskSpec): void {
    const executor = this.#executors.get(executorId);
    // The scheduler is about to hear of its loss, and will give the task to another executor.
    if (executor?.connection === undefined) return;
    if (task.needs.length > maxTaskBlobs) throw tooLarge('A task', `${task.needs.length} broadcasts`, maxTaskBlobs);
    const { split, ...rest } = task;
    for (const id of task.needs) this.#sendBlob(executor, executor.connection, id);
    executor.tasks.set(task.taskId, undefined);
    executor.connection.send({ kind: 'launch', task: rest }, split);
  }

  cancel(executorId: string, taskId: number): void {
    const executor = this.#executors.get(executorId);
    if (executor === undefined || !executor.tasks.has(taskId) || executor.tasks.get(taskId) !== undefined) return;
    executor.connection?.send({ kind: 'cancel', taskId });
    const obeyed = deadline(cancelKillMs, () => this.#cancelFailed(executor, taskId));
    executor.tasks.set(taskId, obeyed);
  }

  forget(what: Forget): void {
    const released = releasedFolder(this.#options.folder.path, what);
    const isTold = [...this.#executors.values()].some(({ connection }) => connection !== undefined);
    if (released !== undefined) this.#released.add(released, isTold);
    for (const executor of this.#executors.values()) {
      if (what.kind === 'blob') executor.blobs.delete(what.id);
      executor.connection?.send({ kind: 'forget', what });
    }
  }

  async stop(): Promise<void> {
    process.off('exit', this.#atExit);
    this.#listener = undefined;
    for (const timer of this.#restarts) clearTimeout(timer);
    for (const executor of this.#executors.values()) this.#drop(executor);
    this.#killAll();
    if (this.#processes.size > 0) await new Promise<void>((resolve) => (this.#allGone = resolve));
    await this.#door?.close();
    await this.#options.folder.remove();
  }

  #killAll(): void {
    for (const child of this.#processes) child.kill();
  }

  #spawn(): void {
    if (this.#listener === undefined || this.#door === undefined) return;
    const id = `e${++this.#started}`;
    const { program, executorMemory, storageBytes, executionBytes, folder, onOutput, holds } = this.#options;
    const stores = JSON.stringify(variablesOf(process.env));
    const shared = { socket: this.#door.path, token: this.#token.toString('hex'), storageBytes, executionBytes, stores };
    const child = new ExecutorProcess({
      program,
      executorMemory,
      onOutput: (line, stream) => onOutput(line, stream, id),
      holds,
      handover: { executorId: id, folder: folder.path, ...shared },
      onExit: (end) => this.#exited(executor, end),
    });
    const joinedInTime = deadline(joinMs, () => this.#lose(executor, 'it did not join in time'));
    const executor: PooledExecutor = { id, process: child, joinedInTime, tasks: new Map(), blobs: new Set(), joined: false };
    this.#processes.add(child);
    this.#executors.set(id, executor);
  }

  #connect(id: string, ws: WebSocket, socket: Socket): void {
    const executor = this.#executors.get(id);
    assert(executor !== undefined, `executor ${id} was admitted`);
    executor.connection = new Connection(ws, socket, {
      message: (control, tail) => this.#receive(executor, checkToDriver(control, id, tail.length), tail),
      closed: (reason) => this.#disconnected(executor, reason),
      silent: (ms) => this.#silent(executor, ms),
    });
  }

  #receive(executor: PooledExecutor, message: ToDriver, tail: Uint8Array): void {
    switch (message.kind) {
      case 'ready':
        this.#join(executor, message.pid);
        break;
      case 'exhausted':
        this.#lose(executor, 'functions that ran on it have left as many files or sockets open as a process may have');
        break;
      case 'progress':
        if (executor.tasks.has(message.taskId))
          this.#notify((listener) => listener.taskProgress(message.taskId, message.records));
        break;
      case 'ended': {
        if (!executor.tasks.has(message.taskId)) refuse(`${executor.id} ended a task ${message.taskId} that it does not run`);
        const end = unpackEnd(message.end, tail);
        this.#forgetTask(executor, message.taskId);
        this.#notify((listener) => listener.taskEnded(executor.id, message.taskId, end));
        break;
      }
    }
  }

  #join(executor: PooledExecutor, pid: number): void {
    if (executor.joined || pid !== executor.process.pid) refuse(`${executor.id} joined twice or from another process`);
    executor.joined = true;
    executor.joinedInTime();
    this.#backoff.joined();
    this.#failed = false;
    const { storageBytes } = this.#options;
    const info = { id: executor.id, host: loopback, slots: 1, outputsSurvive: true, pid, storageBytes };
    this.#notify((listener) => listener.executorJoined(info));
  }

  #sendBlob(executor: PooledExecutor, connection: Connection, id: string): void {
    if (executor.blobs.has(id)) return;
    const bytes = this.#blobs?.blob(id);
    assert(bytes !== undefined, `blob ${id} is known`);
    if (bytes.length > maxBlobBytes) throw tooLarge(`The blob ${id}`, bytesText(bytes.length), bytesText(maxBlobBytes));
    executor.blobs.add(id);
    connection.send({ kind: 'blob', id }, bytes);
  }

  #forgetTask(executor: PooledExecutor, taskId: number): void {
    executor.tasks.get(taskId)?.();
    executor.tasks.delete(taskId);
  }

  /** The executor is stuck outside of JavaScript. Its task counts as cancelled, and the executor as lost with all it held. */
  #cancelFailed(executor: PooledExecutor, taskId: number): void {
    this.#forgetTask(executor, taskId);
    this.#notify((listener) => listener.taskEnded(executor.id, taskId, { kind: 'cancelled' }));
    this.#lose(executor, 'it did not react to a cancel');
  }

  /** Usually the process has just died: wait a moment, because its exit gives a better reason. */
  #disconnected(executor: PooledExecutor, reason: string): void {
    setTimeout(() => this.#lose(executor, reason), drainMs);
  }

  #silent(executor: PooledExecutor, ms: number): void {
    const reason = lostBySilence(executor.process, ms);
    if (reason !== undefined) this.#lose(executor, reason);
  }

  #exited(executor: PooledExecutor, { reason, isUnable }: ProcessEnd): void {
    this.#processes.delete(executor.process);
    // Nobody needs the spill files of its task.
    removeQuietly(spillFolder(this.#options.folder.path, executor.id));
    this.#released.executorEnded();
    if (this.#processes.size === 0) this.#allGone?.();
    this.#lose(executor, reason, isUnable);
  }

  /** `isUnable`: its program cannot run here, which counts if it never joined. */
  #lose(executor: PooledExecutor, reason: string, isUnable = false): void {
    if (this.#executors.get(executor.id) !== executor) return;
    this.#drop(executor);
    if (executor.joined) {
      this.#notify((listener) => listener.executorLost(executor.id, reason));
      this.#respawn(this.#backoff.died(performance.now()));
      return;
    }
    this.#respawn(this.#backoff.startFailed(isUnable));
    this.#notify((listener) => listener.startFailed(reason));
    if (isUnable && this.#backoff.isHopeless && !this.#failed && ![...this.#executors.values()].some((e) => e.joined))
      this.#fail(reason, executor.process.lastWords);
  }

  /** Removes an executor from the pool and kills its process; later messages from it are ignored. */
  #drop(executor: PooledExecutor): void {
    this.#executors.delete(executor.id);
    executor.joinedInTime();
    for (const obeyed of executor.tasks.values()) obeyed?.();
    executor.connection?.close('the driver dropped the executor');
    executor.process.kill();
  }

  #respawn(wait: number): void {
    const timer = setTimeout(() => {
      this.#restarts.delete(timer);
      this.#spawn();
    }, wait);
    if (!this.#options.holds) timer.unref();
    this.#restarts.add(timer);
  }

  #fail(reason: string, lastWords: string): void {
    this.#failed = true;
    this.#notify((listener) => listener.backendFailed(lastWords === '' ? reason : `${reason}\n${lastWords}`));
  }

  /**
   * Notifies the listener after everything that is readable now has been read. So what a task printed, which comes through a pipe, is on the
   * screen before the end of the task is known. Notifications keep their order.
   */
  #notify(call: (listener: TaskListener) => void): void {
    this.#notifications.push(() => {
      if (this.#listener !== undefined) call(this.#listener);
    });
    if (this.#notifications.length === 1) setImmediate(() => this.#notifyAll());
  }

  #notifyAll(): void {
    const notifications = this.#notifications;
    this.#notifications = [];
    for (const notify of notifications) {
      try {
        notify();
      } catch (error) {
        // A listener that throws is a bug and must surface as one, but the other notifications still go out.
        queueMicrotask(() => {
          throw asError(error);
        });
      }
    }
  }
}

const tooLarge = (what: string, size: string, limit: string | number) =>
  new MillraceError('TOO_LARGE_TO_SEND', { what, size, limit });
