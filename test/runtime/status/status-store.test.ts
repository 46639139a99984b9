// What is remembered of a session for the pages and commands: jobs with the text that started them, stages, tasks, skew; and its bounds.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { withCallSite } from '../../../runtime/base/flow';
import { rememberedJobs, rememberedStageTasks, rememberedTasks, rememberedText } from '../../../runtime/base/limits';
import { type Context, StorageLevel } from '../../../runtime/index';
import { skewOf } from '../../../runtime/status/skew';
import { StatusStore } from '../../../runtime/status/status-store';
import { until } from '../../helpers/within';

const test = suite('status store');
let sc: Context;
let store: StatusStore;

test.before(async () => {
  sc = await connect('local');
});

test.before.each(() => {
  store = new StatusStore();
  sc.addListener(store.listener);
});

test.after.each(() => sc.removeListener(store.listener));

test.after(() => sc.stop());

/** Listeners are told after the step that caused the event. */
const settled = (check: () => boolean, what: string) => until(5000, check, what);

test('a job with its text, stages, datasets and rows; what was there already is skipped', async () => {
  const site = { file: '<input 7>', line: 1, text: 'counts.collect()' };
  const counts = sc
    .parallelize(['a', 'b', 'a'], 2)
    .map((w) => [w, 1] as [string, number])
    .reduceByKey((a, b) => a + b);
  await withCallSite(site, () => counts.collect());
  await withCallSite(site, () => counts.collect());
  await settled(() => store.jobs().every(({ status }) => status === 'done'), 'the jobs');
  const [first, second] = store.jobs();
  assert.equal(first.callSite, site);
  assert.match(first.title, /^collect of reduceByKey/);
  assert.equal(
    first.stages.map(({ state, done, rows }) => [state, done, rows > 0]),
    [
      ['done', 2, true],
      ['done', 2, true],
    ],
  );
  const [map, reduce] = first.stages;
  assert.equal(
    map.graph.datasets.map(({ operation }) => operation),
    ['map', 'parallelize'],
  );
  assert.equal(map.graph.datasets[0].parents, [map.graph.datasets[1].rddId]);
  assert.equal(reduce.graph.datasets[0].reads, [map.graph.stageId]);
  assert.ok(map.bytesWritten > 0 && map.tasks.quantiles('ms') !== undefined);
  assert.equal(
    second.stages.map(({ state }) => state),
    ['skipped', 'done'],
  );
});

test('of a text of several lines the line of the call', async () => {
  const text = 'const a = 1\nawait sc.range(3).count()\n';
  const store2 = store;
  const [file, line] = [__filename, 1];
  await withCallSite({ file, line, text }, () => sc.range(3).count());
  await settled(() => store2.jobs().length === 1, 'the job');
  const at = store2.jobs()[0].callSite?.at;
  assert.ok(at !== undefined && at > 50, `line ${at} of this file`);
});

test('a failed job with its sentence and place; its tasks with theirs', async () => {
  const bad = sc.parallelize([1], 1).map((): number => {
    throw new Error('on purpose');
  });
  await bad.count().catch(() => undefined);
  await settled(() => store.jobs()[0]?.status === 'failed', 'the failure');
  const [{ failure, stages }] = store.jobs();
  assert.match(failure!.message, /on purpose/);
  assert.match(failure!.place!.file, /status-store\.test/);
  assert.is(stages[0].state, 'failed');
  assert.is(stages[0].tasks.failures, 4);
  assert.match(stages[0].tasks.failed()[0].reason!, /on purpose/);
  assert.equal(stages[0].tasks.failed()[0].place, failure!.place);
});

test('persisted partitions by executor; gone when they are given up', async () => {
  const kept = sc.parallelize([1, 2, 3, 4], 2).cache();
  await kept.count();
  await settled(() => store.executors.holders(kept.id).length === 1, 'the partitions');
  const [{ partitions, bytes }] = store.executors.holders(kept.id);
  assert.is(partitions, 2);
  assert.ok(bytes > 0);
  assert.is(store.partitionsOf(kept.id), 2);
  assert.is(store.executors.onDisk(kept.id), 0);
  kept.unpersist();
  await settled(() => store.executors.holders(kept.id).length === 0, 'their end');
  assert.is(store.partitionsOf(kept.id), undefined);
  const onDisk = sc.parallelize([1, 2, 3], 3).persist(StorageLevel.DISK_ONLY);
  await onDisk.count();
  await settled(() => store.executors.onDisk(onDisk.id) === 3, 'the files');
  assert.equal(store.executors.holders(onDisk.id), []);
  onDisk.unpersist();
  await settled(() => store.executors.onDisk(onDisk.id) === 0, 'the end of the files');
});

test('skew: at least five times the median, with rows where they explain it', async () => {
  const even = sc.parallelize([1, 2, 3, 4, 5, 6], 6).map((x) => x);
  const slow = sc.parallelize([0, 0, 0, 600, 0, 0], 6).map((ms) => {
    const end = Date.now() + ms + 5;
    while (Date.now() < end);
    return ms;
  });
  const heavy = sc
    .parallelize(
      Array.from({ length: 6 }, (_, i) => i),
      6,
    )
    .flatMap((i) => Array.from({ length: i === 2 ? 3000 : 10 }, (_, n) => n));
  await even.count();
  await slow.count();
  await heavy.count();
  await settled(() => store.jobs().length === 3 && store.jobs().every(({ ended }) => ended !== undefined), 'the jobs');
  const [evenStage, slowStage] = store.jobs().map(({ stages }) => stages[0]);
  assert.is(skewOf(evenStage, Date.now()), undefined);
  const skew = skewOf(slowStage, Date.now())!;
  assert.is(skew.partition, 3);
  assert.ok(skew.ms >= 5 * skew.medianMs && !skew.isRunning && skew.explainedBy === undefined);
  assert.ok(skew.executorId !== '' && Math.abs(skew.factor * Math.max(1, skew.medianMs) - skew.ms) < 1e-6);
});

test('old jobs go; those of streams do not push out those of entries', async () => {
  await sc.withLocalProperties({ 'millrace.stream.output': 'print of counts' }, async () => {
    for (let i = 0; i < rememberedJobs + 30; i++) await sc.range(1).count();
  });
  await sc.range(1).count();
  await settled(() => store.jobs().filter(({ output }) => output === undefined).length === 1, 'the job of an entry');
  assert.is(store.jobs().length, rememberedJobs + 1);
  for (let i = 0; i < rememberedJobs + 30; i++) await sc.range(1).count();
  await settled(() => store.jobs().length === 2 * rememberedJobs, 'the end of the oldest');
  const [oldest] = store.jobs().filter(({ output }) => output === undefined);
  assert.is(store.stage(oldest.stages[0].graph.stageId - 1), undefined, 'the stages of forgotten jobs are forgotten');
});

test('of the tasks of a large stage a sample is kept, with true extremes', async () => {
  await sc
    .range(0, 3000, 1, 3000)
    .map((x) => x)
    .count();
  await settled(() => store.jobs()[0]?.status === 'done', 'the job');
  const [{ tasks, done }] = store.jobs()[0].stages;
  assert.is(done, 3000);
  assert.is(tasks.succeeded, 3000);
  assert.ok(tasks.size <= rememberedStageTasks + 100, `${tasks.size} tasks`);
  assert.is(new Set(tasks.all().map(({ taskId }) => taskId)).size, tasks.size, 'each once');
  const [least, q25, median, q75, most] = tasks.quantiles('ms')!;
  assert.ok(least <= q25 && q25 <= median && median <= q75 && q75 <= most);
  assert.ok(tasks.slowest()!.ended - tasks.slowest()!.started === most, 'the slowest is among them');
});

test('of all tasks together the oldest go, and leave their totals', () => {
  const start = { jobId: 0, stageIds: [0], title: 't', properties: {}, time: 0 };
  const graph = { title: 't', numTasks: 1000, parents: [], datasets: [] };
  const jobs = Math.ceil(rememberedTasks / rememberedStageTasks) + 10;
  for (let job = 0; job < jobs; job++) {
    store.listener.onJobStart!({ ...start, jobId: job, stageIds: [job], stages: [{ ...graph, stageId: job }] });
    store.listener.onStageSubmitted!({ jobId: job, stageId: job, attempt: 0, title: 't', numTasks: 1000, time: 0 });
    for (let partition = 0; partition < 1000; partition++) {
      const task = {
        taskId: job * 1000 + partition,
        jobId: job,
        stageId: job,
        stageAttempt: 0,
        partition,
        attempt: 0,
        executorId: 'e1',
        speculative: false,
      };
      store.listener.onTaskStart!({ ...task, time: 0 });
      const metrics = { runMs: 1, recordsRead: 1, shuffleBytesWritten: 0, shuffleBytesRead: 0 };
      store.listener.onTaskEnd!({ ...task, time: partition, end: 'success', metrics });
    }
    store.listener.onJobEnd!({ jobId: job, status: 'done', time: 0 });
  }
  const sizes = store.jobs().map(({ stages }) => stages[0].tasks.size);
  assert.ok(sizes.reduce((a, b) => a + b) <= rememberedTasks);
  assert.is(sizes[0], 0);
  assert.is(sizes.at(-1), 1000);
  const [{ tasks }] = store.jobs()[0].stages;
  assert.is(tasks.quantiles('ms')![4], 999);
  assert.is(tasks.slowest()?.partition, 999);
});

test('long texts are cut', async () => {
  const long = 'x'.repeat(1_000_000);
  sc.setJobGroup(long, long);
  await sc
    .parallelize([1], 1)
    .setName(long)
    .map((): number => {
      throw new Error(long);
    })
    .count()
    .catch(() => undefined);
  sc.clearJobGroup();
  await settled(() => store.jobs()[0]?.status === 'failed', 'the failure');
  const longest = (value: unknown): number =>
    typeof value === 'string'
      ? value.length
      : Math.max(0, ...Object.values(value ?? {}).map((each) => (typeof each === 'number' ? 0 : longest(each))));
  assert.ok(longest(store.jobs()[0]) <= rememberedText);
});

test('what was cut off is not kept in memory', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let jobId = 0; jobId < 60; jobId++) {
    const title = Buffer.alloc(2_000_000, `${jobId} `).toString('latin1');
    store.listener.onJobStart!({ jobId, title, stageIds: [], stages: [], properties: {}, time: 0 });
  }
  collect();
  assert.is(store.jobs().length, 60);
  const grown = process.memoryUsage().heapUsed - before;
  assert.ok(grown < 20e6, `${grown} bytes for 60 titles`);
});

test.run();
