// The decoder is given bytes that nobody encoded: it answers with a value or PROTOCOL, and spends no more than the bytes are worth.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../../runtime/base/time';
import { decode, encode } from '../../runtime/wire/codec';
import { Tag } from '../../runtime/wire/tags';
import { size } from '../helpers/sizes';
import { anyValue, pick } from './values';

const test = suite('decoder');
const seed = Number(process.env.SEED ?? Date.now() % 1e6);
const tags = Object.values(Tag).filter((tag): tag is number => typeof tag === 'number');
const tagged = Object.fromEntries(Object.entries(Tag)) as Record<string, number>;
const counts = [0, 1, 2, 4, 17, 127, 500, 30_000_000, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1, 2 ** 32, 2 ** 53];

/** What a value holds: elements, characters, bytes and entries, each counted where it is. */
function weightOf(value: unknown): number {
  let weight = 0;
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const v = waiting.pop();
    weight++;
    if (typeof v === 'string') weight += v.length;
    else if (ArrayBuffer.isView(v)) weight += v.byteLength;
    else if (v instanceof Map) waiting.push(...v.keys(), ...v.values());
    else if (v instanceof Set) waiting.push(...v);
    else if (typeof v === 'object' && v !== null)
      for (const key of Object.keys(v)) waiting.push((v as Record<string, unknown>)[key]);
  }
  return weight;
}

/** At most eight levels of columns, each with an object per byte. */
const weightPerByte = 20;
const msPerDecode = 300;

function judge(bytes: Uint8Array, name: string): void {
  const started = performance.now();
  let value: unknown;
  try {
    value = decode(bytes);
  } catch (error) {
    assert.is((error as { code?: string }).code, 'PROTOCOL', `${name}: ${(error as Error).stack}`);
  }
  const ms = performance.now() - started;
  assert.ok(ms < msPerDecode, `${name}: ${ms} ms for ${bytes.length} bytes`);
  const weight = weightOf(value);
  assert.ok(weight <= weightPerByte * bytes.length + 100, `${name}: ${weight} values of ${bytes.length} bytes`);
}

const count = (n: number): number[] => (n > 127 ? [(n % 128) | 128, ...count(Math.floor(n / 128))] : [n]);
const text = (s: string): number[] => [Tag.Latin1, ...count(s.length), ...Buffer.from(s, 'latin1')];
const hollow = (n: number): number[] => [Tag.SparseArray, ...count(n), 0];
const most = 2 ** 32 - 1;

const tiny: Record<string, number[]> = {
  'a tuple column with holes only': [Tag.TupleColumns, ...count(most), 1, ...hollow(most)],
  'an object column with holes only': [Tag.ObjectColumns, ...count(most), 1, ...text('a'), ...hollow(most)],
  'a column of columns with holes only': [
    Tag.TupleColumns,
    ...count(most),
    1,
    Tag.TupleColumns,
    ...count(most),
    1,
    ...hollow(most),
  ],
  'the keys of a map': [Tag.Map, ...hollow(most), ...hollow(most)],
  'the values of a map': [Tag.Map, Tag.Array, 0, ...hollow(most)],
  'a set': [Tag.Set, ...hollow(most)],
  'an element behind the end': [Tag.SparseArray, 4, 1, ...count(most), Tag.Null],
  'elements in no order': [Tag.SparseArray, 9, 2, 5, Tag.Null, 5, Tag.Null],
  'a column called __proto__': [
    Tag.ObjectColumns,
    1,
    1,
    ...text('__proto__'),
    Tag.Array,
    1,
    Tag.Object,
    1,
    ...text('polluted'),
    Tag.True,
  ],
  'a count without an end': [Tag.Array, ...Array(200).fill(255)],
  'a count that is no number': [Tag.StringColumn, ...Array(150).fill(128), 0, 1],
  'dates of dates': [...Array(100_000).fill(Tag.Date), Tag.Null],
  'arrays of arrays': Array(100_000).fill([Tag.Array, 1]).flat(),
  'columns of columns': [
    ...Array(20)
      .fill([Tag.TupleColumns, ...count(5000), 1])
      .flat(),
    Tag.BooleanColumn,
    ...count(5000),
    ...Array(5000).fill(1),
  ],
};

for (const [name, bytes] of Object.entries(tiny)) {
  test(`${name}: refused`, () => {
    judge(Buffer.from(bytes), name);
    assert.throws(() => decode(Buffer.from(bytes)), /invalid message/);
    assert.is(({} as Record<string, unknown>).polluted, undefined);
  });
}

test('long arrays with holes take memory for their elements alone', () => {
  const one = [Tag.SparseArray, ...count(30_000_000), 1, ...count(29_999_999), Tag.Null];
  const before = process.memoryUsage().heapUsed;
  const all = decode(Buffer.from([Tag.Array, ...count(2000), ...Array(2000).fill(one).flat()])) as unknown[][];
  assert.ok(process.memoryUsage().heapUsed - before < 50e6);
  assert.is(all[7].length, 30_000_000);
  assert.equal(Object.keys(all[7]), ['29999999']);
});

test('a bigint of a million digits is read at once', () => {
  const value = 7n ** 1_500_000n;
  const bytes = encode(value);
  const started = performance.now();
  assert.ok(decode(bytes) === value);
  assert.ok(performance.now() - started < msPerDecode);
  for (const wrong of ['', '5', '-', '0x', '0xg', '0x-5', 'zz'.repeat(500_000)])
    assert.throws(() => decode(Buffer.concat([Buffer.from([Tag.BigInt]), encode(wrong)])), /invalid message/, wrong.slice(0, 9));
});

test('values nested deeper than columns go arrive as they were', () => {
  let row: unknown = 1;
  for (let i = 0; i < 40; i++) row = i % 2 ? [row] : { a: row };
  const rows = Array.from({ length: 50 }, () => row);
  assert.equal(decode(encode(rows)), rows);
});

/** Bytes by the grammar of the format, with counts that lie now and then. */
function generated(random: Random, depth: number): number[] {
  const n = () => count(random.below(3) === 0 ? pick(random, counts) : random.below(6));
  const some = () => Array.from({ length: random.below(5) }, () => generated(random, depth - 1)).flat();
  const tag = pick(random, tags);
  if (depth <= 0) return [tag];
  switch (tag) {
    case tagged.Object:
    case tagged.NullObject:
      return [
        tag,
        ...n(),
        ...Array.from({ length: random.below(4) }, () => [
          ...text(pick(random, ['a', '__proto__', '9'])),
          ...generated(random, depth - 1),
        ]).flat(),
      ];
    case tagged.ObjectColumns:
      return [tag, ...n(), 1 + random.below(3), ...text(pick(random, ['a', '__proto__'])), ...some()];
    case tagged.SparseArray:
      return [
        tag,
        ...n(),
        ...n(),
        ...Array.from({ length: random.below(4) }, () => [...n(), ...generated(random, depth - 1)]).flat(),
      ];
    case tagged.BigInt:
      return [tag, ...text(pick(random, ['0x0', '-0xff', 'zz', '']))];
    case tagged.RegExp:
      return [tag, ...text(pick(random, ['a+', '(', '(?:'.repeat(50)])), ...text(pick(random, ['g', 'gg', '']))];
    case tagged.Latin1:
      return [tag, ...n(), ...Array.from({ length: random.below(9) }, () => random.below(256))];
    default:
      return [tag, ...n(), ...(random.below(2) ? n() : []), ...some()];
  }
}

test('generated bytes stay within the budget', () => {
  const random = new Random(seed);
  for (let i = 0; i < size(3_000, 400_000); i++) judge(Buffer.from(generated(random, 6)), `SEED=${seed}, number ${i}`);
});

test('changed bytes of real values stay within the budget', () => {
  const random = new Random(seed);
  for (let i = 0; i < size(2_000, 200_000); i++) {
    const bytes = Buffer.from(encode(Array.from({ length: random.below(9) }, () => anyValue(random, 4))));
    for (let n = 1 + random.below(4); n > 0; n--)
      bytes[random.below(bytes.length)] = random.below(4) ? pick(random, tags) : random.below(256);
    judge(bytes, `SEED=${seed}, number ${i}`);
  }
});

test.run();
