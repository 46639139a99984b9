// Files that are damaged between their writing and their reading: all are found out, made again or told, and never a wrong row.
// time limit: 600 s
import fs, {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startBackend } from '../../../cluster/index';
import { Random } from '../../../runtime/base/time';
import { objectMagic } from '../../../runtime/exec/files/object-file';
import { Context, type ErrorCode, StorageLevel } from '../../../runtime/index';
import { Tag } from '../../../runtime/wire/tags';
import { errorOf } from '../../helpers/errors';
import { unordered, unorderedGroups } from '../../helpers/model';
import { size } from '../../helpers/sizes';

const test = suite('damaged files');
const seed = Number(process.env.MILLRACE_SEED ?? Date.now() % 1e6);
const random = new Random(seed);
/** Of each kind of file and each kind of damage: 4 · 5 kinds, so 200 and 2000. */
const rounds = size(10, 100);
let sc: Context;
let own: string;
let folder: string;
const counts: Record<string, number> = {};

test.before(async () => {
  console.log(`seed ${seed}`);
  folder = mkdtempSync(join(tmpdir(), 'damaged-'));
  const started = await startBackend('local', { storageBytes: 1 << 20, executionBytes: 5000 });
  own = started.folder;
  sc = new Context({ ...started, master: 'local' });
  await sc.start();
});

const kinds = ['flipped', 'truncated', 'zeroed', 'deleted'] as const;
type Kind = (typeof kinds)[number];

/** Damages a file so that it is another one than before. */
function damage(path: string, kind: Kind): void {
  if (kind === 'deleted') return rmSync(path);
  const { size: bytes } = statSync(path);
  if (kind === 'truncated') return truncateSync(path, random.below(bytes));
  const before = readFileSync(path);
  const after = Buffer.from(before);
  while (after.equals(before)) {
    const at = random.below(bytes);
    if (kind === 'flipped') after[at] ^= 1 << random.below(8);
    else after.fill(0, at, Math.min(bytes, at + 1 + random.below(64)));
  }
  writeFileSync(path, after);
}

/** Some file below a folder. */
function someFile(path: string): string {
  const names = (readdirSync(path, { recursive: true }) as string[]).filter((name) => statSync(join(path, name)).isFile()).sort();
  return join(path, names[random.below(names.length)]);
}

/** A test of one kind of file: `check` damages one and answers whether that was found out. */
function eachDamage(what: string, check: (kind: Kind) => Promise<boolean>): void {
  test(what, async () => {
    for (const kind of kinds) {
      for (let round = 0; round < rounds; round++) {
        assert.ok(await check(kind), `a ${what} that was ${kind} was not found out, seed ${seed}`);
        counts[`${what} ${kind}`] = (counts[`${what} ${kind}`] ?? 0) + 1;
      }
    }
  });
}

const rowsOf = (n: number) => Array.from({ length: n }, (_, x) => [`key ${x % 40}`, x] as [string, number]);

eachDamage('shuffle file', async (kind) => {
  const rows = rowsOf(200);
  const sums = sc.parallelize(rows, 3).partitionBy(3);
  const shuffles = new Set(readdirSync(own));
  assert.equal(unordered(await sums.collect()), unordered(rows));
  const shuffle = readdirSync(own).find((name) => !shuffles.has(name))!;
  const before = readdirSync(join(own, shuffle));
  damage(someFile(join(own, shuffle)), kind);
  assert.equal(unordered(await sums.collect()), unordered(rows));
  const made = readdirSync(join(own, shuffle)).filter((name) => !before.includes(name));
  rmSync(join(own, shuffle), { recursive: true });
  return made.length === 1;
});

eachDamage('persisted block', async (kind) => {
  const rows = rowsOf(100);
  const kept = sc.parallelize(rows, 3).map(([key, x]) => [key, x] as [string, number]);
  kept.persist(StorageLevel.DISK_ONLY);
  await kept.count();
  const path = someFile(join(own, 'blocks', String(kept.id)));
  const whole = readFileSync(path);
  damage(path, kind);
  assert.equal(await kept.collect(), rows);
  const mended = readFileSync(path).equals(whole);
  kept.unpersist();
  return mended;
});

eachDamage('spill file', async (kind) => {
  const rows = rowsOf(3000);
  const tries = join(folder, 'tries');
  rmSync(tries, { force: true });
  const spilled = join(own, 'spill');
  const groups = sc
    .parallelize(rows, 2)
    .partitionBy(1)
    .mapValues((x) => {
      // What was spilled until the last row is read after it, all of it.
      if (x === 2999) appendFileSync(tries, 'x');
      return x;
    });
  // The test's own damage, in the process of the task, at that moment.
  const { appendFileSync: append } = fs;
  let damaged = 0;
  fs.appendFileSync = ((...args: Parameters<typeof append>) => {
    append(...args);
    if (damaged > 0 || args[0] !== tries) return;
    const file = someFile(spilled);
    damaged = statSync(file).size;
    damage(file, kind);
  }) as typeof append;
  try {
    assert.equal(unorderedGroups(await groups.groupByKey(1).collect()), unorderedGroups(groupedBy(rows)));
  } finally {
    fs.appendFileSync = append;
  }
  assert.ok(damaged > 1000, `${damaged} bytes were spilled`);
  const attempts = readFileSync(tries).length;
  // The name of a spill file is not needed any more once it is open.
  return attempts === (kind === 'deleted' ? 1 : 2);
});

eachDamage('checkpoint', async (kind) => {
  sc.setCheckpointDir(folder);
  const rdd = sc.parallelize(rowsOf(100), 2).map((row) => row);
  rdd.checkpoint();
  await rdd.count();
  damage(someFile(rdd.getCheckpointFile()!), kind);
  await errorOf('CHECKPOINT_LOST', () => rdd.collect());
  await errorOf('CHECKPOINT_LOST', () => rdd.count());
  rmSync(sc.getCheckpointDir()!, { recursive: true });
  return true;
});

eachDamage('object file', async (kind) => {
  const path = join(folder, 'objects');
  await sc.parallelize(rowsOf(100), 2).saveAsObjectFile(path);
  const before = sc.objectFile(path);
  await before.count();
  const part = join(path, `part-0000${random.below(2)}`);
  damage(part, kind);
  const codes: ErrorCode[] = kind === 'deleted' ? ['UNREADABLE_FILE', 'NO_SUCH_PATH'] : ['FILE_CHANGED', 'BAD_OBJECT_FILE'];
  const error = (await before.collect().catch((e) => e)) as { code: ErrorCode };
  // A file may be damaged so soon that its time is the same.
  assert.ok(codes.includes(error.code) || error.code === 'BAD_OBJECT_FILE', error.code);
  await errorOf(codes[1], () => sc.objectFile(part).count());
  rmSync(path, { recursive: true });
  return true;
});

/** An object file whose one frame is this, with the right checksum. */
function craftedFile(payload: readonly number[], claimed = payload.length): string {
  const path = join(folder, 'crafted');
  const head = Buffer.alloc(8);
  head.writeUInt32LE(claimed, 0);
  head.writeUInt32LE(crc32(Buffer.from(payload)), 4);
  writeFileSync(path, Buffer.concat([objectMagic, head, Buffer.from(payload)]));
  return path;
}

test('object files that claim more than they hold are refused at once', async () => {
  const most = [255, 255, 255, 255, 15];
  const hollow = [Tag.SparseArray, ...most, 0];
  const files = {
    'rows that are holes': hollow,
    'a column of holes': [Tag.TupleColumns, ...most, 1, ...hollow],
    'a map of holes': [Tag.Array, 1, Tag.Map, ...hollow, ...hollow],
    'a set of holes': [Tag.Array, 1, Tag.Set, ...hollow],
  };
  const started = performance.now();
  for (const payload of Object.values(files)) await errorOf('BAD_OBJECT_FILE', () => sc.objectFile(craftedFile(payload)).count());
  await errorOf('BAD_OBJECT_FILE', () => sc.objectFile(craftedFile([1], 512 << 20)).count());
  assert.ok(performance.now() - started < 3000);
});

const groupedBy = (rows: readonly [string, number][]): [string, number[]][] =>
  [...new Set(rows.map(([key]) => key))].map((key) => [key, rows.filter((row) => row[0] === key).map((row) => row[1])]);

test('all of them', () => {
  console.log(counts);
  const total = Object.values(counts).reduce((a, b) => a + b, 0);
  assert.is(total, rounds * 4 * 5);
});

test.after(async () => {
  await sc.stop();
  rmSync(folder, { recursive: true, force: true });
  assert.not(existsSync(own));
});

test.run();
