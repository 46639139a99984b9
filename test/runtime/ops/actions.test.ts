// Every action, shared variables and the freezing of closures on the cases at their edges, with the semantics of Spark.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import type { Context } from '../../../runtime/index';
import { errorOf } from '../../helpers/errors';
import { masterOf } from '../../helpers/master';

const test = suite('actions');
let sc: Context;

test.before(async () => {
  sc = await connect(masterOf('local'));
});

test('collect, count, isEmpty, first, take', async () => {
  const rdd = sc.parallelize([1, 2, 3, 4, 5], 3);
  assert.equal(await rdd.take(0), []);
  assert.equal(await rdd.take(2), [1, 2]);
  assert.equal(await rdd.take(99), [1, 2, 3, 4, 5]);
  assert.equal(await sc.parallelize([7], 30).take(1), [7]);
  assert.is(await rdd.first(), 1);
  assert.is(await sc.parallelize([undefined]).first(), undefined);
  assert.is(await rdd.count(), 5);
  assert.is(await rdd.isEmpty(), false);
  assert.is(await rdd.filter(() => false).isEmpty(), true);
  assert.equal(await rdd.map((x) => [x, x]).collect(), [
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 4],
    [5, 5],
  ]);
});

test('top, takeOrdered, min, max', async () => {
  const rdd = sc.parallelize([3, 1, 5, 2, 4], 3);
  assert.equal(await rdd.top(2), [5, 4]);
  assert.equal(await rdd.takeOrdered(2), [1, 2]);
  assert.equal(await rdd.takeOrdered(9), [1, 2, 3, 4, 5]);
  assert.equal(await rdd.top(0), []);
  assert.equal(await rdd.top(2, (a, b) => b - a), [1, 2]);
  assert.equal(await rdd.top(2, (a) => -a), [1, 2]);
  assert.equal(await rdd.top(1, (a) => `${a === 3}`), [3]);
  assert.equal([await rdd.min(), await rdd.max()], [1, 5]);
  assert.is(await rdd.max((a, b) => (a % 5) - (b % 5)), 4);
  assert.ok(Number.isNaN(await sc.parallelize([3, Number.NaN, 1]).max()));
  assert.equal(await sc.range(0, 5000, 1, 3).top(3), [4999, 4998, 4997]);
  assert.equal(
    await sc
      .parallelize([
        [2, 'a'],
        [1, 'z'],
        [1, 'b'],
      ])
      .takeOrdered(2),
    [
      [1, 'b'],
      [1, 'z'],
    ],
  );
});

test('undefined takes part in an order as any value does', async () => {
  const rdd = sc.parallelize([undefined, 3], 1);
  await errorOf('NOT_COMPARABLE', () => rdd.min());
  await errorOf('NOT_COMPARABLE', () => sc.parallelize([undefined, 3], 2).top(2));
  const first = (a: unknown, b: unknown) => Number(a !== undefined) - Number(b !== undefined);
  assert.equal(await rdd.takeOrdered(2, first), [undefined, 3]);
});

test('sum, mean, stats', async () => {
  const rdd = sc.parallelize([1, 2, 3, 4], 3);
  assert.equal([await rdd.sum(), await rdd.mean()], [10, 2.5]);
  const stats = await rdd.stats();
  assert.equal([stats.count, stats.mean, stats.min, stats.max, stats.variance, stats.sum], [4, 2.5, 1, 4, 1.25, 10]);
  assert.equal([stats.popVariance, stats.popStdev], [stats.variance, stats.stdev]);
  assert.is(`${stats}`, `(count: 4, mean: 2.5, stdev: ${Math.sqrt(1.25)}, max: 4, min: 1)`);
  const none = sc.parallelize<number>([], 2);
  assert.equal([await none.sum(), await none.mean()], [0, Number.NaN]);
  await errorOf('BAD_ARGUMENT', () => sc.parallelize(['a' as never as number]).sum());
});

test('reduce, fold, aggregate merge in the order of partitions', async () => {
  const rdd = sc.parallelize(['a', 'b', 'c', 'd'], 3);
  assert.is(await rdd.reduce((a, b) => a + b), 'abcd');
  assert.is(await rdd.fold('-', (a, b) => a + b), '--a-b-cd');
  assert.equal(
    await rdd.aggregate<string[]>(
      [],
      (all, x) => {
        all.push(x);
        return all;
      },
      (a, b) => [...a, ...b],
    ),
    ['a', 'b', 'c', 'd'],
  );
  assert.is(await sc.parallelize([1], 4).reduce((a, b) => a + b), 1);
  assert.is(await sc.parallelize<number>([], 2).fold(5, (a, b) => a + b), 15);
});

test('the zero of fold and aggregate is copied for each partition', async () => {
  const zero: number[] = [];
  const push = (all: number[], x: number) => {
    all.push(x);
    return all;
  };
  assert.equal(await sc.parallelize([1, 2, 3], 3).aggregate(zero, push, (a, b) => a.concat(b)), [1, 2, 3]);
  assert.equal(zero, []);
});

test('countByValue', async () => {
  const counts = await sc.parallelize(['a', 'b', 'a'], 2).countByValue();
  assert.equal(
    counts,
    new Map([
      ['a', 2],
      ['b', 1],
    ]),
  );
  const pairs = await sc
    .parallelize(
      [
        [1, 2],
        [1, 2],
        [Number.NaN, 0],
      ],
      3,
    )
    .countByValue();
  assert.equal([...pairs.values()].sort(), [1, 2]);
});

test('takeSample: exactly so many, from everywhere', async () => {
  const rdd = sc.range(0, 100, 1, 4);
  const some = await rdd.takeSample(false, 10, 7);
  assert.is(new Set(some).size, 10);
  assert.equal(await rdd.takeSample(false, 10, 7), some);
  assert.is((await rdd.takeSample(false, 500)).length, 100);
  assert.is((await rdd.takeSample(true, 500)).length, 500);
  assert.equal(await rdd.takeSample(true, 0), []);
  assert.equal(await sc.parallelize([], 2).takeSample(true, 5), []);
});

test('foreach and foreachPartition run on each, and wait for promises', async () => {
  const seen = sc.collectionAccumulator<number>();
  const rdd = sc.parallelize([1, 2, 3], 2);
  await rdd.foreach(async (x) => {
    await Promise.resolve();
    seen.add(x);
  });
  assert.equal([...seen.value].sort(), [1, 2, 3]);
  const sizesSeen = sc.collectionAccumulator<number>();
  await rdd.foreachPartition(async (rows) => {
    await Promise.resolve();
    sizesSeen.add([...rows].length);
  });
  assert.equal([...sizesSeen.value].sort(), [1, 2]);
});

test('toLocalIterator', async () => {
  const rows: number[] = [];
  for await (const x of sc.parallelize([1, 2, 3], 2).toLocalIterator()) rows.push(x);
  assert.equal(rows, [1, 2, 3]);
});

// ---- shared variables

test('accumulators: sums, collections, custom ones', async () => {
  const sum = sc.longAccumulator('sum');
  const all = sc.collectionAccumulator<number>();
  const most = sc.accumulator(0, (a, b) => Math.max(a, b));
  await sc.range(0, 100, 1, 4).foreach((x) => {
    sum.add(x);
    if (x % 50 === 0) all.add(x);
    most.add(x);
  });
  assert.is(sum.value, 4950);
  assert.equal([...all.value].sort(), [0, 50]);
  assert.is(most.value, 99);
  sum.add(1);
  assert.is(sum.value, 4951);
  sum.reset();
  assert.is(sum.value, 0);
});

test('a collection accumulator takes more elements than a call takes arguments', async () => {
  const all = sc.collectionAccumulator<number>();
  await sc.range(0, 300_000, 1, 1).foreach((x) => all.add(x));
  assert.is(all.value.length, 300_000);
});

test('broadcast is a copy of its value as it was', async () => {
  const words = new Set(['a']);
  const stop = sc.broadcast(words);
  words.add('b');
  assert.equal(
    await sc
      .parallelize(['a', 'b'])
      .filter((w) => !stop.value.has(w))
      .collect(),
    ['b'],
  );
  assert.is(stop.value.size, 1);
});

// ---- closures

test('a closure is frozen where it is written', async () => {
  let k = 3;
  const rdd = sc.parallelize([1, 2]).map((x) => x * k);
  k = 10;
  assert.equal(await rdd.collect(), [3, 6]);
  assert.equal(
    await sc
      .parallelize([1, 2])
      .map((x) => x * k)
      .collect(),
    [10, 20],
  );
  const list = [1];
  const lengths = sc.parallelize([0]).map(() => list.length);
  list.push(2);
  assert.equal(await lengths.collect(), [1]);
});

test('a name in its dead zone is captured at the first job', async () => {
  const rdd = sc.parallelize([1]).map((x) => x + later);
  let later = 5;
  assert.equal(await rdd.collect(), [6]);
  later = 50;
  assert.equal(await rdd.collect(), [6]);
});

test('what a task changes in what it captured does not reach the next task', async () => {
  const seen: number[] = [];
  const rdd = sc.parallelize([1, 2, 3], 3).map((x) => {
    seen.push(x);
    return seen.length;
  });
  assert.equal(await rdd.collect(), [1, 1, 1]);
  assert.equal(seen, []);
});

test.after(() => sc.stop());

test.run();
