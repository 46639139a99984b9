// The works of `npm run bench:peers` on Millrace: runs what its standard input asks for, on the master of its argument.
import { createInterface } from 'node:readline';
import { connect } from '../../../cluster/connect';
import type { Context } from '../../../runtime/index';
import type { Asked } from './peer';

type Run = () => Promise<number>;
type Work = (sc: Context, asked: Asked) => Promise<Run> | Run;

const dimensions = 10;
const add = (a: number, b: number) => a + b;

const works: Readonly<Record<string, Work>> = {
  count:
    (sc, { text }) =>
    () =>
      sc.textFile(text).count(),
  grep:
    (sc, { text }) =>
    () =>
      sc
        .textFile(text)
        .filter((line) => line.includes('abc'))
        .count(),
  wordcount:
    (sc, { text }) =>
    () =>
      sc
        .textFile(text)
        .flatMap((line) => line.split(' '))
        .map((word): [string, number] => [word, 1])
        .reduceByKey((a, b) => a + b)
        .count(),
  sum:
    (sc, { scale }) =>
    () =>
      sc
        .range(0, 20_000_000 * scale, 1, 2)
        .map((x) => x * 2)
        .filter((x) => x % 3 === 0)
        .reduce((a, b) => a + b),
  sort: (sc, { scale }) => {
    const middle = 1_000_000 * scale;
    return () =>
      sc
        .range(0, 2 * middle, 1, 2)
        // (i * 2654435761) mod 2^32 in exact steps: 2654435761 = 40503 * 65536 + 31153.
        .map((i) => (((i * 40503) % 65536) * 65536 + i * 31153) % 4294967296)
        .sortBy((x) => x)
        .zipWithIndex()
        .filter(([, index]) => index === middle)
        .first()
        .then(([x]) => x);
  },
  join: (sc, { scale }) => {
    const n = 1_000_000 * scale;
    const keyed = (factor: number) => sc.range(0, n, 1, 2).map((i): [number, number] => [(i * factor) % 1_000_003, i]);
    return () => keyed(7).join(keyed(13)).count();
  },
  group:
    (sc, { scale }) =>
    () =>
      sc
        .range(0, 2_000_000 * scale, 1, 2)
        .map((i): [number, number] => [i % 10_000, i])
        .groupByKey()
        .mapValues((values) => values.reduce((a, b) => a + b, 0))
        .count(),
  pagerank: async (sc, { scale }) => {
    const n = 200_000 * scale;
    const links = sc
      .range(0, n, 1, 2)
      .map((i): [number, number[]] => [i, [(i * 31 + 7) % n, (i * 17 + 3) % n, (i * 7 + 1) % n, Math.floor(i / 2)]])
      .partitionBy(2)
      .cache();
    await links.count();
    return async () => {
      let ranks = links.mapValues(() => 1);
      for (let i = 0; i < 5; i++) {
        ranks = links
          .join(ranks)
          .flatMap(([, [out, rank]]) => out.map((page): [number, number] => [page, rank / out.length]))
          .reduceByKey((a, b) => a + b)
          .mapValues((sum) => 0.15 + 0.85 * sum);
      }
      return ranks.values().sum();
    };
  },
  logreg: async (sc, { scale }) => {
    const n = 1_000_000 * scale;
    const points = sc
      .range(0, n, 1, 2)
      .map((i) => {
        const y = i % 2 === 0 ? -1 : 1;
        return { x: Array.from({ length: 10 }, (_, j) => ((i * 7919 + j * 104729) % 1000) / 1000 + y * 0.7), y };
      })
      .cache();
    await points.count();
    return async () => {
      let weights = new Array<number>(dimensions).fill(0.1);
      for (let i = 0; i < 10; i++) {
        const w = weights;
        const gradient = await points
          .map(({ x, y }) => {
            let dot = 0;
            for (let j = 0; j < x.length; j++) dot += w[j] * x[j];
            const s = (1 / (1 + Math.exp(-y * dot)) - 1) * y;
            return x.map((v) => v * s);
          })
          .reduce((a, b) => a.map((v, j) => v + b[j]));
        weights = weights.map((v, j) => v - gradient[j] / n);
      }
      return weights[0];
    };
  },
  tinyjobs: (sc) => async () => {
    let all = 0;
    for (let i = 0; i < 50; i++) all += await sc.parallelize([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 2).count();
    return all;
  },
};

async function main(): Promise<void> {
  const sc = await connect(process.argv[2]);
  await sc
    .range(0, 100, 1, 2)
    .map((x) => x)
    .reduce(add);
  console.log('READY');
  for await (const line of createInterface({ input: process.stdin })) {
    const asked = JSON.parse(line) as Asked;
    const run = await works[asked.work](sc, asked);
    const started = performance.now();
    const result = await run();
    console.log(`PEER ${JSON.stringify({ seconds: (performance.now() - started) / 1000, result })}`);
    for (const rdd of sc.persistedRdds()) rdd.unpersist();
  }
  await sc.stop();
}

void main();
