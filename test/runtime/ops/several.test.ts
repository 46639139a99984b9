// Operators over several datasets: sets, products, zips, unions of datasets partitioned alike, cogroups of more than two.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { type Context, HashPartitioner, type RDD } from '../../../runtime/index';
import { errorOf } from '../../helpers/errors';
import { masterOf } from '../../helpers/master';

const test = suite('several datasets');
let sc: Context;

test.before(async () => {
  sc = await connect(masterOf('local'));
});

const inOrder = async <T>(rdd: RDD<T>) => (await rdd.collect()).map((x) => JSON.stringify(x)).sort();
const pairs = <K, V>(rows: [K, V][], n = 2) => sc.parallelize(rows, n);

test('intersection: each common element once, by value', async () => {
  const left = sc.parallelize<unknown>([1, 1, [2], { a: 1 }, Number.NaN, null], 3);
  const right = sc.parallelize<unknown>([1, [2], [2], { a: 1 }, Number.NaN, undefined], 2);
  assert.equal(await inOrder(left.intersection(right)), ['1', '[2]', 'null', '{"a":1}']);
  assert.equal(await left.intersection(sc.emptyRDD()).collect(), []);
  assert.is(left.intersection(right).numPartitions, 3);
  assert.is(left.intersection(right, 5).numPartitions, 5);
});

test('subtract: duplicates of the left stay', async () => {
  const left = sc.parallelize([1, 1, 2, 3], 3);
  assert.equal(await inOrder(left.subtract(sc.parallelize([2, 2], 1))), ['1', '1', '3']);
  assert.equal(await inOrder(left.subtract(left)), []);
  assert.equal(await inOrder(left.subtract(sc.emptyRDD())), ['1', '1', '2', '3']);
  const [wide, none] = [sc.range(0, 40, 1, 8), sc.emptyRDD<number>()];
  assert.equal(
    [left.subtract(wide), wide.subtract(left), left.subtract(wide, 5)].map((rdd) => rdd.numPartitions),
    [3, 8, 5],
  );
  const keyed = (rdd: RDD<number>) => rdd.keyBy((x) => x);
  const rest = [keyed(left).subtractByKey(keyed(wide)), keyed(wide).subtractByKey(keyed(left).partitionBy(20))];
  assert.equal(
    rest.map((rdd) => rdd.numPartitions),
    [3, 8],
  );
  assert.equal(await none.subtract(left).collect(), []);
});

test('sets of pairs compare whole pairs, whatever their keys are partitioned by', async () => {
  const left = pairs<string, number>([
    ['a', 1],
    ['a', 2],
  ]).partitionBy(3);
  const right = pairs<string, number>([['a', 2]]).partitionBy(3);
  assert.equal(await left.subtract(right).collect(), [['a', 1]]);
  assert.equal(await left.intersection(right).collect(), [['a', 2]]);
});

test('subtractByKey', async () => {
  const left = pairs<string, number>([
    ['a', 1],
    ['b', 2],
    ['a', 3],
    ['c', 4],
  ]);
  const right = pairs<string, boolean>([
    ['a', true],
    ['a', false],
    ['x', true],
  ]);
  assert.equal(await inOrder(left.subtractByKey(right)), ['["b",2]', '["c",4]']);
  const spread = left.partitionBy(4);
  const rest = spread.subtractByKey(right.partitionBy(4));
  assert.ok(rest.partitioner?.equals(new HashPartitioner(4)));
  assert.is(rest.toDebugString().match(/\+-/g)?.length, 2, 'only the two partitionBy shuffle');
  assert.equal(await inOrder(rest), ['["b",2]', '["c",4]']);
});

test('cartesian: the order of the left, then of the right; also with itself and over many rows', async () => {
  const left = sc.parallelize([1, 2, 3], 2);
  const right = sc.parallelize(['a', 'b'], 2);
  assert.equal(await left.cartesian(right).glom().collect(), [
    [[1, 'a']],
    [[1, 'b']],
    [
      [2, 'a'],
      [3, 'a'],
    ],
    [
      [2, 'b'],
      [3, 'b'],
    ],
  ]);
  assert.is(await left.cartesian(sc.emptyRDD()).count(), 0);
  const many = sc.range(0, 3000, 1, 2).cache();
  assert.is(await many.cartesian(many).count(), 9_000_000);
  assert.is(await many.cartesian(sc.parallelize([1], 1)).count(), 3000);
  assert.equal((await many.cartesian(many).take(2))[1], [0, 1]);
  await errorOf('BAD_ARGUMENT', () => left.cartesian(5 as never));
  const wide = sc.range(0, 10, 1, 2000);
  await errorOf('BAD_ARGUMENT', () => wide.cartesian(wide).count());
});

test('zip', async () => {
  const left = sc.range(0, 3000, 1, 3);
  const zipped = left.zip(left.map((x) => `${x}`));
  assert.is(await zipped.filter(([a, b]) => `${a}` !== b).count(), 0);
  assert.equal(await zipped.take(2), [
    [0, '0'],
    [1, '1'],
  ]);
});

test('zip of unequal sizes: the partition and both sizes', async () => {
  const left = sc.parallelize([1, 2, 3, 4, 5, 6], 2);
  for (const [kept, sizes] of [
    [5, '3 elements on the left and 2 on the right'],
    [4, '3 elements on the left and 1 on the right'],
  ] as const) {
    const right = left.filter((x) => x <= kept);
    const error = await errorOf('UNEQUAL_ZIP', () => left.zip(right).collect());
    assert.match(error.message, `partition 1 has ${sizes}`);
    const turned = await errorOf('UNEQUAL_ZIP', () => right.zip(left).collect());
    assert.match(turned.message, `partition 1 has ${6 - 3 - (6 - kept)} elements on the left and 3 on the right`);
  }
  const error = await errorOf('BAD_ARGUMENT', () => left.zip(sc.parallelize([1], 3)));
  assert.match(error.message, /partitions of the other dataset is 3, but must be 2/);
  await errorOf('BAD_ARGUMENT', () => left.zip('x' as never));
});

test('zipPartitions of two to four', async () => {
  const a = sc.range(0, 4, 1, 2);
  const joined = (...sides: Iterable<number>[]) => [sides.map((side) => [...side].join('')).join('|')];
  assert.equal(await a.zipPartitions(a, joined).collect(), ['01|01', '23|23']);
  assert.equal(await a.zipPartitions(a, a, joined).collect(), ['01|01|01', '23|23|23']);
  assert.equal(
    await a
      .zipPartitions(
        a,
        a.map((x) => -x),
        a,
        joined,
      )
      .collect(),
    ['01|01|0-1|01', '23|23|-2-3|23'],
  );
  const firsts = a.zipPartitions(a, (x, y) => [[x.next().value as number, y.next().value as number]]);
  assert.equal(await firsts.collect(), [
    [0, 0],
    [2, 2],
  ]);
  await errorOf('BAD_ARGUMENT', () => a.zipPartitions(sc.range(0, 3, 1, 3), joined));
  await errorOf('BAD_ARGUMENT', () => a.zipPartitions(a, undefined as never));
  await errorOf('BAD_ARGUMENT', () => (a as any).zipPartitions(joined));
  await errorOf('BAD_ARGUMENT', () => (a as any).zipPartitions(a, a, a, a, joined));
  await errorOf('NOT_ITERABLE', () => a.zipPartitions(a, () => 5 as never).collect());
});

test('zipPartitions keeps the partitioner on request', () => {
  const a = pairs<number, number>([[1, 1]]).partitionBy(2);
  assert.is(a.zipPartitions(a, (x) => x).partitioner, undefined);
  assert.ok(a.zipPartitions(a, (x) => x, true).partitioner?.equals(new HashPartitioner(2)));
});

test('zipWithUniqueId', async () => {
  const ids = await sc.parallelize(['a', 'b', 'c', 'd', 'e'], 3).zipWithUniqueId().collect();
  assert.equal(ids, [
    ['a', 0],
    ['b', 1],
    ['c', 4],
    ['d', 2],
    ['e', 5],
  ]);
});

test('a union of datasets partitioned alike stays so', async () => {
  const a = pairs<number, string>([
    [1, 'a'],
    [2, 'b'],
  ]).partitionBy(3);
  const b = pairs<number, string>([[1, 'c']]).partitionBy(3);
  const both = a.union(b);
  assert.is(both.numPartitions, 3);
  assert.ok(both.partitioner?.equals(new HashPartitioner(3)));
  assert.equal(await inOrder(both.groupByKey().mapValues((v) => v.join(''))), ['[1,"ac"]', '[2,"b"]']);
  assert.is(both.groupByKey().toDebugString().match(/\+-/g)?.length, 2);
  assert.is(a.union(b.partitionBy(4)).numPartitions, 7);
  assert.is(sc.union(a, b, a).numPartitions, 3);
  assert.is(await sc.union(a, b, a).count(), 5);
});

test('cogroup and groupWith of two to four', async () => {
  const a = pairs<string, number>([
    ['x', 1],
    ['y', 2],
  ]);
  const b = pairs<string, string>([['x', 'b']]);
  const c = pairs<string, boolean>([['z', true]]);
  assert.equal(await inOrder(a.groupWith(b, c)), ['["x",[[1],["b"],[]]]', '["y",[[2],[],[]]]', '["z",[[],[],[true]]]']);
  assert.equal(await inOrder(a.cogroup(b, c, a, 3)), [
    '["x",[[1],["b"],[],[1]]]',
    '["y",[[2],[],[],[2]]]',
    '["z",[[],[],[true],[]]]',
  ]);
  assert.is(a.cogroup(b, c, 5).numPartitions, 5);
  assert.is(a.cogroup(b, undefined).numPartitions, 2);
  assert.equal(await inOrder(a.groupWith(b)), ['["x",[[1],["b"]]]', '["y",[[2],[]]]']);
  await errorOf('BAD_ARGUMENT', () => (a as any).groupWith());
  await errorOf('BAD_ARGUMENT', () => (a as any).groupWith(a, a, a, a));
  await errorOf('BAD_ARGUMENT', () => (a as any).groupWith(a, 'x'));
});

test.after(() => sc.stop());

test.run();
