// The master `local`: one slot in the driver's own process, for tests and debugging.

import type { TaskRunner } from '../../runtime/exec/task-runner';
import { createTaskRunner } from '../../runtime/exec/task-runner';
import { plainError } from '../../runtime/plan/cut-error';
import type { TaskEnd } from '../../runtime/plan/end';
import type { BlobSource } from '../../runtime/plan/engine';
import type { Forget, TaskControl, TaskSpec } from '../../runtime/plan/task';
import type { TaskBackend, TaskListener } from '../../runtime/scheduler/backend';
import { cancelGraceMs, loopback, progressMs } from '../base/limits';
import { startCommand } from '../executor/pipe-command';
import type { SessionFolder } from './session-folder';

const executorId = 'driver';

interface LocalTask {
  readonly task: TaskSpec;
  cancelled: boolean;
  ended: boolean;
}

/**
 * Runs tasks one after another in the driver's process. A loop that never checks its cancel flag blocks the driver too; Ctrl-C breaks it
 * there.
 */
export class LocalBackend implements TaskBackend {
  readonly #folder: SessionFolder;
  readonly #runner: TaskRunner;
  readonly #storageBytes: number;
  readonly #blobsAdded = new Set<string>();
  readonly #queue: LocalTask[] = [];
  #running: LocalTask | undefined;
  #listener: TaskListener | undefined;
  #blobs: BlobSource | undefined;

  constructor(folder: SessionFolder, storageBytes: number, executionBytes: number) {
    this.#folder = folder;
    this.#storageBytes = storageBytes;
    this.#runner = createTaskRunner({
      executorId,
      folder: folder.path,
      storageBytes,
      executionBytes,
      startCommand,
      isSession: true,
    });
  }

  async start(listener: TaskListener, blobs: BlobSource): Promise<void> {
    this.#listener = listener;
    this.#blobs = blobs;
    const { pid } = process;
    const info = { id: executorId, host: loopback, slots: 1, outputsSurvive: true, pid, storageBytes: this.#storageBytes };
    setImmediate(() => this.#listener?.executorJoined(info));
  }

  launch(_executorId: string, task: TaskSpec): void {
    // Within the call, so that a blob that is not there fails the job.
    for (const id of task.needs) this.#addBlob(id);
    this.#queue.push({ task, cancelled: false, ended: false });
    // Not within this call: the scheduler is in the middle of a step.
    setImmediate(() => this.#next());
  }

  cancel(_executorId: string, taskId: number): void {
    const queued = this.#queue.findIndex(({ task }) => task.taskId === taskId);
    if (queued >= 0) {
      const [local] = this.#queue.splice(queued, 1);
      setImmediate(() => this.#end(local, { kind: 'cancelled' }));
    } else if (this.#running?.task.taskId === taskId) {
      const local = this.#running;
      local.cancelled = true;
      setTimeout(() => this.#end(local, { kind: 'cancelled' }), cancelGraceMs);
    }
  }

  forget(what: Forget): void {
    if (what.kind === 'blob') this.#blobsAdded.delete(what.id);
    this.#runner.forget(what);
  }

  async stop(): Promise<void> {
    this.#listener = undefined;
    this.#queue.length = 0;
    if (this.#running !== undefined) this.#running.cancelled = true;
    await this.#folder.remove();
  }

  #next(): void {
    if (this.#running !== undefined) return;
    const local = this.#queue.shift();
    if (local === undefined) return;
    this.#running = local;
    this.#runner.run(local.task, this.#control(local)).then(
      (end) => this.#end(local, end),
      (error) => this.#end(local, { kind: 'userError', error: plainError(error) }),
    );
  }

  #addBlob(id: string): void {
    if (this.#blobsAdded.has(id) || this.#blobs === undefined) return;
    this.#runner.addBlob(id, this.#blobs.blob(id));
    this.#blobsAdded.add(id);
  }

  #control(local: LocalTask): TaskControl {
    let reportedAt = performance.now();
    return {
      cancelled: () => local.cancelled,
      progress: (records) => {
        const now = performance.now();
        if (local.ended || now - reportedAt < progressMs) return;
        reportedAt = now;
        this.#listener?.taskProgress(local.task.taskId, records);
      },
    };
  }

  #end(local: LocalTask, end: TaskEnd): void {
    if (local.ended) return;
    local.ended = true;
    if (this.#running === local) this.#running = undefined;
    this.#listener?.taskEnded(executorId, local.task.taskId, end);
    setImmediate(() => this.#next());
  }
}
