// Where keys lie: partitioners of the user's, their reuse, ranges that are pruned, sorts within partitions.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { type Context, HashPartitioner, RangePartitioner, type RDD } from '../../../runtime/index';
import type { RemoteError } from '../../../runtime/plan/end';
import { errorOf } from '../../helpers/errors';
import { masterOf, ownOnly } from '../../helpers/master';

const test = suite('placement');
let sc: Context;

test.before(async () => {
  sc = await connect(masterOf('local'));
});

const numbered = (n: number, partitions = 3) => sc.range(0, n, 1, partitions).keyBy((x) => x);
const shuffles = (rdd: RDD<unknown>) => rdd.toDebugString().match(/\+-/g)?.length ?? 0;

test('a partitioner of the user: by a captured variable, by this, as a class', async () => {
  const width = 4;
  const plain = { numPartitions: 3, getPartition: (key: number) => Math.floor(key / width) };
  const own = {
    numPartitions: 3,
    getPartition(key: number) {
      return key % this.numPartitions;
    },
  };
  class Parity {
    readonly numPartitions = 2;
    readonly #odd = 1;
    getPartition(key: number) {
      return key & this.#odd;
    }
  }
  const keysIn = async (p: any) => (await numbered(10).partitionBy(p).keys().glom().collect()).map((part) => part.join(''));
  assert.equal(await keysIn(plain), ['0123', '4567', '89']);
  assert.equal(await keysIn(own), ['0369', '147', '258']);
  assert.equal(await keysIn(new Parity()), ['02468', '13579']);
  const sums = numbered(10).reduceByKey((a, b) => a + b, plain);
  assert.is(`${sums.partitioner}`, 'custom(3)');
  assert.equal(await sums.lookup(9), [9]);
});

// Here its super class is a module of the project's, which workers of Spark do not have.
ownOnly(test)('a class that extends ours is asked itself', async () => {
  class Last extends HashPartitioner {
    override getPartition() {
      return this.numPartitions - 1;
    }
  }
  let sizes: number[] = [];
  try {
    sizes = (await numbered(6).partitionBy(new Last(3)).glom().collect()).map((part) => part.length);
  } catch (error) {
    // Refused or obeyed, but never taken for a plain hash.
    assert.match(String(error), /Last|HashPartitioner|partitioner/);
    return;
  }
  assert.equal(sizes, [0, 0, 6]);
});

test('the same object is the same partitioner: nothing is shuffled twice', async () => {
  const byTen = { numPartitions: 2, getPartition: (key: number) => (key < 5 ? 0 : 1) };
  const left = numbered(10).partitionBy(byTen);
  const right = numbered(6).partitionBy(byTen);
  assert.is(left.partitionBy(byTen), left);
  assert.is(left.partitionBy(left.partitioner!), left);
  const joined = left.join(right);
  assert.is(shuffles(joined), 2);
  assert.is(await joined.count(), 6);
  const other = { ...byTen };
  assert.is(shuffles(left.join(right, other)), 4);
  const equal = { ...byTen, equals: () => true };
  assert.is(
    shuffles(
      numbered(3)
        .partitionBy(equal)
        .join(numbered(3).partitionBy({ ...equal })),
    ),
    2,
  );
});

test('a partitioner that answers out of range, with its key and its answer', async () => {
  for (const [answer, shown] of [
    [3, '3'],
    [-1, '-1'],
    [0.5, '0.5'],
    [Number.NaN, 'NaN'],
    [undefined, 'undefined'],
    ['1', '"1"'],
  ] as const) {
    const error = await errorOf('BAD_PARTITION', () =>
      numbered(5)
        .partitionBy({ numPartitions: 3, getPartition: (key: number) => (key === 4 ? (answer as number) : 0) })
        .count(),
    );
    assert.ok(error.message.includes(`gave ${shown} for the key 4, but must give a whole number from 0 to 2`), error.message);
  }
});

test('a partitioner that throws is named, with the key', async () => {
  const error = await errorOf('TASK_FAILED', () =>
    numbered(5)
      .map((pair) => pair)
      .partitionBy({
        numPartitions: 2,
        getPartition(key: number) {
          if (key === 3) throw new Error('not three');
          return 0;
        },
      })
      .count(),
  );
  const { operator, element, frames } = error.details.remote as RemoteError;
  assert.equal([operator, element, frames[0]?.file], ['partitionBy', '3', __filename]);
});

test('objects that are no partitioners', async () => {
  for (const p of [{}, { numPartitions: 2 }, { getPartition: () => 0 }, { numPartitions: 0, getPartition: () => 0 }, 'x', null])
    await errorOf('BAD_ARGUMENT', () => numbered(3).partitionBy(p as never));
  await errorOf('UNSERIALIZABLE_CAPTURE', () => {
    const process = { timer: setTimeout(() => {}, 0) };
    return numbered(3).partitionBy({ numPartitions: 1, getPartition: () => (process.timer ? 0 : 0) });
  });
});

test('a partitioner with far fewer partitions than the widest input is not reused', () => {
  const few = numbered(10).partitionBy(2);
  assert.is(few.join(numbered(10, 19)).numPartitions, 2);
  assert.is(few.join(numbered(10, 20)).numPartitions, 20);
  assert.is(few.join(numbered(10, 3)).numPartitions, 2);
  const many = numbered(10).partitionBy(7);
  assert.ok(few.join(many).partitioner?.equals(new HashPartitioner(7)));
});

test('filterByRange: both ends, and only the partitions of the range are read', async () => {
  const read = sc.longAccumulator();
  const sorted = numbered(100)
    .map(([k, v]): [number, number] => [(k * 37) % 100, v])
    .sortByKey(true, 10)
    .mapValues((v) => {
      read.add(1);
      return v;
    });
  const inRange = sorted.filterByRange(20, 29);
  assert.equal(await inRange.keys().collect(), [20, 21, 22, 23, 24, 25, 26, 27, 28, 29]);
  assert.ok(read.value >= 10 && read.value < 60, `${read.value} rows of 100 were read`);
  assert.is(inRange.partitioner, sorted.partitioner);
  assert.equal(await sorted.filterByRange(500, 600).collect(), []);
  const falling = numbered(100).sortByKey(false, 10);
  assert.equal(await falling.filterByRange(20, 22).keys().collect(), [22, 21, 20]);
  assert.equal(
    await inRange
      .cache()
      .map(([k]) => k)
      .sum(),
    245,
  );
  assert.is(await inRange.count(), 10);
});

test('filterByRange by given ranges, and without any', async () => {
  const ranged = numbered(30).partitionBy(new RangePartitioner([9, 19]));
  assert.equal(
    (await ranged.filterByRange(5, 12).glom().collect()).map((part) => part.length),
    [5, 3, 0],
  );
  assert.is(await numbered(30).filterByRange(5, 12).count(), 8);
  assert.is(
    await sc
      .parallelize(['a', 'b', 'c'])
      .keyBy((w) => w)
      .filterByRange('b', 'z')
      .count(),
    2,
  );
  assert.is(await ranged.filterByRange(5, 12).join(ranged).count(), 8);
});

test('filterByRange: wrong ends', async () => {
  await errorOf('BAD_ARGUMENT', () => numbered(3).filterByRange(2, 1));
  await errorOf('NOT_COMPARABLE', () => numbered(3).filterByRange(2, 'a' as never));
  await errorOf('NOT_COMPARABLE', () =>
    numbered(3)
      .filterByRange('a' as never, 'b' as never)
      .collect(),
  );
  await errorOf('NOT_A_PAIR', () => (sc.range(3) as never as RDD<[number, number]>).filterByRange(0, 1).collect());
});

test('repartitionAndSortWithinPartitions', async () => {
  const rows = numbered(20).map(([k, v]): [number, number] => [(k * 7) % 20, v]);
  const odd = { numPartitions: 2, getPartition: (key: number) => key % 2 };
  const sorted = rows.repartitionAndSortWithinPartitions(odd);
  assert.equal(await sorted.keys().glom().collect(), [
    [0, 2, 4, 6, 8, 10, 12, 14, 16, 18],
    [1, 3, 5, 7, 9, 11, 13, 15, 17, 19],
  ]);
  assert.is(sorted.partitionBy(odd), sorted);
  await errorOf('BAD_ARGUMENT', () => rows.repartitionAndSortWithinPartitions(0));
});

test('reduceByKeyLocally merges in the order of partitions', async () => {
  const rows = sc.parallelize([...'abcabc'], 4).map((c): [string, string] => [c < 'c' ? 'low' : 'high', c]);
  assert.equal(
    [...(await rows.reduceByKeyLocally((a, b) => a + b))],
    [
      ['low', 'abab'],
      ['high', 'cc'],
    ],
  );
  assert.is((await sc.emptyRDD<[string, number]>().reduceByKeyLocally((a) => a)).size, 0);
  await errorOf('BAD_ARGUMENT', () => rows.reduceByKeyLocally(5 as never));
  await errorOf('NOT_A_PAIR', () => (sc.range(3) as never as RDD<[number, number]>).reduceByKeyLocally((a) => a));
});

test('explain: stages, where functions are, what they captured', () => {
  const factor = 3;
  const stop = new Set(['x']);
  const text = sc
    .parallelize(['a', 'b'], 2)
    .filter((w) => !stop.has(w))
    .map((w): [string, number] => [w, factor])
    .reduceByKey((a, b) => a + b)
    .setName('counts')
    .cache()
    .explain();
  const lines = text.split('\n');
  assert.match(lines[0], /^stage 1: 2 tasks$/);
  assert.match(lines[1], /^ {2}\(2\) counts \(reduceByKey\)\[\d+\] hash\(2\) \[cached when computed\] reads stage 0$/);
  assert.match(lines[2], /placement\.test\.ts:\d+:\d+ captures nothing$/);
  assert.match(text, /stage 0: 2 tasks, writes hash\(2\) for reduceByKey, combined on the map side/);
  assert.match(text, /captures factor: number \(\d+ B\)/);
  assert.match(text, /captures stop: Set \(\d+ B\)/);
  assert.match(lines.at(-1)!, /^ {2}\(2\) parallelize\[\d+\]$/);
});

test.after(() => sc.stop());

test.run();
