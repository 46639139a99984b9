// `.show` prints as many rows as requested; `.page` shows a value with no cell cut.

import { defaultSettings } from '../base/settings';
import { htmlTable } from '../print/html-table';
import { inspectWhole } from '../print/inspect-value';
import { type Described, printValue, type ShownTable } from '../print/print-value';
import { recordText } from '../print/record-text';
import { counted, escapeLines } from '../print/safe-text';
import { isRecord } from '../print/value-facts';
import { datasetOf, shownOf } from './dataset-of';
import type { CommandInput, Shown as ShownValue } from './session-local';

const shownRows = 100;
const pagedRows = 10_000;
/** No time limit: Ctrl-C stops the job that gets the rows. */
const anySeconds = 24 * 3_600;
/** Wider than any row in a pager. */
const pageColumns = 20_000;
const longestName = 40;
/** At most this many characters go to the pager. */
const longestText = 20_000_000;

const rowsOf = (words: readonly string[], otherwise: number): number =>
  Number(words.find((word) => /^\d+$/.test(word)) ?? otherwise);

interface Shown {
  readonly rows: number;
  readonly columns: number;
  readonly whole: boolean;
  readonly described: Described | undefined;
  readonly onTable?: (table: ShownTable) => void;
}

function printed({ value, cell, screen }: CommandInput, { rows, columns, ...options }: Shown): Promise<string> {
  const settings = { ...(screen.settings ?? defaultSettings), rows, seconds: anySeconds };
  const name = cell && cell.text.length <= longestName && !cell.text.includes('\n') ? cell.text : undefined;
  return printValue(
    name,
    cell?.result?.type ?? 'unknown',
    shownOf(value),
    { ...screen, columns, settings },
    { rowsAlways: true, ...options },
  );
}

/** `.show`: rows in a table that fits the screen; a string as it is. */
export async function showText(input: CommandInput, described?: Described): Promise<ShownValue> {
  const { columns, rich } = input.screen;
  const plain = textOf(input.value) ?? (await recordsOf(input));
  if (plain !== undefined) return { text: plain };
  let html: string | undefined;
  const onTable = rich ? (table: ShownTable) => (html = htmlTable(table)) : undefined;
  const text = await printed(input, { rows: rowsOf(input.words, shownRows), columns, whole: false, described, onTable });
  return { text, html };
}

/** `.page`: for a pager that scrolls sideways, or for a pipe. */
export async function pageText(input: CommandInput, described?: Described): Promise<string> {
  const text = textOf(input.value);
  if (text !== undefined) return text;
  const rows = rowsOf(input.words, pagedRows);
  const table = await printed(input, { rows, columns: pageColumns, whole: true, described });
  return described || table.includes('\n') ? table : inspectWhole(input.value, input.screen.columns);
}

/** Columns narrower than this show little of their values. */
const narrowColumn = 5;

/** One record a block: where that was asked for, or where a table would leave its columns no room. */
async function recordsOf({ value, words, screen }: CommandInput): Promise<string | undefined> {
  const isAsked = words.includes('-v');
  const dataset = datasetOf(value);
  if (!isAsked && !screen.live) return undefined;
  const most = rowsOf(words, shownRows);
  const first = dataset ? (isAsked ? [] : await dataset.take(1)) : value;
  if (!Array.isArray(first)) return undefined;
  const isWide = isRecord(first[0]) && Object.keys(first[0]).length * narrowColumn > screen.columns;
  if (!isAsked && !isWide) return undefined;
  const rows = dataset ? await dataset.take(most + 1) : first;
  const blocks = rows.slice(0, most).map((row, i) => recordText(row, i + 1, screen.columns));
  return rows.length === 0 ? '(no rows)' : blocks.join('\n') + (rows.length > most ? '\n… more rows' : '');
}

function textOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const rest = value.length - longestText;
  return escapeLines(value.slice(0, longestText)) + (rest > 0 ? `\n… ${counted(rest, 'more character')}` : '');
}
