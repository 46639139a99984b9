// What a task must know to read a table from files, or to write one, as plain data.
import type { Column, Schema } from '../schema/schema';
import type { Condition } from './condition';

/** What becomes of a row that does not fit the columns: it fails the job, is left out, or has nulls where it does not fit. */
export type OnBadRow = 'fail' | 'skip' | 'null';

/** The dialect of a CSV file as plain data. Characters are single bytes. */
export interface CsvDialect {
  /** Between fields: `,`, `;`, a tab or `|`. */
  readonly delimiter: string;
  /** Around fields that hold separators; empty for none. */
  readonly quote: string;
  /** Before a quote inside quotes: the quote itself, or a backslash. */
  readonly escape: string;
  /** Lines that begin with it are left out; empty for none. */
  readonly comment: string;
  /** Whether the first row has the names of the columns. */
  readonly header: boolean;
  /** Lines before the first row that belong to no table. */
  readonly skip: number;
}

interface TableBase {
  /** The columns of the rows. */
  readonly schema: Schema;
  /** The columns that the program uses, where they are known: rows have these only. */
  readonly wanted?: readonly string[];
  readonly onBadRow: OnBadRow;
  /** The accumulator that gathers what was left out or made null. */
  readonly bad?: string;
  /** The zone of times that have none: `UTC`, or a name such as `Europe/Berlin`. */
  readonly timeZone: string;
  /** Rows from which the types were inferred; undefined where they were given or the file says them. */
  readonly sampled?: number;
  /** Columns whose values folders name, as in `year=2026/`. */
  readonly folders: readonly string[];
}

export interface CsvSpec extends TableBase {
  readonly format: 'csv';
  readonly dialect: CsvDialect;
  /** Names of the file's columns in place of its own. */
  readonly names?: readonly string[];
}

export interface JsonSpec extends TableBase {
  readonly format: 'jsonLines';
  /** A value a line; otherwise the elements of an array, or values of several lines. */
  readonly lines: boolean;
  /** Some values are no objects: each stands in the one column of its row. */
  readonly wraps: boolean;
}

/** Ranges of these files are row groups. */
export interface ParquetSpec extends TableBase {
  readonly format: 'parquet';
  /** Rows for which this is false are not wanted. */
  readonly where?: Condition;
}

/** Ranges of these files are record batches. */
export interface ArrowSpec extends TableBase {
  readonly format: 'arrow';
  /** Columns whose whole numbers of 64 bits are bigints. */
  readonly wide: readonly string[];
}

export type TableSpec = CsvSpec | JsonSpec | ParquetSpec | ArrowSpec;

/** A column of a file that is written. */
export interface WrittenColumn extends Column {
  /** Its values of other types are written as their text. */
  readonly asText?: true;
}

export interface TableTarget {
  readonly format: TableSpec['format'];
  /** Empty for JSON lines, which have no columns. */
  readonly columns: readonly WrittenColumn[];
  /** Between the fields of CSV. */
  readonly delimiter: string;
  /** Whether CSV begins with the names of its columns. */
  readonly header: boolean;
  /** Whether text is packed. */
  readonly gzip: boolean;
  /** Rows from which the columns were inferred, where these were not all. */
  readonly sampled?: number;
}
