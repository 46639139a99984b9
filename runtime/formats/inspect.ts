// Looks at files to know the table in them: its format, its columns, and how a task reads it. The session and the prompt ask here.
import { sampledBytes } from '../base/limits';
import type { InputFile } from '../plan/input-file';
import type { TableSpec } from '../plan/table-spec';
import type { Column } from '../schema/schema';
import { notATable } from './bad-table';
import { markBytes, openSource } from './byte-source';
import { could, couldBe } from './csv/field-values';
import { inferCsv } from './csv/infer-csv';
import { foldersOf } from './folder-columns';
import { type ReaderOptions, sampleOf, withTypes } from './options';
import { unionSchema } from './union-schemas';

export type TableFormat = TableSpec['format'];

/** The readers of tables, by the names of their methods. */
export const tableFormats: readonly TableFormat[] = ['csv'];

/** Whether a format is text, which may be packed and encoded. */
export const isTextTable = (format: TableFormat): boolean => format === 'csv';

/** A table as it was found in files. */
export interface FoundTable {
  readonly spec: TableSpec;
  /** Rows that were looked at, and whether these are all. */
  readonly rows: number;
  readonly isAll: boolean;
}

/** Files of one dataset of which the rows are looked at; of more only the first ones are. */
const mostInspected = 200;

const lf = 10;

/** The first bytes of a text, with a line end behind them. */
function sampleBytes(file: InputFile, most: number): { bytes: Buffer; held: number; isWhole: boolean } {
  const source = openSource(file, 0);
  try {
    let bytes = Buffer.allocUnsafe(Math.min(most, (file.version?.size ?? most) + 1, 256 << 10) + 1);
    let held = 0;
    for (let n = 1; n > 0 && held < most; held += n) {
      if (held >= bytes.length - 1) {
        const larger = Buffer.allocUnsafe(Math.min(most, bytes.length * 4) + 1);
        bytes.copy(larger, 0, 0, held);
        bytes = larger;
      }
      n = source.fill(bytes.subarray(0, bytes.length - 1), held);
      if (n === 0) return { ...withoutMark(bytes, held), isWhole: true };
    }
    return { ...withoutMark(bytes, held), isWhole: false };
  } finally {
    source.close();
  }
}

function withoutMark(all: Buffer, length: number): { bytes: Buffer; held: number } {
  const mark = markBytes(all.subarray(0, length));
  const bytes = all.subarray(mark);
  const held = length - mark;
  bytes[held] = lf;
  return { bytes, held };
}

/** The columns that folders of the paths name, with the types of all their values. */
function folderColumns(files: readonly InputFile[]): Column[] {
  const [first] = files;
  if (!first) return [];
  return foldersOf(first.path).flatMap(([name]) => {
    const values = files.map((file) => new Map(foldersOf(file.path)).get(name));
    if (values.some((value) => value === undefined)) return [];
    const texts = values.filter((value) => value !== null) as string[];
    const mask = texts.reduce((all, text) => all & couldBe(text), texts.length > 0 ? 255 : 0);
    const kind = mask & could.int ? 'int' : mask & could.date ? 'date' : 'text';
    return [{ name, type: { kind }, nullable: texts.length < values.length } as const];
  });
}

/** The table in some files of CSV. Throws UNREADABLE_FILE, UNREADABLE_TABLE, BAD_ARGUMENT. */
function inspectCsv(files: readonly InputFile[], options: ReaderOptions): FoundTable {
  const some = files.slice(0, mostInspected);
  const wanted = sampleOf(options);
  const rowsOfEach = Math.max(Math.min(100, wanted), Math.ceil(wanted / Math.max(1, some.length)));
  const bytesOfEach =
    options.sample === 'all' ? mostSampledBytes : Math.max(64 << 10, Math.ceil(sampledBytes / Math.max(1, some.length)));
  const shapes = some.map((file) => {
    const { bytes, held, isWhole } = sampleBytes(file, bytesOfEach);
    return inferCsv(bytes, held, isWhole, { ...options, names: options.columns }, rowsOfEach);
  });
  // A file without rows says nothing of the types that its columns have.
  const telling = shapes.filter(({ columns }) => columns.length > 0);
  const full = telling.filter(({ rows }) => rows > 0);
  const folders = folderColumns(files);
  const own = unionSchema((full.length > 0 ? full : telling).map(({ columns }) => ({ columns }))).columns;
  const columns = [...own.filter(({ name }) => !folders.some((folder) => folder.name === name)), ...folders];
  const rows = shapes.reduce((sum, shape) => sum + shape.rows, 0);
  const isAll = some.length === files.length && shapes.every((shape) => shape.isAll);
  const [{ dialect }] = [
    ...full,
    ...telling,
    { dialect: { delimiter: ',', quote: '"', escape: '"', comment: '', header: true, skip: 0 } },
  ];
  const spec: TableSpec = {
    format: 'csv',
    dialect,
    names: options.columns,
    parallel: options.parallel ?? !shapes.some((shape) => shape.isLax),
    schema: withTypes('csv', { columns }, options),
    onBadRow: options.onBadRow ?? 'fail',
    timeZone: options.timeZone ?? 'UTC',
    sampled: rows,
    folders: folders.map(({ name }) => name),
  };
  return { spec, rows, isAll };
}

/** A whole file that is looked at must fit into memory. */
const mostSampledBytes = 1 << 30;

/** Looks at files by the reader that was asked for. */
export function inspectTable(format: TableFormat, files: readonly InputFile[], options: ReaderOptions): FoundTable {
  switch (format) {
    case 'csv':
      return inspectCsv(files, options);
    default:
      return notATable(String(format), format, 'there is no such format', 'Use csv.');
  }
}
