// The readers of tables by the endings of file names.
import type { TableSpec } from '../plan/table-spec';

export type TableFormat = TableSpec['format'];

/** A reader of tables, by the name of its method: `json` reads whole files where `jsonLines` cuts them at line ends. */
export type TableReader = TableFormat | 'json';

export const tableReaders: readonly TableReader[] = ['csv', 'json', 'jsonLines', 'parquet', 'arrow'];

/** Whether a reader reads text, which may be packed and encoded. */
export const isTextTable = (reader: TableReader): boolean => reader !== 'parquet' && reader !== 'arrow';

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
  const ending = /\.(\w+)(?:\.(?:gz|zst))?$/.exec(path)?.[1].toLowerCase();
  return ending !== undefined && Object.hasOwn(endings, ending) ? endings[ending] : undefined;
}
