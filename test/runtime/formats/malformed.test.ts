// Files that are broken or odd, each with its error or its documented rows: never a wrong row, never an endless read.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import type { Context } from '../../../runtime/index';
import { errorOf } from '../../helpers/errors';

const test = suite('malformed files');
let sc: Context;
let folder: string;
let parquet: Buffer;
let arrow: Buffer;

test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'malformed-'));
  sc = await connect('local');
  const rows = sc.range(0, 500, 1, 1).map((n) => ({ n, name: `name ${n}`, list: [n] }));
  await rows.saveAsParquet(join(folder, 'whole'));
  await rows.saveAsArrow(join(folder, 'whole-arrow'));
  parquet = readFileSync(join(folder, 'whole/part-00000.parquet'));
  arrow = readFileSync(join(folder, 'whole-arrow/part-00000.arrow'));
});

test.after(async () => {
  await sc.stop();
  rmSync(folder, { recursive: true, force: true });
});

type Reader = 'csv' | 'json' | 'jsonLines' | 'parquet' | 'arrow';
type Rows = readonly (readonly unknown[])[];

interface Case {
  readonly name: string;
  readonly reader: Reader;
  readonly bytes: string | Uint8Array | (() => Uint8Array);
  readonly options?: object;
  /** The values of its rows; or how many there are. */
  readonly rows?: Rows | number;
  readonly columns?: readonly string[];
  /** A code, and what its message says. */
  readonly error?: readonly [code: 'BAD_ROW' | 'BAD_VALUE' | 'UNREADABLE_TABLE' | 'UNREADABLE_FILE', message: RegExp];
}

const latin1 = (text: string) => Buffer.from(text, 'latin1');
/** A copy with one byte changed. */
const flipped = (bytes: Buffer, at: number) => {
  const copy = Buffer.from(bytes);
  copy[at < 0 ? copy.length + at : at] ^= 0xff;
  return copy;
};
/** Rows that leave no doubt about the dialect. */
const good = '1,"two"\n'.repeat(20);
const columns = (n: number) => Array.from({ length: n }, (_, i) => `c${i}`).join();

const cases: readonly Case[] = [
  // CSV
  { name: 'an empty file', reader: 'csv', bytes: '', rows: [], columns: [] },
  { name: 'line ends only', reader: 'csv', bytes: '\n\n\r\n', rows: 0 },
  { name: 'a mark only', reader: 'csv', bytes: '\ufeff', rows: [] },
  { name: 'a header only', reader: 'csv', bytes: 'a,b,c\n', rows: [], columns: ['a', 'b', 'c'] },
  { name: 'a header without a line end', reader: 'csv', bytes: 'a,b', options: { header: true }, rows: [], columns: ['a', 'b'] },
  {
    name: 'a quote that never ends',
    reader: 'csv',
    bytes: `a,b\n${good}1,"two\n3,4\n`,
    error: ['BAD_ROW', /line 22: .*a quote is never closed/],
  },
  {
    name: 'a quote that never ends in a file of three lines',
    reader: 'csv',
    bytes: 'a,b\n1,"open\n2,3\n',
    error: ['BAD_ROW', /line 2: .*a quote is never closed/],
  },
  {
    name: 'a quote that never ends in the header',
    reader: 'csv',
    bytes: '"a,b\n1,2\n',
    options: { delimiter: ',', header: true },
    rows: 0,
  },
  {
    name: 'text behind a closing quote',
    reader: 'csv',
    bytes: `a,b\n${good}1,"two" x\n`,
    error: ['BAD_ROW', /line 22: .*text stands behind a closing quote/],
  },
  { name: 'too few fields', reader: 'csv', bytes: 'a,b\n1,2\n3\n5,6\n', error: ['BAD_ROW', /line 3: .*1 field instead of 2/] },
  {
    name: 'too many fields',
    reader: 'csv',
    bytes: 'a,b\n1,2\n3,4,5\n5,6\n',
    error: ['BAD_ROW', /line 3: .*3 fields instead of 2/],
  },
  {
    name: 'too few fields, left out',
    reader: 'csv',
    bytes: 'a,b\n1,2\n3\n5,6\n',
    options: { onBadRow: 'skip' },
    rows: [
      [1, 2],
      [5, 6],
    ],
  },
  {
    name: 'too few fields, as nulls',
    reader: 'csv',
    bytes: 'a,b\n1,2\n3\n5,6\n',
    options: { onBadRow: 'null' },
    rows: [
      [1, 2],
      [3, null],
      [5, 6],
    ],
  },
  {
    name: 'NULs in fields',
    reader: 'csv',
    bytes: 'a,b\nx\0y,1\n\0,2\n',
    rows: [
      ['x\0y', 1],
      ['\0', 2],
    ],
  },
  { name: 'bytes that are no UTF-8', reader: 'csv', bytes: latin1('a,b\ncafé,1\n'), error: ['BAD_ROW', /line 2: .*no UTF-8/] },
  {
    name: 'bytes of latin1 read as such',
    reader: 'csv',
    bytes: latin1('a,b\ncafé,1\n'),
    options: { encoding: 'latin1' },
    rows: [['café', 1]],
  },
  {
    name: 'UTF-16 with a mark',
    reader: 'csv',
    bytes: Buffer.from('\ufeffa,b\né,1\n', 'utf16le'),
    rows: [['é', 1]],
    columns: ['a', 'b'],
  },
  {
    name: 'CR alone',
    reader: 'csv',
    bytes: 'a,b\r1,2\r3,4\r',
    rows: [
      [1, 2],
      [3, 4],
    ],
  },
  {
    name: 'line ends of several kinds',
    reader: 'csv',
    bytes: 'a,b\r\n1,2\n3,4\r5,6',
    rows: [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
  },
  { name: 'columns of one name', reader: 'csv', bytes: 'a,a,a\n1,2,3\n', rows: [[1, 2, 3]], columns: ['a', 'a_2', 'a_3'] },
  {
    name: 'columns without a name',
    reader: 'csv',
    bytes: 'a,,""\n1,2,3\n',
    options: { header: true },
    rows: [[1, 2, 3]],
    columns: ['a', 'column2', 'column3'],
  },
  {
    name: '__proto__ and constructor as columns',
    reader: 'csv',
    bytes: '__proto__,constructor\n1,2\n',
    rows: [[1, 2]],
    columns: ['__proto__', 'constructor'],
  },
  {
    name: 'names that look like integers',
    reader: 'csv',
    bytes: '2020,2019,x\na,b,c\n',
    options: { header: true },
    rows: [['b', 'a', 'c']],
  },
  { name: 'a number beyond 2^53', reader: 'csv', bytes: 'a\n9007199254740993\n', rows: [[9007199254740993n]] },
  {
    name: 'a number beyond the type',
    reader: 'csv',
    bytes: 'a\n1\n9007199254740993\n',
    options: { sample: 1 },
    error: ['BAD_VALUE', /line 3, column a: .*9007199254740993/],
  },
  {
    name: 'a text among numbers behind the sample',
    reader: 'csv',
    bytes: 'a\n1\n2\nx\n',
    options: { sample: 2 },
    error: ['BAD_VALUE', /line 4, column a: "x" is not int/],
  },
  { name: 'a date that is none', reader: 'csv', bytes: 'd\n2026-01-01\n2026-02-30\n', rows: [['2026-01-01'], ['2026-02-30']] },
  {
    name: 'a row of a million columns',
    reader: 'csv',
    bytes: () => Buffer.from(`${columns(1_000_000)}\n`),
    error: ['UNREADABLE_TABLE', /columns/],
  },
  {
    name: 'a million fields in a later row',
    reader: 'csv',
    bytes: () => Buffer.from(`a,b\n${good.repeat(600)}${columns(1_000_000)}\n`),
    error: ['BAD_ROW', /line 12002: .*too many fields/],
  },
  { name: 'a field of 20 MB', reader: 'csv', bytes: () => Buffer.from(`a,b\n${'x'.repeat(20_000_000)},1\n`), rows: 1 },
  {
    name: 'a quote that never ends before 20 MB',
    reader: 'csv',
    bytes: () => Buffer.from(`a,b\n"${'x,y\n'.repeat(5_000_000)}`),
    options: { delimiter: ',', header: true },
    error: ['BAD_ROW', /line 2: .*never closed/],
  },
  {
    name: 'gzip that is cut off',
    reader: 'csv',
    bytes: () => gzipSync('a,b\n1,2\n'.repeat(9999)).subarray(0, 60),
    error: ['UNREADABLE_FILE', /./],
  },
  { name: 'Parquet read as CSV', reader: 'csv', bytes: () => parquet, error: ['UNREADABLE_FILE', /sc\.parquet|Parquet/] },
  // JSON
  { name: 'an empty file of lines', reader: 'jsonLines', bytes: '', rows: [], columns: [] },
  { name: 'a line that is cut off', reader: 'jsonLines', bytes: '{"a":1}\n{"a":2\n', error: ['BAD_ROW', /line 2/] },
  {
    name: 'a line that is cut off, left out',
    reader: 'jsonLines',
    bytes: '{"a":1}\n{"a":2\n{"a":3}\n',
    options: { onBadRow: 'skip' },
    rows: [[1], [3]],
  },
  { name: 'text behind a value', reader: 'jsonLines', bytes: '{"a":1}\n{"a":2} x\n', error: ['BAD_ROW', /line 2/] },
  { name: 'single quotes', reader: 'jsonLines', bytes: '{"a":1}\n{\'a\':2}\n', error: ['BAD_ROW', /line 2/] },
  { name: 'a list among objects', reader: 'jsonLines', bytes: '{"a":1}\n[2]\n', rows: [[{ a: 1 }], [[2]]], columns: ['json'] },
  {
    name: 'a list among objects behind the sample',
    reader: 'jsonLines',
    bytes: '{"a":1}\n{"a":2}\n[2]\n',
    options: { sample: 1 },
    error: ['BAD_ROW', /line 3: .*no object/],
  },
  {
    name: 'another type behind the sample',
    reader: 'jsonLines',
    bytes: '{"a":1}\n{"a":"x"}\n',
    options: { sample: 1 },
    error: ['BAD_VALUE', /line 2, column a: "x" is not int/],
  },
  { name: 'numbers beyond 2^53', reader: 'jsonLines', bytes: '{"a":9007199254740993}\n', rows: [[9007199254740993n]] },
  {
    name: '__proto__ as a field',
    reader: 'jsonLines',
    bytes: '{"__proto__":{"x":1}}\n',
    rows: [[{ x: 1 }]],
    columns: ['__proto__'],
  },
  {
    name: 'an array that is never closed',
    reader: 'json',
    bytes: '[{"a":1},{"a":2}',
    error: ['UNREADABLE_TABLE', /never closed/],
  },
  {
    name: 'a value that is never closed',
    reader: 'json',
    bytes: '[{"a":1},{"a":',
    error: ['UNREADABLE_TABLE', /line 1 on is never closed/],
  },
  {
    name: 'a missing comma',
    reader: 'json',
    bytes: '[{"a":1}\n{"a":2}]',
    error: ['UNREADABLE_TABLE', /comma is missing on line 2/],
  },
  {
    name: 'nesting deeper than the stack',
    reader: 'json',
    bytes: `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
    error: ['UNREADABLE_TABLE', /nested too deep/],
  },
  { name: 'one object', reader: 'json', bytes: '{"a":\n 1}', rows: [[1]] },
  { name: 'one array', reader: 'json', bytes: '[\n{"a":1},\n{"a":2}\n]\n', rows: [[1], [2]] },
  { name: 'a field that comes twice', reader: 'jsonLines', bytes: '{"a":1,"a":2}\n{"a":"x","a":3}\n', rows: [[2], [3]] },
  {
    name: 'quotes that are none',
    reader: 'csv',
    bytes: 'a,b\n"x" y,1\nz,2\n',
    rows: [
      ['"x" y', 1],
      ['z', 2],
    ],
  },
  { name: 'empty lines before one column', reader: 'csv', bytes: '\n\na\n1\n\n2\n', rows: [[1], [null], [2]], columns: ['a'] },
  // Parquet
  { name: 'an empty file', reader: 'parquet', bytes: '', error: ['UNREADABLE_TABLE', /too short/] },
  { name: 'the magic only', reader: 'parquet', bytes: 'PAR1', error: ['UNREADABLE_TABLE', /too short/] },
  {
    name: 'another magic in front',
    reader: 'parquet',
    bytes: () => flipped(parquet, 0),
    error: ['UNREADABLE_TABLE', /does not begin as one/],
  },
  {
    name: 'a cut footer',
    reader: 'parquet',
    bytes: () => parquet.subarray(0, parquet.length - 20),
    error: ['UNREADABLE_TABLE', /cut off/],
  },
  {
    name: 'a footer that is longer than the file',
    reader: 'parquet',
    bytes: () => flipped(parquet, -6),
    error: ['UNREADABLE_TABLE', /length of its footer/],
  },
  { name: 'a CSV', reader: 'parquet', bytes: 'a,b\n1,2\n3,4\n5,6\n', error: ['UNREADABLE_TABLE', /does not end as one/] },
  {
    name: 'a page cut out',
    reader: 'parquet',
    bytes: () => Buffer.concat([parquet.subarray(0, 100), parquet.subarray(300)]),
    error: ['UNREADABLE_TABLE', /./],
  },
  { name: 'a damaged page', reader: 'parquet', bytes: () => flipped(parquet, 8), error: ['UNREADABLE_TABLE', /./] },
  // Arrow
  { name: 'an empty file', reader: 'arrow', bytes: '', error: ['UNREADABLE_TABLE', /schema/] },
  { name: 'the magic only', reader: 'arrow', bytes: 'ARROW1', error: ['UNREADABLE_TABLE', /cut off/] },
  {
    name: 'a cut footer',
    reader: 'arrow',
    bytes: () => arrow.subarray(0, arrow.length - 8),
    error: ['UNREADABLE_TABLE', /cut off/],
  },
  {
    name: 'a wrong length of its footer',
    reader: 'arrow',
    bytes: () => flipped(arrow, -7),
    error: ['UNREADABLE_TABLE', /length of its footer/],
  },
  {
    name: 'a batch cut out',
    reader: 'arrow',
    bytes: () => Buffer.concat([arrow.subarray(0, 400), arrow.subarray(600)]),
    error: ['UNREADABLE_TABLE', /./],
  },
  { name: 'a CSV', reader: 'arrow', bytes: 'a,b\n1,2\n3,4\n', error: ['UNREADABLE_TABLE', /./] },
];

for (const [i, { name, reader, bytes, options = {}, rows, columns: named, error }] of cases.entries()) {
  test(`${reader}: ${name}`, async () => {
    const path = join(folder, `case-${i}`);
    writeFileSync(path, typeof bytes === 'function' ? bytes() : bytes);
    const read = () => sc[reader](path, options);
    if (error) {
      const found = await errorOf(error[0], () => read().collect());
      assert.match(found.message, error[1]);
      return;
    }
    const table = read();
    const found = await table.collect();
    if (typeof rows === 'number') assert.is(found.length, rows);
    else
      assert.equal(
        found.map((row) => Object.values(row)),
        rows,
      );
    assert.is(await read().count(), found.length);
    if (named)
      assert.equal(
        table.schema!.columns.map((column) => column.name),
        named,
      );
  });
}

test('files with schemas that do not go together name the column', async () => {
  const mixed = join(folder, 'mixed');
  await sc.parallelize([{ a: 1 }], 1).saveAsParquet(mixed);
  await sc.parallelize([{ a: [1] }], 1).saveAsParquet(join(folder, 'other'));
  writeFileSync(join(mixed, 'part-00001.parquet'), readFileSync(join(folder, 'other/part-00000.parquet')));
  const error = await errorOf('UNREADABLE_TABLE', () => sc.parquet(mixed).collect());
  assert.match(error.message, /part-00001\.parquet.* column a .*list of int/);
});

test.run();
