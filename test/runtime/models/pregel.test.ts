// What Pregel promises beyond its results: when vertices wake, what moves, what is kept and checkpointed, and what is refused.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { type Context, HashPartitioner, type RDD } from '../../../runtime/index';
import { Counters, type PregelOptions, pregel } from '../../../runtime/models';
import { errorOf } from '../../helpers/errors';
import { masterOf } from '../../helpers/master';

const test = suite('pregel');
let sc: Context;

test.before(async () => {
  sc = await connect(masterOf('local'));
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

test.run();
