// Executors die and closures throw in each phase of a job: results stay exact, failures are named, the next job is right.
// time limit: 240 s
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { MillraceError } from '../../../runtime/base/errors';
import { type RDD, StorageLevel } from '../../../runtime/index';
import { watchLeaks } from '../../helpers/leaks';
import { engineExecutor } from '../../helpers/pool';
import { openSession, type Session } from '../../helpers/session';
import { until, within } from '../../helpers/within';

const test = suite('faults');
let leaks: ReturnType<typeof watchLeaks>;

test.before(async () => {
  await engineExecutor();
  leaks = watchLeaks();
});

const failure = (job: Promise<unknown>): Promise<MillraceError> =>
  job.then(
    () => assert.unreachable('the job should have failed'),
    (error) => error,
  );

/** A test in its own session. */
function onExecutors(name: string, executors: number, body: (session: Session) => Promise<void>): void {
  test(name, async () => {
    const session = await openSession(executors);
    try {
      await within(40_000, body(session), name);
    } finally {
      await session.stop();
    }
  });
}

/** Records that something happened; true the first time. */
function once(folder: string, name: string): boolean {
  try {
    writeFileSync(`${folder}/${name}`, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
}

const die = () => process.kill(process.pid, 'SIGKILL');

const text = Array.from({ length: 4000 }, (_, i) => `w${i % 97} w${i % 13} constructor w${(i * i) % 31}`);

function expectedCounts(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of text) for (const word of line.split(' ')) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

const wordCount = (lines: RDD<string>, partitions = 4): RDD<[string, number]> =>
  lines
    .flatMap((line) => line.split(' '))
    .map((word) => [word, 1])
    .reduceByKey((a, b) => a + b, partitions);

const sortedEntries = (counts: Iterable<readonly [string, number]>) => [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
const exact = async (counts: RDD<[string, number]>) =>
  assert.equal(sortedEntries(await counts.collect()), sortedEntries(expectedCounts()));

// ---- closures that fail

onExecutors('a task that throws once runs once more, and no other task does', 2, async ({ sc, notes, noted }) => {
  const rows = await sc
    .parallelize([1, 2, 3], 3)
    .map((x) => {
      writeFileSync(`${notes}/run-${x}-${process.hrtime.bigint()}`, '');
      if (x === 2 && once(notes, 'thrown')) throw new Error('the first time');
      return x * 10;
    })
    .collect();
  assert.equal(rows, [10, 20, 30]);
  assert.is(noted('run-').length, 4);
  assert.is(noted('run-2-').length, 2);
});

onExecutors('a task that always throws fails its job after four attempts', 2, async ({ sc, notes, noted }) => {
  const started = performance.now();
  const error = await failure(
    sc
      .parallelize([1, 2, 3], 3)
      .map((x) => {
        if (x !== 2) return x;
        writeFileSync(`${notes}/run-${process.hrtime.bigint()}`, '');
        throw new RangeError('always');
      })
      .collect(),
  );
  assert.is(error.code, 'TASK_FAILED');
  assert.match(error.message, /RangeError: always/);
  assert.equal([error.details.partition, error.details.attempts, noted('run-').length], [1, 4, 4]);
  assert.type(error.details.stage, 'number');
  const remote = error.details.remote as { operator: string; element: string; frames: { file: string; line: number }[] };
  assert.equal([remote.operator, remote.element], ['map', '2']);
  assert.is(remote.frames[0].file, __filename);
  const line = readFileSync(__filename, 'utf8').split('\n')[remote.frames[0].line - 1];
  assert.match(line, /throw new RangeError/);
  assert.ok(performance.now() - started < 10_000);
  assert.is(await sc.range(0, 100, 1, 4).sum(), 4950);
});

onExecutors('a task that always ends its process fails its job after four attempts', 2, async ({ sc, notes, noted }) => {
  const started = performance.now();
  const error = await failure(
    sc
      .parallelize([1, 2], 2)
      .map((x) => {
        if (x !== 2) return x;
        writeFileSync(`${notes}/run-${process.hrtime.bigint()}`, '');
        return process.exit(3);
      })
      .collect(),
  );
  assert.is(error.code, 'EXECUTORS_LOST');
  assert.type(error.details.stage, 'number');
  const place = /\(map at (.*):(\d+)\) was lost 4 times/.exec(error.message);
  assert.is(place?.[1], __filename);
  const line = readFileSync(__filename, 'utf8').split('\n')[Number(place?.[2]) - 1];
  assert.match(line, /\.map\(\(x\) => \{/);
  assert.equal([error.details.partition, error.details.attempts, noted('run-').length], [1, 4, 4]);
  assert.ok(performance.now() - started < 10_000, `${performance.now() - started} ms`);
  assert.is(await sc.range(0, 100, 1, 4).sum(), 4950);
});

// ---- executors that die

onExecutors('killed during the map: exact', 2, async ({ sc, notes }) => {
  const lines = sc.parallelize(text, 6).mapPartitionsWithIndex(function* (index, rows) {
    let n = 0;
    for (const line of rows) {
      if (index === 3 && n++ === 100 && once(notes, 'killed')) die();
      yield line;
    }
  });
  await exact(wordCount(lines));
  assert.ok(existsSync(`${notes}/killed`));
});

onExecutors('killed during the reduce: exact', 2, async ({ sc, notes }) => {
  const counts = wordCount(sc.parallelize(text, 6)).mapPartitionsWithIndex((index, rows) => {
    if (index === 2 && once(notes, 'killed')) die();
    return rows;
  });
  await exact(counts);
  assert.ok(existsSync(`${notes}/killed`));
});

onExecutors('an executor with map output is killed while another reads: exact', 3, async ({ sc, notes }) => {
  const lines = sc.parallelize(text, 6).mapPartitions((rows) => {
    writeFileSync(`${notes}/map-${process.pid}`, '');
    return rows;
  });
  const counts = wordCount(lines).mapPartitions((rows) => {
    if (once(notes, 'killed')) {
      const writers = readdirSync(notes).flatMap((name) => /^map-(\d+)$/.exec(name)?.[1] ?? []);
      const other = writers.map(Number).find((pid) => pid !== process.pid);
      writeFileSync(`${notes}/victim`, String(other));
      if (other !== undefined) process.kill(other, 'SIGKILL');
    }
    return rows;
  });
  await exact(counts);
  assert.match(readFileSync(`${notes}/victim`, 'utf8'), /^\d+$/);
});

onExecutors(
  'killed while it stores persisted partitions: exact, and all of them are stored in the end',
  2,
  async ({ sc, notes }) => {
    const lines = sc
      .parallelize(text, 6)
      .mapPartitionsWithIndex(function* (index, rows) {
        let n = 0;
        for (const line of rows) {
          if (index === 4 && n++ === 300 && once(notes, 'killed')) die();
          yield line;
        }
      })
      .cache();
    await exact(wordCount(lines));
    assert.ok(existsSync(`${notes}/killed`));
    assert.is(await lines.count(), text.length);
    assert.is(sc.storageOf(lines).partitions, 6);
    await exact(wordCount(lines));
  },
);

onExecutors('killed, or thrown, after the input was persisted: accumulators are exact', 2, async ({ sc, notes }) => {
  for (const how of ['kill', 'throw']) {
    const rows = sc.longAccumulator();
    const kept = sc.range(0, 400, 1, 8).map((x) => {
      rows.add(1);
      return x;
    });
    kept.persist(StorageLevel.DISK_ONLY);
    const sum = await kept
      .map((x) => {
        if ((x === 130 || x === 330) && once(notes, `${how}-${x}`)) {
          if (how === 'kill') die();
          throw new Error('the first time');
        }
        return x;
      })
      .sum();
    assert.equal([sum, rows.value], [79_800, 400], how);
    assert.is(await kept.count(), 400);
    assert.is(rows.value, 400, how);
  }
});

onExecutors('only the persisted partitions of the lost executor are recomputed', 3, async ({ sc, notes, noted, allThere }) => {
  const rows = sc
    .range(0, 1600, 1, 16)
    .mapPartitionsWithIndex((index, numbers) => {
      writeFileSync(`${notes}/made-${index}-${process.pid}-${process.hrtime.bigint()}`, '');
      return numbers;
    })
    .cache();
  assert.is(await rows.sum(), 1_279_200);
  const made = noted('made-').map((name) => Number(name.split('-')[2]));
  assert.is(made.length, 16);
  const victim = made[0];
  const lost = made.filter((pid) => pid === victim).length;
  assert.ok(lost < 16, 'the partitions are spread');
  process.kill(victim, 'SIGKILL');
  await until(5_000, () => sc.storageOf(rows).partitions === 16 - lost, 'the loss to be noticed');
  await allThere();
  assert.is(await rows.sum(), 1_279_200);
  assert.is(noted('made-').length, 16 + lost);
  assert.is(sc.storageOf(rows).partitions, 16);
});

onExecutors('accumulators count each partition once, whatever was lost', 2, async ({ sc, notes }) => {
  const seen = sc.longAccumulator();
  const counts = sc
    .range(0, 1000, 1, 8)
    .mapPartitionsWithIndex(function* (index, rows) {
      for (const x of rows) {
        seen.add(1);
        if ((x === 300 || x === 800) && once(notes, `killed-${index}`)) die();
        yield [x % 7, 1] as [number, number];
      }
    })
    .reduceByKey((a, b) => a + b, 3);
  assert.is(await counts.values().sum(), 1000);
  assert.is(seen.value, 1000);
  assert.ok(existsSync(`${notes}/killed-2`) && existsSync(`${notes}/killed-6`));
});

onExecutors('all executors killed at once: exact', 3, async ({ sc, notes, noted, pids }) => {
  const lines = sc.parallelize(text, 6).mapPartitionsWithIndex((index, rows) => {
    const all = [...rows];
    if (once(notes, `begun-${index}`)) {
      // Tasks of the first wave wait to be killed.
      const end = Date.now() + (index < 3 ? 20_000 : 0);
      while (Date.now() < end);
    }
    return all;
  });
  const job = exact(wordCount(lines));
  await until(10_000, () => noted('begun-').length >= 3, 'three running tasks');
  const killed = pids();
  assert.is(killed.length, 3);
  for (const pid of killed) process.kill(pid, 'SIGKILL');
  await job;
  assert.ok(pids().every((pid) => !killed.includes(pid)));
});

onExecutors('a map output that is deleted, cut or changed is recomputed', 2, async ({ sc, notes, noted }) => {
  const counts = wordCount(
    sc.parallelize(text, 5).mapPartitionsWithIndex((index, rows) => {
      writeFileSync(`${notes}/map-${index}-${process.hrtime.bigint()}`, '');
      return rows;
    }),
  );
  await exact(counts);
  assert.is(noted('map-').length, 5);
  const folder = `${process.env.TMPDIR}`;
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /^\d+\.\d+$/.test(entry.name) && /\/\d+$/.test(entry.parentPath))
    .map((entry) => `${entry.parentPath}/${entry.name}`);
  assert.is(files.length, 5);
  const bytes = readFileSync(files[0]);
  bytes[Math.floor(bytes.length / 3)] ^= 1;
  writeFileSync(files[0], bytes);
  await exact(counts);
  assert.is(noted('map-').length, 6);
});

// ---- cancelling

const forEver = (folder: string, phase: string): number => {
  writeFileSync(`${folder}/${phase}`, '');
  for (;;);
};

const phases: Record<string, (session: Session) => RDD<unknown>> = {
  map: ({ sc, notes }) => sc.range(0, 10, 1, 2).map(() => forEver(notes, 'map')),
  'map before a shuffle': ({ sc, notes }) =>
    sc
      .range(0, 10, 1, 2)
      .map((x): [number, number] => {
        forEver(notes, 'map before a shuffle');
        return [x, x];
      })
      .reduceByKey((a) => a),
  reduce: ({ sc, notes }) =>
    sc
      .range(0, 10, 1, 2)
      .map((x): [number, number] => [0, x])
      .reduceByKey((a) => a)
      .mapValues(() => forEver(notes, 'reduce')),
  cache: ({ sc, notes }) =>
    sc
      .range(0, 10, 1, 2)
      .map(() => forEver(notes, 'cache'))
      .cache(),
  'an await that never settles': ({ sc, notes }) =>
    sc.range(0, 10, 1, 2).mapPartitions((rows) => {
      writeFileSync(`${notes}/an await that never settles`, '');
      return rows;
    }),
};

onExecutors('cancelled in each phase: soon, and the next job is exact', 2, async (session) => {
  const { sc, noted } = session;
  for (const [phase, make] of Object.entries(phases)) {
    const rdd = make(session);
    const job = phase.startsWith('an await') ? rdd.foreach(() => new Promise(() => {})) : rdd.count();
    const error = failure(job);
    await until(10_000, () => noted(phase).length > 0, `the phase ${phase}`);
    sc.cancelAllJobs(': enough');
    assert.is((await within(10_000, error, `the end of ${phase}`)).code, 'JOB_CANCELLED');
    assert.is(await within(5_000, sc.range(0, 100, 1, 4).sum(), `the job after ${phase}`), 4950);
    await until(5_000, () => sc.executors().reduce((n, { free }) => n + free, 0) === 2, `free slots after ${phase}`);
  }
});

onExecutors('a capture that fails at the first job costs no slot', 2, async ({ sc }) => {
  const bad = sc.range(0, 10, 1, 4).map((x) => x + (late as unknown as number));
  const late = Promise.resolve(1);
  assert.is((await failure(bad.count())).code, 'UNSERIALIZABLE_CAPTURE');
  await until(2_000, () => sc.executors().every(({ free }) => free === 1), 'free slots');
  assert.is(await sc.range(0, 100, 1, 4).sum(), 4950);
});

test('leaves nothing behind', () => leaks.check());

test.run();
