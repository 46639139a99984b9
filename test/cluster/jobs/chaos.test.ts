// Executors are killed at random moments while mixed jobs run, one at a time and all at once: exact, in bounded time, and never a hang.
// time limit: 600 s
import { writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MillraceError } from '../../../runtime/base/errors';
import { Random } from '../../../runtime/base/time';
import { watchLeaks } from '../../helpers/leaks';
import { mixedJobs } from '../../helpers/mixed-jobs';
import { engineExecutor } from '../../helpers/pool';
import { openSession, type Session } from '../../helpers/session';
import { size } from '../../helpers/sizes';
import { until, within } from '../../helpers/within';

const test = suite('chaos');
let leaks: ReturnType<typeof watchLeaks>;

const seed = Number(process.env.MILLRACE_SEED ?? 20261123);
const executors = 3;
const jobCount = size(10, 50);
const killsPerJob = 2;
/** Five on a quiet machine, as promised; a busy machine can only show that nothing hangs. */
const slowdown = size(20, 5);
const jobLimitMs = 30_000;
const kinds = mixedJobs(240_000);

test.before(async () => {
  await engineExecutor();
  leaks = watchLeaks();
});

/** Kills a random executor at each of the given moments, in milliseconds from now. */
class Killer {
  kills = 0;
  #left: number[];
  readonly #timers: NodeJS.Timeout[];

  constructor(session: Session, random: Random, moments: readonly number[]) {
    this.#left = [...moments];
    const strike = () => {
      this.#left.pop();
      const pids = session.pids();
      // All executors may be starting; then the fault does not count.
      if (pids.length === 0) return;
      process.kill(pids[random.below(pids.length)], 'SIGKILL');
      this.kills++;
    };
    this.#timers = moments.map((ms) => setTimeout(strike, ms));
  }

  /** Stops; returns how many moments are left. */
  stop(): number {
    for (const timer of this.#timers) clearTimeout(timer);
    return this.#left.length;
  }
}

test(`${jobCount * killsPerJob} kills over ${jobCount} mixed jobs (seed ${seed}): exact, at most ${slowdown} times as long`, async () => {
  const session = await openSession(executors);
  const random = new Random(seed);
  const kindOf = (job: number) => kinds[job % kinds.length];
  try {
    for (const { run } of kinds) await within(jobLimitMs, run(session.sc, -1), 'warming up');
    const usual: number[] = [];
    for (let job = 0; job < jobCount; job++) {
      const started = performance.now();
      await within(jobLimitMs, kindOf(job).run(session.sc, job), `job ${job} without faults`);
      usual.push(performance.now() - started);
    }
    let kills = 0;
    let owed = 0;
    let disturbed = 0;
    for (let job = 0; job < jobCount; job++) {
      const { name, run, model } = kindOf(job);
      // If a job ends before its kill, the kill hits the next one.
      const moments = Array.from({ length: killsPerJob + owed }, () => random.next() * usual[job]);
      const started = performance.now();
      const killer = new Killer(session, random, moments);
      const answer = await within(jobLimitMs, run(session.sc, job), `job ${job}, ${name}, with ${moments.length} kills`);
      disturbed += performance.now() - started;
      killer.stop();
      kills += killer.kills;
      owed = killsPerJob * (job + 1) - kills;
      assert.equal(answer, model(job), `job ${job}, ${name}`);
    }
    const total = usual.reduce((a, b) => a + b, 0);
    console.log(`  ${kills} kills, ${Math.round(total)} ms without, ${Math.round(disturbed)} ms with them`);
    assert.ok(kills >= killsPerJob * (jobCount - 1), `${kills} kills`);
    assert.ok(disturbed <= slowdown * total, `${disturbed} ms against ${total} ms`);
  } finally {
    await session.stop();
  }
});

const waves = size(4, 20);

test(`all executors killed at once ${waves} times, in maps and in reduces: exact, or a failure with its name`, async () => {
  const session = await openSession(executors);
  const { sc, notes, noted } = session;
  const ends = { exact: 0, named: 0 };
  try {
    for (let wave = 0; wave < waves; wave++) {
      await session.allThere();
      const inMap = wave % 2 === 0;
      const begun = `begun-${wave}-`;
      const waits = (index: number) => {
        writeFileSync(`${notes}/${begun}${index}-${process.pid}`, '');
        // Tasks of the first wave wait to be killed; the limit only matters if the test fails.
        const end = Date.now() + (index < 3 ? 20_000 : 0);
        const isFirst =
          process
            .getBuiltinModule('node:fs')
            .readdirSync(notes)
            .filter((name) => name.startsWith(begun)).length <= 3;
        while (isFirst && Date.now() < end);
      };
      const job = sc
        .range(0, 600, 1, 6)
        .mapPartitionsWithIndex((index, numbers) => {
          if (inMap) waits(index);
          return [...numbers].map((x) => [x % 10, x] as [number, number]);
        })
        .reduceByKey((a, b) => a + b, 3)
        .mapPartitionsWithIndex((index, pairs) => {
          if (!inMap) waits(index);
          return pairs;
        })
        .values()
        .sum()
        .then(
          (sum) => assert.is(sum, 179_700),
          (error) => {
            if (!(error instanceof MillraceError)) throw error;
            ends.named++;
            ends.exact--;
          },
        );
      await until(10_000, () => noted(begun).length >= executors, `three running tasks in wave ${wave}`);
      const killed = session.pids();
      assert.is(killed.length, executors);
      for (const pid of killed) process.kill(pid, 'SIGKILL');
      await within(jobLimitMs, job, `wave ${wave}`);
      ends.exact++;
      assert.is(await within(jobLimitMs, sc.range(0, 100, 1, 4).sum(), `the job after wave ${wave}`), 4950);
    }
    console.log(`  ${waves * executors} kills in ${waves} waves: ${ends.exact} exact, ${ends.named} failed by name`);
    assert.is(ends.exact + ends.named, waves);
  } finally {
    await session.stop();
  }
});

test('leaves nothing behind', () => leaks.check());

test.run();
