// Unions of unions are planned as one: the same rows in the same partitions as arrays give, whatever is nested, persisted or empty.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { Random } from '../../../runtime/base/time';
import { type Context, type RDD, StorageLevel } from '../../../runtime/index';
import { errorOf } from '../../helpers/errors';
import { knowledgeOf } from '../../helpers/lineage-bytes';

const test = suite('unions of unions');
let sc: Context;
const seed = Number(process.env.MILLRACE_SEED ?? 20);

test.before(async () => {
  sc = await connect('local');
});
test.after(() => sc.stop());

/** A dataset and its partitions as arrays. */
type Both = readonly [RDD<number>, readonly (readonly number[])[]];

function leaf(random: Random): Both {
  const [rows, partitions] = [random.below(5), random.below(3)];
  if (partitions === 0) return [sc.emptyRDD<number>(), []];
  const values = Array.from({ length: rows }, () => random.below(100));
  const rdd = sc.parallelize(values, partitions);
  const bounds = (i: number) => Math.floor((i * rows) / partitions);
  return [rdd, Array.from({ length: partitions }, (_, i) => values.slice(bounds(i), bounds(i + 1)))];
}

/** Unions of what was made so far and of new leaves; some are mapped, persisted, or marked for a checkpoint. */
function grown(random: Random, known: Both[]): Both {
  const pick = () => (random.below(3) === 0 ? leaf(random) : known[random.below(known.length)]);
  const [[a, left], [b, right]] = [pick(), pick()];
  const all = [...left, ...right];
  const union = a.union(b);
  switch (random.below(6)) {
    case 0:
      return [union.map((x) => x + 1), all.map((rows) => rows.map((x) => x + 1))];
    case 1:
      return [union.persist(random.below(2) === 0 ? StorageLevel.MEMORY_ONLY : StorageLevel.DISK_ONLY), all];
    case 2:
      return [union.localCheckpoint(), all];
    default:
      return [union, all];
  }
}

test(`random unions have the rows and partitions of arrays, seed ${seed}`, async () => {
  const random = new Random(seed);
  for (let round = 0; round < 12; round++) {
    const known: Both[] = [leaf(random)];
    for (let step = 0; step < 10; step++) {
      const made = grown(random, known);
      if (made[1].length <= 300) known.push(made);
    }
    for (const [rdd, partitions] of known.slice(-4)) {
      assert.equal(await rdd.glom().collect(), partitions);
      assert.is(rdd.numPartitions, partitions.length);
    }
  }
});

test('a union that is persisted after others were built on it gives them its partitions', async () => {
  const runs = sc.longAccumulator();
  const counted = sc.range(0, 6, 1, 2).map((x) => {
    runs.add(1);
    return x;
  });
  const inner = counted.union(sc.range(6, 9, 1, 1));
  const outer = inner.union(sc.range(9, 10, 1, 1));
  assert.is(await outer.count(), 10);
  inner.persist();
  assert.is(await outer.count(), 10);
  assert.is(await outer.count(), 10);
  assert.is(runs.value, 12, 'computed by the first job and by that which persists');
});

test('1,000 unions in a loop are one step for tasks, and give each task what it reads', async () => {
  let rdd: RDD<number> = sc.range(0, 1, 1, 1);
  for (let i = 1; i <= 1000; i++) rdd = rdd.union(sc.range(i, i + 1, 1, 1));
  const view = knowledgeOf(rdd).nodes.view();
  const planned = view.node(rdd.id);
  assert.is(planned.dependencies.length, 1001);
  assert.is(view.facts(rdd.id).steps, 1000, 'the most that is told apart');
  assert.equal(view.readOfUnion(planned, 0), [0, 0]);
  assert.equal(view.readOfUnion(planned, 1000), [1000, 0]);
  assert.is(await rdd.sum(), 500_500);
  assert.equal(await rdd.take(3), [0, 1, 2]);
});

test('an error in a union of unions names the step of the input that threw', async () => {
  const bad = sc.range(0, 4, 1, 2).map((x) => {
    if (x === 3) throw new Error('three');
    return x;
  });
  const all = sc
    .range(2)
    .union(bad)
    .union(sc.range(2))
    .union(bad.filter((x) => x < 3));
  const { message, details } = await errorOf('TASK_FAILED', () => all.count());
  assert.match(message, /three/);
  const remote = details.remote as { operator: string; element: string };
  assert.equal([remote.operator, remote.element], ['map', '3']);
});

test.run();
