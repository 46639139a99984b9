// Operators on pairs: keys by value, partitioners kept and dropped, joins with and without a shuffle.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { type Context, HashPartitioner, RangePartitioner, type RDD } from '../../../runtime/index';
import { errorOf } from '../../helpers/errors';
import { masterOf } from '../../helpers/master';
import { unordered, unorderedGroups } from '../../helpers/model';

const test = suite('pairs');
let sc: Context;

test.before(async () => {
  sc = await connect(masterOf('local'));
});

const pairs = <K, V>(rows: [K, V][], n = 3): RDD<[K, V]> => sc.parallelize(rows, n);
const sameRows = async (rdd: RDD<unknown>, expected: unknown[]) =>
  assert.equal(unordered(await rdd.collect()), unordered(expected));
/** Shuffles in the lineage: what a job has to move. */
const shuffles = (rdd: RDD<unknown>) => rdd.toDebugString().split('+-').length - 1;

const hostileKeys: [unknown, number][] = [
  ['constructor', 1],
  ['__proto__', 1],
  ['', 1],
  [Number.NaN, 1],
  [Number.NaN, 1],
  [0, 1],
  [-0, 1],
  [1, 1],
  ['1', 1],
  [1n, 1],
  [true, 1],
  [null, 1],
  [undefined, 1],
  [[1, ['a', null]], 1],
  [[1, ['a', null]], 1],
  [{ a: 1, b: 2 }, 1],
  [{ b: 2, a: 1 }, 1],
  [new Date(5), 1],
  [new Date(5), 1],
  ['\ud800', 1],
];
const hostileCounts = [
  ['constructor', 1],
  ['__proto__', 1],
  ['', 1],
  [Number.NaN, 2],
  [0, 2],
  [1, 1],
  ['1', 1],
  [1n, 1],
  [true, 1],
  [null, 1],
  [undefined, 1],
  [[1, ['a', null]], 2],
  [{ a: 1, b: 2 }, 2],
  [new Date(5), 2],
  ['\ud800', 1],
];

test('reduceByKey: keys compare by value, whatever they are', async () => {
  for (const n of [1, 4, 30]) {
    await sameRows(
      pairs(hostileKeys, n).reduceByKey((a, b) => a + b, n),
      hostileCounts,
    );
  }
  assert.is(pairs(hostileKeys, 4).reduceByKey((a) => a).numPartitions, 4);
});

test('groupByKey keeps the values of a key in order', async () => {
  const rows: [string, number][] = [
    ['a', 1],
    ['b', 2],
    ['a', 3],
    ['a', 4],
  ];
  for (const n of [1, 2, 9])
    assert.equal(
      new Map(await pairs(rows, n).groupByKey(2).collect()),
      new Map([
        ['a', [1, 3, 4]],
        ['b', [2]],
      ]),
    );
  assert.equal(unorderedGroups(await pairs(hostileKeys).groupByKey().collect()).length, hostileCounts.length);
});

test('aggregateByKey, combineByKey, foldByKey', async () => {
  const rows = pairs<string, number>(
    [
      ['a', 1],
      ['a', 2],
      ['b', 3],
    ],
    2,
  );
  const zero: number[] = [];
  const lists = rows.aggregateByKey(
    zero,
    (all, x) => {
      all.push(x);
      return all;
    },
    (a, b) => a.concat(b),
  );
  await sameRows(lists, [
    ['a', [1, 2]],
    ['b', [3]],
  ]);
  assert.equal(zero, []);
  await sameRows(
    rows.combineByKey(
      (x) => [x, 1],
      ([sum, n], x) => [sum + x, n + 1],
      ([s, n], [t, m]) => [s + t, n + m],
    ),
    [
      ['a', [3, 2]],
      ['b', [3, 1]],
    ],
  );
  await sameRows(
    pairs<string, number>(
      [
        ['a', 1],
        ['a', 2],
      ],
      2,
    ).foldByKey(10, (a, b) => a + b, 1),
    [['a', 23]],
  );
});

test('mapValues, flatMapValues, keys, values', async () => {
  const rows = pairs<string, number>([
    ['a', 1],
    ['b', 2],
  ]);
  assert.equal(await rows.mapValues((x) => x * 2).collect(), [
    ['a', 2],
    ['b', 4],
  ]);
  assert.equal(await rows.flatMapValues((x) => new Array(x).fill(0)).collect(), [
    ['a', 0],
    ['b', 0],
    ['b', 0],
  ]);
  assert.equal(await rows.keys().collect(), ['a', 'b']);
  assert.equal(await rows.values().collect(), [1, 2]);
});

test('join and the three outer joins', async () => {
  const left = pairs<number, string>([
    [1, 'a'],
    [1, 'b'],
    [2, 'c'],
  ]);
  const right = pairs<number, boolean>(
    [
      [1, true],
      [3, false],
      [1, false],
    ],
    2,
  );
  const both = [
    [1, ['a', true]],
    [1, ['a', false]],
    [1, ['b', true]],
    [1, ['b', false]],
  ];
  await sameRows(left.join(right), both);
  await sameRows(left.leftOuterJoin(right), [...both, [2, ['c', undefined]]]);
  await sameRows(left.rightOuterJoin(right), [...both, [3, [undefined, false]]]);
  await sameRows(left.fullOuterJoin(right, 5), [...both, [2, ['c', undefined]], [3, [undefined, false]]]);
  await sameRows(left.join(pairs<number, number>([])), []);
  await sameRows(sc.emptyRDD<[number, string]>().fullOuterJoin(pairs<number, number>([[1, 1]])), [[1, [undefined, 1]]]);
  await sameRows(
    left.cogroup(right).mapValues(([a, b]) => [a.length, b.length]),
    [
      [1, [2, 2]],
      [2, [1, 0]],
      [3, [0, 1]],
    ],
  );
});

test('a value that is undefined still joins', async () => {
  await sameRows(pairs<string, undefined>([['a', undefined]]).join(pairs<string, null>([['a', null]])), [
    ['a', [undefined, null]],
  ]);
});

test('a join with itself and with its own descendants', async () => {
  const rows = pairs<number, number>([
    [1, 1],
    [2, 2],
  ]);
  await sameRows(rows.join(rows), [
    [1, [1, 1]],
    [2, [2, 2]],
  ]);
  const doubled = rows.mapValues((x) => x * 2);
  await sameRows(rows.join(doubled).join(rows), [
    [1, [[1, 2], 1]],
    [2, [[2, 4], 2]],
  ]);
});

test('map drops the partitioner; mapValues, flatMapValues, filter and sample keep it', () => {
  const spread = pairs<string, number>([['a', 1]]).partitionBy(new HashPartitioner(4));
  assert.is(spread.map((x) => x).partitioner, undefined);
  assert.is(spread.flatMap((x) => [x]).partitioner, undefined);
  assert.is(spread.mapPartitions((x) => x).partitioner, undefined);
  assert.is(spread.keyBy((x) => x).partitioner, undefined);
  assert.is(spread.union(spread.partitionBy(3)).partitioner, undefined);
  for (const kept of [
    spread.mapValues((x) => x),
    spread.flatMapValues((x) => [x]),
    spread.filter(() => true),
    spread.sample(false, 0.5),
    spread.mapPartitions((x) => x, true),
    spread.join(spread),
    spread.cogroup(spread),
    spread.reduceByKey((a) => a),
  ]) {
    assert.ok(kept.partitioner?.equals(new HashPartitioner(4)), kept.toString());
  }
});

test('datasets hashed alike join without a shuffle', async () => {
  const rows: [number, number][] = Array.from({ length: 50 }, (_, i) => [i % 10, i]);
  const a = pairs(rows).partitionBy(4);
  const b = pairs(rows)
    .partitionBy(new HashPartitioner(4))
    .mapValues((x) => -x);
  const joined = a.join(b);
  assert.is(shuffles(joined), 2);
  assert.is(shuffles(a.join(b, 5)), 4);
  assert.is(shuffles(a.reduceByKey((x) => x).groupByKey()), 1);
  assert.is(a.partitionBy(4), a);
  assert.is(await joined.count(), 250);
  assert.equal(
    unordered(await joined.collect()),
    unordered(
      await pairs(rows)
        .join(pairs(rows).mapValues((x) => -x))
        .collect(),
    ),
  );
});

test('the map side need not have the shuffle again for a second action', async () => {
  const runs = sc.longAccumulator();
  const counted = sc
    .range(0, 10, 1, 2)
    .map((x) => {
      runs.add(1);
      return [x % 2, x] as [number, number];
    })
    .reduceByKey((a, b) => a + b);
  await counted.count();
  await counted.collect();
  assert.is(runs.value, 10);
});

test('partitionBy puts keys where the partitioner says', async () => {
  const partitioner = new HashPartitioner(3);
  const placed = await pairs(hostileKeys).partitionBy(partitioner).glom().collect();
  for (const [i, rows] of placed.entries()) for (const [key] of rows) assert.is(partitioner.getPartition(key), i);
  const counted = await pairs(hostileKeys)
    .reduceByKey((a) => a, 3)
    .glom()
    .collect();
  for (const [i, rows] of counted.entries()) for (const [key] of rows) assert.is(partitioner.getPartition(key), i);
  const ranges = new RangePartitioner([10, 20]);
  const numbers = pairs<number, string>([
    [25, 'c'],
    [10, 'a'],
    [11, 'b'],
  ]).partitionBy(ranges);
  assert.equal(await numbers.keys().glom().collect(), [[10], [11], [25]]);
});

test('sortByKey is range partitioned, and others can be partitioned like it before it was ever run', async () => {
  const sorted = pairs<number, number>([
    [3, 0],
    [1, 0],
    [2, 0],
  ]).sortByKey();
  const other = pairs<number, string>([[2, 'x']]).partitionBy(sorted.partitioner!);
  assert.equal(await other.collect(), [[2, 'x']]);
  assert.equal(await sorted.keys().collect(), [1, 2, 3]);
  assert.equal(await sorted.sortByKey(false).keys().collect(), [3, 2, 1]);
});

test('a sorted dataset joins with one whose keys are of another kind', async () => {
  const sorted = pairs<unknown, number>([
    [2, 0],
    [1, 0],
  ]).sortByKey(true, 4);
  await sameRows(
    sorted.join(
      pairs<unknown, number>([
        ['a', 1],
        [2, 5],
      ]),
    ),
    [[2, [0, 5]]],
  );
});

test('countByKey, collectAsMap, lookup: keys by value', async () => {
  const rows = pairs<unknown, number>([
    [[1], 1],
    [[1], 2],
    ['a', 3],
  ]);
  assert.equal(
    [...(await rows.countByKey())],
    [
      [[1], 2],
      ['a', 1],
    ],
  );
  assert.equal(
    [...(await rows.collectAsMap())],
    [
      [[1], 2],
      ['a', 3],
    ],
  );
  assert.equal(await rows.lookup([1]), [1, 2]);
  assert.equal(await rows.lookup('b'), []);
  assert.equal(await rows.partitionBy(5).lookup([1]), [1, 2]);
  assert.equal(
    await pairs<number, string>([
      [2, 'b'],
      [1, 'a'],
    ])
      .sortByKey()
      .lookup(1),
    ['a'],
  );
});

test('lookup takes a key that looks like a reference to a function', async () => {
  const key = { kind: 'closure', index: 0, name: 'x' };
  assert.equal(await pairs<unknown, number>([[key, 1]]).lookup({ ...key }), [1]);
});

test('lookup reads one partition where the partitioner is known', async () => {
  const runs = sc.longAccumulator();
  const rows = pairs<number, number>([
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 4],
  ])
    .partitionBy(4)
    .mapValues((x) => {
      runs.add(1);
      return x;
    });
  const [held] = (await rows.glom().collect()).filter((part) => part.some(([k]) => k === 3));
  const before = runs.value;
  assert.equal(await rows.lookup(3), [3]);
  assert.is(runs.value - before, held.length);
});

test('partitioners that cannot be are refused', async () => {
  await errorOf('BAD_ARGUMENT', () => pairs([[1, 1]]).partitionBy({ numPartitions: 2 } as never));
  await errorOf('BAD_OPTION', () => new RangePartitioner([2, 1]));
  await errorOf('BAD_OPTION', () => new RangePartitioner([1, 2], true, 2));
  await errorOf('BAD_OPTION', () => new HashPartitioner(0));
});

test('lineage as text', () => {
  const text = pairs<string, number>([['a', 1]], 2)
    .reduceByKey((a, b) => a + b)
    .setName('counts')
    .toDebugString();
  assert.match(text, /^\(2\) counts \(reduceByKey\)\[\d+\] hash\(2\)\n \+-\(2\) parallelize\[\d+\]$/);
});

test.after(() => sc.stop());

test.run();
