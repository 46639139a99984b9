// Jupyter for tests: a data folder with the kernel installed in it, and a front end that Jupyter's own client is.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { millrace } from './scripts';
import { within } from './within';

const limitMs = 100_000;

/** What a cell gave: each output has its type and content. */
export interface Ran {
  readonly reply: Readonly<Record<string, any>>;
  readonly outputs: readonly Readonly<Record<string, any>>[];
}

/** A data folder of Jupyter, and the surroundings in which it and its kernels live. */
export class Jupyter {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'jupyter-'));
  readonly env = {
    ...process.env,
    JUPYTER_DATA_DIR: this.folder,
    JUPYTER_RUNTIME_DIR: path.join(this.folder, 'runtime'),
    JUPYTER_CONFIG_DIR: path.join(this.folder, 'config'),
    IPYTHONDIR: path.join(this.folder, 'ipython'),
    XDG_STATE_HOME: path.join(this.folder, 'state'),
  };
  readonly #fronts: FrontEnd[] = [];
  readonly python: string;

  constructor(python: string) {
    this.python = python;
  }

  async install(...args: readonly string[]): Promise<void> {
    const { status, err } = await millrace(['kernel', '--install', ...args], { input: null, env: this.env });
    if (status !== 0) throw new Error(err);
  }

  async start(name = 'millrace', cwd = this.folder, transport = 'tcp'): Promise<FrontEnd> {
    const front = new FrontEnd(
      spawn(this.python, [path.join(__dirname, 'jupyter-client.py'), name, cwd, transport], {
        env: this.env,
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    );
    this.#fronts.push(front);
    await front.started();
    return front;
  }

  /** Runs a program of Python to its end. */
  async run(args: readonly string[]): Promise<{ status: number | null; text: string }> {
    const child = spawn(this.python, args, { env: this.env, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (more: string) => (text += more));
    const status = await within(
      limitMs,
      new Promise<number | null>((resolve) => child.once('close', resolve)),
      `the end of ${args[0]}`,
    );
    return { status, text };
  }

  stop(): void {
    for (const front of this.#fronts) front.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export class FrontEnd {
  readonly #child: ChildProcess;
  readonly #answers: ((line: string) => void)[] = [];
  /** The process of the kernel. */
  pid = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
    createInterface({ input: child.stdout! }).on('line', (line) => this.#answers.shift()?.(line));
  }

  async started(): Promise<void> {
    this.pid = (await this.#next('the start of a kernel')) as number;
  }

  run(code: string, options: object = {}): Promise<Ran> {
    return this.do('run', { args: [code], options }) as Promise<Ran>;
  }

  /** The content of the reply to another request. */
  ask(...args: readonly unknown[]): Promise<Record<string, any>> {
    return this.do('ask', { args }) as Promise<Record<string, any>>;
  }

  do(what: string, given: { readonly args?: readonly unknown[]; readonly options?: object } = {}): Promise<unknown> {
    const answer = this.#next(what);
    this.#child.stdin!.write(`${JSON.stringify({ do: what, ...given })}\n`);
    return answer;
  }

  /** Ends the front end without a word to its kernel. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async #next(what: string): Promise<unknown> {
    const line = await within(limitMs, new Promise<string>((resolve) => this.#answers.push(resolve)), what);
    const { ok, error } = JSON.parse(line) as { ok?: unknown; error?: string };
    if (error !== undefined) throw new Error(error);
    return ok;
  }
}
