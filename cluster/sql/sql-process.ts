// The engine of SQL as the session sees it: a child process, started with the first query and again after it died.
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { asError, MillraceError } from '../../runtime/base/errors';
import type { SqlAnswered, SqlColumns, SqlEngine, SqlQuery, SqlResult, SqlTarget } from '../../runtime/plan/sql-engine';
import { environment, killGroup } from '../base/child-process';
import { exitReason } from '../base/exit-codes';
import { LineReader, type OutputListener } from '../base/output-lines';
import { checkReply, SqlMessages, type SqlRequest, type SqlSetup, sqlDescriptor, sqlMessage } from './protocol';

export interface SqlProcessOptions extends SqlSetup {
  /** The bundled program. */
  readonly program: () => string;
  readonly onOutput: OutputListener;
}

interface Waiting {
  readonly resolve: (result: SqlResult<SqlAnswered>) => void;
  readonly reject: (error: Error) => void;
  readonly question: Buffer;
  /** The process that was asked. */
  child: ChildProcess;
}

type Question =
  | { readonly kind: 'prepare'; readonly query: SqlQuery }
  | { readonly kind: 'run'; readonly query: SqlQuery; readonly target: SqlTarget };

export class SqlProcess implements SqlEngine {
  readonly #options: SqlProcessOptions;
  readonly #waiting = new Map<number, Waiting>();
  #child: ChildProcess | undefined;
  /** Killed because one of its queries was cancelled: the others are asked again. */
  #cancelled: ChildProcess | undefined;
  #nextId = 1;
  #stopped = false;

  constructor(options: SqlProcessOptions) {
    this.#options = options;
  }

  /** The process id, while there is one. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  prepare(query: SqlQuery): Promise<SqlResult<SqlColumns>> {
    return this.#ask({ kind: 'prepare', query });
  }

  run(query: SqlQuery, target: SqlTarget, signal?: AbortSignal): Promise<SqlResult<SqlAnswered>> {
    return this.#ask({ kind: 'run', query, target }, signal);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    hold(child, true);
    kill(child);
    await ended;
  }

  #ask(question: Question, signal?: AbortSignal): Promise<SqlResult<SqlAnswered>> {
    if (signal?.aborted) return Promise.reject(new MillraceError('JOB_CANCELLED', { reason: '' }));
    if (this.#stopped) return Promise.reject(new MillraceError('CONTEXT_STOPPED'));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      let bytes: Buffer;
      let child: ChildProcess;
      try {
        bytes = sqlMessage({ ...question, id });
        child = this.#running();
      } catch (error) {
        reject(asError(error));
        return;
      }
      const cancel = () => this.#cancel(id, typeof signal?.reason === 'string' ? signal.reason : '');
      signal?.addEventListener('abort', cancel, { once: true });
      const over = () => {
        signal?.removeEventListener('abort', cancel);
        if (this.#waiting.size === 0) hold(this.#child, false);
      };
      this.#waiting.set(id, {
        child,
        question: bytes,
        resolve: (result) => {
          over();
          resolve(result);
        },
        reject: (error) => {
          over();
          reject(error);
        },
      });
      hold(child, true);
      (child.stdio[sqlDescriptor] as Socket).write(bytes);
    });
  }

  /** The engine holds nothing that outlives a query: the end of its process is the surest end of one. */
  #cancel(id: number, reason: string): void {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    this.#waiting.delete(id);
    waiting.reject(new MillraceError('JOB_CANCELLED', { reason }));
    if (waiting.child === this.#child) this.#child = undefined;
    this.#cancelled = waiting.child;
    kill(waiting.child);
  }

  #running(): ChildProcess {
    if (this.#child) return this.#child;
    const { program, onOutput, folder, datasets, memoryMb, threads } = this.#options;
    const child = spawn(process.execPath, [program()], {
      // Nothing is written to its input, which ends with this process.
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
      env: environment(),
      // Its own session, so that Ctrl-C and the hang-up of the user's terminal reach the driver alone.
      detached: true,
    });
    this.#child = child;
    const [out, err] = [new LineReader('sql', 'stdout', onOutput), new LineReader('sql', 'stderr', onOutput)];
    child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
    let broken: string | undefined;
    const socket = child.stdio[sqlDescriptor] as Socket | undefined;
    const messages = new SqlMessages((message) => {
      const { id, result } = checkReply(message);
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      waiting?.resolve(result as SqlResult<SqlAnswered>);
    });
    socket?.on('data', (piece: Buffer) => {
      try {
        messages.push(piece);
      } catch (error) {
        broken = asError(error).message;
        kill(child);
      }
    });
    // The exit of the process reports its end.
    socket?.on('error', () => {});
    const gone = (reason: string) => this.#gone(child, reason);
    child.once('error', (error) => gone(`it could not be started: ${error.message}`));
    child.once('exit', (code, signal) => {
      kill(child);
      // What it answered last may still be in the socket.
      child.once('close', () => gone(broken ?? exitReason('sql', code, signal, err.lastLines)));
    });
    socket?.write(sqlMessage({ kind: 'setup', setup: { folder, datasets, memoryMb, threads } } satisfies SqlRequest));
    return child;
  }

  #gone(child: ChildProcess, reason: string): void {
    if (this.#child === child) this.#child = undefined;
    for (const [id, waiting] of this.#waiting) {
      if (waiting.child !== child) continue;
      if (child === this.#cancelled && !this.#stopped) {
        waiting.child = this.#running();
        hold(waiting.child, true);
        (waiting.child.stdio[sqlDescriptor] as Socket).write(waiting.question);
        continue;
      }
      this.#waiting.delete(id);
      waiting.reject(new MillraceError('SQL_ENGINE_LOST', { reason }));
    }
  }
}

function kill({ pid }: ChildProcess): void {
  if (pid !== undefined) killGroup(pid);
}

/** Only an open query keeps the session's process alive. */
function hold(child: ChildProcess | undefined, holds: boolean): void {
  for (const handle of [child, ...(child?.stdio ?? [])] as (Socket | undefined | null)[])
    holds ? handle?.ref?.() : handle?.unref?.();
}
