// The readers of tables: `sc.csv` and its like, datasets of rows with columns.
import { checkInputPaths, type UserPath } from '../../base/paths';
import { Context } from '../../context/context';
import { type CsvOptions, checkReaderOptions } from '../../formats/options';
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
  }
}

Context.prototype.csv = function <T extends object>(this: Context, path: UserPath | readonly UserPath[], options?: CsvOptions) {
  this.checkAlive();
  return new TableRDD<T>(this, 'csv', checkInputPaths('csv', path), checkReaderOptions('csv', options));
};
