// Functions that answer promises on executors: an executor that dies and a function that throws while calls wait, order, and early ends.
import { readFileSync, writeFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { RemoteError } from '../../../runtime/plan/end';
import { errorOf } from '../../helpers/errors';
import { openSession, type Session } from '../../helpers/session';
import { until, within } from '../../helpers/within';

const test = suite('awaited on executors');

/** What closures call in tasks. */
const inTasks = (notes: string) => ({
  /** True the first time. */
  once(name: string): boolean {
    try {
      writeFileSync(`${notes}/${name}`, '', { flag: 'wx' });
      return true;
    } catch {
      return false;
    }
  },
  pause: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
});

test('executors: order, so many calls at a time, a kill and a throw on the way, an end of take and a cancel', async () => {
  const executors = await openSession(2);
  try {
    await within(60_000, onExecutors(executors), 'the jobs');
  } finally {
    await executors.stop();
  }
});

async function onExecutors({ sc, notes, noted }: Session): Promise<void> {
  const { once, pause } = inTasks(notes);
  const rows = () => sc.range(0, 40, 1, 4);
  const all = Array.from({ length: 40 }, (_, x) => x);
  const killed = rows().map(async (x) => {
    await pause(x % 3);
    if (x === 15 && once('killed')) process.kill(process.pid, 'SIGKILL');
    return x;
  });
  assert.equal(await killed.collect(), all);
  assert.equal(noted('killed').length, 1);
  const runs = sc.longAccumulator();
  const thrown = rows().map(
    (x) => {
      runs.add(1);
      return pause(x % 3).then(() => {
        if (x === 25 && once('thrown')) throw new Error('the first time');
        return x;
      });
    },
    { concurrency: 3 },
  );
  assert.equal(await thrown.collect(), all);
  assert.is(runs.value, 40, 'only the attempt that succeeded counts');
  const error = await errorOf('TASK_FAILED', () =>
    rows()
      .map(async (x) => {
        await pause(1);
        if (x === 25) throw new RangeError('never 25');
        return x;
      })
      .collect(),
  );
  const { element, operator, frames } = error.details.remote as RemoteError;
  assert.equal([element, operator, frames[0].file], ['25', 'map', __filename]);
  assert.match(readFileSync(__filename, 'utf8').split('\n')[frames[0].line - 1], /never 25/);
  const running = await rows()
    .mapPartitions((part) => [[...part]])
    .coalesce(1)
    .flatMap((part) => part)
    .map(
      async (x) => {
        const counter = globalThis as { running?: number };
        counter.running = (counter.running ?? 0) + 1;
        const now = counter.running;
        await pause(2);
        counter.running--;
        return [x, now];
      },
      { concurrency: 5 },
    )
    .collect();
  assert.equal(
    running.map(([x]) => x),
    all,
  );
  assert.is(Math.max(...running.map(([, now]) => now)), 5);
  const called = (name: string) => async (x: number) => {
    await appendFile(`${notes}/${name}`, `${x}\n`);
    return x;
  };
  assert.equal(await sc.range(0, 1e6, 1, 1).map(called('taken'), { concurrency: 4 }).take(3), [0, 1, 2]);
  const calls = readFileSync(`${notes}/taken`, 'utf8').split('\n').length - 1;
  assert.ok(calls <= 3 + 2 * 4, `${calls} calls for three elements`);
  const forever = sc
    .range(0, 4, 1, 2)
    .map(async (x) => {
      writeFileSync(`${notes}/waits-${x}`, '');
      return new Promise<number>(() => {});
    })
    .collectAsync();
  await until(10_000, () => noted('waits').length === 4, 'the calls');
  forever.cancel();
  await errorOf('JOB_CANCELLED', () => forever);
  assert.equal(await within(1_000, rows().count(), 'the next job'), 40);
}

test.run();
