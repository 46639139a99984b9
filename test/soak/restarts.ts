// A script of streams in a shell of its own that is killed and started again for as long as the soak lasts: exact against a model.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../../runtime/base/time';
import { processesOf } from '../helpers/processes';
import { until } from '../helpers/within';
import { type Counts, count, parentOf } from './faults';

const perBatch = 40;
const interval = 500;
/** Batches of the window. */
const windowBatches = 6;
const keys = 7;
const perFile = 25;
const batchLimitMs = 90_000;
/** What a busy machine may take to work off the batches of a run that fell behind. */
const catchUpLimitMs = 300_000;
/** A run further behind is not killed: a restart makes at most 600 catch-up batches, and skips the others. */
const mostBehind = 300;

/** As a user writes it; `millrace FILE` runs it. */
const script = `
import { appendFileSync } from 'node:fs'
const [folder] = args
const log = (entry: object) => appendFileSync(folder + '/log', JSON.stringify(entry) + '\\n')
const streaming = StreamingContext.getOrCreate(folder + '/checkpoint', s => {
  const numbers = s.generatorStream(${(perBatch * 1000) / interval}, i => i)
  const pairs = numbers.map(i => [i % ${keys}, i] as [number, number])
  const totals = pairs.runningReduce((a, b) => a + b).setName('totals')
  const window = pairs.reduceByKeyAndWindow((a, b) => a + b, (a, b) => a - b, '${windowBatches * interval}ms').setName('window')
  const files = s.textFileStream(folder + '/in').map(() => ['lines', 1] as [string, number]).runningReduce((a, b) => a + b).setName('files')
  totals.foreachRDD(async (rdd, time) => log({ time, totals: (await rdd.collect()).sort((a, b) => a[0] - b[0]) }))
  window.foreachRDD(async (rdd, time) => log({ time, window: (await rdd.collect()).sort((a, b) => a[0] - b[0]) }))
  files.foreachRDD(async (rdd, time) => log({ time, files: (await rdd.collect())[0]?.[1] ?? 0 }))
  pairs.keys().save(folder + '/saved')
}, { sc, interval: '${interval}ms' })
streaming.start()
log({ zero: streaming.zeroTime })
await streaming.awaitTermination()
`;

type Sums = [key: number, sum: number][];

interface Entry {
  readonly zero?: number;
  readonly time?: number;
  readonly totals?: Sums;
  readonly window?: Sums;
  readonly files?: number;
}

/** The sums by key of the numbers from `from` to before `to`. */
function sums(from: number, to: number): Sums {
  const table = new Map<number, number>();
  for (let i = from; i < to; i++) table.set(i % keys, (table.get(i % keys) ?? 0) + i);
  return [...table].sort(([a], [b]) => a - b);
}

/** Sums of all numbers before n, one batch after the other. */
class Totals {
  readonly #table = new Map<number, number>();
  #done = 0;

  upTo(n: number): Sums {
    for (; this.#done < n; this.#done++)
      this.#table.set(this.#done % keys, (this.#table.get(this.#done % keys) ?? 0) + this.#done);
    return [...this.#table].sort(([a], [b]) => a - b);
  }
}

export class Restarts {
  readonly counts: Counts = new Map();
  readonly #folder: string;
  readonly #random: Random;
  readonly #errors: string[] = [];
  #files = 0;
  #shell: ChildProcess | undefined;
  #stopped = false;

  constructor(folder: string, random: Random) {
    this.#folder = folder;
    this.#random = random;
    mkdirSync(join(folder, 'in'), { recursive: true });
    writeFileSync(join(folder, 'streams.ts'), script);
  }

  #start(): ChildProcess {
    const args = ['dist/millrace.js', '--master', 'local[2]', join(this.#folder, 'streams.ts'), this.#folder];
    const shell = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    shell.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#errors.push(text);
      if (this.#errors.length > 50) this.#errors.shift();
    });
    this.#shell = shell;
    return shell;
  }

  #entries(): Entry[] {
    const path = join(this.#folder, 'log');
    const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
    return lines.flatMap((line) => {
      try {
        return [JSON.parse(line) as Entry];
      } catch {
        // Cut by a kill.
        return [];
      }
    });
  }

  get #lastTime(): number {
    return this.#entries().reduce((last, { time = 0 }) => Math.max(last, time), 0);
  }

  /** A file of lines that comes whole, as a log that is rotated does. */
  #addFile(): void {
    const name = `f${this.#files}.txt`;
    writeFileSync(join(this.#folder, name), 'a line\n'.repeat(perFile));
    renameSync(join(this.#folder, name), join(this.#folder, 'in', name));
    this.#files++;
  }

  /** Runs, kills and starts again until `stop`; then lets the last run settle, and tells what is wrong. */
  async run(): Promise<string[]> {
    let first = true;
    while (!this.#stopped) {
      const shell = this.#start();
      if (!first) count(this.counts, 'restarts');
      first = false;
      const gone = new Promise<void>((resolve) => shell.once('exit', () => resolve()));
      const before = this.#lastTime;
      await until(
        batchLimitMs,
        () => this.#lastTime > before || shell.exitCode !== null,
        'a batch of streams that were started again',
      );
      if (shell.exitCode !== null)
        return [`the streams ended by themselves (${shell.exitCode}): ${this.#errors.join('').slice(-2000)}`];
      const lives = 2_000 + this.#random.below(12_000);
      for (const end = performance.now() + lives; performance.now() < end && !this.#stopped; ) {
        if (this.#random.below(3) === 0) this.#addFile();
        if (this.#random.below(12) === 0) this.#killExecutor(shell.pid!);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      const behind = () => (Date.now() - this.#lastTime) / interval;
      await until(catchUpLimitMs, () => this.#stopped || behind() < mostBehind, 'streams that are nearly up to date');
      if (this.#stopped) await this.#settle();
      shell.kill('SIGKILL');
      await gone;
    }
    return this.#judge();
  }

  /** The last files need a batch. */
  async #settle(): Promise<void> {
    const wanted = this.#files * perFile;
    const known = () => this.#entries().reduce((last, { files = 0 }) => Math.max(last, files), 0);
    await until(batchLimitMs, () => known() >= wanted, 'the last files').catch(() => {});
  }

  #killExecutor(shell: number): void {
    const above = (pid: number, depth = 4): boolean => pid === shell || (depth > 0 && pid > 1 && above(parentOf(pid), depth - 1));
    const pids = processesOf('executor.js').filter((pid) => above(pid));
    if (pids.length === 0) return;
    try {
      process.kill(pids[this.#random.below(pids.length)], 'SIGKILL');
      count(this.counts, 'executors of streams killed');
    } catch {
      // It ended in this moment.
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Ends the shell, whatever happens. */
  kill(): void {
    this.#shell?.kill('SIGKILL');
  }

  #judge(): string[] {
    const entries = this.#entries();
    const zero = entries[0]?.zero ?? Number.NaN;
    const wrong: string[] = [];
    const totals = new Map<number, string>();
    const model = new Totals();
    const times = new Set(entries.flatMap(({ time }) => time ?? []));
    for (const time of [...times].sort((a, b) => a - b))
      totals.set(time, JSON.stringify(model.upTo(((time - zero) / interval) * perBatch)));
    let files = 0;
    for (const entry of entries) {
      if (entry.time === undefined) continue;
      const n = (entry.time - zero) / interval;
      const expectedWindow = () => JSON.stringify(sums(Math.max(0, n - windowBatches) * perBatch, n * perBatch));
      if (entry.totals && JSON.stringify(entry.totals) !== totals.get(entry.time))
        wrong.push(`totals of batch ${n}: ${JSON.stringify(entry.totals)}`);
      if (entry.window && JSON.stringify(entry.window) !== expectedWindow())
        wrong.push(`window of batch ${n}: ${JSON.stringify(entry.window)}`);
      files = Math.max(files, entry.files ?? 0);
    }
    if (files !== this.#files * perFile) wrong.push(`${files} lines of files in place of ${this.#files * perFile}`);
    const last = (Math.max(...times) - zero) / interval;
    if (times.size !== last) wrong.push(`${times.size} batches of ${last} came`);
    wrong.push(...this.#judgeSaved(zero));
    count(this.counts, 'batches', times.size);
    count(this.counts, 'files read', this.#files);
    return wrong.slice(0, 10);
  }

  #judgeSaved(zero: number): string[] {
    const folder = join(this.#folder, 'saved');
    const names = existsSync(folder) ? readdirSync(folder).filter((name) => /^\d+$/.test(name)) : [];
    count(this.counts, 'batches saved', names.length);
    return names.flatMap((name) => {
      const parts = readdirSync(join(folder, name)).filter((part) => part.startsWith('part-'));
      const lines = parts.flatMap((part) =>
        readFileSync(join(folder, name, part), 'utf8')
          .split('\n')
          .slice(0, -1),
      );
      const n = (Number(name) - zero) / interval;
      const expected = Array.from({ length: perBatch }, (_, i) => String(((n - 1) * perBatch + i) % keys));
      return lines.sort().join() === expected.sort().join() ? [] : [`saved batch ${n}: ${lines.length} lines`];
    });
  }

  /** Removes its files. */
  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
