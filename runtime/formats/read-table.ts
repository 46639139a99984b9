// Reads the rows of one part of a table's file, by its format.
import type { TextRange } from '../plan/input-file';
import type { TableSpec } from '../plan/table-spec';
import type { NoteBad } from './bad-table';
import { CsvRange } from './csv/read-csv';

/** The rows of a part, some at a time. */
export function* readTable(spec: TableSpec, range: TextRange, note: NoteBad): Generator<unknown[]> {
  const reader = new CsvRange(spec, range, note);
  try {
    yield* reader.rows();
  } finally {
    reader.close();
  }
}

/** The number of rows of a part, some at a time. */
export function* countTable(spec: TableSpec, range: TextRange, note: NoteBad): Generator<number> {
  const reader = new CsvRange(spec, range, note);
  try {
    yield* reader.count();
  } finally {
    reader.close();
  }
}
