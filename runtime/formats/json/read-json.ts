// Reads tables of JSON: a value a line, in byte ranges, or the elements of an array in one piece.
import { MillraceError } from '../../base/errors';
import { showElement } from '../../base/show-element';
import type { TextRange } from '../../plan/input-file';
import type { JsonSpec } from '../../plan/table-spec';
import type { Column } from '../../schema/schema';
import { kindText } from '../../schema/schema-text';
import { dateOf, timestampOf } from '../csv/field-values';
import { folderValues, plainValue } from '../folder-columns';
import { type NumberedLine, numberedLines } from '../read-lines';
import { keyText, mostInlined } from '../rows-of-columns';
import { contradiction, type NoteBad } from '../table-errors';
import { Zone } from '../time-text';
import { jsonValues } from './json-values';
import { parseExactly } from './parse-json';

/** The column of values that are no objects. */
const valueColumn = 'json';

const rowsPerChunk = 2048;

/** What a row of a table of JSON is: an object, or an object with one field for another value. */
export const asRow = (value: unknown): object =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : { [valueColumn]: value };

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

export function* jsonRows(spec: JsonSpec, range: TextRange, note: NoteBad): Generator<unknown[]> {
  const { path } = range;
  const folders = folderValues(path, spec.folders);
  const wanted = spec.wanted && new Set(spec.wanted);
  const columns = spec.schema.columns.filter(({ name }) => !wanted || wanted.has(name));
  const zone = new Zone(spec.timeZone);
  let current: NumberedLine | undefined;
  const where = () => `${path}, line ${current?.line() ?? 1}`;
  const converts = columns.map((column) => {
    const folder = folders.get(column.name);
    if (folder !== undefined) {
      const constant = plainValue(column, folder);
      return () => constant;
    }
    const make = makerOf(column, zone);
    return (value: unknown): unknown => {
      const found = value === undefined || value === null ? null : make ? make(value) : value;
      if (found !== undefined && fits(column, found)) return found;
      return bad(column, value ?? null);
    };
  });
  const bad = (column: Column, value: unknown): unknown => {
    const wantedKind = kindText(column.type);
    const better = value === null ? `${wantedKind} | null` : 'text';
    const error = contradiction({
      where: where(),
      column: column.name,
      value,
      wanted: wantedKind,
      sampled: spec.sampled,
      better,
    });
    if (spec.onBadRow !== 'null') throw error;
    note(1, error.message);
    return null;
  };
  const make = rowMaker(columns, converts);
  let rows: unknown[] = [];
  for (const value of textsOf(spec, range)) {
    current = value;
    try {
      rows.push(make(asRow(parsed(value.text, where))));
    } catch (e) {
      if (spec.onBadRow === 'fail' || !(e instanceof MillraceError)) throw e;
      if (spec.onBadRow === 'null' && e.code === 'BAD_ROW') rows.push(make({}));
      note(1, e.message);
      continue;
    }
    if (rows.length >= rowsPerChunk) {
      yield rows;
      rows = [];
    }
  }
  if (rows.length > 0) yield rows;
}

function parsed(text: string, where: () => string): unknown {
  try {
    return parseExactly(text);
  } catch (e) {
    const reason = `${(e as Error).message}: ${showElement(text)}`;
    throw new MillraceError('BAD_ROW', { where: where(), reason });
  }
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
