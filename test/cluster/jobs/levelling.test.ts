// After the loss of an executor its persisted partitions are recomputed where there is room, and then spread until each executor has its share.
// time limit: 120 s
import { writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type RDD, StorageLevel } from '../../../runtime/index';
import { watchLeaks } from '../../helpers/leaks';
import { engineExecutor } from '../../helpers/pool';
import { openSession, type Session } from '../../helpers/session';
import { until, within } from '../../helpers/within';

const test = suite('levelling');
const pieces = 16;
let leaks: ReturnType<typeof watchLeaks>;

test.before(async () => {
  await engineExecutor();
  leaks = watchLeaks();
});

/** The process that reads each partition. Computing and reading take a moment, so that no executor does it all. */
const readers = (rows: RDD<unknown>): Promise<number[]> =>
  rows
    .mapPartitions((part) => {
      Array.from(part);
      for (const started = performance.now(); performance.now() - started < 5; );
      return [process.pid];
    })
    .collect();

/** The number of partitions of the executor that reads fewest. */
const least = (pids: readonly number[]): number => Math.min(...pids.map((pid) => pids.filter((p) => p === pid).length));

/** Runs jobs until every executor reads at least this many partitions: each job moves what it can while the holder is busy. */
async function levelled(rows: RDD<unknown>, fewest: number): Promise<void> {
  for (let i = 0; i < 100; i++) if (least(await readers(rows)) === fewest) return;
  assert.is(least(await readers(rows)), fewest);
}

/** Persisted rows; each computation of a partition is recorded in a file. */
function persistedRows<T>({ sc, notes }: Session, element: (x: number) => T, level: StorageLevel): RDD<T> {
  const numbers = sc.range(0, pieces * 100, 1, pieces).mapPartitionsWithIndex((part, rows) => {
    writeFileSync(`${notes}/made-${part}-${process.hrtime.bigint()}`, '');
    for (const started = performance.now(); performance.now() - started < 10; );
    return rows;
  });
  return numbers.map(element).persist(level);
}

/** Loses an executor between two jobs and runs a job at once. Returns how many partitions were lost. */
async function loseOne(session: Session, rows: RDD<unknown>): Promise<number> {
  const { sc } = session;
  const before = await readers(rows);
  const [victim] = before;
  const [lost] = sc.executors();
  process.kill(victim, 'SIGKILL');
  await until(10_000, () => sc.executors().length < 2 || !sc.executors().some(({ id }) => id === lost.id), 'the loss');
  await readers(rows);
  await until(10_000, () => sc.executors().length === 2, 'the new executor');
  return before.filter((pid) => pid === victim).length;
}

function onTwo(name: string, body: (session: Session) => Promise<void>): void {
  test(name, async () => {
    const session = await openSession(2);
    try {
      await within(40_000, body(session), name);
    } finally {
      await session.stop();
    }
  });
}

for (const level of ['MEMORY_ONLY', 'MEMORY_ONLY_SER', 'MEMORY_AND_DISK_2'] as const) {
  onTwo(`${level}: the replacement executor gets its share, and nothing is computed twice`, async (session) => {
    const rows = persistedRows(session, (x) => ({ x, name: `row ${x}` }), StorageLevel[level]);
    const made = () => session.noted('made-').length;
    const expected = await rows.collect();
    const { bytes } = session.sc.storageOf(rows);
    const lost = await loseOne(session, rows);
    const recomputed = level === 'MEMORY_AND_DISK_2' ? 0 : lost;
    assert.is(made(), pieces + recomputed);
    // Everything that was lost moves, or half of all partitions.
    await levelled(rows, Math.min(lost, pieces / 2));
    assert.is(made(), pieces + recomputed, 'what moves is not recomputed');
    assert.equal(await rows.collect(), expected);
    assert.is(session.sc.storageOf(rows).bytes, bytes, 'a moved partition is in one memory only');
    const second = await loseOne(session, rows);
    await levelled(rows, Math.min(second, pieces / 2));
    assert.ok(made() <= pieces + recomputed + second);
    assert.equal(await rows.collect(), expected);
  });
}

onTwo('rows that cannot be encoded to a file stay where they are', async (session) => {
  const rows = persistedRows(session, (x) => () => x, StorageLevel.MEMORY_ONLY);
  const sum = () => rows.map((f) => f()).reduce((a, b) => a + b);
  const expected = await sum();
  await loseOne(session, rows);
  for (let i = 0; i < 3; i++) assert.is(await sum(), expected);
});

test('later jobs recompute the partitions of a long lineage that were lost with their executor', async () => {
  const session = await openSession(2);
  const { sc, notes } = session;
  const offset = 1;
  let rows: RDD<number> = sc.range(0, 100, 1, 8).mapPartitionsWithIndex((part, rows) => {
    writeFileSync(`${notes}/made-${part}-${process.hrtime.bigint()}`, '');
    return rows;
  });
  // Long enough that it is sent apart from the programs that read it.
  for (let i = 0; i < 40; i++) rows = rows.map((x) => x + offset);
  const persisted = rows.persist(StorageLevel.MEMORY_ONLY);
  const sums = persisted.map((x): [number, number] => [x % 3, x]).reduceByKey((a, b) => a + b);
  const expected = new Map(await sums.collect());
  const [victim] = session.pids();
  process.kill(victim, 'SIGKILL');
  await until(10_000, () => !session.pids().includes(victim), 'its end');
  assert.is(await persisted.map((x) => x + 1).sum(), 4950 + 41 * 100);
  assert.equal(
    new Map(
      await persisted
        .map((x): [number, number] => [x % 3, x])
        .reduceByKey((a, b) => a + b)
        .collect(),
    ),
    expected,
  );
  const made = session.noted('made-').length;
  assert.ok(made > 8 && made <= 16, `${made} partitions were computed`);
  await session.allThere();
  await session.stop();
});

test('leaves nothing behind', () => leaks.check());

test.run();
