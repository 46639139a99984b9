// Makes the content of a live pane from the rows and times of a batch and of earlier batches.
import type { PaneUpdate } from '../../runtime';
import { timeText } from '../../runtime/base/duration';
import { compact, msText } from '../../runtime/base/units';
import type { PaneFailure } from '../../runtime/streaming/graph/display';
import type { PaneModel, PaneRow } from '../contract/pane';
import { inspectLine } from './inspect-value';
import { escapeControls, grouped } from './safe-text';

/** Cells are cut at this width; no real terminal is wider. */
const widestCell = 200;
/** Longer tuples are shown as one value. */
const mostCells = 12;
const trendLength = 60;

const isTuple = (row: unknown): row is unknown[] => Array.isArray(row) && row.length > 0 && row.length <= mostCells;

/** Elements per second: `950/s`, `1.2 k/s`. */
export const rateText = (records: number, ms: number): string => `${compact((records * 1000) / ms)}/s`;

function cellOf(value: unknown): string {
  if (typeof value !== 'number' || !Number.isFinite(value)) return inspectLine(value, widestCell);
  const [whole, part] = inspectLine(value, widestCell).split('.');
  return part === undefined ? signed(whole) : `${signed(whole)}.${part}`;
}

const signed = (digits: string) => (/^-?\d+$/.test(digits) ? digits.replace(/\d+/, grouped) : digits);

/** The number that a row's bar shows: the last number of a tuple, or the row itself. */
function barOf(row: unknown): number | undefined {
  if (typeof row === 'number') return row;
  if (!isTuple(row)) return undefined;
  return row.findLast((cell): cell is number => typeof cell === 'number');
}

function rowOf(row: unknown): PaneRow {
  const value = barOf(row);
  const cells = isTuple(row) ? Array.from(row, cellOf) : [cellOf(row)];
  return value !== undefined && Number.isFinite(value) ? { cells, value } : { cells };
}

/** The numbers of earlier batches with that of a new one. */
export function nextTrend(trend: readonly number[], { records, total }: PaneUpdate): number[] {
  return [...trend, records ?? total].slice(-trendLength);
}

/** Of a pane whose batches fail: why, and since when. */
export const failingText = ({ since, batches, error }: PaneFailure): string =>
  escapeControls(`failing since ${timeText(since)}, ${batches} ${batches === 1 ? 'batch' : 'batches'}: ${error.message}`).slice(
    0,
    widestCell,
  );

/** A pane that has had no figures yet. */
export const emptyPane = ({ stream, options }: PaneFailure, late: string): PaneModel => ({
  title: escapeControls(options.title ?? stream).slice(0, widestCell),
  time: 'no batch yet',
  facts: [],
  late,
  trend: [],
  rows: [],
  numeric: [],
  left: 0,
});

export function paneModel(update: PaneUpdate, time: string, trend: readonly number[]): PaneModel {
  const { rows, records, interval, total, tookMs, delayMs, waiting, batch, options } = update;
  const started = batch.schedulingDelay ?? 0;
  const facts = [
    ...(update.fullFrom === undefined ? [] : [`window not full yet, until ${timeText(update.fullFrom)}`]),
    `${grouped(String(total))} ${total === 1 ? 'row' : 'rows'}`,
    ...(records === undefined ? [] : [rateText(records, interval)]),
    `took ${msText(tookMs)}`,
    `delay ${msText(started)}`,
  ];
  const isLate = waiting > 0 || started > interval;
  const queue = waiting === 0 ? '' : `, ${waiting} ${waiting === 1 ? 'batch waits' : 'batches wait'}`;
  const widest = Math.max(0, ...rows.map((row) => (isTuple(row) ? row.length : 1)));
  const cellAt = (row: unknown, column: number) => (isTuple(row) ? row[column] : column === 0 ? row : undefined);
  const isNumber = (value: unknown) => value === undefined || typeof value === 'number' || typeof value === 'bigint';
  return {
    title: escapeControls(options.title ?? update.stream).slice(0, widestCell),
    time,
    facts,
    late: isLate ? `behind by ${msText(delayMs)}${queue}` : undefined,
    trend,
    rows: rows.map(rowOf),
    numeric: Array.from({ length: widest }, (_, column) => rows.every((row) => isNumber(cellAt(row, column)))),
    left: total - rows.length,
  };
}
