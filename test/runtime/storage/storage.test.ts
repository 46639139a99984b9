// Shuffle files are read as they were written or not at all; the memory store stays within its limit.
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../../../runtime/base/time';
import { KeyTable } from '../../../runtime/keys/key';
import { HashPartitioner } from '../../../runtime/keys/partitioner';
import { StorageLevel } from '../../../runtime/plan/storage-level';
import { MemoryStore } from '../../../runtime/storage/memory-store';
import { readBucket, shufflePath } from '../../../runtime/storage/shuffle-file';
import { ShuffleOutput } from '../../../runtime/storage/shuffle-output';
import { ShuffleWriter } from '../../../runtime/storage/shuffle-writer';
import { errorOf } from '../../helpers/errors';
import { canonical } from '../../helpers/model';
import { anyValue } from '../../property/values';

const test = suite('storage');
let folder: string;

test.before(() => {
  folder = mkdtempSync(join(tmpdir(), 'storage-'));
});

function readAll(path: string, buckets: number): [unknown, unknown][][] {
  const fd = openSync(path, 'r');
  try {
    return Array.from({ length: buckets }, (_, bucket) => {
      const rows: [unknown, unknown][] = [];
      for (const { keys, values } of readBucket(path, fd, fstatSync(fd).size, bucket))
        keys.forEach((key, i) => void rows.push([key, values[i]]));
      return rows;
    });
  } finally {
    closeSync(fd);
  }
}

const buckets = 5;
let next = 0;

function written(rows: readonly [unknown, unknown][]): { path: string; sizes: number[] } {
  const path = shufflePath(folder, 1, next++, 0);
  const writer = new ShuffleWriter(new ShuffleOutput(path, buckets), new HashPartitioner(buckets));
  for (const [key, value] of rows) writer.add(key, value);
  return { path, sizes: writer.end() };
}

const rowsOf = (seed: number, n: number): [unknown, unknown][] => {
  const random = new Random(seed);
  return Array.from({ length: n }, () => [anyValue(random, 1), anyValue(random, 2)]);
};

test('each row is in the bucket of its key, in order', () => {
  const rows = rowsOf(1, 500);
  const { path, sizes } = written(rows);
  const partitioner = new HashPartitioner(buckets);
  const expected = Array.from({ length: buckets }, (_, b) => rows.filter(([key]) => partitioner.getPartition(key) === b));
  assert.is(canonical(readAll(path, buckets)), canonical(expected));
  assert.equal(
    sizes.map((size) => size > 0),
    expected.map((part) => part.length > 0),
  );
});

test('nothing was written', () => {
  const { path, sizes } = written([]);
  assert.equal(readAll(path, buckets), [[], [], [], [], []]);
  assert.equal(sizes, [0, 0, 0, 0, 0]);
});

test('several frames of a bucket, spilled between', () => {
  const wide = 'x'.repeat(3000);
  const rows: [unknown, unknown][] = Array.from({ length: 40_000 }, (_, i) => [i % 2, `${i}${wide}`]);
  const { path } = written(rows);
  const read = readAll(path, buckets).flat();
  assert.is(read.length, 40_000);
  for (const [key, value] of read) assert.ok(Number.parseInt(value as string, 10) % 2 === key);
  rmSync(path);
});

test('combined tables go by the same buckets as rows', () => {
  const table = new KeyTable();
  const keys = rowsOf(2, 300).map(([key]) => key);
  const values = [...new Set(keys.map((key) => table.find(key)))];
  const path = shufflePath(folder, 1, next++, 0);
  const writer = new ShuffleWriter(new ShuffleOutput(path, buckets), new HashPartitioner(buckets));
  writer.table(table, values);
  writer.end();
  const partitioner = new HashPartitioner(buckets);
  for (const [bucket, rows] of readAll(path, buckets).entries())
    for (const [key] of rows) assert.is(partitioner.getPartition(key), bucket);
  assert.is(readAll(path, buckets).flat().length, table.size);
});

test('each byte that is changed is found out', async () => {
  const { path } = written(rowsOf(3, 12));
  const bytes = readFileSync(path);
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes);
    changed[at] ^= 1 << (at % 8);
    writeFileSync(path, changed);
    await errorOf('CORRUPT_FILE', () => readAll(path, buckets)).catch((error) => {
      throw new Error(`byte ${at} of ${bytes.length}: ${error.message}`);
    });
  }
});

test('each length that a file is cut to is found out, and bytes behind its end', async () => {
  const { path } = written(rowsOf(4, 12));
  const bytes = readFileSync(path);
  writeFileSync(path, Buffer.concat([bytes, Buffer.alloc(1)]));
  await errorOf('CORRUPT_FILE', () => readAll(path, buckets));
  for (let length = bytes.length - 1; length >= 0; length--) {
    writeFileSync(path, bytes);
    truncateSync(path, length);
    await errorOf('CORRUPT_FILE', () => readAll(path, buckets));
  }
  await errorOf('CORRUPT_FILE', () => {
    writeFileSync(path, Buffer.alloc(bytes.length));
    readAll(path, buckets);
  });
});

test('a bucket that is not there', async () => {
  const { path } = written(rowsOf(5, 10));
  await errorOf('CORRUPT_FILE', () => readAll(path, buckets + 1));
});

test('a writer that is given up leaves no file, whenever that is', async () => {
  const own = join(folder, '77');
  const wide = 'x'.repeat(5000);
  const writer = new ShuffleWriter(new ShuffleOutput(join(own, '0.1'), 1), new HashPartitioner(1));
  for (let i = 0; i < 33_000; i++) writer.add(i, wide);
  assert.equal(readdirSync(own), ['0.1.tmp']);
  writer.abandon();
  assert.equal(readdirSync(own), []);
  writer.abandon();
  const failing = new ShuffleWriter(new ShuffleOutput(join(own, '0.2'), 1), new HashPartitioner(1));
  failing.add(1, 1);
  await errorOf('DISK', () => {
    // A folder stands where the file should go.
    require('node:fs').mkdirSync(join(own, '0.2', 'x'), { recursive: true });
    failing.end();
  });
  assert.equal(readdirSync(own), ['0.2']);
});

test('a row that cannot travel is refused, and nothing is left', async () => {
  const path = shufflePath(folder, 88, 0, 0);
  const writer = new ShuffleWriter(new ShuffleOutput(path, 1), new HashPartitioner(1));
  writer.add(1, () => 1);
  await errorOf('UNSHIPPABLE_VALUE', () => writer.end());
  writer.abandon();
  assert.not(existsSync(`${path}.tmp`));
});

// ---- memory

const block = (rddId: number, partition: number, bytes: number) => ({
  rddId,
  partition,
  bytes,
  content: { kind: 'live', chunks: [[partition]] } as const,
  level: StorageLevel.MEMORY_ONLY.flags,
});

test('the dataset that was used longest ago goes first', () => {
  const evicted: string[] = [];
  const store = new MemoryStore(100, ({ rddId, partition }) => void evicted.push(`${rddId}.${partition}`));
  for (const [id, p] of [
    [1, 0],
    [1, 1],
    [2, 0],
  ])
    assert.ok(store.put(block(id, p, 30)));
  store.get(1, 0);
  assert.ok(store.put(block(3, 0, 40)));
  assert.equal(evicted, ['2.0']);
  assert.ok(store.get(1, 1));
  store.check();
});

test('blocks of the dataset that is written are never given up for it, nor others in vain', () => {
  const evicted: number[] = [];
  const store = new MemoryStore(100, ({ rddId }) => void evicted.push(rddId));
  store.put(block(1, 0, 20));
  assert.ok(store.put(block(2, 0, 60)));
  assert.not(store.put(block(2, 1, 60)));
  assert.equal([evicted, store.used], [[], 80]);
  assert.ok(store.put(block(2, 1, 40)));
  assert.equal([evicted, store.used], [[1], 100]);
  assert.not(store.put(block(3, 0, 101)));
  store.check();
});

test('a block that is put again replaces the former', () => {
  const store = new MemoryStore(100, () => assert.unreachable('nothing has to go'));
  assert.ok(store.put(block(1, 0, 90)));
  assert.ok(store.put(block(1, 0, 95)));
  assert.is(store.used, 95);
  store.check();
  store.forget(1);
  assert.is(store.used, 0);
  assert.is(store.get(1, 0), undefined);
});

test('random puts, looks and forgets keep the account right', () => {
  for (let seed = 0; seed < 100; seed++) {
    const random = new Random(seed);
    const store = new MemoryStore(1000, () => {});
    for (let i = 0; i < 100; i++) {
      const id = random.below(5);
      if (random.below(10) === 0) store.forget(id);
      else if (random.below(3) === 0) store.get(id, random.below(6));
      else store.put(block(id, random.below(6), random.below(500)));
      store.check();
    }
  }
});

test.after(() => rmSync(folder, { recursive: true, force: true }));

test('what has another priority from now on is evicted by that one', () => {
  const evicted: string[] = [];
  const store = new MemoryStore(30, ({ rddId, partition }) => evicted.push(`${rddId}.${partition}`));
  const put = (rddId: number, partition: number, priority = 0) =>
    store.put(
      { rddId, partition, content: { kind: 'live', chunks: [] }, bytes: 10, level: StorageLevel.MEMORY_ONLY.flags },
      priority,
    );
  for (const rddId of [1, 2, 3]) put(rddId, 0);
  store.prioritize(1, 5);
  store.prioritize(9, 5);
  put(4, 0);
  put(4, 1);
  assert.equal(evicted, ['2.0', '3.0']);
  // Not even where nothing else is left.
  assert.is(put(4, 2), false);
  store.prioritize(1, -1);
  assert.is(put(4, 2), true);
  assert.equal(evicted, ['2.0', '3.0', '1.0']);
  store.check();
});

test.run();
