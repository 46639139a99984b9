// Random parts of datasets: splits that leave nothing out, fractions by key, exact numbers by key.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import type { Context, RDD } from '../../../runtime/index';
import { errorOf } from '../../helpers/errors';
import { masterOf } from '../../helpers/master';

const test = suite('sampling');
let sc: Context;

test.before(async () => {
  sc = await connect(masterOf('local'));
});

const byDigit = (n: number, partitions = 4) => sc.range(0, n, 1, partitions).map((x): [string, number] => [`k${x % 2}`, x]);
const sizesOf = async (rdd: RDD<[string, number]>) => Object.fromEntries([...(await rdd.countByKey())].sort());

test('randomSplit: each element in exactly one part, sizes by weight, the same for the same seed', async () => {
  const rows = sc.range(0, 10_000, 1, 7);
  const parts = rows.randomSplit([1, 2, 1], 42);
  const all = (await Promise.all(parts.map((part) => part.collect()))).flat();
  assert.equal(
    all.sort((a, b) => a - b),
    Array.from({ length: 10_000 }, (_, i) => i),
  );
  const sizes = await Promise.all(parts.map((part) => part.count()));
  assert.ok(Math.abs(sizes[1] - 5000) < 300, `${sizes}`);
  assert.ok(Math.abs(sizes[0] - 2500) < 250, `${sizes}`);
  assert.equal(await rows.randomSplit([1, 2, 1], 42)[0].collect(), await parts[0].collect());
  assert.is.not(await rows.randomSplit([1, 2, 1], 43)[0].sum(), await parts[0].sum());
});

test('randomSplit: weights of 0, one weight, many weights', async () => {
  const rows = sc.range(1000);
  const [none, whole] = rows.randomSplit([0, 5], 1);
  assert.is(await none.count(), 0);
  assert.is(await whole.count(), 1000);
  assert.is(await rows.randomSplit([0.3])[0].count(), 1000);
  const counts = await Promise.all(rows.randomSplit(new Array(7).fill(0.1), 3).map((part) => part.count()));
  assert.is(
    counts.reduce((a, b) => a + b),
    1000,
  );
});

test('randomSplit: wrong weights', async () => {
  for (const weights of [[], [0, 0], [1, -1], [Number.NaN], [Number.POSITIVE_INFINITY], ['1'], 5, null])
    await errorOf('BAD_ARGUMENT', () => sc.range(5).randomSplit(weights as never));
  await errorOf('BAD_ARGUMENT', () => sc.range(5).randomSplit([1], Number.NaN));
});

test('sampleByKey: about the fraction of each key', async () => {
  const sampled = byDigit(20_000).sampleByKey(
    false,
    new Map([
      ['k0', 0.1],
      ['k1', 0.5],
    ]),
    11,
  );
  const sizes = await sizesOf(sampled);
  assert.ok(Math.abs(sizes.k0 - 1000) < 150 && Math.abs(sizes.k1 - 5000) < 300, JSON.stringify(sizes));
  assert.equal(await sampled.collect(), await sampled.collect());
  const twice = await sizesOf(
    byDigit(10_000).sampleByKey(
      true,
      new Map([
        ['k0', 2],
        ['k1', 0],
      ]),
      5,
    ),
  );
  assert.ok(Math.abs(twice.k0 - 10_000) < 500 && twice.k1 === undefined, JSON.stringify(twice));
});

test('sampleByKey: keys by value, and a key without a fraction', async () => {
  const rows = sc.parallelize<[number[], number]>([
    [[1], 1],
    [[2], 2],
  ]);
  const fractions = new Map([
    [[1], 1],
    [[2], 0],
  ]);
  assert.equal(await rows.sampleByKey(false, fractions).collect(), [[[1], 1]]);
  assert.equal(await rows.sampleByKeyExact(false, fractions).collect(), [[[1], 1]]);
  const error = await errorOf('BAD_ARGUMENT', () =>
    byDigit(10)
      .sampleByKey(false, new Map([['k0', 1]]))
      .collect(),
  );
  assert.match(error.message, /sampleByKey: the fraction of a key is missing for "k1"/);
  await errorOf('BAD_ARGUMENT', () =>
    byDigit(10)
      .sampleByKeyExact(false, new Map([['k0', 1]]))
      .collect(),
  );
});

test('sampleByKeyExact without replacement: exactly so many, none twice', async () => {
  for (const [f0, f1] of [
    [0.1, 0.5],
    [1, 0],
    [0.001, 0.999],
  ]) {
    for (const seed of [1, 2, 3]) {
      const fractions = new Map([
        ['k0', f0],
        ['k1', f1],
      ]);
      const rows = await byDigit(2000).sampleByKeyExact(false, fractions, seed).collect();
      const count = (key: string) => rows.filter(([k]) => k === key).length;
      assert.equal(
        [count('k0'), count('k1')],
        [f0, f1].map((f) => Math.ceil(f * 1000 - 1e-9)),
        `${f0} ${f1} ${seed}`,
      );
      assert.is(new Set(rows.map(([, x]) => x)).size, rows.length);
    }
  }
});

test('sampleByKeyExact with replacement: exactly so many, some twice, every element alike', async () => {
  const hits = new Array(20).fill(0);
  for (let seed = 0; seed < 60; seed++) {
    const rows = await byDigit(40, 2)
      .sampleByKeyExact(
        true,
        new Map([
          ['k0', 1.5],
          ['k1', 0],
        ]),
        seed,
      )
      .collect();
    assert.is(rows.length, 30);
    for (const [, x] of rows) hits[x / 2]++;
  }
  // 90 expected of each, with a standard deviation of 9.2.
  assert.ok(
    hits.every((n) => Math.abs(n - 90) < 42),
    `${hits}`,
  );
});

test('sampleByKeyExact without replacement draws every element alike', async () => {
  const hits = new Array(20).fill(0);
  for (let seed = 0; seed < 60; seed++)
    for (const [, x] of await byDigit(20, 3)
      .sampleByKeyExact(
        false,
        new Map([
          ['k0', 0.3],
          ['k1', 0.3],
        ]),
        seed,
      )
      .collect())
      hits[x]++;
  // 18 expected of each, with a standard deviation of 3.5.
  assert.ok(
    hits.every((n) => Math.abs(n - 18) < 17),
    `${hits}`,
  );
});

test('fractions that are none', async () => {
  const rows = byDigit(10);
  for (const fractions of [{ k0: 1 }, new Map([['k0', -1]]), new Map([['k0', 1.5]]), new Map([['k0', '1']]), null]) {
    await errorOf('BAD_ARGUMENT', () => rows.sampleByKey(false, fractions as never));
    await errorOf('BAD_ARGUMENT', () => rows.sampleByKeyExact(false, fractions as never));
  }
  await errorOf('BAD_ARGUMENT', () => rows.sampleByKey(false, new Map(), Number.NaN));
  await errorOf('NOT_A_PAIR', () => (sc.range(3) as never as RDD<[string, number]>).sampleByKey(false, new Map()).collect());
  await errorOf('NOT_A_PAIR', () => (sc.range(3) as never as RDD<[string, number]>).sampleByKeyExact(false, new Map()).collect());
});

test.after(() => sc.stop());

test.run();
