// The works of the side-by-side comparison with Spark, written as a user would write them.
import type { Context, RDD } from '../../runtime/index';
import { logisticStep } from '../helpers/iterative';
import { streamWordCount } from './streaming';

/** What a work measures: warm runs of `run`, each answering the result that Spark must answer too. */
export interface Work {
  readonly name: string;
  readonly prepare: (sc: Context, data: string) => Promise<{ run: () => Promise<number | Measured>; end?: () => void }>;
}

/** A work that takes its own time: the median of its batches. It runs once. */
export interface Measured {
  readonly result: number;
  readonly seconds: number;
  readonly recordsPerSecond: number;
}

const wordCount = (lines: RDD<string>) =>
  lines
    .flatMap((line) => line.split(' '))
    .map((word) => [word, 1])
    .reduceByKey((a, b) => a + b)
    .count();

const grep = (lines: RDD<string>) => lines.filter((line) => line.includes('saauf')).count();

const simple = (name: string, run: (sc: Context, data: string) => Promise<number>): Work => ({
  name,
  prepare: async (sc, data) => ({ run: () => run(sc, data) }),
});

const cached = (name: string, run: (lines: RDD<string>) => Promise<number>): Work => ({
  name,
  prepare: async (sc, data) => {
    const lines = sc.textFile(data).cache();
    await lines.count();
    return { run: () => run(lines), end: () => lines.unpersist() };
  },
});

const dimensions = 10;
const points = 1_000_000;

const logreg: Work = {
  name: 'logreg',
  prepare: async (sc) => {
    const data = sc
      .range(0, points, 1, 2)
      .map((i) => {
        const y = i % 2 === 0 ? -1 : 1;
        const x = Array.from({ length: 10 }, (_, j) => ((i * 7919 + j * 104729) % 1000) / 1000 + y * 0.7);
        return { x, y };
      })
      .cache();
    await data.count();
    const run = async () => {
      let w = new Array<number>(dimensions).fill(0.1);
      for (let iteration = 0; iteration < 10; iteration++) {
        w = await logisticStep(data, w, points);
      }
      return Number(w[0].toFixed(6));
    };
    return { run, end: () => data.unpersist() };
  },
};

const pagerank: Work = {
  name: 'pagerank',
  prepare: async (sc) => {
    const n = 200_000;
    const links = sc
      .range(0, n, 1, 2)
      .map((i) => [i, [(i * 31 + 7) % n, (i * 17 + 3) % n, (i * 7 + 1) % n, Math.floor(i / 2)]] as [number, number[]])
      .partitionBy(2)
      .cache();
    await links.count();
    const run = async () => {
      let ranks = links.mapValues(() => 1);
      for (let iteration = 0; iteration < 5; iteration++) {
        ranks = links
          .join(ranks)
          .flatMap(([, [out, rank]]) => out.map((page) => [page, rank / out.length] as [number, number]))
          .reduceByKey((a, b) => a + b)
          .mapValues((sum) => 0.15 + 0.85 * sum);
      }
      return Number((await ranks.values().sum()).toFixed(3));
    };
    return { run, end: () => links.unpersist() };
  },
};

export const works: readonly Work[] = [
  simple('count', (sc, data) => sc.textFile(data).count()),
  simple('grep', (sc, data) => grep(sc.textFile(data))),
  simple('wordcount', (sc, data) => wordCount(sc.textFile(data))),
  cached('grep-cached', grep),
  cached('wordcount-cached', wordCount),
  simple('pi', async (sc) => {
    const n = 20_000_000;
    const inside = await sc
      .range(0, n, 1, 2)
      .map(() => {
        const x = Math.random() * 2 - 1;
        const y = Math.random() * 2 - 1;
        return x * x + y * y < 1 ? 1 : 0;
      })
      .reduce((a, b) => a + b);
    return (4 * inside) / n;
  }),
  simple('sum', (sc) =>
    sc
      .range(0, 20_000_000, 1, 2)
      .map((x) => x * 2)
      .filter((x) => x % 3 === 0)
      .reduce((a, b) => a + b),
  ),
  logreg,
  simple('sort', (sc) =>
    sc
      .range(0, 2_000_000, 1, 2)
      // (i * 2654435761) mod 2^32 in exact steps: 2654435761 = 40503 * 65536 + 31153.
      .map((i) => (((i * 40503) % 65536) * 65536 + i * 31153) % 4294967296)
      .sortBy((x) => x)
      .zipWithIndex()
      .filter(([, index]) => index === 1_000_000)
      .first()
      .then(([x]) => x),
  ),
  simple('join', (sc) => {
    const a = sc.range(0, 1_000_000, 1, 2).map((i) => [(i * 7) % 1_000_003, i]);
    const b = sc.range(0, 1_000_000, 1, 2).map((i) => [(i * 13) % 1_000_003, i]);
    return a.join(b).count();
  }),
  simple('group', (sc) =>
    sc
      .range(0, 2_000_000, 1, 2)
      .map((i) => [i % 10_000, i])
      .groupByKey()
      .mapValues((values) => values.reduce((a, b) => a + b, 0))
      .count(),
  ),
  pagerank,
  simple('tinyjobs', async (sc) => {
    let n = 0;
    for (let job = 0; job < 50; job++) n += await sc.parallelize([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 2).count();
    return n;
  }),
  streamWordCount,
];
