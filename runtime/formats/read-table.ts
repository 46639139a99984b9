// Reads the rows of one part of a table's file, by its format.
import type { Batch } from '../columns/batch';
import type { TextRange } from '../plan/input-file';
import type { ArrowSpec, ParquetSpec, TableSpec } from '../plan/table-spec';
import { arrowBatches, arrowCount, arrowRows } from './arrow/read-arrow';
import { CsvRange } from './csv/read-csv';
import { jsonRows } from './json/read-json';
import { parquetBatches, parquetCount, parquetRows } from './parquet/read-parquet';
import type { NoteBad } from './table-errors';

/** The rows of a part, some at a time. */
export function* readTable(spec: TableSpec, range: TextRange, note: NoteBad): Generator<unknown[]> {
  switch (spec.format) {
    case 'csv': {
      const reader = new CsvRange(spec, range, note);
      try {
        yield* reader.rows();
      } finally {
        reader.close();
      }
      return;
    }
    case 'jsonLines':
      yield* jsonRows(spec, range, note);
      return;
    case 'parquet':
      yield* parquetRows(spec, range);
      return;
    case 'arrow':
      yield* arrowRows(spec, range);
  }
}

/** The formats whose values lie in columns. */
export type ColumnarSpec = ParquetSpec | ArrowSpec;

/** The rows of a part of a columnar file as columns, some at a time. */
export function readColumns(spec: ColumnarSpec, range: TextRange): Generator<Batch> {
  return spec.format === 'parquet' ? parquetBatches(spec, range) : arrowBatches(spec, range);
}

/** The number of rows of a part, some at a time. */
export function* countTable(spec: TableSpec, range: TextRange, note: NoteBad): Generator<number> {
  if (spec.format === 'parquet') yield parquetCount(range);
  else if (spec.format === 'arrow') yield arrowCount(range);
  else if (spec.format === 'jsonLines') for (const rows of readTable(spec, range, note)) yield rows.length;
  else {
    const reader = new CsvRange(spec, range, note);
    try {
      yield* reader.count();
    } finally {
      reader.close();
    }
  }
}
