// What arrays, Spark's DataFrames, pandas and polars call operations of datasets: the message for such a name says how it is written here.

const take = 'use take(n)';
const save = 'use saveAsCsv(folder), saveAsJsonLines(folder) or saveAsParquet(folder)';
const columns = 'use .schema rows at the prompt, rows.schema in programs';
const shows =
  'a dataset at the end of a line prints itself. .show N prints more rows; in a script write console.log(await rows.take(20))';
const query = 'sql`select … from ${rows}` takes the variable as a table';

export const habits: Readonly<Record<string, string>> = {
  // Arrays.
  length: 'use count()',
  forEach: 'use foreach(f)',
  slice: take,
  find: 'use filter(f).take(1)',
  some: 'use filter(f).isEmpty()',
  every: 'use filter(f).count()',
  includes: 'use filter(x => x === value).isEmpty()',
  sort: 'use sortBy(f)',
  concat: 'use union(other)',
  toArray: 'use collect()',
  reduceRight: 'use reduce(f)',
  // DataFrames.
  show: shows,
  display: shows,
  print: shows,
  printSchema: columns,
  dtypes: columns,
  columns: columns,
  info: columns,
  limit: take,
  head: take,
  tail: 'use orderBy(desc(column)).take(n)',
  size: 'use count()',
  toList: 'use collect()',
  toPandas: 'use collect(), or toArrow() for another tool',
  to_pandas: 'use collect(), or toArrow() for another tool',
  withColumnRenamed: "use rename({ old: 'new' })",
  with_columns: 'use withColumn(name, f)',
  withColumns: 'use withColumn(name, f)',
  selectExpr: query,
  createOrReplaceTempView: query,
  createTempView: query,
  registerTempTable: query,
  fillna: 'use fillNull({ column: value })',
  dropna: 'use filter(row => row.column !== null)',
  na: 'use fillNull({ column: value }), or filter(row => row.column !== null)',
  drop_duplicates: 'use dropDuplicates()',
  unique: 'use distinct()',
  n_unique: 'use distinct().count()',
  nunique: 'use distinct().count()',
  value_counts: 'use countByValue()',
  sort_values: "use orderBy('column')",
  group_by: 'use groupBy(row => row.column).agg({ … })',
  groupby: 'use groupBy(row => row.column).agg({ … })',
  merge: 'use join(other, f)',
  unionAll: 'use union(other)',
  apply: 'use map(f)',
  write: save,
  to_csv: save,
  toCSV: save,
  to_parquet: save,
};

/** A type of rows with many columns would be most of the message. */
const longestType = 60;

/** The message for a name that a dataset does not have and another tool's table has; undefined for any other name. */
export function operationInstead(type: string, name: string): string | undefined {
  if (!/^\w*RDD</.test(type) || !Object.hasOwn(habits, name)) return undefined;
  return `${type.length > longestType ? 'A dataset' : `An ${type}`} has no ${name}; ${habits[name]}.`;
}
