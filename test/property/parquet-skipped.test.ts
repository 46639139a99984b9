// Row groups that a filter cannot want are not read, and no row is lost by that: random tables and comparisons against all rows.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../cluster/connect';
import { Random } from '../../runtime/base/time';
import { capture } from '../../runtime/closure';
import { whereOf } from '../../runtime/closure/conditions';
import type { Context, RDD } from '../../runtime/index';
import { conditionText } from '../../runtime/plan/condition';
import { size } from '../helpers/sizes';

const test = suite('parquet skipped');
const rounds = size(12, 200);
let folder: string;
let sc: Context;
let run: (sql: string) => Promise<unknown>;
const path = (name: string) => join(folder, name);

test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parquet-skipped-'));
  sc = await connect('local');
  const db = await (await DuckDBInstance.create(':memory:')).connect();
  run = (sql) => db.run(sql);
});

test.after(async () => {
  await sc.stop();
  rmSync(folder, { recursive: true, force: true });
});

const pick = <T>(random: Random, all: readonly T[]): T => all[random.below(all.length)];

type Row = Record<string, any>;
type Test = (row: Row) => unknown;

/** Comparisons of one column with a captured value. */
const comparing = (name: string, value: any): readonly Test[] => {
  switch (name) {
    case 'n':
      return [
        (r) => r.n < value,
        (r) => r.n <= value,
        (r) => r.n > value,
        ({ n }) => n >= value,
        (r) => r.n === value,
        (r) => r.n !== value,
        (r) => value > r.n,
        (r) => value <= r.n,
        // biome-ignore lint/suspicious/noDoubleEquals: what users write.
        (r) => r.n == value,
        // biome-ignore lint/suspicious/noDoubleEquals: what users write.
        (r) => r.n != value,
      ];
    default:
      return [
        (r) => r.x < value,
        (r) => r.x <= value,
        (r) => r['x'] > value,
        (r) => r.x >= value,
        (r) => r.x === value,
        (r) => r.x !== value,
        (r) => value < r.x,
        (r) => value >= r.x,
        // biome-ignore lint/suspicious/noDoubleEquals: what users write.
        ({ x: other }) => other == value,
        // biome-ignore lint/suspicious/noDoubleEquals: what users write.
        (r) => r.x != value,
      ];
  }
};

const kinds = [
  { sql: '(v % 1000)::int', values: [0, 5, -1, 500.5, 999, Number.NaN, Number.POSITIVE_INFINITY, '5', null, true, 5n] },
  { sql: '(v % 1000 - 500)::bigint', values: [0, -500, 499, 12, -0, null, 7n] },
  { sql: '(v % 1000)::utinyint', values: [0, 255, 128, 300, -1] },
  { sql: '(v * 4000000)::uinteger', values: [0, 2 ** 31, 2 ** 32, 12_000_000] },
  { sql: '(v::hugeint * 9007199254740991)::ubigint', values: [0n, 9007199254740991n, 2n ** 63n, 5, 2 ** 53] },
  {
    sql: "case when v % 7 = 0 then 'nan'::double when v % 11 = 0 then -0.0 else v / 10 end",
    values: [0, -0, 10.1, 50, Number.NaN, null],
  },
  { sql: "case when true then 'nan'::double end", values: [0, Number.NaN] },
  { sql: '(v / 8)::float', values: [0, 12.375, 100] },
  { sql: "'k' || (v // 100)", values: ['k1', 'k5', 'k', 'l', '', 'é', '\ue000', 5, null] },
  { sql: 'chr((65 + v // 40)::int)', values: ['A', 'M', 'Z', '😀'] },
  { sql: "case when v % 2 = 0 then '😀' else chr(57344) end || v", values: ['😀', '\ue000', '\uffff', 'z'] },
  {
    sql: "repeat('long prefix ', 50) || v",
    values: ['long prefix', 'long prefiy', `${'long prefix '.repeat(50)}5`, `${'long prefix '.repeat(50)}`],
  },
  { sql: 'v < 500', values: [true, false, null, 1] },
  { sql: "date '1999-12-20' + (v // 3)::int", values: ['2000-01-01', '1999-12-31', '2000', '', new Date(0)] },
  {
    sql: "timestamptz '2000-01-01 00:00:00+00' + interval (v) hour",
    values: [new Date('2000-01-10'), new Date('2000-02-05T03:00:00Z'), 0, null],
  },
  { sql: "timestamp '2000-01-01' + interval (v) hour", values: [new Date('2000-01-10')] },
  { sql: '(v / 100)::decimal(9, 2)', values: [5, '5.00'] },
  { sql: 'case when v < 300 then null else v end', values: [0, 300, 299, null, -1] },
  { sql: 'null::int', values: [0, null] },
  { sql: '[v]', values: [5, null] },
] as const;

test(`${rounds} random tables and filters give the rows of a filter over all`, async () => {
  for (let seed = Number(process.env.SEED ?? 0), end = seed + rounds; seed < end; seed++) {
    const random = new Random(seed);
    const order = pick(random, ['i // 16', 'i // 16', 'hash(i) % 1000']);
    const kind = pick(random, kinds);
    const nulls = pick(random, ['false', 'v % 5 = 0', 'v < 400']);
    const rows = `select (v % 1000)::int n, case when ${nulls} then null else ${kind.sql} end x, i from (select i, ${order} v from range(16384) t(i))`;
    await run(`copy (${rows}) to '${path('t.parquet')}' (format parquet, row_group_size 2048)`);
    const table = sc.parquet<Row>(path('t.parquet'), { timeZone: 'Europe/Berlin' });
    const all = await table.collect();
    const ids = async (found: RDD<Row>) => (await found.map((r) => r.i as number).collect()).join();
    for (const value of kind.values) {
      const a = pick(random, comparing('x', value));
      const b = pick(random, comparing('n', pick(random, [0, 100, 500, 990])));
      const expected = (f: Test) =>
        all
          .filter(f)
          .map((r) => r.i)
          .join();
      const told = `SEED=${seed} ${kind.sql}: ${a} of ${String(value)}, and ${b}`;
      assert.is(await ids(table.filter(a)), expected(a), told);
      const both = expected((r) => a(r) && b(r));
      assert.is(await ids(table.filter(a).filter(b)), both, told);
      assert.is(await ids(table.where(b).where(a)), both, told);
    }
  }
});

/** The rows that the tasks of a job read. */
async function rowsRead(job: () => Promise<unknown>): Promise<number> {
  let rows = 0;
  const listener = {
    onTaskEnd: ({ metrics }: { metrics?: { recordsRead: number } }) => {
      rows += metrics?.recordsRead ?? 0;
    },
  };
  sc.addListener(listener);
  await job();
  sc.removeListener(listener);
  return rows;
}

test('only row groups that may have wanted rows are read, and explain counts them', async () => {
  const file = path('counted.parquet');
  const rows = `select i as "day", 'k' || i // 2048 kind, case when i < 4096 then null else i end late from range(20480) t(i)`;
  await run(`copy (${rows}) to '${file}' (format parquet, row_group_size 2048)`);
  const table = sc.parquet<Row>(file);
  const last = 18_432;
  const asked: readonly [f: Test, groups: number][] = [
    [(r) => r.day >= last, 1],
    [(r) => r.day < 100, 1],
    [(r) => r.day >= 4_000 && r.day < 5_000, 2],
    [(r) => r.day < 100 || r.day > 20_000, 2],
    [(r) => r.kind === 'k3' && r.day > 0, 1],
    [(r) => r.late === null, 2],
    [(r) => r.late !== null, 8],
    [(r) => r.late > 5_000, 8],
    [(r) => r.late < 5_000, 3],
    [(r) => r.day < 0, 0],
    [(r) => r.day >= last && String(r.kind).length > 1, 1],
    [(r) => String(r.kind).length > 1 && r.day >= last, 10],
    [(r) => !(r.day < last), 10],
  ];
  for (const [f, groups] of asked) {
    assert.is(await rowsRead(() => table.filter(f).count()), groups * 2048, String(f));
    if (groups === 10) continue;
    assert.match(
      table
        .filter(f)
        .map((r) => r.day)
        .explain(),
      new RegExp(`${groups} of 10 row groups may have `),
      String(f),
    );
  }
  const chain = table.filter((r) => r.day >= last).map((r) => [r.kind, 1] as [string, number]);
  assert.match(chain.explain(), /reads day, kind of 3 columns; 1 of 10 row groups may have day >= 18432/);
  assert.not.match(table.explain(), /reads|row groups/);
});

test('a filter with an effect before the comparison runs on all rows', async () => {
  const file = path('counted.parquet');
  const seen = sc.longAccumulator('seen');
  const noted = sc
    .parquet<Row>(file)
    .filter((r) => {
      seen.add(1);
      return r.day >= 0;
    })
    .filter((r) => r.day < 10);
  assert.is(await noted.count(), 10);
  assert.is(seen.value, 20_480);
});

const limit = 5;
let moving = 7;

test('what is known of the text of a function', () => {
  const known = (f: Test) => {
    const where = whereOf(capture(f, { operation: 'filter', autoBroadcastBytes: 1e6, allowDeadZone: false }).closure);
    return where && `${conditionText(where.condition)}${where.isAll ? '' : ' …'}`;
  };
  moving++;
  const day = new Date('2026-03-01');
  assert.is(
    known((r) => r.a >= limit),
    'a >= 5',
  );
  assert.is(
    known((r) => r.a >= moving),
    'a >= 8',
  );
  assert.is(
    known((r) => r.at < day),
    'at < 2026-03-01T00:00:00.000Z',
  );
  assert.is(
    known(({ a, b: c }) => a === 'x' && -2 < c),
    'a === "x" && b > -2',
  );
  assert.is(
    known((r) => (r.a < 1 || r.b > 2n) && r.c !== null),
    '(a < 1 || b > 2n) && c !== null',
  );
  assert.is(
    known((r) => {
      // biome-ignore lint/suspicious/noDoubleEquals: what users write.
      return r.a == `x`;
    }),
    'a == "x"',
  );
  assert.is(
    known((r) => r.a > 1 && r.b.length > 2 && r.c > 3),
    'a > 1 …',
  );
  const others: readonly ((r: any, other?: any) => unknown)[] = [
    (r) => r.a,
    (r) => r.a > r.b,
    (r) => r.a > Math.random(),
    (r) => !(r.a > 1),
    (r) => r.a > 1 || r.b,
    (r) => r.a.b > 1,
    (r) => r[limit] > 1,
    (r) => r.toString > 1,
    // biome-ignore lint/suspicious/noAssignInExpressions: what users write.
    (r) => (r.a = 5) > 1,
    // biome-ignore lint/suspicious/noAssignInExpressions: what users write.
    (r) => r.a > 1 && (moving = 2) > 1,
    (r, other = 1) => r.a > other,
    ({ a = 5 }) => a > 1,
    ({ ...r }) => r.a > 1,
    async (r) => r.a > 1,
    (r) => {
      seenRows.push(r);
      return r.a > 1;
    },
    (r) => r.a > /x/,
  ];
  for (const f of others) assert.is(known(f), undefined, String(f));
});

const seenRows: unknown[] = [];

test.run();
