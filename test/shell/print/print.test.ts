// Printing of values: scalars, cuts with counts, tables of records, datasets with a sample, and values that try to break it.
import { inspect } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isPrintable, type Printable, printValue, type Sample } from '../../../shell/print/print-value';
import { widthOf } from '../../../shell/print/safe-text';
import { clearScreen, hostile } from '../../helpers/hostile';

const screen = (columns = 80, color = false) => ({ columns, color, live: false });
const print = (type: string, value: unknown, columns = 80) => printValue('res0', type, value, screen(columns));

/** What a terminal would obey, beside newlines. */
const raw = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\u200f]/;

const scalars: readonly (readonly [type: string, value: unknown, shown: string])[] = [
  ['number', 1204, 'res0: number = 1204'],
  ['number', -0, 'res0: number = -0'],
  ['number', Number.NaN, 'res0: number = NaN'],
  ['bigint', 12n, 'res0: bigint = 12n'],
  ['string', 'a"b\\c\n\t\x1b', 'res0: string = "a\\"b\\\\c\\n\\t\\x1b"'],
  ['boolean', true, 'res0: boolean = true'],
  ['null', null, 'res0: null = null'],
  ['string | undefined', undefined, 'res0: string | undefined = undefined'],
  ['symbol', Symbol('a'), 'res0: symbol = Symbol(a)'],
  ['Date', new Date(0), 'res0: Date = 1970-01-01T00:00:00.000Z'],
  ['RegExp', /a\/b/g, 'res0: RegExp = /a\\/b/g'],
  ['(x: number) => number', Math.sqrt, 'res0: (x: number) => number = [Function: sqrt]'],
  ['typeof A', class A {}, 'res0: typeof A = [class A]'],
  ['{}', {}, 'res0: {} = {}'],
  ['never[]', [], 'res0: never[] = []'],
  ['number[]', [1, 2, 3], 'res0: number[] = [1, 2, 3]'],
  ['number[]', Object.assign(new Array(3), { 0: 1, 2: 3 }), 'res0: number[] = [1, 1 empty slot, 3]'],
  ['[string, number]', ['a', 1], 'res0: [string, number] = ["a", 1]'],
  ['{ a: number }[]', [{ a: 1 }], 'res0: { a: number }[] = [{ a: 1 }]'],
  ['object', { a: 1, 'b c': [true, null], d: undefined }, 'res0: object = { a: 1, "b c": [true, null], d: undefined }'],
  ['Map<string, number>', new Map([['a', 1]]), 'res0: Map<string, number> = Map(1) { "a" => 1 }'],
  ['Set<number>', new Set([1, 2]), 'res0: Set<number> = Set(2) { 1, 2 }'],
  ['Error', new TypeError('no'), 'res0: Error = [TypeError: no]'],
  ['Uint8Array', new Uint8Array([1, 2]), 'res0: Uint8Array = Uint8Array(2) [1, 2]'],
  ['Promise<number>', Promise.resolve(1), 'res0: Promise<number> = Promise { 1 }'],
  ['Promise<string>[]', [Promise.resolve('a')], 'res0: Promise<string>[] = [Promise { "a" }]'],
  ['Promise<never>', new Promise(() => {}), 'res0: Promise<never> = Promise { <pending> }'],
  ['RegExpMatchArray', 'xab'.match(/(?<l>a)/), 'res0: RegExpMatchArray = ["a", "a", index: 1, input: "xab", groups: { l: "a" }]'],
  ['Error', Object.assign(new Error('no'), { status: 404 }), 'res0: Error = [Error: no] { status: 404 }'],
  ['Error', new Error('no', { cause: new TypeError('why') }), 'res0: Error = [Error: no] { cause: [TypeError: why] }'],
  [
    'AggregateError',
    new AggregateError([new Error('a'), 'b'], 'all'),
    'res0: AggregateError = [AggregateError: all] { errors: [[Error: a], "b"] }',
  ],
  ['Headers', new Headers({ a: 'b' }), "res0: Headers = Headers { a: 'b' }"],
  ['Proxy', new Proxy({ a: 'x' }, {}), 'res0: Proxy = Proxy { a: "x" }'],
  ['WeakRef<object>', new WeakRef(Object), 'res0: WeakRef<object> = WeakRef { [Function: Object] }'],
  ['WeakSet<object>', new WeakSet(), 'res0: WeakSet<object> = WeakSet { <items unknown> }'],
  ['MapIterator', new Map([[1, 2]]).keys(), 'res0: MapIterator = [Map Iterator] { 1 }'],
  ['Buffer', Buffer.from('hi'), 'res0: Buffer = Buffer(2) <68 69>'],
  ['ArrayBuffer', new ArrayBuffer(2), 'res0: ArrayBuffer = ArrayBuffer(2) <00 00>'],
  ['Function', Object.assign(async () => 1, { a: 1 }), 'res0: Function = [AsyncFunction: (anonymous)] { a: 1 }'],
  [
    'typeof Words',
    class Words extends Map {
      static size = 2;
    },
    'res0: typeof Words = [class Words extends Map] { size: 2 }',
  ],
  ['NumberFormat', new Intl.NumberFormat('en'), 'res0: NumberFormat = NumberFormat [Intl.NumberFormat] {}'],
  [
    'PlainDate',
    Object.create({ toString: () => '2024-05-01', [Symbol.toStringTag]: 'Temporal.PlainDate' }),
    'res0: PlainDate = Temporal.PlainDate 2024-05-01',
  ],
  ['object', { u: new URL('http://a.b/c') }, 'res0: object = { u: URL "http://a.b/c" }'],
  [
    'object',
    (() => {
      const self: Record<string, unknown> = { n: 1 };
      self.self = self;
      return self;
    })(),
    'res0: object = <ref *1> { n: 1, self: [Circular *1] }',
  ],
  [
    'Point',
    new (class Point {
      x = 1;
    })(),
    'res0: Point = Point { x: 1 }',
  ],
];

for (const [type, value, shown] of scalars) {
  test(shown, async () => assert.is(await print(type, value), shown));
}

test('a response of fetch has no raw colours, whatever Node colours by itself', async () => {
  const text = await print('Response', new Response('x', { headers: { a: 'b' } }));
  assert.match(text, /^res0: Response = Response \{\n {2}status: 200/);
  assert.not.match(text, raw);
});

test('at the prompt an object that is too deep says how to open it', async () => {
  const live = (value: unknown, name = 'res0') => printValue(name, 'object', value, { ...screen(), live: true });
  const deep = { list: [{ 'a b': { c: { d: 1 } } }] };
  assert.is(
    await live(deep),
    'res0: object = { list: [{ "a b": { c: [Object] } }] }\n … res0.list[0]["a b"].c opens the first that is closed; .page shows all',
  );
  const inMap = new Map([['k', { a: { b: { c: { d: 1 } } } }]]);
  assert.match(await live(inMap), /\n … res0\.get\("k"\)\.a\.b\.c opens the first/);
  assert.match(await live(new Set([{ a: { b: { c: { d: 1 } } } }])), /\n … \.page shows all$/);
  assert.match(await live(deep, 'f(1) ?? x'), /\n … \(f\(1\) \?\? x\)\.list\[0\]/);
  assert.not.match(await live({ a: { b: 1 } }), /…/);
  assert.not.match(await print('object', deep), /…/);
});

test('a call that returns nothing prints nothing', async () => {
  assert.is(await print('void', undefined), '');
  assert.is(await print('undefined', undefined), '');
});

test('a value without a name shows its type', async () => {
  assert.is(await printValue(undefined, 'number', 3, screen()), 'number = 3');
});

test('long strings are cut with the count', async () => {
  const text = await print('string', 'x'.repeat(5_000));
  assert.ok(text.endsWith('x"… 3 000 more characters'), text.slice(-60));
  assert.is(text.match(/x/g)?.length, 2_000);
});

test('long arrays are cut with the count and fill the lines', async () => {
  const text = await print(
    'number[]',
    Array.from({ length: 1_000_000 }, (_, index) => index),
    40,
  );
  assert.match(text, /\s99,\s+… 999 900 more\n\]$/);
  assert.ok(
    text.split('\n').every((line) => widthOf(line) <= 40),
    text,
  );
});

test('a million elements return at once', async () => {
  const array = Array.from({ length: 1_000_000 }, (_, index) => ({ index, name: `n${index}` }));
  let looked = 0;
  // Counts the looks at elements far behind, instead of measuring time on a shared machine.
  for (let index = 1_000; index < array.length; index += 50_000) {
    Object.defineProperty(array, index, { get: () => looked++, enumerable: true });
  }
  const text = await print('R[]', array);
  assert.is(looked, 0);
  assert.match(text, /^res0: R\[\] {2}1 000 000 rows\n/);
  assert.match(text, / … 999 980 more$/);
});

test('records are a table', async () => {
  const rows = [
    { word: 'spark', count: 1204 },
    { word: 'a\nb', count: 3, note: null },
  ];
  const expected = [
    'res0: Row[]  2 rows',
    ' word    │  count │ note',
    ' string  │ number │ null?',
    '─────────┼────────┼───────',
    ' "spark" │   1204 │',
    ' "a\\nb"  │      3 │ null',
  ];
  assert.is(await print('Row[]', rows), expected.join('\n'));
});

test('tuples are a table with numbered columns, maps one with keys and values', async () => {
  assert.match(
    await print('[string, number][]', [
      ['a', 1],
      ['b', 2],
    ]),
    / 0 +│ +1\n string │ number\n/,
  );
  const map = await print(
    'Map<string, number>',
    new Map([
      ['a', 1],
      ['b', 2],
    ]),
  );
  assert.match(map, /^res0: Map<string, number> {2}2 entries\n key +│ +value\n/);
});

test('arrays of scalars and of mixed values are lists', async () => {
  assert.is(await print('string[]', ['a', 'b']), 'res0: string[] = ["a", "b"]');
  assert.is(await print('unknown[]', [{ a: 1 }, 2]), 'res0: unknown[] = [{ a: 1 }, 2]');
  assert.is(await print('number[][]', [[1], [2, 3]]), 'res0: number[][] = [[1], [2, 3]]');
});

test('a long value breaks over lines with an indent', async () => {
  const value = { name: 'x'.repeat(30), list: ['y'.repeat(30), 'z'], inner: { a: 1 } };
  const lines = (await print('Value', value, 40)).split('\n');
  assert.is(lines[0], 'res0: Value = {');
  assert.is(lines[1], `  name: "${'x'.repeat(30)}",`);
  assert.is(lines.at(-2), '  inner: { a: 1 }');
  assert.is(lines.at(-1), '}');
});

test('a type that is long or holds escapes is cut and shown', async () => {
  const text = await print(`"${clearScreen}" | ${'A'.repeat(500)}`, 1, 40);
  assert.not.match(text, raw);
  assert.ok(widthOf(text) <= 40, text);
});

test("a class's own inspect is used, escaped and bounded", async () => {
  const money = { [inspect.custom]: () => `12 EUR${clearScreen}` };
  assert.is(await print('Money', money), 'res0: Money = 12 EUR\\x1b[2J\\x1b[H');
  const huge = await print('Huge', { [inspect.custom]: () => 'x'.repeat(1_000_000) });
  assert.match(huge, /… 996 000 more characters$/);
});

test('colours are there only when asked for', async () => {
  const values: unknown[] = [1, 'a', [{ a: 1 }, { a: 2 }], [1, 'x'], dataset({ rows: [[1, 2]] })];
  for (const value of values) {
    assert.not.match(await printValue('res0', 'T', value, screen(80, false)), /\x1b/);
    const coloured = await printValue('res0', 'T', value, screen(80, true));
    assert.match(coloured, /\x1b\[/);
    const plain = await printValue('res0', 'T', value, screen(80, false));
    assert.is(coloured.replace(/\x1b\[\d+m/g, '').replace(/ +$/gm, ''), plain.replace(/ +$/gm, ''));
  }
});

interface Facts {
  readonly name?: string;
  readonly partitions?: number;
  readonly partitioner?: string;
  readonly cached?: string;
}

function dataset(preview: Partial<Sample>, facts: Facts = {}): Printable {
  return {
    describeForPrompt: () => ({ partitions: 8, ...facts }),
    preview: async () => ({ rows: [], complete: false, seconds: 0.21, ...preview }),
  };
}

test('a dataset prints its head and a sample', async () => {
  const rows = [
    ['spark', 1204],
    ['is', 88],
  ];
  const counts = dataset({ rows }, { name: 'counts', partitioner: 'hash(8)' });
  const expected = [
    'res0: RDD<[string, number]>  counts · 8 partitions · hash(8) · not cached          sample of 2, 210 ms',
    ' 0       │      1',
    ' string  │ number',
    '─────────┼────────',
    ' "spark" │   1204',
    ' "is"    │     88',
  ];
  assert.is(await print('RDD<[string, number]>', counts, 120), expected.join('\n'));
});

test('the sample asked for is bounded: 20 rows, 2 s', async () => {
  const asked: number[] = [];
  const spy: Printable = {
    describeForPrompt: () => ({ partitions: 1 }),
    preview: async (rows, ms) => {
      asked.push(rows, ms);
      return { rows: [], complete: true, seconds: 0 };
    },
  };
  await print('RDD<number>', spy);
  assert.equal(asked, [20, 2_000]);
});

test('an empty dataset says 0 rows, a complete one all its rows', async () => {
  assert.is(
    await print('RDD<number>', dataset({ complete: true })),
    'res0: RDD<number>  8 partitions · not cached          0 rows, 210 ms',
  );
  assert.match(
    await print('RDD<number>', dataset({ complete: true, rows: [1] }, { partitions: 1, cached: 'memory' })),
    /1 partition · memory +1 row, 210 ms\n number\n/,
  );
});

test('a sample that stopped says so, with and without rows, and at the prompt what goes on', async () => {
  const some = dataset({ gaveUp: 'after 2.0 s', rows: [1] });
  const none = dataset({ gaveUp: 'after 2.0 s' });
  assert.match(await print('RDD<number>', none, 120), /no rows yet: it stopped after 2\.0 s$/);
  assert.match(await print('RDD<number>', some, 120), /sample of 1: it stopped after 2\.0 s\n number\n─+\n +1$/);
  const advice = ' … .show, take(N), count() run to the end, or until Ctrl-C';
  for (const sample of [none, some]) {
    const shown = await printValue('res0', 'RDD<number>', sample, { ...screen(), live: true });
    assert.is(shown.split('\n').at(-1), advice);
    const narrow = await printValue('res0', 'RDD<number>', sample, { ...screen(40), live: true });
    assert.ok(
      narrow.split('\n').every((line) => widthOf(line) <= 40),
      narrow,
    );
  }
});

test('a sample of a part of the input says how much that is, and what the rest may change', async () => {
  const part = (share: number, ...notKnown: ('values' | 'order' | 'matches')[]) => ({
    gaveUp: 'after 2.0 s',
    part: { share, notKnown },
  });
  assert.match(
    await print('RDD<number>', dataset({ ...part(0.225), rows: [1] }), 120),
    /sample of 1 in 22 % of the input, 210 ms\n/,
  );
  assert.match(await print('RDD<number>', dataset(part(0.9999)), 120), /no rows in 99 % of the input, 210 ms$/);
  assert.match(await print('RDD<number>', dataset(part(0)), 120), /no rows in less than 1 % of the input, 210 ms$/);
  const all = await print('RDD<number>', dataset({ ...part(0.5, 'values', 'order', 'matches'), rows: [1] }), 120);
  assert.match(
    all,
    / … values and groups are of that part only\n … what was not read may come before .*\n … matches that were not read are missing$/,
  );
});

test('a sample that fails still shows the head, then the error', async () => {
  const failing: Printable = {
    describeForPrompt: () => ({ partitions: 2, name: 'bad' }),
    preview: () => Promise.reject(new TypeError('no such thing')),
  };
  const text = await print('RDD<number>', failing);
  assert.match(text, /^res0: RDD<number> {2}bad · 2 partitions · not cached {2,}no sample\nTypeError: no such thing/);
});

test('a dataset is told by its two methods, also inherited ones', () => {
  class Base {
    describeForPrompt() {
      return { partitions: 1 };
    }
    async preview(): Promise<Sample> {
      return { rows: [], complete: true, seconds: 0 };
    }
  }
  assert.ok(isPrintable(new (class extends Base {})()));
  assert.not.ok(isPrintable({ preview() {} }));
  assert.not.ok(isPrintable(null));
});

for (const columns of [20, 40, 80, 200]) {
  test(`everything of a dataset fits ${columns} columns`, async () => {
    const rows = Array.from({ length: 20 }, (_, index) => ({
      id: index * 1e6,
      名前: '日本語'.repeat(index),
      long: 'x'.repeat(300),
      'e\u0301': '👨‍👩‍👧‍👦',
    }));
    const facts = { name: 'n'.repeat(100), partitions: 1_000, partitioner: 'range(1000)', cached: 'memory and disk' };
    const text = await print(`RDD<${'{ id: number }'.repeat(20)}>`, dataset({ rows }, facts), columns);
    for (const line of text.split('\n')) assert.ok(widthOf(line) <= columns, `${widthOf(line)} columns: ${line}`);
    assert.match(text, /…/);
  });
}

for (const [name, make] of hostile) {
  test(`${name} cannot break the printer`, async () => {
    for (const value of [
      make(),
      [make()],
      { inner: make() },
      [{ cell: make() }, { cell: 1 }],
      new Map([[make(), make()]]),
      dataset({ rows: [make(), { a: make() }] }),
    ]) {
      const text = await print('unknown', value);
      assert.ok(text.startsWith('res0: unknown'), text.slice(0, 100));
      assert.ok(text.length < 40_000, `${text.length} characters`);
      const found = raw.exec(text);
      assert.not.ok(found, `raw ${JSON.stringify(found?.[0])} in ${JSON.stringify(text.slice(0, 300))}`);
    }
  });
}

test.run();
