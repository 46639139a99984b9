// Parquet and Arrow through the public API: files that DuckDB and the Arrow project's library wrote, damaged ones, and values without room.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { tableFromArrays, tableToIPC } from 'apache-arrow';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import type { Context } from '../../../runtime/index';
import { rowType } from '../../../runtime/schema/schema-text';
import { errorOf } from '../../helpers/errors';
import { masterOf } from '../../helpers/master';

const test = suite('columnar files');
let sc: Context;
let folder: string;
let run: (sql: string) => Promise<unknown>;
const path = (name: string) => join(folder, name);

test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'columnar-'));
  sc = await connect(masterOf('local'));
  const db = await (await DuckDBInstance.create(':memory:')).connect();
  run = (sql) => db.run(sql.replaceAll('$', `${folder}/`));
});

test.after(async () => {
  await sc.stop();
  rmSync(folder, { recursive: true, force: true });
});

const everyType = `select i::int i, i::bigint big, i / 2 as half, i % 2 = 0 flag, 'n' || i % 3 note, (i * 1.25)::decimal(9, 2) price,
  date '2026-03-01' + i::int "day", time '23:59:58.5' "at", timestamp '2026-03-01 12:00:00.25' when_, timestamptz '2026-03-01 12:00:00+02' zoned,
  case when i % 2 = 0 then null else i end maybe, 'ab'::blob bytes, [i, null, i + 1] list, {a: i, b: ['x', 'y']} nested,
  map {'k': i} dict from range(N) t(i)`;

const everyRow = (i: number) => ({
  i,
  big: i,
  half: i / 2,
  flag: i % 2 === 0,
  note: `n${i % 3}`,
  price: (i * 1.25).toFixed(2),
  day: new Date(Date.UTC(2026, 2, 1 + i)).toISOString().slice(0, 10),
  at: '23:59:58.5',
  when_: new Date('2026-03-01T12:00:00.250Z'),
  zoned: new Date('2026-03-01T10:00:00Z'),
  maybe: i % 2 === 0 ? null : i,
  bytes: new Uint8Array([97, 98]),
  list: [i, null, i + 1],
  nested: { a: i, b: ['x', 'y'] },
  dict: new Map([['k', i]]),
});

const round = (row: object) => ({ ...row, price: Number((row as { price: string }).price) });

test('every type that DuckDB writes is read, by all codecs, with row groups as partitions', async () => {
  for (const codec of ['uncompressed', 'snappy', 'gzip', 'zstd', 'brotli', 'lz4_raw']) {
    await run(`copy (${everyType.replace('N', '5000')}) to '$${codec}.parquet' (compression ${codec}, row_group_size 2048)`);
    const rows = sc.parquet(path(`${codec}.parquet`), { minPartitions: 3, timeZone: 'UTC' });
    assert.is(rows.numPartitions, 3, codec);
    assert.is(await rows.count(), 5000);
    const all = await rows.collect();
    for (const i of [0, 1, 2047, 2048, 4999]) {
      const expected = { ...everyRow(i), price: i * 1.25 };
      assert.equal({ ...round(all[i]), price: 0 }, { ...expected, price: 0 }, codec);
      assert.ok(Math.abs(Number(all[i].price) - i * 1.25) < 0.006);
    }
  }
  assert.is(
    rowType(sc.parquet(path('snappy.parquet')).schema!),
    '{ i: number | null, big: number | null, half: number | null, flag: boolean | null, note: string | null, price: string | null, ' +
      'day: string | null, at: string | null, when_: Date | null, zoned: Date | null, maybe: number | null, bytes: Uint8Array | null, ' +
      'list: (number | null)[] | null, nested: { a: number | null, b: (string | null)[] | null } | null, dict: Map<string, number | null> | null }',
  );
});

test('whole numbers beyond 2^53 are bigints where statistics show them, and an error with the remedy where not', async () => {
  await run("copy (select 9007199254740993 n, i from range(3) t(i)) to '$wide.parquet'");
  const rows = sc.parquet(path('wide.parquet'));
  assert.is(rowType(rows.schema!), '{ n: bigint | null, i: number | null }');
  assert.equal(await rows.first(), { n: 9007199254740993n, i: 0 });
  await run("copy (select [9007199254740993 + i] n from range(3) t(i)) to '$hidden.parquet'");
  const hidden = sc.parquet(path('hidden.parquet'));
  if (rowType(hidden.schema!).includes('bigint')) assert.equal(await hidden.first(), { n: [9007199254740993n] });
  else await errorOf('BAD_VALUE', () => hidden.collect());
  assert.equal((await sc.parquet(path('wide.parquet'), { int64: 'bigint' }).collect())[2], { n: 9007199254740993n, i: 2n });
  assert.equal(
    await sc
      .parquet(path('wide.parquet'), { types: { n: 'text' } })
      .map((row) => row.n)
      .first(),
    '9007199254740993',
  );
});

test('a function that changes the dates and bytes of its row changes no other row', async () => {
  const columns = "timestamptz '2001-01-01 00:00:00+00' + interval (i % 3) day \"at\", ('b' || i % 3)::blob bytes, i";
  await run(`copy (select ${columns} from range(3000) t(i)) to '$shared.parquet'`);
  const changed = await sc
    .parquet(path('shared.parquet'))
    .map((row) => {
      row.at.setUTCHours(row.at.getUTCHours() + 1);
      row.bytes[1]++;
      return [row.at.getTime() - Date.UTC(2001, 0, 1 + (row.i % 3), 1), row.bytes[1] - 49 - (row.i % 3)];
    })
    .filter(([time, byte]) => time !== 0 || byte !== 0)
    .count();
  assert.is(changed, 0);
});

test('several files have one schema, and folders are columns', async () => {
  await run("copy (select i, i % 2 as year, 'x' || i t from range(10) t(i)) to '$hive' (format parquet, partition_by (year))");
  const rows = sc.parquet(path('hive/*/*.parquet'));
  assert.is(rowType(rows.schema!), '{ i: number | null, t: string | null, year: number }');
  assert.equal(
    await rows
      .map((row) => [row.year, row.i])
      .reduceByKey((a: number, b: number) => a + b)
      .sortByKey()
      .collect(),
    [
      [0, 20],
      [1, 25],
    ],
  );
});

test('damaged files are refused by name', async () => {
  await run(`copy (${everyType.replace('N', '100')}) to '$whole.parquet'`);
  const bytes = readFileSync(path('whole.parquet'));
  const refused = async (content: Buffer, reason: RegExp) => {
    writeFileSync(path('damaged.parquet'), content);
    const error = await errorOf('UNREADABLE_TABLE', () => sc.parquet(path('damaged.parquet')).collect());
    assert.match(error.message, reason);
  };
  await refused(bytes.subarray(0, bytes.length - 20), /does not end as one: it may have been cut off/);
  await refused(Buffer.concat([Buffer.from('PAR2'), bytes.subarray(4)]), /does not begin as one/);
  await refused(Buffer.from('PAR1'), /it is too short/);
  const length = Buffer.from(bytes);
  length.writeUInt32LE(2 ** 31, length.length - 8);
  await refused(length, /the length of its footer is wrong/);
  await refused(Buffer.concat([bytes.subarray(0, -4), Buffer.from('PARE')]), /it is encrypted/);
  // Any byte that is another one gives rows or an error of ours, and ends.
  for (let at = 4; at < bytes.length - 8; at += 211) {
    const other = Buffer.from(bytes);
    other[at] ^= 0xff;
    writeFileSync(path('damaged.parquet'), other);
    try {
      await sc.parquet(path('damaged.parquet')).collect();
    } catch (e) {
      assert.match(String((e as { code?: string }).code), /^(UNREADABLE_TABLE|BAD_VALUE)$/, `byte ${at}: ${(e as Error).stack}`);
    }
  }
});

test('Arrow files and streams are read, and damaged ones refused', async () => {
  const table = tableFromArrays({
    n: Int32Array.from([1, 2, 3]),
    x: Float64Array.from([0.5, 1.5, 2.5]),
    t: ['a', 'b', 'a'],
    big: BigInt64Array.from([1n, 2n, 3n]),
  });
  const expected = [
    { n: 1, x: 0.5, t: 'a', big: 1 },
    { n: 2, x: 1.5, t: 'b', big: 2 },
    { n: 3, x: 2.5, t: 'a', big: 3 },
  ];
  for (const form of ['file', 'stream'] as const) {
    writeFileSync(path(`a.${form}`), tableToIPC(table, form));
    const rows = sc.arrow(path(`a.${form}`));
    assert.equal(await rows.collect(), expected);
    assert.is(await rows.count(), 3);
  }
  const wide = tableFromArrays({ n: BigInt64Array.from([1n, 2n ** 60n]) });
  writeFileSync(path('wide.arrow'), tableToIPC(wide, 'file'));
  assert.equal(await sc.arrow(path('wide.arrow')).collect(), [{ n: 1n }, { n: 2n ** 60n }]);
  const bytes = readFileSync(path('a.file'));
  writeFileSync(path('cut.arrow'), bytes.subarray(0, bytes.length - 4));
  await errorOf('UNREADABLE_TABLE', () => sc.arrow(path('cut.arrow')).collect());
  for (let at = 8; at < bytes.length; at += 31) {
    const other = Buffer.from(bytes);
    other[at] ^= 0xff;
    writeFileSync(path('damaged.arrow'), other);
    try {
      await sc.arrow(path('damaged.arrow')).collect();
    } catch (e) {
      assert.match(String((e as { code?: string }).code), /^(UNREADABLE_TABLE|BAD_VALUE)$/, `byte ${at}: ${(e as Error).stack}`);
    }
  }
});

test('textFile of a table names the reader', async () => {
  await run("copy (select 1 n) to '$one.parquet'");
  const error = await errorOf('UNREADABLE_FILE', () => sc.textFile(path('one.parquet')).collect());
  assert.match(`${error.message} ${error.remedy}`, /it is a Parquet file, not a text\. Read it with sc\.parquet\(path\)\./);
  writeFileSync(path('a.arrow'), tableToIPC(tableFromArrays({ n: Int32Array.from([1]) }), 'file'));
  assert.match((await errorOf('UNREADABLE_FILE', () => sc.csv(path('a.arrow')).collect())).remedy, /sc\.arrow/);
});

test.run();
