// A job costs what its live part costs: what lies behind a persisted dataset or a finished shuffle is neither planned nor sent again.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { type Context, HashPartitioner, type RDD } from '../../../runtime/index';
import type { Job } from '../../../runtime/plan/job';
import type { DatasetNode } from '../../../runtime/plan/node';
import type { NodeView } from '../../../runtime/planner/node-table';
import { programOf } from '../../../runtime/planner/program';
import { PlannedJob, type Present } from '../../../runtime/planner/stages';
import { bucketsOf, SplitMaker } from '../../../runtime/planner/task-inputs';
import { errorOf } from '../../helpers/errors';
import { knowledgeOf } from '../../helpers/lineage-bytes';

const test = suite('live part');
let sc: Context;

test.before(async () => {
  sc = await connect('local');
});
test.after(() => sc.stop());

const everything: Present = { isComplete: () => true, isWhole: () => true };
const nothing: Present = { isComplete: () => false, isWhole: () => false };

/** `round` so many times, one upon the other. */
function rounds<T>(n: number, start: RDD<T>, round: (rdd: RDD<T>) => RDD<T>): RDD<T> {
  let rdd = start;
  for (let i = 0; i < n; i++) rdd = round(rdd);
  return rdd;
}

/** What an engine knows of a dataset, with a count of how often planning looks at one. */
function engineOf(rdd: RDD<any>) {
  const { nodes, blobs } = knowledgeOf(rdd);
  const { view } = nodes;
  let looks = 0;
  const counting = (): NodeView => {
    const made = view.call(nodes);
    return new Proxy(made, {
      get(target, name) {
        if (name !== 'node') return Reflect.get(target, name).bind(target);
        return (id: number): DatasetNode => {
          looks++;
          return target.node(id);
        };
      },
    });
  };
  const job: Job = {
    root: rdd.id,
    sink: { kind: 'collect' },
    functions: [],
    partitions: [0, 1],
    title: 'a job',
    properties: {},
    files: {},
  };
  const blob = (id: string) => blobs.blob(id);
  /** Plans the job, and makes all that the tasks of its last stage need. */
  const plan = (present: Present) => {
    looks = 0;
    let stage = 0;
    const seen = counting();
    const planned = new PlannedJob(job, seen, present, () => stage++);
    const source = planned.sources.get(planned.stages.at(-1)!.stageId)!;
    const program = programOf(source, seen, { blob, modules: () => '' });
    new SplitMaker(seen, { shuffle: (id, index) => bucketsOf(id, index, [], true), blob }).split(rdd.id, 0);
    return { planned, program, looks };
  };
  return { plan };
}

test('behind a persisted dataset', () => {
  const base = rounds(990, sc.range(0, 10, 1, 2), (r) => r.map((x) => x + 1)).cache();
  const { plan } = engineOf(rounds(10, base, (r) => r.map((x) => x + 1)));
  const { program: first } = plan(everything);
  const { program, looks, planned } = plan(everything);
  assert.ok(looks < 150, `${looks} looks at datasets for 10 live ones`);
  assert.equal(
    planned.stages.map(({ deferred }) => deferred),
    [[[base.id, 2]]],
  );
  assert.ok(program.bytes.length < 10_000, `${program.bytes.length} bytes`);
  assert.equal(program.needs, first.needs);
  assert.is(program.parts.length, 1);
});

test('two programs share the part below what both read', () => {
  const base = rounds(50, sc.range(0, 10, 1, 2), (r) => r.map((x) => x + 1)).cache();
  const [one, other] = [base.map((x) => x + 1), base.filter((x) => x > 1)].map((rdd) => engineOf(rdd).plan(everything).program);
  assert.is(one.parts[0].id, other.parts[0].id);
  assert.is.not(one.id, other.id);
});

test('behind a finished shuffle; all of it is planned once its outputs are lost', () => {
  const grown = rounds(300, sc.range(0, 10, 1, 2), (r) => r.map((x) => x + 1)).map((x): [number, number] => [x % 3, x]);
  const sums = rounds(3, grown, (r) => r.reduceByKey((a, b) => a + b).map(([k, v]): [number, number] => [k + 1, v]));
  const { plan } = engineOf(rounds(10, sums, (r) => r.mapValues((x) => x + 1)));
  plan(everything);
  const { looks, planned } = plan(everything);
  assert.ok(looks < 150, `${looks} looks at datasets`);
  const [writer, last] = planned.stages;
  assert.is(planned.stages.length, 2);
  assert.equal(writer.deferred, []);
  assert.equal(last.parents, [{ stageId: writer.stageId, guards: [] }]);
  const later = planned.behind(writer, false);
  assert.is(later.at(-1)!.stageId, writer.stageId);
  assert.is(later.at(-1)!.parents.length, 1);
  assert.is(plan(nothing).planned.stages.length, 4);
});

test('what may give other rows is never left out', () => {
  const marked = sc
    .range(0, 10, 1, 2)
    .map((x): [number, number] => [x % 3, x])
    .markIndeterminate()
    .reduceByKey((a, b) => a + b)
    .cache();
  const { planned } = engineOf(marked.mapValues((x) => x + 1)).plan(everything);
  assert.is(planned.stages.length, 2);
  assert.equal(
    planned.stages.map(({ deferred }) => deferred),
    [undefined, undefined],
  );
});

test('a job keeps to the datasets as they were when it began', async () => {
  const rdd = sc.range(0, 4, 1, 2).map((x) => x);
  const { id } = rdd;
  const { nodes } = knowledgeOf(rdd);
  const before = nodes.view();
  const node = before.node(id);
  nodes.define([{ ...node, name: 'renamed' }]);
  assert.is(before.node(id).name, undefined);
  assert.is(nodes.view().node(id).name, 'renamed');
  before.close();
  nodes.release(id);
  await errorOf('UNKNOWN_DATASET', () => nodes.view().node(id));
  const orphan = { ...node, id: 10_000, dependencies: [{ kind: 'narrow' as const, dataset: id }] };
  await errorOf('UNKNOWN_DATASET', () => nodes.define([orphan]));
});

test('joins, unions and products of what is there', async () => {
  const pairs = sc.range(0, 20, 1, 2).map((x): [number, number] => [x % 4, x]);
  const left = rounds(30, pairs.partitionBy(new HashPartitioner(2)), (r) => r.mapValues((x) => x + 1)).cache();
  const right = rounds(30, pairs, (r) => r.mapValues((x) => x + 1)).cache();
  const all = left.join(right).mapValues(([a, b]) => a + b);
  const once = await all.collect();
  assert.equal(await all.collect(), once);
  assert.is(await left.union(right).count(), 40);
  assert.is(await left.cartesian(right).count(), 400);
  assert.is(await left.keys().zip(left.values()).count(), 20);
});

test.run();
