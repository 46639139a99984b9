// A script of running totals whose shell is killed and started again: how long until its next batch is done, and whether its state is exact.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../helpers/within';

const perBatch = 20_000;
const keys = 10_007;
const kills = 5;

/** As a user writes it; `millrace FILE` runs it. */
const script = `
import { appendFileSync } from 'node:fs'
const [folder] = args
const streaming = StreamingContext.getOrCreate(folder + '/checkpoint', s => {
  const totals = s.generatorStream(${perBatch}, i => i).map(i => [i % ${keys}, 1]).runningReduce((a, b) => a + b).setName('totals')
  totals.foreachRDD(async (rdd, time) => {
    let sum = 0
    for (const [key, count] of await rdd.collect()) sum += (key + 1) * count
    appendFileSync(folder + '/log', JSON.stringify({ time, sum, at: Date.now() }) + '\\n')
  })
}, { sc, interval: '1s' })
streaming.start()
appendFileSync(folder + '/log', JSON.stringify({ zero: streaming.zeroTime, at: Date.now() }) + '\\n')
await streaming.awaitTermination()
`;

interface Entry {
  readonly at: number;
  readonly zero?: number;
  readonly time?: number;
  readonly sum?: number;
}

function entriesOf(folder: string): Entry[] {
  const path = join(folder, 'log');
  const whole = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
  return whole.map((line) => JSON.parse(line) as Entry);
}

const lastTime = (folder: string) => Math.max(0, ...entriesOf(folder).map(({ time = 0 }) => time));

/** The sum that the state must have after `n` batches. */
function expected(n: number): number {
  let sum = 0;
  for (let i = 0; i < n * perBatch; i++) sum += (i % keys) + 1;
  return sum;
}

/** Every batch is there, in order but for those that ran again, with the state that it must have. */
function isExact(entries: readonly Entry[]): boolean {
  const zero = entries[0].zero ?? Number.NaN;
  const batches = entries.flatMap(({ time, sum }) => (time === undefined ? [] : [{ n: (time - zero) / 1000, sum }]));
  const seen = new Set(batches.map(({ n }) => n));
  return seen.size === Math.max(...seen) && batches.every(({ n, sum }) => sum === expected(n));
}

/** Milliseconds from a kill -9 of the shell to the end of the first batch that is new, the start of the next shell included. */
export async function streamRestart(folder: string): Promise<Record<string, unknown>> {
  const file = join(folder, 'totals.ts');
  writeFileSync(file, script);
  const start = (): ChildProcess =>
    spawn(process.execPath, ['dist/millrace.js', '--master', 'local[2]', file, folder], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  const resumedMs: number[] = [];
  let shell = start();
  try {
    for (let i = 0; i < kills; i++) {
      const had = entriesOf(folder).length;
      await until(60_000, () => entriesOf(folder).length >= had + 5, 'batches');
      const gone = new Promise((resolve) => shell.once('exit', resolve));
      const killedAt = Date.now();
      shell.kill('SIGKILL');
      await gone;
      const before = lastTime(folder);
      shell = start();
      const isNew = ({ time = 0 }: Entry) => time > before;
      await until(60_000, () => entriesOf(folder).some(isNew), 'a new batch');
      resumedMs.push((entriesOf(folder).find(isNew)?.at ?? Number.NaN) - killedAt);
    }
  } finally {
    shell.kill('SIGKILL');
  }
  const entries = entriesOf(folder);
  return { resumedMs, worstMs: Math.max(...resumedMs), batches: entries.length - kills - 1, exact: isExact(entries) };
}
