// An executor is killed in each phase of a job, again and again: results and accumulators are exact, and nothing hangs.
// time limit: 600 s
import { existsSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { StorageLevel } from '../../../runtime/index';
import { type Fault, strike, strikeAtBlob, strikeAtEnd, strikeAtFile } from '../../helpers/kills';
import { watchLeaks } from '../../helpers/leaks';
import { engineExecutor } from '../../helpers/pool';
import { openSession, type Session } from '../../helpers/session';
import { size } from '../../helpers/sizes';
import { until, within } from '../../helpers/within';

const test = suite('phases');
let leaks: ReturnType<typeof watchLeaks>;

const rounds = size(3, 30);
const executors = 3;
const rows = 3_000;
const mapPartitions = 6;
const keys = 31;
const jobLimitMs = 20_000;

const phases = ['map', 'after the shuffle write', 'fetch', 'reduce', 'broadcast', 'result send', 'cache write'] as const;
type Phase = (typeof phases)[number];

test.before(async () => {
  await engineExecutor();
  leaks = watchLeaks();
});

const expected = (): [number, number][] => {
  const sums = new Array<number>(keys).fill(0);
  for (let x = 0; x < rows; x++) sums[x % keys] += x;
  return sums.map((sum, key) => [key, sum * 2]);
};

/** Sums by key in two stages while an executor dies in `phase`; `round` picks the partition, and before or after the step. */
function sums({ sc }: Session, phase: Phase, round: number, fault: Fault) {
  const victim = round % mapPartitions;
  const when = round % 2 === 0 ? 'before' : 'after';
  const level = round % 2 === 0 ? StorageLevel.MEMORY_ONLY : StorageLevel.DISK_ONLY;
  const seen = sc.longAccumulator();
  const twice = sc.broadcast({ factor: 2, ballast: 'x'.repeat(100_000 + round) });
  const { id } = twice;
  const result = sc
    .range(0, rows, 1, mapPartitions)
    .mapPartitionsWithIndex(function* (index, numbers) {
      const output = new RegExp(`/\\d+/${victim}\\.\\d+$`);
      if (phase === 'after the shuffle write') strikeAtFile('renameSync', output, 'after', fault);
      if (phase === 'fetch') strikeAtFile('openSync', output, when, fault);
      if (phase === 'broadcast' && when === 'before') strikeAtBlob(id, fault);
      if (phase === 'cache write' && when === 'after') strikeAtFile('renameSync', /\/blocks\//, 'before', fault);
      let n = 0;
      for (const x of numbers) {
        if (phase === 'map' && index === victim && n++ === 50 * (victim + 1)) strike(fault);
        seen.add(1);
        yield [x % keys, x] as [number, number];
      }
    })
    .combineByKey(
      (x) => x,
      (sum, x) => sum + x,
      (a, b) => {
        if (phase === 'reduce') strike(fault);
        return a + b;
      },
      4,
    )
    .mapPartitionsWithIndex(function* (index, pairs) {
      if (phase === 'result send' && index === victim % 4) strikeAtEnd(when, fault);
      // The bytes have just become a value.
      if (phase === 'broadcast' && when === 'after' && twice.value.factor === 2) strike(fault);
      let n = 0;
      for (const [key, sum] of pairs) {
        if (phase === 'cache write' && index === victim % 4 && n++ === 3 && when === 'before') strike(fault);
        yield [key, sum * twice.value.factor] as [number, number];
      }
    });
  return { seen, result: phase === 'cache write' ? result.persist(level) : result };
}

for (const phase of phases) {
  test(`killed ${rounds} times, phase ${phase}: exact`, async () => {
    const session = await openSession(executors);
    try {
      for (let round = 0; round < rounds; round++) {
        await session.allThere();
        const fault: Fault = { folder: session.notes, name: `killed-${round}`, signal: 'SIGKILL' };
        const { seen, result } = sums(session, phase, round, fault);
        const answer = await within(jobLimitMs, result.collect(), `round ${round}`);
        assert.equal(
          answer.sort(([a], [b]) => a - b),
          expected(),
          `round ${round}`,
        );
        assert.is(seen.value, rows, `the accumulator of round ${round}`);
        // A kill after the end was sent may come after the result has arrived.
        await until(5000, () => existsSync(`${session.notes}/killed-${round}`), `the fault of round ${round}`);
        if (phase === 'cache write') assert.is(await within(jobLimitMs, result.count(), 'the second job'), keys);
      }
      assert.is(session.noted('killed-').length, rounds);
    } finally {
      await session.stop();
    }
  });
}

test('leaves nothing behind', () => leaks.check());

test.run();
