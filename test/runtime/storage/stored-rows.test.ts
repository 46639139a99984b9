// Rows persisted as columns: what goes in comes out, what columns cannot hold stays as it is, and functions get rows of their own.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { Random } from '../../../runtime/base/time';
import { storedRows } from '../../../runtime/columns/stored-rows';
import { type Context, count, countDistinct, mean, min, sum } from '../../../runtime/index';
import { errorOf } from '../../helpers/errors';
import { size } from '../../helpers/sizes';

const test = suite('stored rows');
let sc: Context;

test.before(async () => {
  sc = await connect('local[2]');
});

test.after(() => sc.stop());

const pick = <T>(random: Random, all: readonly T[]): T => all[random.below(all.length)];

const values: readonly (readonly unknown[])[] = [
  [0, 1, -5, 2 ** 31 - 1],
  [0.5, -0, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, 2 ** 60],
  ['', 'x', 'é', '😀', 'a longer text of some words'],
  ['with\nfeed', '\ud800', 'x'],
  [true, false],
  [null],
];
const odd: readonly unknown[] = [undefined, 5n, [1], { a: 1 }, new Date(5), new Map()];

function row(
  random: Random,
  names: readonly string[],
  kinds: readonly (readonly unknown[])[],
  nulls: number,
): Record<string, unknown> {
  return Object.fromEntries(names.map((name, c) => [name, random.below(10) < nulls ? null : pick(random, kinds[c])]));
}

test('rows are what they were, or are left as they are', () => {
  const rounds = size(1_000, 30_000);
  let stored = 0;
  for (let seed = Number(process.env.SEED ?? 0), end = seed + rounds; seed < end; seed++) {
    const random = new Random(seed);
    const names = ['a', 'b c', 'toString', '1', 'é'].slice(0, 1 + random.below(5)).sort();
    const kinds = names.map(() => pick(random, values));
    const nulls = random.below(3);
    const rows: unknown[] = Array.from({ length: 64 + random.below(200) }, () => row(random, names, kinds, nulls));
    const spoil = random.below(20);
    if (spoil === 0) (rows[random.below(rows.length)] as Record<string, unknown>)[pick(random, names)] = pick(random, odd);
    if (spoil === 1)
      rows[random.below(rows.length)] = pick(random, [
        5,
        null,
        [1],
        'x',
        {},
        new (class A {
          a = 1;
        })(),
      ]);
    if (spoil === 2) (rows[random.below(rows.length)] as Record<string, unknown>).more = 1;
    if (spoil === 3) (rows[random.below(rows.length)] as Record<symbol, unknown>)[Symbol.iterator] = 1;
    const made = storedRows(rows);
    if (!made) continue;
    stored++;
    assert.ok(spoil > 3 || spoil === 0, `SEED=${seed}`);
    const back = [...made.rows()].flat();
    assert.equal(back, rows, `SEED=${seed}`);
    for (const [i, one] of (rows as Record<string, unknown>[]).entries())
      for (const name of names) assert.ok(Object.is((back[i] as Record<string, unknown>)[name], one[name]), `SEED=${seed}`);
    const some = names.filter(() => random.below(2) === 0).reverse();
    assert.equal(made.batch(some)?.names, some);
    assert.is(made.batch([...some, 'none']), undefined);
  }
  assert.ok(stored > rounds / 3, `${stored} of ${rounds}`);
});

interface Flight {
  carrier: string;
  delay: number | null;
  late: boolean;
}

const flights = (n: number): Flight[] =>
  Array.from({ length: n }, (_, i) => ({ carrier: `c${i % 5}`, delay: i % 7 === 0 ? null : i % 60, late: i % 3 === 0 }));

test('functions of persisted rows answer what they answer of others', async () => {
  const all = flights(10_000);
  const rows = sc.parallelize(all, 3);
  const kept = rows.map((f) => ({ ...f })).cache();
  await kept.count();
  assert.ok(sc.storageOf(kept).bytes < 10_000 * 12);
  const delayOfC1 = all.filter((f) => f.carrier === 'c1').reduce((sum, f) => sum + (f.delay ?? 0), 0);
  for (const of of [rows, kept]) {
    const delays = of.filter((f) => f.carrier === 'c1').map((f) => f.delay ?? 0);
    assert.is(await delays.sum(), delayOfC1);
    const known = of.filter((f) => f.late).filter(({ delay }) => delay !== null);
    assert.is(await known.count(), all.filter((f) => f.late && f.delay !== null).length);
    assert.equal(
      (await of.filter((f) => f.late).take(2)).map(({ carrier }) => carrier),
      ['c0', 'c3'],
    );
    const counts = of.map((f) => [f.carrier, 1] as [string, number]).reduceByKey((a, b) => a + b);
    assert.equal(
      (await counts.collect()).sort(),
      ['c0', 'c1', 'c2', 'c3', 'c4'].map((c) => [c, 2_000]),
    );
    const some = of.flatMap((f) => (f.delay === 59 && f.late ? [f.carrier] : []));
    assert.is((await some.collect()).length, all.filter((f) => f.delay === 59 && f.late).length);
    assert.is(await of.mapPartitions((rows) => [[...rows].length]).sum(), 10_000);
    const groups = of
      .groupBy((f) => f.carrier)
      .agg({
        n: count(),
        known: count((f) => f.delay),
        sum: sum((f) => f.delay),
        mean: mean((f) => f.delay),
        least: min((f) => f.delay),
        who: countDistinct((f) => f.late),
      });
    const c1 = all.filter((f) => f.carrier === 'c1');
    const seen = c1.flatMap(({ delay }) => (delay === null ? [] : [delay]));
    const expected = { n: c1.length, known: seen.length, sum: delayOfC1, mean: delayOfC1 / seen.length, least: 1, who: 2 };
    assert.equal(await groups.filter((g) => g.key === 'c1').collect(), [{ key: 'c1', ...expected, least: Math.min(...seen) }]);
    const odd = of.groupBy((f) => f.delay).agg({ n: count(), who: sum((f) => f.carrier as never) });
    await errorOf('BAD_ARGUMENT', () => odd.collect());
  }
});

test('a sum of a persisted column, with and without nulls', async () => {
  const kept = sc
    .parallelize(
      Array.from({ length: 1_000 }, (_, i) => ({ a: i, b: i / 3, c: i % 2 ? null : 1 })),
      2,
    )
    .map((r) => ({ ...r }))
    .cache();
  await kept.count();
  assert.is(await kept.map((r) => r.a).sum(), 499_500);
  assert.is(await kept.map(({ b }) => b).sum(), 166_500);
  const failed = await kept
    .map((r) => r.c as number)
    .sum()
    .then(
      () => 'no error',
      (e: Error) => e.message,
    );
  assert.match(failed, /null/);
});

test('a function that changes persisted rows changes copies', async () => {
  const kept = sc
    .parallelize(flights(500), 1)
    .map((f) => ({ ...f }))
    .cache();
  await kept.count();
  const changed = kept.map((f) => {
    f.carrier = 'changed';
    return f.carrier;
  });
  assert.equal(await changed.distinct().collect(), ['changed']);
  assert.is(await kept.filter((f) => f.carrier === 'changed').count(), 0);
});

test('an error in a function of a persisted row shows the row', async () => {
  const kept = sc
    .parallelize(flights(500), 1)
    .map((f) => ({ ...f }))
    .cache();
  await kept.count();
  const failed = await kept
    .filter((f) => f.late)
    .map((f) => {
      if (f.delay === 42) throw new Error('stopped here');
      return f.delay;
    })
    .collect()
    .then(
      () => 'no error',
      (e: Error & { element?: string }) => `${e.message} ${JSON.stringify(e)}`,
    );
  assert.match(failed, /stopped here/);
});

test.run();
