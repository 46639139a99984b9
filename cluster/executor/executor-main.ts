// The main thread of an executor: it runs tasks, one at a time, and with them the user's functions.
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { installRemoteFiles } from '../../runtime/base/remote/remote-files';
import { restoreBuiltins } from '../../runtime/closure/guarded-builtins';
import { createTaskRunner, type TaskRunner } from '../../runtime/exec/task-runner';
import { plainError } from '../../runtime/plan/cut-error';
import type { TaskEnd } from '../../runtime/plan/end';
import type { TaskControl, TaskSpec } from '../../runtime/plan/task';
// Registers the class `Receiver`: closures that capture a class derived from it are revived here.
import '../../runtime/streaming/receivers/receiver-class';
import { printBlocking } from '../base/blocking-output';
import { exitCodes } from '../base/exit-codes';
import { guardBuiltins } from '../base/guard-builtins';
import { cancelGraceMs } from '../base/limits';
import { FetchingFiles } from '../files/fetching-files';
import { variablesIn } from '../files/s3-account';
import { type Handover, readHandover } from '../link/handover';
import { packEnd } from '../link/task-end';
import { isOutOfDescriptors } from './descriptors';
import { startCommand } from './pipe-command';
import { SharedState } from './shared-state';
import { type LinkData, movable, type ToLink, type ToMain } from './thread-messages';

interface CurrentTask {
  readonly taskId: number;
  readonly control: TaskControl;
}

class ExecutorMain {
  readonly #runner: TaskRunner;
  readonly #shared: SharedState;
  readonly #link: Worker;
  /** The current task. A task whose script was terminated stays here until the next one begins. */
  #running: CurrentTask | undefined;

  constructor(runner: TaskRunner, shared: SharedState, link: Worker) {
    this.#runner = runner;
    this.#shared = shared;
    this.#link = link;
    link.on('message', (message: ToMain) => this.#take(message));
    this.#post({ kind: 'ready' });
  }

  #take(message: ToMain): void {
    switch (message.kind) {
      case 'task':
        this.#run(message.task);
        break;
      case 'blob':
        this.#runner.addBlob(message.id, message.bytes);
        break;
      case 'forget':
        this.#runner.forget(message.what);
        break;
      case 'cancel':
        setTimeout(() => this.#abandon(message.taskId), cancelGraceMs);
        break;
      case 'nudge':
        break;
      case 'rest':
        // An immediate runs after all ticks and microtasks that a terminated script has left, if they ever end.
        setImmediate(() => this.#post({ kind: 'rested', number: message.number }));
        break;
    }
  }

  #run(task: TaskSpec): void {
    const run: CurrentTask = { taskId: task.taskId, control: this.#control(task.taskId) };
    this.#running = run;
    this.#shared.begin();
    this.#runner.run(task, run.control).then(
      (end) => this.#end(run, end),
      (error) => this.#end(run, { kind: 'userError', error: plainError(error) }),
    );
  }

  /** Like the shared control, but an abandoned task stays cancelled and reports nothing if its await settles after all. */
  #control(taskId: number): TaskControl {
    const shared = this.#shared.control(taskId);
    const current = () => this.#running?.taskId === taskId;
    return {
      cancelled: () => shared.cancelled() || !current(),
      progress: (records) => {
        if (current()) shared.progress(records);
      },
    };
  }

  /** Ends a cancelled task that is still awaiting something: the event loop turns, so no script of it runs. */
  #abandon(taskId: number): void {
    if (this.#running?.taskId === taskId) this.#end(this.#running, { kind: 'cancelled' });
  }

  #end(run: CurrentTask, end: TaskEnd): void {
    if (this.#running !== run) return;
    const packed = packEnd(end);
    const tail = movable(packed.tail);
    this.#shared.finish();
    this.#running = undefined;
    const isExhausted = end.kind !== 'success' && end.kind !== 'cancelled' && isOutOfDescriptors();
    this.#post({ kind: 'ended', taskId: run.taskId, end: packed.end, tail, isExhausted }, tail.buffer);
  }

  #post(message: ToLink, moved?: ArrayBuffer): void {
    this.#link.postMessage(message, moved === undefined ? [] : [moved]);
  }
}

function startLink(handover: Handover, shared: SharedState): Worker {
  const { executorId, socket, token } = handover;
  const workerData: LinkData = { executorId, socket, token, memory: shared.memory };
  const link = new Worker(path.join(__dirname, 'executor-link.js'), { workerData, execArgv: [], trackUnmanagedFds: false });
  link.on('error', (error) => fail('The link thread failed', error));
  link.on('exit', () => process.exit(exitCodes.internal));
  return link;
}

function fail(what: string, error: unknown): never {
  process.stderr.write(`${what}: ${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(exitCodes.internal);
}

/** Prints errors from leftovers of the user's functions (a timer, a promise), which throw outside of any task and fail none. */
function reportStrays(): void {
  const report = (what: string) => (error: unknown) => {
    restoreBuiltins();
    process.stderr.write(`${what}: ${error instanceof Error ? error.stack : String(error)}\n`);
  };
  process.on('uncaughtException', report('Uncaught error on an executor'));
  process.on('unhandledRejection', report('Unhandled rejection on an executor'));
}

function readInstructions(): Handover {
  try {
    return readHandover(0);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exit(exitCodes.noHandover);
  }
}

function main(): void {
  printBlocking();
  const handover = readInstructions();
  const shared = new SharedState();
  const link = startLink(handover, shared);
  const { executorId, folder, storageBytes, executionBytes, stores } = handover;
  installRemoteFiles(new FetchingFiles(variablesIn(stores)));
  const runner = createTaskRunner({ executorId, folder, storageBytes, executionBytes, startCommand });
  reportStrays();
  guardBuiltins(executorId);
  new ExecutorMain(runner, shared, link);
}

main();
