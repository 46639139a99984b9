// Barriers, copies of slow tasks, exclusion, added files, accumulators and stopped executors, on real executor processes.
// time limit: 240 s
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as api from '../../../runtime/index';
import { watchLeaks } from '../../helpers/leaks';
import { engineExecutor } from '../../helpers/pool';
import { openSession, type Session } from '../../helpers/session';
import { until, within } from '../../helpers/within';

// As at the prompt, where these are global names.
const { BarrierTaskContext, SparkFiles, TaskContext } = api;

const test = suite('control on executors');
let leaks: ReturnType<typeof watchLeaks>;

test.before(async () => {
  await engineExecutor();
  leaks = watchLeaks();
});

function onExecutors(
  name: string,
  executors: number,
  config: Partial<api.Config>,
  body: (session: Session) => Promise<void>,
): void {
  test(name, async () => {
    const session = await openSession(executors, config);
    try {
      await within(30_000, body(session), name);
    } finally {
      await session.stop();
    }
  });
}

function once(folder: string, name: string): boolean {
  try {
    writeFileSync(`${folder}/${name}`, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
}

onExecutors('the tasks of a barrier stage meet', 2, {}, async ({ sc }) => {
  const met = sc
    .range(0, 4, 1, 2)
    .barrier()
    .mapPartitions((xs) => {
      const task = BarrierTaskContext.get();
      const sum = [...xs].reduce((a, b) => a + b, 0);
      const first = task.allGather(sum);
      task.barrier();
      const second = task.allGather(`${task.partitionId()} of ${task.getTaskInfos().length}`);
      return [[...first, ...second]];
    });
  const all = [1, 5, '0 of 2', '1 of 2'];
  assert.equal(await met.collect(), [all, all]);
  // A job on some of the partitions still needs all tasks of the barrier.
  assert.equal(await met.take(1), [all]);
  assert.equal(await met.map((row) => row.length).sum(), 8);
});

onExecutors('if one barrier task fails, all of them run again, and none waits for ever', 2, {}, async ({ sc, notes, noted }) => {
  const rows = await sc
    .range(0, 2, 1, 2)
    .barrier()
    .mapPartitionsWithIndex((i) => {
      const task = BarrierTaskContext.get();
      writeFileSync(`${notes}/run-${i}-${process.hrtime.bigint()}`, '');
      task.barrier();
      if (i === 1 && once(notes, 'thrown')) throw new Error('the first time');
      return task.allGather(i * 10);
    })
    .collect();
  assert.equal(rows, [0, 10, 0, 10]);
  assert.equal([noted('run-0').length, noted('run-1').length], [2, 2]);
  const leaving = sc
    .range(0, 2, 1, 2)
    .barrier()
    .mapPartitionsWithIndex((i) => (i === 0 ? BarrierTaskContext.get().allGather(i) : [i]));
  const error = await leaving.collect().then(
    () => assert.unreachable('one member left'),
    (e) => e,
  );
  assert.is(error.code, 'BARRIER_FAILED');
  assert.match(error.message, /task 1 has ended without calling it/);
  assert.is(await sc.range(10).count(), 10);
});

onExecutors('a barrier survives the death of a member', 2, {}, async ({ sc, notes }) => {
  const rows = await sc
    .range(0, 2, 1, 2)
    .barrier()
    .mapPartitionsWithIndex((i) => {
      if (i === 0 && once(notes, 'killed')) process.kill(process.pid, 'SIGKILL');
      return BarrierTaskContext.get().allGather(i);
    })
    .collect();
  assert.equal(rows, [0, 1, 0, 1]);
});

const speculative = { speculation: true, speculationMinMs: 200, speculationIntervalMs: 50 };

onExecutors('a copy of a slow task wins, and counts once', 2, speculative, async ({ sc, notes }) => {
  const counted = sc.longAccumulator();
  const copies: number[] = [];
  const listener: api.Listener = { onTaskStart: ({ speculative, partition }) => void (speculative && copies.push(partition)) };
  sc.addListener(listener);
  const started = performance.now();
  const rows = await sc
    .range(0, 8, 1, 8)
    .map((x) => {
      counted.add(1);
      // The first try of one partition hangs.
      if (x === 3 && once(notes, 'slow')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20_000);
      return x;
    })
    .collect();
  assert.equal(rows, [0, 1, 2, 3, 4, 5, 6, 7]);
  assert.ok(performance.now() - started < 10_000);
  assert.is(counted.value, 8);
  assert.equal(copies, [3]);
  assert.is(await sc.range(0, 100, 1, 4).sum(), 4950);
});

onExecutors('of two tasks, one counts as slow as soon as the other is done', 2, speculative, async ({ sc, notes }) => {
  const started = performance.now();
  const rows = await sc
    .range(0, 2, 1, 2)
    .map((x) => {
      if (x === 1 && once(notes, 'slow')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20_000);
      return x;
    })
    .collect();
  assert.equal(rows, [0, 1]);
  assert.ok(performance.now() - started < 10_000);
});

const excluding = { excludeOnFailure: true, taskMaxFailures: 20 };

onExecutors('an executor on which tasks keep failing is excluded', 2, excluding, async ({ sc, notes, noted }) => {
  const [bad] = await sc
    .range(0, 1, 1, 1)
    .map(() => TaskContext.get().executorId())
    .collect();
  const job = () =>
    sc
      .range(0, 12, 1, 12)
      .map((x) => {
        if (TaskContext.get().executorId() !== bad) {
          // The good executor waits, so that the bad one gets tasks to fail.
          const limit = Date.now() + 10_000;
          while (readdirSync(notes).filter((name) => name.startsWith('failed-')).length < 2 && Date.now() < limit)
            Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
          return x;
        }
        writeFileSync(`${notes}/failed-${process.hrtime.bigint()}`, '');
        throw new Error('a bad machine');
      })
      .sum();
  assert.is(await job(), 66);
  assert.is(noted('failed-').length, 2);
  assert.equal(
    sc
      .executors()
      .map(({ id, excluded }) => [id === bad, excluded])
      .sort(),
    [
      [false, false],
      [true, true],
    ],
  );
  assert.is(await job(), 66);
  assert.is(noted('failed-').length, 2);
});

class Placed extends api.CustomRDD<string, number> {
  readonly #where: readonly string[];
  constructor(context: api.Context, where: readonly string[]) {
    super(context);
    this.#where = where;
  }
  getPartitions() {
    return this.#where.map((_, i) => i);
  }
  override preferredLocations(index: number) {
    return [this.#where[index]];
  }
  compute = (_: number) => [TaskContext.get().executorId()];
}

onExecutors(
  'partitions run on the preferred executor of their dataset, also below other steps',
  3,
  { localityWaitMs: 10_000 },
  async ({ sc }) => {
    const [a, b, c] = sc.executors().map(({ id }) => id);
    const wished = [c, a, a, b, c, c];
    const placed = new Placed(sc, wished);
    assert.equal(await placed.collect(), wished);
    assert.equal(
      await placed.map((id) => `on ${id}`).collect(),
      wished.map((id) => `on ${id}`),
    );
    // No task waits for an executor that does not exist.
    assert.is((await new Placed(sc, ['nowhere']).collect()).length, 1);
  },
);

onExecutors('pools share the executors', 2, { schedulerMode: 'FAIR' }, async ({ sc, notes, noted }) => {
  const spin = (name: string) =>
    sc.withLocalProperties({ 'spark.scheduler.pool': name }, () =>
      sc
        .range(0, 6, 1, 6)
        .map((x) => {
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
          writeFileSync(`${notes}/${name}-${x}`, '');
          return x;
        })
        .count(),
    );
  const slow = spin('one');
  const second = spin('two').then(() => noted('one-').length);
  // The second pool got its share before the first one was done.
  assert.ok((await second) <= 6 && (await slow) === 6);
  const order = sc.jobs().map(({ pool, ended }) => [pool, ended] as const);
  const gap = Math.abs(order[0][1]! - order[1][1]!);
  assert.ok(gap < 350, `they ended ${gap} ms apart`);
});

class Words {
  readonly found = new Set<string>();
  get value() {
    return [...this.found].sort();
  }
  reset() {
    this.found.clear();
  }
  add(word: string) {
    this.found.add(word);
  }
  merge(other: Words) {
    for (const word of other.found) this.found.add(word);
  }
}

onExecutors('added files, properties and custom accumulators reach executors', 2, {}, async ({ sc }) => {
  const folder = mkdtempSync(join(tmpdir(), 'control-'));
  writeFileSync(`${folder}/stop.txt`, 'the a');
  sc.addFile(`${folder}/stop.txt`);
  rmSync(folder, { recursive: true });
  const words = sc.register(new Words());
  sc.setLocalProperty('greeting', 'hello');
  const rows = await sc
    .parallelize(['the cat', 'a dog'], 2)
    .flatMap((line) => {
      const stop = readFileSync(SparkFiles.get('stop.txt'), 'utf8').split(' ');
      const kept = line.split(' ').filter((w) => !stop.includes(w));
      for (const w of kept) words.add(w);
      return kept.map((w) => `${TaskContext.get().getLocalProperty('greeting')} ${w}`);
    })
    .collect();
  assert.equal(rows, ['hello cat', 'hello dog']);
  assert.equal(words.value, ['cat', 'dog']);
});

onExecutors('late messages of a stopped executor are ignored', 2, {}, async ({ sc, notes, noted }) => {
  const counted = sc.longAccumulator();
  const removed: string[] = [];
  sc.addListener({ onExecutorRemoved: ({ executorId }) => void removed.push(executorId) });
  const job = sc
    .range(0, 4, 1, 4)
    .map((x) => {
      counted.add(1);
      if (x === 1 && once(notes, 'stopped')) process.kill(process.pid, 'SIGSTOP');
      return x * x;
    })
    .collect();
  await until(5000, () => noted('stopped').length === 1, 'the stop');
  assert.equal(await job, [0, 1, 4, 9]);
  assert.is(counted.value, 4);
  assert.is(removed.length, 1);
});

test('leaves nothing behind', () => leaks.check());

test.run();
