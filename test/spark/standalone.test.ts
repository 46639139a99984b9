// A standalone cluster with two workers on loopback: jobs, and executors that are killed in the middle of them.
// time limit: 300 s
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../cluster/connect';
import type { Context } from '../../runtime/index';
import { errorOf } from '../helpers/errors';
import { type Standalone, startStandalone } from '../helpers/standalone';
import { until } from '../helpers/within';

const test = suite('a standalone cluster');
let cluster: Standalone;
let sc: Context;

test.before(async () => {
  cluster = await startStandalone(2, 2);
  sc = await connect(cluster.master, { spark: { conf: { 'spark.executor.memory': '512m', 'spark.executor.cores': '2' } } });
});

test.after(async () => {
  await sc?.stop();
  await cluster?.stop();
});

const sums = (n: number) =>
  sc
    .range(0, n, 1, 8)
    .map((x): [number, number] => [x % 100, x])
    .reduceByKey((a, b) => a + b, 4);

test('jobs run on both executors', async () => {
  assert.is(
    await sc
      .range(0, 1000, 1, 4)
      .filter((x) => x % 2 === 0)
      .count(),
    500,
  );
  await until(60_000, () => sc.executors().length === 2, 'both executors');
  assert.equal(
    sc.executors().map(({ slots }) => slots),
    [2, 2],
  );
  const rows = await sums(10_000).collect();
  assert.is(rows.length, 100);
  assert.is(
    rows.reduce((sum, [, x]) => sum + x, 0),
    49_995_000,
  );
});

test('what is persisted is read where it lies, and recomputed where its executor was killed', async () => {
  const counted = sc.longAccumulator('computed');
  const kept = sc
    .range(0, 1000, 1, 4)
    .map((x) => {
      counted.add(1);
      return x;
    })
    .cache();
  assert.is(await kept.count(), 1000);
  assert.is(await kept.count(), 1000);
  assert.is(counted.value, 1000);
  process.kill(cluster.executorPids()[0], 'SIGKILL');
  assert.is(await kept.sum(), 499_500);
  assert.is(await kept.count(), 1000);
});

test('an executor that is killed in the middle of a shuffle costs no row', async () => {
  await until(60_000, () => sc.executors().length === 2, 'the replacement executor');
  const slow = sc
    .range(0, 40, 1, 8)
    .map((x): [number, number] => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
      return [x % 4, x];
    })
    .groupByKey(4)
    .mapValues((values) => [...values].sort((a, b) => a - b))
    .collect();
  await until(30_000, () => sc.executors().some(({ free, slots }) => free < slots), 'running tasks');
  process.kill(cluster.executorPids()[0], 'SIGKILL');
  const rows = await slow;
  assert.equal(
    rows.sort((a, b) => a[0] - b[0]),
    [0, 1, 2, 3].map((k) => [k, Array.from({ length: 10 }, (_, i) => 4 * i + k)]),
  );
});

test('a function that reads a file which executors do not see: the error says how to give it to them', async () => {
  // A path of this folder: executors have another one.
  const error = await errorOf('TASK_FAILED', () =>
    sc
      .range(1)
      .map(() => {
        const fs: typeof import('node:fs') = require('node:fs');
        return fs.readFileSync('package.json', 'utf8');
      })
      .count(),
  );
  assert.match(error.message, /ENOENT: no such file or directory, open 'package\.json'/);
  assert.match(
    error.remedy,
    /^Executors do not see package\.json, a file of the machine and folder of this session.*sc\.addFile/,
  );
  const nowhere = await errorOf('TASK_FAILED', () =>
    sc
      .range(1)
      .map(() => {
        const fs: typeof import('node:fs') = require('node:fs');
        return fs.readFileSync('no-such-file', 'utf8');
      })
      .count(),
  );
  assert.not.match(nowhere.remedy, /addFile/);
});

test.run();
