// The judge judged: the naive model gives what Spark gives, on examples worked out by hand.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as model from './model';

const { Model } = model;
const numbers = Model.parallelize([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 3);
const left = Model.parallelize<[string, number]>(
  [
    ['a', 1],
    ['b', 2],
    ['a', 3],
  ],
  2,
);
const right = Model.parallelize<[string, string]>(
  [
    ['a', 'x'],
    ['c', 'y'],
  ],
  2,
);

test('slices: 1..10 in 3 are 3, 3 and 4', () => {
  assert.equal(numbers.partitions, [
    [1, 2, 3],
    [4, 5, 6],
    [7, 8, 9, 10],
  ]);
  assert.equal(Model.parallelize([1], 3).partitions, [[], [], [1]]);
  assert.equal(Model.range(0, 10, 3, 2).collect(), [0, 3, 6, 9]);
});

test('elements that are arrays stay whole', () => {
  assert.equal(
    Model.parallelize([[1], [2, 3]], 2)
      .map((x) => x)
      .collect(),
    [[1], [2, 3]],
  );
  assert.equal(left.coalesce(1).partitions, [
    [
      ['a', 1],
      ['b', 2],
      ['a', 3],
    ],
  ]);
  assert.equal(numbers.flatMap((x) => (x < 3 ? [[x], [x]] : [])).collect(), [[1], [1], [2], [2]]);
});

test('the zero takes part in every partition and in the merge', () => {
  assert.is(
    numbers.fold(1, (a, b) => a + b),
    55 + 4,
  );
  assert.is(
    numbers.aggregate(
      '',
      (sum, value) => sum + value,
      (a, b) => `${a}|${b}`,
    ),
    '|123|456|78910',
  );
});

test('keys are equal by value', () => {
  const pairs = Model.parallelize<[unknown, number]>(
    [
      [Number.NaN, 1],
      [0, 2],
      [Number.NaN, 3],
      [-0, 4],
      [{ a: 1, b: 2 }, 5],
      [{ b: 2, a: 1 }, 6],
      ['0', 7],
    ],
    2,
  );
  assert.equal(
    model
      .reduceByKey(pairs, (a, b) => a + b)
      .collect()
      .map(([, sum]) => sum),
    [4, 6, 11, 7],
  );
});

test('joins: inner, left, right, full', () => {
  assert.equal(
    model.unordered(model.join(left, right).collect()),
    model.unordered([
      ['a', [1, 'x']],
      ['a', [3, 'x']],
    ]),
  );
  assert.is(model.leftOuterJoin(left, right).count(), 3);
  assert.equal(model.lookup(model.rightOuterJoin(left, right), 'c'), [[undefined, 'y']]);
  assert.is(model.fullOuterJoin(left, right).count(), 4);
});

test('groups: cogroup has both sides, order inside a group does not matter', () => {
  assert.equal(
    model.unorderedCogroups(model.cogroup(left, right).collect()),
    model.unorderedCogroups([
      ['c', [[], ['y']]],
      ['b', [[2], []]],
      ['a', [[3, 1], ['x']]],
    ]),
  );
  assert.equal(
    model.unorderedGroups(model.groupByKey(left).collect()),
    model.unorderedGroups([
      ['b', [2]],
      ['a', [3, 1]],
    ]),
  );
  assert.not.equal(model.unorderedGroups([['a', [1, 1]]]), model.unorderedGroups([['a', [1]]]));
});

test('by key: values, aggregates, counts, maps', () => {
  assert.equal(model.mapValues(left, (v) => v * 10).collect(), [
    ['a', 10],
    ['b', 20],
    ['a', 30],
  ]);
  assert.equal(
    model
      .aggregateByKey(
        left,
        0,
        (sum, v) => sum + v,
        (a, b) => a + b,
      )
      .collect(),
    [
      ['a', 4],
      ['b', 2],
    ],
  );
  assert.equal(model.countByKey(left), [
    ['a', 2],
    ['b', 1],
  ]);
  assert.equal(model.collectAsMap(left), [
    ['a', 3],
    ['b', 2],
  ]);
  assert.equal(model.keys(left).distinct().collect(), ['a', 'b']);
  assert.equal(model.values(left).collect(), [1, 2, 3]);
});

test('sorting is by value, numbers as numbers, and stable', () => {
  assert.equal(
    Model.parallelize([10, 9, 1, Number.NaN, -1], 2)
      .sortBy((x) => x)
      .collect(),
    [-1, 1, 9, 10, Number.NaN],
  );
  assert.equal(model.sortByKey(left, false).collect(), [
    ['b', 2],
    ['a', 1],
    ['a', 3],
  ]);
  assert.equal(numbers.top(2), [10, 9]);
  assert.equal(numbers.takeOrdered(2), [1, 2]);
  assert.equal(numbers.zipWithIndex().take(4).at(-1), [4, 3]);
});

test.run();
