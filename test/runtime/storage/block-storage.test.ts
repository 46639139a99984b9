// Persisted partitions: levels and their flags, memory with eviction and priorities, files and what damages them.
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../../../runtime/base/time';
import { levelNames, StorageLevel } from '../../../runtime/plan/storage-level';
import { rowsOfPart } from '../../../runtime/storage/block-chunks';
import { BlockStore } from '../../../runtime/storage/block-store';
import { FrameFile, FrameFileWriter, frameOf } from '../../../runtime/storage/frame-file';
import { MemoryStore } from '../../../runtime/storage/memory-store';
import { errorOf } from '../../helpers/errors';

const test = suite('storage');
let folder: string;

test.before.each(() => {
  folder = mkdtempSync(join(tmpdir(), 'storage-'));
});
test.after.each(() => rmSync(folder, { recursive: true, force: true }));

const numbers = (n: number, from = 0) => Array.from({ length: n }, (_, i) => from + i);
const filesBelow = (path: string) => readdirSync(path, { recursive: true, withFileTypes: true }).filter((e) => e.isFile());

const request = (rddId: number, partition: number, level: StorageLevel, priority = 0) => ({
  rddId,
  partition,
  level: level.flags,
  priority,
  taskId: 7,
});

function keep(store: BlockStore, wanted: ReturnType<typeof request>, chunks: unknown[][]): void {
  const writer = store.writer(wanted);
  for (const chunk of chunks) writer.add(chunk);
  writer.commit(false);
}

function read(store: BlockStore, wanted: ReturnType<typeof request>): unknown[] | undefined {
  const block = store.read(wanted, () => {});
  return block && [...block.parts].flatMap((part) => [...rowsOfPart(part)].flat());
}

test("the levels have Spark's flags", () => {
  const flags = (level: StorageLevel) => [level.useMemory, level.useDisk, level.serialized, level.replication];
  assert.equal(flags(StorageLevel.MEMORY_ONLY), [true, false, false, 1]);
  assert.equal(flags(StorageLevel.MEMORY_AND_DISK_SER_2), [true, true, true, 2]);
  assert.equal(flags(StorageLevel.DISK_ONLY), [false, true, true, 1]);
  assert.is(StorageLevel.NONE.isKept, false);
  for (const name of levelNames) assert.is(String(StorageLevel[name]), name);
  assert.ok(new StorageLevel(true, true).equals(StorageLevel.MEMORY_AND_DISK));
  assert.is(String(new StorageLevel(true, false, false, 3)), 'StorageLevel(memory, 3 replicas)');
});

test('a level with no replica is refused', async () => {
  await errorOf('BAD_OPTION', () => new StorageLevel(true, true, false, 0));
});

test('every level gives back what was kept, of any size of memory', () => {
  for (const memory of [0, 3000, 1 << 20]) {
    for (const name of levelNames.filter((n) => n !== 'NONE')) {
      const store = new BlockStore(memory, join(folder, `${memory}${name}`));
      const wanted = request(1, 4, StorageLevel[name]);
      keep(store, wanted, [numbers(100), [], numbers(900, 100)]);
      const expected = memory > 3000 || wanted.level.useDisk || wanted.level.replication > 1;
      const rows = read(store, wanted);
      // A thousand small numbers fit into 3000 bytes only where they are encoded.
      if (expected || rows) assert.equal(rows, numbers(1000), `${name} with ${memory} bytes`);
      store.memory.check();
      const { cached } = store.takeNews();
      assert.is(cached.length > 0, rows !== undefined, `${name} with ${memory} bytes`);
    }
  }
});

test('the frames of one file and the end of another of the same length are no file', async () => {
  const write = (name: string, frames: readonly Buffer[]) => {
    const writer = new FrameFileWriter(join(folder, name), 0);
    for (const frame of frames) writer.add(frame);
    writer.end();
    return readFileSync(join(folder, name));
  };
  const two = [frameOf(['some']), frameOf(['rows'])];
  const length = two[0].length + two[1].length;
  const one = numbers(length)
    .map((n) => frameOf(['x'.repeat(n)]))
    .find((frame) => frame.length === length)!;
  const frames = write('two', two);
  const end = write('one', [one]).subarray(4 + length);
  writeFileSync(join(folder, 'mixed'), Buffer.concat([frames.subarray(0, 4 + length), end]));
  const error = await errorOf('CORRUPT_FILE', () => FrameFile.open(join(folder, 'mixed')));
  assert.match(error.message, /frames are missing/);
});

test('an empty partition is kept too', () => {
  for (const level of [StorageLevel.MEMORY_ONLY, StorageLevel.MEMORY_ONLY_SER, StorageLevel.DISK_ONLY]) {
    const store = new BlockStore(1000, join(folder, String(level)));
    keep(store, request(1, 0, level), []);
    assert.equal(read(store, request(1, 0, level)), []);
  }
});

test('what is evicted goes to disk where the level says so, and the driver is told', () => {
  const store = new BlockStore(10_000, folder);
  const onDisk = request(1, 0, StorageLevel.MEMORY_AND_DISK);
  const memoryOnly = request(2, 0, StorageLevel.MEMORY_ONLY);
  keep(store, onDisk, [numbers(250)]);
  keep(store, memoryOnly, [numbers(250)]);
  store.takeNews();
  keep(store, request(3, 0, StorageLevel.MEMORY_ONLY), [numbers(600)]);
  const news = store.takeNews();
  assert.equal(news.evicted, [{ rddId: 2, partition: 0 }]);
  assert.equal(
    news.cached.map(({ rddId, bytes, diskBytes }) => [rddId, bytes > 0, diskBytes > 0]),
    [
      [1, false, true],
      [3, true, false],
    ],
  );
  assert.is(read(store, memoryOnly), undefined);
  assert.equal(read(store, onDisk), numbers(250));
});

test('the dataset that is being written is never evicted, and a higher priority never goes for a lower one', () => {
  const gone: number[] = [];
  const store = new MemoryStore(100, (block) => gone.push(block.rddId));
  const block = (rddId: number, partition: number, bytes: number) => ({
    rddId,
    partition,
    bytes,
    content: { kind: 'live', chunks: [] } as const,
    level: StorageLevel.MEMORY_ONLY.flags,
  });
  assert.ok(store.put(block(1, 0, 60)));
  assert.is(store.put(block(1, 1, 60)), false);
  assert.ok(store.put(block(2, 0, 30), 5));
  assert.ok(store.put(block(3, 0, 60)));
  assert.equal(gone, [1]);
  assert.is(store.put(block(4, 0, 90)), false, 'dataset 2 has a higher priority');
  assert.ok(store.put(block(4, 0, 90), 5));
  assert.equal(gone, [1, 3, 2], 'the lower priority first');
  store.check();
});

test('the least recently used of equal priority goes first', () => {
  const gone: number[] = [];
  const store = new MemoryStore(100, (block) => gone.push(block.rddId));
  const content = { kind: 'live', chunks: [] } as const;
  const level = StorageLevel.MEMORY_ONLY.flags;
  for (const rddId of [1, 2, 3]) store.put({ rddId, partition: 0, bytes: 30, content, level });
  store.get(1, 0);
  store.put({ rddId: 4, partition: 0, bytes: 30, content, level });
  assert.equal(gone, [2]);
});

test('a partition that is not whole leaves nothing', () => {
  const store = new BlockStore(1000, folder);
  for (const level of [StorageLevel.DISK_ONLY, StorageLevel.MEMORY_AND_DISK, StorageLevel.MEMORY_ONLY_2]) {
    const writer = store.writer(request(1, 0, level));
    writer.add(numbers(5000));
    writer.abandon();
    assert.is(read(store, request(1, 0, level)), undefined);
  }
  assert.equal(filesBelow(folder), []);
  assert.is(store.memory.used, 0);
});

test('a damaged file is found before a row of it is given, and removed', () => {
  const random = new Random(11);
  const path = join(folder, 'blocks', '1', '0');
  const wanted = request(1, 0, StorageLevel.DISK_ONLY);
  const damages: ((bytes: Buffer) => void)[] = [
    (bytes) => {
      bytes[random.below(bytes.length)] ^= 1 + random.below(255);
      writeFileSync(path, bytes);
    },
    (bytes) => truncateSync(path, random.below(bytes.length)),
    (bytes) => writeFileSync(path, Buffer.alloc(bytes.length)),
    () => unlinkSync(path),
    () => writeFileSync(path, ''),
  ];
  for (let i = 0; i < 200; i++) {
    const store = new BlockStore(0, folder);
    keep(store, wanted, [numbers(40), numbers(40, 40).map(String)]);
    damages[i % damages.length](readFileSync(path));
    store.takeNews();
    assert.is(read(store, wanted), undefined, `damage ${i}`);
    assert.equal(store.takeNews().evicted, [{ rddId: 1, partition: 0 }]);
    assert.equal(filesBelow(folder), []);
  }
});

test('a file without its last frames is not whole', async () => {
  const path = join(folder, 'file');
  const write = (frames: unknown[][]) => {
    const file = new FrameFileWriter(path, 1);
    for (const frame of frames) file.add(frameOf(frame));
    file.end();
  };
  write([[1], [2]]);
  const two = readFileSync(path);
  write([[1]]);
  const one = readFileSync(path);
  // The end of the longer file behind the frames of the shorter one.
  writeFileSync(path, Buffer.concat([one.subarray(0, one.length - 20), two.subarray(two.length - 20)]));
  await errorOf('CORRUPT_FILE', () => FrameFile.open(path));
});

test('a disk that takes no more costs the persisted partition and nothing else', () => {
  writeFileSync(join(folder, 'blocks'), 'a file where the folder should be');
  const store = new BlockStore(0, folder);
  keep(store, request(1, 0, StorageLevel.DISK_ONLY), [numbers(10)]);
  assert.equal(store.takeNews(), { cached: [], evicted: [] });
});

test('forgetting a dataset removes it from memory and disk', () => {
  const store = new BlockStore(1 << 20, folder);
  keep(store, request(1, 0, StorageLevel.MEMORY_AND_DISK_2), [numbers(10)]);
  keep(store, request(2, 0, StorageLevel.DISK_ONLY), [numbers(10)]);
  store.forget(1);
  assert.is(read(store, request(1, 0, StorageLevel.MEMORY_AND_DISK_2)), undefined);
  assert.equal(read(store, request(2, 0, StorageLevel.DISK_ONLY)), numbers(10));
  assert.is(store.memory.used, 0);
});

test.run();
