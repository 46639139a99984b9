// A script that a server runs as a session of its own: started again when it fails, until it ends well or the server does.
import { type ChildProcess, spawn } from 'node:child_process';
import { basename } from 'node:path';
import { firstRestartMs, longestRestartMs, residentStopMs, steadyRunMs } from '../base/limits';
import type { ServerObserver } from './observe/server-event';

export interface ResidentOptions {
  readonly file: string;
  /** The arguments of Node that run the script on the server. */
  readonly command: readonly string[];
  readonly observe: ServerObserver;
  readonly print: (line: string) => void;
}

export class Resident {
  readonly #options: ResidentOptions;
  #child: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #wait = firstRestartMs;
  #isStopped = false;

  constructor(options: ResidentOptions) {
    this.#options = options;
    this.#start();
  }

  #start(): void {
    const { file, command, observe, print } = this.#options;
    const startedAt = performance.now();
    const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    observe({ event: 'residentStarted', file, pid: child.pid ?? 0 });
    const name = basename(file);
    for (const stream of [child.stdout, child.stderr]) {
      let rest = '';
      stream.setEncoding('utf8').on('data', (text: string) => {
        const lines = (rest + text).split('\n');
        rest = (lines.pop() ?? '').slice(-longestLine);
        for (const line of lines) print(`${name}: ${line}`);
      });
    }
    child.once('error', (error) => this.#ended(error.message, startedAt));
    child.once('close', (status, signal) => {
      if (status === 0) this.#ended(undefined, startedAt);
      else this.#ended(signal === null ? `it ended with status ${status}` : `${signal} ended it`, startedAt);
    });
  }

  #ended(failure: string | undefined, startedAt: number): void {
    if (!this.#child) return;
    this.#child = undefined;
    const { file, observe, print } = this.#options;
    observe({ event: 'residentEnded', file, reason: failure ?? 'it has done its work' });
    if (this.#isStopped || failure === undefined) return;
    // One that ran for a while starts again at once.
    this.#wait = performance.now() - startedAt > steadyRunMs ? firstRestartMs : Math.min(this.#wait * 2, longestRestartMs);
    print(`${basename(file)}: ${failure}; it is started again`);
    this.#timer = setTimeout(() => this.#start(), this.#wait);
  }

  /** Ends it in good order, so that its streams save where they are; by force after a while. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (!child) return;
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), residentStopMs);
    await ended;
    clearTimeout(timer);
  }
}
const longestLine = 16_384;
