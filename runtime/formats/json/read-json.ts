// Reads tables of JSON: a value a line, in byte ranges, or the elements of an array in one piece.
import { isUtf8 } from 'node:buffer';
import { MillraceError } from '../../base/errors';
import { showElement } from '../../base/show-element';
import { keyText, mostInlined } from '../../columns/row-text';
import type { TextRange } from '../../plan/input-file';
import type { JsonSpec } from '../../plan/table-spec';
import type { Column } from '../../schema/schema';
import { kindText } from '../../schema/schema-text';
import { type Zone, zoneOf } from '../../schema/time-zone';
import { dateOf, timestampOf } from '../csv/field-values';
import { folderValues, plainValue } from '../folder-columns';
import { lineChunks, linesBefore, type NumberedLine, numberedLines } from '../read-lines';
import { contradiction, type NoteBad } from '../table-errors';
import { jsonValues } from './json-values';
import { parseExactly } from './parse-json';
import { QuickRows } from './quick-rows';

/** The column of values that are no objects. */
const valueColumn = 'json';

const rowsPerChunk = 2048;
const newline = 10;
const carriageReturn = 13;

/** Whether a value has fields. */
export const hasFields = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A value that is no object, as a row. */
export const wrapped = (value: unknown): object => ({ [valueColumn]: value });

/** The parts of a file: lines of a range, or values of all of it. */
export function textsOf(spec: Pick<JsonSpec, 'lines'>, range: TextRange): Iterable<NumberedLine> {
  return spec.lines ? numberedLines(range) : jsonValues(range);
}

/** Whether a value is of the type of its column, as far as TypeScript sees; lists and structs are not looked into. */
function fits({ type, nullable }: Column, value: unknown): boolean {
  if (value === null) return nullable || type.kind === 'unknown';
  switch (type.kind) {
    case 'int':
    case 'double':
      return typeof value === 'number';
    case 'bigint':
    case 'boolean':
      return typeof value === type.kind;
    case 'text':
      return typeof value === 'string';
    case 'list':
      return Array.isArray(value);
    case 'struct':
      return typeof value === 'object' && !Array.isArray(value);
    default:
      return true;
  }
}

/** A value as one of its column's type, where that needs making: undefined where it cannot be. */
function makerOf({ type }: Column, zone: Zone): ((value: unknown) => unknown) | undefined {
  switch (type.kind) {
    case 'bigint':
      return (value) =>
        typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : typeof value === 'bigint' ? value : undefined;
    case 'double':
      return (value) => (typeof value === 'bigint' ? Number(value) : typeof value === 'number' ? value : undefined);
    case 'date':
      return (value) => (typeof value === 'string' ? dateOf(value) : undefined);
    case 'timestamp':
      return (value) => (typeof value === 'string' ? timestampOf(value, zone) : undefined);
    case 'decimal':
      return (value) => (typeof value === 'object' || typeof value === 'boolean' ? undefined : String(value));
    case 'text':
      return (value) => (typeof value === 'string' ? value : undefined);
    default:
      return undefined;
  }
}

/** Reads rows of values, and what becomes of those that do not fit. */
class RowReader {
  readonly columns: readonly Column[];
  /** The values of columns that folders name. */
  readonly constants: ReadonlyMap<string, unknown>;
  readonly #spec: JsonSpec;
  readonly #path: string;
  readonly #note: NoteBad;
  readonly #make: (value: object) => object;
  readonly #zone: Zone;
  /** The number of the line that is read. */
  line: () => number = () => 1;

  constructor(spec: JsonSpec, { path }: TextRange, note: NoteBad) {
    this.#spec = spec;
    this.#path = path;
    this.#note = note;
    this.#zone = zoneOf(spec.timeZone);
    const folders = folderValues(path, spec.folders);
    const wanted = spec.wanted && new Set(spec.wanted);
    this.columns = spec.schema.columns.filter(({ name }) => !wanted || wanted.has(name));
    const constant = (column: Column) => {
      const folder = folders.get(column.name);
      return folder === undefined ? [] : ([[column.name, plainValue(column, folder)]] as const);
    };
    this.constants = new Map(this.columns.flatMap(constant));
    this.#make = rowMaker(
      this.columns,
      this.columns.map((column) => this.#converter(column)),
    );
  }

  #converter(column: Column): Convert {
    if (this.constants.has(column.name)) {
      const constant = this.constants.get(column.name);
      return () => constant;
    }
    const fit = this.fitting(column);
    return (value) => {
      const fitted = fit(value);
      return fitted === undefined ? this.#bad(column, value ?? null) : fitted;
    };
  }

  /** A value as one of its column; undefined where it is none. */
  fitting(column: Column): Convert {
    const make = makerOf(column, this.#zone);
    return (value) => {
      const made = value === undefined || value === null ? null : make ? make(value) : value;
      return made !== undefined && fits(column, made) ? made : undefined;
    };
  }

  #bad(column: Column, value: unknown): unknown {
    const { onBadRow, sampled } = this.#spec;
    const wanted = kindText(column.type);
    const better = value === null ? `${wanted} | null` : 'text';
    const error = contradiction({ where: this.#where(), column: column.name, value, wanted, sampled, better });
    if (onBadRow !== 'null') throw error;
    this.#note(1, error.message);
    return null;
  }

  #where(): string {
    return `${this.#path}, line ${this.line()}`;
  }

  /** Adds the row of a text, if it is one. */
  add(text: string, rows: unknown[]): void {
    const { onBadRow } = this.#spec;
    try {
      rows.push(this.#make(this.#rowOf(this.#parsed(text))));
    } catch (e) {
      if (onBadRow === 'fail' || !(e instanceof MillraceError)) throw e;
      if (onBadRow === 'null' && e.code === 'BAD_ROW') rows.push(this.#make({}));
      this.#note(1, e.message);
    }
  }

  /** Some values are no objects: each is the one column of its row. */
  get wraps(): boolean {
    return this.#spec.wraps;
  }

  #rowOf(value: unknown): object {
    if (this.wraps) return wrapped(value);
    if (hasFields(value)) return value;
    if (value === null) return {};
    const reason = `it is no object, as the rows before it are: ${showElement(value)}`;
    throw new MillraceError('BAD_ROW', { where: this.#where(), reason });
  }

  #parsed(text: string): unknown {
    try {
      return parseExactly(text);
    } catch (e) {
      const reason = `${(e as Error).message}: ${showElement(text)}`;
      throw new MillraceError('BAD_ROW', { where: this.#where(), reason });
    }
  }
}

export function* jsonRows(spec: JsonSpec, range: TextRange, note: NoteBad): Generator<unknown[]> {
  const reader = new RowReader(spec, range, note);
  if (spec.lines) return yield* lineRows(reader, range);
  let rows: unknown[] = [];
  for (const value of jsonValues(range)) {
    reader.line = value.line;
    reader.add(value.text, rows);
    if (rows.length < rowsPerChunk) continue;
    yield rows;
    rows = [];
  }
  if (rows.length > 0) yield rows;
}

/** Rows of lines: of their bytes where these are plain, by the general reader where not. */
function* lineRows(reader: RowReader, range: TextRange): Generator<unknown[]> {
  let at = 0;
  let before: number | undefined;
  reader.line = () => {
    before ??= linesBefore(range);
    return before + at;
  };
  const quick = new QuickRows(reader.columns, reader.constants, (column) => reader.fitting(column));
  let rows: unknown[] = [];
  for (const { buffer, from, lastEnd, to } of lineChunks(range)) {
    // Bytes that are no text are read as replacement characters.
    const isText = isUtf8(buffer.subarray(from, lastEnd));
    // A line without a line end has nothing at which the quick reader would stop.
    const quickEnd = to > lastEnd ? lastEnd : buffer.subarray(0, lastEnd).lastIndexOf(newline);
    quick.renew(buffer, to);
    for (let p = from; p <= lastEnd; ) {
      at++;
      const row = isText && p <= quickEnd && !reader.wraps ? quick.row(p) : undefined;
      if (row) {
        rows.push(row);
        p = quick.at;
      } else {
        const end = buffer.subarray(0, lastEnd).indexOf(newline, p);
        const stop = end < 0 ? lastEnd : end;
        const text = buffer.toString('utf8', p, stop > p && buffer[stop - 1] === carriageReturn ? stop - 1 : stop);
        if (text.trim() !== '') reader.add(text, rows);
        p = stop + 1;
      }
      if (rows.length < rowsPerChunk) continue;
      yield rows;
      rows = [];
    }
  }
  if (rows.length > 0) yield rows;
}

type Convert = (value: unknown) => unknown;

/** Rows of one shape: fields that are missing are null. */
function rowMaker(columns: readonly Column[], converts: readonly Convert[]): (value: object) => object {
  if (columns.length > mostInlined) {
    return (value) =>
      Object.fromEntries(
        columns.map(({ name }, i) => [
          name,
          converts[i](Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : null),
        ]),
      );
  }
  const own = (name: string) =>
    name in Object.prototype
      ? `(Object.hasOwn(v,${JSON.stringify(name)})?v[${JSON.stringify(name)}]:null)`
      : `v[${JSON.stringify(name)}]`;
  const fields = columns.map(({ name }, i) => `${keyText(name)}:c${i}(${own(name)})`);
  const names = columns.map((_, i) => `c${i}`).join(',');
  return new Function('C', `"use strict";const [${names}]=C;return (v)=>({${fields.join(',')}})`)(converts) as (
    value: object,
  ) => object;
}
