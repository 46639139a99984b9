// The readers of tables: `sc.csv` and its like, datasets of rows with columns.
import { checkInputPaths, type UserPath } from '../../base/paths';
import { Context } from '../../context/context';
import type { TableReader } from '../../formats/file-formats';
import { type CsvOptions, checkReaderOptions, type TableOptions, type TextTableOptions } from '../../formats/options';
import type { RDD } from '../../rdd/rdd';
import { TableRDD } from '../../rdd/tables/table-files';

/** A row of a table whose columns nobody has named. */
export type Row = Record<string, any>;

declare module '../../context/context' {
  interface Context {
    /**
     * The rows of CSV files as objects, with the columns of their first row: files, folders and patterns as for `textFile`. Delimiter, quotes,
     * header and types are guessed from the first 10,000 rows, or given. At the prompt the rows have their type while the path is
     * typed; a program gives it: `sc.csv<Flight>(path)`. Throws NO_SUCH_PATH, NO_FILES, UNREADABLE_FILE or UNREADABLE_TABLE when its
     * partitions or columns are first asked for, BAD_ROW or BAD_VALUE in a job.
     * @example sc.csv('flights.csv', { delimiter: ';', onBadRow: 'skip' }).filter(f => f.delay > 10)
     */
    csv<T extends object = Row>(path: UserPath | readonly UserPath[], options?: CsvOptions): RDD<T>;
    /**
     * The rows of files of JSON: a value a line, or the elements of one array. Fields that a row lacks are null; whole numbers are exact,
     * as bigints from 2^53 on. Types, paths and errors as for `csv`; values inside of objects and lists are not checked.
     * @example sc.jsonLines('events/*.jsonl').filter(e => e.kind === 'click')
     */
    jsonLines<T extends object = Row>(path: UserPath | readonly UserPath[], options?: TextTableOptions): RDD<T>;
    /**
     * The rows of files of JSON that are one array, a row for each element, or one object, which is one row; of several values one behind
     * the other, a row for each. A file is read in one piece: `jsonLines` reads files with a value a line in parts. Types, paths and errors
     * as there.
     * @example sc.json('movies.json').filter(m => m.year > 1990)
     */
    json<T extends object = Row>(path: UserPath | readonly UserPath[], options?: TextTableOptions): RDD<T>;
    /**
     * The rows of Parquet files. Row groups share partitions as long as they are small. Whole numbers of 64 bits are numbers unless the
     * file's statistics show one beyond 2^53; decimals are exact texts. Throws NO_SUCH_PATH, NO_FILES, UNREADABLE_FILE or
     * UNREADABLE_TABLE when its partitions or columns are first asked for, BAD_VALUE in a job.
     * @example sc.parquet('flights.parquet').map(f => f.delay)
     */
    parquet<T extends object = Row>(path: UserPath | readonly UserPath[], options?: TableOptions): RDD<T>;
    /**
     * The rows of Arrow files and streams (Feather of version 2 too). Types and errors as for `parquet`.
     * @example sc.arrow('flights.arrow').map(f => f.delay)
     */
    arrow<T extends object = Row>(path: UserPath | readonly UserPath[], options?: TableOptions): RDD<T>;
  }
}

/** The dataset of a reader. Throws BAD_ARGUMENT. */
function table<T>(context: Context, reader: TableReader, path: UserPath | readonly UserPath[], options: unknown): RDD<T> {
  context.checkAlive();
  return new TableRDD<T>(context, reader, checkInputPaths(reader, path), checkReaderOptions(reader, options));
}

Context.prototype.csv = function (path, options) {
  return table(this, 'csv', path, options);
};

Context.prototype.json = function (path, options) {
  return table(this, 'json', path, options);
};

Context.prototype.jsonLines = function (path, options) {
  return table(this, 'jsonLines', path, options);
};

Context.prototype.parquet = function (path, options) {
  return table(this, 'parquet', path, options);
};

Context.prototype.arrow = function (path, options) {
  return table(this, 'arrow', path, options);
};
