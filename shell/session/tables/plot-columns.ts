// `.plot rows x=hour y=n`: the columns of rows that are objects, as the numbers or pairs that are drawn.
import { MillraceError, type RDD } from '../../../runtime';
import { nearest } from '../../../runtime/base/nearest';
import { datasetOf } from '../dataset-of';

/** The columns to draw: x alone is a histogram, or bars of how often each value comes. */
export interface PlotColumns {
  readonly x?: string;
  readonly y?: string;
}

type Row = Readonly<Record<string, unknown>>;

const isRow = (value: unknown): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Rows that are looked at for names of columns. */
const lookedAt = 50;

/**
 * The columns of a value as numbers or pairs, without rows in which one is null. Rows of two columns, the second of numbers, need no names. Any
 * other value is answered as it is. Throws BAD_ARGUMENT for a column that is not there.
 */
export async function chosenColumns(value: unknown, asked: PlotColumns): Promise<unknown> {
  const dataset = datasetOf(value) as RDD<Row> | undefined;
  const rows = dataset ? await dataset.take(lookedAt) : value;
  const isNamed = asked.x !== undefined || asked.y !== undefined;
  if (!Array.isArray(rows) || rows.length === 0 || !rows.every(isRow)) return isNamed ? refuse(value) : value;
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const { x, y } = isNamed ? asked : pairOf(names, rows);
  for (const name of [x, y]) if (name !== undefined && !names.includes(name)) unknown(name, names);
  if (x === undefined && y === undefined) return value;
  if (x !== undefined && y !== undefined) {
    if (!dataset) return (rows as Row[]).filter((row) => isThere(row[x]) && isThere(row[y])).map((row) => [row[x], row[y]]);
    return dataset
      .map((row) => [row[x], row[y]] as const)
      .filter(([a, b]) => a !== null && a !== undefined && b !== null && b !== undefined);
  }
  const only = (x ?? y)!;
  const isNumeric = rows.every((row) => !isThere(row[only]) || typeof row[only] === 'number' || typeof row[only] === 'bigint');
  const all = dataset ?? (rows as Row[]);
  if (isNumeric && dataset) return dataset.map((row) => row[only]).filter((one) => one !== null && one !== undefined);
  if (isNumeric)
    return histogram(
      (rows as Row[])
        .map((row) => row[only])
        .filter(isThere)
        .map(Number),
    );
  return dataset ? counts(dataset, only) : countsOf(all as Row[], only);
}

const isThere = (value: unknown): boolean => value !== null && value !== undefined;

/** A key and a number, as `countByKey` of objects or an aggregate has them. */
function pairOf(names: readonly string[], rows: readonly Row[]): PlotColumns {
  const [x, y] = names;
  const isNumber = (value: unknown) => typeof value === 'number' || typeof value === 'bigint' || !isThere(value);
  return names.length === 2 && rows.every((row) => isNumber(row[y])) ? { x, y } : {};
}

const counts = (rows: RDD<Row>, name: string): RDD<[unknown, number]> =>
  rows
    .map((row) => row[name])
    .filter((one) => one !== null && one !== undefined)
    .map((one) => [one, 1] as [unknown, number])
    .reduceByKey((a, b) => a + b);

function countsOf(rows: readonly Row[], name: string): Map<unknown, number> {
  const found = new Map<unknown, number>();
  for (const { [name]: one } of rows) if (isThere(one)) found.set(one, (found.get(one) ?? 0) + 1);
  return found;
}

const buckets = 20;

/** Equal parts of the range of numbers, and how many are in each. */
function histogram(numbers: readonly number[]): { edges: number[]; counts: number[] } {
  const finite = numbers.filter(Number.isFinite);
  const [least, most] = [finite.reduce((a, b) => Math.min(a, b), Infinity), finite.reduce((a, b) => Math.max(a, b), -Infinity)];
  const width = (most - least) / buckets;
  if (!(width > 0)) return { edges: [least, most], counts: [finite.length] };
  const found = new Array<number>(buckets).fill(0);
  for (const one of finite) found[Math.min(buckets - 1, Math.floor((one - least) / width))]++;
  return { edges: Array.from({ length: buckets + 1 }, (_, i) => least + i * width), counts: found };
}

function unknown(name: string, names: readonly string[]): never {
  const meant = nearest(name, names);
  throw new MillraceError('BAD_ARGUMENT', {
    operation: '.plot',
    argument: 'the column',
    value: name,
    rule: `one of ${names.join(', ')}`,
    remedy: meant === undefined ? 'For example: .plot rows x=hour y=n' : `Did you mean ${meant}?`,
  });
}

function refuse(value: unknown): never {
  throw new MillraceError('BAD_ARGUMENT', {
    operation: '.plot',
    argument: 'its value',
    value: Array.isArray(value) ? 'an array' : typeof value,
    rule: 'a dataset or an array of objects, some rows of it at least, where columns are named',
    remedy: 'Leave out x= and y=, or name columns of objects: .plot rows x=hour y=n',
  });
}
