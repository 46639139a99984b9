// Groups, tags, properties, listeners, the status tracker, task contexts, accumulators of one's own, added files, kinds of the user's.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { BarrierTaskContext, type Context, type Listener, SparkFiles, TaskContext } from '../../../runtime/index';
import { errorOf } from '../../helpers/errors';
import { masterOf, onSpark } from '../../helpers/master';
import { until } from '../../helpers/within';

const test = suite('control');
const notices: string[] = [];
let sc: Context;

test.before(async () => {
  sc = await connect(masterOf('local'), { onNotice: (text) => notices.push(text) });
});

test.after(() => sc.stop());

/** A job that waits, so that this process goes on, for longer than a test needs to cancel it. */
const waitMs = onSpark ? 60_000 : 1500;
const endless = () => sc.range(0, 2, 1, 2).foreachPartition(() => new Promise((resolve) => setTimeout(resolve, waitMs)));

/** Begins a job and answers it once its first task runs. */
async function begun(start: () => Promise<unknown>): Promise<Promise<unknown>> {
  let runs = false;
  const listener: Listener = { onTaskStart: () => (runs = true) };
  sc.addListener(listener);
  const job = start();
  job.catch(() => {});
  await until(60_000, () => runs, 'the start of a task');
  sc.removeListener(listener);
  return { job } as never;
}

const cancelled = (job: unknown) => errorOf('JOB_CANCELLED', () => (job as { job: Promise<unknown> }).job);

// ---- groups, tags, properties

test('a group is cancelled, and only it', async () => {
  sc.setJobGroup('slow', 'a long count');
  const job = await begun(endless);
  sc.clearJobGroup();
  const other = sc.range(10).count();
  const record = sc.jobs().find((j) => j.group === 'slow')!;
  assert.is(record.description, 'a long count');
  assert.is(sc.cancelJobGroup('another'), 0);
  assert.is(sc.cancelJobGroup('slow'), 1);
  const error = await cancelled(job);
  assert.match(error.message, /its group slow was cancelled/);
  assert.is(await other, 10);
  assert.is(sc.jobs().find((j) => j.jobId === record.jobId)!.status, 'cancelled');
});

test('tags', async () => {
  sc.addJobTag('a');
  sc.addJobTag('b');
  assert.equal([...sc.getJobTags()], ['a', 'b']);
  const job = await begun(endless);
  sc.removeJobTag('a');
  assert.equal([...sc.getJobTags()], ['b']);
  sc.clearJobTags();
  assert.is(sc.getJobTags().size, 0);
  assert.is(sc.cancelJobsWithTag('none'), 0);
  assert.is(sc.cancelJobsWithTag('a'), 1);
  await cancelled(job);
  await errorOf('BAD_ARGUMENT', () => sc.addJobTag('a,b'));
  await errorOf('BAD_ARGUMENT', () => sc.addJobTag(''));
});

test('local properties reach tasks, and stay in their flow', async () => {
  const seen = () =>
    sc
      .range(0, 2, 1, 2)
      .map(() => TaskContext.get().getLocalProperty('who') ?? 'nobody')
      .collect();
  sc.setLocalProperty('who', 'session');
  const [inside, outside] = await Promise.all([
    sc.withLocalProperties({ who: 'inner' }, async () => {
      await sc.range(1).count();
      return seen();
    }),
    seen(),
  ]);
  assert.equal(inside, ['inner', 'inner']);
  assert.equal(outside, ['session', 'session']);
  sc.setLocalProperty('who', undefined);
  assert.is(sc.getLocalProperty('who'), undefined);
  assert.equal(await seen(), ['nobody', 'nobody']);
  await errorOf('BAD_ARGUMENT', () => sc.setLocalProperty('', 'x'));
  await errorOf('BAD_ARGUMENT', () => sc.setLocalProperty('x', 5 as never));
  await errorOf('BAD_ARGUMENT', () => sc.setJobGroup(''));
  await errorOf('BAD_ARGUMENT', () => sc.cancelJobGroup(5 as never));
  await errorOf('BAD_ARGUMENT', () => sc.withLocalProperties({ a: 5 } as never, () => 1));
  await errorOf('BAD_ARGUMENT', () =>
    sc
      .range(3)
      .barrier()
      .mapPartitions(5 as never),
  );
});

// ---- watching

test('listeners are told of everything, in order', async () => {
  const told: string[] = [];
  const note = (name: string) => (event: object) => void told.push(`${name} ${'stageId' in event ? 'stage' : ''}`.trim());
  const names = ['JobStart', 'JobEnd', 'StageSubmitted', 'StageCompleted', 'TaskStart', 'TaskEnd', 'BlockUpdated', 'Unpersist'];
  const listener = Object.fromEntries(names.map((name) => [`on${name}`, note(name)])) as Listener;
  sc.addListener(listener);
  const cached = sc.parallelize([1, 2], 1).cache();
  assert.is(await cached.count(), 2);
  cached.unpersist();
  await until(1000, () => told.includes('Unpersist'), 'the last event');
  sc.removeListener(listener);
  const ends = ['TaskEnd stage', 'BlockUpdated'];
  const expected = ['JobStart', 'StageSubmitted stage', 'TaskStart stage'];
  // Spark tells of what a task has persisted before the task ends.
  assert.equal(told, [...expected, ...(onSpark ? ends.reverse() : ends), 'StageCompleted stage', 'JobEnd', 'Unpersist']);
  await sc.range(1).count();
  assert.is(told.length, 8);
});

test('a listener that throws harms no job and is reported once', async () => {
  notices.length = 0;
  let later = 0;
  const bad: Listener = {
    onTaskEnd: () => {
      throw new Error('mine');
    },
    onJobStart: async () => {
      throw new Error('later');
    },
  };
  const good: Listener = { onJobEnd: () => later++ };
  sc.addListener(bad);
  sc.addListener(good);
  assert.is(await sc.range(0, 10, 1, 4).sum(), 45);
  assert.is(await sc.range(0, 10, 1, 4).sum(), 45);
  await until(1000, () => later === 2, 'the other listener');
  sc.removeListener(bad);
  sc.removeListener(good);
  assert.is(notices.length, 1);
  assert.match(notices[0], /A listener threw in on(TaskEnd|JobStart): (mine|later)/);
  await errorOf('BAD_ARGUMENT', () => sc.addListener(null as never));
});

test('the status tracker', async () => {
  const tracker = sc.statusTracker;
  assert.is(tracker, sc.statusTracker);
  assert.equal(tracker.getActiveJobIds(), []);
  sc.setJobGroup('watched');
  const job = await begun(endless);
  sc.clearJobGroup();
  const [jobId] = tracker.getActiveJobIds();
  assert.equal(tracker.getJobIdsForGroup('watched'), [jobId]);
  const info = tracker.getJobInfo(jobId)!;
  assert.is(info.status, 'running');
  assert.equal(tracker.getActiveStageIds(), info.stageIds);
  const stage = () => tracker.getStageInfo(info.stageIds[0])!;
  const slots = onSpark ? 2 : 1;
  await until(60_000, () => stage().numActiveTasks === slots, 'all tasks that there are slots for');
  const { name, numTasks, numCompletedTasks } = stage();
  assert.equal([name, numTasks, numCompletedTasks], ['range', 2, 0]);
  assert.is(tracker.getExecutorInfos()[0].free, 0);
  sc.cancelJob(jobId);
  await cancelled(job);
  assert.is(tracker.getJobInfo(jobId)!.status, 'cancelled');
  assert.is(tracker.getStageInfo(info.stageIds[0]), undefined);
  assert.is(tracker.getJobInfo(1e9), undefined);
});

// ---- inside tasks

test('the task context', async () => {
  const rows = await sc
    .range(0, 3, 1, 3)
    .map(() => {
      const task = TaskContext.get();
      return [
        task.partitionId(),
        TaskContext.getPartitionId(),
        task.attemptNumber(),
        task.stageAttemptNumber(),
        task.isInterrupted(),
      ];
    })
    .collect();
  assert.equal(
    rows,
    [0, 1, 2].map((p) => [p, p, 0, 0, false]),
  );
  const ids = await sc
    .range(0, 3, 1, 3)
    .map(() => TaskContext.get().taskAttemptId())
    .collect();
  assert.is(new Set(ids).size, 3);
  await errorOf('NOT_IN_A_TASK', () => TaskContext.get());
  const error = await errorOf('TASK_FAILED', () =>
    sc
      .range(1)
      .map(() => BarrierTaskContext.get().partitionId())
      .collect(),
  ).catch((e) => e);
  assert.match(String(error), /outside of a barrier stage/);
});

test('completion and failure listeners of tasks', async () => {
  const ends = sc.collectionAccumulator<string>();
  await sc
    .range(0, 2, 1, 2)
    .map((x) => {
      TaskContext.get()
        .addTaskCompletionListener((task) => ends.add(`first ${task.partitionId()}`))
        .addTaskCompletionListener((task) => ends.add(`second ${task.partitionId()}`))
        .addTaskFailureListener(() => ends.add('never'));
      return x;
    })
    .count();
  for (const partition of [0, 1])
    assert.equal(
      ends.value.filter((end) => end.endsWith(`${partition}`)),
      [`second ${partition}`, `first ${partition}`],
    );
  assert.is(ends.value.length, 4);
  const folder = mkdtempSync(join(tmpdir(), 'control-'));
  await errorOf('TASK_FAILED', () =>
    sc
      .range(1)
      .map((x) => {
        TaskContext.get().addTaskFailureListener((task, error) =>
          writeFileSync(`${folder}/failed`, `${task.attemptNumber()} ${error.message}`),
        );
        if (x === 0) throw new Error('on purpose');
        return x;
      })
      .count(),
  );
  assert.is(readFileSync(`${folder}/failed`, 'utf8'), '3 on purpose');
  rmSync(folder, { recursive: true });
  const failing = await errorOf('TASK_FAILED', () =>
    sc
      .range(1)
      .map((x) => {
        TaskContext.get().addTaskCompletionListener(() => {
          throw new Error('in the end');
        });
        return x;
      })
      .count(),
  );
  assert.match(failing.message, /in the end/);
});

test('added files', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'control-'));
  writeFileSync(`${folder}/words.txt`, 'a b c');
  sc.addFile(`${folder}/words.txt`);
  sc.addFile(`${folder}/words.txt`);
  writeFileSync(`${folder}/words.txt`, 'changed');
  await errorOf('BAD_ARGUMENT', () => sc.addFile(`${folder}/words.txt`));
  rmSync(folder, { recursive: true });
  assert.equal(sc.listFiles(), ['words.txt']);
  const texts = await sc
    .range(0, 2, 1, 2)
    .map(() => readFileSync(SparkFiles.get('words.txt'), 'utf8'))
    .collect();
  assert.equal(texts, ['a b c', 'a b c']);
  await errorOf('NO_SUCH_PATH', () => sc.addFile(`${folder}/none`));
  for (const path of [tmpdir(), '/dev/zero']) await errorOf('UNREADABLE_FILE', () => sc.addFile(path));
  await errorOf('NOT_IN_A_TASK', () => SparkFiles.get('words.txt'));
  await errorOf('FILE_NOT_ADDED', () =>
    sc
      .range(1)
      .map(() => SparkFiles.get('other'))
      .collect(),
  );
});

// ---- accumulators of one's own

class Extremes {
  #least = Number.POSITIVE_INFINITY;
  most = Number.NEGATIVE_INFINITY;
  get value(): [number, number] {
    return [this.#least, this.most];
  }
  reset() {
    this.#least = Number.POSITIVE_INFINITY;
    this.most = Number.NEGATIVE_INFINITY;
  }
  add(x: number) {
    this.#least = Math.min(this.#least, x);
    this.most = Math.max(this.most, x);
  }
  addBoth(x: number, y: number) {
    this.add(x);
    this.add(y);
  }
  merge(other: Extremes) {
    this.addBoth(...other.value);
  }
}

test('an accumulator of a class of the user', async () => {
  const extremes = sc.register(new Extremes());
  await sc.range(-3, 8, 1, 3).foreach((x) => extremes.add(x));
  assert.equal(extremes.value, [-3, 7]);
  extremes.add(100);
  await sc.range(0, 1, 1, 1).foreach(() => extremes.addBoth(-50, 1));
  assert.equal(extremes.value, [-50, 100]);
  await errorOf('BAD_ARGUMENT', () => sc.register(extremes));
  await errorOf('BAD_ARGUMENT', () => sc.register({ add() {} } as never));
  await errorOf('BAD_ARGUMENT', () => sc.register(null as never));
});

test('options of scheduling are checked', async () => {
  const bad: object[] = [
    { schedulerMode: 'LIFO' },
    { speculation: 1 },
    { speculationMultiplier: 0.5 },
    { speculationQuantile: 2 },
    { excludeFailures: 1.5 },
    { pools: { a: { weight: 0 } } },
    { pools: { a: { minShare: -1 } } },
    { pools: { a: { schedulingMode: 'x' } } },
    { pools: 'a' },
    { pools: { a: 2 } },
  ];
  for (const config of bad) await errorOf('BAD_OPTION', () => connect('local', { config }));
  const misspelt = { pools: { a: { wieght: 2 } as object } };
  const { remedy } = await errorOf('UNKNOWN_OPTION', () => connect('local', { config: misspelt }));
  assert.match(remedy, /^Did you mean pools\.a\.weight\?/);
});

test.run();
