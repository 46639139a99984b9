// CSV through the public API: dialects, types, bad rows and values, and ranges that cut files anywhere.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import type { Context, CsvOptions } from '../../../runtime/index';
import { rowType } from '../../../runtime/schema/schema-text';
import { errorOf } from '../../helpers/errors';
import { masterOf } from '../../helpers/master';

const test = suite('csv');
let sc: Context;
let folder: string;
let files = 0;

test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'csv-'));
  sc = await connect(masterOf('local'));
});

test.after(async () => {
  await sc.stop();
  rmSync(folder, { recursive: true, force: true });
});

function write(content: string | Buffer, name = `${files++}.csv`): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

const read = (content: string | Buffer, options?: CsvOptions) =>
  sc.csv(write(content), { timeZone: 'UTC', ...options }).collect();
const typeOf = (content: string, options?: CsvOptions) => rowType(sc.csv(write(content), options).schema!);

test('rows are objects with the types of their columns', async () => {
  const text =
    '\ufeffid,when,day,at,ratio,ok,code,note\r\n' +
    '1,2026-03-01 12:30:00,2026-03-01,07:05:00,1.5,true,007,"a ""quoted"", text"\r\n' +
    '-2,2026-03-01T12:30:00.250Z,2026-12-31,23:59:59.5,2,FALSE,012,"two\r\nlines"\r\n';
  assert.is(
    typeOf(text),
    '{ id: number, when: Date, day: string, at: string, ratio: number, ok: boolean, code: string, note: string }',
  );
  assert.equal(await read(text), [
    {
      id: 1,
      when: new Date('2026-03-01T12:30:00Z'),
      day: '2026-03-01',
      at: '07:05:00',
      ratio: 1.5,
      ok: true,
      code: '007',
      note: 'a "quoted", text',
    },
    {
      id: -2,
      when: new Date('2026-03-01T12:30:00.250Z'),
      day: '2026-12-31',
      at: '23:59:59.5',
      ratio: 2,
      ok: false,
      code: '012',
      note: 'two\r\nlines',
    },
  ]);
});

test('nothing is null, NA is null among numbers and text among texts', async () => {
  const text = 'a,b,c\n1,NA,\n,x,""\nNA,,y\n';
  assert.is(typeOf(text), '{ a: number | null, b: string | null, c: string | null }');
  assert.equal(await read(text), [
    { a: 1, b: 'NA', c: null },
    { a: null, b: 'x', c: '' },
    { a: null, b: null, c: 'y' },
  ]);
});

test('dialects are guessed: delimiters, quotes, comments, titles, no names', async () => {
  assert.equal(await read('a;b\n1;"x;y"\n'), [{ a: 1, b: 'x;y' }]);
  assert.equal(await read('a\tb\n1\t2\n'), [{ a: 1, b: 2 }]);
  assert.equal(await read("a|b\n1|'x|y'\n"), [{ a: 1, b: 'x|y' }]);
  assert.equal(await read('a,b\n1,"x \\"y\\", z"\n'), [{ a: 1, b: 'x "y", z' }]);
  assert.equal(await read('# made by hand\na,b\n# more\n1,2\n'), [{ a: 1, b: 2 }]);
  assert.equal(await read('Sales of March\n\nname,sum\nx,1\ny,2\n'), [
    { name: 'x', sum: 1 },
    { name: 'y', sum: 2 },
  ]);
  assert.equal(await read('1,x\n2,y\n'), [
    { column1: 1, column2: 'x' },
    { column1: 2, column2: 'y' },
  ]);
  assert.equal(await read('a,b\rx,y\r'), [{ a: 'x', b: 'y' }]);
  assert.equal(await read('price\n"1,234.50"\n"12"\n'), [{ price: 1234.5 }, { price: 12 }]);
  assert.equal(await read('name, note\nx, "a, b" \n'), [{ name: 'x', note: 'a, b' }]);
});

test('dialects are given', async () => {
  assert.equal(await read('a:b\n1:2\n', { delimiter: ':' }), [{ a: 1, b: 2 }]);
  assert.equal(await read('1,2\n', { columns: ['x', 'y'] }), [{ x: 1, y: 2 }]);
  assert.equal(await read('p,q\n1,2\n', { columns: ['x', 'y'], header: true }), [{ x: 1, y: 2 }]);
  assert.equal(await read('a,b\n"1,2\n', { quote: '' }), [{ a: '"1', b: 2 }]);
  assert.equal(await read('a\nb\n', { header: false }), [{ column1: 'a' }, { column1: 'b' }]);
  assert.equal(await read('a,b\n1,2\n', { types: { a: 'text', b: 'bigint | null' } }), [{ a: '1', b: 2n }]);
  assert.equal(await read('a\n1\n', { int64: 'bigint' }), [{ a: 1n }]);
});

test('names of columns are names, whatever they are', async () => {
  const [row] = await read('a,a,,__proto__,constructor,a_2\n1,2,3,4,5,6\n');
  assert.equal(Object.entries(row), [
    ['a', 1],
    ['a_3', 2],
    ['column3', 3],
    ['__proto__', 4],
    ['constructor', 5],
    ['a_2', 6],
  ]);
  assert.is(Object.getPrototypeOf(row), Object.prototype);
});

test('whole numbers are exact: bigints from 2^53 on', async () => {
  assert.is(typeOf('n\n9007199254740993\n1\n'), '{ n: bigint }');
  assert.equal(await read('n\n9007199254740993\n1\n'), [{ n: 9007199254740993n }, { n: 1n }]);
});

test('times without a zone are read in the zone of the option, across a change to summer time', async () => {
  const text = 'at\n2026-03-29 01:59:59\n2026-03-29 03:00:00\n2026-10-25 02:30:00\n2026-03-29 12:00:00+05:30\n';
  const at = async (timeZone: string) => (await read(text, { timeZone })).map((row) => row.at.toISOString());
  assert.equal(await at('UTC'), [
    '2026-03-29T01:59:59.000Z',
    '2026-03-29T03:00:00.000Z',
    '2026-10-25T02:30:00.000Z',
    '2026-03-29T06:30:00.000Z',
  ]);
  assert.equal(await at('Europe/Berlin'), [
    '2026-03-29T00:59:59.000Z',
    '2026-03-29T01:00:00.000Z',
    // The first of the two.
    '2026-10-25T00:30:00.000Z',
    '2026-03-29T06:30:00.000Z',
  ]);
});

test('packed files and other encodings', async () => {
  assert.equal(await read(gzipSync('a,b\n1,é\n')), [{ a: 1, b: 'é' }]);
  assert.equal(await read(Buffer.from('\ufeffa,b\n1,é\n', 'utf16le')), [{ a: 1, b: 'é' }]);
  assert.equal(await read(Buffer.from('a,b\n1,é\n', 'latin1'), { encoding: 'latin1' }), [{ a: 1, b: 'é' }]);
  const error = await errorOf('BAD_ROW', () => read(Buffer.from('a,b\n1,x\n1,é\n', 'latin1')));
  assert.match(error.message, /line 3: the row cannot be read: its bytes are no UTF-8/);
  assert.match(error.remedy, /encoding: 'latin1'/);
});

test('several files: columns by name, folders as columns', async () => {
  write('a,b\n1,x\n', 'many/year=2026/month=1/part.csv');
  write('b,c\ny,2.5\n', 'many/year=2027/month=2/part.csv');
  const rows = sc.csv(join(folder, 'many/*/*/*.csv'));
  assert.is(rowType(rows.schema!), '{ a: number | null, b: string, c: number | null, year: number, month: number }');
  assert.equal(await rows.collect(), [
    { a: 1, b: 'x', c: null, year: 2026, month: 1 },
    { a: null, b: 'y', c: 2.5, year: 2027, month: 2 },
  ]);
});

test('a column that is empty in some files has the type of its values in others', async () => {
  const table = (...texts: string[]) => {
    const home = `parts${files++}`;
    for (const [i, text] of texts.entries()) write(text, `${home}/part-${i}.csv`);
    return sc.csv(join(folder, home));
  };
  const split = table('a,b\n1,\n2,\n', 'a,b\n3,1.5\n');
  assert.is(rowType(split.schema!), '{ a: number, b: number | null }');
  assert.equal(await split.collect(), [
    { a: 1, b: null },
    { a: 2, b: null },
    { a: 3, b: 1.5 },
  ]);
  const missing = table('a,b\nx,7\n', 'a,b\ny,NA\n');
  assert.is(rowType(missing.schema!), '{ a: string, b: number | null }');
  assert.equal(await missing.map(({ b }) => b).collect(), [7, null]);
  assert.is(rowType(table('a,b\n1,\n', 'a,b\n2,\n').schema!), '{ a: number, b: string | null }');
  assert.is(rowType(table('a,b\n1,NA\n', 'a,b\n2,NA\n').schema!), '{ a: number, b: string }');
  assert.is(rowType(table('a,b\n1,\n', 'a,b\n2,x\n').schema!), '{ a: number, b: string | null }');
});

test('a value that contradicts its type fails with its place and two ways out', async () => {
  const text = `id,delay\n${'1,2\n'.repeat(20)}2,late\n3,\n`;
  const error = await errorOf('BAD_VALUE', () => read(text, { sample: 10 }));
  assert.match(error.message, /\d+\.csv, line 22, column delay: "late" is not int, as in the first \d+ rows\.$/);
  assert.match(error.remedy, /\{ sample: 'all' \}, or give the type: \{ types: \{ delay: 'text' \} \}/);
  assert.is((await read(text, { sample: 'all' }))[20].delay, 'late');
  const skipped = await read(text, { sample: 10, onBadRow: 'skip' });
  assert.is(skipped.length, 20);
  const nulls = await read(text, { sample: 10, onBadRow: 'null' });
  assert.equal(nulls.slice(20), [
    { id: 2, delay: null },
    { id: 3, delay: null },
  ]);
  const missing = await errorOf('BAD_VALUE', () => read(`a,b\n${'1,2\n'.repeat(200)}3,\n`, { sample: 10 }));
  assert.match(missing.message, /line 202, column b: null is not int/);
  assert.match(missing.remedy, /b: 'int \| null'/);
});

test('rows with too few or too many fields fail, are left out, or get nulls', async () => {
  const text = `a,b\n${'1,2\n'.repeat(30)}3\n4,5,6\n7,8\n`;
  const error = await errorOf('BAD_ROW', () => read(text));
  assert.match(error.message, /line 32: the row cannot be read: it has 1 field instead of 2/);
  assert.equal((await read(text, { onBadRow: 'skip' })).slice(30), [{ a: 7, b: 8 }]);
  assert.equal((await read(text, { onBadRow: 'null' })).slice(30), [
    { a: 3, b: null },
    { a: 4, b: 5 },
    { a: 7, b: 8 },
  ]);
  assert.is(await sc.csv(write(text), { onBadRow: 'skip' }).count(), 31);
  assert.is(await sc.csv(write(text), { onBadRow: 'null' }).count(), 33);
  await errorOf('BAD_ROW', () => sc.csv(write(text)).count());
});

test('what cannot be a table says so', async () => {
  const open = await errorOf('BAD_ROW', () => read(`a,b\n${'1,2\n'.repeat(30)}1,"never\n2,3\n`));
  assert.match(open.message, /line 32: the row cannot be read: a quote is never closed/);
  const quote = await errorOf('BAD_ROW', () => read(`a,b\n${'1,"2"\n'.repeat(30)}1,"x"y\n`));
  assert.match(quote.message, /line 32.*text stands behind a closing quote/);
  assert.equal(await read(''), []);
  assert.equal(await read('a,b\n'), []);
  assert.is(rowType(sc.csv(write('a,b\n')).schema!), '{ a: string | null, b: string | null }');
  const wide = await errorOf('BAD_ROW', () => read(`a,b\n${'1,2\n'.repeat(9)}${'1,'.repeat(100_000)}\n`));
  assert.match(wide.message, /too many fields to be a row/);
  assert.equal(await read('a,b\n1,x\0y\n'), [{ a: 1, b: 'x\0y' }]);
  const other = write('p\n1\n', 'apart/2.csv');
  write('a,b\n1,2\n', 'apart/1.csv');
  const columns = sc.csv(write('a,b\n1,2\n'), { types: { a: 'int' } }).schema!.columns.length;
  assert.is(columns, 2);
  assert.is((await sc.csv(dirname(other)).collect()).length, 2);
});

test('options are checked by name', async () => {
  const wrong = async (options: object, pattern: RegExp) => {
    const error = await errorOf('BAD_ARGUMENT', () => sc.csv(write('a\n1\n'), options as CsvOptions).schema);
    assert.match(`${error.message} ${error.remedy}`, pattern);
  };
  await wrong({ delimeter: ';' }, /an option is "delimeter".*Did you mean delimiter\?/);
  await wrong({ delimiter: '||' }, /delimiter is "\|\|", but must be one character of ASCII/);
  await wrong({ types: { a: 'integer' } }, /the type of a is "integer", but must be one of boolean, int,/);
  await wrong({ types: { b: 'int' } }, /a column of types is "b", but must be one of a/);
  await wrong({ timeZone: 'Europe/Nowhere' }, /timeZone is "Europe\/Nowhere"/);
  await wrong({ onBadRow: 'ignore' }, /onBadRow is "ignore", but must be one of fail, skip, null/);
  await wrong({ sample: 0 }, /sample is 0/);
});

test('files cut anywhere have the rows of the whole', async () => {
  const field = fc.oneof(
    fc.string({ unit: fc.constantFrom('a', 'b', ' ', '1', ',', '\n', '\r', '"', 'é', ';'), maxLength: 12 }),
    fc.constantFrom('', 'x', '"', '\n', '","', '\n1,2,3\n'),
  );
  const table = fc.array(fc.tuple(field, field, field), { minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(table, fc.integer({ min: 2, max: 40 }), fc.constantFrom('\n', '\r\n'), async (rows, parts, end) => {
      const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
      const plain = (text: string) => (/[",\r\n]/.test(text) || text.trim() !== text || text === '' ? quoted(text) : text);
      const text = ['"p","q","r"', ...rows.map((row, i) => row.map(i % 3 === 0 ? quoted : plain).join(','))].join(end) + end;
      const options = {
        header: true,
        delimiter: ',',
        quote: '"',
        escape: '"',
        comment: '',
        types: { p: 'text', q: 'text', r: 'text' },
      } as const;
      const path = write(text, 'cut.csv');
      const expected = rows.map(([p, q, r]) => ({ p, q, r }));
      assert.equal(await sc.csv(path, { ...options, parallel: false }).collect(), expected);
      const cut = sc.csv(path, { ...options, minPartitions: parts });
      let found: unknown;
      try {
        found = await cut.collect();
      } catch (error) {
        // Fields that look like rows: refused by name, never read wrongly.
        assert.match((error as Error).message, /cannot be read as CSV in parts/);
        return;
      }
      assert.equal(found, expected);
      assert.is(await cut.count(), rows.length);
    }),
    { numRuns: 60 },
  );
});

test('a large file is cut into parts, with line ends in its fields', async () => {
  const text = [
    'id,note',
    ...Array.from({ length: 60_000 }, (_, i) => `${i},"line ${i}\nand ""more"" of ${i}, with some text"`),
  ].join('\n');
  const rows = sc.csv(write(text), { minPartitions: 7 });
  assert.is(rows.numPartitions, 7);
  const all = await rows.collect();
  assert.is(all.length, 60_000);
  assert.ok(all.every((row, i) => row.id === i && row.note === `line ${i}\nand "more" of ${i}, with some text`));
  assert.is(await rows.count(), 60_000);
});

test.run();
