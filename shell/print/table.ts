// Shows rows as a table that fits the screen: objects by key, tuples by index, with a row of types; numbers align right.
import { types } from 'node:util';
import { inspectCell, inspectWholeLine } from './inspect-value';
import { areAmounts, isNumeric, numberCell, type Role } from './number-columns';
import { cut, escapeControls, grouped, pad, paint, widthOf } from './safe-text';
import { className, extraKeys, isRecord } from './value-facts';

export interface TableScreen {
  readonly columns: number;
  readonly color: boolean;
  /** Cuts no cell; `columns` limits only names. */
  readonly whole?: boolean;
}

/** The narrowest cell; below this width, whole columns are left out instead. */
const minColumn = 8;
/** Arrays of one length and at most this many elements are tuples, longer ones values. */
const maxTuple = 24;
/** Columns that are read; further ones are only counted. */
const maxColumns = 64;

const gap = ' │ ';

export interface Column {
  /** Undefined for rows that are not records: they have no name. */
  readonly name?: string;
  readonly role: Role;
  readonly values: readonly unknown[];
}

export interface Laid {
  readonly name?: string;
  readonly type: string;
  readonly cells: readonly string[];
  readonly numeric: boolean;
  /** Whether a part of a value is too deep to be shown. */
  readonly isCut: boolean;
  readonly width: number;
}

/** Stands for a key that a row lacks. */
const absent = Symbol('absent');

/** Whether all rows are objects, or all are tuples of one length, so that a table is worth it. */
export function areRecords(rows: readonly unknown[]): boolean {
  return rows.length > 0 && (rows.every(isRecord) || areTuples(rows));
}

function areTuples(rows: readonly unknown[]): rows is readonly unknown[][] {
  const first = rows[0];
  if (!isArray(first) || first.length === 0 || first.length > maxTuple) return false;
  return rows.every((row) => isArray(row) && row.length === first.length);
}

const isArray = (value: unknown): value is unknown[] => Array.isArray(value) && !types.isProxy(value);

/** The value of an own property, without running code: an accessor gives `accessor`. */
function own(row: object, key: PropertyKey): unknown {
  const descriptor = Object.getOwnPropertyDescriptor(row, key);
  if (!descriptor) return absent;
  return 'value' in descriptor ? descriptor.value : accessor;
}
const accessor = Symbol('getter');

export interface Columns {
  readonly columns: readonly Column[];
  /** Columns that are only counted. */
  readonly further: number;
}

/** Objects get a column per key of any row, tuples numbered columns (or `names`), other values one column. */
export function columnsOf(rows: readonly unknown[], names?: readonly string[]): Columns {
  if (areTuples(rows)) return columnsOfTuples(rows, names);
  if (rows.every(isRecord)) {
    const { columns, further } = columnsOfKeys(rows, Object.keys);
    if (columns.length > 0) return { columns, further };
  }
  return { columns: [{ role: 'other', values: rows }], further: 0 };
}

/** What tuples have besides their elements, such as the `index` of a match, follows where it has a value. */
function columnsOfTuples(rows: readonly unknown[][], names?: readonly string[]): Columns {
  const indexes = Array.from(rows[0].keys());
  const role = (index: number): Role =>
    indexes.length === 1 ? 'other' : index === 0 ? 'key' : indexes.length === 2 ? 'value' : 'other';
  const elements = indexes.map((index) => ({
    name: names?.[index] ?? String(index),
    role: role(index),
    values: rows.map((row) => own(row, index)),
  }));
  const { columns, further } = columnsOfKeys(rows, extraKeys);
  const extra = columns.filter(({ values }) => values.some((value) => value !== undefined && value !== absent));
  return { columns: [...elements, ...extra], further };
}

function columnsOfKeys<T extends object>(rows: readonly T[], keysOf: (row: T) => readonly string[]): Columns {
  const keys = new Set<string>();
  for (const row of rows) for (const key of keysOf(row)) keys.add(key);
  const shown = Array.from(keys).slice(0, maxColumns);
  const columns = shown.map((name) => ({ name, role: 'other' as const, values: rows.map((row) => own(row, name)) }));
  return { columns, further: keys.size - shown.length };
}

/** The type of a value, as a name. */
function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (value === accessor) return 'getter';
  if (typeof value === 'function') return 'function';
  if (typeof value !== 'object') return typeof value;
  if (types.isProxy(value)) return 'proxy';
  if (Array.isArray(value)) return `${value.length > 0 ? elementType(value) : 'unknown'}[]`;
  const name = className(value);
  return name === '' || name === 'Object' ? 'object' : name;
}

function elementType(array: readonly unknown[]): string {
  const first = Array.from({ length: Math.min(array.length, maxTuple) }, (_, index) => own(array, index));
  const kinds = new Set(first.map((value) => (isArray(value) ? 'array' : value === absent ? 'undefined' : typeOf(value))));
  return kinds.size === 1 ? [...kinds][0] : 'unknown';
}

function columnType(values: readonly unknown[]): string {
  const present = values.filter((value) => value !== absent);
  const kinds = Array.from(new Set(present.map(typeOf)));
  const text = kinds.length > 3 ? `${kinds.slice(0, 3).join(' | ')} | …` : kinds.join(' | ');
  return present.length < values.length ? `${kinds.length > 1 ? `(${text})` : text}?` : text;
}

interface Cell {
  readonly text: string;
  readonly isCut?: boolean;
}

function cellOf(value: unknown, columns: number, whole: boolean, isAmount: boolean): Cell {
  if (value === absent) return { text: '' };
  if (value === accessor) return { text: '[getter]' };
  if (isNumeric(value)) return { text: numberCell(value, isAmount) };
  if (whole) return { text: inspectWholeLine(value) };
  const { text, deeper } = inspectCell(value, columns);
  return { text, isCut: deeper !== undefined || isCutText(text) };
}

const isCutText = (text: string) => text.endsWith('…') || text.includes('… ');

/** Longer fractions are not padded to align their points. */
const widestFraction = 18;

/** Aligns numbers at their decimal points, unless a cell has an exponent or is no number. */
function alignedAtPoint(cells: readonly string[]): readonly string[] {
  const fractions = cells.map((cell) => (/\de/.test(cell) ? Number.NaN : (/^-?[\d ]+(\.\d+)$/.exec(cell)?.[1].length ?? 0)));
  const longest = Math.max(...fractions);
  if (!(longest > 0 && longest <= widestFraction)) return cells;
  return cells.map((cell, index) => cell + ' '.repeat(longest - fractions[index]));
}

/** The cells of a column as texts, numbers aligned. */
export function lay(column: Column, { columns, whole = false }: Pick<TableScreen, 'columns' | 'whole'>): Laid {
  const name = column.name === undefined ? undefined : cut(escapeControls(column.name.slice(0, columns * 4)), columns);
  const type = columnType(column.values);
  const isAmount = areAmounts(column.values, column.name, column.role);
  const shown = column.values.map((value) => cellOf(value, columns, whole, isAmount));
  const plain = shown.map(({ text }) => text);
  const present = column.values.filter((value) => value !== absent && value !== null && value !== undefined);
  const numeric = present.length > 0 && present.every(isNumeric);
  const cells = numeric ? alignedAtPoint(plain) : plain;
  const width = Math.max(1, ...[name ?? '', type, ...cells].map(widthOf));
  return { name, type, cells, numeric, isCut: shown.some(({ isCut }) => isCut), width };
}

/** Widths with which the columns fit: the widest are cut first; if that is not enough, the last are left out. */
function fitted(natural: readonly number[], columns: number): number[] {
  for (let count = natural.length; count > 1; count--) {
    const space = columns - 1 - gap.length * (count - 1);
    const widths = shared(natural.slice(0, count), space);
    if (widths) return widths;
  }
  return [Math.max(1, Math.min(natural[0], columns - 1))];
}

/** Cuts widths to a common level at which the sum fits; undefined if that is too narrow to read. */
function shared(natural: readonly number[], space: number): number[] | undefined {
  let left = space;
  let level = 0;
  const ascending = [...natural].sort((a, b) => a - b);
  for (const [index, width] of ascending.entries()) {
    level = Math.floor(left / (ascending.length - index));
    if (width > level) break;
    left -= width;
    level = width;
  }
  if (natural.some((width) => width > level && level < minColumn)) return undefined;
  return natural.map((width) => Math.min(width, level));
}

export interface Table {
  /** Without a last newline. */
  readonly text: string;
  /** Whether a cell is cut or a column is missing. */
  readonly isCut: boolean;
}

/** The rows as lines: names, types, a rule, one line per row. Columns that do not fit are named below. */
export function tableOf(rows: readonly unknown[], screen: TableScreen, names?: readonly string[]): Table {
  const { columns, further } = columnsOf(rows, names);
  const laid = columns.map((column) => lay(column, screen));
  const natural = laid.map((column) => column.width);
  const widths = screen.whole ? natural : fitted(natural, screen.columns);
  const shown = laid.slice(0, widths.length);
  const colors = paint(screen.color);
  const bar = colors.dim(gap);

  const line = (texts: readonly string[], style: (text: string) => string, end = true) => {
    const cells = texts.map((text, index) => {
      const { numeric } = shown[index];
      const fit = cut(text, widths[index]);
      const last = index === texts.length - 1 && end && !numeric;
      return style(last ? fit : pad(fit, widths[index], numeric));
    });
    return ` ${cells.join(bar)}`.trimEnd();
  };

  const lines: string[] = [];
  if (shown.some((column) => column.name !== undefined)) lines.push(line(headings(shown), colors.bold));
  lines.push(
    line(
      shown.map((column) => column.type),
      colors.dim,
    ),
  );
  lines.push(colors.dim(rule(widths, screen.columns)));
  for (const index of rows.keys())
    lines.push(
      line(
        shown.map((column) => column.cells[index]),
        (text) => text,
      ),
    );
  const left = laid.slice(widths.length).map((column) => column.name ?? '');
  if (left.length + further > 0) lines.push(colors.dim(leftOut(left, further, screen.columns)));
  const isCut =
    left.length + further > 0 ||
    shown.some(({ cells, isCut }, index) => isCut || cells.some((cell) => widthOf(cell) > widths[index]));
  return { text: lines.join('\n'), isCut };
}

/** The text of `tableOf`. */
export const renderTable = (rows: readonly unknown[], screen: TableScreen, names?: readonly string[]): string =>
  tableOf(rows, screen, names).text;

const headings = (shown: readonly Laid[]) => shown.map((column) => column.name ?? '');

function rule(widths: readonly number[], columns: number): string {
  const parts = widths.map((width) => '─'.repeat(width));
  // One more dash ends the rule if there is room.
  const line = `─${parts.join('─┼─')}`;
  return widthOf(line) < columns ? `${line}─` : line;
}

function leftOut(names: readonly string[], further: number, columns: number): string {
  const count = names.length + further;
  return cut(` … ${grouped(String(count))} more column${count === 1 ? '' : 's'}: ${names.join(', ')}`, columns);
}
