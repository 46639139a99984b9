// Rows of one shape in memory as columns: numbers in typed arrays, few texts as places, many as bytes; rows are made again where they are read.
import { type Batch, type ColumnData, type Places, rowsOfBatches } from './batch';
import { type StoredLines, storedLines } from './stored-lines';

/** A column of texts as bytes; a row whose byte in `nulls` is 1 has null instead. */
interface StoredTexts {
  readonly kind: 'texts';
  readonly texts: StoredLines;
  readonly nulls?: Uint8Array;
}

type StoredColumn = ColumnData | StoredTexts;

/** Fewer rows are not worth the making. */
const leastRows = 64;
const mostColumns = 64;

/** Rows that are made at a time: few enough to stay in the nursery. */
const rowsAtOnce = 2048;

/** A row has at least so many others with its text where these go by place. */
const rowsPerText = 2;

const columnBytes = 150;

export class StoredRows {
  readonly count: number;
  readonly names: readonly string[];
  /** What they take in memory. */
  readonly bytes: number;
  readonly #columns: readonly StoredColumn[];

  constructor(count: number, names: readonly string[], columns: readonly StoredColumn[]) {
    this.count = count;
    this.names = names;
    this.#columns = columns;
    this.bytes = columns.reduce((sum, column) => sum + columnBytes + bytesOf(column), 0);
  }

  /** The columns of these names, in this order; undefined where there are not all of them. */
  batch(names: readonly string[] = this.names): Batch | undefined {
    const places = names.map((name) => this.names.indexOf(name));
    if (places.includes(-1)) return undefined;
    return { count: this.count, names, columns: places.map((place) => living(this.#columns[place])) };
  }

  /** The rows, some at a time. */
  *rows(): Generator<object[]> {
    const make = makerOf(this.names);
    const batch = this.batch()!;
    for (let from = 0; from < this.count; from += rowsAtOnce) yield make(batch, from, Math.min(this.count, from + rowsAtOnce));
  }
}

const makers = new Map<string, ReturnType<typeof rowsOfBatches>>();
const mostMakers = 200;

/** Rows of the same names have one hidden class, whichever part they come from. */
function makerOf(names: readonly string[]): ReturnType<typeof rowsOfBatches> {
  const key = JSON.stringify(names);
  const known = makers.get(key);
  if (known) return known;
  if (makers.size >= mostMakers) makers.clear();
  const made = rowsOfBatches(names);
  makers.set(key, made);
  return made;
}

function living(column: StoredColumn): ColumnData {
  if (column.kind !== 'texts') return column;
  const values: (string | null)[] = column.texts.rows();
  const { nulls } = column;
  if (nulls) for (let i = 0; i < values.length; i++) if (nulls[i] === 1) values[i] = null;
  return { kind: 'values', values };
}

function bytesOf(column: StoredColumn): number {
  switch (column.kind) {
    case 'texts':
      return column.texts.bytes.length + (column.nulls?.length ?? 0);
    case 'numbers':
      return column.values.byteLength + (column.nulls?.length ?? 0);
    case 'places':
      return column.places.byteLength + column.values.reduce<number>((sum, text) => sum + 24 + String(text).length, 0);
    default:
      return 0;
  }
}

/** Rows as columns; undefined for what are no plain objects with the same fields in the same order, each of numbers, texts or truths, and null. */
export function storedRows(rows: readonly unknown[]): StoredRows | undefined {
  const count = rows.length;
  if (count < leastRows || !isPlain(rows[0])) return undefined;
  const names = Object.keys(rows[0]);
  if (names.length === 0 || names.length > mostColumns || names.includes('__proto__')) return undefined;
  for (let i = 0; i < count; i++) if (!hasShape(rows[i], names)) return undefined;
  const columns: StoredColumn[] = [];
  for (const name of names) {
    const column = columnOf(rows as readonly Record<string, unknown>[], name);
    if (!column) return undefined;
    columns.push(column);
  }
  return new StoredRows(count, names, columns);
}

const isPlain = (row: unknown): row is object =>
  typeof row === 'object' && row !== null && Object.getPrototypeOf(row) === Object.prototype;

function hasShape(row: unknown, names: readonly string[]): boolean {
  if (!isPlain(row)) return false;
  let n = 0;
  for (const name in row) if (name !== names[n++]) return false;
  return n === names.length && Object.getOwnPropertySymbols(row).length === 0;
}

function columnOf(rows: readonly Record<string, unknown>[], name: string): StoredColumn | undefined {
  let first: unknown = null;
  for (let i = 0; first === null && i < rows.length; i++) first = rows[i][name];
  switch (typeof first) {
    case 'number':
      return numbersOf(rows, name);
    case 'string':
      return textsOf(rows, name);
    case 'boolean':
      return placesOf(rows, name, (value) => typeof value === 'boolean', 2);
    default:
      return first === null ? { kind: 'places', places: new Int32Array(rows.length), values: [null] } : undefined;
  }
}

function numbersOf(rows: readonly Record<string, unknown>[], name: string): ColumnData | undefined {
  const count = rows.length;
  const values = new Float64Array(count);
  let nulls: Uint8Array | undefined;
  let isWhole = true;
  for (let i = 0; i < count; i++) {
    const value = rows[i][name];
    if (typeof value === 'number') {
      values[i] = value;
      if (isWhole && ((value | 0) !== value || Object.is(value, -0))) isWhole = false;
    } else if (value === null) {
      nulls ??= new Uint8Array(count);
      nulls[i] = 1;
    } else return undefined;
  }
  return { kind: 'numbers', values: isWhole ? Int32Array.from(values) : values, nulls };
}

function placesOf(
  rows: readonly Record<string, unknown>[],
  name: string,
  isOne: (value: unknown) => boolean,
  most: number,
): ColumnData | undefined {
  const places = new Int32Array(rows.length);
  const values: unknown[] = [];
  const known = new Map<unknown, number>();
  for (let i = 0; i < rows.length; i++) {
    const value = rows[i][name];
    let place = known.get(value);
    if (place === undefined) {
      if ((value !== null && !isOne(value)) || values.length > most) return undefined;
      place = values.length;
      known.set(value, place);
      values.push(value);
    }
    places[i] = place;
  }
  return { kind: 'places', places: narrowed(places, values.length), values };
}

const narrowed = (places: Int32Array, values: number): Places =>
  values <= 256 ? Uint8Array.from(places) : values <= 65_536 ? Uint16Array.from(places) : places;

function textsOf(rows: readonly Record<string, unknown>[], name: string): StoredColumn | undefined {
  const few = placesOf(rows, name, (value) => typeof value === 'string', rows.length / rowsPerText);
  // A text may be a piece of a longer one, all of which it would keep in memory.
  if (few?.kind === 'places')
    return { ...few, values: few.values.map((text) => (typeof text === 'string' ? copied(text) : text)) };
  const texts: string[] = [];
  let nulls: Uint8Array | undefined;
  for (let i = 0; i < rows.length; i++) {
    const value = rows[i][name];
    if (value === null) {
      nulls ??= new Uint8Array(rows.length);
      nulls[i] = 1;
      texts.push('');
    } else if (typeof value === 'string') texts.push(value);
    else return undefined;
  }
  const stored = storedLines(texts);
  return stored && { kind: 'texts', texts: stored, nulls };
}

const copied = (text: string): string => Buffer.from(text, 'utf16le').toString('utf16le');
