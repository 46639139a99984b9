// `sc.sql`: queries over datasets and files, answered as datasets.
import { checkOptions, refuseArgument } from '../base/arguments';
import { Context } from '../context/context';
import type { SqlForm } from '../plan/sql-engine';
import { RDD } from '../rdd/rdd';
import { isTimeZone, timeZone as ownTimeZone } from '../schema/time-zone';
import { type NamedTable, SqlRDD } from './sql-rdd';
import { type Hole, QueryText, typedText } from './template';

/** How the answers of queries become values. */
export interface SqlOptions {
  /**
   * What whole numbers of 64 bits and more become. Default 'number': one beyond 2^53 fails with BAD_SQL, which no answer holds rounded.
   */
  readonly int64?: 'number' | 'bigint';
  /** The zone of dates, and of times without a zone, such as 'Europe/Berlin'. Default: that of this process. */
  readonly timeZone?: string;
}

/** What stands in a query as `${…}`: a dataset is a table, everything else a value that is bound, never text. */
export type SqlValue =
  | RDD<any>
  | string
  | number
  | bigint
  | boolean
  | null
  | Date
  | Uint8Array
  | readonly (string | number | bigint | boolean | null | Date)[];

/** Makes datasets of queries: `` sql`select …` ``. */
export interface SqlTag {
  <Row = any>(query: TemplateStringsArray, ...values: readonly SqlValue[]): RDD<Row>;
  /** A query that is only known when it runs. */
  <Row = any>(query: string): RDD<Row>;
  /** The same with options. */
  (options: SqlOptions): SqlTag;
}

declare module '../context/context' {
  interface Context {
    /**
     * The answer of a query as a dataset of objects, in the order of the query. `${dataset}` is a table: its rows are objects, or tuples with
     * the columns `_1`, `_2`, …; other elements have one column, `value`. `${value}` is bound, never text; a list fits `in ${list}`. Files are
     * tables by their paths: `from 'flights.csv'`, also Parquet and JSON lines. The dialect is DuckDB's, and only queries run: nothing is
     * written, and nothing fetched. The query runs once, before the first job that needs it. With options first: `` sql({ int64: 'bigint' })`…` ``.
     * Throws BAD_SQL with the place in the query, BAD_ARGUMENT for what is no value, SQL_ENGINE_LOST.
     * @example await sc.sql`select _1 as word, sum(_2) as n from ${sc.parallelize([['a', 1], ['b', 2], ['a', 3]])} group by _1 order by n desc`.collect() // [{ word: 'a', n: 4 }, { word: 'b', n: 2 }]
     */
    get sql(): SqlTag;
  }
}

const example = "Write sql`select * from ${rows} where n > ${5}`, or sql('select 1').";

function checkForm(options: SqlOptions): SqlForm {
  const { int64 = 'number', timeZone = ownTimeZone() } = options;
  const operation = 'sql';
  if (int64 !== 'number' && int64 !== 'bigint')
    refuseArgument({
      operation,
      argument: 'int64',
      value: int64,
      rule: "'number' or 'bigint'",
      remedy: "Write sql({ int64: 'bigint' })`…`.",
    });
  if (!isTimeZone(timeZone))
    refuseArgument({
      operation,
      argument: 'timeZone',
      value: timeZone,
      rule: 'the name of a time zone',
      remedy: "Write sql({ timeZone: 'Europe/Berlin' })`…`, or 'UTC'.",
    });
  return { int64, timeZone };
}

const isTemplate = (value: unknown): value is TemplateStringsArray => Array.isArray(value) && 'raw' in value;

/** A name in a query for each dataset: its own, where it is a name in SQL and no other has it, else `t1`, `t2`, …. */
function namedTables(rdds: Iterable<RDD<unknown>>): NamedTable[] {
  const taken = new Set<string>();
  return [...new Set(rdds)].map((rdd, i) => {
    const own = /^[A-Za-z_]\w*$/.test(rdd.name ?? '') ? rdd.name! : undefined;
    const name = own === undefined || taken.has(own.toLowerCase()) ? `t${i + 1}` : own;
    taken.add(name.toLowerCase());
    return { name, rdd };
  });
}

function checkValue(context: Context, value: unknown, index: number): unknown {
  if (value instanceof RDD) context.checkDataset('sql', value);
  const type = typeof value;
  if (value === undefined || type === 'function' || type === 'symbol')
    refuseArgument({
      operation: 'sql',
      argument: `value ${index + 1}`,
      value,
      rule: 'a dataset, a text, a number, a date, true or false, null, or a list of such',
      remedy: value === undefined ? 'Give it a value first; for a missing one write ${null}.' : example,
    });
  return value;
}

function tagOf(context: Context, form: SqlForm): SqlTag {
  const tag = (query: unknown, ...values: readonly unknown[]): unknown => {
    context.checkAlive();
    if (typeof query === 'string') {
      const asked = { query: new QueryText([query], []), values: [], tables: [], form };
      return new SqlRDD(context, asked);
    }
    if (!isTemplate(query)) {
      checkOptions('sql', query, example);
      return tagOf(context, checkForm({ ...form, ...(query as SqlOptions) }));
    }
    const given = values.map((value, i) => checkValue(context, value, i));
    const tables = namedTables(given.filter((value) => value instanceof RDD));
    const names = new Map(tables.map(({ name, rdd }) => [rdd as unknown, name]));
    const holes = given.map((value): Hole => {
      const name = names.get(value);
      return name === undefined ? { kind: 'value' } : { kind: 'table', name };
    });
    const text = new QueryText(query.raw.map(typedText), holes);
    return new SqlRDD(context, { query: text, values: given.filter((value) => !names.has(value)), tables, form });
  };
  return tag as SqlTag;
}

const tags = new WeakMap<Context, SqlTag>();

Object.defineProperty(Context.prototype, 'sql', {
  get(this: Context): SqlTag {
    const known = tags.get(this) ?? tagOf(this, checkForm({}));
    tags.set(this, known);
    return known;
  },
});
