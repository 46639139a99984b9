// The shell's client of the type service: a child process, started from a snapshot if there is one, restarted if it dies.
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import path from 'node:path';
import { MillraceError } from '../../runtime/base/errors';
import { later } from '../base/later';
import { withOneArena } from '../base/one-arena';
import { packageRoot } from '../base/package-root';
import type { AskedFact, Fact } from '../contract/facts';
import type {
  CheckOptions,
  CommitOptions,
  CompileResult,
  Completion,
  CompletionDetail,
  Diagnostic,
  RanCell,
  ScriptResult,
  SignatureHint,
  TextOrigin,
  TypeService,
} from '../contract/type-service';
import { type PromptName, promptNames } from './entry-names';
import { freshSnapshot, heapOptions, typeFiles } from './files';
import type { Committed } from './known-entries';
import { type Method, type Reply, type Request, readMessages, type StartOptions, writeMessage } from './service-messages';

export interface ClientOptions {
  /** The user's folder: imports are resolved from it. */
  readonly cwd: string;
  /** The names that exist before the first entry; by default those of the shell. */
  readonly promptNames?: readonly PromptName[];
  /** Declarations of the API in place of the engine's own. */
  readonly api?: string;
  /** False starts without the snapshot. */
  readonly snapshot?: boolean;
  /** False leaves the compiler cold, for a client that asks little. */
  readonly warms?: boolean;
  /** False: its process does not keep this one alive, not even during a request. */
  readonly holds?: boolean;
  /** The build's folder, where the snapshot is. */
  readonly dist?: string;
  /** Answers what the service must know of queries. */
  readonly facts?: (asked: readonly AskedFact[]) => Promise<readonly Fact[]>;
  /** Called when a process that had answered died and another takes over: no name is lost. */
  readonly onRestart?: (reason: string) => void;
}

interface Waiting {
  readonly request: Request;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  /** How often the process died during this request. */
  deaths: number;
  /** How often it was asked again, because facts were wanted. */
  rounds: number;
}

/** An entry that the service compiled and nobody committed yet. */
interface Compiled {
  readonly text: string;
  readonly origin: TextOrigin | undefined;
  readonly options: CheckOptions | undefined;
}

/** The script that was compiled last, and the numbers of its statements. */
interface CompiledScript {
  readonly text: string;
  readonly origin: TextOrigin;
  readonly options: CheckOptions | undefined;
  readonly ids: readonly number[];
}

/** At most this many of them are remembered, as in the service. */
const maxCompiled = 16;

/** A request that killed the process this often fails: a retry would kill it again. */
const maxDeaths = 2;

const maxComplaint = 2000;

/** The type of a query may depend on that of another one. */
const maxFactRounds = 6;
/** A check does not wait longer for what is known of queries: the engine starts in a second. */
const factsLimitMs = 5_000;

/** A process that is still busy so long after Ctrl-C is replaced; a check takes some tens of milliseconds. */
const interruptGraceMs = 300;
/** Requests that Ctrl-C does not drop: names depend on them. */
const lasting: ReadonlySet<Method> = new Set<Method>(['start', 'restore', 'commit']);

export class TypeServiceClient implements TypeService {
  readonly #start: StartOptions;
  readonly #root = packageRoot();
  readonly #waiting = new Map<number, Waiting>();
  readonly #journal: Committed[] = [];
  readonly #compiled = new Map<number, Compiled>();
  #script: CompiledScript | undefined;
  readonly #holds: boolean;
  readonly #facts: ClientOptions['facts'];
  readonly #onRestart: ((reason: string) => void) | undefined;
  /** The highest number of an entry: a replacement does not give it to another one. */
  #lastCell = 0;
  /** Whether the process has answered, so that its death is news. */
  #answers = false;
  readonly #ready: Promise<unknown>;
  #snapshot: string | undefined;
  /** Undefined after a death with no open request: the next request starts another process. */
  #child: ChildProcess | undefined;
  #complaint = '';
  #nextId = 1;
  #stopped = false;

  constructor(options: ClientOptions) {
    const files = typeFiles(this.#root);
    const { api = files.api, cwd, warms } = options;
    this.#facts = options.facts;
    const asks = options.facts !== undefined;
    this.#start = { ...files, api, cwd, warms, asks, promptNames: options.promptNames ?? promptNames };
    const special = options.api !== undefined || options.promptNames !== undefined;
    const wanted = options.snapshot !== false && !special;
    this.#snapshot = wanted ? freshSnapshot(this.#root, options.dist ?? path.join(this.#root, 'dist')) : undefined;
    this.#holds = options.holds !== false;
    this.#onRestart = options.onRestart;
    this.#child = this.#spawn();
    this.#ready = this.#request('start', this.#start);
    // ready() reports a failure; otherwise the first request does.
    this.#ready.catch(() => {});
  }

  /** The process id, for tests that kill it. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Whether the process runs from a snapshot. */
  get fromSnapshot(): boolean {
    return this.#snapshot !== undefined;
  }

  async ready(): Promise<void> {
    await this.#ready;
  }

  async compile(text: string, origin?: TextOrigin, options?: CheckOptions): Promise<CompileResult> {
    const result = await this.#request<CompileResult>('compile', text, origin, options);
    if (result.status === 'ok') this.#rememberCompiled(result.cell.id, { text, origin, options });
    return result;
  }

  async compileScript(text: string, origin: TextOrigin, options?: CheckOptions): Promise<ScriptResult> {
    const result = await this.#request<ScriptResult>('compileScript', text, origin, options);
    if (result.status === 'ok') this.#script = { text, origin, options, ids: result.cells.map(({ id }) => id) };
    this.#lastCell = Math.max(this.#lastCell, this.#script?.ids.at(-1) ?? 0);
    return result;
  }

  async commitScript(ran: readonly RanCell[]): Promise<void> {
    const script = this.#script;
    const commit = (cells: readonly RanCell[]) => this.#request<Committed[]>('commitScript', cells);
    let committed = await commit(ran);
    if (committed.length === 0 && script && ran.length > 0) {
      // The process that compiled it has died while it ran, as for an entry.
      const again = await this.#request<ScriptResult>('compileScript', script.text, script.origin, script.options);
      const sameCell = ({ cellId, names }: RanCell, cells: readonly { id: number }[]) => {
        const cell = cells[script.ids.indexOf(cellId)];
        return cell ? [{ cellId: cell.id, names }] : [];
      };
      if (again.status === 'ok') committed = await commit(ran.flatMap((cell) => sameCell(cell, again.cells)));
    }
    this.#journal.push(...committed);
  }

  async commit(cellId: number, names?: readonly string[], options?: CommitOptions): Promise<void> {
    const compiled = this.#compiled.get(cellId);
    this.#compiled.delete(cellId);
    const commit = (id: number) => this.#request<Committed | undefined>('commit', id, names, options);
    const committed = (await commit(cellId)) ?? (compiled && (await this.#compileAgain(compiled, commit)));
    if (committed) this.#journal.push(committed);
  }

  /** The process that compiled the entry has died while the entry ran; its replacement does not know it yet. */
  async #compileAgain<T>({ text, origin, options }: Compiled, commit: (id: number) => Promise<T>): Promise<T | undefined> {
    const again = await this.#request<CompileResult>('compile', text, origin, options);
    return again.status === 'ok' ? commit(again.cell.id) : undefined;
  }

  #rememberCompiled(id: number, compiled: Compiled): void {
    this.#lastCell = Math.max(this.#lastCell, id);
    this.#compiled.set(id, compiled);
    const [oldest] = this.#compiled.keys();
    if (this.#compiled.size > maxCompiled) this.#compiled.delete(oldest);
  }

  isComplete(text: string): Promise<boolean> {
    return this.#request('isComplete', text);
  }

  typeOf(expression: string, options?: CheckOptions): Promise<{ type: string } | { diagnostics: readonly Diagnostic[] }> {
    return this.#request('typeOf', expression, options);
  }

  complete(text: string, position: number): Promise<Completion> {
    return this.#request('complete', text, position);
  }

  describe(text: string, position: number, name: string): Promise<CompletionDetail | undefined> {
    return this.#request('describe', text, position, name);
  }

  signature(text: string, position: number): Promise<SignatureHint | undefined> {
    return this.#request('signature', text, position);
  }

  doc(name: string): ReturnType<TypeService['doc']> {
    return this.#request('doc', name);
  }

  quickInfo(text: string, position: number): Promise<string | undefined> {
    return this.#request('quickInfo', text, position);
  }

  interrupt(): void {
    const dropped = [...this.#waiting].filter(([, { request }]) => !lasting.has(request.method));
    if (dropped.length === 0) return;
    setTimeout(() => {
      const [busyWith] = this.#waiting.keys();
      if (this.#stopped || !dropped.some(([id]) => id === busyWith)) return;
      for (const [id, { reject }] of dropped) {
        if (this.#waiting.delete(id)) reject(new MillraceError('TYPE_SERVICE', { reason: 'the request was interrupted' }));
      }
      this.#replace();
    }, interruptGraceMs).unref();
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    const child = this.#child;
    if (child && child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    }
    this.#giveUp('it was stopped');
  }

  #request<T>(method: Method, ...args: unknown[]): Promise<T> {
    if (this.#stopped) return Promise.reject(new MillraceError('TYPE_SERVICE', { reason: 'it was stopped' }));
    return new Promise<T>((resolve, reject) => {
      const request = { id: this.#nextId++, method, args };
      if (this.#child === undefined && method !== 'start') this.#takeOver([]);
      this.#waiting.set(request.id, { request, resolve: resolve as (value: unknown) => void, reject, deaths: 0, rounds: 0 });
      this.#send(request);
    });
  }

  #send(request: Request): void {
    this.#child?.stdin?.write(writeMessage(request));
  }

  #spawn(): ChildProcess {
    const child = spawn(process.execPath, [...heapOptions, ...this.#arguments()], {
      stdio: ['pipe', 'pipe', 'pipe'],
      cwd: this.#root,
      env: withOneArena(),
    });
    if (!this.#holds) for (const handle of [child, child.stdin, child.stdout, child.stderr] as Socket[]) handle.unref();
    this.#complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint = (this.#complaint + text).slice(-maxComplaint);
    });
    readMessages(child.stdout, (message) => this.#answered(message as Reply));
    // Writing to a dead process fails; the 'close' event then starts another one.
    child.stdin.on('error', () => {});
    child.on('error', (error) => this.#giveUp(error.message));
    child.on('close', (code, signal) => this.#died(child, signal ?? `exit code ${code}`));
    return child;
  }

  #arguments(): string[] {
    if (this.#snapshot) return ['--snapshot-blob', this.#snapshot, 'types'];
    if (!__filename.endsWith('.ts')) return [path.join(this.#root, 'dist/types-service.js')];
    return ['-r', 'ts-node/register/transpile-only', path.join(__dirname, 'service-main.ts')];
  }

  #answered(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    if (!waiting) return;
    this.#answers = true;
    if ('wanted' in reply && reply.wanted && reply.wanted.length > 0 && waiting.rounds++ < maxFactRounds) {
      void this.#askAgain(waiting.request, reply.wanted);
      return;
    }
    this.#waiting.delete(reply.id);
    if ('error' in reply) waiting.reject(new MillraceError('TYPE_SERVICE', { reason: reply.error }));
    else waiting.resolve(reply.value);
  }

  /** Tells the service what it wants to know, and makes the request again. What nobody knows it need not ask again. */
  async #askAgain(request: Request, wanted: readonly AskedFact[]): Promise<void> {
    const none = wanted.map(({ key }): Fact => ({ key }));
    const known = await Promise.race([this.#facts?.(wanted).catch(() => none), later(factsLimitMs, none)]);
    if (!this.#waiting.has(request.id)) return;
    this.#send({ id: 0, method: 'learn', args: [known ?? none] });
    this.#send(request);
  }

  /** Ends a process that is busy for too long. */
  #replace(): void {
    const child = this.#child;
    this.#child = undefined;
    this.#answers = false;
    child?.kill('SIGKILL');
    this.#takeOver([...this.#waiting.values()].map(({ request }) => request));
  }

  /** Starts a replacement with the folder, the committed declarations and the open requests. */
  #died(child: ChildProcess, reason: string): void {
    if (this.#stopped || child !== this.#child) return;
    // The snapshot may be the cause of a death before the first answer, so restart without it.
    if (!this.#answers) this.#snapshot = undefined;
    if (this.#answers) this.#onRestart?.(reason);
    this.#answers = false;
    this.#countDeath(`${reason} ${lastLine(this.#complaint)}`.trim());
    this.#child = undefined;
    if (this.#waiting.size > 0) this.#takeOver([...this.#waiting.values()].map(({ request }) => request));
  }

  #takeOver(unanswered: readonly Request[]): void {
    this.#child = this.#spawn();
    const isStart = ({ method }: Request) => method === 'start';
    this.#send(unanswered.find(isStart) ?? { id: 0, method: 'start', args: [this.#start] });
    this.#send({ id: 0, method: 'restore', args: [this.#journal, this.#lastCell] });
    for (const request of unanswered) if (!isStart(request)) this.#send(request);
  }

  /** Blames the oldest request: the process works on one at a time. */
  #countDeath(reason: string): void {
    const [oldest] = this.#waiting.values();
    if (!oldest || ++oldest.deaths < maxDeaths + (oldest.request.method === 'start' ? 1 : 0)) return;
    this.#waiting.delete(oldest.request.id);
    oldest.reject(new MillraceError('TYPE_SERVICE', { reason }));
  }

  #giveUp(reason: string): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(new MillraceError('TYPE_SERVICE', { reason }));
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
