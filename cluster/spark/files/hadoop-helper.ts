// A process that answers requests about files of Hadoop before Spark's driver is there, while the session's thread waits.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { killGroup } from '../../base/child-process';
import type { SparkCommand } from '../spark-process';

/** Leaves a file when the program has ended: a thread that waits hears of no event. */
const program = '"$@"; : > "$0"';

export class HadoopHelper {
  readonly #folder: string;
  readonly #command: () => SparkCommand;
  #child: ChildProcess | undefined;

  /** Requests and answers are files of the folder, `hadoop-request-N` and `hadoop-answer-N`. `command` throws NO_SPARK. */
  constructor(folder: string, command: () => SparkCommand) {
    this.#folder = folder;
    this.#command = command;
  }

  /** Has a request answered; the process starts with the first one. Throws NO_SPARK. */
  ask(number: number, request: Buffer): void {
    const part = join(this.#folder, `.hadoop-request-${number}`);
    writeFileSync(part, request, { mode: 0o600 });
    renameSync(part, this.#requestFile(number));
    if (this.#child && !this.hasEnded) return;
    rmSync(this.#ended, { force: true });
    const { program: submit, args, env } = this.#command();
    const words = ['-c', program, this.#ended, submit, ...args, this.#folder];
    this.#child = spawn('/bin/sh', words, { stdio: ['pipe', 'ignore', 'ignore'], env, detached: true });
    this.#child.on('error', () => {});
    this.#child.unref();
    // Its end is that of the process: at the end of its input.
    (this.#child.stdin as Socket | null)?.unref();
  }

  /** Nobody waits for a request any more: another process must not carry it out later. */
  forget(number: number): void {
    rmSync(this.#requestFile(number), { force: true });
  }

  #requestFile(number: number): string {
    return join(this.#folder, `hadoop-request-${number}`);
  }

  get hasEnded(): boolean {
    return existsSync(this.#ended);
  }

  get #ended(): string {
    return join(this.#folder, 'hadoop-helper-ended');
  }

  stop(): void {
    if (this.#child?.pid !== undefined) killGroup(this.#child.pid);
    this.#child = undefined;
  }
}
