// The scheduler's decisions: cases by hand, then random worlds in which everything that can be lost is lost.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../../../runtime/base/time';
import type { AccumulatorUpdate, MapOutput, TaskEnd } from '../../../runtime/plan/end';
import type { SchedulerEvent } from '../../../runtime/scheduler/events';
import { type Launch, Play, stage, success } from '../../helpers/dag-play';
import { DagWorld } from '../../helpers/dag-world';

const test = suite('dag');

const output = ({ executorId, task }: Launch, shuffleId = 7): { output: MapOutput } => ({
  output: { shuffleId, mapIndex: task.partition, executorId, writer: task.taskId, sizes: [1] },
});
const userError: TaskEnd = { kind: 'userError', error: { name: 'Error', message: 'no', stack: '', frames: [] } };
const mapAndReduce = (maps: number, reduces: number) => [
  stage(0, maps, { shuffleId: 7 }),
  stage(1, reduces, { parents: [{ stageId: 0, guards: [] }] }),
];

test('a job waits for executors, runs on free slots, reports and ends', () => {
  const play = new Play();
  assert.equal(play.submit(stage(0, 3)), []);
  const [a, b] = play.join('x', 2);
  assert.equal([a.task.partition, b.task.partition], [0, 1]);
  const [c] = play.end(a, success());
  assert.is(c.task.partition, 2);
  play.end(c, success());
  play.end(b, success());
  assert.equal(play.kinds(), ['reportResult', 'noteStageCompleted', 'finishJob']);
});

test('a job without partitions ends at once', () => {
  const play = new Play();
  play.submit(stage(0, 0));
  assert.equal(play.kinds(), ['finishJob']);
});

test('three failures are tried again, the fourth fails the job', () => {
  const play = new Play();
  play.join('x');
  let [launch] = play.submit(stage(0, 1));
  for (let attempt = 1; attempt <= 3; attempt++) {
    [launch] = play.end(launch, userError);
    assert.is(launch.task.attempt, attempt);
  }
  play.end(launch, userError);
  const failed = play.commands[play.commands.length - 1];
  assert.ok(failed.kind === 'failJob' && failed.failure.kind === 'task' && failed.failure.attempts === 4);
});

test('failures of different partitions are counted apart', () => {
  const play = new Play();
  play.join('x', 2);
  let launches = play.submit(stage(0, 2));
  for (let i = 0; i < 3; i++) launches = launches.flatMap((launch) => play.end(launch, userError));
  assert.is(launches.length, 2);
});

test('reduce tasks start when all map outputs are there', () => {
  const play = new Play();
  play.join('x', 3);
  const [a, b] = play.submit(...mapAndReduce(2, 1));
  assert.equal(play.end(a, success(output(a))), []);
  const [reduce] = play.end(b, success(output(b)));
  assert.is(reduce.task.stageId, 1);
});

test('a failed fetch runs the lost map task again, and only it', () => {
  const play = new Play();
  play.join('x', 2);
  const maps = play.submit(...mapAndReduce(3, 2));
  const [third] = play.end(maps[0], success(output(maps[0])));
  play.end(maps[1], success(output(maps[1])));
  const reduces = play.end(third, success(output(third)));
  assert.is(reduces.length, 2);
  const { writer } = output(maps[1]).output;
  const [again] = play.end(reduces[0], { kind: 'fetchFailed', shuffleId: 7, mapIndex: 1, writer, reason: 'gone' });
  assert.equal([again.task.stageId, again.task.partition], [0, 1]);
  // Another task of the same run meets the same loss: nothing more is taken back.
  assert.equal(play.end(reduces[1], { kind: 'fetchFailed', shuffleId: 7, mapIndex: 1, writer, reason: 'gone' }), []);
  const retried = play.end(again, success(output(again)));
  assert.equal(
    retried.map(({ task }) => [task.stageId, task.stageAttempt]),
    [
      [1, 1],
      [1, 1],
    ],
  );
});

test('a late failed fetch does not take back the output that was made again', () => {
  const play = new Play();
  play.join('x', 2);
  const [map] = play.submit(...mapAndReduce(1, 2));
  const reduces = play.end(map, success(output(map)));
  const gone = { kind: 'fetchFailed', shuffleId: 7, mapIndex: 0, writer: map.task.taskId, reason: 'gone' } as const;
  const [again] = play.end(reduces[0], gone);
  play.end(again, success(output(again)));
  const launches = play.end(reduces[1], gone);
  assert.equal(
    launches.map(({ task }) => task.stageId),
    [1],
  );
  assert.ok(play.dag.outputs.complete(7));
});

test('the fourth run of a stage that cannot read its input fails the job', () => {
  const play = new Play();
  play.join('x');
  let [launch] = play.submit(...mapAndReduce(1, 1));
  for (let run = 0; run < 4; run++) {
    const map = launch;
    const [reduce] = play.end(map, success(output(map)));
    [launch] = play.end(reduce, { kind: 'fetchFailed', shuffleId: 7, mapIndex: 0, writer: map.task.taskId, reason: 'gone' });
  }
  const [failed] = play.commands;
  assert.ok(failed.kind === 'failJob' && failed.failure.kind === 'shuffleLost' && failed.failure.attempts === 4);
});

test('outputs of a lost executor are made again only where they went with it', () => {
  for (const survives of [true, false]) {
    const play = new Play();
    play.join('x', 1, survives);
    const [map] = play.submit(...mapAndReduce(1, 1));
    play.end(map, success(output(map)));
    play.tell({ kind: 'executorLost', executorId: 'x', reason: 'killed' });
    const [next] = play.join('y', 1, survives);
    assert.is(next.task.stageId, survives ? 1 : 0);
  }
});

test('a lost executor gives its tasks to others, and its late ends count for nothing', () => {
  const play = new Play();
  play.join('x', 2);
  const [a, b] = play.submit(stage(0, 2));
  play.tell({ kind: 'executorLost', executorId: 'x', reason: 'killed' });
  const again = play.join('y', 2);
  assert.equal(
    again.map(({ task }) => [task.partition, task.attempt]),
    [
      [0, 1],
      [1, 1],
    ],
  );
  assert.equal(play.end(a, success()), []);
  assert.equal(play.commands, []);
  play.end(again[0], success({ accumulators: [{ id: 'n', value: 1 }] }));
  assert.equal(play.kinds(), ['mergeAccumulators', 'reportResult']);
  assert.equal(play.end(b, success()), []);
  play.end(again[0], success({ accumulators: [{ id: 'n', value: 1 }] }));
  assert.equal(play.commands, []);
});

test('what a persisted partition added counts once for each computation, whichever tasks report it', () => {
  const play = new Play();
  play.join('x', 2);
  const [a, b] = play.submit(stage(0, 2));
  const added = (within: string) => ({ id: 'n', value: 1, block: { rddId: 9, partition: 4, within } });
  const merged = (launch: typeof a, ...accumulators: AccumulatorUpdate[]) => {
    play.end(launch, success({ accumulators }));
    return play.commands.flatMap((command) => (command.kind === 'mergeAccumulators' ? command.updates : []));
  };
  const own = { id: 'n', value: 2 };
  assert.equal(merged(a, own, added('stage 0')), [added('stage 0'), own]);
  assert.equal(merged(b, added('stage 0'), added('stage 7')), [added('stage 7')]);
  const [c] = play.submit(stage(1, 1));
  assert.equal(merged(c, added('stage 7'), added('stage 0')), []);
  play.tell({ kind: 'datasetForgotten', rddId: 9 });
  const [d] = play.submit(stage(2, 1));
  assert.equal(merged(d, added('stage 7')), [added('stage 7')]);
});

test('the end of a task counts only from the executor that runs it', () => {
  const play = new Play();
  play.join('x');
  const [launch] = play.submit(stage(0, 1));
  play.join('y');
  assert.equal(play.end({ ...launch, executorId: 'y' }, userError), []);
  play.end({ ...launch, executorId: 'y' }, success());
  assert.equal(play.kinds(), []);
  play.end(launch, success());
  assert.equal(play.kinds(), ['reportResult', 'noteStageCompleted', 'finishJob']);
});

test('an executor that is lost four times under a task fails its job', () => {
  const play = new Play();
  play.submit(stage(0, 1));
  for (let i = 0; i < 4; i++) {
    play.join(`x${i}`);
    play.tell({ kind: 'executorLost', executorId: `x${i}`, reason: 'killed' });
  }
  assert.equal(play.kinds(), ['noteStageCompleted', 'failJob']);
});

test('a task that ends as cancelled although nobody cancelled it is tried again, but not for ever', () => {
  const play = new Play();
  play.join('x');
  let [launch] = play.submit(stage(0, 1));
  for (let i = 0; i < 3; i++) [launch] = play.end(launch, { kind: 'cancelled' });
  play.end(launch, { kind: 'cancelled' });
  assert.equal(play.kinds(), ['noteStageCompleted', 'failJob']);
});

test('a cancelled job frees its slots when its tasks end, and not before', () => {
  const play = new Play();
  play.join('x');
  const [a] = play.submit(stage(0, 2));
  play.tell({ kind: 'jobCancelled', jobId: 1, reason: '' });
  assert.equal(play.kinds(), ['cancelTask', 'noteStageCompleted', 'failJob']);
  assert.equal(play.tell({ kind: 'jobSubmitted', job: { jobId: 2, stages: [stage(1, 1)] } }), []);
  const [next] = play.end(a, { kind: 'cancelled' });
  assert.is(next.task.jobId, 2);
});

test('a cached dataset makes its parents unneeded while all of it is held', () => {
  const guarded = (jobId: number): SchedulerEvent => ({
    kind: 'jobSubmitted',
    job: {
      jobId,
      stages: [
        stage(jobId * 2, 2, { shuffleId: 7 }),
        stage(jobId * 2 + 1, 1, { parents: [{ stageId: jobId * 2, guards: [[50, 1]] }], blocks: [[[50, 0]]] }),
      ],
    },
  });
  const play = new Play();
  play.join('x', 2);
  const maps = play.tell(guarded(1));
  assert.equal(
    maps.map(({ task }) => task.stageId),
    [2, 2],
  );
  play.end(maps[0], success(output(maps[0])));
  const [reduce] = play.end(maps[1], success(output(maps[1])));
  play.end(reduce, success({ cached: [{ rddId: 50, partition: 0, bytes: 1 }] }));
  play.tell({ kind: 'shuffleForgotten', shuffleId: 7 });
  const [direct] = play.tell(guarded(2));
  assert.is(direct.task.stageId, 5);
  // It was evicted: the task finds neither the block nor the shuffle, and the parents run after all.
  const needed = play.end(direct, { kind: 'fetchFailed', shuffleId: 7, mapIndex: -1, writer: -1, reason: 'not there' });
  assert.equal(
    needed.map(({ task }) => task.stageId),
    [4, 4],
  );
});

test('a task waits for the executor that holds its block, until the wait is over', () => {
  const play = new Play();
  play.join('x');
  play.join('y');
  const first = play.submit(stage(0, 1, { blocks: [[[50, 0]]] }));
  play.end(first[0], success({ cached: [{ rddId: 50, partition: 0, bytes: 1 }] }));
  const holder = first[0].executorId;
  const busy = play.tell({ kind: 'jobSubmitted', job: { jobId: 2, stages: [stage(1, 1, { blocks: [[[50, 0]]] })] } });
  assert.is(busy[0].executorId, holder);
  const waits = play.tell({ kind: 'jobSubmitted', job: { jobId: 3, stages: [stage(2, 1, { blocks: [[[50, 0]]] })] } });
  assert.equal([waits, play.kinds()], [[], ['startLocalityTimer']]);
  const [elsewhere] = play.tell({ kind: 'localityExpired' });
  assert.is.not(elsewhere.executorId, holder);
});

test('a backend that fails ends all jobs', () => {
  const play = new Play();
  play.submit(stage(0, 1));
  play.tell({ kind: 'backendFailed', reason: 'no' });
  assert.equal(play.kinds(), ['failJob']);
});

/** One random world: faults for a while, then peace until every job has ended. */
function simulate(seed: number): { jobs: number; faults: number } {
  const random = new Random(seed);
  const world = new DagWorld(random);
  let jobs = 0;
  let faults = 0;
  const anyTask = () => [...world.launched.keys()][random.below(world.launched.size)];
  const expire = () => {
    if (world.timers === 0) return;
    world.timers--;
    world.handle({ kind: 'localityExpired' });
  };
  for (let step = 0; step < 150; step++) {
    const choice = random.below(100);
    if (choice < 6 && world.executors.length < 4) world.join();
    else if (choice < 10 && world.executors.length > 0) {
      faults++;
      world.lose(world.executors[random.below(world.executors.length)]);
    } else if (choice < 16 && jobs < 8) world.submit(jobs++);
    else if (choice < 19 && world.lostTasks.length > 0) world.tellAgain(world.lostTasks[random.below(world.lostTasks.length)]);
    else if (choice < 22) {
      faults++;
      world.damage();
    } else if (choice < 24 && world.launched.size > 0) {
      faults++;
      world.fail(anyTask());
    } else if (choice < 25 && world.runningJobs.length > 0)
      world.handle({ kind: 'jobCancelled', jobId: world.runningJobs[0], reason: '' });
    else if (choice < 26) world.handle({ kind: 'datasetForgotten', rddId: 200 });
    else if (choice < 32) expire();
    else if (world.launched.size > 0) {
      const taskId = anyTask();
      const launched = world.launched.get(taskId)!;
      world.run(taskId);
      // Doubled ends must count once.
      if (random.below(10) === 0) world.tellAgain(launched);
    }
  }
  if (world.executors.length === 0) world.join();
  for (let step = 0; world.runningJobs.length > 0 || world.launched.size > 0; step++) {
    assert.ok(step < 5_000, 'the jobs do not come to an end');
    if (world.launched.size > 0) world.run(anyTask());
    else {
      assert.ok(world.timers > 0, `jobs ${world.runningJobs} are stuck`);
      expire();
    }
  }
  for (const { id, slots, free } of world.dag.executors()) assert.is(free, slots, `free slots of ${id}`);
  for (const [id, times] of world.accumulated) assert.is(times, 1, `accumulators of ${id}`);
  assert.is(world.ends.size, jobs);
  return { jobs, faults };
}

test('300 random worlds: every job ends once, no slot is lost, no rule is broken', () => {
  const only = process.env.SEED === undefined ? undefined : Number(process.env.SEED);
  let jobs = 0;
  let faults = 0;
  for (let seed = only ?? 0; seed < (only === undefined ? 300 : only + 1); seed++) {
    try {
      const ran = simulate(seed);
      jobs += ran.jobs;
      faults += ran.faults;
    } catch (error) {
      throw new Error(`SEED=${seed}: ${(error as Error).stack}`);
    }
  }
  if (only === undefined) assert.ok(jobs > 1_000 && faults > 1_000, `${jobs} jobs, ${faults} faults`);
});

test.run();
