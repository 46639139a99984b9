// Kinds of datasets that users write, and barriers of one member, in process.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import {
  BarrierTaskContext,
  type Context,
  CustomRDD,
  HashPartitioner,
  type PartitionInput,
  type RDD,
} from '../../../runtime/index';
import { errorOf } from '../../helpers/errors';
import { masterOf, onSpark } from '../../helpers/master';
import { within } from '../../helpers/within';

const test = suite('custom datasets');
let sc: Context;

test.before(async () => {
  sc = await connect(masterOf('local'));
});

test.after(() => sc.stop());

// ---- datasets of one's own

class Squares extends CustomRDD<number, [number, number]> {
  getPartitions(): [number, number][] {
    return [
      [0, 2],
      [2, 2],
      [2, 5],
    ];
  }
  compute = ([from, to]: [number, number]) => Array.from({ length: to - from }, (_, i) => (from + i) ** 2);
}

/** Each element beside its neighbour in the next partition of a parent: reads two partitions of one. */
class Neighbours extends CustomRDD<[number, number], number> {
  readonly #parent: RDD<number>;
  constructor(parent: RDD<number>) {
    super(parent.context, [parent as never]);
    this.#parent = parent;
  }
  getPartitions() {
    return Array.from({ length: this.#parent.numPartitions - 1 }, (_, i) => i);
  }
  override parentPartitions(index: number) {
    return [
      [this.#parent, index],
      [this.#parent, index + 1],
    ] as [RDD<unknown>, number][];
  }
  compute = function* (_: number, [left, right]: readonly PartitionInput[]) {
    const others = [...right] as number[];
    let i = 0;
    for (const x of left) if (i < others.length) yield [x, others[i++]] as [number, number];
  };
}

/** The lines of two parents, the first one's last. */
class Lines extends CustomRDD<string, null> {
  readonly #parents: readonly RDD<string>[];
  constructor(...parents: RDD<string>[]) {
    super(parents[0].context, parents as never);
    this.#parents = parents;
  }
  getPartitions() {
    return [null];
  }
  override parentPartitions() {
    return [...this.#parents].reverse().map((parent) => [parent, 0]) as [RDD<unknown>, number][];
  }
  compute = function* (_: null, inputs: readonly PartitionInput[]) {
    for (const input of inputs) yield* input as Iterable<string>;
  };
}

class Keyed extends CustomRDD<[number, string], number> {
  readonly #hash = new HashPartitioner(2);
  override get partitioner() {
    return this.#hash;
  }
  getPartitions() {
    return [0, 1];
  }
  compute = (partition: number) => [[partition, 'x'] as [number, string]];
}

test('packed files are unpacked below a kind that users write', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'custom-'));
  try {
    writeFileSync(join(folder, 'a.txt.gz'), gzipSync('a\nb\n'));
    writeFileSync(join(folder, 'c.txt'), 'c\n');
    const lines = new Lines(sc.textFile(join(folder, 'a.txt.gz')), sc.textFile(join(folder, 'c.txt')));
    assert.equal(await lines.collect(), ['c', 'a', 'b']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('kinds of datasets that users write', async () => {
  const squares = new Squares(sc);
  assert.equal(await squares.collect(), [0, 1, 4, 9, 16]);
  assert.is(await squares.map((x) => x + 1).sum(), 35);
  assert.match(squares.toDebugString(), /\(3\) Squares/);
  assert.equal(await new Neighbours(sc.range(0, 6, 1, 3)).collect(), [
    [0, 2],
    [1, 3],
    [2, 4],
    [3, 5],
  ]);
  const shuffled = sc
    .range(0, 6, 1, 3)
    .keyBy((x) => x % 2)
    .groupByKey(2)
    .map(([k]) => k);
  assert.is((await new Neighbours(shuffled).collect()).length, 1);
  const keyed = new Keyed(sc);
  assert.is(keyed.reduceByKey((a) => a, 2).dependencies[0].kind, 'narrow');
});

test('mistakes in them', async () => {
  class NoList extends Squares {
    override getPartitions() {
      return 5 as never;
    }
  }
  await errorOf('BAD_ARGUMENT', () => new NoList(sc).count());
  class Beyond extends Neighbours {
    override getPartitions() {
      return [0, 1, 2];
    }
  }
  await errorOf('BAD_ARGUMENT', () => new Beyond(sc.range(0, 6, 1, 3)).count());
  await errorOf('BAD_ARGUMENT', () => new Neighbours({ context: sc } as never));
});

// ---- barriers

test('a barrier with one member, and one that is too wide', async () => {
  const one = sc
    .range(0, 3, 1, 1)
    .barrier()
    .mapPartitions((xs) => {
      const task = BarrierTaskContext.get();
      task.barrier();
      return [[...xs].length, ...task.allGather(7), task.getTaskInfos().length];
    });
  assert.equal(await within(5000, one.collect(), 'the barrier'), [3, 7, 1]);
  const wide = sc
    .range(0, 3, 1, sc.defaultParallelism + 1)
    .barrier()
    .mapPartitionsWithIndex((i) => [i]);
  const error = await errorOf('BARRIER_TOO_WIDE', () => wide.collect());
  assert.match(error.message, new RegExp(`${sc.defaultParallelism + 1} partitions.* only ${onSpark ? '2 slots' : '1 slot'}`));
});

test.run();
