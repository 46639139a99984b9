// What the models promise beyond their results: what moves, what is kept, when vertices wake, and what is refused.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../cluster/connect';
import { type Context, HashPartitioner, type RDD } from '../../runtime/index';
import { Counters, from, iterate, mapReduce, OrderedQuery, type PregelOptions, pregel, Query } from '../../runtime/models';
import { errorOf } from '../helpers/errors';

const test = suite('models');
let sc: Context;

test.before(async () => {
  sc = await connect('local');
});

test.after(() => sc.stop());

type Pairs = [number, number][];
const pairs = (rows: Pairs, partitions = 2) => sc.parallelize(rows, partitions);
const ring = (n: number) => ({
  vertices: pairs(Array.from({ length: n }, (_, i) => [i, i])),
  edges: pairs(Array.from({ length: n }, (_, i) => [i, (i + 1) % n])),
});
const lineOf = (n: number) => ({
  vertices: pairs(Array.from({ length: n }, (_, i) => [i, 0])),
  edges: pairs(Array.from({ length: n - 1 }, (_, i) => [i, i + 1])),
});

/** A message goes along the line, one vertex a superstep. */
const passOn: PregelOptions<number, number, number, undefined, Record<string, never>> = {
  compute(vertex, messages) {
    if (messages.length > 0 || (vertex.superstep === 0 && vertex.id === 0)) {
      vertex.value = vertex.superstep;
      vertex.sendToAll(1);
    }
    vertex.voteToHalt();
  },
};

// ---- Pregel

test('vertices that halted sleep until a message wakes them', async () => {
  const ran = new Counters(sc);
  const tally = ran.accumulator;
  const { vertices, edges } = lineOf(5);
  const { compute } = passOn;
  const result = await pregel(vertices, edges, {
    compute(vertex, messages: readonly number[]) {
      tally.add([[String(vertex.superstep), 1]]);
      compute(vertex, messages);
    },
  });
  assert.equal(
    (await result.vertices.collect()).sort(),
    [0, 1, 2, 3, 4].map((i) => [i, i]),
  );
  assert.is(result.supersteps, 5);
  assert.ok(result.halted);
  assert.equal([...ran.value].sort(), [
    ['0', 5],
    ['1', 1],
    ['2', 1],
    ['3', 1],
    ['4', 1],
  ]);
});

test('a superstep shuffles its messages and nothing else', async () => {
  const { vertices, edges } = ring(6);
  const result = await pregel(vertices, edges, {
    compute: (vertex, messages: readonly number[]) => {
      vertex.value += messages.length;
      vertex.sendToAll(1);
    },
    combine: (a, b) => a + b,
    maxSupersteps: 2,
  });
  assert.not.ok(result.halted);
  assert.ok(result.vertices.partitioner?.equals(new HashPartitioner(2)));
  const parents = (rdd: RDD<unknown>) => rdd.dependencies.map(({ rdd }) => rdd as RDD<unknown>);
  const meetingOf = (state: RDD<unknown>) => parents(state)[0];
  const last = meetingOf(parents(result.vertices)[0]);
  assert.equal(
    last.dependencies.map(({ kind }) => kind),
    ['narrow', 'narrow', 'narrow'],
  );
  const [before, adjacency, inboxes] = parents(last);
  assert.is(parents(meetingOf(before))[1], adjacency, 'the edges of both supersteps are one dataset');
  const [combined] = parents(inboxes);
  assert.equal(
    combined.dependencies.map(({ kind, rdd }) => [kind, rdd.operation, rdd.dependencies[0].rdd === before]),
    [['shuffle', 'flatMap', true]],
  );
});

test('the lineage stays bounded, and the states of earlier supersteps are given up', async () => {
  const { vertices, edges } = ring(4);
  const keptBefore = sc.persistedRdds().length;
  const kept: number[] = [];
  const run = (maxSupersteps: number) =>
    pregel(vertices, edges, {
      compute: (vertex, messages: readonly number[]) => {
        vertex.value += messages.length;
        vertex.sendToAll(1);
      },
      maxSupersteps,
      onSuperstep: () => void kept.push(sc.persistedRdds().length - keptBefore),
    });
  const lines = async (supersteps: number) => {
    const result = await run(supersteps);
    const text = result.vertices.toDebugString();
    assert.equal((await result.vertices.values().collect()).sort(), [0, 1, 2, 3].map((i) => i + supersteps - 1).sort());
    result.vertices.dependencies[0].rdd.unpersist();
    return text.split('\n').length;
  };
  const [early, late] = [await lines(13), await lines(43)];
  assert.is(late, early);
  assert.ok((await lines(19)) > early);
  // Its state, and the edges.
  assert.is(Math.max(...kept), 2);
});

test('checkpoints are written where they were asked for, every so many supersteps', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pregel-'));
  const own = await connect('local');
  try {
    own.setCheckpointDir(folder);
    const graph = own.parallelize([[1, 0]] as Pairs, 1);
    const result = await pregel(graph, own.parallelize([[1, 1]] as Pairs, 1), {
      compute: (vertex, messages: readonly number[]) => {
        vertex.value += messages.length;
        vertex.sendToAll(1);
      },
      maxSupersteps: 4,
      checkpointEvery: 2,
    });
    const state = result.vertices.dependencies[0].rdd as RDD<unknown>;
    assert.ok(state.getCheckpointFile()?.startsWith(folder));
    assert.equal(await result.vertices.collect(), [[1, 3]]);
  } finally {
    await own.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

test('aggregators are read one superstep later, whatever their names are', async () => {
  const { vertices, edges } = ring(3);
  const reports: unknown[] = [];
  const result = await pregel(vertices, edges, {
    compute(vertex, _messages: readonly never[]) {
      vertex.value = vertex.aggregated('constructor');
      vertex.aggregate('constructor', 1);
      if (vertex.superstep === 2) vertex.voteToHalt();
    },
    aggregators: { constructor: { zero: 0, merge: (a: number, b: number) => a + b } },
    onSuperstep: ({ superstep, active, messages, aggregated }) =>
      void reports.push([superstep, active, messages, aggregated.constructor]),
  });
  assert.equal(reports, [
    [0, 3, 0, 3],
    [1, 3, 0, 3],
    [2, 0, 0, 3],
  ]);
  assert.equal(await result.vertices.values().collect(), [3, 3, 3]);
  await errorOf('TASK_FAILED', () =>
    pregel(vertices, edges, { compute: (vertex, _: readonly number[]) => vertex.aggregate('other' as never, 1 as never) }),
  );
});

test('vertices that are not there: an error, nothing, or new ones', async () => {
  const vertices = pairs([[1, 0]]);
  const edges = pairs([[1, 2]]);
  const missingEdge = await errorOf('MISSING_VERTEX', () => pregel(vertices, edges, passOn));
  assert.match(missingEdge.message, /no vertex 2, but an edge leads/);
  await errorOf('MISSING_VERTEX', () => pregel(vertices, pairs([[3, 1]]), passOn));
  const toNobody = await errorOf('MISSING_VERTEX', () =>
    pregel(vertices, pairs([]), {
      compute(vertex, _: readonly number[]) {
        vertex.send(7, 1);
        vertex.voteToHalt();
      },
    }),
  );
  assert.match(toNobody.message, /no vertex 7, but a message of superstep 0 leads/);
  const told = {
    compute: (vertex: Parameters<typeof passOn.compute>[0], messages: readonly number[]) => {
      vertex.value += messages.length;
      if (vertex.superstep === 0) vertex.sendToAll(1);
      vertex.voteToHalt();
    },
  };
  assert.equal(await (await pregel(vertices, edges, { ...told, missing: 'drop' })).vertices.collect(), [[1, 0]]);
  const made = await pregel(vertices, edges, { ...told, missing: (id) => id * 10 });
  assert.equal((await made.vertices.collect()).sort(), [
    [1, 0],
    [2, 21],
  ]);
});

test('a vertex twice', async () => {
  const twice = pairs([
    [5, 0],
    [6, 0],
    [5, 1],
  ]);
  const error = await errorOf('DUPLICATE_VERTEX', () => pregel(twice, pairs([]), passOn));
  assert.match(error.message, /more than one vertex 5/);
});

test('no superstep at all, and no vertex at all', async () => {
  const { vertices, edges } = ring(3);
  const none = await pregel(vertices, edges, { ...passOn, maxSupersteps: 0 });
  assert.equal([none.supersteps, none.halted], [0, false]);
  assert.equal(
    (await none.vertices.collect()).sort(),
    [0, 1, 2].map((i) => [i, i]),
  );
  const empty = await pregel(pairs([]), pairs([]), passOn);
  assert.equal([empty.supersteps, empty.halted, await empty.vertices.count()], [0, true, 0]);
});

test('what pregel refuses', async () => {
  const { vertices, edges } = ring(3);
  const bad = (options: object) => errorOf('BAD_ARGUMENT', () => pregel(vertices, edges, { ...passOn, ...options } as never));
  assert.match((await bad({ maxSupersteps: -1 })).message, /maxSupersteps/);
  for (const options of [
    { maxSupersteps: 1.5 },
    { compute: undefined },
    { combine: 'sum' },
    { checkpointEvery: 0 },
    { numPartitions: 0 },
    { missing: 'ignore' },
    { aggregators: { sum: { zero: 0 } } },
    { onSuperstep: 1 },
  ])
    await bad(options);
  await errorOf('NO_CHECKPOINT_DIR', () => pregel(vertices, edges, { ...passOn, checkpointEvery: 3 }));
  await errorOf('BAD_ARGUMENT', () => pregel([] as never, edges, passOn));
  await errorOf('BAD_ARGUMENT', () => pregel(vertices, undefined as never, passOn));
  await errorOf('BAD_ARGUMENT', () => pregel(vertices, edges, undefined as never));
});

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
