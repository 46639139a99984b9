// Thousands of small jobs in one session: neither the driver nor its executors grow with them.
// time limit: 600 s
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import vm from 'node:vm';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { watchLeaks } from '../../helpers/leaks';
import { engineExecutor } from '../../helpers/pool';
import { openSession, type Session } from '../../helpers/session';
import { long, size } from '../../helpers/sizes';
import { within } from '../../helpers/within';

const test = suite('many jobs');
let leaks: ReturnType<typeof watchLeaks>;

/** After this many jobs, histories and program stores are full, and heaps have reached their size. */
const warmUp = size(400, 2_000);
const jobs = size(1_200, 10_000);
const executors = 2;
/** The allowed growth of resident memory after the warm-up. */
const growth = 1.2;
/** Live bytes per job that may remain after a collection. A heap varies by a megabyte, which few jobs must share. */
const bytesPerJob = size(1_500, 500);
const jobLimitMs = 20_000;

test.before(async () => {
  await engineExecutor();
  leaks = watchLeaks();
});

/** Live bytes of this process. Two collections: what finalizers release after the first is freed by the second. */
async function collected(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const gc = vm.runInNewContext('gc') as () => void;
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 4; round++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 20));
    const { heapUsed, external } = process.memoryUsage();
    least = Math.min(least, heapUsed + external);
  }
  return least;
}

/** Live bytes of each executor after a collection, by process. */
async function executorBytes({ sc }: Session): Promise<Map<number, number>> {
  const told = sc.range(0, executors * 4, 1, executors * 4).mapPartitions(() => {
    const builtin = process.getBuiltinModule;
    builtin('node:v8').setFlagsFromString('--expose-gc');
    const gc = builtin('node:vm').runInNewContext('gc') as () => void;
    gc();
    gc();
    const { heapUsed, external } = process.memoryUsage();
    return [[process.pid, heapUsed + external] as [number, number]];
  });
  return new Map(await within(jobLimitMs, told.collect(), 'the sizes of the executors'));
}

function resident(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024;
}

/** Makes values that live for a while, so that the young generation of each executor reaches its full size; V8 never shrinks it. */
async function growNurseries({ sc }: Session): Promise<void> {
  await sc.range(0, executors * 2, 1, executors * 2).foreach(() => {
    for (let round = 0; round < 10; round++) {
      const living: { n: number }[] = [];
      for (let n = 0; n < 1_500_000; n++) living.push({ n });
    }
  });
}

interface Sizes {
  readonly live: Map<number, number>;
  readonly resident: Map<number, number>;
}

async function sizesOf(session: Session): Promise<Sizes> {
  const live = (await executorBytes(session)).set(process.pid, await collected());
  return { live, resident: new Map([...live.keys()].map((pid) => [pid, resident(pid)])) };
}

/** Each job has its own closures, captures, shuffle, persisted dataset, broadcast and accumulator. */
async function smallJob({ sc }: Session, n: number): Promise<void> {
  const numbers = sc.range(0, 20, 1, 2).map((x) => x + n);
  switch (n % 5) {
    case 0:
      assert.is(await numbers.sum(), 190 + 20 * n);
      break;
    case 1: {
      const pairs = numbers.map((x) => [x % 2, 1] as [number, number]);
      assert.is((await pairs.reduceByKey((a, b) => a + b, 2).collect()).length, 2);
      break;
    }
    case 2: {
      const persisted = numbers.cache();
      assert.is(await persisted.count(), 20);
      persisted.unpersist();
      break;
    }
    case 3: {
      const shared = sc.broadcast([n]);
      assert.is(await numbers.filter((x) => x > shared.value[0]).count(), 19);
      shared.destroy();
      break;
    }
    default: {
      const seen = sc.longAccumulator();
      await numbers.foreach(() => seen.add(1));
      assert.is(seen.value, 20);
    }
  }
}

async function run(session: Session, from: number, count: number): Promise<void> {
  for (let n = from; n < from + count; n++) await within(jobLimitMs, smallJob(session, n), `job ${n}`);
}

test(`${jobs} small jobs leave the driver and its executors as small as ${warmUp} did`, async () => {
  const session = await openSession(executors);
  try {
    await run(session, 0, warmUp);
    await within(jobLimitMs, growNurseries(session), 'a heap at its full size');
    const before = await sizesOf(session);
    assert.is(before.live.size, executors + 1);
    const started = performance.now();
    await run(session, warmUp, jobs);
    const ms = performance.now() - started;
    const after = await sizesOf(session);
    const faults: string[] = [];
    for (const [pid, live] of after.live) {
      const name = pid === process.pid ? 'the driver' : `executor ${pid}`;
      const perJob = (live - before.live.get(pid)!) / jobs;
      const ratio = after.resident.get(pid)! / before.resident.get(pid)!;
      const megabytes = Math.round(after.resident.get(pid)! / 2 ** 20);
      console.log(
        `  ${name}: ${Math.round(perJob)} live bytes a job, ${megabytes} MB resident, ${ratio.toFixed(2)} times the start`,
      );
      if (perJob > bytesPerJob) faults.push(`${name} keeps ${perJob} bytes of each job`);
      // Resident memory only means something after many jobs; before, the variation of a heap is larger.
      if (long && ratio > growth) faults.push(`${name} is ${ratio} times as large`);
    }
    console.log(`  ${jobs} jobs, ${(ms / jobs).toFixed(2)} ms each`);
    assert.equal(faults, []);
  } finally {
    await session.stop();
  }
});

test('leaves nothing behind', () => leaks.check());

test.run();
