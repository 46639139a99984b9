// Accumulators count exactly where tasks are tried again after they persisted what they read: at every level, nested, read in part.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { Random } from '../../../runtime/base/time';
import { type Context, type RDD, StorageLevel, TaskContext } from '../../../runtime/index';
import { BlockUpdates } from '../../../runtime/storage/block-updates';
import { errorOf } from '../../helpers/errors';
import { masterOf, ownOnly } from '../../helpers/master';

const test = suite('persisted updates');
let sc: Context;

test.before(async () => {
  sc = await connect(masterOf('local'));
});

test.after(() => sc.stop());

const levels = Object.values(StorageLevel).filter((level) => level instanceof StorageLevel && level.isKept);

/** Throws in the first tries of the partitions whose number is a multiple of `each`. */
const failing = <T>(rdd: RDD<T>, tries: number, each = 1): RDD<T> =>
  rdd.map((x) => {
    const context = TaskContext.get()!;
    if (context.partitionId() % each === 0 && context.attemptNumber() < tries) throw new Error(`try ${context.attemptNumber()}`);
    return x;
  });

test('a task that fails after its input was persisted counts what it added, once', async () => {
  for (const level of levels) {
    const [rows, later, texts] = [sc.longAccumulator(), sc.longAccumulator(), sc.collectionAccumulator<string>()];
    const kept = sc.range(0, 100, 1, 5).map((x) => {
      rows.add(1);
      if (x % 50 === 7) texts.add(`row ${x}`);
      return x;
    });
    kept.persist(level);
    const read = kept.map((x) => {
      later.add(1);
      return x;
    });
    assert.is(await failing(read, 2, 2).count(), 100);
    const counted = () => [rows.value, later.value, texts.value.sort()];
    assert.equal(counted(), [100, 100, ['row 57', 'row 7']], String(level));
    await kept.sum();
    assert.is(rows.value, 100, `${level}: read by another job`);
    kept.unpersist();
    await kept.persist(level).sum();
    assert.is(rows.value, 200, `${level}: computed anew`);
    kept.unpersist();
  }
});

test('a persisted partition that is read in part is computed whole, and stored: take, first, isEmpty, zip, a partition half read', async () => {
  const readers: Readonly<Record<string, (rows: RDD<number>) => Promise<unknown>>> = {
    take: (rows) => rows.take(3),
    first: (rows) => rows.map((x) => x + 1).first(),
    isEmpty: (rows) => rows.isEmpty(),
    half: (rows) => rows.mapPartitions((part) => [part.next().value]).take(1),
  };
  for (const level of levels) {
    for (const [name, read] of Object.entries(readers)) {
      const [computed, below] = [sc.longAccumulator(), sc.longAccumulator()];
      const inner = sc.range(0, 90, 1, 3).map((x) => {
        below.add(1);
        return x;
      });
      const rows = inner.persist(level).map((x) => {
        computed.add(1);
        return x;
      });
      rows.persist(level);
      await read(rows);
      assert.equal([computed.value, below.value], [30, 30], `${name}, ${level}`);
      assert.is(sc.storageOf(rows).partitions, 1);
      await read(rows);
      assert.is(await rows.count(), 90);
      assert.equal([computed.value, below.value], [90, 90], `${name}, ${level}: each row is computed once`);
      rows.unpersist();
      inner.unpersist();
    }
  }
});

// Spark persists what it computes of such a dataset, and computes it in a task of its own.
ownOnly(test)(
  'a sample with a time limit computes no more than it shows; an error behind what was taken is not its error',
  async () => {
    const computed = sc.longAccumulator();
    const rows = sc.range(0, 9_000, 1, 3).map((x) => {
      computed.add(1);
      if (x === 1_500) throw new Error('bad row');
      return x;
    });
    rows.cache();
    await rows.preview(5, 10_000);
    assert.ok(computed.value < 1_500, `${computed.value}`);
    assert.equal(await rows.take(2), [0, 1]);
    assert.is(sc.storageOf(rows).partitions, 0);
    await errorOf('TASK_FAILED', () => rows.count());
  },
);

test('what a failed job persisted counts when a later job reads it', async () => {
  const rows = sc.longAccumulator();
  const kept = sc.range(0, 10, 1, 1).map((x) => {
    rows.add(1);
    return x;
  });
  kept.persist(StorageLevel.DISK_ONLY);
  await errorOf('TASK_FAILED', () => failing(kept, 9).count());
  assert.is(await kept.count(), 10);
  assert.is(rows.value, 10);
});

test('datasets persisted on persisted datasets, read whole or in part, with tries that fail anywhere', async () => {
  for (let seed = 0; seed < 12; seed++) {
    const random = new Random(seed);
    const pick = (n: number) => random.below(n);
    const counts = [sc.longAccumulator(), sc.longAccumulator(), sc.longAccumulator()];
    let rdd: RDD<number> = sc.range(0, 60, 1, 3);
    for (const count of counts) {
      rdd = rdd.map((x) => {
        count.add(1);
        return x;
      });
      // A second reader in the same task finds what the first persisted.
      if (pick(3) > 0) rdd.persist(levels[pick(levels.length)]);
      if (pick(2) === 0) rdd = failing(rdd, pick(4), 1 + pick(2));
    }
    await rdd.collect();
    assert.equal(
      counts.map((count) => count.value),
      [60, 60, 60],
      `seed ${seed}`,
    );
  }
});

test('a partition below a persisted one is finished before that is stored: each row counts once', async () => {
  const rows = sc.longAccumulator();
  const part = sc.range(0, 5000, 1, 1).map((x) => {
    rows.add(1);
    return x;
  });
  part.persist(StorageLevel.MEMORY_ONLY);
  const firstRows = part.mapPartitions(function* (it) {
    for (const x of it) {
      yield x;
      if (x === 2) return;
    }
  });
  firstRows.persist(StorageLevel.MEMORY_ONLY);
  assert.is(await failing(firstRows, 1).count(), 3);
  assert.is(rows.value, 5000);
  assert.is(await firstRows.count(), 3);
  assert.is(await part.count(), 5000);
  assert.is(rows.value, 5000);
});

ownOnly(test)('in a task an accumulator has what the whole task added', async () => {
  const [n, longest] = [sc.longAccumulator(), sc.accumulator('', (a, b) => (a.length > b.length ? a : b))];
  const kept = sc.parallelize(['a', 'abc', 'ab'], 1).map((text) => {
    n.add(1);
    longest.add(text);
    return text;
  });
  kept.persist();
  const seen = await kept
    .mapPartitions(function* (it) {
      for (const _ of it) n.add(10);
      yield [n.value, longest.value];
    })
    .collect();
  assert.equal(seen, [[33, 'abc']]);
  assert.equal([n.value, longest.value], [33, 'abc']);
});

test('an executor tells the updates of a partition once, and again where it was computed by another stage', () => {
  const news = new BlockUpdates();
  const update = (within: string, value = 1) => ({ id: 'a', value, block: { rddId: 1, partition: 2, within } });
  assert.equal(news.note([update('stage 1')]), [update('stage 1')]);
  news.note([update('stage 1', 7)]);
  assert.equal(news.take(), [update('stage 1')]);
  assert.equal(news.note([update('stage 1')]), []);
  assert.equal(news.take(), []);
  news.note([update('stage 2')]);
  assert.equal(news.take(), [update('stage 2')]);
  news.note([update('stage 3')]);
  news.forget(1);
  assert.equal(news.take(), []);
});

test.run();
