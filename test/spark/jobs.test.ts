// Jobs that Apache Spark runs, by the public API: errors, retries, accumulators, what is persisted, cancelling, lost workers.
// time limit: 300 s
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../cluster/connect';
import * as api from '../../runtime/index';
import { type Context, HashPartitioner, StorageLevel } from '../../runtime/index';
import { errorOf } from '../helpers/errors';
import { masterOf } from '../helpers/master';
import { until } from '../helpers/within';

// A variable is captured by its value; the executor has a class of its own by this name.
const { TaskContext } = api;

const test = suite('jobs on Spark');
let sc: Context;
let folder: string;

test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spark-jobs-'));
  sc = await connect(masterOf('spark-local[2]'));
});

test.after(async () => {
  await sc.stop();
  rmSync(folder, { recursive: true, force: true });
});

const note = (name: string) => join(folder, name);
const notes = (name: string) => readFileSync(note(name), 'utf8');

test("an error has the user's line, the element, the partition and the tries", async () => {
  const rdd = sc.parallelize([1, 2, 3, 4], 2).map((x) => {
    if (x === 3) throw new TypeError(`no ${x}`);
    return x;
  });
  const error = await errorOf('TASK_FAILED', () => rdd.collect());
  assert.match(error.message, 'TypeError: no 3');
  const { remote, partition, attempts } = error.details as any;
  assert.equal([partition, attempts, remote.operator, remote.element], [1, 4, 'map', '3']);
  assert.match(remote.frames[0].file, 'jobs.test.ts');
  // A built-in throws: the steps between it and the closure are those of the worker's program.
  const parsed = await errorOf('TASK_FAILED', () =>
    sc
      .parallelize(['{'])
      .map((text) => JSON.parse(text))
      .count(),
  );
  const { frames } = (parsed.details as any).remote as { frames: { file: string }[] };
  assert.ok(frames.length > 0 && frames.every(({ file }) => !file.endsWith('spark-worker.js')), JSON.stringify(frames));
});

test('a task that fails once is tried again', async () => {
  const mark = note('tried');
  const tried = sc.range(0, 4, 1, 2).map((x) => {
    const fs: typeof import('node:fs') = require('node:fs');
    if (x === 3 && !fs.existsSync(mark)) {
      fs.writeFileSync(mark, '');
      throw new Error('once');
    }
    return x + TaskContext.get().attemptNumber() * 10;
  });
  assert.equal(await tried.collect(), [0, 1, 12, 13]);
});

test('accumulators count each partition of a stage once, also where a task is tried again and a persisted partition is read', async () => {
  const [all, persisted] = [sc.longAccumulator('all'), sc.longAccumulator('persisted')];
  const mark = note('failed once');
  const kept = sc
    .range(0, 10, 1, 2)
    .map((x) => {
      persisted.add(1);
      return x;
    })
    .persist(StorageLevel.MEMORY_ONLY);
  const pairs = kept.map((x): [number, number] => {
    all.add(1);
    const fs: typeof import('node:fs') = require('node:fs');
    if (x === 9 && !fs.existsSync(mark)) {
      fs.writeFileSync(mark, '');
      throw new Error('once');
    }
    return [x % 3, x];
  });
  const sums = pairs.reduceByKey((a, b) => a + b);
  assert.is(await sums.count(), 3);
  assert.is(await sums.count(), 3);
  assert.equal([all.value, persisted.value], [10, 10]);
  assert.is(await kept.count(), 10);
  assert.is(persisted.value, 10);
});

test('a persisted dataset is computed once, has its level, and goes', async () => {
  for (const level of [StorageLevel.MEMORY_ONLY, StorageLevel.DISK_ONLY, StorageLevel.MEMORY_AND_DISK_SER]) {
    const seen = note(`seen ${level}`);
    writeFileSync(seen, '');
    const rdd = sc
      .range(0, 6, 1, 2)
      .map((x) => {
        require('node:fs').appendFileSync(seen, 'x');
        return { x };
      })
      .persist(level);
    assert.equal(await rdd.take(1), [{ x: 0 }]);
    assert.is(await rdd.count(), 6);
    assert.equal(
      (await rdd.collect()).map(({ x }) => x),
      [0, 1, 2, 3, 4, 5],
    );
    assert.is(notes(`seen ${level}`), 'xxxxxx');
    const { partitions, bytes, diskBytes } = sc.storageOf(rdd);
    assert.is(partitions, 2);
    assert.equal([bytes > 0, diskBytes > 0], [level.useMemory, level === StorageLevel.DISK_ONLY]);
    rdd.unpersist();
    assert.is(sc.storageOf(rdd).partitions, 0);
    assert.is(await rdd.count(), 6);
    assert.is(notes(`seen ${level}`).length, 12);
  }
});

test('datasets that are partitioned alike are joined without another shuffle', async () => {
  const partitioner = new HashPartitioner(3);
  const pairs = (n: number) =>
    sc
      .range(0, n, 1, 2)
      .map((x): [number, number] => [x, x * n])
      .partitionBy(partitioner);
  const joined = pairs(6).join(pairs(4));
  const stages: number[] = [];
  const listener = { onJobStart: (job: { stages: readonly unknown[] }) => void stages.push(job.stages.length) };
  sc.addListener(listener);
  assert.equal(
    (await joined.collect()).sort((a, b) => a[0] - b[0]),
    [0, 1, 2, 3].map((x) => [x, [x * 6, x * 4]]),
  );
  sc.removeListener(listener);
  assert.equal(stages, [3]);
});

test('broadcasts, bulky captures and local properties reach the tasks', async () => {
  const table = sc.broadcast(new Map(Array.from({ length: 5_000 }, (_, i) => [i, `value ${i}`])));
  const bulk = Array.from({ length: 50_000 }, (_, i) => i);
  sc.setLocalProperty('colour', 'blue');
  const rows = await sc
    .range(0, 4, 1, 2)
    .map((x) => [table.value.get(x), bulk[x + 40_000], TaskContext.get().getLocalProperty('colour')])
    .collect();
  sc.setLocalProperty('colour', undefined);
  assert.equal(rows[3], ['value 3', 40_003, 'blue']);
  table.destroy();
});

test('a job that is cancelled ends soon, also in an endless loop, and the next one runs', async () => {
  const began = note('began');
  const endless = sc.range(0, 2, 1, 2).map((x) => {
    require('node:fs').appendFileSync(began, 'x');
    for (;;) if (x > 5) return x;
  });
  const cancelled = endless.collectAsync();
  await until(30_000, () => require('node:fs').existsSync(began), 'the tasks');
  cancelled.cancel();
  await errorOf('JOB_CANCELLED', () => cancelled);
  assert.is(await sc.range(0, 10, 1, 2).count(), 10);
});

test('a worker that dies is told, and its task runs again on another', async () => {
  const mark = note('died');
  const dying = (exits: boolean) =>
    sc.range(0, 4, 1, 2).map((x) => {
      const fs: typeof import('node:fs') = require('node:fs');
      if (x === 3 && (exits || !fs.existsSync(mark))) {
        fs.writeFileSync(mark, '');
        process.kill(process.pid, 'SIGKILL');
      }
      return x;
    });
  assert.equal(await dying(false).collect(), [0, 1, 2, 3]);
  const error = await errorOf('EXECUTORS_LOST', () => dying(true).collect());
  assert.match(error.message, 'signal 9');
});

test('sources of files, what is saved, samples and numbers are those of the other masters', async () => {
  const path = note('lines');
  writeFileSync(path, Array.from({ length: 2_000 }, (_, i) => `line ${i}`).join('\n'));
  const other = await connect('local');
  try {
    const rows = async (on: Context) => {
      const text = on.textFile(path, 3);
      const sampled = text.sample(false, 0.1, 7);
      const numbered = text.filter((line) => line.endsWith('9')).zipWithIndex();
      return [await text.count(), await sampled.collect(), await numbered.collect(), await text.takeSample(false, 5, 3)];
    };
    assert.equal(await rows(sc), await rows(other));
  } finally {
    await other.stop();
  }
  await sc.textFile(path).saveAsTextFile(note('saved'));
  assert.is(await sc.textFile(note('saved')).count(), 2_000);
});

test('checkpoints cut the lineage', async () => {
  sc.setCheckpointDir(note('checkpoints'));
  const rdd = sc.range(0, 10, 1, 2).map((x) => x * 3);
  rdd.checkpoint();
  assert.is(await rdd.count(), 10);
  assert.ok(rdd.isCheckpointed);
  assert.equal(await rdd.take(3), [0, 3, 6]);
});

test('jobs, stages and executors are told', async () => {
  await sc
    .range(0, 100, 1, 2)
    .map((x): [number, number] => [x % 3, x])
    .groupByKey()
    .count();
  const job = sc.jobs().at(-1)!;
  assert.equal([job.status, job.stageIds.length], ['done', 2]);
  assert.ok(job.records >= 100);
  assert.equal(
    sc.executors().map(({ slots }) => slots),
    [2],
  );
});

test.run();
