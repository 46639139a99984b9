// The fields of rows that are objects: read, and set whatever their names are.
import { MillraceError } from '../../base/errors';
import { showElement } from '../../base/show-element';

export type Row = Readonly<Record<string, unknown>>;

/** The row. Throws NOT_A_ROW for what has no fields. */
export function rowOf(operation: string, row: unknown): Row {
  if (typeof row === 'object' && row !== null && !Array.isArray(row)) return row as Row;
  throw new MillraceError('NOT_A_ROW', { operation, element: showElement(row) });
}

export const isMissing = (value: unknown): value is null | undefined => value === null || value === undefined;

/** A field, whatever its name. */
export function setField(row: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__') Object.defineProperty(row, name, { value, enumerable: true, writable: true, configurable: true });
  else row[name] = value;
}

/** The fields that a key gives the row of its group: its own, or `key`. */
export function keyFields(key: unknown): Record<string, unknown> {
  const hasFields = typeof key === 'object' && key !== null && Object.getPrototypeOf(key) === Object.prototype;
  return hasFields ? { ...(key as Row) } : { key };
}
