// Who gets the next slot: shares of FAIR pools, preferred locations, rerun generations, and what is said when nothing can run.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { DagOptions } from '../../../runtime/base/config';
import { makeConfig } from '../../../runtime/base/config';
import { stuckAfterMs } from '../../../runtime/base/limits';
import type { Clock } from '../../../runtime/base/time';
import type { TaskEnd } from '../../../runtime/plan/end';
import type { StageSpec } from '../../../runtime/planner/stage-spec';
import { Dag } from '../../../runtime/scheduler/dag';
import type { Command, SchedulerEvent } from '../../../runtime/scheduler/events';
import { StuckWatch } from '../../../runtime/scheduler/task-watch';

const test = suite('scheduling');

type Launch = Command & { kind: 'launchTask' };

const stage = (stageId: number, tasks: number, more: Partial<StageSpec> = {}): StageSpec => ({
  stageId,
  partitions: Array.from({ length: tasks }, (_, i) => i),
  parents: [],
  blocks: [],
  title: `stage ${stageId}`,
  ...more,
});

const success = ({ executorId, task }: Launch, shuffleId?: number): TaskEnd => ({
  kind: 'success',
  value: new Uint8Array(0),
  output:
    shuffleId === undefined ? undefined : { shuffleId, mapIndex: task.partition, executorId, writer: task.taskId, sizes: [1] },
  cached: [],
  evicted: [],
  accumulators: [],
  metrics: { runMs: 0, recordsRead: 0, shuffleBytesWritten: 0, shuffleBytesRead: 0 },
});

/** A state machine with some options, that keeps what it decided last. */
function play(options: Partial<DagOptions> = {}) {
  const dag = new Dag({ ...makeConfig(4), slots: 4, ...options });
  let commands: Command[] = [];
  let now = 0;
  const tell = (event: SchedulerEvent): Launch[] => {
    commands = dag.handle(event, now);
    dag.check();
    return commands.filter((c): c is Launch => c.kind === 'launchTask');
  };
  return {
    dag,
    tell,
    pass: (ms: number) => {
      now += ms;
    },
    kinds: () => commands.map(({ kind }) => kind),
    join: (id: string, slots = 1, host = 'h') =>
      tell({ kind: 'executorJoined', executor: { id, host, slots, outputsSurvive: true } }),
    submit: (jobId: number, pool: string | undefined, ...stages: StageSpec[]) =>
      tell({ kind: 'jobSubmitted', job: { jobId, stages, pool } }),
    end: (launch: Launch, end: TaskEnd = success(launch)) =>
      tell({ kind: 'taskEnded', executorId: launch.executorId, taskId: launch.task.taskId, end }),
  };
}

const jobsOf = (launches: readonly Launch[]): number[] => launches.map(({ task }) => task.jobId);
const count = <T>(all: readonly T[], one: T): number => all.filter((i) => i === one).length;

test('FIFO: the older job takes all that it can use', () => {
  const { submit, join } = play();
  submit(1, undefined, stage(1, 3));
  submit(2, undefined, stage(2, 3));
  assert.equal(jobsOf(join('x', 4)), [1, 1, 1, 2]);
});

test('FAIR: pools share by weight, and a minimum share comes first', () => {
  const pools = { heavy: { weight: 3 }, light: {}, first: { minShare: 2 } };
  const weighed = play({ schedulerMode: 'FAIR', pools });
  weighed.submit(1, 'heavy', stage(1, 20));
  weighed.submit(2, 'light', stage(2, 20));
  const slots = jobsOf(weighed.join('x', 8));
  assert.equal([count(slots, 1), count(slots, 2)], [6, 2]);
  const minimum = play({ schedulerMode: 'FAIR', pools });
  minimum.submit(1, 'heavy', stage(1, 20));
  minimum.submit(2, 'first', stage(2, 20));
  assert.equal(jobsOf(minimum.join('x', 2)), [2, 2]);
});

test('FAIR: the share that a pool frees goes to the one that has least', () => {
  const { submit, join, end } = play({ schedulerMode: 'FAIR' });
  submit(1, 'a', stage(1, 20));
  const launches = join('x', 4);
  assert.equal(jobsOf(launches), [1, 1, 1, 1]);
  assert.equal(submit(2, 'b', stage(2, 20)), []);
  const next = launches.map((launch) => jobsOf(end(launch))[0]);
  assert.equal([count(next, 1), count(next, 2)], [2, 2]);
});

test('FAIR inside a pool: jobs take turns', () => {
  const { submit, join } = play({ schedulerMode: 'FAIR', pools: { a: { schedulingMode: 'FAIR' } } });
  submit(1, 'a', stage(1, 20));
  submit(2, 'a', stage(2, 20));
  const slots = jobsOf(join('x', 4));
  assert.equal([count(slots, 1), count(slots, 2)], [2, 2]);
});

test('a task goes to the executor or host that its dataset names, and elsewhere after the wait', () => {
  const { submit, join, tell, kinds, pass } = play();
  join('x', 1, 'here');
  join('y', 1, 'there');
  const [byHost] = submit(1, undefined, stage(1, 1, { locations: [['there']] }));
  assert.is(byHost.executorId, 'y');
  assert.equal(submit(2, undefined, stage(2, 1, { locations: [['y']] })), []);
  assert.equal(kinds(), ['startLocalityTimer']);
  pass(1000);
  const [elsewhere] = tell({ kind: 'localityExpired' });
  assert.is(elsewhere.executorId, 'x');
  // Of an executor that is not there nobody waits.
  join('z');
  assert.is(submit(3, undefined, stage(3, 1, { locations: [['gone']] })).length, 1);
});

test('tasks wait as long as others of their stage start near their data, and no task goes astray for the wait of an earlier job', () => {
  const { submit, join, tell, end, pass } = play({ localityWaitMs: 100 });
  join('x');
  join('y');
  const locations = Array.from({ length: 4 }, () => ['x']);
  let [near] = submit(1, undefined, stage(1, 4, { locations }));
  for (let i = 0; i < 3; i++) {
    pass(60);
    const elsewhere = tell({ kind: 'localityExpired' });
    assert.equal(elsewhere, [], `after ${i} tasks`);
    [near] = end(near);
    assert.is(near.executorId, 'x');
  }
  end(near);
  [near] = submit(2, undefined, stage(2, 2, { locations }));
  pass(60);
  assert.equal(tell({ kind: 'localityExpired' }), []);
  pass(40);
  const [elsewhere] = tell({ kind: 'localityExpired' });
  assert.equal([near.executorId, elsewhere.executorId], ['x', 'y']);
});

test('with exclusion a partition that failed is tried on another executor, where there is one', () => {
  const { submit, join, end } = play({ excludeOnFailure: true });
  join('x');
  const failed: TaskEnd = { kind: 'userError', error: { name: 'Error', message: 'no', stack: '', frames: [] } };
  const [first] = submit(1, undefined, stage(1, 1));
  const [again] = end(first, failed);
  assert.is(again.executorId, 'x', 'there is no other');
  join('y');
  const [elsewhere] = end(again, failed);
  assert.is(elsewhere.executorId, 'y');
});

test('a barrier that is wider than the executors that are not excluded takes doubtful ones, and holds up nobody', () => {
  const { submit, join, end } = play({ excludeOnFailure: true, excludeFailures: 1 });
  join('x');
  const [first] = submit(1, undefined, stage(1, 1));
  join('y');
  const [elsewhere] = end(first, { kind: 'userError', error: { name: 'Error', message: 'no', stack: '', frames: [] } });
  end(elsewhere);
  const [other] = submit(2, undefined, stage(2, 1));
  assert.is(other.executorId, 'y', 'x is excluded');
  assert.equal(submit(3, undefined, { ...stage(3, 2), barrier: true }), [], 'y is busy');
  assert.equal(submit(4, undefined, stage(4, 1)), [], 'the barrier gathers slots');
  const together = end(other);
  assert.equal(together.map(({ executorId }) => executorId).sort(), ['x', 'y']);
  assert.equal(jobsOf(together.flatMap((launch) => end(launch))), [4]);
});

/** Runs a job on four persisted partitions to its end; answers which executor read which, and what was handed over and moved. */
function readKept({ submit, end, kinds }: ReturnType<typeof play>, jobId: number) {
  const blocks = [0, 1, 2, 3].map((p) => [[50, p]] as const);
  const running = submit(jobId, undefined, stage(jobId, 4, { blocks }));
  const readers: Record<string, number[]> = {};
  const handedOver: number[] = [];
  let moved = 0;
  for (let launch = running.shift(); launch; launch = running.shift()) {
    const { executorId, task } = launch;
    readers[executorId] = [...(readers[executorId] ?? []), task.partition];
    if (task.handsOver) handedOver.push(task.partition);
    const cached = [{ rddId: 50, partition: task.partition, bytes: 1, diskBytes: task.handsOver ? 1 : 0 }];
    running.push(...end(launch, { ...success(launch), cached } as TaskEnd));
    moved += count(kinds(), 'dropCopies');
  }
  return { readers, handedOver, moved };
}

test('what survivors made again beyond their share is handed over, and moves once to the executor that came', () => {
  const world = play({ slots: 2 });
  const { join, tell } = world;
  join('x');
  join('y');
  assert.equal(readKept(world, 1), { readers: { x: [0, 2], y: [1, 3] }, handedOver: [], moved: 0 });
  tell({ kind: 'executorLost', executorId: 'x', reason: 'killed' });
  assert.equal(readKept(world, 2), { readers: { y: [0, 1, 2, 3] }, handedOver: [0, 2], moved: 0 });
  join('z');
  assert.equal(readKept(world, 3), { readers: { y: [1, 3], z: [0, 2] }, handedOver: [], moved: 2 });
  assert.equal(readKept(world, 4), { readers: { y: [1, 3], z: [0, 2] }, handedOver: [], moved: 0 });
});

test('without a loss no persisted partition moves, however uneven they lie', () => {
  const world = play({ slots: 2 });
  world.join('x');
  readKept(world, 1);
  world.join('y');
  assert.equal(readKept(world, 2), { readers: { x: [0, 1, 2, 3] }, handedOver: [], moved: 0 });
});

const shared = (first: number): StageSpec[] => [
  stage(first, 2, { shuffleId: 7, indeterminate: true }),
  stage(first + 1, 2, { parents: [{ stageId: first, guards: [] }], indeterminate: true }),
];

test('one job at a time writes an indeterminate shuffle; the next one goes on where it is cancelled', () => {
  const { submit, join, tell } = play();
  join('x', 4);
  assert.equal(jobsOf(submit(1, undefined, ...shared(0))), [1, 1]);
  assert.equal(submit(2, undefined, ...shared(2)), []);
  const next = tell({ kind: 'jobCancelled', jobId: 1, reason: '' });
  assert.equal(jobsOf(next), [2, 2]);
});

test('a lost output of an indeterminate stage starts all its readers over, of whatever job', () => {
  const { submit, join, end, dag } = play();
  join('x', 4);
  const maps = submit(1, undefined, ...shared(0));
  const reads = maps.flatMap((map) => end(map, success(map, 7)));
  assert.equal(jobsOf(submit(2, undefined, ...shared(2))), [2, 2]);
  end(reads[0]);
  const lost = { kind: 'fetchFailed', shuffleId: 7, mapIndex: 0, writer: maps[0].task.taskId, reason: 'gone' } as const;
  end(reads[1], lost);
  assert.is(dag.outputs.missing(7).length, 2);
  const [first, second] = dag.status().jobs;
  assert.equal(
    [first, second].map(({ stages }) => [stages[1].done, stages[1].running]),
    [
      [0, 0],
      [0, 0],
    ],
  );
});

test('who reads a persisted dataset of an indeterminate stage waits until no task can keep partitions of the old rows', () => {
  const { submit, join, end, kinds } = play();
  join('x', 4);
  const guards = [[50, 2]] as const;
  const blocks = [[[50, 0]], [[50, 1]]] as const;
  const maps = submit(1, undefined, stage(0, 2, { shuffleId: 7, indeterminate: true }), {
    ...stage(1, 2, { blocks }),
    parents: [{ stageId: 0, guards }],
  });
  const reads = maps.flatMap((map) => end(map, success(map, 7)));
  const lost = { kind: 'fetchFailed', shuffleId: 7, mapIndex: 0, writer: maps[0].task.taskId, reason: 'gone' } as const;
  const again = end(reads[0], lost);
  assert.ok(kinds().includes('dropBlocks') && kinds().includes('cancelTask'));
  assert.equal(
    again.map(({ task }) => task.stageId),
    [0, 0],
  );
  assert.equal(
    again.flatMap((map) => end(map, success(map, 7))),
    [],
  );
  const next = end(reads[1]);
  assert.ok(kinds().includes('dropBlocks'), 'what it kept is dropped');
  assert.equal(
    next.map(({ task }) => [task.stageId, task.partition]),
    [
      [1, 0],
      [1, 1],
    ],
  );
});

/** Time that passes when told. */
function handClock(): Clock & { pass(ms: number): void } {
  let now = 0;
  const waiting = new Map<() => void, number>();
  return {
    now: () => now,
    after(ms, f) {
      waiting.set(f, now + ms);
      return () => void waiting.delete(f);
    },
    pass(ms) {
      now += ms;
      for (const [f, at] of [...waiting]) if (at <= now && waiting.delete(f)) f();
    },
  };
}

test('nothing can run: it is said after two seconds, what is asked and what is there', () => {
  const { submit, join, dag, tell } = play();
  const told: string[] = [];
  const clock = handClock();
  const watch = new StuckWatch(
    clock,
    () => dag.status(),
    (text) => told.push(text),
  );
  const look = () => watch.look(dag.isStuck);
  submit(1, undefined, stage(1, 3));
  look();
  clock.pass(stuckAfterMs - 1);
  assert.equal(told, []);
  look();
  clock.pass(1);
  look();
  clock.pass(10 * stuckAfterMs);
  assert.is(told.length, 1);
  assert.match(told[0], /^Nothing can run: 3 tasks wait in 1 job, no executor has joined\. .*Ctrl-C/);
  const [, launch] = join('x', 2);
  look();
  tell({ kind: 'executorLost', executorId: launch.executorId, reason: 'killed' });
  look();
  join('y', 1);
  look();
  clock.pass(10 * stuckAfterMs);
  assert.is(told.length, 1, 'an executor came in time');
  tell({ kind: 'executorLost', executorId: 'y', reason: 'killed' });
  look();
  clock.pass(stuckAfterMs);
  watch.startFailed('it was killed by SIGKILL');
  watch.startFailed('it was killed by SIGKILL');
  assert.is(told.length, 3, 'the reason is told once, also late');
  assert.match(
    told[2],
    /no executor has joined: the last one ended while it started \(it was killed by SIGKILL\), and others are/,
  );
});

test.run();
