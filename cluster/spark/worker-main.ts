// A worker of Spark: it runs the tasks of one executor slot, one at a time, by the same programs as executors of ours.
import { Worker } from 'node:worker_threads';
import { installRemoteFiles } from '../../runtime/base/remote/remote-files';
import { installRemoteFolders } from '../../runtime/base/remote/remote-folders';
import type { StoredFeed, TaskExchange } from '../../runtime/exec/files/exchange';
import { createTaskRunner, type TaskRunner } from '../../runtime/exec/task-runner';
import type { TaskEnd } from '../../runtime/plan/end';
import type { TaskControl, TaskSpec } from '../../runtime/plan/task';
import { PartitionCopies } from '../../runtime/storage/partition-copies';
import { encode } from '../../runtime/wire/codec';
// Registers the class `Receiver`: closures that capture a class derived from it are revived here.
import '../../runtime/streaming/receivers/receiver-class';
import { printBlocking } from '../base/blocking-output';
import { guardBuiltins } from '../base/guard-builtins';
import { startCommand } from '../executor/pipe-command';
import { packEnd } from '../link/task-end';
import { fileKinds, HadoopAccess, hadoopPath, unreadFile } from './files/hadoop-files';
import { movedSplit } from './files/session-files';
import { WorkerFiles } from './files/worker-files';
import { MessageReader, MessageWriter } from './message';
import { fromWorker, toWorker, WorkerPipes } from './worker-pipes';
import { readSettings, refusalOf } from './worker-settings';

/** A task ends with its process where it is cancelled: the executor kills the worker. */
const control: TaskControl = { cancelled: () => false, progress: () => {} };

class SparkWorker implements TaskExchange {
  readonly #pipes = new WorkerPipes();
  readonly #runner: TaskRunner;
  readonly #maxResultBytes: number;
  readonly #copies: PartitionCopies;
  readonly #sessionFolder: string;
  readonly #folder: string;
  /** Where the tasks of the barrier stage run that the task is one of. */
  members: readonly string[] | undefined;
  /** Numbers what reads a feed, in each task from 0. */
  #readers = 0;

  constructor() {
    const { body } = this.#pipes.receive();
    const { maxResultBytes, sessionFolder, program, copyBytes, ...options } = readSettings(body.toString(), process.pid);
    const refusal = refusalOf(__filename, program, process.versions.node);
    this.#pipes.send(fromWorker.ready, Buffer.from(refusal));
    this.#maxResultBytes = maxResultBytes;
    this.#copies = new PartitionCopies(copyBytes);
    this.#sessionFolder = sessionFolder;
    this.#folder = options.folder;
    const hadoop = new HadoopAccess((request) => this.#ask(request));
    installRemoteFiles(new WorkerFiles(hadoop));
    installRemoteFolders(hadoop);
    this.#runner = createTaskRunner({ ...options, startCommand });
    guardBuiltins(options.executorId);
  }

  async serve(): Promise<never> {
    for (;;) {
      const { kind, body } = this.#pipes.receive();
      if (kind === toWorker.blob) this.#addBlob(body);
      else if (kind === toWorker.forget) this.#runner.forget({ kind: 'blob', id: body.toString() });
      else if (kind === toWorker.task) this.#end(await this.#runner.run(this.#taskOf(body), control, this));
      else throw new Error(`a message of kind ${kind} between two tasks`);
    }
  }

  #addBlob(body: Buffer): void {
    const message = new MessageReader(body);
    const id = message.text();
    this.#runner.addBlob(id, message.rest());
  }

  #taskOf(body: Buffer): TaskSpec {
    this.#readers = 0;
    const message = new MessageReader(body);
    const numbers = {
      taskId: message.double(),
      jobId: message.int(),
      stageId: message.int(),
      stageAttempt: message.int(),
      partition: message.int(),
      attempt: message.int(),
    };
    this.#copies.retain(message.int(), message.ints());
    const environmentId = message.text() || undefined;
    const written = message.bytes();
    const files = message.texts();
    const members = message.texts();
    this.members = members.length > 0 ? members : undefined;
    const needs = message.texts();
    const split = files.length > 0 ? movedSplit(written, files, this.#sessionFolder, this.#folder) : written;
    return { ...numbers, programId: needs[0], environmentId, split, needs, maxResultBytes: this.#maxResultBytes };
  }

  #end(end: TaskEnd): void {
    if (end.kind !== 'success') {
      const packed = packEnd(end);
      const message = new MessageWriter().text(JSON.stringify(packed.end)).end();
      return this.#pipes.send(fromWorker.failed, message, packed.tail);
    }
    const { accumulators, metrics, value } = end;
    const updates = accumulators.length > 0 ? encode(accumulators) : new Uint8Array(0);
    const head = new MessageWriter().double(metrics.recordsRead).bytes(updates).int(value.length).end();
    this.#pipes.send(fromWorker.done, head, value);
  }

  feed(feed: number): Generator<Buffer> {
    // A plan may read a feed several times, by turns.
    return this.#pieces(this.#readers++, feed, '');
  }

  stored(feed: number): StoredFeed {
    const reader = this.#readers++;
    this.#pipes.send(fromWorker.wants, new MessageWriter().int(reader).int(feed).end());
    const { kind, body } = this.#pipes.receive();
    if (kind !== toWorker.stored) throw new Error(`a message of kind ${kind} before a persisted partition`);
    const pieces = this.#pieces(reader, feed, '');
    // Nothing is said of what this task has computed itself: it may be stored nowhere.
    if (body.length === 0) return { pieces, copy: undefined };
    const message = new MessageReader(body);
    const computation = { definition: message.int(), partition: message.int(), id: message.rest().toString('hex') };
    return { pieces, copy: this.#copies.of(computation) };
  }

  *read(file: { readonly path: string; readonly start?: number; readonly length?: number }): Generator<Buffer> {
    const { path, start, length } = file;
    const kind = start === undefined ? fileKinds.files : fileKinds.lines;
    const reader = this.#readers++;
    const opens = new MessageWriter()
      .byte(kind)
      .text(hadoopPath(path))
      .double(start ?? 0)
      .double(length ?? 0);
    this.#pipes.send(fromWorker.opens, opens.end());
    this.#checkRead(path, this.#pipes.receive());
    yield* this.#pieces(reader, -1, path);
  }

  /** Has the executor answer a request about files of Hadoop. */
  #ask(request: Buffer): MessageReader {
    this.#pipes.send(fromWorker.asks, request);
    return new MessageReader(this.#pipes.receive().body);
  }

  #checkRead(path: string, { kind, body }: { readonly kind: string; readonly body: Buffer }): void {
    if (kind !== toWorker.refused) return;
    const message = new MessageReader(body);
    unreadFile(path, message.text(), message.text());
  }

  *#pieces(reader: number, feed: number, path: string): Generator<Buffer> {
    const wants = new MessageWriter().int(reader).int(feed).end();
    for (;;) {
      this.#pipes.send(fromWorker.wants, wants);
      // Pieces come some at a time: all are taken from the pipe before one is used, which may ask for another feed.
      const pieces: Buffer[] = [];
      let message = this.#pipes.receive();
      for (; message.kind === toWorker.piece; message = this.#pipes.receive()) pieces.push(message.body);
      yield* pieces;
      this.#checkRead(path, message);
      if (message.kind === toWorker.end) return;
    }
  }

  rows(bytes: Uint8Array): void {
    this.#pipes.send(fromWorker.rows, bytes);
  }

  frame(bucket: number, frame: Uint8Array): void {
    this.#pipes.send(fromWorker.frame, new MessageWriter().int(bucket).end(), frame);
  }

  gather(message: Uint8Array): readonly Uint8Array[] {
    this.#pipes.send(fromWorker.meets, message);
    const met = new MessageReader(this.#pipes.receive().body);
    return Array.from({ length: met.int() }, () => met.bytes());
  }
}

/** Ends this process with its executor, also while the user's function holds the thread. */
function watchParent(): void {
  const text = `const p=process.ppid;setInterval(()=>{if(process.ppid!==p)process.kill(process.pid,'SIGKILL')},1000)`;
  new Worker(text, { eval: true, execArgv: [] }).unref();
}

function reportStrays(): void {
  const report = (what: string) => (error: unknown) => {
    process.stderr.write(`${what}: ${error instanceof Error ? error.stack : String(error)}\n`);
  };
  process.on('uncaughtException', report('Uncaught error on an executor'));
  process.on('unhandledRejection', report('Unhandled rejection on an executor'));
}

printBlocking();
watchParent();
reportStrays();
new SparkWorker().serve().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(70);
});
