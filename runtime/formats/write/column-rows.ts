// Gathers rows into columns until there are enough for one part of a columnar file.
import type { WrittenColumn } from '../../plan/table-spec';
import { type Exact, exactOf, Misfit } from './exact-values';

/** Rows of one row group or record batch. */
const mostRows = 65_536;

/** Bytes of texts, lists and the like in one, about. */
const mostBytes = 16 << 20;

/** A value that does not fit, with its column. */
export class BadCell extends Error {
  constructor(
    readonly column: WrittenColumn,
    readonly misfit: Misfit,
  ) {
    super(misfit.message);
  }
}

export class ColumnRows {
  readonly #columns: readonly WrittenColumn[];
  readonly #exact: readonly Exact[];
  #values: unknown[][];
  #bytes = 0;
  rows = 0;

  constructor(columns: readonly WrittenColumn[]) {
    this.#columns = columns;
    this.#exact = columns.map(({ type, asText }) => exactOf(type, asText));
    this.#values = columns.map(() => []);
  }

  get isFull(): boolean {
    return this.rows >= mostRows || this.#bytes >= mostBytes;
  }

  /** Throws BadCell. */
  add(row: Readonly<Record<string, unknown>>): void {
    for (const [c, column] of this.#columns.entries()) {
      const value = Object.hasOwn(row, column.name) ? row[column.name] : null;
      this.#values[c].push(this.#cell(c, column, value));
    }
    this.rows++;
  }

  #cell(c: number, column: WrittenColumn, value: unknown): unknown {
    let exact: unknown;
    try {
      exact = this.#exact[c](value);
    } catch (e) {
      if (e instanceof Misfit) throw new BadCell(column, e);
      throw e;
    }
    if (exact === null && !column.nullable) throw new BadCell(column, new Misfit(null, column.type, ''));
    if (typeof exact === 'string') this.#bytes += exact.length;
    else if (typeof exact === 'object' && exact !== null) this.#bytes += sizeOf(exact);
    return exact;
  }

  /** The columns that are there, which go. */
  take(): unknown[][] {
    const values = this.#values;
    this.#values = this.#columns.map(() => []);
    this.rows = 0;
    this.#bytes = 0;
    return values;
  }
}

/** About the bytes of lists, structs and binary values. */
function sizeOf(value: object): number {
  if (value instanceof Uint8Array) return value.length;
  let bytes = 8;
  for (const one of value as readonly unknown[]) {
    if (typeof one === 'string') bytes += one.length;
    else bytes += typeof one === 'object' && one !== null ? sizeOf(one) : 8;
  }
  return bytes;
}
