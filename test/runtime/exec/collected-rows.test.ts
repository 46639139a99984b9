// Answers of many rows are encoded piece by piece: the rows are those of arrays, and an answer beyond the limit ends its task early.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { collectedAtOnce } from '../../../runtime/base/limits';
import type { Context } from '../../../runtime/index';
import { decode, decodeRows, encode, encodedPieces } from '../../../runtime/wire/codec';
import { errorOf } from '../../helpers/errors';
import { masterOf, ownOnly } from '../../helpers/master';

const test = suite('collected rows');
let sc: Context;

test.before(async () => {
  sc = await connect(masterOf('local'), { config: { maxResultBytes: 8 << 20 } });
});
test.after(() => sc.stop());

test('pieces of every kind are one array', () => {
  const pieces = [
    [1, 2, 3, 4],
    [0.5, Number.NaN, -0, 1e300],
    ['a', 'é', 'c', ''],
    [],
    [{ a: 1, b: 'x' }, undefined, null, [1, [2]]],
    [new Date(5), 3n, new Map([[1, { k: 2 }]]), new Float64Array([1, 2])],
    [true, false, true, true],
  ];
  const bytes = encodedPieces(pieces.map(encode));
  assert.equal(decodeRows(bytes, 'session'), pieces.flat(1));
  // A message may begin anywhere in the buffer of its connection.
  const shifted = new Uint8Array(bytes.length + 3);
  shifted.set(bytes, 3);
  assert.equal(decodeRows(shifted.subarray(3), 'session'), pieces.flat(1));
});

test('bytes that end within a piece, or pieces within pieces, are refused', async () => {
  const bytes = encodedPieces([encode([1, 2, 3, 4]), encode(['a'])]);
  for (let length = 0; length < bytes.length; length++) await errorOf('PROTOCOL', async () => decode(bytes.subarray(0, length)));
  await errorOf('PROTOCOL', async () => decode(Buffer.concat([bytes, Buffer.alloc(1)])));
  await errorOf('PROTOCOL', async () => decode(encodedPieces([encode('no rows')])));
  await errorOf('PROTOCOL', async () => decode(encodedPieces([bytes])));
});

test('as many rows as make a piece, one fewer, one more, and several pieces', async () => {
  for (const n of [collectedAtOnce - 1, collectedAtOnce, collectedAtOnce + 1, 3 * collectedAtOnce + 7]) {
    const rows = await sc
      .range(0, n, 1, 1)
      .map((i) => (i % 3 === 0 ? `${i}` : i))
      .collect();
    assert.is(rows.length, n);
    assert.ok(rows.every((row, i) => row === (i % 3 === 0 ? `${i}` : i)));
  }
});

test('a row that cannot be sent, after the first piece', async () => {
  const bad = collectedAtOnce + 10;
  const error = await errorOf('UNSHIPPABLE_VALUE', () =>
    sc
      .range(0, 2 * collectedAtOnce, 1, 1)
      .map((i) => (i === bad ? () => i : i))
      .collect(),
  );
  assert.is((error.details.remote as { element?: string }).element, undefined, 'no element is blamed that did not do it');
});

test('an answer without an end is refused once it is too large', async () => {
  const endless = sc.range(1).flatMap(function* () {
    for (let i = 0; ; i++) yield i + 0.5;
  });
  const { message } = await errorOf('RESULT_TOO_BIG', () => endless.collect());
  assert.match(message, /^The result is larger than 8\.0 MiB \(\d+\.\d MiB so far\)/);
});

// Spark's tasks know nothing of each other.
ownOnly(test)('a task has what the others left of the limit', async () => {
  // Each of the two is below the limit; the second one ends before it is whole.
  const half = sc.range(0, 2, 1, 2).flatMap(function* (half) {
    for (let i = 0; half === 1 || i < 800_000; i++) yield i + 0.5;
  });
  const { message } = await errorOf('RESULT_TOO_BIG', () => half.collect());
  const [limit, sofar] = [...message.matchAll(/([\d.]+) MiB/g)].map((m) => Number(m[1]));
  assert.is(limit, 8);
  assert.ok(sofar > 8 && sofar < 9.5, message);
});

test.run();
