// One executor as a process: how it is spawned, told what to do, and how its end is put into words.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import fs from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { drainMs } from '../limits';
import { type Handover, writeHandover } from '../link/handover';
import { environment, killGroup } from '../process/child-process';
import { exitReason } from '../process/exit-codes';
import { LineReader, type OutputListener } from '../process/output-lines';

export interface ProcessOptions {
  /** The bundled program of an executor. */
  readonly program: string;
  /** Heap of an executor in MiB; V8's own choice if left out. */
  readonly executorMemory?: number;
  readonly handover: Handover;
  readonly onOutput: OutputListener;
  /** Told once, when the process is gone. */
  readonly onExit: (reason: string) => void;
}

/**
 * Executors make many objects that die young: with the usual 16 MiB a half-space the survivors of a chunk are copied again and again.
 */
const semiSpaceMb = 64;

export class ExecutorProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #onExit: (reason: string) => void;
  readonly #stdout: LineReader;
  readonly #stderr: LineReader;
  #told = false;

  constructor(options: ProcessOptions) {
    this.#onExit = options.onExit;
    this.#stdout = new LineReader('stdout', options.onOutput);
    this.#stderr = new LineReader('stderr', options.onOutput);
    this.#child = spawn(process.execPath, [...v8Flags(options.executorMemory), options.program], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: environment(),
      // A session of its own: Ctrl-C and the hang-up of the user's terminal are for the driver alone.
      detached: true,
    });
    this.#watch();
    // The process may be gone before it has read this; its end is told anyway.
    this.#child.stdin.on('error', () => {});
    this.#child.stdin.end(writeHandover(options.handover));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Ends it at once, and what user code started from it; an executor has nothing to put in order. */
  kill(): void {
    if (this.#child.pid !== undefined) killGroup(this.#child.pid);
  }

  /** Stopped by a signal, or dead: it will not answer, however long it is given. */
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
      const tell = () => this.#gone(exitReason(code, signal, this.#stderr.lastLines));
      // Its last output is still on its way; a process that it left behind may hold the pipes open for ever.
      child.once('close', tell);
      setTimeout(tell, drainMs);
    });
  }

  #gone(reason: string): void {
    if (this.#told) return;
    this.#told = true;
    this.#stdout.end();
    this.#stderr.end();
    this.#onExit(reason);
  }

  /** Its last words, for the reason why none can be started. */
  get lastWords(): string {
    return this.#stderr.lastLines.join('\n');
  }
}

function v8Flags(executorMemory: number | undefined): string[] {
  const flags = [`--max-semi-space-size=${semiSpaceMb}`];
  return executorMemory === undefined ? flags : [...flags, `--max-old-space-size=${executorMemory}`];
}
