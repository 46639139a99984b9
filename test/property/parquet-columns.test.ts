// Columns of Parquet in typed arrays hold what the general reader gives, value by value: random values and nulls, by several encodings and codecs.
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../../runtime/base/time';
import { listOf } from '../../runtime/columns/batch';
import { FlatColumn, isFlat } from '../../runtime/formats/parquet/flat-column';
import type { Chunk, Node } from '../../runtime/formats/parquet/footer';
import { converterOf } from '../../runtime/formats/parquet/leaf-values';
import { Pages } from '../../runtime/formats/parquet/pages';
import { schemaOfFooter } from '../../runtime/formats/parquet/parquet-schema';
import { readFooter } from '../../runtime/formats/parquet/read-parquet';
import { NoRoom } from '../../runtime/formats/plain-values';
import type { ColumnType } from '../../runtime/schema/schema';
import { Zone } from '../../runtime/schema/time-zone';
import { size } from '../helpers/sizes';

const test = suite('parquet columns');
const rounds = size(20, 300);
let folder: string;
let run: (sql: string) => Promise<unknown>;

test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parquet-columns-'));
  const db = await (await DuckDBInstance.create(':memory:')).connect();
  run = (sql) => db.run(sql);
});

test.after(() => rmSync(folder, { recursive: true, force: true }));

const pick = <T>(random: Random, all: readonly T[]): T => all[random.below(all.length)];

/** Columns of one table: each of some type, with few or many values, some of them null. */
function columnsOf(random: Random): string {
  const kinds = [
    'h::bigint % 1000',
    '(h::hugeint - 9000000000000000000)::bigint',
    '((h % 200)::int - 100)::tinyint',
    '((h % 60000)::int - 30000)::smallint',
    '((h % 4000000000)::bigint - 2000000000)::int',
    '(h % 4294967296)::uinteger',
    '(h % 256)::utinyint',
    'h::ubigint',
    '(h % 9007199254740991)::ubigint',
    'h / 1e9',
    "case when h % 5 = 0 then 'nan'::double when h % 5 = 1 then '-inf'::double else -0.0 end",
    '(h / 1e9)::float',
    "'k' || h % 5",
    "'long text number ' || h",
    "'é😀' || h % 1000",
    "''",
    'h % 2 = 0',
    "date '1969-12-25' + (h % 30000)::int",
    "timestamp '1969-12-31 12:00:00' + interval (h % 1000000007) second + interval 123 microsecond",
    "(timestamp '2001-01-01' + interval (h % 1000007) second)::timestamp_ms",
    "(timestamp '2001-01-01' + interval (h % 1000007) second)::timestamp_s",
    "(timestamp '2001-01-01' + interval (h % 1000007) second)::timestamp_ns",
    "timestamptz '2001-01-01 00:00:00+00' + interval (h % 1000007) second",
    "time '01:02:03.5'",
    '(h % 100000 / 100)::decimal(9, 2)',
    '(h % 100000000000 / 100)::decimal(18, 4)',
    '(h % 100000000000 / 100)::decimal(30, 4)',
    "('b' || h % 10)::blob",
    'uuid()',
  ];
  const some = Array.from({ length: 6 }, (_, c) => {
    const nulls = pick(random, ['false', 'false', 'true', 'h % 3 = 0', 'h % 1000 = 0', 'i % 5000 > 2500']);
    return `case when ${nulls} then null else ${pick(random, kinds)} end c${c}`;
  });
  return some.join(', ');
}

function bytesOf(path: string, { start, bytes }: Chunk): Buffer {
  const fd = openSync(path, 'r');
  const buffer = Buffer.alloc(bytes);
  readSync(fd, buffer, 0, bytes, start);
  closeSync(fd);
  return buffer;
}

/** All values, or the error in their place. */
function outcome(read: () => unknown[]): unknown {
  try {
    return read();
  } catch (e) {
    if (e instanceof NoRoom) return `no room for ${e.value}`;
    if (e instanceof RangeError) return e.message;
    throw e;
  }
}

function generally(leaf: Node, type: ColumnType, chunk: Chunk, bytes: Buffer, zone: Zone): unknown[] {
  const pages = new Pages(leaf, chunk, bytes, converterOf(leaf, type, zone));
  const all: unknown[] = [];
  for (let page = pages.next(); page; page = pages.next())
    for (let i = 0, next = 0; i < page.count; i++)
      all.push(page.definitions && page.definitions[i] < leaf.maxDefinition ? null : page.values[next++]);
  return all;
}

function asColumns(leaf: Node, type: ColumnType, chunk: Chunk, bytes: Buffer, zone: Zone): unknown[] {
  const flat = new FlatColumn(leaf, type, chunk, bytes, zone);
  const all: unknown[] = [];
  for (let page = flat.next(); page; page = flat.next()) for (const value of listOf(page.data, 0, page.count)) all.push(value);
  return all;
}

test(`${rounds} random tables`, async () => {
  for (let seed = Number(process.env.SEED ?? 0), end = seed + rounds; seed < end; seed++) {
    const random = new Random(seed);
    const path = join(folder, 't.parquet');
    const codec = pick(random, ['uncompressed', 'snappy', 'zstd', 'gzip', 'lz4_raw', 'brotli']);
    const options = `format parquet, compression ${codec}, parquet_version ${pick(random, ['v1', 'v2'])}, row_group_size 2048`;
    const rows = `range(${1 + random.below(9_000)}) t(i), lateral (select hash(i + ${seed}) % ${pick(random, [3, 1000, 18446744073709551n])} h)`;
    await run(`copy (select ${columnsOf(random)} from ${rows}) to '${path}' (${options})`);
    const footer = readFooter({ path });
    const { columns } = schemaOfFooter(footer);
    const zone = new Zone(pick(random, ['UTC', 'Europe/Berlin']));
    for (const [c, leaf] of footer.leaves.entries()) {
      assert.ok(isFlat(leaf));
      for (const [g, group] of footer.groups.entries()) {
        const chunk = group.chunks[leaf.leaf];
        const bytes = bytesOf(path, chunk);
        for (const type of [columns[c].type, { kind: 'double' }, { kind: 'text' }] as ColumnType[]) {
          const [got, expected] = [asColumns, generally].map((read) => outcome(() => read(leaf, type, chunk, bytes, zone)));
          assert.equal(got, expected, `SEED=${seed}, column ${c} as ${type.kind}, group ${g}`);
        }
      }
    }
  }
});

test.run();
