// Decoded copies of persisted partitions: known by the computation that made the rows, whole or not at all, within their bytes.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { rowsOfPart } from '../../../runtime/storage/block-chunks';
import { PartitionCopies } from '../../../runtime/storage/partition-copies';

const test = suite('copies of partitions');

const one = { definition: 1, partition: 0, id: 'a' };
const rows = (n: number, from = 0) => Array.from({ length: n }, (_, i) => [from + i, `row ${from + i}`]);

function keep(copies: PartitionCopies, computation: typeof one, ...chunks: readonly unknown[][]): void {
  const writer = copies.of(computation).writer();
  for (const chunk of chunks) writer.add(chunk);
  writer.end();
}

const held = (copies: PartitionCopies, computation: typeof one): unknown[] | undefined =>
  copies.of(computation).parts?.flatMap((part) => [...rowsOfPart(part)].flat());

test('a copy has the rows in their order', () => {
  const copies = new PartitionCopies(1 << 20);
  assert.is(held(copies, one), undefined);
  keep(copies, one, rows(10), rows(5, 10));
  assert.equal(held(copies, one), rows(15));
  const empty = { ...one, partition: 1 };
  keep(copies, empty);
  assert.equal(held(copies, empty), []);
});

test('rows of one shape are held as columns', () => {
  const copies = new PartitionCopies(1 << 20);
  const points = Array.from({ length: 1000 }, (_, x) => ({ x, name: `p${x % 3}` }));
  keep(copies, one, points);
  assert.equal(held(copies, one), points);
  assert.not(Array.isArray(copies.of(one).parts![0]));
});

test('another computation of the partition is another copy', () => {
  const copies = new PartitionCopies(1 << 20);
  keep(copies, one, rows(3));
  const again = { ...one, id: 'b' };
  assert.is(held(copies, again), undefined);
  keep(copies, again, rows(3, 100));
  assert.equal(held(copies, again), rows(3, 100));
  assert.is(held(copies, one), undefined);
});

test('what was not read to its end is not held', () => {
  const copies = new PartitionCopies(1 << 20);
  copies.of(one).writer().add(rows(3));
  assert.is(held(copies, one), undefined);
  assert.is(copies.bytes, 0);
});

test('copies stay within their bytes: one dataset does not drive out its own partitions, and the one read longest ago goes first', () => {
  const copies = new PartitionCopies(100_000);
  const partitions = [0, 1, 2, 3, 4].map((partition) => ({ ...one, partition }));
  for (const partition of partitions) keep(copies, partition, rows(300));
  assert.ok(copies.bytes <= 100_000);
  const some = partitions.filter((partition) => held(copies, partition));
  assert.ok(some.length > 0 && some.length < 5, String(some.length));
  assert.equal(some, partitions.slice(0, some.length));
  const other = { ...one, definition: 2 };
  keep(copies, other, rows(300));
  assert.equal(held(copies, other), rows(300));
  assert.ok(copies.bytes <= 100_000);
  assert.ok(partitions.filter((partition) => held(copies, partition)).length < some.length);
  // Larger than all: the others stay.
  keep(copies, { ...one, definition: 3 }, ...Array.from({ length: 20 }, () => rows(300)));
  assert.is(held(copies, { ...one, definition: 3 }), undefined);
  assert.equal(held(copies, other), rows(300));
});

test('what is unpersisted is let go; what is newer than the job that says so stays', () => {
  const copies = new PartitionCopies(1 << 20);
  for (const definition of [1, 2, 3, 9]) keep(copies, { ...one, definition }, rows(10));
  copies.retain(5, [2]);
  assert.equal(
    [1, 2, 3, 9].filter((definition) => held(copies, { ...one, definition })),
    [2, 9],
  );
  copies.retain(9, []);
  assert.is(copies.bytes, 0);
});

test.run();
