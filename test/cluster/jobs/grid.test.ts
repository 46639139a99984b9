// The same programs over 1, 2, 7 and 64 partitions, in this process and on 1, 2 and 3 executors, with memory and without, give the same.
// time limit: 240 s
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { Random } from '../../../runtime/base/time';
import type { Context } from '../../../runtime/index';
import { watchLeaks } from '../../helpers/leaks';
import { unordered } from '../../helpers/model';
import { long } from '../../helpers/sizes';
import { within } from '../../helpers/within';
import { pairsOf, rowsOf } from '../../property/values';

const test = suite('grid');
const masters = ['local', 'local[1]', 'local[2]', 'local[3]'];
const partitions = [1, 2, 7, 64];
/** So little memory that groups, tables and sorts spill to disk, and persisted partitions are evicted. */
const tight = { executionBytes: 2_048, storageBytes: 4_096 };
const memories = { 'much memory': {}, 'little memory': tight };
const expected = new Map<string, unknown>();
let folder: string;

let leaks: ReturnType<typeof watchLeaks>;

test.before(async () => {
  leaks = watchLeaks();
  folder = mkdtempSync(join(tmpdir(), 'grid-'));
  writeFileSync(join(folder, 'words.txt'), Array.from({ length: 3000 }, (_, i) => `é${i % 11} the ${i % 7}`).join('\n'));
  const sc = await connect('local');
  for (const [name, program] of Object.entries(programs)) expected.set(name, comparable(await program(sc, 1)));
  await sc.stop();
});

const rows = rowsOf(new Random(11), 60).concat(rowsOf(new Random(12), 60));
const pairs = pairsOf(new Random(13), 80);
const others = pairsOf(new Random(13), 40);
const points = Array.from({ length: 60 }, (_, i) => [i % 9, (i * 7) % 10]);

/** Each returns rows in an order of its own, or one value. */
const programs: Record<string, (sc: Context, n: number) => Promise<unknown>> = {
  'word count': (sc, n) =>
    sc
      .textFile(join(folder, 'words.txt'), n)
      .flatMap((line) => line.split(' '))
      .map((word) => [word, 1])
      .reduceByKey((a, b) => a + b)
      .collect(),
  'hostile rows': (sc, n) => sc.parallelize(rows, n).collect(),
  'distinct hostile rows': (sc, n) => sc.parallelize(rows, n).distinct().collect(),
  'counts by value': async (sc, n) => [...(await sc.parallelize(rows, n).countByValue())],
  join: (sc, n) => sc.parallelize(pairs, n).join(sc.parallelize(others, 2)).collect(),
  'full outer join': (sc, n) => sc.parallelize(pairs, 3).fullOuterJoin(sc.parallelize(others, n)).collect(),
  'join of what is spread alike': (sc, n) => {
    const spread = sc.parallelize(pairs, 3).partitionBy(n).cache();
    return spread.join(spread.mapValues(() => 1)).collect();
  },
  'sorted by two columns': (sc, n) =>
    sc
      .parallelize(points, n)
      .sortBy((p) => p, false)
      .zipWithIndex()
      .collect(),
  'top and sums': async (sc, n) => {
    const numbers = sc.range(0, 10_000, 1, n);
    return [
      await numbers.top(5),
      await numbers.sum(),
      await numbers.filter((x) => x % 3 === 0).count(),
      await numbers.takeOrdered(2),
    ];
  },
  'page rank': async (sc, n) => {
    const links = sc
      .parallelize(points, n)
      .map(([from, to]) => [from, to])
      .groupByKey(n)
      .mapValues((to) => [...to].sort())
      .cache();
    let ranks = links.mapValues(() => 1);
    for (let i = 0; i < 3; i++) {
      ranks = links
        .join(ranks)
        .values()
        .flatMap(([to, rank]) => to.map((page): [number, number] => [page, rank / to.length]))
        .reduceByKey((a, b) => a + b, n)
        .mapValues((sum) => 0.15 + 0.85 * sum);
    }
    return (await ranks.collect()).map(([page, rank]) => [page, Math.round(rank * 1e9)]);
  },
  'mean distance': async (sc, n) => {
    const centre = sc.broadcast([4, 5]);
    const distances = sc.parallelize(points, n).map(([x, y]) => Math.hypot(x - centre.value[0], y - centre.value[1]));
    return Math.round((await distances.stats()).mean * 1e9);
  },
  'groups and aggregates': (sc, n) =>
    sc
      .parallelize(points as [number, number][], n)
      .aggregateByKey(
        { n: 0, sum: 0 },
        (a, y) => ({ n: a.n + 1, sum: a.sum + y }),
        (a, b) => ({ n: a.n + b.n, sum: a.sum + b.sum }),
        n,
      )
      .cogroup(sc.parallelize(points as [number, number][], 2).mapValues(String))
      .mapValues(([aggregates, texts]) => [aggregates, [...texts].sort()])
      .collect(),
  'union, coalesce, repartition': (sc, n) =>
    sc.parallelize(rows, n).union(sc.parallelize(rows, 3)).coalesce(2).repartition(n).collect(),
  'what an accumulator saw': async (sc, n) => {
    const seen = sc.longAccumulator();
    await sc
      .range(0, 500, 1, n)
      .map((x) => [x % 5, x])
      .reduceByKey((a, b) => a + b)
      .foreach(([, sum]) => seen.add(sum));
    return seen.value;
  },
};

const comparable = (answer: unknown) => (Array.isArray(answer) ? unordered(answer) : answer);

/** 64 partitions on every master are for the long run; the short run has them in this process and on three executors. */
const widths = (master: string) => (long || master === 'local' || master === 'local[3]' ? partitions : partitions.slice(0, 3));

for (const master of masters) {
  for (const [memory, bytes] of Object.entries(memories)) {
    test(`${master} with ${memory}`, async () => {
      const sc = await connect(master, bytes);
      for (const [name, program] of Object.entries(programs)) {
        for (const n of widths(master)) {
          const answer = await within(60_000, program(sc, n), `${name} over ${n}`);
          assert.equal(comparable(answer), expected.get(name), `${name}, ${n} partitions`);
        }
      }
      await sc.stop();
    });
  }
}

test('leaves nothing behind', async () => {
  rmSync(folder, { recursive: true, force: true });
  await leaks.check();
});

test.run();
