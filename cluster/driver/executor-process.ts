// The process of one executor, seen from the driver: spawns it, hands it its instructions, and reports why it ended.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import fs from 'node:fs';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { environment, killGroup } from '../base/child-process';
import { exitReason } from '../base/exit-codes';
import { drainMs } from '../base/limits';
import { LineReader, type OutputListener } from '../base/output-lines';
import { type Handover, writeHandover } from '../link/handover';

export interface ProcessOptions {
  /** The bundled program of an executor. */
  readonly program: string;
  /** Heap of an executor in MiB; V8's own choice if left out. */
  readonly executorMemory?: number;
  readonly handover: Handover;
  readonly onOutput: OutputListener;
  /** False: the process and its output do not keep this process alive. */
  readonly holds: boolean;
  /** Called once, when the process has ended. */
  readonly onExit: (end: ProcessEnd) => void;
}

export interface ProcessEnd {
  /** What happened, for the user. */
  readonly reason: string;
  /** The program ended by itself or could not be run. Otherwise it was killed, or the machine was short of something. */
  readonly isUnable: boolean;
}

/** Errors of a spawn that last: the program is missing, or this user may not run it. */
const lasting = new Set(['ENOENT', 'EACCES', 'EPERM', 'ENOEXEC', 'ENOTDIR', 'ELOOP']);

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * Executors make many short-lived objects: with Node's default of 16 MiB per half-space, survivors of a chunk are copied again and again.
 * In a small heap three such spaces would be most of its memory.
 */
const semiSpaceMb = (heapMb: number): number => Math.min(64, Math.max(8, Math.floor(heapMb / 16)));

export class ExecutorProcess {
  #child: Child | undefined;
  readonly #onExit: (end: ProcessEnd) => void;
  readonly #stdout: LineReader;
  readonly #stderr: LineReader;
  #isGone = false;

  constructor(options: ProcessOptions) {
    this.#onExit = options.onExit;
    this.#stdout = new LineReader('executor', 'stdout', options.onOutput);
    this.#stderr = new LineReader('executor', 'stderr', options.onOutput);
    try {
      this.#child = spawn(process.execPath, [...v8Flags(options.executorMemory), options.program], {
        stdio: ['pipe', 'pipe', 'pipe'],
        env: environment(),
        // Its own session, so that Ctrl-C and the hang-up of the user's terminal reach the driver alone.
        detached: true,
      });
      this.#watch(this.#child, options);
    } catch (error) {
      // Some failures of a spawn are thrown, others are events.
      setImmediate(() => this.#notSpawned(error as NodeJS.ErrnoException));
    }
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Kills it at once, with all children of user code; an executor has nothing to clean up. */
  kill(): void {
    if (this.pid !== undefined) killGroup(this.pid);
  }

  /** Whether it was stopped by a signal or is dead: then it will never answer. */
  isStopped(): boolean {
    try {
      const stat = fs.readFileSync(`/proc/${this.pid}/stat`, 'utf8');
      return 'TtZX'.includes(stat.charAt(stat.lastIndexOf(')') + 2));
    } catch {
      return true;
    }
  }

  #watch(child: Child, { handover, holds }: ProcessOptions): void {
    child.once('error', (error) => this.#notSpawned(error));
    // Without a process there may be no pipes either.
    if (child.pid === undefined) return;
    if (!holds) for (const handle of [child, child.stdout as Socket, child.stderr as Socket]) handle.unref();
    child.stdout.on('data', (chunk: Buffer) => this.#stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => this.#stderr.push(chunk));
    child.once('exit', (code, signal) => {
      this.kill();
      const report = () => this.#gone(exitReason('executor', code, signal, this.#stderr.lastLines), signal === null);
      // Its last output may still be in the pipes. Do not wait for `close` alone: a child that it left behind may hold the pipes open.
      child.once('close', report);
      setTimeout(report, drainMs);
    });
    // The process may end before it has read this; `onExit` reports that.
    child.stdin.on('error', () => {});
    child.stdin.end(writeHandover(handover));
  }

  #notSpawned(error: NodeJS.ErrnoException): void {
    this.#gone(`it could not be started: ${error.message}`, lasting.has(error.code ?? ''));
  }

  #gone(reason: string, isUnable: boolean): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#stdout.end();
    this.#stderr.end();
    this.#onExit({ reason, isUnable });
  }

  /** The last lines of its stderr, for the reason why no executor can start. */
  get lastWords(): string {
    return this.#stderr.lastLines.join('\n');
  }
}

function v8Flags(executorMemory: number | undefined): string[] {
  const semiSpace = `--max-semi-space-size=${semiSpaceMb(executorMemory ?? Number.POSITIVE_INFINITY)}`;
  return executorMemory === undefined ? [semiSpace] : [semiSpace, `--max-old-space-size=${executorMemory}`];
}
