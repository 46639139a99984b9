// Remote files of a process: a thread, started when it is first needed, fetches while this thread waits, reads what came before, or goes on.
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { MillraceError } from '../../runtime/base/errors';
import {
  type RemoteFile,
  type RemoteFiles,
  type RemotePart,
  type RemoteWriter,
  shownUrl,
} from '../../runtime/base/remote/remote-files';
import { fetchThreadProgram } from '../base/program-path';
import type { ThreadData } from './fetch-thread';
import { type Answered, type Asking, errorOf, type Question, urlOf } from './messages';
import type { StoreVariables } from './s3-account';

/** A store that gives no answer for so long, with all its tries, is given up. */
const patienceMs = 300_000;
/** Between two looks for an answer, and the looks without a beat of the thread after which it counts as ended. */
const lookMs = 1000;
const mostMissedBeats = 10;
/** Bytes of one piece of a written file; the ten thousand that a store takes make 80 GiB. */
const pieceBytes = 8 << 20;
/** Pieces of one file on their way. */
const piecesAhead = 3;

interface Waiting {
  readonly url: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

class FetchThreadLink {
  readonly #worker: Worker;
  readonly #now: MessagePort;
  readonly #later: MessagePort;
  readonly #signal = new Int32Array(new SharedArrayBuffer(8));
  /** Answers that came while another one was waited for. */
  readonly #came = new Map<number, Answered>();
  /** Questions whose answers nobody wants any more. */
  readonly #dropped = new Set<number>();
  readonly #waiting = new Map<number, Waiting>();
  #ids = 0;
  /** The thread has ended, with all that it was asked. */
  hasEnded = false;

  constructor(variables: StoreVariables, program: string) {
    const [now, later] = [new MessageChannel(), new MessageChannel()];
    this.#now = now.port1;
    this.#later = later.port1;
    const workerData: ThreadData = {
      variables,
      signal: this.#signal.buffer as SharedArrayBuffer,
      now: now.port2,
      later: later.port2,
    };
    this.#worker = new Worker(program, { workerData, transferList: [now.port2, later.port2], execArgv: [] });
    this.#worker.unref();
    this.#worker.on('error', (error) => this.#fail(() => error));
    this.#worker.on('exit', () => this.#fail(ended));
    this.#later.on('message', (answer: Answered) => this.#settle(answer));
    this.#later.unref();
  }

  #fail(why: (url: string) => Error): void {
    this.hasEnded = true;
    for (const { url, reject } of this.#waiting.values()) reject(why(url));
    this.#waiting.clear();
    this.#worker.unref();
  }

  #settle({ id, value, failure }: Answered): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if (failure) waiting?.reject(errorOf(failure));
    else waiting?.resolve(value);
  }

  /** Asks and goes on. */
  later(question: Question): Promise<unknown> {
    const id = this.#ids++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { url: urlOf(question), resolve, reject });
      // Not the port: with that alone this process would end where the thread does.
      this.#worker.ref();
      this.#later.postMessage({ id, question } satisfies Asking);
    });
  }

  /** Asks; the answer waits. */
  ask(question: Question): { readonly take: () => unknown; readonly drop: () => void } {
    const id = this.#ids++;
    this.#now.postMessage({ id, question } satisfies Asking);
    const drop = () => {
      if (!this.#came.delete(id)) this.#dropped.add(id);
    };
    return { take: () => this.#take(id, urlOf(question)), drop };
  }

  #take(id: number, url: string): unknown {
    // Events of the thread, such as its end, do not come while this one waits: its beats stop.
    let [waited, missed, beat] = [0, 0, this.#beat];
    while (!this.#came.has(id)) {
      const seen = Atomics.load(this.#signal, 0);
      this.#drain();
      if (this.#came.has(id)) break;
      if (Atomics.wait(this.#signal, 0, seen, lookMs) !== 'timed-out') continue;
      waited += lookMs;
      missed = this.#beat === beat ? missed + 1 : 0;
      beat = this.#beat;
      if (missed < mostMissedBeats && waited < patienceMs) continue;
      this.#dropped.add(id);
      this.hasEnded ||= missed >= mostMissedBeats;
      throw this.hasEnded ? ended(url) : unread(url, `no answer came in ${patienceMs / 60_000} minutes`);
    }
    const { value, failure } = this.#came.get(id)!;
    this.#came.delete(id);
    if (failure) throw errorOf(failure);
    return value;
  }

  get #beat(): number {
    return Atomics.load(this.#signal, 1);
  }

  #drain(): void {
    for (let next = receiveMessageOnPort(this.#now); next; next = receiveMessageOnPort(this.#now)) {
      const answer = next.message as Answered;
      if (!this.#dropped.delete(answer.id)) this.#came.set(answer.id, answer);
    }
  }
}

const unread = (url: string, reason: string) => new MillraceError('UNREADABLE_FILE', { path: shownUrl(url), reason });

const ended = (url: string) => unread(url, 'the thread that fetches files has ended; read it again');

/** A file of a save on its way to its store. */
class UploadWriter implements RemoteWriter {
  readonly #link: FetchThreadLink;
  readonly #url: string;
  readonly #upload: string;
  readonly #tags: string[] = [];
  readonly #sent: (() => unknown)[] = [];
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #pieces = 0;

  constructor(link: FetchThreadLink, url: string) {
    this.#link = link;
    this.#url = url;
    this.#upload = link.ask({ op: 'begin', url }).take() as string;
  }

  write(bytes: Uint8Array): void {
    // The writer may use its buffer again.
    this.#held.push(Uint8Array.from(bytes));
    this.#heldBytes += bytes.length;
    if (this.#heldBytes >= pieceBytes) this.#send();
  }

  #send(): void {
    const bytes = Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    const { take } = this.#link.ask({ op: 'piece', url: this.#url, upload: this.#upload, number: ++this.#pieces, bytes });
    this.#sent.push(take);
    if (this.#sent.length > piecesAhead) this.#takeOne();
  }

  #takeOne(): void {
    this.#tags.push(this.#sent.shift()!() as string);
  }

  end(): RemotePart {
    if (this.#heldBytes > 0 || this.#pieces === 0) this.#send();
    while (this.#sent.length > 0) this.#takeOne();
    return { url: this.#url, upload: this.#upload, pieces: this.#tags };
  }

  abandon(): void {
    this.#link.ask({ op: 'abandon', url: this.#url, upload: this.#upload }).drop();
  }
}

export class FetchingFiles implements RemoteFiles {
  readonly #variables: StoreVariables;
  readonly #program: () => string;
  #started: FetchThreadLink | undefined;

  /** `program`: the path of the thread's program. */
  constructor(variables: StoreVariables, program = fetchThreadProgram) {
    this.#variables = variables;
    this.#program = program;
  }

  get #link(): FetchThreadLink {
    if (!this.#started || this.#started.hasEnded) this.#started = new FetchThreadLink(this.#variables, this.#program());
    return this.#started;
  }

  async find(url: string, heads: boolean): Promise<readonly RemoteFile[]> {
    return (await this.#link.later({ op: 'find', url, heads })) as readonly RemoteFile[];
  }

  findNow(url: string, heads: boolean): readonly RemoteFile[] {
    return this.#link.ask({ op: 'find', url, heads }).take() as readonly RemoteFile[];
  }

  fetch(file: RemoteFile, position: number, length: number) {
    const { take, drop } = this.#link.ask({ op: 'read', file, position, length });
    return { take: () => take() as Uint8Array, drop };
  }

  async copy(file: RemoteFile, to: string): Promise<void> {
    await this.#link.later({ op: 'copy', file, to });
  }

  copyNow(file: RemoteFile, to: string): void {
    this.#link.ask({ op: 'copy', file, to }).take();
  }

  create(url: string): RemoteWriter {
    return new UploadWriter(this.#link, url);
  }

  async hasFolder(url: string): Promise<boolean> {
    return (await this.#link.later({ op: 'hasFolder', url })) as boolean;
  }

  async commit(folder: string, parts: readonly RemotePart[]): Promise<void> {
    await this.#link.later({ op: 'commit', url: folder, parts });
  }

  async abort(folder: string): Promise<void> {
    await this.#link.later({ op: 'abort', url: folder });
  }
}
