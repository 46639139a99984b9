// After the loss of an executor its kept partitions are made again where there is room, and then spread: each executor has its share again.
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

/** The process that reads each partition. Making and reading take a moment, so that no executor does it all. */
const readers = (rows: RDD<unknown>): Promise<number[]> =>
  rows
    .mapPartitions((part) => {
      Array.from(part);
      for (const started = performance.now(); performance.now() - started < 5; );
      return [process.pid];
    })
    .collect();

/** How many partitions the executor that reads fewest has. */
const least = (pids: readonly number[]): number => Math.min(...pids.map((pid) => pids.filter((p) => p === pid).length));

/** Runs jobs until no executor reads fewer partitions than this: each job moves what it can while the holder is busy. */
async function levelled(rows: RDD<unknown>, fewest: number): Promise<void> {
  for (let i = 0; i < 100; i++) if (least(await readers(rows)) === fewest) return;
  assert.is(least(await readers(rows)), fewest);
}

/** Kept rows, each making of a partition noted in a file. */
function keptRows<T>({ sc, notes }: Session, element: (x: number) => T, level: StorageLevel): RDD<T> {
  const numbers = sc.range(0, pieces * 100, 1, pieces).mapPartitionsWithIndex((part, rows) => {
    writeFileSync(`${notes}/made-${part}-${process.hrtime.bigint()}`, '');
    for (const started = performance.now(); performance.now() - started < 10; );
    return rows;
  });
  return numbers.map(element).persist(level);
}

/** Loses an executor between two jobs and runs a job at once. Answers how many partitions were lost. */
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
  onTwo(`${level}: the new executor gets its share, and nothing is made twice`, async (session) => {
    const rows = keptRows(session, (x) => ({ x, name: `row ${x}` }), StorageLevel[level]);
    const made = () => session.noted('made-').length;
    const expected = await rows.collect();
    const { bytes } = session.sc.storageOf(rows);
    const lost = await loseOne(session, rows);
    const madeAgain = level === 'MEMORY_AND_DISK_2' ? 0 : lost;
    assert.is(made(), pieces + madeAgain);
    // All that was lost moves, or a half of the whole.
    await levelled(rows, Math.min(lost, pieces / 2));
    assert.is(made(), pieces + madeAgain, 'what moves is not made again');
    assert.equal(await rows.collect(), expected);
    assert.is(session.sc.storageOf(rows).bytes, bytes, 'what has moved is in one memory');
    const second = await loseOne(session, rows);
    await levelled(rows, Math.min(second, pieces / 2));
    assert.ok(made() <= pieces + madeAgain + second);
    assert.equal(await rows.collect(), expected);
  });
}

onTwo('rows that no file can hold stay where they are', async (session) => {
  const rows = keptRows(session, (x) => () => x, StorageLevel.MEMORY_ONLY);
  const sum = () => rows.map((f) => f()).reduce((a, b) => a + b);
  const expected = await sum();
  await loseOne(session, rows);
  for (let i = 0; i < 3; i++) assert.is(await sum(), expected);
});

test('the partitions of a long lineage that went with their executor are recomputed by later jobs', async () => {
  const session = await openSession(2);
  const { sc, notes } = session;
  const offset = 1;
  let rows: RDD<number> = sc.range(0, 100, 1, 8).mapPartitionsWithIndex((part, rows) => {
    writeFileSync(`${notes}/made-${part}-${process.hrtime.bigint()}`, '');
    return rows;
  });
  // Long enough to be sent apart from the programs that read it.
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
