// Every source and transformation of datasets on the cases at their edges, with the semantics of Spark.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import type { Context, RDD } from '../../../runtime/index';
import { masterOf } from '../../helpers/master';

const test = suite('operators');
let sc: Context;

test.before(async () => {
  sc = await connect(masterOf('local'));
});

const sizes = async (rdd: RDD<unknown>) => (await rdd.glom().collect()).map((part) => part.length);
const parts = (rdd: RDD<unknown>) => rdd.glom().collect();

// ---- sources

test('parallelize cuts as Spark does', async () => {
  assert.equal(await parts(sc.parallelize([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 3)), [
    [1, 2, 3],
    [4, 5, 6],
    [7, 8, 9, 10],
  ]);
  assert.equal(await sizes(sc.parallelize([1, 2], 5)), [0, 0, 1, 0, 1]);
  assert.equal(await parts(sc.parallelize([], 2)), [[], []]);
});

test('parallelize copies what it is given', async () => {
  const rows = [{ n: 1 }];
  const rdd = sc.parallelize(rows, 1);
  rows.push({ n: 2 });
  assert.equal(await rdd.collect(), [{ n: 1 }]);
});

test('parallelize takes any iterable and hostile rows', async () => {
  assert.equal(await sc.parallelize(new Set(['a', 'b'])).collect(), ['a', 'b']);
  const rows = [undefined, null, Number.NaN, -0, 2n ** 70n, '\ud800', new Date(5), [[]], { constructor: 1 }];
  assert.equal(await sc.parallelize<unknown>(rows, 4).collect(), rows);
});

test('range: ends, steps, counting down, fractions', async () => {
  assert.equal(await sc.range(4).collect(), [0, 1, 2, 3]);
  assert.equal(await sc.range(2, 9, 3, 2).collect(), [2, 5, 8]);
  assert.equal(await sc.range(5, 0, -2).collect(), [5, 3, 1]);
  assert.equal(await sc.range(5, 5).collect(), []);
  assert.equal(await sc.range(5, 0).collect(), []);
  assert.is(
    await sc
      .range(0, 1e9, 1, 4)
      .take(1)
      .then(([x]) => x),
    0,
  );
});

test('range: fractions do not drift with the number of partitions', async () => {
  const [one, seven] = await Promise.all([sc.range(0, 1000, 0.1, 1).collect(), sc.range(0, 1000, 0.1, 7).collect()]);
  assert.equal(one, seven);
  assert.is(one[9999], 0 + 9999 * 0.1);
});

test('emptyRDD', async () => {
  const none = sc.emptyRDD<number>();
  assert.is(none.numPartitions, 0);
  assert.equal(await none.map((x) => x + 1).collect(), []);
  assert.is(await none.count(), 0);
  assert.equal(
    await none
      .keyBy((x) => x)
      .reduceByKey((a) => a)
      .collect(),
    [],
  );
  assert.equal(await none.sortBy((x) => x).collect(), []);
  assert.equal(await none.distinct().collect(), []);
  assert.equal(await none.repartition(3).glom().collect(), [[], [], []]);
  assert.equal(await none.coalesce(3).collect(), []);
  assert.equal(await none.zipWithIndex().collect(), []);
  assert.is(await none.isEmpty(), true);
  assert.equal(await none.union(sc.parallelize([1], 1)).collect(), [1]);
});

test('union keeps duplicates, order and partitions', async () => {
  const a = sc.parallelize([1, 2], 2);
  const b = sc.parallelize([2, 3], 1);
  assert.equal(await parts(a.union(b)), [[1], [2], [2, 3]]);
  assert.equal(await sc.union(a, b, a).collect(), [1, 2, 2, 3, 1, 2]);
  assert.equal(await sc.union([a, b]).collect(), [1, 2, 2, 3]);
  assert.equal(await sc.union<number>().collect(), []);
  assert.equal(
    await a
      .union(b.map((x) => x * 10))
      .filter((x) => x > 1)
      .zipWithIndex()
      .coalesce(1)
      .collect(),
    [
      [2, 0],
      [20, 1],
      [30, 2],
    ],
  );
});

// ---- transformations

test('map, flatMap, filter', async () => {
  const rdd = sc.parallelize([1, 2, 3], 2);
  assert.equal(await rdd.map(() => undefined).collect(), [undefined, undefined, undefined]);
  assert.equal(await rdd.flatMap((x) => new Array(x).fill(x)).collect(), [1, 2, 2, 3, 3, 3]);
  assert.equal(await rdd.flatMap((x) => new Map([[x, x]])).collect(), [
    [1, 1],
    [2, 2],
    [3, 3],
  ]);
  assert.equal(await rdd.flatMap(() => 'ab').collect(), ['a', 'b', 'a', 'b', 'a', 'b']);
  assert.equal(await rdd.filter((x) => (x === 2 ? 'yes' : 0)).collect(), [2]);
});

test('flatMap over a generator without end serves take', async () => {
  const naturals = function* () {
    for (let i = 0; ; i++) yield i;
  };
  assert.equal(await sc.parallelize([0], 1).flatMap(naturals).take(3), [0, 1, 2]);
});

test('a generator that is not taken to its end is closed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'closed-'));
  const rows = function* () {
    try {
      for (let i = 0; ; i++) yield i;
    } finally {
      require('node:fs').appendFileSync(`${folder}/closed`, 'x');
    }
  };
  assert.equal(await sc.parallelize([0], 1).flatMap(rows).take(1), [0]);
  assert.equal(
    await sc
      .parallelize([0], 1)
      .mapPartitions(rows as () => Generator<number>)
      .take(1),
    [0],
  );
  assert.is(readFileSync(join(folder, 'closed'), 'utf8'), 'xx');
  rmSync(folder, { recursive: true });
});

test('mapPartitions sees whole partitions, also those without elements', async () => {
  const rdd = sc.parallelize([1, 2, 3], 5);
  assert.equal(await rdd.mapPartitions((rows) => [[...rows].length]).collect(), [0, 1, 0, 1, 1]);
  assert.equal(await rdd.mapPartitionsWithIndex((i, rows) => [[i, ...rows]]).collect(), [[0], [1, 1], [2], [3, 2], [4, 3]]);
  assert.equal(await rdd.mapPartitions((rows) => rows).collect(), [1, 2, 3]);
  assert.equal(await rdd.mapPartitions(() => [7]).count(), 5);
});

test('glom, keyBy', async () => {
  assert.equal(await sc.parallelize([1, 2, 3], 2).glom().collect(), [[1], [2, 3]]);
  assert.equal(
    await sc
      .parallelize(['a'], 1)
      .keyBy((w) => w.length)
      .collect(),
    [[1, 'a']],
  );
});

test('distinct by value', async () => {
  const rows = [
    1,
    1,
    '1',
    Number.NaN,
    Number.NaN,
    0,
    -0,
    null,
    undefined,
    [1, { a: 2 }],
    [1, { a: 2 }],
    { b: 1, a: 2 },
    { a: 2, b: 1 },
  ];
  assert.is((await sc.parallelize<unknown>(rows, 3).distinct(4).collect()).length, 8);
  assert.is(sc.parallelize([1], 3).distinct().numPartitions, 3);
});

test('distinct leaves pairs where their partitioner put them', async () => {
  const shuffles = (rdd: RDD<unknown>): number =>
    rdd.dependencies.reduce((sum, d) => sum + shuffles(d.rdd) + (d.kind === 'shuffle' ? 1 : 0), 0);
  const rows = [1, 2, 3, 1, 2, 3].map((x): [number, string] => [x % 2, `v${x}`]);
  const spread = sc.parallelize(rows, 3).partitionBy(2);
  const once = spread.distinct();
  assert.equal((await once.collect()).sort(), [
    [0, 'v2'],
    [1, 'v1'],
    [1, 'v3'],
  ]);
  assert.is(once.partitioner, spread.partitioner);
  assert.equal([shuffles(once), shuffles(spread)], [1, 1]);
  assert.equal(await once.lookup(0), ['v2']);
  const elsewhere = spread.distinct(5);
  assert.is(shuffles(elsewhere), 2);
  assert.is(elsewhere.numPartitions, 5);
  assert.is(elsewhere.partitioner, undefined);
  assert.equal((await elsewhere.collect()).sort(), (await once.collect()).sort());
});

test('sample: the same seed gives the same rows; 0 none, 1 all', async () => {
  const rdd = sc.range(0, 1000, 1, 4);
  assert.is(await rdd.sample(false, 0).count(), 0);
  assert.is(await rdd.sample(false, 1).count(), 1000);
  const some = rdd.sample(false, 0.3, 42);
  const rows = await some.collect();
  assert.equal(await some.collect(), rows);
  assert.ok(rows.length > 220 && rows.length < 380, `${rows.length}`);
  assert.not.equal(await rdd.sample(false, 0.3, 43).collect(), rows);
  const twice = await rdd.sample(true, 2, 1).collect();
  assert.ok(twice.length > 1800 && twice.length < 2200, `${twice.length}`);
  assert.ok(new Set(twice).size < 1000);
});

test('groupBy', async () => {
  const groups = await sc
    .parallelize([1, 2, 3, 4], 2)
    .groupBy((x) => x % 2 === 0, 3)
    .collectAsMap();
  assert.equal(
    groups,
    new Map([
      [true, [2, 4]],
      [false, [1, 3]],
    ]),
  );
});

test('sortBy: both ways, stable, by tuples, mixed sizes', async () => {
  const words = sc.parallelize(['pear', 'fig', 'apple', 'kiwi', 'date'], 3);
  assert.equal(await words.sortBy((w) => w).collect(), ['apple', 'date', 'fig', 'kiwi', 'pear']);
  assert.equal(await words.sortBy((w) => w.length).collect(), ['fig', 'pear', 'kiwi', 'date', 'apple']);
  assert.equal(await words.sortBy((w) => w.length, false, 2).collect(), ['apple', 'pear', 'kiwi', 'date', 'fig']);
  assert.equal(await words.sortBy((w) => [w.length, w]).collect(), ['fig', 'date', 'kiwi', 'pear', 'apple']);
  const numbers = sc.parallelize([10, 9, Number.NaN, -1, 100, 0.5], 4);
  assert.equal(await numbers.sortBy((x) => x).collect(), [-1, 0.5, 9, 10, 100, Number.NaN]);
  assert.equal(await numbers.sortBy((x) => x, false, 1).collect(), [Number.NaN, 100, 10, 9, 0.5, -1]);
  assert.equal(
    await sc
      .parallelize([5, 5, 5, 5], 4)
      .sortBy((x) => x, true, 4)
      .collect(),
    [5, 5, 5, 5],
  );
});

test('sortBy spreads rows over its partitions', async () => {
  const rows = Array.from({ length: 2000 }, (_, i) => (i * 7919) % 2000);
  const sorted = sc.parallelize(rows, 4).sortBy((x) => x, true, 4);
  assert.equal(
    await sorted.collect(),
    Array.from({ length: 2000 }, (_, i) => i),
  );
  assert.ok(
    (await sizes(sorted)).every((n) => n > 250),
    'no partition is nearly empty',
  );
});

test('coalesce joins neighbours; repartition spreads evenly', async () => {
  const rdd = sc.range(0, 100, 1, 10);
  assert.equal(await sizes(rdd.coalesce(3)), [30, 30, 40]);
  assert.is(rdd.coalesce(50).numPartitions, 10);
  assert.equal(await rdd.coalesce(3).collect(), await rdd.collect());
  const spread = await sizes(rdd.repartition(4));
  assert.is(
    spread.reduce((a, b) => a + b),
    100,
  );
  assert.ok(Math.max(...spread) - Math.min(...spread) <= 10, spread.join());
  assert.is(rdd.coalesce(20, true).numPartitions, 20);
  assert.equal(
    (await rdd.repartition(1).collect()).sort((a, b) => a - b),
    await rdd.collect(),
  );
});

test('zipWithIndex numbers across partitions, also empty ones', async () => {
  assert.equal(await sc.parallelize(['a', 'b', 'c'], 5).zipWithIndex().collect(), [
    ['a', 0],
    ['b', 1],
    ['c', 2],
  ]);
  const odd = sc.range(0, 10, 1, 3).filter((x) => x % 2 === 1);
  assert.equal(await odd.zipWithIndex().values().collect(), [0, 1, 2, 3, 4]);
});

test('cache gives the same rows, and unpersist lets go of them', async () => {
  const rdd = sc.range(0, 100, 1, 4).map((x) => ({ x }));
  const before = await rdd.collect();
  rdd.cache();
  assert.equal(await rdd.collect(), before);
  assert.is(sc.storageOf(rdd).partitions, 4);
  assert.equal(await rdd.map(({ x }) => x).sum(), 4950);
  assert.equal(sc.persistedRdds(), [rdd]);
  rdd.unpersist();
  assert.is(sc.storageOf(rdd).partitions, 0);
  assert.equal(await rdd.collect(), before);
});

const slow = (x: number): number => {
  const end = performance.now() + 0.03;
  while (performance.now() < end);
  return x;
};

test('a sample that runs out of time is not cached as the whole', async () => {
  const rdd = sc
    .range(0, 40_000, 1, 1)
    .filter((x) => slow(x) >= 39_999)
    .cache();
  const preview = await rdd.preview(20, 100);
  assert.is(preview.complete, false);
  assert.is(sc.storageOf(rdd).partitions, 0);
});

test('a sample that runs out of time shows no row made of half a partition', async () => {
  const counts = sc
    .range(0, 40_000, 1, 1)
    .map(slow)
    .mapPartitions((rows) => [[...rows].length]);
  const { rows, complete } = await counts.preview(20, 100);
  assert.equal(rows, []);
  assert.is(complete, false);
});

test('a dataset is called by the operator that was written, whatever that is made of', () => {
  const numbers = sc.range(4);
  const pairs = numbers.map((n) => [n, n] as [number, number]);
  const made: Record<string, RDD<unknown>> = {
    keyBy: numbers.keyBy((n) => n),
    groupBy: numbers.groupBy((n) => n % 2),
    sortBy: numbers.sortBy((n) => n),
    sortByKey: pairs.sortByKey(),
    distinct: numbers.distinct(),
    repartition: numbers.repartition(3),
    coalesce: numbers.coalesce(1, true),
    intersection: numbers.intersection(numbers),
    subtract: numbers.subtract(numbers),
    values: pairs.values(),
    keys: pairs.keys(),
  };
  for (const [operation, rdd] of Object.entries(made)) assert.match(String(rdd), new RegExp(`^${operation}\\[`));
});

test('preview: first rows, and whether they are all', async () => {
  const rdd = sc.parallelize([1, 2, 3], 2);
  assert.equal((await rdd.preview(20, 60_000)).rows, [1, 2, 3]);
  assert.is((await rdd.preview(20, 60_000)).complete, true);
  assert.is((await rdd.preview(3, 60_000)).complete, true);
  const cut = await rdd.preview(2, 60_000);
  assert.equal([cut.rows, cut.complete, cut.gaveUp], [[1, 2], false, undefined]);
  assert.equal((await sc.range(0, 1e9).preview(2, 60_000)).rows, [0, 1]);
});

test.after(() => sc.stop());

test.run();
