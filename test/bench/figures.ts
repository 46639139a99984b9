// The figures of the RDD paper's evaluation, each a ratio of measurements in one run: not timed tests, for a machine may be busy.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectOptions, connect } from '../../cluster/connect';
import { type Context, type RDD, StorageLevel } from '../../runtime/index';
import {
  type Labelled,
  labelledPoints,
  linksOf,
  logisticStep,
  pageRank,
  type Vector,
  writeLinks,
  writePoints,
} from '../helpers/iterative';
import { kMeansKill } from './kmeans-kill';
import { streamKill, streamStraggler } from './stream-faults';
import { streamRestart } from './stream-restart';

/** What a figure answers: printed as one JSON line behind its name. */
type FigureResult = Readonly<Record<string, unknown>>;

interface Figure {
  readonly name: string;
  /** `folder` is its own, and is removed after it. */
  readonly measure: (folder: string) => Promise<FigureResult>;
}

const round = (seconds: number): number => Number(seconds.toFixed(3));

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

async function withContext<T>(options: ConnectOptions, use: (sc: Context) => Promise<T>): Promise<T> {
  const sc = await connect('local[2]', options);
  try {
    return await use(sc);
  } finally {
    await sc.stop();
  }
}

const dimensions = 10;

/** Many partitions, so that a share of the dataset is a share of its partitions. */
const pieces = 32;

interface Iterations {
  readonly times: readonly number[];
  readonly weights: Vector;
}

async function regress(points: RDD<Labelled>, count: number, iterations: number): Promise<Iterations> {
  let weights = new Array<number>(dimensions).fill(0.1);
  const times: number[] = [];
  for (let i = 0; i < iterations; i++) {
    times.push(
      await seconds(async () => {
        weights = await logisticStep(points, weights, count);
      }),
    );
  }
  return { times, weights };
}

/** Iterations until each partition has found its place, and the code is compiled. */
const settling = 3;
const shares = [0, 0.25, 0.5, 0.75, 1];

async function memoryCurve(folder: string): Promise<FigureResult> {
  const count = 400_000;
  const path = join(folder, 'points.txt');
  writePoints(path, count, dimensions);
  const measured = await withContext({}, async (sc) => {
    const points = labelledPoints(sc.textFile(path, pieces)).cache();
    await points.count();
    return sc.storageOf(points).bytes;
  });
  const one = (level: StorageLevel, share: number) =>
    // Each of the two executors may keep half of the share.
    withContext({ storageBytes: Math.ceil((measured * share) / 2) }, async (sc) => {
      const points = labelledPoints(sc.textFile(path, pieces)).persist(level);
      const { times, weights } = await regress(points, count, settling + 7);
      const { partitions } = sc.storageOf(points);
      return { share, seconds: round(median(times.slice(settling))), partitions, weights };
    });
  const curve = async (level: StorageLevel) => {
    const points = [];
    for (const share of shares) points.push(await one(level, share));
    return points;
  };
  const memory = await curve(StorageLevel.MEMORY_ONLY);
  const disk = await curve(StorageLevel.MEMORY_AND_DISK);
  const texts = new Set([...memory, ...disk].map(({ weights }) => JSON.stringify(weights)));
  const told = (points: typeof memory) => points.map(({ share, seconds: s, partitions }) => ({ share, seconds: s, partitions }));
  return { bytes: measured, memory: told(memory), memoryAndDisk: told(disk), equal: texts.size === 1 };
}

async function cachedIteration(folder: string): Promise<FigureResult> {
  const count = 400_000;
  const path = join(folder, 'points.txt');
  writePoints(path, count, dimensions);
  return withContext({}, async (sc) => {
    const firsts: number[] = [];
    const laters: number[] = [];
    // The first round compiles the code of both.
    for (let run = 0; run < 4; run++) {
      const points = labelledPoints(sc.textFile(path, pieces)).cache();
      const { times } = await regress(points, count, 6);
      points.unpersist();
      if (run === 0) continue;
      firsts.push(times[0]);
      laters.push(...times.slice(1));
    }
    const [first, later] = [median(firsts), median(laters)];
    return { first: round(first), later: round(later), share: round(later / first) };
  });
}

async function pagerankPartitioned(folder: string): Promise<FigureResult> {
  const path = join(folder, 'links.txt');
  writeLinks(path, 60_000);
  return withContext({}, async (sc) => {
    const plain = linksOf(sc.textFile(path, 4)).cache();
    const partitioned = linksOf(sc.textFile(path, 4)).partitionBy(4).cache();
    await plain.count();
    await partitioned.count();
    const rankSum = async (links: typeof plain) => Number((await pageRank(links, 5).values().sum()).toFixed(6));
    const results = new Set<number>();
    const times = { plain: [] as number[], partitioned: [] as number[] };
    // Alternating, so that a busy machine meets both.
    for (let run = 0; run < 4; run++) {
      const a = await seconds(async () => results.add(await rankSum(plain)));
      const b = await seconds(async () => results.add(await rankSum(partitioned)));
      if (run === 0) continue;
      times.plain.push(a);
      times.partitioned.push(b);
    }
    const [a, b] = [median(times.plain), median(times.partitioned)];
    return { plain: round(a), partitioned: round(b), faster: round(a / b), equal: results.size === 1, sum: [...results][0] };
  });
}

/** Measured only where they are named: each takes up to two minutes. */
export const figures: readonly Figure[] = [
  { name: 'memory-curve', measure: memoryCurve },
  { name: 'cached-iteration', measure: cachedIteration },
  { name: 'pagerank-partitioned', measure: pagerankPartitioned },
  { name: 'kmeans-kill', measure: kMeansKill },
  { name: 'stream-kill', measure: streamKill },
  { name: 'stream-straggler', measure: streamStraggler },
  { name: 'stream-restart', measure: streamRestart },
];

/** Measures a figure in a folder of its own. */
export async function measureFigure(figure: Figure): Promise<FigureResult> {
  const folder = mkdtempSync(join(tmpdir(), 'figure-'));
  try {
    return await figure.measure(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
