// What MapReduce, iterations and queries promise beyond their results: what moves, what is frozen, and what is refused.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import type { Context, RDD } from '../../../runtime/index';
import { Counters, from, iterate, mapReduce, OrderedQuery, Query } from '../../../runtime/models';
import { errorOf } from '../../helpers/errors';
import { masterOf } from '../../helpers/master';

const test = suite('models');
let sc: Context;

test.before(async () => {
  sc = await connect(masterOf('local'));
});

test.after(() => sc.stop());

type Pairs = [number, number][];
const pairs = (rows: Pairs, partitions = 2) => sc.parallelize(rows, partitions);
// ---- MapReduce

test('a combiner is run before the shuffle, and a partitioner chooses the reducer', async () => {
  const merged = new Counters(sc);
  const tally = merged.accumulator;
  const output = mapReduce(
    pairs(
      [
        [1, 1],
        [1, 2],
        [2, 5],
        [1, 3],
      ],
      1,
    ),
    {
      map: (key, value) => [[key, value]],
      combine(a: number, b: number) {
        tally.add([['combined', 1]]);
        return a + b;
      },
      reduce: (key, values) => [[key, [...values]] as [number, number[]]],
      numReducers: 3,
      partition: (key, n) => (key === 1 ? n - 1 : 0),
    },
  );
  assert.equal(await output.glom().collect(), [[[2, [5]]], [], [[1, [6]]]]);
  assert.is(merged.get('combined'), 2);
});

test('values that a reducer does not read are passed over, and keys compare by value', async () => {
  const input = sc.parallelize(
    [
      ['a', 1],
      ['b', 2],
      ['a', 3],
      ['b', 4],
    ] as [string, number][],
    2,
  );
  const first = mapReduce(input, {
    map: (key, value) => [[{ key: [key] }.key, value] as [string[], number]],
    reduce(key, values, emit: (key: string, value: number) => void) {
      for (const value of values) {
        emit(key[0], value);
        break;
      }
    },
    orderValuesBy: (value) => -value,
    numReducers: 1,
  });
  assert.equal(await first.collect(), [
    ['a', 3],
    ['b', 4],
  ]);
});

test('a job without reducers keeps partitions and order', async () => {
  const mapped = mapReduce(
    pairs(
      [
        [1, 1],
        [2, 2],
      ],
      2,
    ),
    { map: (key, value, emit: (k: number, v: number) => void) => emit(value, key) },
  );
  assert.equal(await mapped.glom().collect(), [[[1, 1]], [[2, 2]]]);
});

test('what mapReduce refuses', async () => {
  const job = { map: (key: number, value: number) => [[key, value] as [number, number]], reduce: () => [] as [number, number][] };
  const bad = (more: object) => errorOf('BAD_ARGUMENT', () => mapReduce(pairs([]), { ...job, ...more } as never));
  assert.match((await bad({ numReducers: 0 })).message, /numReducers/);
  for (const more of [
    { numReducers: -1 },
    { map: undefined },
    { reduce: 'sum' },
    { partition: 3 },
    { counters: {} },
    { combine: (a: number) => a, orderValuesBy: (a: number) => a },
  ])
    await bad(more);
  await errorOf('BAD_ARGUMENT', () => mapReduce([] as never, job));
  await errorOf('BAD_ARGUMENT', () => mapReduce(pairs([]), null as never));
  const astray = mapReduce(pairs([[1, 1]]), { ...job, partition: () => 9 });
  await errorOf('BAD_PARTITION', () => astray.collect());
  const mixed = mapReduce(pairs([[1, 1]], 1), {
    ...job,
    map: () =>
      [
        [1, 1],
        ['a', 1],
      ] as never,
  });
  await errorOf('NOT_COMPARABLE', () => mixed.collect());
});

// ---- iteration

test('state and invariant lie alike, so that a body that joins them shuffles neither', async () => {
  const table = pairs([
    [1, 10],
    [2, 20],
  ]);
  const seen: boolean[] = [];
  const { state, iterations, converged, distance } = await iterate(
    pairs(
      [
        [1, 0],
        [2, 0],
      ],
      3,
    ),
    {
      invariant: table,
      body(current, invariant) {
        const joined = current.join(invariant);
        seen.push(joined.dependencies.every(({ kind }) => kind === 'narrow'));
        return joined.mapValues(([value, step]) => Math.min(40, value + step));
      },
      distance: (before, after) => Math.abs(before! - after!),
    },
  );
  assert.equal(seen, [true, true, true, true, true]);
  assert.equal((await state.collect()).sort(), [
    [1, 40],
    [2, 40],
  ]);
  assert.equal([iterations, converged, distance], [5, true, 0]);
});

test('a loop ends by a predicate or after so many rounds, and leaves the datasets of the user as they were', async () => {
  const initial = pairs([[1, 1]])
    .partitionBy(2)
    .cache();
  const double = { body: (state: RDD<[number, number]>) => state.mapValues((x) => x * 2) };
  const until = await iterate(initial, { ...double, until: async (state) => (await state.lookup(1))[0] > 50 });
  assert.equal([await until.state.collect(), until.iterations, until.converged], [[[1, 64]], 6, true]);
  const bounded = await iterate(initial, { ...double, maxIterations: 25 });
  assert.equal([await bounded.state.collect(), bounded.iterations, bounded.converged], [[[1, 2 ** 25]], 25, false]);
  assert.ok(bounded.state.toDebugString().split('\n').length < 40);
  const same = await iterate(initial, { body: (state) => state, maxIterations: 3 });
  assert.equal(await same.state.collect(), [[1, 1]]);
  assert.ok(initial.storageLevel.isKept);
});

test('what iterate refuses', async () => {
  const initial = pairs([[1, 1]]);
  const bad = (options: object) => errorOf('BAD_ARGUMENT', () => iterate(initial, options as never));
  const body = (state: unknown) => state;
  assert.match((await bad({ body })).remedy, /distance, until or maxIterations/);
  for (const options of [
    { maxIterations: 1 },
    { body, maxIterations: -1 },
    { body, distance: 1 },
    { body, until: 1 },
    { body, maxIterations: 1, threshold: -1 },
    { body, maxIterations: 1, threshold: Number.NaN },
    { body, maxIterations: 1, numPartitions: 0 },
    { body, maxIterations: 1, invariant: [] },
    { body, distance: () => Number.NaN },
    { body: () => 5, maxIterations: 1 },
  ])
    await bad(options);
  await errorOf('NO_CHECKPOINT_DIR', () => iterate(initial, { body, maxIterations: 1, checkpointEvery: 2 } as never));
  await errorOf('BAD_ARGUMENT', () => iterate(null as never, { body, maxIterations: 1 } as never));
  await errorOf('BAD_ARGUMENT', () => iterate(initial, undefined as never));
});

// ---- queries

test('a query is frozen where it is written, and runs nothing until it is asked', async () => {
  let least = 3;
  let sign = 1;
  const jobs = sc.jobs().length;
  const query = from(sc.range(6))
    .where((n) => n >= least)
    .orderBy((n) => n * sign);
  const then = query.thenBy((n) => n);
  least = 0;
  sign = -1;
  assert.is(sc.jobs().length, jobs);
  assert.equal(await then.toArray(), [3, 4, 5]);
  assert.ok(then instanceof OrderedQuery && then instanceof Query);
});

test('answers of a query', async () => {
  const query = from(sc.parallelize([3, 1, 2], 2));
  assert.equal(await query.first(), 3);
  assert.is(await query.first((n) => n < 3), 1);
  assert.is(await query.firstOrDefault((n) => n > 9), undefined);
  assert.is(await query.single((n) => n > 2), 3);
  assert.is(await query.singleOrDefault((n) => n > 9), undefined);
  assert.is(await query.average(), 2);
  assert.is(await query.average((n) => n * 2), 4);
  assert.is(await query.min(), 1);
  assert.is(await query.max((n) => -n), -1);
  assert.equal(
    await query
      .selectMany(
        (n) => [n, n + 10],
        (n, item) => n * 100 + item,
      )
      .take(3)
      .toArray(),
    [303, 313, 101],
  );
  assert.equal(
    await query
      .groupBy(
        (n) => n % 2,
        (n) => n * 10,
      )
      .orderBy((g) => g.key)
      .toArray(),
    [
      { key: 0, values: [20] },
      { key: 1, values: [30, 10] },
    ],
  );
  assert.equal(
    await query
      .concat(query)
      .orderByDescending((n) => n)
      .skip(4)
      .toArray(),
    [1, 1],
  );
});

test('several keys of an order, in both directions, and stably', async () => {
  const rows = Array.from({ length: 60 }, (_, i) => ({ a: (i * 7) % 3, b: (i * 5) % 4, c: (i * 11) % 2, i }));
  const query = from(sc.parallelize(rows, 4));
  const mixed = query
    .orderBy((row) => row.a)
    .thenByDescending((row) => row.b)
    .thenBy((row) => row.c);
  assert.equal(
    await mixed.toArray(),
    [...rows].sort((x, y) => x.a - y.a || y.b - x.b || x.c - y.c || x.i - y.i),
  );
  const falling = query.orderByDescending((row) => row.c).thenByDescending((row) => row.a);
  assert.equal(
    await falling.toArray(),
    [...rows].sort((x, y) => y.c - x.c || y.a - x.a || x.i - y.i),
  );
});

test('what queries refuse', async () => {
  const query = from(sc.parallelize([3, 1, 2], 2));
  const error = await errorOf('NOT_SINGLE', () => query.single());
  assert.match(error.message, /single found more than one element: 3, 1/);
  await errorOf('NOT_SINGLE', () => query.singleOrDefault());
  for (const answer of ['first', 'single', 'average', 'min', 'max'] as const)
    await errorOf('EMPTY_DATASET', () => query.where(() => false)[answer]());
  await errorOf('BAD_ARGUMENT', () => from([1] as never));
  await errorOf('BAD_ARGUMENT', () => query.take(-1));
  await errorOf('BAD_ARGUMENT', () => query.skip(0.5));
  await errorOf('BAD_ARGUMENT', () => query.union([1] as never));
  await errorOf('BAD_ARGUMENT', () => query.where(5 as never));
});

test.run();
