// `sc.sqlTable` and `saveToTable`: tables of PostgreSQL, MySQL, MariaDB and SQLite as datasets, and back.
import { checkOptions, checkWhole, refuseArgument } from '../../../runtime/base/arguments';
import {
  Context,
  DStream,
  type FailureOptions,
  type JobPromise,
  type OutputHandle,
  RDD,
  type Row,
  type Schema,
  type Sink,
  type Source,
} from '../../../runtime/index';
import { bundled } from '../../base/program-path';
import type { Password } from '../password';
import { checkedId, checkOnlyWriter } from '../writer-id';
import { toldFailure } from './database';
import { openDatabase } from './open';
import { columnsOf, type TablePart, type TableSettings, tableName } from './read';
import { checkedUrl } from './url';
import { abortTable, beginTable, commitTable, isTableCommitted, type TableWriteSettings, type Written } from './write';

/** Options of `sc.sqlTable`. */
export interface SqlTableOptions {
  /** Default: that of the URL, else PGPASSWORD or MYSQL_PWD of the environment. */
  readonly password?: Password;
  /** Columns to read. Default: all. */
  readonly columns?: readonly string[];
  /** A condition in the database's own SQL. */
  readonly where?: string;
  /** A column of numbers by whose ranges the table is read in parts. Default: one part. */
  readonly partitionColumn?: string;
  /** How many parts. Default: `sc.defaultParallelism`. */
  readonly numPartitions?: number;
}

/** Options of `saveToTable`. */
export interface SqlSaveOptions {
  readonly password?: Password;
  /** `overwrite` removes the rows of before, in the same transaction. Default: `append`. */
  readonly mode?: 'append' | 'overwrite';
  /** Names the writer: a stream with a checkpoint has one that no other program has. */
  readonly id?: string;
}

declare module '../../../runtime/context/context' {
  interface Context {
    /**
     * The rows of a table of PostgreSQL, MySQL, MariaDB or SQLite. Columns that the first steps do not use are not read, and the database drops
     * the rows that a `filter` would. `docs/databases.md` has types and options. Throws BAD_ARGUMENT, and in a job SOURCE_UNREACHABLE,
     * SOURCE_REFUSED or SOURCE_MISSING.
     * @example const open = (sc) => sc.sqlTable('postgres://me@db/shop', 'orders', { partitionColumn: 'id' }).filter(o => o.sum > 100)
     */
    sqlTable<T extends object = Row>(url: string, table: string, options?: SqlTableOptions): RDD<T>;
  }
}

declare module '../../../runtime/rdd/rdd' {
  interface RDD<T> {
    /**
     * Writes rows that are objects into a table that is there: all of them in one transaction, once, whatever tasks are tried again. Throws
     * BAD_ARGUMENT, and in its job SOURCE_UNREACHABLE, SOURCE_REFUSED or SOURCE_MISSING.
     * @example const save = (totals) => totals.saveToTable('postgres://me@db/shop', 'totals', { mode: 'overwrite' })
     */
    saveToTable(url: string, table: string, options?: SqlSaveOptions): JobPromise<void>;
  }
}

declare module '../../../runtime/streaming/graph/dstream' {
  interface DStream<T> {
    /**
     * Writes each batch into a table, in one transaction that also notes the batch: it is written once, whatever dies. With a checkpoint, `id`
     * must be given.
     * @example const save = (totals) => totals.saveToTable('postgres://me@db/shop', 'totals', { id: 'shop-totals' })
     */
    saveToTable(url: string, table: string, options?: SqlSaveOptions & FailureOptions): OutputHandle;
  }
}

type OnExecutors = typeof import('./on-executors');

const onExecutors = (): OnExecutors => require(bundled('databases.js')) as OnExecutors;

const remedy = "Write sc.sqlTable('postgres://user@host/database', 'orders', { partitionColumn: 'id' }).";

function checkTable(operation: string, table: unknown): string {
  if (typeof table === 'string' && /^[^.\0]+(\.[^.\0]+)?$/.test(table)) return table;
  return refuseArgument({ operation, argument: 'the table', value: table, rule: "a name, or 'schema.name'", remedy });
}

function checkNames(operation: string, options: object, names: readonly string[]): void {
  checkOptions(operation, options, remedy);
  for (const name of Object.keys(options))
    if (!names.includes(name))
      refuseArgument({ operation, argument: 'an option', value: name, rule: `one of ${names.join(', ')}`, remedy });
}

/** Ranges of a column between its least and its greatest value; the first takes what is below, and nulls, the last what is above. */
function rangesOf(column: string, least: number, greatest: number, n: number): TablePart[] {
  const step = (greatest - least) / n;
  if (!(step > 0)) return [{}];
  const isWhole = Number.isInteger(least) && Number.isInteger(greatest);
  const bounds = Array.from({ length: n - 1 }, (_, i) => (isWhole ? Math.floor : Number)(least + step * (i + 1)));
  return Array.from({ length: n }, (_, i) => ({
    column,
    ...(i > 0 && { from: bounds[i - 1] }),
    ...(i < n - 1 && { to: bounds[i] }),
  }));
}

async function partsOf(settings: TableSettings, column: string | undefined, n: number): Promise<TablePart[]> {
  if (column === undefined) return [{}];
  const { address, secret, table, where } = settings;
  const database = await openDatabase(address, secret.value);
  try {
    const found = (await columnsOf(database, { ...settings, columns: undefined })).find(({ name }) => name === column);
    if (found?.type.kind !== 'int' && found?.type.kind !== 'double')
      refuseArgument({
        operation: 'sqlTable',
        argument: 'partitionColumn',
        value: column,
        rule: `a column of numbers of the table ${table}`,
        remedy,
      });
    const name = database.quoted(column);
    const condition = where === undefined ? '' : ` where (${where})`;
    const [row] = await database.run(
      `select min(${name}) as least, max(${name}) as greatest from ${tableName(database, table)}${condition}`,
    );
    return rangesOf(column, Number(row.least), Number(row.greatest), n);
  } finally {
    await database.close();
  }
}

Context.prototype.sqlTable = function <T extends object>(
  this: Context,
  url: string,
  table: string,
  options: SqlTableOptions = {},
) {
  const operation = 'sqlTable';
  checkNames(operation, options, ['password', 'columns', 'where', 'partitionColumn', 'numPartitions']);
  const { columns, where, partitionColumn, numPartitions = this.defaultParallelism } = options;
  if (columns !== undefined && (!Array.isArray(columns) || columns.length === 0))
    refuseArgument({ operation, argument: 'columns', value: columns, rule: 'a list of names', remedy });
  checkWhole(numPartitions, 1, 10_000, { operation, argument: 'numPartitions', remedy });
  const { address, secret } = checkedUrl(operation, url, options.password);
  const settings: TableSettings = {
    address,
    secret: this.broadcast(secret),
    table: checkTable(operation, table),
    where,
    columns,
  };
  const told = (error: unknown) => toldFailure(error, address, `read the table ${table}`);
  let schema: Promise<Schema> | undefined;
  const source: Source<T, TablePart> = {
    name: `the table ${table} of ${address.shown}`,
    operation,
    numPartitions: partitionColumn === undefined ? 1 : numPartitions,
    partitions: async () => {
      const parts = await partsOf(settings, partitionColumn, numPartitions).catch((error) => Promise.reject(told(error)));
      return parts.map((data) => ({ data }));
    },
    schema: () => {
      schema ??= schemaOf(settings).catch((error) => {
        schema = undefined;
        throw told(error);
      });
      return schema;
    },
    read: onExecutors().readPart.bind(null, settings) as never,
  };
  return this.source(source);
};

async function schemaOf(settings: TableSettings): Promise<Schema> {
  const database = await openDatabase(settings.address, settings.secret.value);
  try {
    const columns = await columnsOf(database, settings);
    return { columns: columns.map(({ name, type, nullable }) => ({ name, type, nullable })) };
  } finally {
    await database.close();
  }
}

function tableSink<T>(sc: Context, url: string, table: string, options: SqlSaveOptions, isRestarted: boolean): Sink<T, Written> {
  const operation = 'saveToTable';
  checkNames(operation, options, ['password', 'mode', 'id']);
  const { mode = 'append', id, password } = options;
  if (mode !== 'append' && mode !== 'overwrite')
    refuseArgument({ operation, argument: 'mode', value: mode, rule: "'append' or 'overwrite'", remedy });
  const { address, secret } = checkedUrl(operation, url, password);
  const checked = { table: checkTable(operation, table), id: checkedId(operation, id, isRestarted), mode };
  const settings: TableWriteSettings = { address, secret: sc.broadcast(secret), ...checked };
  return {
    name: `the table ${table} of ${address.shown}`,
    operation,
    isCommitted: async (job) => await isTableCommitted(settings, job),
    begin: async (job) => await beginTable(settings, job),
    write: onExecutors().writePart.bind(null, settings) as never,
    commit: async (answers, job) => await commitTable(settings, answers, job),
    abort: async (job) => await abortTable(settings, job),
  };
}

RDD.prototype.saveToTable = function (url, table, options = {}) {
  return this.saveTo(tableSink(this.context, url, table, options, false));
};

DStream.prototype.saveToTable = function (url, table, options = {}) {
  const { onFailure, attempts, backoff, ...rest } = options;
  const { streaming } = this;
  const sink = tableSink(streaming.sc, url, table, rest, streaming.checkpointFolder !== undefined);
  checkOnlyWriter('saveToTable', streaming, rest.id, sink.name ?? table);
  return this.saveTo(sink, { onFailure, attempts, backoff });
};
