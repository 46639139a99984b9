// The programs of the paper's evaluation: correct whatever is persisted in memory, shuffled once or each time, or killed midway.
// time limit: 180 s
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startBackend } from '../../../cluster/index';
import { Context, StorageLevel } from '../../../runtime/index';
import {
  kMeansStep,
  kMeansSums,
  labelledPoints,
  linksOf,
  logisticStep,
  pageRank,
  plainPoints,
  type Vector,
  writeLinks,
  writePoints,
} from '../../helpers/iterative';
import { watchLeaks } from '../../helpers/leaks';
import { lineageBytes } from '../../helpers/lineage-bytes';
import { engineExecutor } from '../../helpers/pool';
import { until, within } from '../../helpers/within';

const test = suite('figures');
let leaks: ReturnType<typeof watchLeaks>;
let program: string;
let folder: string;
let points: string;

const count = 20_000;
const dimensions = 4;

test.before(async () => {
  program = await engineExecutor();
  leaks = watchLeaks();
  folder = mkdtempSync(join(tmpdir(), 'figures-'));
  points = join(folder, 'points.txt');
  writePoints(points, count, dimensions);
});

async function withExecutors<T>(executors: number, storageBytes: number, use: (sc: Context) => Promise<T>): Promise<T> {
  const master = `local[${executors}]`;
  // Even on a busy machine a task must wait for the executor that holds its partition.
  const config = { localityWaitMs: 60_000 };
  const sc = new Context({ ...(await startBackend(master, { storageBytes, program })), master, config });
  await sc.start();
  try {
    await until(10_000, () => sc.executors().length === executors, 'the executors');
    return await within(60_000, use(sc), 'the jobs');
  } finally {
    await sc.stop();
  }
}

test('logistic regression gives the same weights with 0 to 100 % of its points in memory', async () => {
  const pieces = 8;
  const run = (storageBytes: number, level: StorageLevel) =>
    withExecutors(2, storageBytes, async (sc) => {
      const data = labelledPoints(sc.textFile(points, pieces)).persist(level);
      let w: Vector = new Array(dimensions).fill(0.1);
      for (let i = 0; i < 4; i++) w = await logisticStep(data, w, count);
      return { w, ...sc.storageOf(data) };
    });
  const { w, bytes } = await run(64 << 20, StorageLevel.MEMORY_ONLY);
  for (const share of [0, 0.25, 0.5, 0.75]) {
    // Partitions differ by a row or two.
    const each = ((bytes * share) / 2) * 1.02;
    const some = await run(each, StorageLevel.MEMORY_ONLY);
    assert.equal(some.w, w, `${share}`);
    assert.is(some.partitions, pieces * share, `partitions persisted at ${share}`);
    const all = await run(each, StorageLevel.MEMORY_AND_DISK);
    assert.equal(all.w, w, `${share} with disk`);
    assert.is(all.partitions, pieces);
  }
});

test('ranks are equal whether links are partitioned once or move each time; partitioned once, only the ranks move', async () => {
  const path = join(folder, 'links.txt');
  writeLinks(path, 1000);
  await withExecutors(2, 64 << 20, async (sc) => {
    const ranksOf = async (links: ReturnType<typeof linksOf>) => {
      const ranks = pageRank(links, 3);
      const [stages] = /stage \d+/.exec(ranks.explain())!;
      const sorted = (await ranks.collect()).sort((a, b) => (a[0] < b[0] ? -1 : 1));
      return { sorted, stages };
    };
    const plain = await ranksOf(linksOf(sc.textFile(path, 3)).cache());
    const partitioned = await ranksOf(linksOf(sc.textFile(path, 3)).partitionBy(3).cache());
    assert.is(plain.sorted.length, 1000);
    assert.equal(
      plain.sorted.map(([page]) => page),
      partitioned.sorted.map(([page]) => page),
    );
    for (let i = 0; i < 1000; i++) assert.ok(Math.abs(plain.sorted[i][1] - partitioned.sorted[i][1]) < 1e-9);
    // Stages count from 0: the links move in each of the three iterations, or once.
    assert.is(plain.stages, 'stage 7');
    assert.is(partitioned.stages, 'stage 4');
  });
});

test('k-means that loses an executor in iteration 6 finds the same centers, and rereads only what was lost', async () => {
  const pieces = 9;
  const run = (kill: boolean) =>
    withExecutors(3, 64 << 20, async (sc) => {
      const read = sc.longAccumulator();
      const data = plainPoints(sc.textFile(points, pieces))
        .map((p) => {
          read.add(1);
          return p;
        })
        .cache();
      let centers: Vector[] = Array.from({ length: 3 }, (_, k) => new Array(dimensions).fill(k - 1));
      assert.ok(lineageBytes(kMeansSums(data, centers)) < 10_000);
      let lost = 0;
      for (let i = 1; i <= 10; i++) {
        const held = i === 6 && kill ? await data.mapPartitions((rows) => [[process.pid, [...rows].length]]).collect() : [];
        const step = kMeansStep(data, centers);
        if (held.length > 0) {
          process.kill(held[0][0], 'SIGKILL');
          for (const [pid, rows] of held) if (pid === held[0][0]) lost += rows;
        }
        centers = await step;
      }
      return { centers, lost, read: read.value, persisted: sc.storageOf(data).partitions };
    });
  const calm = await run(false);
  const killed = await run(true);
  assert.equal(killed.centers, calm.centers);
  assert.is(calm.read, count);
  assert.ok(killed.lost > 0 && killed.lost < count, `${killed.lost} rows lost`);
  assert.is(killed.read, count + killed.lost);
  assert.is(killed.persisted, pieces);
});

test('only the first iteration on a cached dataset reads its text', async () => {
  await withExecutors(2, 64 << 20, async (sc) => {
    const read = sc.longAccumulator();
    const data = plainPoints(
      sc.textFile(points, 4).map((line) => {
        read.add(1);
        return line;
      }),
    ).cache();
    let centers: Vector[] = Array.from({ length: 3 }, (_, k) => new Array(dimensions).fill(k - 1));
    for (let i = 0; i < 4; i++) {
      centers = await kMeansStep(data, centers);
      assert.is(read.value, count);
    }
  });
});

test('leaves nothing behind', async () => {
  rmSync(folder, { recursive: true });
  await leaks.check();
});

test.run();
