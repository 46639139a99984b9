// Errors about rows and values of tables: each with its file, its line or row, and the ways out.
import { MillraceError } from '../base/errors';
import { showElement } from '../base/show-element';

/** Throws UNREADABLE_TABLE. */
export function notATable(path: string, format: string, reason: string, remedy: string): never {
  throw new MillraceError('UNREADABLE_TABLE', { path, format, reason, remedy });
}

/** What a task is told of rows that were left out, or in which a value was. */
export type NoteBad = (count: number, first: string) => void;

export interface Contradiction {
  /** The file, and where in it: `flights.csv, line 7`. */
  readonly where: string;
  readonly column: string;
  /** The text, or the value, as it stands in the file. */
  readonly value: unknown;
  /** What it should be. */
  readonly wanted: string;
  /** Rows from which that was inferred. */
  readonly sampled: number | undefined;
  /** A type that has room for it. */
  readonly better: string;
}

/** A value that contradicts the type of its column. */
export function contradiction({ where, column, value, wanted, sampled, better }: Contradiction): MillraceError {
  const name = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(column) ? column : JSON.stringify(column);
  const types = `{ types: { ${name}: '${better}' } }`;
  const rule = sampled === undefined ? 'as its type says' : `as in the first ${sampled} rows`;
  const remedy =
    sampled === undefined
      ? `Give the column another type: ${types}. onBadRow: 'skip' or 'null' goes on without such rows or values.`
      : `Have all rows looked at for the types, { sample: 'all' }, or give the type: ${types}. onBadRow: 'skip' or 'null' goes on without such rows or values.`;
  return new MillraceError('BAD_VALUE', { where, column, value: showElement(value), wanted, rule, remedy });
}
