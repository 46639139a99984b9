// A checkpoint lets go of the lineage behind it: the datasets, their map outputs and their files go once nothing else refers to them.
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startBackend } from '../../../cluster/index';
import { Context, HashPartitioner, type RDD } from '../../../runtime/index';
import { until } from '../../helpers/within';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const test = suite('lineage');
let checkpoints: string;
let sc: Context;
let own: string;

test.before.each(async () => {
  checkpoints = mkdtempSync(join(tmpdir(), 'lineage-'));
  const started = await startBackend('local', { storageBytes: 1 << 20 });
  own = started.folder;
  sc = new Context({ ...started, master: 'local' });
  await sc.start();
  sc.setCheckpointDir(checkpoints);
});

test.after.each(async () => {
  await sc.stop();
  rmSync(checkpoints, { recursive: true, force: true });
});

/** Collects garbage until `holds`: finalizers run in turns of their own. */
const gone = (holds: () => boolean, what: string): Promise<unknown> =>
  until(
    10_000,
    () => {
      collectGarbage();
      return holds();
    },
    what,
  );

const pairsOf = (n: number) => sc.range(0, n, 1, 2).map((x) => [x % 10, x] as [number, number]);

/** Folders of shuffles that have a file. */
const shuffles = (): string[] => readdirSync(own).filter((name) => /^\d+$/.test(name));

/** Datasets of each kind that has parents, on a parent of theirs. */
const kinds: Record<string, (pairs: RDD<[number, number]>) => RDD<unknown>> = {
  map: (pairs) => pairs.map(([k, v]) => k * v),
  mapValues: (pairs) => pairs.partitionBy(2).mapValues((v) => v + 1),
  reduceByKey: (pairs) => pairs.reduceByKey((a, b) => a + b),
  cogroup: (pairs) => pairs.cogroup(pairs.mapValues((v) => -v)),
  join: (pairs) => pairs.join(pairs.mapValues((v) => -v)),
  sortBy: (pairs) => pairs.sortBy(([, v]) => -v),
  zipWithIndex: (pairs) => pairs.zipWithIndex(),
  zip: (pairs) => pairs.zip(pairs),
  union: (pairs) => pairs.union(pairs),
  alignedUnion: (pairs) => pairs.partitionBy(2).union(pairs.reduceByKey((a, b) => a + b, 2)),
  coalesce: (pairs) => pairs.coalesce(1),
  cartesian: (pairs) => pairs.cartesian(pairs),
  filterByRange: (pairs) => pairs.sortByKey().filterByRange(2, 5),
};

for (const [kind, make] of Object.entries(kinds)) {
  test(`${kind} lets go of its parents, and answers as before`, async () => {
    let parent: WeakRef<RDD<unknown>> | undefined;
    const begin = () => {
      const pairs = pairsOf(40);
      parent = new WeakRef<RDD<unknown>>(pairs);
      return make(pairs);
    };
    const rdd = begin();
    const before = { rows: await rdd.collect(), partitions: rdd.numPartitions, partitioner: String(rdd.partitioner) };
    rdd.checkpoint();
    assert.equal(await rdd.collect(), before.rows);
    await gone(() => parent?.deref() === undefined, 'the end of the parent');
    assert.equal(rdd.dependencies, []);
    assert.is(rdd.numPartitions, before.partitions);
    assert.is(String(rdd.partitioner), before.partitioner);
    assert.equal(await rdd.collect(), before.rows);
    assert.is(await rdd.map(() => 1).sum(), before.rows.length);
    assert.is(rdd.toDebugString().split('\n').length, 1);
    await gone(() => shuffles().length === 0, 'the end of the files of its shuffles');
  });
}

test('a parent that is still referred to stays as it was', async () => {
  const pairs = pairsOf(40).cache();
  const sums = pairs.reduceByKey((a, b) => a + b, 2);
  sums.checkpoint();
  const rows = await sums.collect();
  await gone(() => shuffles().length === 0, 'the end of the shuffle');
  assert.equal(await sums.collect(), rows);
  assert.is(await pairs.count(), 40);
  assert.is(sc.storageOf(pairs).partitions, 2);
});

test('a dataset partitioned as its checkpointed parent still joins without a shuffle', async () => {
  const left = pairsOf(20)
    .partitionBy(new HashPartitioner(3))
    .mapValues((v) => v * 2);
  left.checkpoint();
  await left.count();
  await gone(() => left.dependencies.length === 0, 'the end of the lineage');
  const joined = left.join(pairsOf(10).partitionBy(new HashPartitioner(3)));
  assert.is(joined.dependencies.filter(({ kind }) => kind === 'shuffle').length, 0);
  assert.is(await joined.count(), 20);
});

test('a job that was planned before the checkpoint ends on the lineage that it was planned with', async () => {
  const flag = join(checkpoints, 'go');
  const slow = pairsOf(40).reduceByKey((a, b) => a + b, 4);
  const waiting = slow.mapPartitions(function* (rows) {
    const { existsSync: exists, mkdirSync } = require('node:fs') as typeof import('node:fs');
    if (!exists(flag)) mkdirSync(flag);
    yield* rows;
  });
  const first = waiting.collect();
  await until(10_000, () => existsSync(flag), 'the first task');
  slow.checkpoint();
  const [rows, again] = await Promise.all([first, slow.collect()]);
  assert.equal(rows, again);
  await gone(() => slow.dependencies.length === 0, 'the end of the lineage');
  assert.equal(await waiting.collect(), rows);
});

test('a hundred iterations with a checkpoint every five hold the datasets of the last ones only', async () => {
  let alive = 0;
  const ended = new FinalizationRegistry(() => alive--);
  let ranks = pairsOf(20).reduceByKey((a, b) => a + b, 2);
  for (let i = 1; i <= 100; i++) {
    ranks = ranks.mapValues((v) => v + 1).reduceByKey((a, b) => a + b, 3 - (i % 2));
    alive++;
    ended.register(ranks, i);
    if (i % 5 > 0) continue;
    ranks.checkpoint();
    await ranks.count();
    await gone(() => alive <= 6 && shuffles().length <= 6, `the end of the datasets and shuffles before iteration ${i}`);
  }
  assert.is(await ranks.values().sum(), 190 + 100 * 10);
});

test.run();
