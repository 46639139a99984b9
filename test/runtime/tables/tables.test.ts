// Operators on rows that are objects, against plain loops over random rows: columns, order, aggregates of groups, joins; and what is refused.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { Random } from '../../../runtime/base/time';
import { type Context, count, countDistinct, desc, list, max, mean, min, quantile, type RDD, sum } from '../../../runtime/index';
import { addNumber, mergeNumbers, noNumbers, quantileOf } from '../../../runtime/keys/quantile-sketch';
import { errorOf } from '../../helpers/errors';
import { masterOf } from '../../helpers/master';

const test = suite('tables');
let sc: Context;

test.before(async () => {
  sc = await connect(masterOf('local'));
});

test.after(() => sc.stop());

interface Flight {
  carrier: string;
  month: number;
  delay: number | null;
  tags: string[];
}

function flights(seed: number, n = 300): Flight[] {
  const random = new Random(seed);
  return Array.from({ length: n }, () => ({
    carrier: 'ABCD'[random.below(4)],
    month: 1 + random.below(3),
    delay: random.next() < 0.2 ? null : random.below(100) / 4,
    tags: Array.from({ length: random.below(3) }, (_, i) => `t${i}`),
  }));
}

const sets = [1, 2, 3, 4, 5].map((seed) => flights(seed, [300, 300, 7, 1, 0][seed - 1]));

test('describe has types, nulls, distinct values, quartiles and the most frequent values, whatever the partitions', async () => {
  for (const rows of sets.slice(0, 4)) {
    for (const partitions of [1, 4]) {
      const [carrier, month, delay, tags] = await sc.parallelize(rows, partitions).describe().collect();
      const delays = rows.flatMap((row) => (row.delay === null ? [] : [row.delay])).sort((a, b) => a - b);
      assert.equal([carrier.column, month.column, delay.column, tags.column], ['carrier', 'month', 'delay', 'tags']);
      assert.is(carrier.type, 'text');
      assert.is(month.type, 'int');
      assert.is(carrier.distinct, new Set(rows.map((row) => row.carrier)).size);
      assert.is(delay.nulls, rows.length - delays.length);
      assert.is(delay.min, delays[0] ?? null);
      assert.is(delay.max, delays.at(-1) ?? null);
      const middle = (delays.length - 1) / 2;
      assert.is(delay.median, delays.length === 0 ? null : (delays[Math.floor(middle)] + delays[Math.ceil(middle)]) / 2);
      const often = Math.max(...'ABCD'.split('').map((c) => rows.filter((row) => row.carrier === c).length));
      assert.match(carrier.top!, new RegExp(`^[ABCD] ×${often}(,|$)`));
      assert.equal([tags.distinct, tags.min, tags.top], [null, null, null]);
    }
  }
  const many = await sc
    .range(0, 20_000, 1, 3)
    .map((n) => ({ n, at: new Date(n * 1000), sometimes: n % 2 ? 'x' : null }))
    .describe()
    .collect();
  assert.ok(Math.abs(many[0].distinct! - 20_000) < 600, String(many[0].distinct));
  assert.ok(Math.abs((many[0].median as number) - 10_000) < 30);
  assert.ok(Math.abs(Number(many[1].q1) - 5_000_000) < 20_000);
  assert.equal([many[0].top, many[2].top, many[2].nulls], [null, 'x ×10000', 10_000]);
  assert.equal(await sc.emptyRDD<object>().describe().collect(), []);
  await errorOf('NOT_A_ROW', () =>
    sc
      .range(3)
      .map((n) => [n])
      .describe()
      .collect(),
  );
});

test('columns are chosen, made, dropped, renamed, filled and taken apart', async () => {
  for (const rows of sets) {
    const table = sc.parallelize(rows, 3);
    assert.equal(
      await table.select('month', 'carrier').collect(),
      rows.map(({ month, carrier }) => ({ month, carrier })),
    );
    assert.equal(
      await table
        .withColumn('late', (row) => (row.delay ?? 0) > 10)
        .drop('tags', 'month')
        .collect(),
      rows.map(({ carrier, delay }) => ({ carrier, delay, late: (delay ?? 0) > 10 })),
    );
    assert.equal(
      await table.rename({ carrier: 'by', delay: 'late' }).collect(),
      rows.map(({ carrier, month, delay, tags }) => ({ by: carrier, month, late: delay, tags })),
    );
    assert.equal(
      await table
        .fillNull({ delay: -1 })
        .where((row) => row.delay < 5)
        .collect(),
      rows.map((row) => ({ ...row, delay: row.delay ?? -1 })).filter(({ delay }) => delay < 5),
    );
    assert.equal(
      await table.explode('tags').select('tags', 'month').collect(),
      rows.flatMap(({ tags, month }) => tags.map((tag) => ({ tags: tag, month }))),
    );
  }
  const [row] = await sc
    .parallelize([JSON.parse('{"__proto__": 1, "a": 2}') as { a: number }])
    .withColumn('b', (r) => r.a)
    .collect();
  assert.is(JSON.stringify(row), '{"__proto__":1,"a":2,"b":2}');
});

test('rows are sorted by several columns in both directions, stably, with what is missing last', async () => {
  for (const rows of sets) {
    const numbered = rows.map((row, at) => ({ ...row, at }));
    const table = sc.parallelize(numbered, 4);
    const late = (a: Flight, b: Flight, way: number) =>
      a.delay === b.delay ? 0 : a.delay === null ? 1 : b.delay === null ? -1 : way * (a.delay - b.delay);
    const byName = (a: Flight, b: Flight) => (a.carrier < b.carrier ? -1 : a.carrier > b.carrier ? 1 : 0);
    const expected = [...numbered].sort((a, b) => byName(a, b) || late(a, b, -1) || a.month - b.month);
    assert.equal(await table.orderBy('carrier', desc('delay'), (row) => row.month).collect(), expected);
    assert.equal(
      (await table.orderBy('delay').collect()).map(({ at }) => at),
      [...numbered].sort((a, b) => late(a, b, 1)).map(({ at }) => at),
    );
    const there = numbered.filter(({ delay }) => delay !== null);
    if (there.length > 0) {
      assert.is((await table.maxBy((row) => row.delay)).delay, Math.max(...there.map(({ delay }) => delay!)));
      assert.is((await table.minBy((row) => row.delay)).at, [...there].sort((a, b) => late(a, b, 1))[0].at);
    } else await errorOf('EMPTY_DATASET', () => table.maxBy((row) => row.delay));
    assert.equal(
      (await table.topBy(5, (row) => row.delay)).map(({ at }) => at),
      [...there]
        .sort((a, b) => late(a, b, -1))
        .slice(0, 5)
        .map(({ at }) => at),
    );
    const firsts = await table.dropDuplicates('carrier', 'month').collect();
    const keys = (all: readonly Flight[]) => [...new Set(all.map(({ carrier, month }) => `${carrier}${month}`))].sort();
    assert.equal(firsts.map(({ carrier, month }) => `${carrier}${month}`).sort(), keys(numbered));
    assert.is(await table.drop('at').dropDuplicates().count(), new Set(rows.map((row) => JSON.stringify(row))).size);
  }
});

const present = (values: readonly (number | null)[]) => values.filter((value): value is number => value !== null);
const middle = (values: readonly number[]) => {
  const sorted = [...values].sort((a, b) => a - b);
  const place = 0.5 * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return below + (above - below) * (place - Math.floor(place));
};

test('aggregates of groups are those of their rows, in any partitioning, with missing values left out', async () => {
  for (const [i, rows] of sets.entries()) {
    const groups = new Map<string, Flight[]>();
    for (const row of rows) {
      const key = JSON.stringify({ carrier: row.carrier, month: row.month });
      groups.set(key, [...(groups.get(key) ?? []), row]);
    }
    const expected = [...groups].map(([key, all]) => {
      const delays = present(all.map(({ delay }) => delay));
      const isNone = delays.length === 0;
      return {
        ...JSON.parse(key),
        n: all.length,
        known: delays.length,
        total: delays.reduce((a, b) => a + b, 0),
        d: isNone ? null : delays.reduce((a, b) => a + b, 0) / delays.length,
        least: isNone ? null : Math.min(...delays),
        most: isNone ? null : Math.max(...delays),
        half: isNone ? null : middle(delays),
        kinds: new Set(all.map(({ tags }) => tags.length)).size,
        all: delays,
      };
    });
    const groupsOf = (partitions: number) =>
      sc
        .parallelize(rows, partitions)
        .groupBy(({ carrier, month }) => ({ carrier, month }))
        .agg({
          n: count(),
          known: count((row) => row.delay),
          total: sum((row) => row.delay),
          d: mean((row) => row.delay),
          least: min((row) => row.delay),
          most: max((row) => row.delay),
          half: quantile((row) => row.delay, 0.5),
          kinds: countDistinct((row) => row.tags.length),
          all: list((row) => row.delay),
        })
        .orderBy('carrier', 'month');
    const sorted = expected.sort((a, b) => (a.carrier < b.carrier ? -1 : a.carrier > b.carrier ? 1 : a.month - b.month));
    assert.equal(await groupsOf(1 + i).collect(), sorted);
    const gathered = sc
      .parallelize(rows, 2)
      .groupBy((row) => row.month)
      .mapValues((all) => all);
    const byMonth = await gathered.agg({ n: count() }).orderBy('key').collect();
    assert.equal(
      byMonth,
      [1, 2, 3].map((key) => ({ key, n: rows.filter(({ month }) => month === key).length })).filter(({ n }) => n > 0),
    );
  }
  const typed: RDD<{ carrier: string; d: number | null; n: number; who: string }> = sc
    .parallelize(sets[0])
    .groupBy((f) => ({ carrier: f.carrier }))
    .agg({ d: mean((f) => f.delay), n: count(), who: min((f) => f.carrier) });
  assert.is(await typed.count(), 4);
});

test('means and quantiles of values by key; a table turned by two keys', async () => {
  const pairs = sets[0].map(({ carrier, month }): [string, number] => [carrier, month]);
  const of = (key: string) => pairs.filter(([k]) => k === key).map(([, n]) => n);
  const means = await sc.parallelize(pairs, 3).meanByKey().collectAsMap();
  const halves = await sc.parallelize(pairs, 3).quantilesByKey([0, 0.5, 1]).collectAsMap();
  for (const key of 'ABCD') {
    assert.is(means.get(key), of(key).reduce((a, b) => a + b, 0) / of(key).length);
    assert.equal(halves.get(key), [Math.min(...of(key)), middle(of(key)), Math.max(...of(key))]);
  }
  const turned = await sc
    .parallelize(sets[0], 3)
    .pivot(
      ({ carrier }) => ({ carrier }),
      ({ month }) => month,
      count(),
    )
    .orderBy('carrier')
    .collect();
  assert.equal(
    turned,
    [...'ABCD'].map((carrier) => ({
      carrier,
      ...Object.fromEntries(
        [1, 2, 3].map((m) => [m, sets[0].filter((row) => row.carrier === carrier && row.month === m).length]),
      ),
    })),
  );
});

test('quantiles of many numbers are within a thousandth, whatever the order of merges', () => {
  const random = new Random(7);
  const values = Array.from({ length: 20_000 }, () => (random.next() - 0.3) * 10 ** random.below(6));
  const parts = [0, 1, 2, 3].map((part) => values.filter((_, i) => i % 4 === part).reduce(addNumber, noNumbers()));
  const copy = () => structuredClone(parts);
  const one = copy().reduce(mergeNumbers);
  const other = copy().reverse().reduce(mergeNumbers);
  const sorted = [...values].sort((a, b) => a - b);
  for (const q of [0, 0.01, 0.25, 0.5, 0.9, 0.999, 1]) {
    const exact = sorted[Math.round(q * (values.length - 1))];
    assert.is(quantileOf(one, q), quantileOf(other, q));
    assert.ok(Math.abs(quantileOf(one, q)! - exact) <= Math.abs(exact) * 0.0011, `${q}: ${quantileOf(one, q)} for ${exact}`);
  }
  assert.is(quantileOf([Number.POSITIVE_INFINITY, 1].reduce(addNumber, noNumbers()), 1), Number.POSITIVE_INFINITY);
  assert.is(quantileOf(noNumbers(), 0.5), null);
});

test('joins by key functions have the fields of both sides', async () => {
  const airlines = sc.parallelize([
    { code: 'A', name: 'Alpha', month: 0 },
    { code: 'B', name: 'Beta', month: 0 },
    { code: 'B', name: 'Bravo', month: 0 },
  ]);
  const names: Record<string, string[]> = { A: ['Alpha'], B: ['Beta', 'Bravo'] };
  const table = sc.parallelize(
    sets[0].map((row, at) => ({ at, carrier: row.carrier, month: row.month })),
    3,
  );
  const inner: RDD<{ at: number; carrier: string; month: number; code: string; name: string }> = table.joinBy(
    airlines,
    (row) => row.carrier,
    (row) => row.code,
  );
  const expected = sets[0].flatMap((row, at) =>
    (names[row.carrier] ?? []).map((name) => ({ at, carrier: row.carrier, month: 0, code: row.carrier, name })),
  );
  assert.equal(await inner.orderBy('at', 'name').collect(), expected);
  const left = await table
    .leftJoinBy(
      airlines,
      (row) => row.carrier,
      (row) => row.code,
    )
    .collect();
  assert.is(left.length, expected.length + sets[0].filter(({ carrier }) => !(carrier in names)).length);
  assert.equal(
    left.filter((row) => row.name === undefined).every((row) => !('code' in row) && row.month > 0),
    true,
  );
});

test('what is no column, no aggregate, no function and no row is refused by name', async () => {
  const table = sc.parallelize(sets[0], 2);
  const any = table as any;
  const refused: [() => unknown, RegExp][] = [
    [() => any.select(), /^select: a column is missing, but must be the name of a column/],
    [() => any.select(5), /^select: a column is 5/],
    [() => any.drop(null), /^drop: a column is null/],
    [() => any.withColumn(5, () => 1), /^withColumn: a column is 5/],
    [() => any.withColumn('x', 5), /^withColumn: the function is 5/],
    [() => any.where('x'), /^where: the function is "x"/],
    [() => any.rename('x'), /^rename: its argument is "x"/],
    [() => any.rename({ carrier: 5 }), /^rename: the new name of carrier is 5/],
    [() => any.rename({ carrier: 'a', month: 'a' }), /a name that no other column gets/],
    [() => any.fillNull(5), /^fillNull: its argument is 5/],
    [() => any.fillNull({ delay: null }), /^fillNull: the value of delay is null/],
    [() => any.explode(), /^explode: a column is/],
    [() => any.dropDuplicates(5), /^dropDuplicates: a column is 5/],
    [() => any.orderBy(), /^orderBy: a column is missing/],
    [() => any.orderBy(5), /^orderBy: a column is 5/],
    [() => any.topBy(-1, () => 1), /^topBy: the number of elements is -1/],
    [() => any.maxBy('x'), /^maxBy: the function is "x"/],
    [() => any.minBy(5), /^minBy: the function is 5/],
    [() => any.groupBy(() => 1).agg(), /^agg: an aggregate is/],
    [() => any.groupBy(() => 1).agg({}), /^agg: an aggregate is missing/],
    [() => any.groupBy(() => 1).agg({ n: 5 }), /^agg: an aggregate is 5/],
    [() => any.groupBy(() => 1).agg(count()), /^agg: an aggregate is/],
    [() => count(5 as never), /^count: its argument is 5/],
    [() => sum(undefined as never), /^sum: the function is undefined/],
    [() => quantile(() => 1, 2), /^quantile: the share is 2/],
    [() => any.keyBy(() => 1).quantilesByKey([2]), /^quantilesByKey: the shares is/],
    [() => any.pivot(5, () => 1, count()), /^pivot: the function of rows is 5/],
    [
      () =>
        any.pivot(
          () => 1,
          () => 1,
          5,
        ),
      /^pivot: an aggregate is 5/,
    ],
    [
      () =>
        any.joinBy(
          5,
          () => 1,
          () => 1,
        ),
      /^joinBy: the other dataset is 5/,
    ],
    [() => any.leftJoinBy(table, () => 1, 5), /^leftJoinBy: the key of the other is 5/],
  ];
  for (const [call, message] of refused) assert.match((await errorOf('BAD_ARGUMENT', call)).message, message);
  const lines = sc.parallelize(['a']) as any;
  for (const [name, call] of Object.entries<() => Promise<unknown>>({
    select: () => lines.select('x').collect(),
    drop: () => lines.drop('x').collect(),
    withColumn: () => lines.withColumn('x', () => 1).collect(),
    orderBy: () => lines.orderBy('x').collect(),
    joinBy: () =>
      lines
        .joinBy(
          lines,
          () => 1,
          () => 1,
        )
        .collect(),
  })) {
    const error = await call().then(
      () => undefined,
      (thrown: Error) => thrown,
    );
    assert.match(error!.message, new RegExp(`${name} needs rows that are objects, but got "a"`), name);
  }
  const noList = await any
    .explode('month')
    .collect()
    .then(
      () => undefined,
      (thrown: Error) => thrown,
    );
  assert.match(noList.message, /explode needs a list in the column month, but got \d/);
});

test.run();
