// Spark's driver as a child of the session: frames go over its own standard input and output, so that nothing of it listens for us.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { Readable, Writable } from 'node:stream';
import { killGroup } from '../base/child-process';
import type { OutputListener } from '../base/output-lines';
import { LineReader } from '../base/output-lines';

export interface SparkCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

export interface SparkProcessOptions {
  readonly command: SparkCommand;
  readonly onEvent: (event: Buffer) => void;
  readonly onOutput: OutputListener;
  /** Called once, with the reason in words. */
  readonly onExit: (reason: string) => void;
  /** False: the process does not keep this one alive. */
  readonly holds: boolean;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** How long Spark may take to end by itself. */
const endMs = 10_000;

export class SparkProcess {
  readonly #child: Child;
  readonly #options: SparkProcessOptions;
  readonly #word = randomBytes(16).toString('hex');
  readonly #stderr: LineReader;
  #hasBegun = false;
  #received: Buffer[] = [];
  #length = 0;
  #isOver = false;
  readonly ended: Promise<void>;

  constructor(options: SparkProcessOptions) {
    this.#options = options;
    const { program, args, env } = options.command;
    // A group of its own, so that Ctrl-C reaches the session alone. What is printed before the word is no message.
    this.#child = spawn(program, [...args, this.#word], { stdio: ['pipe', 'pipe', 'pipe'], env, detached: true });
    // What comes before the word is Spark's own: it is kept for the reason why Spark did not start.
    this.#stderr = new LineReader('executor', 'stderr', (line, stream) => {
      if (this.#hasBegun) options.onOutput(line, stream);
    });
    this.#child.stdin.on('error', () => {});
    this.#child.stdout.on('data', (bytes: Buffer) => this.#take(bytes));
    this.#child.stderr.on('data', (bytes: Buffer) => this.#stderr.push(bytes));
    if (!options.holds) for (const handle of [this.#child, this.#child.stdout, this.#child.stderr]) (handle as Child).unref?.();
    this.ended = new Promise((resolve) => {
      this.#child.once('error', (error) => this.#end(`it could not be started: ${error.message}`, resolve));
      this.#child.once('close', (code, signal) =>
        this.#end(signal === null ? exitText(code) : `it was killed by ${signal}`, resolve),
      );
    });
  }

  send(message: Buffer): void {
    if (this.#isOver) return;
    const head = Buffer.allocUnsafe(4);
    head.writeUInt32BE(message.length);
    this.#child.stdin.write(head);
    this.#child.stdin.write(message);
  }

  /** Nothing that was sent waits for this thread. */
  get isIdle(): boolean {
    return !this.#isOver && this.#child.stdin.writableLength === 0;
  }

  /** Ends it: it stops at the end of its input. */
  async stop(): Promise<void> {
    this.#child.stdin.end();
    const timer = setTimeout(() => this.kill(), endMs);
    await this.ended;
    clearTimeout(timer);
  }

  kill(): void {
    if (this.#child.pid !== undefined) killGroup(this.#child.pid);
  }

  #end(reason: string, resolve: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stderr.end();
    this.kill();
    const said = this.#hasBegun ? undefined : complaintIn(this.#stderr.lastLines);
    this.#options.onExit(said === undefined ? reason : `${reason}: ${said}`);
    resolve();
  }

  #take(bytes: Buffer): void {
    this.#received.push(bytes);
    this.#length += bytes.length;
    if (!this.#hasBegun) this.#begin();
    if (!this.#hasBegun) return;
    for (let event = this.#next(); event; event = this.#next()) this.#options.onEvent(event);
  }

  #begin(): void {
    const all = Buffer.concat(this.#received);
    const at = all.indexOf(this.#word);
    this.#hasBegun = at >= 0;
    const from = at >= 0 ? at + this.#word.length : Math.max(0, all.length - this.#word.length);
    this.#received = [all.subarray(from)];
    this.#length = all.length - from;
  }

  /** The next whole event. */
  #next(): Buffer | undefined {
    if (this.#length < 4) return undefined;
    if (this.#received[0].length < 4) this.#received = [Buffer.concat(this.#received)];
    const length = this.#received[0].readUInt32BE(0);
    if (this.#length < 4 + length) return undefined;
    const all = this.#received.length === 1 ? this.#received[0] : Buffer.concat(this.#received);
    this.#length -= 4 + length;
    this.#received = this.#length > 0 ? [all.subarray(4 + length)] : [];
    return all.subarray(4, 4 + length);
  }
}

/** As in `Driver.java`. */
const outOfMemory = 52;

const exitText = (code: number | null): string =>
  code === outOfMemory ? 'its driver ran out of memory' : `it exited with code ${code}`;

/** Of what Spark printed before it ended: the line that says why, without the name of the exception. */
function complaintIn(lines: readonly string[]): string | undefined {
  const found = lines.find((line) => /^(Error|Exception|Caused by)\b/.test(line)) ?? lines.findLast((line) => !/^\s/.test(line));
  return found?.replace(/^(Exception in thread "[^"]*"|Error:|Caused by:)\s*/, '').replace(/^[\w.$]+(Exception|Error): /, '');
}
