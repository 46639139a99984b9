// Makes the content of a live pane from the rows and times of a batch and of earlier batches.
import type { PaneUpdate } from '../../runtime';
import { timeText } from '../../runtime/base/duration';
import { compact, msText } from '../../runtime/base/units';
import type { PaneFailure } from '../../runtime/streaming/graph/display';
import type { PaneModel, PaneRow } from '../contract/pane';
import { isIdentifying } from './number-columns';
import { escapeControls, grouped } from './safe-text';
import { type Column, columnsOf, lay } from './table';

/** Cells are cut at this width; no real terminal is wider. */
const widestCell = 200;
const mostColumns = 12;
const trendLength = 60;

/** Elements per second: `950/s`, `1.2 k/s`. */
export const rateText = (records: number, ms: number): string => `${compact((records * 1000) / ms)}/s`;

type PaneTable = Pick<PaneModel, 'headings' | 'rows' | 'numeric'>;

/** Objects get a column per key, tuples one per element. The bars show the last column of numbers that stand for nothing else. */
function tableOf(rows: readonly unknown[]): PaneTable {
  if (rows.length === 0) return { rows: [], numeric: [] };
  const columns = columnsOf(rows).columns.slice(0, mostColumns);
  const cellsOf = (column: Column) => lay(column, { columns: widestCell });
  const laid = columns.map(cellsOf);
  const bar = laid.findLastIndex(({ name, numeric }) => numeric && !isIdentifying(name));
  if (bar >= 0) laid[bar] = cellsOf({ ...columns[bar], role: 'value' });
  const isNamed = laid.some(({ name }) => name !== undefined && !/^\d+$/.test(name));
  return {
    headings: isNamed ? laid.map(({ name = '' }) => name) : undefined,
    rows: rows.map((_, index) =>
      rowOf(
        laid.map(({ cells }) => cells[index]),
        columns[bar]?.values[index],
      ),
    ),
    numeric: laid.map(({ numeric }) => numeric),
  };
}

const rowOf = (cells: readonly string[], value: unknown): PaneRow =>
  typeof value === 'number' && Number.isFinite(value) ? { cells, value } : { cells };

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
  return {
    title: escapeControls(options.title ?? update.stream).slice(0, widestCell),
    time,
    facts,
    late:
      update.endedAt !== undefined
        ? `ended at ${timeText(update.endedAt)}`
        : isLate
          ? `behind by ${msText(delayMs)}${queue}`
          : undefined,
    trend,
    ...tableOf(rows),
    left: total - rows.length,
  };
}
