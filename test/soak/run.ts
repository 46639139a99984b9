// `npm run test:soak -- --minutes 30 [--seed N]`: a session under faults of all kinds, flooded by a stranger; it must stay exact and flat.
import { fork } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { executorProgram } from '../../cluster/base/program-path';
import { connect } from '../../cluster/connect';
import { StatusPages } from '../../cluster/ui/pages';
import { Random } from '../../runtime/base/time';
import { type Context, MillraceError } from '../../runtime/index';
import { StatusStore } from '../../runtime/status/status-store';
import { typescript } from '../helpers/preload';
import { within } from '../helpers/within';
import { type Counts, count, Faults } from './faults';
import { works } from './jobs';
import { flatness, kindsOfFiles, type Sample, sample } from './measure';
import { Restarts } from './restarts';
import { Sockets } from './sockets';
import type { Order, Report } from './stranger';

const lanes = 2;
const jobLimitMs = 120_000;
const sampleEveryMs = 10_000;
const tellEveryMs = 60_000;
const visitTries = 3;
/** Between two faults. */
const faultEveryMs = [2_000, 7_000] as const;

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

class Soak {
  readonly #random: Random;
  readonly #until: number;
  readonly #jobs: Counts = new Map();
  readonly #wrong: string[] = [];
  readonly #samples: Sample[] = [];
  #files: readonly string[] = [];
  #pagesServed = 0;
  #flood: Report = { opened: 0, refused: 0 };

  constructor(seed: number, minutes: number) {
    this.#random = new Random(seed);
    this.#until = performance.now() + minutes * 60_000;
  }

  get #isOver(): boolean {
    return performance.now() >= this.#until;
  }

  async run(): Promise<boolean> {
    const home = mkdtempSync(join(tmpdir(), 'soak-'));
    // Its sessions, and those of its children, keep their folders here.
    process.env.TMPDIR = join(home, 'tmp');
    mkdirSync(process.env.TMPDIR);
    const sc = await connect('local[3]', {
      executorMemory: 128,
      storageBytes: 8 << 20,
      executionBytes: 2 << 20,
      onOutput: () => {},
      config: { taskMaxFailures: 12 },
    });
    const folder = join(process.env.TMPDIR, readdirSync(process.env.TMPDIR).find((name) => name.startsWith('millrace-'))!);
    const status = new StatusStore();
    sc.addListener(status.listener);
    const pages = await StatusPages.open({ sc, status, started: Date.now(), version: '0', streams: () => [] });
    const port = Number(new URL(pages.link()).port);
    const sockets = new Sockets(sc);
    const ports = await sockets.start();
    const faults = new Faults(sc, executorProgram(), folder, this.#random);
    const restarts = new Restarts(join(home, 'streams'), this.#random);
    const stranger = this.#floodAll({ paths: [join(folder, 'driver')], ports: [...ports, port] });
    const restarting = restarts.run();
    try {
      await Promise.all([
        ...Array.from({ length: lanes }, () => this.#lane(sc)),
        this.#strike(faults),
        this.#visit(pages, port),
        this.#measure(faults, folder, () => `${this.#line(faults, restarts)} · ${sockets.state}`),
        restarting.then(() => this.#isOver || this.#wrong.push('the streams ended early')),
        sleep(this.#until - performance.now()).then(() => restarts.stop()),
      ]);
      stranger.disconnect();
      this.#wrong.push(...(await restarting), ...(await sockets.end()));
    } finally {
      restarts.kill();
      if (stranger.connected) stranger.disconnect();
      await pages.close();
      await sc.stop();
    }
    if (existsSync(folder)) this.#wrong.push(`the session's folder is still there: ${readdirSync(folder)}`);
    this.#report(faults, restarts, sockets);
    rmSync(home, { recursive: true, force: true });
    return this.#wrong.length === 0;
  }

  /** One job after the other until the time is over. */
  async #lane(sc: Context): Promise<void> {
    while (!this.#isOver) {
      // Faults of their own are dear: an executor must be started again.
      const usual = works.filter(({ faults }) => !faults || this.#random.below(8) === 0);
      const { name, run } = usual[this.#random.below(usual.length)];
      try {
        await within(jobLimitMs, run(sc, this.#random), name);
        count(this.#jobs, name);
      } catch (error) {
        if (error instanceof MillraceError) count(this.#jobs, `failed by name: ${error.code}`);
        else count(this.#jobs, 'wrong');
        this.#wrong.push(`${name}: ${String((error as Error).stack ?? error).slice(0, 1_500)}`);
      }
    }
  }

  async #strike(faults: Faults): Promise<void> {
    const [least, most] = faultEveryMs;
    while (!this.#isOver) {
      await sleep(least + this.#random.below(most - least));
      await faults.strike();
    }
  }

  /** The user of the pages still gets them, whoever else holds connections. */
  async #visit(pages: StatusPages, port: number): Promise<void> {
    while (!this.#isOver) {
      const answers: unknown[] = [];
      // A browser that got no answer is used again.
      while (answers.length < visitTries && answers.at(-1) !== 303) {
        const { search } = new URL(pages.link());
        const answer = within(10_000, statusOf(port, `/${search}`), 'an answer of the pages');
        answers.push(await answer.catch((error: Error) => error.message));
      }
      if (answers.at(-1) === 303) this.#pagesServed++;
      else this.#wrong.push(`the pages answered ${answers}`);
      await sleep(2_000);
    }
  }

  async #measure(faults: Faults, folder: string, line: () => string): Promise<void> {
    let toldAt = performance.now();
    while (!this.#isOver) {
      await sleep(sampleEveryMs);
      this.#samples.push(await sample(faults.pids, folder));
      this.#files = kindsOfFiles(folder).slice(0, 8);
      if (performance.now() - toldAt < tellEveryMs) continue;
      toldAt = performance.now();
      console.log(line());
    }
  }

  #floodAll(order: Order) {
    const stranger = fork(join(__dirname, 'stranger.ts'), [], { execArgv: [...typescript] });
    stranger.on('message', (report: Report) => (this.#flood = report));
    stranger.send(order);
    return stranger;
  }

  #line(faults: Faults, restarts: Restarts): string {
    const { heapMb, files, descriptors } = this.#samples.at(-1)!;
    const left = Math.max(0, (this.#until - performance.now()) / 60_000).toFixed(1);
    const parts = [
      `${total(this.#jobs)} jobs`,
      `${total(faults.counts)} faults`,
      `${restarts.counts.get('restarts') ?? 0} restarts`,
      `${this.#flood.refused} connections refused`,
      `heap ${heapMb.toFixed(0)} MB, ${descriptors} descriptors, ${files} files`,
      `${this.#wrong.length} wrong`,
    ];
    return `${left} min left: ${parts.join(' · ')}`;
  }

  #report(faults: Faults, restarts: Restarts, sockets: Sockets): void {
    const { lines, grown } = flatness(this.#samples);
    if (grown.length > 0) this.#wrong.push(`grew: ${grown.join(', ')}`);
    const own = works.filter((work) => work.faults).map(({ name }) => [name, this.#jobs.get(name) ?? 0] as const);
    const sections: [string, readonly string[]][] = [
      [`jobs: ${total(this.#jobs)}`, listOf(this.#jobs)],
      [
        `faults: ${total(faults.counts) + own.reduce((sum, [, n]) => sum + n, 0)}`,
        [...listOf(faults.counts), ...own.map(([name, n]) => `${name}: ${n}`)],
      ],
      ['streams that are killed', listOf(restarts.counts)],
      [`streams that listen: ${sockets.batches} batches, ${sockets.failures} failed`, [sockets.summary]],
      [
        'a stranger',
        [
          `${this.#flood.opened} connections opened`,
          `${this.#flood.refused} refused`,
          `${this.#pagesServed} visits to the pages served meanwhile`,
        ],
      ],
      [`flat over ${this.#samples.length} samples`, [...lines, `files at last: ${this.#files.join(', ')}`]],
    ];
    for (const [title, list] of sections) console.log([title, ...list.map((line) => `  ${line}`)].join('\n'));
    console.log(this.#wrong.length === 0 ? 'exact and flat' : ['NOT exact or flat:', ...this.#wrong].join('\n  '));
  }
}

const total = (counts: Counts): number => [...counts.values()].reduce((a, b) => a + b, 0);
const listOf = (counts: Counts): string[] => [...counts].sort().map(([what, n]) => `${what}: ${n}`);

function statusOf(port: number, path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    asked.once('error', reject);
    asked.end();
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { minutes: { type: 'string', default: '30' }, seed: { type: 'string' } } });
  const seed = Number(values.seed ?? Date.now() % 1e6);
  console.log(`seed ${seed}, ${values.minutes} minutes`);
  process.exitCode = (await new Soak(seed, Number(values.minutes)).run()) ? 0 : 1;
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
