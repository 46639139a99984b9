// A server of `millrace serve` in a process of its own, on a socket in a folder of the test, and sessions on it.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type ConnectOptions, connect } from '../../cluster/connect';
import { attach } from '../../cluster/serve/attach';
import { placeOf } from '../../cluster/serve/place';
import type { Context } from '../../runtime/index';
import type { ServerInfo } from '../../runtime/plan/sharing/shared-datasets';
import { until, within } from './within';

export const millrace = path.join(__dirname, '../../dist/millrace.js');

export class Server {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'server-'));
  readonly socket = path.join(this.folder, 's');
  /** What it printed. */
  output = '';
  readonly #sessions: Context[] = [];
  readonly #children: ChildProcess[] = [];
  #process!: ChildProcess;

  static async start(...args: readonly string[]): Promise<Server> {
    const server = new Server();
    await server.run(...args);
    return server;
  }

  /** Starts its process; also again, after the first one ended. */
  async run(...args: readonly string[]): Promise<void> {
    const master = args.includes('--master') ? [] : ['--master', 'local[2]'];
    const command = [millrace, 'serve', '--socket', this.socket, ...master, ...args];
    const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    this.output = '';
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on('data', (chunk: Buffer) => {
        this.output += String(chunk);
      });
    }
    await until(20_000, () => this.output.includes('Attach with') || child.exitCode !== null, 'the start of the server');
    if (child.exitCode !== null) throw new Error(this.output);
  }

  get pid(): number {
    return this.#process.pid!;
  }

  get master(): string {
    return `serve:${this.socket}`;
  }

  /** A session in this process. */
  async session(options: ConnectOptions = {}): Promise<Context> {
    const sc = await connect(this.master, { name: 'a test', ...options });
    this.#sessions.push(sc);
    return sc;
  }

  /** A script in a process of its own. */
  script(code: string): ChildProcess & { output: string } {
    const child = spawn(process.execPath, [millrace, '--master', this.master, '--no-rc', '-e', code], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.push(child);
    const told = Object.assign(child, { output: '' });
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on('data', (chunk: Buffer) => {
        told.output += String(chunk);
      });
    }
    return told;
  }

  /** What it says of itself; the session that asks is left out. */
  async info(): Promise<ServerInfo> {
    const link = await attach(placeOf(this.socket), { name: 'a question', holds: true });
    const info = (await link.ask({ kind: 'sessions' })) as ServerInfo;
    link.close();
    return { ...info, sessions: info.sessions.filter(({ session }) => session !== link.welcome.session) };
  }

  /** A figure of /metrics, of a server that was started with `--metrics 0`; undefined where it has none. */
  async figure(name: string): Promise<number | undefined> {
    const [, url] = /Figures at (http:\S+),/.exec(this.output) ?? [];
    const text = await (await fetch(url)).text();
    const line = text.split('\n').find((one) => one.startsWith(`millrace_${name} `));
    return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ')));
  }

  /** Runs the command with other arguments: what it printed, and its status. */
  command(...args: readonly string[]): Promise<{ readonly output: string; readonly status: number | null }> {
    const child = spawn(process.execPath, [millrace, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on('data', (chunk: Buffer) => {
        output += String(chunk);
      });
    }
    return new Promise((resolve) => child.once('close', (status) => resolve({ output, status })));
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Waits for the end of its process; answers the status. */
  async ended(): Promise<number | null> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return this.#process.exitCode;
    const end = new Promise<number | null>((resolve) => this.#process.once('close', resolve));
    return within(20_000, end, 'the end of the server');
  }

  /** Ends the sessions and the server. */
  async stop(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    for (const sc of this.#sessions) await sc.stop();
    this.signal('SIGTERM');
    await this.ended();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
