// Aggregates of groups: `groupBy(f).agg({ n: count() })`, in one pass, combined on the map side.
import { refuseArgument } from '../base/arguments';
import type { AggregateSpec } from '../exec/library/aggregates';
import { choosePartitioner, combined, flatMapValues } from '../ops/pairs';
import { lib, ShippedFunction } from '../rdd/function-argument';
import { RDD } from '../rdd/rdd';
import { type Flat, throughRows } from './columns';

/** What `agg` makes of the rows of a group: by `count()`, `sum(f)`, `mean(f)` and their like. */
export class Aggregate<T, R> {
  /** @internal */ readonly spec: AggregateSpec;
  /** @internal */ readonly of: ((row: T) => unknown) | undefined;
  /** Keeps R in the type. */
  declare protected readonly result: R;

  /** @internal */ constructor(kind: AggregateSpec['kind'], of?: (row: T) => unknown, at?: number) {
    this.spec = { kind, at, isOf: of !== undefined };
    this.of = of;
  }
}

type Missing = null | undefined;
/** Null where every value of the group may be missing. */
type OrNull<V, R> = Extract<V, Missing> extends never ? R : R | null;
type Numeric = number | Missing;

function made<T, R>(kind: AggregateSpec['kind'], f: ((row: T) => unknown) | undefined, at?: number): Aggregate<T, R> {
  if (f !== undefined && typeof f !== 'function')
    refuseArgument({
      operation: kind,
      argument: 'its argument',
      value: f,
      rule: 'a function of the row',
      remedy: `Write ${kind}(row => row.n).`,
    });
  return new Aggregate<T, R>(kind, f, at);
}

function needed<T, R>(kind: AggregateSpec['kind'], f: (row: T) => unknown, at?: number): Aggregate<T, R> {
  if (f === undefined)
    refuseArgument({
      operation: kind,
      argument: 'the function',
      value: f,
      rule: 'a function of the row',
      remedy: `Write ${kind}(row => row.n).`,
    });
  return made<T, R>(kind, f, at);
}

/**
 * The number of rows of a group, or of those for which `f` gives a value that is not null or undefined.
 * @example await sc.parallelize(['a', 'bb', 'cc']).groupBy(w => w.length).agg({ n: count() }).orderBy('key').collect() // [{ key: 1, n: 1 }, { key: 2, n: 2 }]
 */
export const count = <T = any>(f?: (row: T) => unknown): Aggregate<T, number> => made('count', f);

/**
 * The exact sum of what `f` gives, rounded once; 0 of nothing.
 * @example await sc.range(4).groupBy(x => x % 2).agg({ s: sum(x => x) }).orderBy('key').collect() // [{ key: 0, s: 2 }, { key: 1, s: 4 }]
 */
export const sum = <T>(f: (row: T) => Numeric): Aggregate<T, number> => needed('sum', f);

/**
 * The mean of what `f` gives; null where that is nothing.
 * @example await sc.range(4).groupBy(x => x % 2).agg({ m: mean(x => x) }).orderBy('key').collect() // [{ key: 0, m: 1 }, { key: 1, m: 2 }]
 */
export const mean = <T, V extends Numeric>(f: (row: T) => V): Aggregate<T, OrNull<V, number>> => needed('mean', f);

/**
 * The least of what `f` gives, in the order of keys; null where that is nothing.
 * @example await sc.range(4).groupBy(x => x % 2).agg({ least: min(x => x) }).orderBy('key').collect() // [{ key: 0, least: 0 }, { key: 1, least: 1 }]
 */
export const min = <T, V>(f: (row: T) => V): Aggregate<T, OrNull<V, NonNullable<V>>> => needed('min', f);

/**
 * The greatest of what `f` gives, in the order of keys; null where that is nothing.
 * @example await sc.range(4).groupBy(x => x % 2).agg({ most: max(x => x) }).orderBy('key').collect() // [{ key: 0, most: 2 }, { key: 1, most: 3 }]
 */
export const max = <T, V>(f: (row: T) => V): Aggregate<T, OrNull<V, NonNullable<V>>> => needed('max', f);

/**
 * The number below which the share `q` of what `f` gives lies: exact of at most 1,000 numbers, within 0.1 % of larger groups; null of nothing.
 * @example await sc.range(5).groupBy(x => 'all').agg({ p50: quantile(x => x, 0.5) }).first() // { key: 'all', p50: 2 }
 */
export const quantile = <T, V extends Numeric>(f: (row: T) => V, q: number): Aggregate<T, OrNull<V, number>> => {
  if (!(typeof q === 'number' && q >= 0 && q <= 1))
    refuseArgument({
      operation: 'quantile',
      argument: 'the share',
      value: q,
      rule: 'a number from 0 to 1',
      remedy: 'Write quantile(row => row.n, 0.95).',
    });
  return needed('quantile', f, q);
};

/**
 * How many different values `f` gives, by value; each group holds them in memory.
 * @example await sc.range(4).groupBy(x => 'all').agg({ n: countDistinct(x => x % 2) }).first() // { key: 'all', n: 2 }
 */
export const countDistinct = <T>(f: (row: T) => unknown): Aggregate<T, number> => needed('countDistinct', f);

/**
 * All that `f` gives, as an array in the order of the rows.
 * @example await sc.range(4).groupBy(x => x % 2).agg({ all: list(x => x) }).orderBy('key').collect() // [{ key: 0, all: [0, 2] }, { key: 1, all: [1, 3] }]
 */
export const list = <T, V>(f: (row: T) => V): Aggregate<T, NonNullable<V>[]> => needed('list', f);

/** Aggregates by the names of their columns. */
export type Aggregates<T> = Readonly<Record<string, Aggregate<T, any>>>;

type Plain = string | number | bigint | boolean | Missing | Date | readonly unknown[];
/** The columns that a key becomes: its fields, or `key`. */
export type KeyColumns<K> = [K] extends [Plain] ? { key: K } : K extends object ? K : { key: K };
type Result<A> = A extends Aggregate<any, infer R> ? R : never;
/** A row of an aggregated table. */
export type Aggregated<K, A> = Flat<KeyColumns<K> & { [N in keyof A]: Result<A[N]> }>;

declare module '../rdd/rdd' {
  interface RDD<T> {
    /**
     * One row for each group of a `groupBy`: the key's fields where it is an object, else `key`, and a column for each aggregate. Values that
     * are null or undefined are left out, as in SQL. Groups are never gathered: only their aggregates move.
     * @example await sc.parallelize([{ c: 'AA', d: 3 }, { c: 'AA', d: 5 }]).groupBy(f => ({ c: f.c })).agg({ n: count(), d: mean(f => f.d) }).collect() // [{ c: 'AA', n: 2, d: 4 }]
     */
    agg<K, V, A extends Aggregates<V>>(this: RDD<[K, V[]]>, aggregates: A): RDD<Aggregated<K, A>>;
    /**
     * The mean of the values of each key, exact and rounded once.
     * @example await sc.parallelize([['a', 1], ['a', 2]] as [string, number][]).meanByKey().collect() // [['a', 1.5]]
     */
    meanByKey<K>(this: RDD<[K, number]>): RDD<[K, number]>;
    /**
     * Quantiles of the values of each key, for shares from 0 to 1: exact of at most 1,000 values, else within 0.1 %.
     * @example await sc.parallelize([['a', 1], ['a', 2], ['a', 4]] as [string, number][]).quantilesByKey([0, 0.5, 1]).collect() // [['a', [1, 2, 4]]]
     */
    quantilesByKey<K>(this: RDD<[K, number]>, shares: readonly number[]): RDD<[K, number[]]>;
    /**
     * A row for each row key, with a column for each column key, in the order of their texts: the aggregate of what has both.
     * @example await sc.parallelize([{ c: 'AA', m: 'jan', n: 1 }, { c: 'AA', m: 'feb', n: 2 }]).pivot(r => ({ c: r.c }), r => r.m, sum(r => r.n)).collect() // [{ c: 'AA', feb: 2, jan: 1 }]
     */
    pivot<Row, K, R>(
      this: RDD<Row>,
      row: (row: Row) => K,
      column: (row: Row) => string | number | boolean,
      aggregate: Aggregate<Row, R>,
    ): RDD<Flat<KeyColumns<K> & Record<string, R>>>;
  }
}

interface Made {
  readonly specs: readonly AggregateSpec[];
  readonly functions: readonly ShippedFunction[];
}

function madeOf(rdd: RDD<unknown>, operation: string, aggregates: readonly unknown[]): Made {
  const wrong = aggregates.find((one) => !(one instanceof Aggregate));
  if (aggregates.length === 0 || wrong !== undefined || aggregates.includes(undefined))
    refuseArgument({
      operation,
      argument: 'an aggregate',
      value: wrong,
      shown: aggregates.length === 0 ? 'missing' : undefined,
      rule: 'count(), sum(f), mean(f), min(f), max(f), quantile(f, q), countDistinct(f) or list(f)',
      remedy: 'Write agg({ n: count(), d: mean(row => row.delay) }).',
    });
  const all = aggregates as readonly Aggregate<unknown, unknown>[];
  return {
    specs: all.map(({ spec }) => spec),
    functions: all.flatMap(({ of }) => (of ? [ShippedFunction.of(rdd.context, of, operation)] : [])),
  };
}

/** The states of the aggregates of each key. */
function aggregated<K>(pairs: RDD<[K, unknown]>, operation: string, { specs, functions }: Made): RDD<[K, unknown[]]> {
  return combined<[K, unknown[]]>(
    pairs,
    operation,
    choosePartitioner(operation, [pairs]),
    lib('groupStart', specs, ...functions),
    lib('groupAdd', specs, ...functions),
    lib('groupJoin', specs),
  );
}

/** The rows of groups under their keys, before they were gathered where that is known. */
function rowsOfGroups(groups: RDD<[unknown, unknown[]]>): RDD<[unknown, unknown]> {
  const [only, ...others] = groups.lineage;
  const isGrouped = /^groupBy(?:Key)?$/.test(groups.operation) && only && others.length === 0 && !groups.storageLevel.isKept;
  return isGrouped ? (only.rdd as RDD<[unknown, unknown]>) : flatMapValues(groups, 'agg', lib('itself'));
}

RDD.prototype.agg = function (this: RDD<[unknown, unknown[]]>, aggregates: Aggregates<unknown>) {
  const isPlain = typeof aggregates === 'object' && aggregates !== null && !(aggregates instanceof Aggregate);
  const named = isPlain ? Object.entries(aggregates) : [['', aggregates] as const];
  const all = madeOf(this, 'agg', isPlain ? named.map(([, one]) => one) : [undefined]);
  const states = aggregated(rowsOfGroups(this), 'agg', all);
  return throughRows(
    states,
    'agg',
    lib(
      'groupEnd',
      all.specs,
      named.map(([name]) => name),
    ),
  );
} as unknown as RDD<[unknown, unknown[]]>['agg'];

/** Aggregates of the values of each key, as values. */
function ofValues<R>(rdd: RDD<[unknown, unknown]>, operation: string, specs: readonly AggregateSpec[], isOne: boolean): RDD<R> {
  const states = aggregated(rdd, operation, { specs, functions: [] });
  const f = lib('groupValues', specs, isOne);
  return throughRows<R>(states, operation, f, 'mapValues');
}

RDD.prototype.meanByKey = function (this: RDD<[unknown, unknown]>) {
  return ofValues(this, 'meanByKey', [{ kind: 'mean', isOf: false }], true);
} as RDD<unknown>['meanByKey'];

RDD.prototype.quantilesByKey = function (this: RDD<[unknown, unknown]>, shares: readonly number[]) {
  const isList = Array.isArray(shares) && shares.length > 0 && shares.every((q) => typeof q === 'number' && q >= 0 && q <= 1);
  if (!isList)
    refuseArgument({
      operation: 'quantilesByKey',
      argument: 'the shares',
      value: shares,
      rule: 'an array of numbers from 0 to 1',
      remedy: 'Write quantilesByKey([0.5, 0.95]).',
    });
  return ofValues(
    this,
    'quantilesByKey',
    shares.map((at) => ({ kind: 'quantile', at, isOf: false })),
    false,
  );
} as RDD<unknown>['quantilesByKey'];

RDD.prototype.pivot = function (this: RDD<unknown>, row: unknown, column: unknown, aggregate: unknown) {
  const operation = 'pivot';
  const ship = (f: unknown, argument: string) => ShippedFunction.of(this.context, f, operation, argument);
  const keyOf = lib('cellKey', ship(row, 'the function of rows'), ship(column, 'the function of columns'));
  const all = madeOf(this, operation, [aggregate]);
  const cells = throughRows<[[unknown, unknown], unknown]>(this, operation, keyOf, 'keyBy');
  const states = aggregated(cells, operation, all);
  const values = throughRows<unknown>(states, operation, lib('groupValues', all.specs, true), 'mapValues');
  const pairs = throughRows<[unknown, unknown]>(values, operation, lib('pivotPair'));
  return throughRows(pairs.groupByKey(), operation, lib('pivotRow'));
} as RDD<unknown>['pivot'];
