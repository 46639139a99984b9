// What a live pane shows, as plain data: made in the session, where the rows are; drawn in the terminal's process, which knows its size.
import type { PaneUpdate } from '../../runtime';
import { compact, msText } from '../../runtime/base/units';
import { inspectLine } from './inspect';
import { escapeControls, grouped } from './text';

export interface PaneRow {
  /** Already fit for the screen: nothing of a row is obeyed by a terminal. */
  readonly cells: readonly string[];
  /** What the row's bar shows. */
  readonly value?: number;
}

export interface PaneModel {
  readonly title: string;
  /** The time of the batch, such as `12:00:05`. */
  readonly time: string;
  /** How the stream does, the most telling first. */
  readonly facts: readonly string[];
  /** How far it is behind, when it is. */
  readonly late?: string;
  /** Elements of the last batches, the newest last; what the sparkline draws. */
  readonly trend: readonly number[];
  readonly rows: readonly PaneRow[];
  /** Columns of cells that are numbers. */
  readonly numeric: readonly boolean[];
  /** How many rows there are beyond these. */
  readonly left: number;
}

/** A cell is cut here; no terminal that anybody looks at is wider. */
const widestCell = 200;
/** Tuples above this many elements are shown as one value. */
const mostCells = 12;
const trendLength = 60;

const isTuple = (row: unknown): row is unknown[] => Array.isArray(row) && row.length > 0 && row.length <= mostCells;

/** Elements a second: `950/s`, `1.2 k/s`. */
export const rateText = (records: number, ms: number): string => `${compact((records * 1000) / ms)}/s`;

function cellOf(value: unknown): string {
  if (typeof value !== 'number' || !Number.isFinite(value)) return inspectLine(value, widestCell);
  const [whole, part] = inspectLine(value, widestCell).split('.');
  return part === undefined ? signed(whole) : `${signed(whole)}.${part}`;
}

const signed = (digits: string) => (/^-?\d+$/.test(digits) ? digits.replace(/\d+/, grouped) : digits);

/** The last number of a tuple is its bar; a row that is a number is its own. */
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

export function paneModel(update: PaneUpdate, time: string, trend: readonly number[]): PaneModel {
  const { rows, records, interval, total, tookMs, delayMs, waiting, batch, options } = update;
  const started = batch.schedulingDelay ?? 0;
  const facts = [
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
