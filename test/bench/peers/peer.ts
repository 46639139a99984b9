// One peer of a comparison as a process: it is asked for a work by a line, and answers its time and result by another.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** What a peer is asked for: a work on a text and on so much of its other data. */
export interface Asked {
  readonly work: string;
  readonly text: string;
  readonly scale: number;
}

export interface Answer {
  readonly seconds: number;
  readonly result: number;
}

export interface PeerCommand {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export class Peer {
  readonly name: string;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  #waiting: ((line: string | undefined) => void) | undefined;
  #isOver = false;

  constructor({ name, program, args, env }: PeerCommand) {
    this.name = name;
    const environment = { ...process.env, ...env };
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'], env: environment, detached: true });
    this.#child.stdin.on('error', () => {});
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      if (/^(READY|PEER)\b/.test(line)) this.#answer(line);
    });
    const over = () => {
      this.#isOver = true;
      this.#answer(undefined);
    };
    this.#child.once('error', over).once('exit', over);
  }

  #answer(line: string | undefined): void {
    this.#waiting?.(line);
    this.#waiting = undefined;
  }

  #next(limitMs: number): Promise<string | undefined> {
    if (this.#isOver) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#answer(undefined), limitMs);
      this.#waiting = (line) => {
        clearTimeout(timer);
        resolve(line);
      };
    });
  }

  /** Whether it came up in time. */
  async ready(limitMs: number): Promise<boolean> {
    return (await this.#next(limitMs)) !== undefined;
  }

  /** Its time and result; null for a work that it does not have, undefined where it failed or took too long: it is ended then. */
  async ask(asked: Asked, limitMs: number): Promise<Answer | null | undefined> {
    if (this.#isOver) return undefined;
    const next = this.#next(limitMs);
    this.#child.stdin.write(`${JSON.stringify(asked)}\n`);
    const line = await next;
    if (line === undefined) this.kill();
    return line === undefined ? undefined : JSON.parse(line.replace('PEER', ''));
  }

  kill(): void {
    this.#isOver = true;
    try {
      process.kill(-this.#child.pid!, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
}
