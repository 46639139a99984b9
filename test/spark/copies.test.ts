// Workers of Spark hold decoded copies of persisted partitions that they read again; answers are those of Spark's own rows, whatever happens.
// time limit: 300 s
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../cluster/connect';
import { type Context, type RDD, StorageLevel } from '../../runtime/index';
import { startStandalone } from '../helpers/standalone';
import { until } from '../helpers/within';

const test = suite('copies in workers of Spark');

const pidsOf = async (sc: Context, slots: number): Promise<number[]> => [
  ...new Set(
    await sc
      .range(0, slots, 1, slots)
      .map(() => process.pid)
      .collect(),
  ),
];

/** Bytes that processes have read so far, from pipes and files. */
const received = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => sum + Number(/rchar: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))![1]), 0);

const count = 100_000;
/** Some megabytes, which take no columns: copies of them are the rows themselves. */
const wide = (sc: Context) => sc.range(0, count, 1, 2).map((i) => ({ i, list: [i, 0.5], text: `${'x'.repeat(40)}${i}` }));
const sum = (rows: RDD<{ list: number[] }>) => rows.map(({ list }) => list[0]).sum();
const whole = (count * (count - 1)) / 2;
const mostBytes = 1 << 20;

test('rows that are read again are not sent again, on any level of storage', async () => {
  const sc = await connect('spark-local[1]');
  try {
    const pids = await pidsOf(sc, 1);
    const cost = async (job: () => Promise<unknown>, answer: unknown): Promise<number> => {
      const before = received(pids);
      assert.is(await job(), answer);
      return received(pids) - before;
    };
    for (const level of [StorageLevel.MEMORY_ONLY, StorageLevel.MEMORY_ONLY_SER, StorageLevel.DISK_ONLY]) {
      const rows = wide(sc).persist(level);
      assert.is(await rows.count(), count);
      const first = await cost(() => sum(rows), whole);
      assert.ok(first > 4 * mostBytes, `the first reader is sent ${first} bytes`);
      for (let i = 0; i < 2; i++) {
        const again = await cost(() => sum(rows), whole);
        assert.ok(again < mostBytes, `another reader is sent ${again} bytes`);
      }
      // A part is read of the copy too.
      assert.equal(
        (await rows.take(2)).map(({ i }) => i),
        [0, 1],
      );
      // A function that changes rows gets its own: the copy stays as it is.
      const changed = () =>
        rows
          .map((row) => {
            row.list[0] = -1;
            return row.list[0];
          })
          .sum();
      assert.ok((await cost(changed, -count)) > 4 * mostBytes);
      assert.ok((await cost(() => sum(rows), whole)) < mostBytes);
      rows.unpersist();
    }
  } finally {
    await sc.stop();
  }
});

test('accumulators of a persisted partition count for each job that has it, of a copy too', async () => {
  const sc = await connect('spark-local[1]');
  try {
    const made = sc.longAccumulator();
    const rows = sc
      .range(0, 1000, 1, 2)
      .map((i) => {
        made.add(1);
        return [i, [i]] as const;
      })
      .cache();
    const counts: number[] = [];
    for (let i = 0; i < 4; i++) {
      assert.is(await rows.map(([, list]) => list[0]).sum(), 499_500);
      counts.push(made.value);
    }
    assert.equal(counts, await countsOfOurs());
  } finally {
    await sc.stop();
  }
});

/** The same on our own engine. */
async function countsOfOurs(): Promise<number[]> {
  const sc = await connect('local[1]');
  try {
    const made = sc.longAccumulator();
    const rows = sc
      .range(0, 1000, 1, 2)
      .map((i) => {
        made.add(1);
        return [i, [i]] as const;
      })
      .cache();
    const counts: number[] = [];
    for (let i = 0; i < 4; i++) {
      await rows.count();
      counts.push(made.value);
    }
    return counts;
  } finally {
    await sc.stop();
  }
}

test('unpersisted rows leave the memory of workers with the next job', async () => {
  const sc = await connect('spark-local[1]');
  /** What the heap of the worker holds, once garbage is gone. */
  const heap = async () => {
    const [bytes] = await sc
      .parallelize([0], 1)
      .map(() => {
        const v8: typeof import('node:v8') = require('node:v8');
        const vm: typeof import('node:vm') = require('node:vm');
        v8.setFlagsFromString('--expose-gc');
        vm.runInNewContext('gc')();
        return process.memoryUsage().heapUsed;
      })
      .collect();
    return bytes;
  };
  try {
    const rows = wide(sc).cache();
    for (let i = 0; i < 2; i++) await sum(rows);
    const [, before] = [await heap(), await heap()];
    assert.is(await sum(rows), whole);
    rows.unpersist();
    const after = await heap();
    assert.ok(before - after > 8 * mostBytes, `${before} and ${after} bytes`);
  } finally {
    await sc.stop();
  }
});

test('random rows stay those that Spark has, whatever worker or executor is killed', async () => {
  const cluster = await startStandalone(2, 2);
  const conf = {
    'spark.cores.max': '4',
    'spark.executor.cores': '2',
    'spark.executor.memory': '512m',
    // Rows of one executor are read, and copied, on the other one too.
    'spark.locality.wait': '0ms',
  };
  const sc = await connect(cluster.master, { spark: { conf } });
  try {
    const rows = sc
      .range(0, 80, 1, 8)
      .map((i) => ({ i, drawn: [Math.random()] }))
      .cache();
    /** Each reader sees the same rows, and so does the next one. */
    const look = async (): Promise<string> => {
      const seen = await Promise.all(Array.from({ length: 4 }, () => rows.map(({ drawn }) => drawn[0]).collect()));
      const texts = new Set(seen.map((all) => all.join()));
      assert.is(texts.size, 1);
      return [...texts][0];
    };
    // One job first: two that compute a partition at the same time would draw twice.
    await rows.count();
    const first = await look();
    for (let round = 0; round < 3; round++) {
      process.kill(cluster.workerPids()[0], 'SIGKILL');
      assert.is(await look(), first, 'a worker holds copies only');
    }
    let last = first;
    for (let round = 0; round < 3; round++) {
      await until(60_000, () => sc.executors().length === 2, 'both executors');
      process.kill(cluster.executorPids()[round % 2], 'SIGKILL');
      await rows.count();
      // What was lost with the executor is drawn again; what the other one has stays.
      last = await look();
      assert.is(await look(), last);
    }
    assert.is.not(last, first);
  } finally {
    await sc.stop();
    await cluster.stop();
  }
});

test.run();
