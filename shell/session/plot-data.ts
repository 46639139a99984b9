// Chooses what `.plot` draws: a histogram, bars or a line. For a large dataset, jobs count and sum its rows.
import { types } from 'node:util';
import { MillraceError, RDD } from '../../runtime';
import { inspectLine } from '../print/inspect-value';
import { axisNumber, type Bar, type Plot } from '../print/plot';
import { counted, grouped } from '../print/safe-text';

export interface PlotData {
  readonly plot: Plot;
  /** Names the drawing: `histogram of 1 000 rows`. */
  readonly title: string;
}

const buckets = 20;
const mostBars = 20;
/** A line of at most this many points draws each; more are averaged into `lineBins`. */
const mostPoints = 5_000;
const lineBins = 400;
const lookedAt = 50;
const longestLabel = 60;

type Pair = readonly [unknown, number];
type Kind = 'numbers' | 'pairs' | 'points' | 'times';

const isNumber = (value: unknown): value is number => typeof value === 'number' || typeof value === 'bigint';

/** The common kind of all rows; undefined if they cannot be drawn. */
function kindOf(rows: readonly unknown[]): Kind | undefined {
  if (rows.length === 0) return undefined;
  if (rows.every(isNumber)) return 'numbers';
  const arePairs = rows.every((row) => Array.isArray(row) && !types.isProxy(row) && row.length === 2 && isNumber(row[1]));
  if (!arePairs) return undefined;
  const keys = (rows as Pair[]).map(([key]) => key);
  if (keys.every((key) => types.isDate(key))) return 'times';
  return keys.every(isNumber) ? 'points' : 'pairs';
}

/** Throws BAD_ARGUMENT for a value that cannot be drawn. */
export async function plotData(value: unknown): Promise<PlotData> {
  if (value instanceof RDD) return datasetPlot(value);
  const rows = rowsOf(value);
  const kind = kindOf(rows ?? []);
  if (!rows || !kind) return refuse(value);
  if (kind === 'numbers') {
    const points = rows.map((y, index) => [index, Number(y)] as const).filter(([, y]) => Number.isFinite(y));
    return points.length > 0 ? line(points, false, `${counted(rows.length, 'number')} by index`) : refuse(value);
  }
  if (kind === 'pairs') return bars(rows as Pair[], rows.length);
  return points(rows as Pair[], kind);
}

async function datasetPlot(rdd: RDD<unknown>): Promise<PlotData> {
  const sample = await rdd.take(lookedAt);
  const kind = kindOf(sample);
  if (!kind) return refuse(rdd, sample);
  if (kind === 'numbers') return histogram(rdd as RDD<number>);
  const pairs = rdd as RDD<Pair>;
  const count = await pairs.count();
  if (kind === 'pairs') return bars(await pairs.top(mostBars, (a, b) => Number(a[1]) - Number(b[1])), count);
  if (count <= mostPoints) return points(await pairs.collect(), kind);
  return averaged(pairs, kind, count);
}

async function histogram(rdd: RDD<number>): Promise<PlotData> {
  const numbers = rdd.map((x) => Number(x)).filter((x) => Number.isFinite(x));
  const { edges, counts } = await numbers.histogram(buckets);
  const drawn = counts.map((value, index) => ({ label: `${axisNumber(edges[index])} – ${axisNumber(edges[index + 1])}`, value }));
  const total = counts.reduce((a, b) => a + b, 0);
  return { plot: { kind: 'bars', bars: drawn }, title: `histogram of ${counted(total, 'number')}` };
}

function bars(rows: readonly Pair[], count: number): PlotData {
  const shown = rows.length > mostBars ? [...rows].sort((a, b) => Number(b[1]) - Number(a[1])).slice(0, mostBars) : rows;
  const drawn: Bar[] = shown.map(([key, value]) => ({
    label: typeof key === 'string' ? key : inspectLine(key, longestLabel),
    value: Number(value),
  }));
  const title = count > shown.length ? `the ${shown.length} largest of ${grouped(String(count))} rows` : counted(count, 'row');
  return { plot: { kind: 'bars', bars: drawn }, title };
}

function points(rows: readonly Pair[], kind: Kind): PlotData {
  const found = rows
    .map(([x, y]) => [Number(x), Number(y)] as const)
    .filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
  if (found.length === 0) return refuse(rows);
  return line(
    [...found].sort((a, b) => a[0] - b[0]),
    kind === 'times',
    counted(rows.length, 'point'),
  );
}

type Point = readonly [x: number, y: number];

function line(found: readonly Point[], times: boolean, of: string): PlotData {
  return { plot: { kind: 'line', points: found, times }, title: `line of ${of}` };
}

/** The mean of y in equal parts of the range of x. Runs two jobs: one for the range, one for the sums. */
async function averaged(pairs: RDD<Pair>, kind: Kind, count: number): Promise<PlotData> {
  const numeric = pairs
    .map(([x, y]) => [Number(x), Number(y)] as [number, number])
    .filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
  const { min, max } = await numeric.map(([x]) => x).stats();
  const width = (max - min) / lineBins || 1;
  const sums = await numeric
    .map(([x, y]) => [Math.min(lineBins - 1, Math.floor((x - min) / width)), [y, 1]] as [number, [number, number]])
    .reduceByKey((a, b) => [a[0] + b[0], a[1] + b[1]] as [number, number])
    .collect();
  const means = sums.map(([bin, [sum, n]]) => [min + (bin + 0.5) * width, sum / n] as const).sort((a, b) => a[0] - b[0]);
  return line(means, kind === 'times', `${grouped(String(count))} points, averaged in ${means.length} parts`);
}

function rowsOf(value: unknown): readonly unknown[] | undefined {
  if (typeof value !== 'object' || value === null || types.isProxy(value)) return undefined;
  if (Array.isArray(value)) return value;
  if (types.isMap(value)) return [...value];
  if (types.isTypedArray(value)) return Array.from(value as Iterable<unknown>);
  const { edges, counts } = value as { edges?: unknown; counts?: unknown };
  if (Array.isArray(edges) && Array.isArray(counts) && edges.length === counts.length + 1)
    return counts.map((n, index) => [`${axisNumber(edges[index])} – ${axisNumber(edges[index + 1])}`, n]);
  const entries = Object.entries(value);
  return entries.length > 0 && entries.every(([, held]) => isNumber(held)) ? entries : undefined;
}

function refuse(value: unknown, sample?: readonly unknown[]): never {
  const shown =
    sample === undefined
      ? inspectLine(value, longestLabel)
      : sample.length === 0
        ? 'empty'
        : inspectLine(sample[0], longestLabel);
  throw new MillraceError('BAD_ARGUMENT', {
    operation: '.plot',
    argument: sample === undefined || sample.length === 0 ? 'its value' : 'the first row',
    value: shown,
    rule: 'numbers, or pairs [key, number]',
    remedy: 'Map to what is to be drawn: .plot visits.map(v => [v.page, v.count])',
  });
}
