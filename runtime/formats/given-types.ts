// Checks the values of columns whose type the user gave in place of the file's: Parquet and Arrow give what is in them.
import { type ColumnData, valueAt } from '../columns/batch';
import type { Column, ColumnType, Values } from '../schema/schema';

const decimal = /^-?\d+(?:\.\d+)?$/;
const date = /^[+-]?\d{4,6}-\d\d-\d\d$/;
const time = /^\d\d:\d\d:\d\d(?:\.\d+)?$/;

const isText = (value: unknown, form?: RegExp): boolean => typeof value === 'string' && (form === undefined || form.test(value));

/** What a value of each type is. Types with parts are checked part by part. */
function fits({ type, nullable }: Values, value: unknown): boolean {
  if (value === null || value === undefined) return nullable;
  switch (type.kind) {
    case 'boolean':
      return typeof value === 'boolean';
    case 'int':
      return Number.isInteger(value);
    case 'bigint':
      return typeof value === 'bigint';
    case 'double':
      return typeof value === 'number';
    case 'text':
      return isText(value);
    case 'decimal':
      return isText(value, decimal);
    case 'date':
      return isText(value, date);
    case 'time':
      return isText(value, time);
    case 'timestamp':
      return value instanceof Date;
    case 'bytes':
      return value instanceof Uint8Array;
    default:
      return true;
  }
}

/** Whether what a file has may differ from what its column should be. */
export function isGiven(column: Values, own: Values): boolean {
  return column.type.kind !== own.type.kind || (own.nullable && !column.nullable);
}

/** A type that has room for a value. */
export function betterFor(value: unknown): string {
  if (value instanceof Date) return 'timestamp';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'double';
  return typeof value === 'string' ? 'text' : typeof value;
}

const isPlainNumber = ({ kind }: ColumnType): boolean => kind === 'double' || kind === 'int';

/** The first of some rows whose value does not fit its column; -1 where all do. */
export function misfit(column: Column, data: ColumnData, count: number): number {
  if (
    data.kind === 'numbers' &&
    isPlainNumber(column.type) &&
    (column.type.kind === 'double' || data.values instanceof Int32Array)
  )
    return column.nullable || !data.nulls ? -1 : data.nulls.indexOf(1);
  for (let i = 0; i < count; i++) if (!fits(column, valueAt(data, i))) return i;
  return -1;
}
