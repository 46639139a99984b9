// The writers of tables: `saveAsCsv` and its like, a file for each partition; and a dataset as Arrow for other libraries.
import { checkFlag, checkOptions, checkWhole, refuseArgument } from '../../base/arguments';
import { nearest } from '../../base/nearest';
import type { UserPath } from '../../base/paths';
import { isOneByte } from '../../formats/csv/dialect';
import type { TableFormat } from '../../formats/file-formats';
import { checkTypes, type TypeName } from '../../formats/options';
import { CheckedWriter, writerNames } from '../../formats/write/checked-writer';
import type { JobPromise } from '../../plan/job-promise';
import type { TableTarget } from '../../plan/table-spec';
import { RDD } from '../../rdd/rdd';
import { save } from '../save';
import { writtenColumns } from './written-columns';

/** How a table is written. */
export interface TableSaveOptions {
  /** Replaces the folder of an earlier save, once the new one is whole. Default false: a folder that exists is refused. */
  readonly overwrite?: boolean;
  /** Types of columns by name, in place of those of the rows: `{ price: 'decimal(12,2)', note: 'text' }`. `text` takes values of any type. */
  readonly types?: Readonly<Record<string, TypeName | `${TypeName} | null`>>;
  /** So many first rows tell the columns; a later row that has others fails. Default `all`: each row is looked at before the first one is written. */
  readonly sample?: number | 'all';
}

/** How CSV is written. */
export interface CsvSaveOptions extends TableSaveOptions {
  readonly compression?: 'gzip' | 'none';
  /** Between fields: a comma by default. */
  readonly delimiter?: string;
  /** Whether each file begins with the names of the columns. Default true. */
  readonly header?: boolean;
}

/** How JSON lines are written. */
export interface JsonSaveOptions {
  readonly overwrite?: boolean;
  readonly compression?: 'gzip' | 'none';
}

declare module '../../rdd/rdd' {
  interface RDD<T> {
    /**
     * Writes rows that are objects as a folder of CSV files, one for each partition, and _SUCCESS when all are whole; packed as .csv.gz with
     * `{ compression: 'gzip' }`. Null is an empty field, the empty text `""`; dates are ISO texts, bytes hexadecimal, lists and objects JSON.
     * Where the columns are not known (`rows.schema`), a job looks at all rows first. Throws OUTPUT_EXISTS, DISK, NOT_A_ROW, and
     * UNWRITABLE_ROW for a row with a field that those of the `sample` have not.
     * @example const toCsv = () => sc.parallelize([{ id: 1, name: 'ada' }]).saveAsCsv('people', { delimiter: ';', overwrite: true })
     */
    saveAsCsv(folder: UserPath, options?: CsvSaveOptions): JobPromise<void>;
    /**
     * Writes rows as a folder of files with a value of JSON a line, one for each partition, as other tools read it: bigints with all digits,
     * dates as ISO text, bytes as hexadecimal text, maps with texts as keys as objects, NaN as null. Throws OUTPUT_EXISTS, DISK.
     * @example const toJson = () => sc.parallelize([{ id: 1, tags: ['a'] }]).saveAsJsonLines('events', { compression: 'gzip' })
     */
    saveAsJsonLines(folder: UserPath, options?: JsonSaveOptions): JobPromise<void>;
    /**
     * Writes rows that are objects as a folder of Parquet files, one for each partition, packed by snappy. Whole numbers and bigints have 64
     * bits, dates are instants in milliseconds, lists, objects and maps are nested. `{ types }` gives other types: `decimal(12,2)`,
     * `date`, `timestamp` (microseconds) of texts. Columns are found as by `saveAsCsv`. Throws OUTPUT_EXISTS, DISK, NOT_A_ROW, UNWRITABLE_COLUMN
     * for a column with values of several types, UNWRITABLE_ROW for a value without room in its type.
     * @example const toParquet = () => sc.parallelize([{ id: 1, price: '12.50' }]).saveAsParquet('sales', { types: { price: 'decimal(12,2)' } })
     */
    saveAsParquet(folder: UserPath, options?: TableSaveOptions): JobPromise<void>;
    /**
     * Writes rows that are objects as a folder of Arrow files (Feather of version 2), one for each partition. Types and errors as for
     * `saveAsParquet`.
     * @example const toArrowFiles = () => sc.parallelize([{ id: 1 }]).saveAsArrow('ids')
     */
    saveAsArrow(folder: UserPath, options?: TableSaveOptions): JobPromise<void>;
    /**
     * All rows as one Arrow stream, for libraries that take such: `tableFromIPC(await rows.toArrow())`. Types and errors as for
     * `saveAsParquet`; a partition at a time comes to the session.
     * @example (await sc.parallelize([{ id: 1 }]).toArrow()).length > 100 // true
     */
    toArrow(options?: Pick<TableSaveOptions, 'types' | 'sample'>): JobPromise<Uint8Array>;
  }
}

const columnar = ['types', 'sample'];
const known: Readonly<Record<TableFormat, readonly string[]>> = {
  csv: ['overwrite', 'compression', 'delimiter', 'header', ...columnar],
  jsonLines: ['overwrite', 'compression'],
  parquet: ['overwrite', ...columnar],
  arrow: ['overwrite', ...columnar],
};

/** Throws BAD_ARGUMENT for what no writer understands. */
function checkSaveOptions(operation: string, options: unknown, names: readonly string[]): CsvSaveOptions {
  const remedy = `Write ${operation}(${operation === 'toArrow' ? '' : "'out', "}{ ${names[0]}: ${names[0] === 'types' ? "{ id: 'bigint' }" : 'true'} }).`;
  checkOptions(operation, options, remedy);
  const given = options as CsvSaveOptions & Record<string, unknown>;
  for (const name of Object.keys(given)) {
    if (names.includes(name)) continue;
    const near = nearest(name, names);
    refuseArgument({
      operation,
      argument: 'an option',
      value: name,
      rule: `one of ${names.join(', ')}`,
      remedy: near === undefined ? remedy : `Did you mean ${near}?`,
    });
  }
  const { compression, delimiter, header, sample } = given;
  if (compression !== undefined && compression !== 'gzip' && compression !== 'none')
    refuseArgument({ operation, argument: 'the compression', value: compression, rule: "'gzip' or 'none'", remedy });
  if (delimiter !== undefined && (!isOneByte(delimiter) || delimiter === '"'))
    refuseArgument({ operation, argument: 'delimiter', value: delimiter, rule: 'one character of ASCII, no quote', remedy });
  if (header !== undefined) checkFlag(operation, 'header', header);
  if (sample !== undefined && sample !== 'all')
    checkWhole(sample, 1, Number.MAX_SAFE_INTEGER, { operation, argument: 'sample', remedy: "Write { sample: 'all' }." });
  checkTypes(operation, given.types, remedy);
  return given;
}

async function saveTable(rdd: RDD<unknown>, format: TableFormat, folder: UserPath, options: unknown): Promise<void> {
  const operation = writerNames[format];
  const given = checkSaveOptions(operation, options, known[format]);
  const { compression, delimiter = ',', header = true, overwrite, sample } = given;
  const target = async (): Promise<TableTarget> => ({
    format,
    columns: await writtenColumns(rdd, format, { operation, ...given }),
    delimiter,
    header,
    gzip: compression === 'gzip',
    ...(typeof sample === 'number' && { sampled: sample }),
  });
  await save(rdd, folder, { operation, format: target, overwrite });
}

RDD.prototype.saveAsCsv = async function (folder, options = {}) {
  await saveTable(this, 'csv', folder, options);
};

RDD.prototype.saveAsJsonLines = async function (folder, options = {}) {
  await saveTable(this, 'jsonLines', folder, options);
};

RDD.prototype.saveAsParquet = async function (folder, options = {}) {
  await saveTable(this, 'parquet', folder, options);
};

RDD.prototype.saveAsArrow = async function (folder, options = {}) {
  await saveTable(this, 'arrow', folder, options);
};

RDD.prototype.toArrow = async function (options = {}) {
  const given = checkSaveOptions('toArrow', options, columnar);
  const columns = await writtenColumns(this, 'arrow', { operation: 'toArrow', ...given });
  const parts: Uint8Array[] = [];
  const target: TableTarget = { format: 'arrow', columns, delimiter: '', header: false, gzip: false };
  const writer = new CheckedWriter(target, (bytes) => parts.push(bytes), {
    operation: 'toArrow',
    place: 'the dataset',
    isStream: true,
  });
  for await (const row of this.toLocalIterator()) writer.add(row);
  writer.end();
  return Buffer.concat(parts);
};
