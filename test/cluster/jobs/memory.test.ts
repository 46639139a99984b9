// Memory on real executors: data far beyond the budgets, levels, eviction, and executors that die with the partitions they hold.
// time limit: 240 s
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type BackendOptions, startBackend } from '../../../cluster/index';
import { Context, type RDD, StorageLevel } from '../../../runtime/index';
import { levelNames } from '../../../runtime/plan/storage-level';
import { errorOf } from '../../helpers/errors';
import { watchLeaks } from '../../helpers/leaks';
import { unordered, unorderedGroups } from '../../helpers/model';
import { engineExecutor } from '../../helpers/pool';
import { processesOf } from '../../helpers/processes';
import { until, within } from '../../helpers/within';

const test = suite('pool: memory');
let leaks: ReturnType<typeof watchLeaks>;
let program: string;
const sessions: Context[] = [];

test.before(async () => {
  program = await engineExecutor();
  leaks = watchLeaks();
});

test.after.each(async () => {
  for (const sc of sessions.splice(0)) await sc.stop();
});

async function session(options: Partial<BackendOptions>): Promise<{ sc: Context; folder: string }> {
  const started = await startBackend('local[2]', { storageBytes: 64 << 20, program, ...options });
  const sc = new Context({ ...started, master: 'local[2]' });
  sessions.push(sc);
  await sc.start();
  return { sc, folder: started.folder };
}

const spilled = (folder: string): string[] => {
  const path = join(folder, 'spill');
  return existsSync(path) ? (readdirSync(path, { recursive: true }) as string[]).filter((name) => /\/\d+$/.test(name)) : [];
};

const pairsOf = (sc: Context, n: number, keys: number): RDD<[string, number]> =>
  sc.range(0, n, 1, 4).map((x) => [`key ${(x * 7919) % keys}`, x] as [string, number]);

async function answers(sc: Context) {
  const pairs = pairsOf(sc, 40_000, 5000);
  const others = pairsOf(sc, 3000, 9000).mapValues((x) => `v${x}`);
  return {
    reduce: unordered(await pairs.reduceByKey((a, b) => a + b, 3).collect()),
    group: unorderedGroups(await pairs.groupByKey(3).collect()),
    join: unordered(await pairs.join(others, 2).collect()),
    sort: await pairs.sortBy(([key, x]) => [key, x], false, 3).collect(),
  };
}

test('shuffles give the same result with budgets of 20 kB as without, and leave no file', async () => {
  const roomy = await session({ executionBytes: 1 << 28 });
  const expected = await answers(roomy.sc);
  const tight = await session({ executionBytes: 20_000 });
  assert.equal(await within(60_000, answers(tight.sc), 'the tight jobs'), expected);
  assert.equal(spilled(tight.folder), []);
});

test('one key of two million values does not kill executors of 64 MB', async () => {
  const n = 2_000_000;
  const { sc } = await session({ executorMemory: 64, storageBytes: 16 << 20, executionBytes: 8 << 20 });
  const groups = sc
    .range(0, n, 1, 8)
    .map((x) => [x % 2 === 0 ? 'large' : `small ${x % 1000}`, x + 0.5] as [string, number])
    .groupByKey(2);
  const sums = groups.mapValues((values) => [values.length, values.reduce((a, b) => a + b, 0)] as [number, number]);
  const large = await within(120_000, sums.lookup('large'), 'the large group');
  assert.equal(large, [[n / 2, (n * n) / 4 - n / 2 + n / 4]]);
  assert.equal(
    sc
      .executors()
      .map((e) => e.id)
      .sort(),
    ['e1', 'e2'],
  );
});

test('a dataset of which 0, 50 or 100 % fit into memory gives the same rows', async () => {
  const rows = 20_000;
  // Room for all, in case one executor is so fast that it computes every partition.
  const full = 3 << 20;
  const expected = Array.from({ length: rows }, (_, x) => x + `row ${x}`.length).reduce((a, b) => a + b, 0);
  for (const share of [0, 0.25, 1]) {
    const { sc } = await session({ storageBytes: Math.floor(full * share) });
    for (const name of levelNames.filter((n) => !n.endsWith('_2'))) {
      const level = StorageLevel[name];
      const data = sc.range(0, rows, 1, 8).map((x) => ({ x, y: x / 2, text: `row ${x}` }));
      data.persist(level);
      for (let round = 0; round < 2; round++) assert.is(await data.map((r) => r.x + r.text.length).sum(), expected, name);
      const { partitions, bytes, diskBytes } = sc.storageOf(data);
      if (level.useDisk || share === 1) assert.is(partitions, level.isKept ? 8 : 0, `${name}, ${share}`);
      if (share === 0) assert.is(bytes, 0);
      if (!level.useDisk) assert.is(diskBytes, 0);
      data.unpersist();
    }
  }
});

test('the driver knows which partitions were evicted', async () => {
  const { sc } = await session({ storageBytes: 300_000 });
  const numbers = (from: number) => sc.range(from, from + 16_000, 1, 2).map((x) => x + 0.5);
  const first = numbers(0).cache();
  const second = numbers(1).cache();
  const persisted = numbers(2).persist(StorageLevel.MEMORY_ONLY, { priority: 9 });
  await first.count();
  assert.is(sc.storageOf(first).partitions, 2);
  await second.count();
  await persisted.count();
  assert.is(sc.storageOf(persisted).partitions, 2);
  assert.is(sc.storageOf(first).partitions, 0);
  await numbers(3).cache().count();
  assert.is(sc.storageOf(persisted).partitions, 2, 'a higher priority stays');
  assert.is(await first.sum(), 128_000_000);
});

test('with two replicas the death of an executor loses no partition', async () => {
  const { sc } = await session({});
  for (const level of [StorageLevel.MEMORY_ONLY_2, StorageLevel.MEMORY_ONLY_SER_2, StorageLevel.DISK_ONLY]) {
    const computed = sc.longAccumulator();
    const data = sc.range(0, 1000, 1, 4).map((x) => {
      computed.add(1);
      return x;
    });
    data.persist(level);
    assert.is(await data.sum(), 499_500);
    const before = sc.executors().map((e) => e.id);
    process.kill(processesOf(program)[0], 'SIGKILL');
    await until(
      10_000,
      () => sc.executors().length === 2 && sc.executors().some((e) => !before.includes(e.id)),
      'a new executor',
    );
    assert.is(sc.storageOf(data).partitions, 4, String(level));
    assert.is(await data.sum(), 499_500);
    assert.is(computed.value, 1000, `${level}: nothing is computed again`);
  }
});

test('tasks that fail, are cancelled or die leave no spill file and no incomplete persisted partition', async () => {
  const { sc, folder } = await session({ executionBytes: 20_000 });
  const groups = pairsOf(sc, 60_000, 20_000).groupByKey(2);
  const failing = groups.map(([key]) => {
    if (key === 'key 7') throw new Error('unlucky');
    return key;
  });
  failing.persist(StorageLevel.DISK_ONLY);
  await errorOf('TASK_FAILED', () => failing.count());
  assert.equal(spilled(folder), []);

  const endless = groups.flatMap(function* ([, values]) {
    for (;;) yield values.length;
  });
  const job = endless.count().catch((error) => error);
  await until(20_000, () => spilled(folder).length > 0, 'a spilled file');
  sc.cancelAllJobs();
  assert.is((await job).code, 'JOB_CANCELLED');
  await until(5000, () => spilled(folder).length === 0, 'its removal');

  const killed = groups.flatMap(function* ([key, values]) {
    if (key === 'key 9') for (const end = performance.now() + 60_000; performance.now() < end; ) yield 1;
    yield values.length;
  });
  const lost = killed.count().catch((error) => error);
  await until(20_000, () => spilled(folder).length > 0, 'a spilled file');
  for (const pid of processesOf(program)) process.kill(pid, 'SIGKILL');
  sc.cancelAllJobs();
  assert.is((await lost).code, 'JOB_CANCELLED');
  await until(10_000, () => spilled(folder).length === 0, 'the removal of what the dead had spilled');
  const temporary = (readdirSync(folder, { recursive: true }) as string[]).filter(
    (name) => name.endsWith('.tmp') && name.startsWith('blocks'),
  );
  assert.equal(temporary, []);
});

test('leaves nothing behind', () => leaks.check());

test.run();
