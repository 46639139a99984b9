// Writes rows as Parquet or Arrow for `.export`: their columns are looked for before the first row.
import type { RDD } from '../../../runtime';
import { CheckedWriter } from '../../../runtime/formats/write/checked-writer';
import { columnsOf, schemaOfTable, writtenColumns } from '../../../runtime/ops/tables/written-columns';
import type { RowWriter } from '../row-writer';

export type ColumnarFormat = 'parquet' | 'arrow';

/** The rows that are written, and the writer that knows their columns. */
export interface ColumnarRows {
  readonly rows: AsyncIterable<unknown> | Iterable<unknown>;
  readonly writer: RowWriter;
}

/** Throws NOT_A_ROW, UNWRITABLE_COLUMN, and what the job fails with that looks at the rows. */
export async function columnarRows(
  format: ColumnarFormat,
  dataset: RDD<unknown> | undefined,
  all: AsyncIterable<unknown> | Iterable<unknown>,
): Promise<ColumnarRows> {
  const rows = dataset ? all : Array.from(all as Iterable<unknown>);
  const columns = dataset
    ? await writtenColumns(dataset, format, { operation: '.export' })
    : columnsOf(schemaOfTable(rows as readonly unknown[], '.export'), format, { operation: '.export' });
  let parts: Uint8Array[] = [];
  const taken = (): Uint8Array => {
    const whole = Buffer.concat(parts);
    parts = [];
    return whole;
  };
  const target = { format, columns, delimiter: '', header: false, gzip: false };
  const writer = new CheckedWriter(target, (bytes) => parts.push(bytes), { operation: '.export', place: 'the dataset' });
  return {
    rows,
    writer: {
      bytes(batch) {
        for (const row of batch) writer.add(row);
        return taken();
      },
      end() {
        writer.end();
        return taken();
      },
    },
  };
}
