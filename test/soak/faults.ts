// What befalls executors from outside while jobs run: they are killed, stopped, killed while they start, and their files are damaged.
import { readdirSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../../runtime/base/time';
import type { Context } from '../../runtime/index';
import { processesOf } from '../helpers/processes';

/** Counts by what was done. */
export type Counts = Map<string, number>;

export const count = (counts: Counts, what: string, n = 1): void => void counts.set(what, (counts.get(what) ?? 0) + n);

/** Milliseconds in which executors that start are killed at sight. */
const startKillsMs = 1_500;

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export class Faults {
  readonly counts: Counts = new Map();
  /** Processes that have joined, of all times. */
  readonly #joined = new Set<number | undefined>();
  readonly #program: string;
  readonly #folder: string;
  readonly #random: Random;

  /** `program` is the path by which its executors are known among the processes; `folder` is the session's. */
  constructor(sc: Context, program: string, folder: string, random: Random) {
    this.#program = program;
    this.#folder = folder;
    this.#random = random;
    sc.addListener({ onExecutorAdded: ({ pid }) => void this.#joined.add(pid) });
  }

  /** The processes of executors of this session, whether they have joined or not. */
  get pids(): number[] {
    return processesOf(this.#program).filter((pid) => parentOf(pid) === process.pid);
  }

  /** One fault, chosen by chance. */
  async strike(): Promise<void> {
    const kinds = [
      () => this.#signal('killed', 'SIGKILL'),
      () => this.#signal('killed', 'SIGKILL'),
      () => this.#signal('ended by SIGTERM', 'SIGTERM'),
      () => this.#signal('stopped', 'SIGSTOP'),
      () => this.#killStarting(),
      () => this.#killAll(),
      () => this.#damage('shuffle files removed', /^\d+\/\d+\.\d+$/, (path) => rmSync(path)),
      () => this.#damage('shuffle files cut', /^\d+\/\d+\.\d+$/, (path) => truncateSync(path, statSync(path).size / 2)),
      () => this.#damage('persisted files cut', /^blocks\/\d+\/\d+$/, (path) => truncateSync(path, statSync(path).size / 2)),
    ];
    await kinds[this.#random.below(kinds.length)]();
  }

  #signal(what: string, signal: NodeJS.Signals): void {
    const { pids } = this;
    if (pids.length === 0) return;
    if (send(pids[this.#random.below(pids.length)], signal)) count(this.counts, what);
  }

  #killAll(): void {
    const killed = this.pids.filter((pid) => send(pid, 'SIGKILL'));
    if (killed.length > 1) count(this.counts, 'killed all at once', killed.length);
  }

  /** Kills one that has joined, and its replacements as soon as they can be seen. */
  async #killStarting(): Promise<void> {
    this.#signal('killed', 'SIGKILL');
    for (const end = performance.now() + startKillsMs; performance.now() < end; await sleep(10)) {
      for (const pid of this.pids.filter((pid) => !this.#joined.has(pid)))
        if (send(pid, 'SIGKILL')) count(this.counts, 'killed while starting');
    }
  }

  #damage(what: string, kind: RegExp, harm: (path: string) => void): void {
    try {
      const files = (readdirSync(this.#folder, { recursive: true }) as string[]).filter((name) => kind.test(name));
      if (files.length === 0) return;
      harm(join(this.#folder, files[this.#random.below(files.length)]));
      count(this.counts, what);
    } catch {
      // Its job has ended, and it was removed.
    }
  }
}

function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

export function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0;
  }
}
