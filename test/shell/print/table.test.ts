// Tables: columns from keys and positions, types, alignment, and widths from 20 to 200 columns.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cut, escapeControls, pad, quote, widthOf } from '../../../shell/print/safe-text';
import { renderTable } from '../../../shell/print/table';

const table = (rows: readonly unknown[], columns = 80) => renderTable(rows, { columns, color: false }).split('\n');

test('columns are the union of keys, in the order in which they first come', () => {
  const lines = table([
    { a: 1, b: 'x' },
    { c: true, a: 2 },
  ]);
  assert.equal(
    lines[0].split('│').map((cell) => cell.trim()),
    ['a', 'b', 'c'],
  );
  assert.equal(
    lines[1].split('│').map((cell) => cell.trim()),
    ['number', 'string?', 'boolean?'],
  );
  assert.equal(
    lines[3].split('│').map((cell) => cell.trim()),
    ['1', '"x"', ''],
  );
});

test('every row has its bars under each other', () => {
  const lines = table([
    { word: '日本語', count: 1, note: 'e\u0301' },
    { word: 'a', count: 1e6, note: '👨‍👩‍👧‍👦' },
  ]);
  const bars = (line: string) => Array.from(line.matchAll(/[│┼]/g), ({ index }) => widthOf(line.slice(0, index)));
  for (const line of lines) assert.equal(bars(line), bars(lines[0]));
});

test('numbers stand to the right with thousands set apart', () => {
  const lines = table([[1204], [-1234567.891], [0], [-0], [1e21], [Number.NaN], [12345678901234567890n]]);
  const cells = lines.slice(3).map((line) => line.trim());
  assert.equal(cells, ['1 204', '-1 234 567.891', '0', '-0', '1e+21', 'NaN', '12 345 678 901 234 567 890']);
  assert.is(new Set(lines.slice(3).map(widthOf)).size, 1);
});

/** Columns of numbers, and how their first number is written. */
const numbers: readonly (readonly [what: string, rows: readonly unknown[], shown: string])[] = [
  ['years', [2013, 2014], '2013'],
  ['counts below ten thousand', [{ n: 1204 }, { n: 9_999 }], '1204'],
  ['counts', [{ n: 12_345 }, { n: 7 }], '12 345'],
  ['amounts with cents', [{ price: 12_345.5 }, { price: 54_321.5 }], '12 345.5'],
  ['numbers of one length: identifiers', [{ n: 104_523 }, { n: 104_524 }], '104523'],
  ['what its name calls an identifier', [{ userId: 104_523 }, { userId: 7 }], '104523'],
  ['the same in another spelling', [{ USER_ID: 104_523 }, { USER_ID: 7 }], '104523'],
  ['postcodes', [{ zip: 90_210 }, { zip: 1_001 }], '90210'],
  [
    'keys of pairs',
    [
      [104_523, 1],
      [7, 2],
    ],
    '104523',
  ],
  [
    'values of pairs, whatever their length',
    [
      ['a', 34_512],
      ['b', 31_200],
    ],
    '34 512',
  ],
  [
    'milliseconds of the clock',
    [
      ['a', 1_760_000_000_000],
      ['b', 1_760_000_000_001],
    ],
    '1760000000000',
  ],
];
for (const [what, rows, shown] of numbers) {
  test(`thousands are set apart where they are amounts: ${what}`, () => {
    const lines = table(rows);
    const cells = lines.slice(2).flatMap((line) => line.split('│').map((cell) => cell.trim()));
    assert.ok(cells.includes(shown), lines.join('\n'));
  });
}

test('what matches have besides their groups is a column each, where it has a value', () => {
  const [names, , , row] = table([...'a1b2'.matchAll(/[a-z](\d)/g)]);
  assert.equal(
    names.split('│').map((name) => name.trim()),
    ['0', '1', 'index', 'input'],
  );
  assert.match(row, /"a1" .*│ "1" .*│ +0 │ "a1b2"/);
});

test('rows that are not records are one column without a name', () => {
  assert.equal(table(['a', 'b']), [' string', '────────', ' "a"', ' "b"']);
  assert.equal(table([null, { a: 1 }]), [' null | object', '───────────────', ' null', ' { a: 1 }']);
});

test('arrays of different lengths are values and not columns', () => {
  assert.equal(table([[1], [2, 3]])[0], ' number[]');
});

test('a type names what a column holds', () => {
  const type = (...values: unknown[]) => table(values.map((value) => ({ value })))[1].trim();
  assert.is(type(1, 'a'), 'number | string');
  assert.is(type(new Date(0)), 'Date');
  assert.is(type([1, 2]), 'number[]');
  assert.is(type([1, 'a']), 'unknown[]');
  assert.is(type([]), 'unknown[]');
  assert.is(type(1, 'a', null, true, 1n), 'number | string | null | …');
  assert.is(type(undefined), 'undefined');
});

test('cells show newlines, tabs and escapes and are cut', () => {
  const lines = table([{ text: `a\n\t\x1b[31m${'x'.repeat(200)}` }], 30);
  assert.is(lines[3], ' "a\\n\\t\\x1b[31mxxxxxxxxxxxxxx…');
  assert.is(widthOf(lines[3]), 30);
});

test('the widest columns are cut first', () => {
  const lines = table([{ id: 1, short: 'abc', long: 'y'.repeat(100) }], 40);
  assert.match(lines[3], /^ +1 │ "abc" +│ "y+…$/);
});

test('columns that do not fit are counted and named', () => {
  const wide = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`column${index}`, 'z'.repeat(30)]));
  const lines = table([wide], 80);
  assert.match(lines.at(-1)!, /^ … \d+ more columns: column\d+, /);
  const shown = lines[0].split('│').length;
  const left = Number(/… (\d+) more/.exec(lines.at(-1)!)![1]);
  assert.is(shown + left, 30);
});

test('columns beyond those that are looked at are counted too', () => {
  const wide = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`k${index}`, index]));
  const lines = table([wide], 200);
  const shown = lines[0].split('│').length;
  assert.is(shown + Number(/… (\d+) more/.exec(lines.at(-1)!.replaceAll(/(?<=\d) (?=\d)/g, ''))![1]), 1_000);
});

const shapes: Readonly<Record<string, readonly unknown[]>> = {
  pairs: [
    ['spark', 1204],
    ['日本語'.repeat(20), 5],
  ],
  records: Array.from({ length: 5 }, (_, id) => ({ id, name: 'n'.repeat(id * 30), at: new Date(id), tags: ['a', 'b'] })),
  'one wide value': ['w'.repeat(500)],
  'wide names': [{ ['k'.repeat(100)]: 1, ['名'.repeat(50)]: 2 }],
  'twenty numbers': [Array.from({ length: 20 }, (_, index) => index * 1e9)],
  'empty objects': [{}, {}],
};

for (const [name, rows] of Object.entries(shapes)) {
  for (const columns of [8, 20, 40, 80, 200]) {
    test(`${name} fit ${columns} columns`, () => {
      const lines = table(rows, columns);
      for (const line of lines) assert.ok(widthOf(line) <= columns, `${widthOf(line)}: ${line}`);
      assert.ok(lines.length >= rows.length + 2);
    });
  }
}

test('cut: never wider than asked, the whole text where it fits', () => {
  const texts = ['', 'a', 'hello', '日本語', 'e\u0301e\u0301e\u0301', '👨‍👩‍👧‍👦👍🏽', 'x'.repeat(50), '日a本b語c'];
  for (const text of texts) {
    for (let columns = 0; columns < 12; columns++) {
      const shown = cut(text, columns);
      assert.ok(widthOf(shown) <= columns, `${text} in ${columns}`);
      if (widthOf(text) <= columns) assert.is(shown, text);
      else if (columns > 0) assert.ok(shown.endsWith('…'));
    }
  }
});

test('cut: marks without end are bounded', () => {
  assert.ok(cut(`a${'\u0301'.repeat(10_000)}b`, 10).length < 200);
});

test('escapes: what a terminal would obey is shown, everything else stays', () => {
  assert.is(escapeControls('a\x00\x07\x1b\x7f\x9b\u2028\u202e\ud800\n'), 'a\\x00\\x07\\x1b\\x7f\\x9b\\u2028\\u202e\\ud800\\n');
  assert.is(escapeControls('é 日本 👍🏽 👨‍👩‍👧‍👦'), 'é 日本 👍🏽 👨‍👩‍👧‍👦');
});

test('quote: a literal that gives the text back', () => {
  for (const text of ['', 'a"b', 'a\\b', '\\"', 'a\nb\tc\r\0\x1b', '\u2028\u202e', '日本']) {
    assert.is(new Function(`return ${quote(text)}`)(), text);
  }
});

test('pad: by columns, not by characters', () => {
  assert.is(pad('日本', 6), '日本  ');
  assert.is(pad('12', 4, true), '  12');
  assert.is(pad('long', 2), 'long');
});

test.run();
