// The process of one executor, seen from the driver: spawns it, hands it its instructions, and reports why it ended.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import fs from 'node:fs';
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
  /** Called once, when the process has ended. */
  readonly onExit: (reason: string) => void;
}

/**
 * Executors make many short-lived objects: with Node's default of 16 MiB per half-space, survivors of a chunk are copied again and again.
 */
const semiSpaceMb = 64;

export class ExecutorProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #onExit: (reason: string) => void;
  readonly #stdout: LineReader;
  readonly #stderr: LineReader;
  #isGone = false;

  constructor(options: ProcessOptions) {
    this.#onExit = options.onExit;
    this.#stdout = new LineReader('stdout', options.onOutput);
    this.#stderr = new LineReader('stderr', options.onOutput);
    this.#child = spawn(process.execPath, [...v8Flags(options.executorMemory), options.program], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: environment(),
      // Its own session, so that Ctrl-C and the hang-up of the user's terminal reach the driver alone.
      detached: true,
    });
    this.#watch();
    // The process may end before it has read this; `onExit` reports that.
    this.#child.stdin.on('error', () => {});
    this.#child.stdin.end(writeHandover(options.handover));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Kills it at once, with all children of user code; an executor has nothing to clean up. */
  kill(): void {
    if (this.#child.pid !== undefined) killGroup(this.#child.pid);
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

  #watch(): void {
    const child = this.#child;
    child.stdout.on('data', (chunk: Buffer) => this.#stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => this.#stderr.push(chunk));
    child.once('error', (error) => this.#gone(`it could not be started: ${error.message}`));
    child.once('exit', (code, signal) => {
      this.kill();
      const report = () => this.#gone(exitReason(code, signal, this.#stderr.lastLines));
      // Its last output may still be in the pipes. Do not wait for `close` alone: a child that it left behind may hold the pipes open.
      child.once('close', report);
      setTimeout(report, drainMs);
    });
  }

  #gone(reason: string): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#stdout.end();
    this.#stderr.end();
    this.#onExit(reason);
  }

  /** The last lines of its stderr, for the reason why no executor can start. */
  get lastWords(): string {
    return this.#stderr.lastLines.join('\n');
  }
}

function v8Flags(executorMemory: number | undefined): string[] {
  const flags = [`--max-semi-space-size=${semiSpaceMb}`];
  return executorMemory === undefined ? flags : [...flags, `--max-old-space-size=${executorMemory}`];
}
