// Groups, tables and sorts beyond their budget: the same rows as in memory, nothing left on disk, damage found.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startBackend } from '../../../cluster/index';
import { Random } from '../../../runtime/base/time';
import { ExternalCombine } from '../../../runtime/exec/external/combine';
import { ExternalGroups } from '../../../runtime/exec/external/group';
import { sorted as sortedPairs } from '../../../runtime/exec/external/sort';
import { Runs, type SpillSpace } from '../../../runtime/exec/external/sorted-runs';
import { Context } from '../../../runtime/index';
import { hashKey, KeyTable } from '../../../runtime/keys/key';
import { SpillFile } from '../../../runtime/storage/spill-file';
import { errorOf } from '../../helpers/errors';
import { unordered, unorderedCogroups, unorderedGroups } from '../../helpers/model';
import { within } from '../../helpers/within';

const test = suite('spill');
let folder: string;
const sessions: Context[] = [];

test.before.each(() => {
  folder = mkdtempSync(join(tmpdir(), 'spill-'));
});
test.after.each(async () => {
  for (const sc of sessions.splice(0)) await sc.stop();
  rmSync(folder, { recursive: true, force: true });
});

let nextTask = 1;
function space(budget: number): SpillSpace & { file: SpillFile } {
  return { budget, file: new SpillFile(folder, nextTask++), tick: () => {} };
}

/** Different words of one hash, two by two. */
function collidingWords(pairs: number): string[] {
  const known = new Map<number, string>();
  const found: string[] = [];
  for (let i = 0; found.length < 2 * pairs; i++) {
    const word = `word ${i}`;
    const other = known.get(hashKey(word));
    if (other) found.push(other, word);
    known.set(hashKey(word), word);
  }
  return found;
}

const colliding = collidingWords(4);

const keysOf: ((random: Random) => unknown)[] = [
  (random) => colliding[random.below(colliding.length)],
  (random) => random.below(50),
  (random) => `word ${random.below(200)}`,
  (random) => [random.below(5), `x${random.below(5)}`],
  (random) => [null, undefined, Number.NaN, -0, 0, 1n, 'n0', new Date(3)][random.below(8)],
];

function randomPairs(random: Random, n: number): [unknown, unknown][] {
  const key = keysOf[random.below(keysOf.length)];
  return Array.from({ length: n }, (_, i) => [key(random), random.below(3) === 0 ? { i } : i]);
}

const columns = (pairs: readonly [unknown, unknown][]) => [pairs.map((p) => p[0]), pairs.map((p) => p[1])] as const;

test('groups of one input and of several are those in memory, whatever the budget', () => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = new Random(seed);
    const inputs = 1 + random.below(3);
    const frames = Array.from(
      { length: 1 + random.below(12) },
      () => [random.below(inputs), randomPairs(random, random.below(300))] as const,
    );
    const groupsWith = (budget: number) => {
      const place = space(budget);
      const groups = new ExternalGroups(place, inputs);
      for (const [input, pairs] of frames) groups.add(input, ...columns(pairs));
      const rows = [...groups.rows()].flat() as [unknown, unknown[]][];
      const copy = rows.map(([key, values]) => [key, inputs === 1 ? [...values] : (values as unknown[][]).map((v) => [...v])]);
      place.file.close();
      return { rows: copy, spilled: place.file.bytes };
    };
    const inMemory = groupsWith(1e9);
    const onDisk = groupsWith(2000 + random.below(20_000));
    assert.is(inMemory.spilled, 0);
    // Values of a key stay in the order in which they came.
    assert.equal(unordered(onDisk.rows), unordered(inMemory.rows), `seed ${seed}`);
  }
});

test('sorting with runs on disk is stable and gives what sorting in memory gives', () => {
  let spilled = 0;
  for (let seed = 1; seed <= 30; seed++) {
    const random = new Random(seed);
    const frames = Array.from({ length: 10 }, (_, c) => {
      const keys = Array.from({ length: random.below(200) }, () => random.below(40));
      return { keys, values: keys.map((__, i) => c * 1000 + i) };
    });
    const sorted = (ascending: boolean, budget: number) => {
      const place = space(budget);
      const rows = [...sortedPairs(frames, ascending, place)].flat();
      spilled += place.file.bytes;
      place.file.close();
      return rows;
    };
    for (const ascending of [true, false]) assert.equal(sorted(ascending, 3000), sorted(ascending, 1e9), `seed ${seed}`);
  }
  assert.ok(spilled > 0);
});

test('there are keys that collide', () => {
  const hashes = new Set(colliding.map(hashKey));
  assert.equal([new Set(colliding).size, hashes.size], [8, 4]);
});

test('combining with tables on disk gives what one table gives, colliding hashes included', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = new Random(seed);
    const pairs = randomPairs(random, 2000).map(([key]) => [key, 1] as const);
    const combined = (every: number) => {
      const place = space(1000);
      const external = new ExternalCombine(place, (a, b) => (a as number) + (b as number));
      let table = new KeyTable();
      let values: number[] = [];
      pairs.forEach(([key, one], i) => {
        const e = table.find(key);
        if (e === values.length) values.push(one);
        else values[e] += one;
        if ((i + 1) % every !== 0) return;
        external.spill(table, values);
        table = new KeyTable();
        values = [];
      });
      const rows = [...external.rows(table, values)].flat();
      place.file.close();
      return rows;
    };
    assert.equal(unordered(combined(100)), unordered(combined(1e9)), `seed ${seed}`);
  }
});

test('more runs than fit into the budget are merged in passes: stable, none lost, few at a time', () => {
  for (const [budget, count, width] of [
    [1000, 17, 16],
    [1000, 600, 16],
    [1 << 20, 500, 192],
    [1 << 20, 192, 192],
  ]) {
    const place = space(budget);
    const runs = new Runs<readonly [number, number]>(place, (a, b) => a[0] - b[0]);
    const random = new Random(count);
    const rows = Array.from({ length: count }, (_, run) =>
      Array.from({ length: random.below(12) }, (_, i) => [random.below(50), run * 100 + i] as const).sort((a, b) => a[0] - b[0]),
    );
    for (const run of rows) runs.write(run);
    const once = place.file.bytes;
    // Until the first row is out each run that is merged last has read one frame.
    let reads = 0;
    const { read, write } = place.file;
    place.file.read = function (frame) {
      reads++;
      return read.call(this, frame);
    };
    place.file.write = function (frame) {
      reads = 0;
      return write.call(this, frame);
    };
    const merged = runs.merged();
    const first = merged.next();
    assert.ok(reads <= width + 1, `${reads} frames at a time of ${count} runs`);
    const result = [first.value, ...merged];
    const expected = rows.flat().sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    assert.equal(result, expected);
    assert.is(place.file.bytes > once, count > width, `${count} runs`);
    place.file.close();
  }
});

/** One key with many values, as far beyond the budget as the 20 million of the promise are. */
function largeGroup(n: number): { values: number[]; place: ReturnType<typeof space> } {
  const place = space(40_000);
  const groups = new ExternalGroups(place, 1);
  for (let from = 0; from < n; from += 1000) {
    const values = Array.from({ length: Math.min(1000, n - from) }, (_, i) => from + i);
    groups.add(
      0,
      values.map(() => 'k'),
      values,
    );
  }
  const rows = [...groups.rows()].flat() as [string, number[]][];
  assert.is(rows.length, 1);
  assert.ok(groups.hasSpilledGroups);
  return { values: rows[0][1], place };
}

test('a group beyond the budget is an array that reads from disk', async () => {
  const n = 25_000;
  const { values, place } = largeGroup(n);
  assert.ok(Array.isArray(values));
  assert.is(values.length, n);
  assert.is(values[n - 1], n - 1);
  assert.is(values[12_345], 12_345);
  assert.is(values[n], undefined);
  assert.is(values.at(-1), n - 1);
  assert.is(
    values.reduce((a, b) => a + b, 0),
    (n * (n - 1)) / 2,
  );
  assert.equal([...values].slice(0, 3), [0, 1, 2]);
  assert.is(values.filter((v) => v % 1000 === 0).length, 25);
  assert.is(values.indexOf(777), 777);
  assert.is(JSON.parse(JSON.stringify(values)).length, n);
  await errorOf('GROUP_ON_DISK', () => values.push(1));
  await errorOf('GROUP_ON_DISK', () => values.sort());
  await errorOf('GROUP_ON_DISK', () => (values.length = 0));
  place.file.close();
  await errorOf('GROUP_GONE', () => values[0] + values[n - 1]);
});

test('a damaged spill file is an error and no row', async () => {
  const { values, place } = largeGroup(25_000);
  const [name] = readdirSync(folder);
  const bytes = readFileSync(join(folder, name));
  for (let at = 20; at < bytes.length; at += 50) bytes[at] ^= 1;
  writeFileSync(join(folder, name), bytes);
  await errorOf('CORRUPT_FILE', () => values.reduce((a, b) => a + b, 0));
  place.file.close();
  assert.equal(readdirSync(folder), []);
});

// ---- jobs

async function session(executionBytes: number): Promise<{ sc: Context; folder: string }> {
  const started = await startBackend('local', { storageBytes: 1 << 20, executionBytes });
  const sc = new Context({ ...started, master: 'local' });
  sessions.push(sc);
  await sc.start();
  return { sc, folder: started.folder };
}

async function results(sc: Context) {
  const pairs = sc.range(0, 6000, 1, 3).map((x) => [`k${(x * 7919) % 700}`, x] as [string, number]);
  const others = sc.range(0, 2000, 1, 2).map((x) => [`k${x % 900}`, `v${x}`] as [string, string]);
  const parted = pairs.partitionBy(2);
  return {
    reduce: unordered(await pairs.reduceByKey((a, b) => a + b, 2).collect()),
    narrow: unordered(await parted.reduceByKey((a, b) => a + b).collect()),
    lists: unordered(
      await parted
        .combineByKey(
          (v) => [v],
          (list, v) => [...list, v],
          (a, b) => [...a, ...b],
        )
        .collect(),
    ),
    group: unorderedGroups(await pairs.groupByKey(2).collect()),
    cogroup: unorderedCogroups(await pairs.cogroup(others, 2).collect()),
    join: unordered(await pairs.join(others, 2).collect()),
    outer: unordered(await pairs.fullOuterJoin(others, 3).collect()),
    left: unordered(await others.leftOuterJoin(pairs, 2).collect()),
    right: unordered(await pairs.rightOuterJoin(others, 2).collect()),
    rightOfFew: unordered(await others.rightOuterJoin(pairs, 2).collect()),
    sort: await pairs.sortByKey(true, 2).keys().collect(),
    down: await pairs.sortBy((p) => p[1], false, 2).collect(),
    cached: unorderedGroups(await pairs.groupByKey(1).cache().collect()),
  };
}

test('jobs give the same with spilling and without, and leave no file', async () => {
  const roomy = await session(1 << 28);
  const tight = await session(4000);
  assert.equal(await within(60_000, results(tight.sc), 'the tight jobs'), await results(roomy.sc));
  assert.equal(spilledFiles(tight.folder), []);
});

const spilledFiles = (path: string): string[] =>
  existsSync(join(path, 'spill'))
    ? (readdirSync(join(path, 'spill'), { recursive: true }) as string[]).filter((n) => /\d$/.test(n))
    : [];

test('a large group that is kept is kept as a copy', async () => {
  const { sc } = await session(20_000);
  const groups = sc
    .range(0, 20_000, 1, 2)
    .map((x) => [0, x] as [number, number])
    .groupByKey(1)
    .cache();
  const sum = () => groups.map(([, values]) => values.reduce((a, b) => a + b, 0)).sum();
  assert.is(await sum(), 199_990_000);
  assert.is(sc.storageOf(groups).partitions, 1);
  assert.is(await sum(), 199_990_000);
});

test('a task that fails or is cancelled leaves no spilled file', async () => {
  const { sc, folder: own } = await session(4000);
  const pairs = sc.range(0, 20_000, 1, 1).map((x) => [x, x] as [number, number]);
  const failing = pairs
    .groupByKey(1)
    .map(([key]) => {
      if (key === 13) throw new Error('unlucky');
      return key;
    })
    .persist();
  await errorOf('TASK_FAILED', () => failing.count());
  assert.equal(spilledFiles(own), []);
  assert.is(sc.storageOf(failing).partitions, 0);
  assert.equal(
    await pairs
      .groupByKey(1)
      .take(1)
      .then((rows) => rows.length),
    1,
  );
  assert.equal(spilledFiles(own), []);
});

test.run();
