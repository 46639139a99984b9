// K-means while an executor is killed: what the loss costs the iteration it happens in, and all others.
import { join } from 'node:path';
import { connect } from '../../cluster/connect';
import type { Context, RDD } from '../../runtime/index';
import { kMeansStep, kMeansSums, plainPoints, type Vector, writePoints } from '../helpers/iterative';
import { lineageBytes } from '../helpers/lineage-bytes';
import { until } from '../helpers/within';

const count = 600_000;
const dimensions = 10;
const pieces = 24;
const clusters = 8;
const iterations = 12;
const fatal = 6;

const startCenters = (): Vector[] =>
  Array.from({ length: clusters }, (_, k) => Array.from({ length: dimensions }, (__, i) => ((k * 37 + i * 11) % 20) / 10 - 1));

/** The process that holds each partition. */
const holders = (points: RDD<Vector>): Promise<number[]> => points.mapPartitions(() => [process.pid]).collect();

interface Run {
  readonly times: number[];
  readonly centers: Vector[];
  readonly lost: number;
  readonly lineage: number;
}

async function run(sc: Context, path: string, kill: boolean): Promise<Run> {
  const points = plainPoints(sc.textFile(path, pieces)).cache();
  let centers = startCenters();
  const times: number[] = [];
  let lost = 0;
  const lineage = lineageBytes(kMeansSums(points, centers));
  for (let i = 1; i <= iterations; i++) {
    const pids = kill && i === fatal ? await holders(points) : [];
    const started = performance.now();
    const step = kMeansStep(points, centers);
    if (pids.length > 0) {
      await until(10_000, () => (sc.progress()?.done ?? 0) > 0, 'the first task of the iteration');
      lost = pids.filter((pid) => pid === pids[0]).length;
      process.kill(pids[0], 'SIGKILL');
    }
    centers = await step;
    times.push((performance.now() - started) / 1000);
  }
  points.unpersist();
  return { times, centers, lost, lineage };
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];
const round = (x: number): number => Number(x.toFixed(3));

/**
 * The ideal of the iteration with the loss: a normal iteration, and the lost share of what the first iteration takes beyond one, for
 * it reads and parses all partitions on the same executors.
 */
export async function kMeansKill(folder: string): Promise<Record<string, unknown>> {
  const path = join(folder, 'points.txt');
  writePoints(path, count, dimensions);
  const sc = await connect('local[2]');
  try {
    // The first run compiles the code; the second one is the judge of the third.
    await run(sc, path, false);
    const calm = await run(sc, path, false);
    const killed = await run(sc, path, true);
    const normal = median(calm.times.slice(1));
    const ideal = normal + (killed.lost / pieces) * (calm.times[0] - normal);
    const others = killed.times.filter((_, i) => i !== 0 && i !== fatal - 1);
    return {
      calm: calm.times.map(round),
      killed: killed.times.map(round),
      lost: `${killed.lost} of ${pieces}`,
      ideal: round(ideal),
      ofIdeal: round(killed.times[fatal - 1] / ideal),
      othersOfNormal: round(median(others) / normal),
      worstOtherOfNormal: round(Math.max(...others) / normal),
      lineageBytes: killed.lineage,
      equal: JSON.stringify(calm.centers) === JSON.stringify(killed.centers),
    };
  } finally {
    await sc.stop();
  }
}
