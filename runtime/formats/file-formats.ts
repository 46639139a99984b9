// The readers of tables by the endings of file names.
import type { TableSpec } from '../plan/table-spec';

export type TableFormat = TableSpec['format'];

/** The readers of tables, by the names of their methods. */
export const tableFormats: readonly TableFormat[] = ['csv', 'jsonLines', 'parquet', 'arrow'];

/** Whether a format is text, which may be packed and encoded. */
export const isTextTable = (format: TableFormat): boolean => format === 'csv' || format === 'jsonLines';

const endings: Readonly<Record<string, TableFormat>> = {
  csv: 'csv',
  tsv: 'csv',
  json: 'jsonLines',
  jsonl: 'jsonLines',
  ndjson: 'jsonLines',
  parquet: 'parquet',
  parq: 'parquet',
  arrow: 'arrow',
  arrows: 'arrow',
  feather: 'arrow',
};

/** The reader of a file with this name; undefined for other endings. */
export function formatOfFile(path: string): TableFormat | undefined {
  const ending = /\.(\w+)(?:\.gz)?$/.exec(path)?.[1].toLowerCase();
  return ending !== undefined && Object.hasOwn(endings, ending) ? endings[ending] : undefined;
}
