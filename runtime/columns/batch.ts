// Rows as columns: their values in typed arrays, as places in a dictionary, or in lists; and rows made of them.
import { keyText, mostInlined } from './row-text';

/** Places in a list of values. */
export type Places = Int32Array | Uint16Array | Uint8Array;

/** The values of one column of some rows. */
export type ColumnData =
  /** Numbers; a row whose byte in `nulls` is 1 has null instead. */
  | { readonly kind: 'numbers'; readonly values: Float64Array | Int32Array; readonly nulls?: Uint8Array }
  /** A place in `values` for each row; one of these may be null. */
  | { readonly kind: 'places'; readonly places: Places; readonly values: readonly unknown[] }
  | { readonly kind: 'values'; readonly values: readonly unknown[] };

/** Some rows of one shape. */
export interface Batch {
  readonly count: number;
  readonly names: readonly string[];
  /** One for each name. */
  readonly columns: readonly ColumnData[];
}

/** The value of one row in a column. */
export function valueAt(column: ColumnData, row: number): unknown {
  if (column.kind === 'places') return column.values[column.places[row]];
  return column.kind === 'numbers' && column.nulls?.[row] === 1 ? null : column.values[row];
}

/** The number of one row in a column with nulls. */
export const orNull = (nulls: Uint8Array, values: ArrayLike<unknown>, row: number): unknown =>
  nulls[row] === 1 ? null : values[row];

/** One row of a batch. */
export function rowAt({ names, columns }: Batch, row: number): object {
  const made = {};
  for (const [c, name] of names.entries())
    Object.defineProperty(made, name, { value: valueAt(columns[c], row), enumerable: true, configurable: true, writable: true });
  return made;
}

/** The values of some rows of a column as a list. */
export function listOf(column: ColumnData, from: number, to: number): readonly unknown[] {
  if (column.kind === 'values') return from === 0 && to === column.values.length ? column.values : column.values.slice(from, to);
  const list = new Array<unknown>(to - from);
  if (column.kind === 'places') for (let i = from; i < to; i++) list[i - from] = column.values[column.places[i]];
  else for (let i = from; i < to; i++) list[i - from] = column.nulls?.[i] === 1 ? null : column.values[i];
  return list;
}

/** Some rows of a column. */
export function partOf(column: ColumnData, from: number, to: number): ColumnData {
  switch (column.kind) {
    case 'numbers':
      return { kind: 'numbers', values: column.values.subarray(from, to), nulls: column.nulls?.subarray(from, to) };
    case 'places':
      return { ...column, places: column.places.subarray(from, to) };
    default:
      return { kind: 'values', values: column.values.slice(from, to) };
  }
}

type Make = (columns: readonly (readonly unknown[])[], count: number) => Record<string, unknown>[];

/** Makes rows of batches with these names, some at a time: objects of one shape, by a function that is made for the names. */
export function rowsOfBatches(names: readonly string[]): (batch: Batch, from: number, to: number) => object[] {
  const make = names.length > mostInlined ? inLoop(names) : inlined(names);
  return ({ columns }, from, to) =>
    make(
      columns.map((column) => listOf(column, from, to)),
      to - from,
    );
}

function inlined(names: readonly string[]): Make {
  const fields = names.map((name, c) => `${keyText(name)}:c${c}[i]`);
  const source = `"use strict";return (C,n)=>{const [${names.map((_, c) => `c${c}`).join(',')}]=C;const rows=new Array(n);
for(let i=0;i<n;i++)rows[i]={${fields.join(',')}};return rows}`;
  return new Function(source)() as Make;
}

function inLoop(names: readonly string[]): Make {
  return (columns, count) =>
    Array.from({ length: count }, (_, i) => {
      const row: Record<string, unknown> = {};
      for (const [c, name] of names.entries())
        Object.defineProperty(row, name, { value: columns[c][i], enumerable: true, configurable: true, writable: true });
      return row;
    });
}
