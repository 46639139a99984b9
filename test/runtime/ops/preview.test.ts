// Samples of datasets that need a shuffle: exact if the time suffices, else from the first part of the input, marked so.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { type Context, RangePartitioner, type RDD } from '../../../runtime/index';
import { within } from '../../helpers/within';

const test = suite('preview');
let pool: Context;
let local: Context;
let folder: string;

test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'preview-'));
  [pool, local] = await Promise.all([connect('local[2]'), connect('local')]);
});

test.after(async () => {
  await Promise.all([pool.stop(), local.stop()]);
  rmSync(folder, { recursive: true });
});

/** Takes a third of a millisecond, so that a million elements take minutes. */
const slowly = <T>(x: T): T => {
  const end = performance.now() + 0.3;
  while (performance.now() < end);
  return x;
};

/** Far more than can be computed in the time. */
const numbers = (sc: Context, partitions = 6) => sc.range(0, 1e6, 1, partitions).map(slowly);

const partOf = async <T>(rdd: RDD<T>, rows = 20) => {
  const found = await within(20_000, rdd.preview(rows, 1_500), 'a sample');
  assert.ok(found.part, `no part: ${JSON.stringify(found)}`);
  assert.ok(found.part.share >= 0 && found.part.share < 1, `${found.part.share}`);
  assert.is(found.complete, false);
  assert.is(found.gaveUp, 'after 1.5 s');
  assert.ok(found.rows.length > 0, 'no rows');
  return { ...found, ...found.part };
};

const counted = (sc: Context) =>
  numbers(sc)
    .map((x): [number, number] => [x % 3, 1])
    .reduceByKey((a, b) => a + b);

for (const master of ['local', 'local[2]'])
  test(`${master}: sums and sorts over two shuffles show what the part that was read gives`, async () => {
    const counts = counted(master === 'local' ? local : pool);
    const summed = await partOf(counts);
    // On a busy machine a few elements are read only.
    assert.ok(summed.rows.length <= 3 && summed.rows.every(([key]) => key < 3));
    assert.equal(summed.notKnown, ['values']);
    const read = summed.rows.reduce((sum, [, n]) => sum + n, 0);
    assert.ok(Math.abs(read / 1e6 - summed.share) < 0.001, `${read} rows are ${summed.share}`);
    // The bounds of the sort would take a job of their own.
    const sorted = await partOf(counts.map(([key, n]): [number, number] => [n, key]).sortByKey(false));
    assert.ok(sorted.rows.length <= 3);
    assert.equal(
      [...sorted.rows].sort(([a], [b]) => b - a),
      sorted.rows,
      'in order',
    );
    assert.equal([...sorted.notKnown].sort(), ['order', 'values']);
  });

test('joins, and what only moves rows', async () => {
  const keyed = numbers(local).map((x): [number, number] => [x, x + 1]);
  const joined = await partOf(keyed.join(keyed.mapValues(String)));
  assert.equal(joined.notKnown, ['matches']);
  for (const [key, [n, text]] of joined.rows) assert.equal([n, text], [key + 1, String(key + 1)]);
  assert.equal((await partOf(numbers(local).repartition(2))).notKnown, []);
  const twos = await partOf(
    numbers(local)
      .map((x) => x % 2)
      .distinct(),
  );
  assert.ok(twos.rows.every((x) => x < 2));
  assert.equal(twos.notKnown, []);
});

test('what the part leaves behind is in nobody’s way: later jobs are exact', async () => {
  const lines = Array.from({ length: 2_000 }, (_, i) => `${i % 4}`).join('\n');
  writeFileSync(join(folder, 'lines'), lines);
  const kept = pool.textFile(join(folder, 'lines'), 4).map(slowly).map(slowly);
  kept.cache();
  const counts = kept.map((x): [string, number] => [x, 1]).reduceByKey((a, b) => a + b);
  counts.cache();
  const early = await counts.preview(10, 300);
  assert.ok(early.part === undefined || early.rows.length <= 4);
  const exact: [string, number][] = ['0', '1', '2', '3'].map((key) => [key, 500]);
  assert.equal((await counts.collect()).sort(), exact);
  assert.equal((await counts.preview(10, 300)).complete, true, 'persisted as a whole');
  // Of a persisted dataset a part is read where it lies.
  const slow = kept.flatMap((x) => Array.from({ length: 20 }, () => x)).map(slowly);
  const { rows, share } = await partOf(slow.map((x): [string, number] => [x, 1]).reduceByKey((a, b) => a + b));
  assert.ok(rows.length > 0 && share < 1, `${share}`);
  assert.is(pool.storageOf(kept).partitions, 4);
});

test('a small dataset is exact at once, without rows or with', async () => {
  const counts = pool
    .range(0, 1_000, 1, 4)
    .map((x): [number, number] => [x % 5, 1])
    .reduceByKey((a, b) => a + b);
  const { rows, complete, part } = await counts.preview(20, 10_000);
  assert.equal([rows.length, complete, part], [5, true, undefined]);
  const none = numbers(pool)
    .filter((x) => x < 0)
    .repartition(2);
  const empty = await none.preview(20, 1_000);
  assert.is(empty.rows.length, 0);
  assert.ok(empty.part && empty.part.share > 0);
});

test('what cannot be read in part says that it has no rows yet; an error of the user is told', async () => {
  const zipped = numbers(pool).zip(numbers(pool).map(String)).repartition(2);
  const { rows, part, gaveUp } = await zipped.preview(20, 500);
  assert.equal([rows.length, part, gaveUp], [0, undefined, 'after 500 ms']);
  const failing = numbers(local).map((x) => {
    if (x === 3) throw new Error('bad row');
    return x;
  });
  assert.is(
    await failing
      .repartition(2)
      .preview(5, 1_000)
      .then(
        () => 'shown',
        (e) => e.code,
      ),
    'TASK_FAILED',
  );
});

test('bounds of a sort that a sample gave up on are sampled again by the next job', async () => {
  const slow = pool
    .range(0, 3_000, 1, 4)
    .map(slowly)
    .keyBy((x) => -x)
    .sortByKey();
  const sample = slow.preview(3, 200);
  // Who waits for the same bounds begins again where the sample stops.
  const first = slow.first();
  await sample;
  assert.equal(await first, [-2_999, 2_999]);
  assert.ok(slow.partitioner instanceof RangePartitioner);
});

test.run();
