// Groups over columns are those of the general loops, in the same order, also where tables spill: random rows, persisted and not, and of Parquet.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../cluster/connect';
import { Random } from '../../runtime/base/time';
import { type Context, count, countDistinct, list, max, mean, min, quantile, type RDD, sum } from '../../runtime/index';
import { size } from '../helpers/sizes';

const test = suite('grouped columns');
const rounds = size(25, 1_000);
const contexts: Context[] = [];
let folder: string;

test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'grouped-'));
  contexts.push(await connect('local'), await connect('local', { executionBytes: 4_096 }));
});

test.after(async () => {
  for (const sc of contexts) await sc.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Row {
  key: string | number | boolean | null;
  n: number;
  maybe: number | null;
  text: string | null;
}

const pick = <T>(random: Random, all: readonly T[]): T => all[random.below(all.length)];

function rowsOf(random: Random): Row[] {
  const keys = pick(random, [3, 50, 2_000]);
  const key = pick<(k: number) => Row['key']>(random, [
    (k) => `k${k}`,
    (k) => k - 1,
    (k) => k / 4,
    (k) => (k === 0 ? null : `long key of some characters ${k}`),
    (k) => k % 2 === 0,
    (k) => pick(random, [0, -0, Number.NaN, k]),
  ]);
  const number = pick<() => number>(random, [
    () => random.below(100),
    () => random.next() * 1e9 - 5e8,
    () => pick(random, [0, -0, 1e300, -1e300, 1e-300, Number.NaN, Number.POSITIVE_INFINITY]),
  ]);
  return Array.from({ length: 64 + random.below(4_000) }, () => ({
    key: key(random.below(keys)),
    n: number(),
    maybe: random.below(3) === 0 ? null : number(),
    text: random.below(4) === 0 ? null : `t${random.below(9)}`,
  }));
}

/** Each way to group by fields alone, and the same by functions whose texts say nothing. */
const ways: readonly { readonly plain: (rows: RDD<Row>) => RDD<unknown>; readonly general: (rows: RDD<Row>) => RDD<unknown> }[] =
  [
    {
      plain: (rows) => rows.map((r) => [r.key, r.n] as [Row['key'], number]).reduceByKey((a, b) => a + b, 3),
      general: (rows) => rows.map((r) => [(() => r.key)(), r.n] as [Row['key'], number]).reduceByKey((a, b) => a + b, 3),
    },
    {
      plain: (rows) => rows.map((r) => [r.key, 1] as [Row['key'], number]).reduceByKey((a, b) => a + b, 2),
      general: (rows) => rows.map((r) => [(() => r.key)(), 1] as [Row['key'], number]).reduceByKey((a, b) => a + b, 2),
    },
    {
      plain: (rows) => rows.map((r) => [r.key, r.maybe] as [Row['key'], any]).reduceByKey((a, b) => a + b, 2),
      general: (rows) => rows.map((r) => [(() => r.key)(), r.maybe] as [Row['key'], any]).reduceByKey((a, b) => a + b, 2),
    },
    {
      plain: (rows) =>
        rows
          .groupBy((r) => r.key)
          .agg({
            n: count(),
            sum: sum((r) => r.n),
            mean: mean((r) => r.maybe),
            least: min((r) => r.n),
            most: max((r) => r.maybe),
          }),
      general: (rows) =>
        rows
          .groupBy((r) => (() => r.key)())
          .agg({
            n: count(),
            sum: sum((r) => r.n),
            mean: mean((r) => r.maybe),
            least: min((r) => r.n),
            most: max((r) => r.maybe),
          }),
    },
    {
      plain: (rows) =>
        rows
          .groupBy((r) => r.text)
          .agg({
            known: count((r) => r.maybe),
            half: quantile((r) => r.n, 0.5),
            keys: countDistinct((r) => r.key),
            all: list((r) => r.text),
          }),
      general: (rows) =>
        rows
          .groupBy((r) => (() => r.text)())
          .agg({
            known: count((r) => r.maybe),
            half: quantile((r) => r.n, 0.5),
            keys: countDistinct((r) => r.key),
            all: list((r) => r.text),
          }),
    },
  ];

test(`${rounds} random tables`, async () => {
  for (let seed = Number(process.env.SEED ?? 0), end = seed + rounds; seed < end; seed++) {
    const random = new Random(seed);
    const sc = contexts[seed % 2];
    const rows = sc.parallelize(rowsOf(random), 1 + random.below(3)).map((r) => ({ ...r }));
    const kept = rows.map((r) => ({ ...r })).cache();
    await kept.count();
    for (const [w, { plain, general }] of ways.entries())
      assert.equal(await plain(kept).collect(), await general(rows).collect(), `SEED=${seed}, way ${w}`);
    kept.unpersist();
  }
});

test('of Parquet', async () => {
  const path = join(folder, 't.parquet');
  const db = await (await DuckDBInstance.create(':memory:')).connect();
  const columns = `case when i % 11 = 0 then null else 'k' || hash(i) % 700 end "key", (hash(i * 3) % 1000 / 7)::double n,
    case when i % 3 = 0 then null else i % 10 end maybe, 't' || i % 5 "text"`;
  await db.run(`copy (select ${columns} from range(10000) t(i)) to '${path}' (format parquet, row_group_size 2048)`);
  for (const sc of contexts) {
    const rows = sc.parquet<Row>(path, { minPartitions: 2 });
    for (const [w, { plain, general }] of ways.entries())
      assert.equal(await plain(rows).collect(), await general(rows).collect(), `way ${w}`);
  }
});

test.run();
