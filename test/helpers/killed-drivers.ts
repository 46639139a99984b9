// Drivers of a stream that are killed again and again, each going on from the checkpoint of the one before; and what they must have left.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { Random } from '../../runtime/base/time';
import { instrumented } from './preload';
import { size } from './sizes';
import { until } from './within';

interface Logged {
  readonly zero?: number;
  readonly time?: number;
  readonly rows?: [key: number, [count: number, sum: number]][];
  readonly resumedInMs?: number;
}

const interval = 200;
const perBatch = 10;

function start(folder: string, master: string, checkpoint: string): ChildProcess {
  const args = [...instrumented, 'test/helpers/recovery-driver.ts', folder, master, checkpoint];
  return spawn(process.execPath, args, { stdio: 'inherit' });
}

function entries(folder: string): Logged[] {
  const path = join(folder, 'log');
  if (!existsSync(path)) return [];
  // The last line may be incomplete.
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.slice(0, -1).flatMap((line) => {
    try {
      return [JSON.parse(line) as Logged];
    } catch {
      return [];
    }
  });
}

/** The state that the program must have after `n` batches. */
function model(n: number): [number, [number, number]][] {
  const table = new Map<number, [number, number]>();
  for (let i = 0; i < n * perBatch; i++) {
    const [count, sum] = table.get(i % 7) ?? [0, 0];
    table.set(i % 7, [count + 1, sum + i]);
  }
  return [...table].sort(([a], [b]) => a - b);
}

/** A run that is killed has made up for enough: a restart makes at most 600 catch-up batches, and skips the others. */
const mostBehind = 300;

/** Spark comes up, and batches are caught up with; beside other tests that takes minutes. */
const batchesMs = size(120_000, 600_000);

interface Killing {
  readonly seed: number;
  readonly kills: number;
  /** So many batches are run in the end. */
  readonly batches: number;
  /** The master of a run, by its number. */
  readonly master: (run: number) => string;
  /** Where the checkpoint lies. Default: beside what the streams leave. */
  readonly checkpoint?: string;
}

export async function killDrivers({ seed, kills, batches, master, checkpoint }: Killing): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'killed-'));
  const random = new Random(seed);
  const times = () => [...new Set(entries(folder).flatMap(({ time }) => time ?? []))];
  let struck = 0;
  let driver: ChildProcess | undefined;
  try {
    for (let run = 0; run <= kills; run++) {
      driver = start(folder, master(run), checkpoint ?? join(folder, 'checkpoint'));
      const gone = once(driver, 'exit');
      const wanted = entries(folder).length + 3 + random.below(4);
      const behind = () => (Date.now() - Math.max(...times())) / interval;
      const isKilled = () => entries(folder).length >= wanted && behind() < mostBehind;
      await until(batchesMs, run < kills ? isKilled : () => times().length >= batches, `batches of run ${run}`);
      // At any moment of a batch.
      const moment = performance.now() + random.below(60);
      await until(1000, () => performance.now() >= moment, 'the moment of the kill');
      driver.kill('SIGKILL');
      await gone;
      if (driver.signalCode === 'SIGKILL') struck++;
    }
    assert.is(struck, kills + 1);
    judge(folder, kills);
  } finally {
    // One that is not where it should be writes on, and would hold this process.
    if (driver?.exitCode === null && driver.signalCode === null) {
      driver.kill('SIGKILL');
      await once(driver, 'exit');
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Every batch comes in order with the state of the model, and each number is saved once. */
function judge(folder: string, kills: number): void {
  const log = entries(folder);
  const zero = log[0].zero ?? Number.NaN;
  const failures: string[] = [];
  const seen = new Set<number>();
  let last = zero;
  for (const { time, rows } of log) {
    if (time === undefined || rows === undefined) continue;
    const n = (time - zero) / interval;
    seen.add(n);
    // A batch may come again after a kill, but not if a later batch of the same run has followed it.
    if (time > last + interval) failures.push(`batch ${n} came after ${(last - zero) / interval}`);
    last = time;
    const got = JSON.stringify([...rows].sort(([a], [b]) => a - b));
    if (got !== JSON.stringify(model(n))) failures.push(`batch ${n} has ${got}`);
  }
  assert.equal(failures, []);
  assert.is(seen.size, Math.max(...seen));
  const saved = readdirSync(join(folder, 'saved')).filter((name) => /^\d+$/.test(name));
  for (const name of saved) {
    const parts = readdirSync(join(folder, 'saved', name)).filter((part) => part.startsWith('part-'));
    const lines = parts.flatMap((part) =>
      readFileSync(join(folder, 'saved', name, part), 'utf8')
        .trim()
        .split('\n'),
    );
    const n = (Number(name) - zero) / interval;
    const expected = Array.from({ length: perBatch }, (_, i) => String(((n - 1) * perBatch + i) % 7));
    assert.equal(lines.sort(), expected.sort(), `saved batch ${n}`);
  }
  const resumed = log.flatMap(({ resumedInMs }) => resumedInMs ?? []).slice(1);
  process.stdout.write(
    `${kills + 1} kills, ${seen.size} batches, ${saved.length} saved; first batch after ${resumed.join(', ')} ms\n`,
  );
}
