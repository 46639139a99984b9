// Keys by value: the table against a map of texts, hashes, order, and partitioners.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../../../runtime/base/time';
import { compareKeys, hashKey, KeyTable, keyText, sameKey, sortValues } from '../../../runtime/keys/key';
import { HashPartitioner, partitionerOf, RangePartitioner } from '../../../runtime/keys/partitioner';
import { decode, encode } from '../../../runtime/wire/codec';
import { errorOf } from '../../helpers/errors';
import { canonical, compare } from '../../helpers/model';
import { anyValue } from '../../property/values';

const test = suite('keys');

const randomKeys = (seed: number, most: number): unknown[] => {
  const random = new Random(seed);
  return Array.from({ length: random.below(most) }, () => anyValue(random, 2));
};

test('the table numbers keys as a map of their canonical texts does', () => {
  for (let seed = 0; seed < 300; seed++) {
    const table = new KeyTable();
    const twin = new Map<string, number>();
    for (const key of randomKeys(seed, 400)) {
      const text = canonical(key);
      if (!twin.has(text)) twin.set(text, twin.size);
      assert.is(table.find(key), twin.get(text), `seed ${seed}: ${text}`);
    }
    assert.is(table.size, twin.size);
    for (const [n, key] of table.keys.entries()) assert.is(twin.get(canonical(key)), n);
  }
});

test('many strings and numbers between them, over several growths', () => {
  const table = new KeyTable();
  for (let i = 0; i < 20_000; i++) {
    assert.is(table.find(`k${i}`), 2 * i);
    assert.is(table.find(i), 2 * i + 1);
  }
  for (let i = 19_999; i >= 0; i--) assert.equal([table.find(`k${i}`), table.find(i)], [2 * i, 2 * i + 1]);
});

test('strings with the same hash are told apart', () => {
  const byHash = new Map<number, string>();
  const clashes: [string, string][] = [];
  for (let i = 0; clashes.length < 3 && i < 300_000; i++) {
    const text = `k${i.toString(36)}`;
    const known = byHash.get(hashKey(text));
    if (known !== undefined) clashes.push([known, text]);
    byHash.set(hashKey(text), text);
  }
  assert.ok(clashes.length > 0, 'no clash was found');
  const table = new KeyTable();
  for (const [a, b] of clashes) assert.is.not(table.find(a), table.find(b));
});

test('texts, hashes and equality agree, also after a journey', () => {
  for (let seed = 0; seed < 200; seed++) {
    const keys = randomKeys(seed, 12);
    for (const a of keys) {
      const travelled = decode(encode(a));
      assert.is(hashKey(travelled), hashKey(a));
      assert.is(keyText(travelled), keyText(a));
      for (const b of keys) {
        const same = canonical(a) === canonical(b);
        assert.is(sameKey(a, b), same, `${canonical(a)} and ${canonical(b)}`);
        assert.is(keyText(a) === keyText(b), same);
        if (same) assert.is(hashKey(a), hashKey(b));
      }
    }
  }
});

test('hashes are the same on every machine and in every version', () => {
  assert.equal(
    [
      '',
      'a',
      'constructor',
      '\ud800',
      0,
      -0,
      1,
      -1,
      0.5,
      Number.NaN,
      2 ** 40,
      null,
      undefined,
      true,
      1n,
      [1, 'a'],
      { b: 1, a: 2 },
    ].map((key) => hashKey(key)),
    fixedHashes,
  );
});
const fixedHashes = [
  0, 536893217, 730867995, 39062843, 0, 0, 290334903, 32599865, 113545287, 389652371, 442715141, 989869984, 872439453, 889213486,
  837659672, 431126092, 30483056,
];

test('the table gives the hash of a key as hashKey does', () => {
  const table = new KeyTable();
  const keys = randomKeys(7, 400);
  for (const key of keys) assert.is(table.hashOf(table.find(key)), hashKey(key));
});

test('the order agrees with the model', () => {
  const random = new Random(5);
  const makers: (() => unknown)[] = [
    () => [0, -0, 1, -1, Number.NaN, 1 / 0, -1 / 0, 0.5, 2 ** 60][random.below(9)],
    () => ['', 'a', 'b', 'ab', '\ud800', 'é', 'Z'][random.below(7)],
    () => [random.below(3), ['x', 'y'][random.below(2)]].slice(0, random.below(3)),
  ];
  for (const make of makers) {
    for (let i = 0; i < 500; i++) {
      const [a, b] = [make(), make()];
      assert.is(Math.sign(compareKeys(a, b)), Math.sign(compare(a, b)), `${canonical(a)} ${canonical(b)}`);
    }
  }
  assert.equal([compareKeys(1n, 2), compareKeys(2, 1n), compareKeys(1n, 1)], [-1, 1, 0]);
  assert.equal([compareKeys(false, true), compareKeys(null, null), compareKeys(undefined, undefined)], [-1, 0, 0]);
  assert.ok(compareKeys(new Date(1), new Date(2)) < 0);
});

test('values of different kinds do not compare', async () => {
  for (const [a, b] of [
    [1, '1'],
    [null, 0],
    [undefined, null],
    [{}, {}],
    [[1], ['a']],
    [true, 1],
    [new Date(), 1],
  ])
    await errorOf('NOT_COMPARABLE', () => compareKeys(a, b));
});

test('sorting asks about undefined too', async () => {
  await errorOf('NOT_COMPARABLE', () => sortValues([3, undefined], compareKeys));
  assert.equal(
    sortValues<number | undefined>([3, undefined, 1], (a, b) => (a ?? 0) - (b ?? 0)),
    [undefined, 1, 3],
  );
});

test('a range partitioner keeps the order and every partition is in range', () => {
  const partitioner = new RangePartitioner(['b', 'd', 'f']);
  assert.equal(
    ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((key) => partitioner.getPartition(key)),
    [0, 0, 1, 1, 2, 2, 3],
  );
  const descending = new RangePartitioner([1, 2], false, 5);
  assert.equal(
    [0, 1, 2, 3].map((key) => descending.getPartition(key)),
    [2, 2, 1, 0],
  );
  assert.ok(partitioner.equals(partitionerOf(partitioner.spec, () => Object, 'test')));
  assert.not(partitioner.equals(new RangePartitioner(['b', 'd'])));
  assert.not(partitioner.equals(new HashPartitioner(4)));
});

test('a hash partitioner puts equal keys together and others nearly evenly', () => {
  const partitioner = new HashPartitioner(7);
  const counts = new Array(7).fill(0);
  for (let i = 0; i < 7000; i++) counts[partitioner.getPartition(`key${i}`)]++;
  for (let i = 0; i < 7000; i++) counts[partitioner.getPartition(i)]++;
  assert.ok(
    counts.every((n) => n > 1700 && n < 2300),
    counts.join(),
  );
  assert.is(partitioner.getPartition([1, { a: 0 }]), partitioner.getPartition([1, { a: -0 }]));
});

test('whole numbers of 32 bits are numbered as a map does, whatever their steps and signs, beside keys of other kinds', () => {
  const random = new Random(11);
  for (const step of [1, -1, 2 ** 7, 2 ** 16, 2 ** 24, 0x9e3779b1 | 0, 1_000_003]) {
    const table = new KeyTable();
    const twin = new Map<unknown, number>();
    for (let i = 0; i < 4000; i++) {
      const whole = Math.imul(random.below(3000), step);
      const key = i % 7 === 0 ? whole + 0.5 : i % 11 === 0 ? `${whole}` : i % 13 === 0 ? whole * 2 ** 31 : whole;
      const known = twin.get(key) ?? -1;
      assert.is(table.peek(key), known);
      if (known < 0) twin.set(key, twin.size);
      assert.is(table.find(key), twin.get(key), `step ${step}: ${key}`);
    }
    assert.equal(table.keys, [...twin.keys()]);
  }
});

test('the ends of 32 bits and both zeros find their numbers', () => {
  const table = new KeyTable();
  const keys = [0, -1, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, -(2 ** 31) - 1, 2 ** 32, Number.NaN];
  for (const [n, key] of keys.entries()) assert.is(table.find(key), n);
  assert.is(table.find(-0), 0);
  assert.is(table.peek(-0), 0);
  for (const [n, key] of keys.entries()) assert.is(table.peek(key), n);
  assert.is(table.size, keys.length);
});

test('short and long strings side by side find their numbers and hashes while the table grows', () => {
  const table = new KeyTable();
  const keys = Array.from({ length: 5000 }, (_, i) => `${i}`.repeat(1 + (i % 9)));
  const distinct = [...new Set(keys)];
  for (const key of keys) assert.is(table.find(key), distinct.indexOf(key));
  for (const [n, key] of distinct.entries()) assert.equal([table.peek(key), table.hashOf(n)], [n, hashKey(key)]);
  assert.is(table.peek('x'.repeat(30)), -1);
  assert.ok(distinct.some((key) => key.length > 30));
});

test.run();
