// Generated rows of every type are written in each format: DuckDB, pyarrow where it is there, and our own readers read them equal.
// time limit: 300 s
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DuckDBBlobValue,
  type DuckDBConnection,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBInstance,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimeValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../cluster/connect';
import type { Context } from '../../runtime/index';
import { pythonWith } from '../helpers/python';

const test = suite('written tables, generated');
let sc: Context;
let duck: DuckDBConnection;
let folder: string;

/** A Python with pyarrow, where there is one. */
const found = pythonWith('pyarrow');
const pyarrow = 'python' in found ? found.python : undefined;
if ('missing' in found) console.log(`pyarrow reads nothing in this run: ${found.missing}`);

test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'written-tables-'));
  sc = await connect('local');
  duck = await (await DuckDBInstance.create(':memory:')).connect();
  await duck.run("set TimeZone='UTC'");
});

test.after(async () => {
  await sc.stop();
  rmSync(folder, { recursive: true, force: true });
});

// No mark U+FEFF: the binding of DuckDB drops it at the start of a text.
const hostile = fc.constantFrom(
  '',
  ' ',
  '"',
  'a"b',
  "'",
  ',',
  ';',
  '\t',
  '\n',
  '\r',
  '\r\n',
  '#',
  'NA',
  'null',
  '-',
  '007',
  '1e5',
  'true',
  '\\',
  '\\n',
  '😀',
  'é',
  '\u0000',
  '__proto__',
  '2026-01-01',
);
const words = fc.oneof(
  hostile,
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.array(hostile, { maxLength: 4 }).map((all) => all.join('')),
);
const ints = fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -9, max: 9 }));
const longs = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
/** No whole numbers, for which a column would be one of whole numbers. */
const doubles = fc
  .oneof(fc.double(), fc.constantFrom(-0, 0.1, Number.NaN, Infinity, -Infinity))
  .map((n) => (Number.isSafeInteger(n) && !Object.is(n, -0) ? n / 3 + 0.1 : n));
const instants = fc.date({
  min: new Date('0001-01-01T00:00:00Z'),
  max: new Date('9999-12-31T23:59:59.999Z'),
  noInvalidDate: true,
});
const days = instants.map((date) => date.toISOString().slice(0, 10));
const decimals = fc
  .tuple(fc.bigInt({ min: 0n, max: 10n ** 36n }), fc.boolean())
  .map(([n, isNegative]) => `${isNegative && n > 0n ? '-' : ''}${n / 100n}.${String(n % 100n).padStart(2, '0')}`);
const times = fc
  .tuple(fc.nat(86_399), fc.nat(999_999))
  .map(
    ([s, us]) =>
      `${new Date(s * 1000).toISOString().slice(11, 19)}${us === 0 ? '' : `.${String(us).padStart(6, '0').replace(/0+$/, '')}`}`,
  );
const bytes = fc.uint8Array({ maxLength: 6 });
const maybe = <T>(values: fc.Arbitrary<T>) => fc.option(values, { freq: 4, nil: null });

const flat = {
  flag: fc.boolean(),
  int: ints,
  big: longs,
  double: doubles,
  text: words,
  raw: bytes,
  at: instants,
  day: days,
  time: times,
  price: decimals,
};
const nested = {
  list: fc.array(maybe(words), { maxLength: 3 }),
  struct: fc.record({ a: maybe(ints), b: maybe(fc.array(maybe(doubles), { maxLength: 2 })) }),
  map: fc.uniqueArray(fc.tuple(words, maybe(ints)), { maxLength: 3, selector: ([key]) => key }).map((all) => new Map(all)),
};
const types = { day: 'date', time: 'time', price: 'decimal(38,2)', big: 'bigint' } as const;

const record = (fields: Readonly<Record<string, fc.Arbitrary<unknown>>>) =>
  fc.record(Object.fromEntries(Object.entries(fields).map(([name, values]) => [name, maybe(values)])));
const rowsOf = (fields: Readonly<Record<string, fc.Arbitrary<unknown>>>) =>
  fc.array(record(fields), { minLength: 1, maxLength: 40 });

type Row = Record<string, unknown>;

const bits = (n: number): string => {
  const view = Buffer.alloc(8);
  view.writeDoubleBE(Number.isNaN(n) ? Number.NaN : n);
  return `d:${view.toString('hex')}`;
};
const hex = (value: Uint8Array) => `b:${Buffer.from(value).toString('hex')}`;
const micros = (at: bigint) => `t:${at}`;
/** Graphemes may be cut into halves. */
const whole = (text: string) => `s:${Buffer.from(text).toString()}`;
const pairs = (entries: readonly (readonly [unknown, unknown])[]) =>
  entries.map(([k, v]) => [k, v]).sort((a, b) => (String(a) < String(b) ? -1 : 1));

/** A value of ours as a text that says its type: columns of dates, times and decimals are texts here. */
function ours(value: unknown, name = ''): unknown {
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return `i:${value}`;
  if (typeof value === 'number') return name === 'double' ? bits(value) : `i:${value}`;
  if (value instanceof Date) return micros(BigInt(value.getTime()) * 1000n);
  if (value instanceof Uint8Array) return hex(value);
  if (value instanceof Map) return pairs([...value].map(([k, v]) => [ours(k), ours(v)]));
  if (Array.isArray(value)) return value.map((one) => ours(one, name));
  if (typeof value === 'object') return Object.entries(value).map(([key, one]) => [key, ours(one, key === 'b' ? 'double' : key)]);
  return name in { day: 1, time: 1, price: 1 } ? `x:${value}` : whole(String(value));
}

const timeOf = (text: string) => text.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '');

function ducks(value: DuckDBValue): unknown {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return `i:${value}`;
  if (typeof value === 'number') return bits(value);
  if (typeof value === 'string') return whole(value);
  if (value instanceof DuckDBTimestampTZValue) return micros(value.micros);
  if (value instanceof DuckDBBlobValue) return hex(value.bytes);
  if (value instanceof DuckDBDateValue || value instanceof DuckDBDecimalValue) return `x:${value}`;
  if (value instanceof DuckDBTimeValue) return `x:${timeOf(String(value))}`;
  if (value instanceof DuckDBListValue) return value.items.map(ducks);
  if (value instanceof DuckDBMapValue) return pairs(value.entries.map(({ key, value: one }) => [ducks(key), ducks(one)]));
  if (value instanceof DuckDBStructValue) return Object.entries(value.entries).map(([key, one]) => [key, ducks(one)]);
  throw new Error(`no text for ${value}`);
}

const byDuck = async (sql: string): Promise<unknown[]> => {
  const found = await duck.runAndReadAll(sql);
  const names = found.columnNames();
  return found.getRows().map((row) => row.map((value, i) => [names[i], ducks(value)]));
};

const expected = (rows: readonly Row[]) =>
  rows.map((row) => Object.entries(row).map(([name, value]) => [name, ours(value, name)]));

const script = `
import sys, json, struct, datetime, decimal, math
import pyarrow.parquet, pyarrow.feather, pyarrow.csv, pyarrow as pa
epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
def text(v):
    if v is None or isinstance(v, bool): return v
    if isinstance(v, int): return 'i:%d' % v
    if isinstance(v, float): return 'd:' + (struct.pack('>d', v).hex() if not math.isnan(v) else '7ff8000000000000')
    if isinstance(v, str): return 's:' + v
    if isinstance(v, bytes): return 'b:' + v.hex()
    if isinstance(v, datetime.datetime): return 't:%d' % ((v - epoch) // datetime.timedelta(microseconds=1))
    if isinstance(v, datetime.date): return 'x:%s' % v.isoformat()
    if isinstance(v, datetime.time): return 'x:' + (v.isoformat().rstrip('0') if v.microsecond else v.isoformat())
    if isinstance(v, decimal.Decimal): return 'x:%s' % format(v, 'f')
    if isinstance(v, list): return [list(map(text, e)) if isinstance(e, tuple) else text(e) for e in v]
    if isinstance(v, dict): return [[k, text(e)] for k, e in v.items()]
    raise TypeError(type(v))
def table(kind, path):
    if kind == 'parquet': return pyarrow.parquet.read_table(path)
    if kind == 'arrow': return pyarrow.feather.read_table(path)
    names = open(path, encoding='utf8', newline='').readline().strip().split(',')
    return pyarrow.csv.read_csv(path, parse_options=pa.csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        convert_options=pa.csv.ConvertOptions(column_types={n: pa.string() for n in names}, null_values=[''], strings_can_be_null=True, quoted_strings_can_be_null=False))
for line in sys.stdin:
    kind, path = json.loads(line)
    try: out = [[[k, text(e)] for k, e in row.items()] for row in table(kind, path).to_pylist()]
    except Exception as e: out = repr(e)
    print(json.dumps(out))
`;

/** What pyarrow reads in files, one after the other. */
function byPyarrow(files: readonly (readonly [kind: string, path: string])[]): unknown[] {
  if (pyarrow === undefined || files.length === 0) return [];
  const input = files.map((file) => JSON.stringify(file)).join('\n');
  const out = execFileSync(pyarrow, ['-c', script], { input, encoding: 'utf8', maxBuffer: 1 << 28 });
  return out
    .trimEnd()
    .split('\n')
    .map((line) => sortMaps(JSON.parse(line)));
}

/** Entries of maps come in any order. */
const sortMaps = (rows: unknown): unknown =>
  Array.isArray(rows)
    ? rows.map((row: [string, unknown][]) =>
        row.map(([name, value]) => [name, name === 'map' && Array.isArray(value) ? pairs(value as [unknown, unknown][]) : value]),
      )
    : rows;

let next = 0;
const fresh = () => join(folder, `t${next++}`);

test('Parquet and Arrow files of every type are read equal by DuckDB, pyarrow and us', async () => {
  const waiting: { kind: string; file: string; rows: Row[] }[] = [];
  await fc.assert(
    fc.asyncProperty(rowsOf({ ...flat, ...nested }), async (rows) => {
      const [parquet, arrow] = [fresh(), fresh()];
      await sc.parallelize(rows as Row[], 1).saveAsParquet(parquet, { types });
      await sc.parallelize(rows as Row[], 1).saveAsArrow(arrow, { types });
      const own = expected(rows as Row[]);
      assert.equal(await byDuck(`select * from '${parquet}/*.parquet'`), own);
      assert.equal(expected(await sc.parquet<Row>(parquet, { int64: 'bigint' }).collect()), own);
      assert.equal(expected(await sc.arrow<Row>(arrow, { int64: 'bigint' }).collect()), own);
      waiting.push({ kind: 'parquet', file: `${parquet}/part-00000.parquet`, rows: rows as Row[] });
      waiting.push({ kind: 'arrow', file: `${arrow}/part-00000.arrow`, rows: rows as Row[] });
    }),
    { numRuns: 60, includeErrorInReport: true, seed: Number(process.env.MILLRACE_SEED) || undefined },
  );
  const read = byPyarrow(waiting.map(({ kind, file }) => [kind, file]));
  for (const [i, found] of read.entries()) assert.equal(found, expected(waiting[i].rows), waiting[i].kind);
});

/** What a cell of CSV is as text. */
const cell = (value: unknown): string | null => {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return Object.is(value, -0) ? '-0' : Buffer.from(String(value)).toString();
};

test('CSV is read equal by DuckDB, pyarrow and us', async () => {
  const waiting: { file: string; rows: unknown }[] = [];
  const names = Object.keys(flat);
  await fc.assert(
    fc.asyncProperty(rowsOf(flat), async (rows) => {
      const at = fresh();
      await sc.parallelize(rows as Row[], 1).saveAsCsv(at, { types });
      const file = `${at}/part-00000.csv`;
      const own = (rows as Row[]).map((row) => names.map((name) => [name, cell(row[name])]));
      const columns = names.map((name) => `'${name}': 'VARCHAR'`).join(', ');
      const options = `columns={${columns}}, auto_detect=false, header=true, delim=',', quote='"', escape='"', nullstr='', allow_quoted_nulls=false`;
      const found = await byDuck(`select * from read_csv('${file}', ${options})`);
      const texts = found.map((row) =>
        (row as [string, string | null][]).map(([name, value]) => [name, value === null ? null : value.slice(2)]),
      );
      assert.equal(texts, own);
      const read = await sc
        .csv<Row>(at, { types: Object.fromEntries(names.map((name) => [name, 'text | null'])) as never })
        .collect();
      assert.equal(
        read.map((row) => Object.entries(row)),
        own,
      );
      waiting.push({ file, rows: own });
    }),
    { numRuns: 60, includeErrorInReport: true, seed: Number(process.env.MILLRACE_SEED) || undefined },
  );
  for (const [i, found] of byPyarrow(waiting.map(({ file }) => ['csv', file])).entries())
    assert.equal(
      (found as [string, string | null][][]).map((row) =>
        row.map(([name, value]) => [name, value === null ? null : value.slice(2)]),
      ),
      waiting[i].rows,
    );
});

const jsonFields = {
  flag: fc.boolean(),
  int: ints,
  big: longs,
  double: doubles.filter(Number.isFinite),
  text: words,
  ...nested,
};
const jsonTypes =
  "{flag: 'BOOLEAN', int: 'BIGINT', big: 'BIGINT', double: 'DOUBLE', text: 'VARCHAR', list: 'VARCHAR[]', struct: 'STRUCT(a BIGINT, b DOUBLE[])', map: 'MAP(VARCHAR, BIGINT)'}";

test('JSON lines are read equal by DuckDB and by Python', async () => {
  const finite = {
    ...jsonFields,
    struct: fc.record({ a: maybe(ints), b: maybe(fc.array(maybe(jsonFields.double), { maxLength: 2 })) }),
  };
  await fc.assert(
    fc.asyncProperty(rowsOf(finite), async (rows) => {
      const at = fresh();
      await sc.parallelize(rows as Row[], 1).saveAsJsonLines(at);
      const own = expected(rows as Row[]);
      const found = await byDuck(`select * from read_json('${at}/*.jsonl', format='newline_delimited', columns=${jsonTypes})`);
      assert.equal(found, own);
    }),
    { numRuns: 60, includeErrorInReport: true, seed: Number(process.env.MILLRACE_SEED) || undefined },
  );
});

test('what pyarrow writes, we read', async () => {
  if (pyarrow === undefined) return;
  const code = `
import pyarrow as pa, pyarrow.parquet, pyarrow.feather, datetime, decimal, sys
t = pa.table({'i': pa.array([1, None], pa.int32()), 'u': pa.array([2**63, 1], pa.uint64()), 's': ['a', None], 'd': [datetime.date(2026, 3, 1), None],
  'p': [decimal.Decimal('1.50'), None], 'l': [[1, None], []], 't': pa.array([1, None], pa.timestamp('us', 'UTC')), 'k': pa.array(['x', 'x']).dictionary_encode()})
for n, v in (('1.0', '1.0'), ('2.6', '2.6')): pa.parquet.write_table(t, sys.argv[1] + '/py' + n + '.parquet', version=v, coerce_timestamps='us')
for c in ('zstd', 'lz4', 'uncompressed'): pa.feather.write_feather(t, sys.argv[1] + '/py-' + c + '.arrow', compression=c)
`;
  execFileSync(pyarrow, ['-c', code, folder]);
  const want = [
    { i: 1, u: 2n ** 63n, s: 'a', d: '2026-03-01', p: '1.50', l: [1, null], t: new Date(0), k: 'x' },
    { i: null, u: 1n, s: null, d: null, p: null, l: [], t: null, k: 'x' },
  ];
  for (const name of ['py1.0.parquet', 'py2.6.parquet']) assert.equal(await sc.parquet(join(folder, name)).collect(), want, name);
  for (const name of ['zstd', 'lz4', 'uncompressed'])
    assert.equal(await sc.arrow(join(folder, `py-${name}.arrow`)).collect(), want, name);
});

test.run();
