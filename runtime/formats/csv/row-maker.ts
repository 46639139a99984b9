// Makes the function that turns the fields of a record into a row: an object of one shape, made for the columns that are wanted.

import { keyText, mostInlined } from '../../columns/row-text';
import type { Column } from '../../schema/schema';
import { kindText } from '../../schema/schema-text';
import { type Zone, zoneOf } from '../../schema/time-zone';
import { type FieldText, isEmpty } from './field-text';
import { bigintOf, booleanOf, dateOf, doubleOf, nullTexts, timeOf, timestampOf, wholeOf } from './field-values';
import { isQuoted, type Records } from './records';

/** A value that does not fit its column. */
export class BadField extends Error {
  constructor(
    readonly column: Column,
    readonly value: string | null,
    readonly field: number,
  ) {
    super(kindText(column.type));
  }
}

/** Called for a value that does not fit; throws, or answers what stands in its place. */
type OnBadField = (column: Column, field: number, value: string | null) => unknown;

type Convert = (field: number) => unknown;

/** A column of rows, and its field in the records of a file; -1 where the file has none. */
export interface PlacedColumn {
  readonly column: Column;
  readonly field: number;
  /** A value for all rows of the file, of a column that its folder names. */
  readonly constant?: unknown;
}

/** The text of a field as a value of a type; undefined where it is none. */
function parserOf({ type }: Column, zone: Zone): (text: string) => unknown {
  switch (type.kind) {
    case 'boolean':
      return booleanOf;
    case 'int':
      return wholeOf;
    case 'bigint':
      return bigintOf;
    case 'double':
      return doubleOf;
    case 'decimal':
      return (text) => (doubleOf(text) === undefined ? undefined : text);
    case 'date':
      return dateOf;
    case 'time':
      return timeOf;
    case 'timestamp':
      return (text) => timestampOf(text, zone);
    default:
      return (text) => text;
  }
}

/** The text of one value as a value of a column, for names of folders; undefined where it is none. */
export const valueOfText = (column: Column, text: string, zone: Zone): unknown => parserOf(column, zone)(text);

const digitsOfFast = 15;
const powers = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

/** A plain number of at most 15 digits straight from its bytes; NaN for what needs a closer look. */
function numberOf(buffer: Uint8Array, from: number, to: number, isWhole: boolean): number {
  let p = from;
  const isNegative = buffer[p] === 45;
  if (isNegative) p++;
  if (to - p > digitsOfFast + 1 || p === to) return Number.NaN;
  let n = 0;
  let point = -1;
  for (; p < to; p++) {
    const digit = buffer[p] - 48;
    if (digit >= 0 && digit <= 9) n = n * 10 + digit;
    else if (buffer[p] === 46 && point < 0 && !isWhole) point = p;
    else return Number.NaN;
  }
  const digits = to - from - (isNegative ? 1 : 0) - (point < 0 ? 0 : 1);
  if (digits === 0 || digits > digitsOfFast) return Number.NaN;
  // Both are exact, so their quotient is the nearest number, as for Number(text).
  const value = point < 0 ? n : n / powers[to - point - 1];
  return isNegative ? -value : value;
}

function convertOf(column: Column, records: Records, text: FieldText, zone: Zone, bad: OnBadField): Convert {
  const { type, nullable } = column;
  if (type.kind === 'text' || type.kind === 'unknown')
    return (field) => (isEmpty(records, field) ? (nullable ? null : bad(column, field, null)) : text.of(field));
  const parse = parserOf(column, zone);
  const slow: Convert = (field) => {
    const empty = isEmpty(records, field);
    const written = empty ? '' : text.of(field).trim();
    const isNull = empty || ((records.flags[field] & isQuoted) === 0 && nullTexts.has(written));
    if (isNull) return nullable ? null : bad(column, field, empty ? null : written);
    return parse(written) ?? bad(column, field, text.of(field));
  };
  if (type.kind !== 'int' && type.kind !== 'double') return slow;
  const isWhole = type.kind === 'int';
  return (field) => {
    const n = numberOf(records.buffer, records.starts[field], records.stops[field], isWhole);
    // Not a number, or one whose zero has a sign.
    return n > 0 || n < 0 ? n : n === 0 && !Object.is(n, -0) ? n : slow(field);
  };
}

/** A function that makes the row of the record that was read last. */
export function rowMaker(
  placed: readonly PlacedColumn[],
  records: Records,
  text: FieldText,
  timeZone: string,
  bad: OnBadField,
): () => Record<string, unknown> {
  const zone = zoneOf(timeZone);
  const converts = placed.map(({ column, field, constant }): Convert => {
    if (constant !== undefined) return () => constant;
    if (field < 0) return () => null;
    return convertOf(column, records, text, zone, bad);
  });
  if (placed.length > mostInlined) return inLoop(placed, converts, records);
  const values = placed.map(({ column, field }, i) => {
    const value = field < 0 ? `c${i}(-1)` : `(n>${field}?c${i}(${field}):null)`;
    return `${keyText(column.name)}:${value}`;
  });
  const names = converts.map((_, i) => `c${i}`).join(',');
  const source = `"use strict";const [${names}]=C;return ()=>{const n=R.fields;return{${values.join(',')}}}`;
  return new Function('C', 'R', source)(converts, records) as () => Record<string, unknown>;
}

function inLoop(placed: readonly PlacedColumn[], converts: readonly Convert[], records: Records) {
  return () => {
    const row: Record<string, unknown> = {};
    for (const [i, { column, field }] of placed.entries()) {
      const value = field < 0 ? converts[i](-1) : field < records.fields ? converts[i](field) : null;
      if (column.name === '__proto__')
        Object.defineProperty(row, '__proto__', { value, enumerable: true, configurable: true, writable: true });
      else row[column.name] = value;
    }
    return row;
  };
}
