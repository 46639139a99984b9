// Chooses what `.plot` draws: a histogram, bars, a line or points. For a large dataset, jobs count and sum its rows.
import { types } from 'node:util';
import { MillraceError, type RDD } from '../../../runtime';
import { inspectLine } from '../../print/inspect-value';
import { axisNumber, type Bar, type LogAxes, type Plot } from '../../print/plot';
import { counted, grouped } from '../../print/safe-text';
import { datasetOf } from '../dataset-of';
import { timeKeys } from '../time-keys';

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
/** Parts of the plane in which a large scatter plot has points. */
const scatterColumns = 400;
const scatterRows = 100;
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

/** What the user wants besides what the value is. */
export interface PlotWishes {
  readonly scatter?: boolean;
  readonly log?: LogAxes;
}

/** Throws BAD_ARGUMENT for a value that cannot be drawn. */
export async function plotData(value: unknown, wishes: PlotWishes = {}): Promise<PlotData> {
  const dataset = datasetOf(value);
  const data = dataset ? await datasetPlot(dataset, wishes) : arrayPlot(value, wishes);
  return wishes.log ? onLogAxes(data, wishes.log) : data;
}

function arrayPlot(value: unknown, { scatter }: PlotWishes): PlotData {
  const rows = rowsOf(value);
  const kind = kindOf(rows ?? []);
  if (!rows || !kind) return refuse(value);
  if (kind === 'numbers') {
    const points = rows.map((y, index) => [index, Number(y)] as const).filter(([, y]) => Number.isFinite(y));
    return points.length > 0 ? line(points, false, `${counted(rows.length, 'number')} by index`, scatter) : refuse(value);
  }
  return kind === 'pairs' ? pairsPlot(rows as Pair[], scatter) : points(rows as Pair[], kind, scatter);
}

/** Bars, in the order of time where the keys are times. Too many dates for bars are a line. */
function pairsPlot(rows: readonly Pair[], scatter?: boolean): PlotData {
  const times = timeKeys(rows.map(([key]) => key));
  if (!times) return bars(rows, rows.length);
  if (times.isDate && (rows.length > mostBars || scatter))
    return points(
      rows.map(([key, y]) => [times.read(key), y]),
      'times',
      scatter,
    );
  const sorted = [...rows].sort((a, b) => times.read(a[0]) - times.read(b[0]));
  return bars(sorted, rows.length);
}

async function datasetPlot(rdd: RDD<unknown>, { scatter }: PlotWishes): Promise<PlotData> {
  const sample = await rdd.take(lookedAt);
  const kind = kindOf(sample);
  if (!kind) return refuse(rdd, sample);
  if (kind === 'numbers') return histogram(rdd as RDD<number>);
  const pairs = rdd as RDD<Pair>;
  const count = await pairs.count();
  const times = kind === 'pairs' ? timeKeys((sample as Pair[]).map(([key]) => key)) : undefined;
  if (times && count <= mostPoints) return pairsPlot(await pairs.collect(), scatter);
  if (kind === 'pairs') return bars(await pairs.top(mostBars, (a, b) => Number(a[1]) - Number(b[1])), count);
  if (count <= mostPoints) return points(await pairs.collect(), kind, scatter);
  return scatter ? scattered(pairs, kind, count) : averaged(pairs, kind, count);
}

/** Leaves out what has no logarithm, and says so. */
function onLogAxes({ plot, title }: PlotData, log: LogAxes): PlotData {
  if (plot.kind === 'bars') return { plot: { ...plot, log: true }, title: `${title}, log scale` };
  const points = plot.points.filter(([x, y]) => !((log.x && x <= 0) || (log.y && y <= 0)));
  const left = plot.points.length - points.length;
  if (points.length === 0)
    throw new MillraceError('BAD_ARGUMENT', {
      operation: '.plot',
      argument: 'every value',
      value: 'at most 0',
      rule: 'above 0 on a log axis',
      remedy: 'Leave out --log.',
    });
  const axes = log.x && log.y ? 'log axes' : `log ${log.x ? 'x' : 'y'} axis`;
  return {
    plot: { ...plot, points, log },
    title: `${title}, ${axes}${left > 0 ? `, without ${left} that ${left === 1 ? 'is' : 'are'} not above 0` : ''}`,
  };
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

function points(rows: readonly Pair[], kind: Kind, scatter = false): PlotData {
  const found = rows
    .map(([x, y]) => [Number(x), Number(y)] as const)
    .filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
  if (found.length === 0) return refuse(rows);
  return line(
    [...found].sort((a, b) => a[0] - b[0]),
    kind === 'times',
    counted(rows.length, 'point'),
    scatter,
  );
}

type Point = readonly [x: number, y: number];

function line(found: readonly Point[], times: boolean, of: string, scatter = false): PlotData {
  const kind = scatter ? 'scatter' : 'line';
  return { plot: { kind, points: found, times }, title: `${scatter ? 'scatter plot' : 'line'} of ${of}` };
}

const numericPairs = (pairs: RDD<Pair>): RDD<[number, number]> =>
  pairs.map(([x, y]) => [Number(x), Number(y)] as [number, number]).filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));

/** A point for each part of the plane that has one: finer than the widest screen. Runs three jobs: two for the ranges, one for the parts. */
async function scattered(pairs: RDD<Pair>, kind: Kind, count: number): Promise<PlotData> {
  const numeric = numericPairs(pairs);
  const [x, y] = [await numeric.map(([a]) => a).stats(), await numeric.map(([, b]) => b).stats()];
  const [x0, y0] = [x.min, y.min];
  const [width, height] = [(x.max - x0) / (scatterColumns - 1) || 1, (y.max - y0) / (scatterRows - 1) || 1];
  const parts = await numeric
    .map(([a, b]) => Math.round((b - y0) / height) * scatterColumns + Math.round((a - x0) / width))
    .distinct()
    .collect();
  const found = parts.map(
    (part) => [x0 + (part % scatterColumns) * width, y0 + Math.floor(part / scatterColumns) * height] as const,
  );
  return line(found, kind === 'times', counted(count, 'point'), true);
}

/** The mean of y in equal parts of the range of x. Runs two jobs: one for the range, one for the sums. */
async function averaged(pairs: RDD<Pair>, kind: Kind, count: number): Promise<PlotData> {
  const numeric = numericPairs(pairs);
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
