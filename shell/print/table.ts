// Shows rows as a table that fits the screen: objects by key, tuples by index, with a row of types; numbers align right.
import { types } from 'node:util';
import { className, inspectLine, inspectWholeLine, isRecord, numberText } from './inspect-value';
import { cut, escapeControls, grouped, pad, paint, widthOf } from './safe-text';

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

interface Column {
  /** Undefined for rows that are not records: they have no name. */
  readonly name?: string;
  readonly values: readonly unknown[];
}

interface Laid {
  readonly name?: string;
  readonly type: string;
  readonly cells: readonly string[];
  readonly numeric: boolean;
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

interface Columns {
  readonly columns: readonly Column[];
  /** Columns that are only counted. */
  readonly further: number;
}

function columnsOf(rows: readonly unknown[], names?: readonly string[]): Columns {
  if (areTuples(rows)) {
    const indexes = Array.from(rows[0].keys());
    return {
      columns: indexes.map((index) => ({ name: names?.[index] ?? String(index), values: rows.map((row) => own(row, index)) })),
      further: 0,
    };
  }
  if (rows.every(isRecord)) {
    const keys = new Set<string>();
    for (const row of rows) for (const key of Object.keys(row)) keys.add(key);
    const shown = Array.from(keys).slice(0, maxColumns);
    if (shown.length > 0) {
      const columns = shown.map((key) => ({ name: key, values: rows.map((row) => own(row as object, key)) }));
      return { columns, further: keys.size - shown.length };
    }
  }
  return { columns: [{ values: rows }], further: 0 };
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

/** Separates thousands before the decimal point; numbers with an exponent stay as they are. */
function groupedNumber(value: number | bigint): string {
  const text = typeof value === 'bigint' ? inspectLine(value, 4_000).replace(/n$/, '') : numberText(value);
  const match = /^(-?)(\d+)(\.\d+)?$/.exec(text);
  return match ? match[1] + grouped(match[2]) + (match[3] ?? '') : text;
}

const isNumeric = (value: unknown) => typeof value === 'number' || typeof value === 'bigint';

function cellText(value: unknown, columns: number, whole: boolean): string {
  if (value === absent) return '';
  if (value === accessor) return '[getter]';
  if (typeof value === 'number' || typeof value === 'bigint') return groupedNumber(value);
  return whole ? inspectWholeLine(value) : inspectLine(value, columns);
}

/** Longer fractions are not padded to align their points. */
const widestFraction = 18;

/** Aligns numbers at their decimal points, unless a cell has an exponent or is no number. */
function alignedAtPoint(cells: readonly string[]): readonly string[] {
  const fractions = cells.map((cell) => (/\de/.test(cell) ? Number.NaN : (/^-?[\d ]+(\.\d+)$/.exec(cell)?.[1].length ?? 0)));
  const longest = Math.max(...fractions);
  if (!(longest > 0 && longest <= widestFraction)) return cells;
  return cells.map((cell, index) => cell + ' '.repeat(longest - fractions[index]));
}

function lay(column: Column, { columns, whole = false }: TableScreen): Laid {
  const name = column.name === undefined ? undefined : cut(escapeControls(column.name.slice(0, columns * 4)), columns);
  const type = columnType(column.values);
  const plain = column.values.map((value) => cellText(value, columns, whole));
  const present = column.values.filter((value) => value !== absent && value !== null && value !== undefined);
  const numeric = present.length > 0 && present.every(isNumeric);
  const cells = numeric ? alignedAtPoint(plain) : plain;
  const width = Math.max(1, ...[name ?? '', type, ...cells].map(widthOf));
  return { name, type, cells, numeric, width };
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

/**
 * The rows as lines: names, types, a rule, one line per row. Objects get a column per key of any row, tuples numbered columns (or
 * `names`), other values one column. Columns that do not fit are named below.
 */
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
    shown.some(({ cells }, index) => cells.some((cell) => isCutCell(cell) || widthOf(cell) > widths[index]));
  return { text: lines.join('\n'), isCut };
}

/** The text of `tableOf`. */
export const renderTable = (rows: readonly unknown[], screen: TableScreen, names?: readonly string[]): string =>
  tableOf(rows, screen, names).text;

const isCutCell = (cell: string) => cell.endsWith('…') || cell.includes('… ');

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
