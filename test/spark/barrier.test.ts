// Barrier stages on Apache Spark: their tasks meet by Spark's own barrier, and run again as a whole.
// time limit: 200 s
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../cluster/connect';
import type { Context } from '../../runtime/index';
import * as api from '../../runtime/index';
import { errorOf } from '../helpers/errors';
import { masterOf } from '../helpers/master';

// A variable is captured by its value; the executor has a class of its own by this name.
const { BarrierTaskContext } = api;

const test = suite('barrier stages on Spark');
let sc: Context;
let notes: string;

test.before(async () => {
  notes = mkdtempSync(join(tmpdir(), 'spark-barrier-'));
  sc = await connect(masterOf('spark-local[2]'));
});

test.after(async () => {
  await sc.stop();
  rmSync(notes, { recursive: true, force: true });
});

const once = (folder: string, name: string): boolean => {
  try {
    (require('node:fs') as typeof import('node:fs')).writeFileSync(`${folder}/${name}`, '', { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
};

const noted = (prefix: string) => readdirSync(notes).filter((name) => name.startsWith(prefix)).length;

test('its tasks meet, and a job on some of the partitions runs all of them', async () => {
  const met = sc
    .range(0, 4, 1, 2)
    .barrier()
    .mapPartitions((xs) => {
      const task = BarrierTaskContext.get();
      const sum = [...xs].reduce((a, b) => a + b, 0);
      const first = task.allGather(sum);
      task.barrier();
      const second = task.allGather(`${task.partitionId()} of ${task.getTaskInfos().length}`);
      return [[...first, ...second]];
    });
  const all = [1, 5, '0 of 2', '1 of 2'];
  assert.equal(await met.collect(), [all, all]);
  assert.equal(await met.take(1), [all]);
  assert.equal(await met.map((row) => row.length).sum(), 8);
  // Before a shuffle, and persisted.
  assert.equal(
    await met
      .map((row): [number, number] => [row.length, 1])
      .reduceByKey((a, b) => a + b)
      .collect(),
    [[4, 2]],
  );
  const kept = met.cache();
  assert.is(await kept.count(), 2);
  assert.equal(await kept.collect(), [all, all]);
});

test('if one task fails, all run again, and it knows which try this is', async () => {
  const folder = notes;
  const rows = await sc
    .range(0, 2, 1, 2)
    .barrier()
    .mapPartitionsWithIndex((i) => {
      const task = BarrierTaskContext.get();
      once(folder, `run-${i}-${task.stageAttemptNumber()}`);
      task.barrier();
      if (i === 1 && once(folder, 'thrown')) throw new Error('the first time');
      return task.allGather(i * 10);
    })
    .collect();
  assert.equal(rows, [0, 10, 0, 10]);
  assert.equal([noted('run-0'), noted('run-1')], [2, 2]);
});

test('a stage that fails for good has the error of the task, and its tries', async () => {
  const failing = sc
    .range(0, 2, 1, 2)
    .barrier()
    .mapPartitionsWithIndex((i) => {
      BarrierTaskContext.get().barrier();
      if (i === 1) throw new TypeError('each time');
      return BarrierTaskContext.get().allGather(i);
    });
  const error = await errorOf('TASK_FAILED', () => failing.collect());
  assert.match(error.message, 'TypeError: each time');
  assert.equal([error.details.partition, error.details.attempts], [1, 4]);
  // Where Spark itself runs the stage again: before a shuffle.
  await errorOf('TASK_FAILED', () =>
    failing
      .map((x): [number, number] => [x, 1])
      .groupByKey()
      .count(),
  );
});

test('a member that ends early, or calls something else, is told to the others', async () => {
  const leaving = sc
    .range(0, 2, 1, 2)
    .barrier()
    .mapPartitionsWithIndex((i) => (i === 0 ? BarrierTaskContext.get().allGather(i) : [i]));
  assert.match((await errorOf('BARRIER_FAILED', () => leaving.collect())).message, 'task 1 has ended without calling it');
  const differing = sc
    .range(0, 2, 1, 2)
    .barrier()
    .mapPartitionsWithIndex((i) => {
      if (i === 0) return BarrierTaskContext.get().allGather(i);
      BarrierTaskContext.get().barrier();
      return [i];
    });
  assert.match(
    (await errorOf('BARRIER_FAILED', () => differing.collect())).message,
    /task [01] called (barrier|allGather) meanwhile/,
  );
  assert.is(await sc.range(10).count(), 10);
});

test('the death of a member has all of them run again', async () => {
  const folder = notes;
  const rows = await sc
    .range(0, 2, 1, 2)
    .barrier()
    .mapPartitionsWithIndex((i) => {
      if (i === 0 && once(folder, 'killed')) process.kill(process.pid, 'SIGKILL');
      return BarrierTaskContext.get().allGather(i);
    })
    .collect();
  assert.equal(rows, [0, 1, 0, 1]);
});

test('more tasks than slots are refused before anything runs', async () => {
  const wide = sc
    .range(0, 4, 1, 4)
    .barrier()
    .mapPartitions((rows) => rows);
  const error = await errorOf('BARRIER_TOO_WIDE', () => wide.count());
  assert.match(error.message, /4 partitions.*only 2 slots/);
  assert.is(await sc.range(10).count(), 10);
});

test('a job that waits at a barrier is cancelled', async () => {
  const waiting = sc
    .range(0, 2, 1, 2)
    .barrier()
    .mapPartitionsWithIndex((i) => {
      if (i === 0) BarrierTaskContext.get().barrier();
      else for (;;);
      return [i];
    })
    .collectAsync();
  const cancel = new Promise((resolve) => sc.addListener({ onTaskStart: resolve }));
  await cancel;
  waiting.cancel();
  await errorOf('JOB_CANCELLED', () => waiting);
  assert.is(await sc.range(10).count(), 10);
});

test.run();
