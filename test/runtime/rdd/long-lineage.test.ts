// Lineages of iterative programs: long ones run, what is used twice is planned once, and one that is too long says so.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/index';
import { type Context, HashPartitioner, type RDD } from '../../../runtime/index';
import { errorOf } from '../../helpers/errors';
import { lineageBytes } from '../../helpers/lineage-bytes';

const test = suite('long lineages');
let sc: Context;

test.before(async () => {
  sc = await connect('local');
});
test.after(() => sc.stop());

/** `round` so many times, one upon the other. */
function rounds<R>(n: number, start: R, round: (rdd: R) => R): R {
  let rdd = start;
  for (let i = 0; i < n; i++) rdd = round(rdd);
  return rdd;
}

type Pairs = RDD<[string, number]>;
const pairs = (): Pairs =>
  sc
    .parallelize<[string, number]>(
      [
        ['a', 1],
        ['b', 2],
      ],
      2,
    )
    .partitionBy(new HashPartitioner(2));

test('1,000 steps in one stage', async () => {
  const numbers = () => sc.range(0, 10, 1, 2);
  assert.is(await rounds(1000, numbers(), (r) => r.map((x) => x + 1)).sum(), 10_045);
  const mixed = rounds(250, numbers(), (r) =>
    r
      .filter((x) => x >= 0)
      .flatMap((x) => [x])
      .map((x) => x + 1)
      .sample(false, 1),
  );
  assert.is(await mixed.sum(), 2545);
  assert.equal(await mixed.take(2), [250, 251]);
});

test('300 functions of partitions, and 300 unions, in one stage', async () => {
  assert.is(await rounds(300, sc.range(0, 10, 1, 2), (r) => r.mapPartitions((rows) => rows)).count(), 10);
  assert.is(await rounds(300, sc.range(1), (r) => r.union(sc.range(1))).count(), 301);
});

test('200 joins of datasets that are partitioned alike', async () => {
  const ones = pairs().mapValues(() => 1);
  const joined = rounds(200, pairs(), (r) => r.join(ones).mapValues(([a, b]) => a + b));
  assert.equal(
    new Map(await joined.collect()),
    new Map([
      ['a', 201],
      ['b', 202],
    ]),
  );
});

test('a dataset that each round uses twice is planned, shipped and counted once', async () => {
  const twice = (r: RDD<number>) =>
    r
      .zip(r.map((x) => x + 1))
      .map(([a, b]) => (a + b) % 1000)
      .cache();
  let rdd = sc.range(0, 4, 1, 1);
  const bytes: number[] = [];
  // As many rounds would be 2^40 datasets if each use had a plan of its own.
  for (let i = 0; i < 40; i++) {
    rdd = twice(rdd);
    await rdd.count();
    bytes.push(lineageBytes(rdd));
  }
  let expected = [0, 1, 2, 3];
  for (let i = 0; i < 40; i++) expected = expected.map((x) => (2 * x + 1) % 1000);
  assert.equal(await rdd.collect(), expected);
  // Each round adds its three datasets once.
  assert.ok(bytes[39] < 2.5 * bytes[19], `${bytes[19]}, then ${bytes[39]} bytes`);
  const grown = pairs();
  const state = rounds(12, grown, (r) =>
    r
      .join(r.mapValues((x) => x))
      .mapValues(([a, b]) => (a + b) % 1000)
      .cache(),
  );
  assert.equal(
    new Map(await state.collect()),
    new Map([
      ['a', 96],
      ['b', 192],
    ]),
  );
});

test('a lineage that is too long for the stack is refused, and ends at a checkpoint', async () => {
  const tooLong = () => rounds(20_000, sc.range(3), (r) => r.map((x) => x));
  const { message, remedy } = await errorOf('LINEAGE_TOO_LONG', () => tooLong().count());
  assert.match(message, /^The lineage of map\[\d+\] is too long/);
  assert.match(remedy, /checkpoint/);
  let rdd: RDD<number> = sc.range(3);
  for (let round = 0; round < 20; round++) {
    rdd = rounds(200, rdd, (r) => r.map((x) => x + 1)).localCheckpoint();
    await rdd.count();
  }
  assert.equal(await rdd.collect(), [4000, 4001, 4002]);
});

test.run();
