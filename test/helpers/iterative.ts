// The iterative programs of the RDD paper's evaluation, as the bench measures them and as tests check their results.
import { closeSync, openSync, writeSync } from 'node:fs';
import type { RDD } from '../../runtime/index';

export type Vector = number[];
export type Links = RDD<[string, string[]]>;

const linesAtOnce = 10_000;

function writeLines(path: string, n: number, line: (i: number) => string): void {
  const file = openSync(path, 'w');
  for (let from = 0; from < n; from += linesAtOnce) {
    const count = Math.min(linesAtOnce, n - from);
    writeSync(file, Array.from({ length: count }, (_, i) => `${line(from + i)}\n`).join(''));
  }
  closeSync(file);
}

/** A file of `n` points, a line each: the label 1 or -1, then `dimensions` numbers around it. The same ones each time. */
export function writePoints(path: string, n: number, dimensions: number): void {
  writeLines(path, n, (i) => {
    const label = i % 2 === 0 ? -1 : 1;
    const x = Array.from({ length: dimensions }, (_, j) => (((i * 7919 + j * 104729) % 1009) / 1009 + label * 0.7).toFixed(4));
    return `${label} ${x.join(' ')}`;
  });
}

/** A file of pages, a line each: a page and the pages it links to. Most links stay within the page's site of 50 pages, as on the web. */
export function writeLinks(path: string, pages: number): void {
  const url = (page: number) => `http://site-${Math.floor(page / 50)}.example.org/page/${page % 50}.html`;
  writeLines(path, pages, (i) => {
    const targets = Array.from({ length: 10 + (i % 21) }, (_, j) =>
      url(j % 8 === 0 ? (i * 31 + j * 7919) % pages : Math.min(pages - 1, i - (i % 50) + ((i * 7 + j * 11) % 50))),
    );
    return [url(i), ...new Set(targets)].join(' ');
  });
}

export interface Labelled {
  readonly x: Vector;
  readonly y: number;
}

/** The points of a file of `writePoints`, with their labels. */
export const labelledPoints = (lines: RDD<string>): RDD<Labelled> =>
  lines.map((line) => {
    const fields = line.split(' ');
    const x: Vector = [];
    for (let i = 1; i < fields.length; i++) x.push(Number(fields[i]));
    return { x, y: Number(fields[0]) };
  });

/** The same as plain vectors. */
export const plainPoints = (lines: RDD<string>): RDD<Vector> =>
  lines.map((line) => {
    const fields = line.split(' ');
    const x: Vector = [];
    for (let i = 1; i < fields.length; i++) x.push(Number(fields[i]));
    return x;
  });

/** One iteration of logistic regression by gradient descent: the next weights. */
export async function logisticStep(points: RDD<Labelled>, w: Vector, count: number): Promise<Vector> {
  const gradient = await points
    .map(({ x, y }) => {
      let dot = 0;
      for (let i = 0; i < w.length; i++) dot += w[i] * x[i];
      const scale = (1 / (1 + Math.exp(-y * dot)) - 1) * y;
      const out = x.slice();
      for (let i = 0; i < out.length; i++) out[i] *= scale;
      return out;
    })
    .reduce((a, b) => {
      const out = a.slice();
      for (let i = 0; i < out.length; i++) out[i] += b[i];
      return out;
    });
  return w.map((v, i) => v - gradient[i] / count);
}

/** The sums and counts of the points next to each center: one iteration of k-means, as a dataset. */
export const kMeansSums = (points: RDD<Vector>, centers: readonly Vector[]): RDD<[number, Vector]> =>
  points
    .map((p) => {
      let best = 0;
      let least = Number.POSITIVE_INFINITY;
      for (let k = 0; k < centers.length; k++) {
        const center = centers[k];
        let squares = 0;
        for (let i = 0; i < p.length; i++) squares += (p[i] - center[i]) * (p[i] - center[i]);
        if (squares < least) {
          least = squares;
          best = k;
        }
      }
      return [best, p.concat(1)] as [number, Vector];
    })
    .reduceByKey((a, b) => {
      const sum = a.slice();
      for (let i = 0; i < sum.length; i++) sum[i] += b[i];
      return sum;
    });

/** The next centers; one that no point is next to stays. */
export async function kMeansStep(points: RDD<Vector>, centers: readonly Vector[]): Promise<Vector[]> {
  const sums = await kMeansSums(points, centers).collectAsMap();
  return centers.map((center, k) => {
    const sum = sums.get(k);
    return sum ? center.map((_, i) => sum[i] / sum[center.length]) : center;
  });
}

/** The links of a file of `writeLinks`. */
export const linksOf = (lines: RDD<string>): Links =>
  lines.map((line) => {
    const [page, ...targets] = line.split(' ');
    return [page, targets] as [string, string[]];
  });

/** The ranks after some iterations; where the links are partitioned, only the ranks move. */
export function pageRank(links: Links, iterations: number): RDD<[string, number]> {
  let ranks: RDD<[string, number]> = links.mapValues(() => 1);
  for (let i = 0; i < iterations; i++) {
    ranks = links
      .join(ranks)
      .flatMap(([, [targets, rank]]) => targets.map((page) => [page, rank / targets.length] as [string, number]))
      .reduceByKey((a, b) => a + b)
      .mapValues((sum) => 0.15 + 0.85 * sum);
  }
  return ranks;
}
