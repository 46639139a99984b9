// The codec: what is decoded is what was encoded, whatever it was; the rest is refused; damaged bytes are found out.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../../../runtime/base/time';
import { decode, encode } from '../../../runtime/wire/codec';
import { errorOf } from '../../helpers/errors';
import { anyValue } from '../../property/values';

const test = suite('codec');
const back = (value: unknown) => decode(encode(value));

/** Equality that knows -0, holes, prototypes and named classes, which uvu's does not. */
function same(a: any, b: any, at = 'value'): void {
  if (typeof b !== 'object' || b === null) return assert.ok(Object.is(a, b), `${at}: ${String(a)} is not ${String(b)}`);
  assert.is(Object.getPrototypeOf(a), Object.getPrototypeOf(b), `${at}: another class`);
  assert.equal(Object.keys(a), Object.keys(b), `${at}: other keys`);
  if (Array.isArray(b)) assert.is(a.length, b.length, at);
  if (b instanceof Date) return same(a.getTime(), b.getTime(), at);
  if (b instanceof RegExp) return same(String(a), String(b), at);
  if (b instanceof Map || b instanceof Set) return same([...a], [...b], at);
  if (b instanceof Error) same([a.name, a.message, a.stack, a.cause], [b.name, b.message, b.stack, b.cause], `${at} error`);
  for (const key of Object.keys(b)) same(a[key], b[key], `${at}.${key}`);
}

/** [1, nothing, 3] */
const holed = () => Object.assign(new Array(3), { 0: 1, 2: 3 });

const own = (entries: [string, unknown][]): object => {
  const made = {};
  for (const [key, value] of entries)
    Object.defineProperty(made, key, { value, enumerable: true, configurable: true, writable: true });
  return made;
};

const values: Record<string, unknown> = {
  'numbers at the edges': [
    0,
    -0,
    Number.NaN,
    1 / 0,
    -1 / 0,
    2 ** 31 - 1,
    2 ** 31,
    -(2 ** 31),
    -(2 ** 31) - 1,
    2 ** 53,
    5e-324,
    1.5,
  ],
  'one negative zero': -0,
  'a column with a negative zero': [1, 2, 3, -0],
  'a column of numbers and one hole': Object.assign([1, 2, 3, 4, 5], { length: 7 }),
  strings: ['', 'a', 'é', '\u00ff', '\u0100', '😀', '\ud800', '\udc00\ud800', 'x'.repeat(70_000), '\0'],
  'one string of each kind': ['latin\u00e9', '\ud800alone', 'ascii'],
  bigints: [0n, 1n, -1n, 2n ** 64n, -(2n ** 300n) + 7n],
  'booleans, null, undefined': [true, false, null, undefined],
  'columns of booleans': [true, false, true, true, false],
  'almost a column of booleans': [true, false, true, null],
  'keys that mean something': own([
    ['__proto__', 1],
    ['constructor', 2],
    ['hasOwnProperty', 3],
    ['', 4],
    ['1', 5],
  ]),
  'columns of objects with such keys': Array.from({ length: 9 }, (_, i) =>
    own([
      ['constructor', i],
      ['toString', `${i}`],
    ]),
  ),
  'columns of objects with __proto__': Array.from({ length: 9 }, (_, i) => own([['__proto__', i]])),
  'objects without a prototype': Object.assign(Object.create(null), { a: 1 }),
  holes: holed(),
  'only holes': new Array(5),
  'a long array with one element': Object.assign(new Array(4_000_000_000), { 7: 'x' }),
  'rows with holes': [holed(), [1, 2, 3], [1, 2, 3], [1, 2, 3]],
  'empty things': [[], {}, new Map(), new Set(), '', new Uint8Array(0)],
  'rows of empty arrays': [[], [], [], [], []],
  dates: [new Date(0), new Date(Number.NaN), new Date(8.64e15)],
  'regular expressions': [/a\/b/giu, /(?:)/],
  maps: new Map<unknown, unknown>([
    [Number.NaN, 1],
    [{ a: 1 }, [2]],
    ['__proto__', new Map([[1, 2]])],
  ]),
  sets: new Set([1, '1', null, undefined, [1]]),
  'typed arrays of each kind': [
    new Int8Array([-1]),
    new Uint8Array([255, 0]),
    new Uint8ClampedArray([9]),
    new Int16Array([-300]),
    new Uint16Array([60000]),
    new Int32Array([-70000]),
    new Uint32Array([4e9]),
    new Float32Array([0.5]),
    new Float64Array([Number.NaN, -0]),
    new BigInt64Array([-5n]),
    new BigUint64Array([2n ** 63n]),
  ],
  'a view into a larger buffer': new Float64Array(new ArrayBuffer(80), 16, 3).fill(2.5),
  buffers: [Buffer.from('abc'), Buffer.alloc(0)],
  errors: [
    new Error('plain'),
    new TypeError('of a kind', { cause: new RangeError('why') }),
    Object.assign(new Error('with more'), { code: 'EX', at: [1] }),
    Object.defineProperty(new Error('renamed'), 'name', { value: 'Odd' }),
    new AggregateError([new Error('a'), 1], 'many'),
  ],
  'tuples of different kinds': Array.from({ length: 20 }, (_, i) => [i % 3 === 0 ? `${i}` : i, i / 2]),
  'records of one shape': Array.from({ length: 20 }, (_, i) => ({ id: i, name: `n${i}`, tags: [i], deep: { x: [null, i] } })),
  'records of two shapes': Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? { a: i, b: 1 } : { b: 1, a: i })),
  'wide rows': Array.from({ length: 5 }, (_, i) => new Array(40).fill(i)),
  'deep, but not too deep': Array.from({ length: 200 }).reduce((inner: unknown) => [inner], 0),
};

for (const [name, value] of Object.entries(values)) test(`${name} arrive as they were`, () => same(back(value), value, name));

test('random values arrive as they were', () => {
  for (let seed = 0; seed < 400; seed++) {
    const random = new Random(seed);
    const value = Array.from({ length: random.below(30) }, () => anyValue(random, 3));
    try {
      same(back(value), value);
    } catch (error) {
      throw new Error(`seed ${seed}: ${(error as Error).message}`);
    }
  }
});

test('named properties of arrays are left behind, their elements are not', () => {
  same(back(/(b)/.exec('abc')), ['b', 'b']);
  same(back(Object.assign(holed(), { name: 'x' })), holed());
});

class Own {}
class List extends Array {}

const cyclicObject = () => Object.assign([{}], {}).map((o) => Object.assign(o, { o }))[0];
function cyclicArray(width: number): unknown[] {
  const array: unknown[] = [];
  for (let i = 0; i < width; i++) array.push(array);
  return array;
}

const refused: Record<string, [make: () => unknown, shown: RegExp]> = {
  'a function': [() => [() => 1], /the function/],
  'a symbol': [() => Symbol('x'), /Symbol\(x\)/],
  'a promise': [() => Promise.resolve(1), /a Promise/],
  'an instance of an unknown class': [() => [new Own()], /instance of Own/],
  'a subclass of Array': [() => new List(), /instance of List/],
  'rows that are subclasses of Array': [() => Array.from({ length: 8 }, () => List.from([1, 2])), /instance of List/],
  'a WeakMap': [() => new WeakMap(), /instance of WeakMap/],
  'an ArrayBuffer': [() => new ArrayBuffer(4), /instance of ArrayBuffer/],
  'a generator': [() => new Map().keys(), /instance of Map Iterator/],
  'a cycle of objects': [cyclicObject, /nested too deeply/],
  'a cycle of arrays': [() => cyclicArray(1), /nested too deeply/],
  'a cycle in columns': [() => cyclicArray(4), /nested too deeply/],
};

for (const [name, [make, shown]] of Object.entries(refused)) {
  test(`${name} is refused`, async () => {
    const error = await errorOf('UNSHIPPABLE_VALUE', () => encode(make()));
    assert.match(error.message, shown);
  });
}

test('cut bytes are found out, wherever they are cut', async () => {
  for (const [name, value] of Object.entries(values)) {
    const bytes = encode(value);
    if (bytes.length > 5_000) continue;
    for (let end = 0; end < bytes.length; end++) {
      try {
        await errorOf('PROTOCOL', () => decode(bytes.subarray(0, end)));
      } catch (error) {
        throw new Error(`${name} cut to ${end} of ${bytes.length}: ${(error as Error).message}`);
      }
    }
  }
});

test('bytes behind the end are found out', async () => {
  await errorOf('PROTOCOL', () => decode(Buffer.concat([encode([1, 2]), Buffer.alloc(1)])));
});

test('changed bytes give a value or PROTOCOL, nothing else, and soon', async () => {
  const bytes = Buffer.from(
    encode([values.strings, values['records of one shape'], values.errors, values.maps, values.dates]).slice(0),
  );
  const random = new Random(1);
  for (let i = 0; i < 3_000; i++) {
    const changed = Buffer.from(bytes);
    changed[random.below(300)] = random.below(256);
    try {
      decode(changed);
    } catch (error) {
      assert.is((error as { code?: string }).code, 'PROTOCOL', (error as Error).stack);
    }
  }
});

test('bytes that start anywhere in memory are read', () => {
  const bytes = encode(values['typed arrays of each kind']);
  for (let offset = 0; offset < 8; offset++) {
    const moved = new Uint8Array(bytes.length + 8);
    moved.set(bytes, offset);
    same(decode(moved.subarray(offset, offset + bytes.length)), values['typed arrays of each kind']);
  }
});

test.run();
