// Looks at files to know the table in them: its format, its columns, and how a task reads it. The session and the prompt ask here.
import { sampledBytes } from '../base/limits';
import type { InputFile } from '../plan/input-file';
import type { TableSpec } from '../plan/table-spec';
import { schemaOfRows } from '../schema/infer-values';
import type { Column, Schema } from '../schema/schema';
import { kindText } from '../schema/schema-text';
import { timeZone } from '../schema/time-zone';
import { schemaOfFields } from './arrow/arrow-schema';
import { openArrow, wideColumns } from './arrow/read-arrow';
import { markBytes, openSource } from './byte-source';
import { could, couldBe } from './csv/field-values';
import { inferCsv } from './csv/infer-csv';
import type { TableReader } from './file-formats';
import { foldersOf } from './folder-columns';
import { parseExactly } from './json/parse-json';
import { hasFields, textsOf, wrapped } from './json/read-json';
import { type ReaderOptions, sampleOf, withTypes } from './options';
import { schemaOfFooter } from './parquet/parquet-schema';
import { readFooter, within } from './parquet/read-parquet';
import { notATable } from './table-errors';
import { mixedColumn, unionSchema } from './union-schemas';

/** A table as it was found in files. */
export interface FoundTable {
  readonly spec: TableSpec;
  /** Rows that were looked at, and whether these are all. */
  readonly rows: number;
  readonly isAll: boolean;
  /** Whether text is cut into ranges of bytes. */
  readonly isCut: boolean;
  /** Of formats with parts of their own: the bytes of each row group or batch of each file. */
  readonly units?: readonly (readonly number[])[];
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

/** A column that is empty, or NA, in one file has the type that its values have in another: there it is null. Empty in all, it is text. */
function ofText(column: Column, schemas: readonly Schema[]): Column {
  if (column.type.kind === 'unknown') return { ...column, type: { kind: 'text' } };
  if (column.type.kind === 'text' || column.nullable) return column;
  const isEmpty = schemas.some((schema) =>
    schema.columns.some(({ name, type }) => name === column.name && type.kind === 'unknown'),
  );
  return { ...column, nullable: isEmpty };
}

/** The schema of several files, with the columns that their folders name, and with the types that options give. */
function tableSchema(reader: TableReader, files: readonly InputFile[], schemas: readonly Schema[], options: ReaderOptions) {
  const folders = folderColumns(files);
  const own = unionSchema(schemas).columns.filter(({ name }) => !folders.some((folder) => folder.name === name));
  const columns = reader === 'csv' ? own.map((column) => ofText(column, schemas)) : own;
  const schema = withTypes(reader, { columns: [...columns, ...folders] }, options);
  return {
    schema,
    onBadRow: options.onBadRow ?? 'fail',
    timeZone: options.timeZone === undefined || options.timeZone === 'local' ? timeZone() : options.timeZone,
    folders: folders.map(({ name }) => name),
  } as const;
}

/** How much of each file is looked at for types. */
function sampleSizes(files: number, options: ReaderOptions): { rows: number; bytes: number } {
  const wanted = sampleOf(options);
  return {
    rows: Math.max(Math.min(100, wanted), Math.ceil(wanted / Math.max(1, files))),
    bytes: options.sample === 'all' ? mostSampledBytes : Math.max(64 << 10, Math.ceil(sampledBytes / Math.max(1, files))),
  };
}

/** What is too wide or too deep to be looked at is an error about the file. */
function inTable<T>(path: string, format: string, look: () => T): T {
  try {
    return look();
  } catch (e) {
    if (!(e instanceof RangeError)) throw e;
    const reason = /call stack/.test(e.message) ? 'a value in it is nested too deep' : e.message;
    return notATable(path, format, reason, 'Check that it is a table, with line ends between its rows.');
  }
}

const plainDialect = { delimiter: ',', quote: '"', escape: '"', comment: '', header: true, skip: 0 } as const;

function inspectCsv(files: readonly InputFile[], options: ReaderOptions): FoundTable {
  const some = files.slice(0, mostInspected);
  const sizes = sampleSizes(some.length, options);
  const shapes = some.map((file) => {
    const { bytes, held, isWhole } = sampleBytes(file, sizes.bytes);
    return inTable(file.path, 'CSV', () => inferCsv(bytes, held, isWhole, { ...options, names: options.columns }, sizes.rows));
  });
  // A file without rows says nothing of the types that its columns have.
  const telling = shapes.filter(({ columns }) => columns.length > 0);
  const full = telling.filter(({ rows }) => rows > 0);
  const counted = full.length > 0 ? full : telling;
  const rows = shapes.reduce((sum, shape) => sum + shape.rows, 0);
  const isAll = some.length === files.length && shapes.every((shape) => shape.isAll);
  const spec: TableSpec = {
    format: 'csv',
    dialect: counted[0]?.dialect ?? plainDialect,
    names: options.columns,
    sampled: rows,
    ...tableSchema('csv', files, counted, options),
  };
  return { spec, rows, isAll, isCut: options.parallel ?? !shapes.some(({ isLax }) => isLax) };
}

/** Whether a text of JSON has a value on each line, by its first line that has something on it. */
function hasLines(bytes: Buffer, held: number): boolean {
  const text = bytes.toString('utf8', 0, Math.min(held, 1 << 20)).trimStart();
  const end = text.indexOf('\n');
  // An array on the only line is the table; of several such lines each is a row.
  if (text.startsWith('[') && (end < 0 || text.slice(end).trim() === '')) return false;
  try {
    JSON.parse(end < 0 ? text : text.slice(0, end));
    return true;
  } catch {
    return false;
  }
}

/** `isWhole`: no line of a file is looked at alone. */
function inspectJson(files: readonly InputFile[], options: ReaderOptions, isWhole: boolean): FoundTable {
  const some = files.slice(0, mostInspected);
  const sizes = sampleSizes(some.length, options);
  let isAll = some.length === files.length;
  let rows = 0;
  let lines = !isWhole;
  const samples = some.map((file): unknown[] => {
    const { bytes, held } = sampleBytes(file, Math.min(sizes.bytes, 1 << 20));
    lines &&= hasLines(bytes, held);
    const found: unknown[] = [];
    const whole = { ...file, start: 0, end: file.version?.size ?? Number.POSITIVE_INFINITY };
    for (const { text } of textsOf({ lines }, whole)) {
      if (found.length >= sizes.rows) {
        isAll = false;
        break;
      }
      try {
        found.push(parseExactly(text));
      } catch {
        // The job reports what is no JSON, with its line.
      }
    }
    rows += found.length;
    return found;
  });
  const wraps = samples.some((found) => found.some((value) => value !== null && !hasFields(value)));
  const schemas = samples.map((found, i) =>
    inTable(some[i].path, 'JSON', () => jsonSchema(schemaOfRows(wraps ? found.map(wrapped) : found.filter(hasFields)), isAll)),
  );
  const reader = isWhole ? 'json' : 'jsonLines';
  const spec: TableSpec = { format: 'jsonLines', lines, wraps, sampled: rows, ...tableSchema(reader, files, schemas, options) };
  return { spec, rows, isAll, isCut: lines };
}

/** A field that some rows lack is null there; one that is always null may be anything further on. */
const jsonSchema = ({ columns }: Schema, isAll: boolean): Schema => ({
  columns: columns.map(({ name, type, nullable, optional }) =>
    type.kind === 'unknown' && !isAll ? { name, type, nullable: false } : { name, type, nullable: nullable || optional === true },
  ),
});

/** Throws UNREADABLE_TABLE where a column of one file has values of another kind than that of a file before. */
function checkMixed(format: string, files: readonly InputFile[], schemas: readonly Schema[]): void {
  const mixed = mixedColumn(schemas);
  if (!mixed) return;
  const { schema, name, type, before } = mixed;
  const reason = `its column ${name} is ${kindText(type)}, and in a file before it ${kindText(before)}`;
  notATable(files[schema].path, format, reason, 'Read files with other columns as a dataset of their own.');
}

function inspectParquet(files: readonly InputFile[], options: ReaderOptions): FoundTable {
  const footers = files.map(readFooter);
  const schemas = footers.map((footer, i) => within(files[i].path, () => schemaOfFooter(footer)));
  checkMixed('Parquet', files, schemas);
  const units = footers.map(({ groups }) => groups.map(({ chunks }) => chunks.reduce((sum, { bytes }) => sum + bytes, 0)));
  const rows = footers.reduce((sum, footer) => sum + footer.rows, 0);
  const spec: TableSpec = {
    format: 'parquet',
    ...tableSchema('parquet', files, schemas, options),
  };
  return { spec, rows, isAll: true, isCut: false, units };
}

function inspectArrow(files: readonly InputFile[], options: ReaderOptions): FoundTable {
  const opened = files.map(openArrow);
  const wide = new Set(files.flatMap((file) => wideColumns(file)));
  const schemas = opened.map(({ fields }) => schemaOfFields(fields, ({ name }) => options.int64 === 'bigint' || wide.has(name)));
  checkMixed('Arrow', files, schemas);
  const units = opened.map(({ batches }, i) =>
    new Array<number>(batches).fill((files[i].version?.size ?? 0) / Math.max(1, batches)),
  );
  const all = options.int64 === 'bigint' ? schemas.flatMap(({ columns }) => columns.map(({ name }) => name)) : [...wide];
  const spec: TableSpec = { format: 'arrow', wide: all, ...tableSchema('arrow', files, schemas, options) };
  return { spec, rows: 0, isAll: true, isCut: false, units };
}

/** A whole file that is looked at must fit into memory. */
const mostSampledBytes = 1 << 30;

/** Looks at files by the reader that was asked for. Throws UNREADABLE_FILE, UNREADABLE_TABLE, BAD_ARGUMENT. */
export function inspectTable(reader: TableReader, files: readonly InputFile[], options: ReaderOptions): FoundTable {
  switch (reader) {
    case 'csv':
      return inspectCsv(files, options);
    case 'json':
    case 'jsonLines':
      return inspectJson(files, options, reader === 'json');
    case 'parquet':
      return inspectParquet(files, options);
    case 'arrow':
      return inspectArrow(files, options);
  }
}
