// The order of rows, which of them are the greatest, and which stand for those that are alike.
import { checkSize } from '../base/arguments';
import { MillraceError } from '../base/errors';
import { compareKeys, sortValues } from '../keys/key';
import { HashPartitioner } from '../keys/partitioner';
import { perPartition } from '../ops/merge-answers';
import { combined, valuesOf } from '../ops/pairs';
import { sortedByKeys } from '../ops/sort-by-key';
import type { JobPromise } from '../plan/job-promise';
import type { Datum } from '../rdd/element-types';
import { lib, ShippedFunction } from '../rdd/function-argument';
import { RDD } from '../rdd/rdd';
import { checkNames, throughRows } from './columns';

/** A column, or a function of the row, to sort by. */
export type OrderKey<T> = (keyof T & string) | ((row: T) => Datum);

/** A key to sort by from the greatest to the least. */
export class Descending<T> {
  /** @internal */ readonly key: OrderKey<T>;

  /** @internal */ constructor(key: OrderKey<T>) {
    this.key = key;
  }
}

/**
 * From the greatest to the least, for `orderBy`.
 * @example await sc.parallelize([{ n: 1 }, { n: 2 }]).orderBy(desc('n')).collect() // [{ n: 2 }, { n: 1 }]
 */
export const desc = <T>(key: OrderKey<T>): Descending<T> => new Descending(key);

declare module '../rdd/rdd' {
  interface RDD<T> {
    /**
     * The rows sorted by columns or functions of the row, each from the least unless it is `desc(key)`. What is null or missing comes last.
     * Equal rows stay in their order.
     * @example await sc.parallelize([{ a: 1, b: 1 }, { a: 1, b: 2 }, { a: 0, b: 3 }]).orderBy('a', desc('b')).collect() // [{ a: 0, b: 3 }, { a: 1, b: 2 }, { a: 1, b: 1 }]
     */
    orderBy<R extends object>(this: RDD<R>, ...keys: readonly (OrderKey<R> | Descending<R>)[]): RDD<R>;
    /**
     * The element with the greatest key; of several the first. Throws EMPTY_DATASET where no element has a key.
     * @example await sc.parallelize([{ n: 1 }, { n: 3 }]).maxBy(row => row.n) // { n: 3 }
     */
    maxBy(key: (element: T) => Datum): JobPromise<T>;
    /**
     * The element with the least key; of several the first. Throws EMPTY_DATASET where no element has a key.
     * @example await sc.parallelize([{ n: 1 }, { n: 3 }]).minBy(row => row.n) // { n: 1 }
     */
    minBy(key: (element: T) => Datum): JobPromise<T>;
    /**
     * The n elements with the greatest keys, greatest first; those without a key are left out.
     * @example await sc.parallelize([{ n: 1 }, { n: 3 }]).topBy(1, row => row.n) // [{ n: 3 }]
     */
    topBy(n: number, key: (element: T) => Datum): JobPromise<T[]>;
  }
}

interface Key {
  readonly key: unknown;
  readonly isAscending: boolean;
}

/** Sorts are stable, so the last key is sorted by first; neighbours of one direction are sorted by together. */
RDD.prototype.orderBy = function <T extends object>(this: RDD<T>, ...keys: readonly (OrderKey<T> | Descending<T>)[]) {
  if (keys.length === 0) checkNames('orderBy', [], 1);
  const asked = keys.map(
    (key): Key => (key instanceof Descending ? { key: key.key, isAscending: false } : { key, isAscending: true }),
  );
  for (const { key } of asked) if (typeof key !== 'function') checkNames('orderBy', [key], 1);
  const runs: Key[][] = [];
  for (const one of asked) {
    const last = runs.at(-1);
    if (last && last[0].isAscending === one.isAscending) last.push(one);
    else runs.push([one]);
  }
  return runs.reduceRight<RDD<T>>((rdd, run) => sortedRun(rdd, run), this);
};

function sortedRun<T>(rdd: RDD<T>, run: readonly Key[]): RDD<T> {
  const { isAscending } = run[0];
  const names = run.map(({ key }) => (typeof key === 'string' ? key : null));
  const functions = run.flatMap(({ key }) => (typeof key === 'string' ? [] : [ShippedFunction.of(rdd.context, key, 'orderBy')]));
  const key = lib('orderKey', names, isAscending, ...functions);
  return valuesOf(sortedByKeys(keyedBy<unknown[], T>(rdd, 'orderBy', key), 'orderBy', isAscending), 'orderBy');
}

/** Each row under what a library function makes of it. */
const keyedBy = <K, T>(rdd: RDD<T>, operation: string, key: ReturnType<typeof lib>): RDD<[K, T]> =>
  throughRows<[K, T]>(rdd, operation, key, 'keyBy');

async function extreme<T>(rdd: RDD<T>, operation: string, n: number, key: unknown, isGreatest: boolean): Promise<T[]> {
  checkSize(operation, n);
  const shipped = ShippedFunction.of(rdd.context, key, operation);
  const pairs = throughRows<[unknown, T]>(rdd, operation, shipped, 'keyBy');
  const kept = await perPartition<[unknown, T]>(pairs, operation, lib('extremePairs', n, isGreatest)).collectPartitions(
    operation,
  );
  const order = (a: [unknown, T], b: [unknown, T]) => (isGreatest ? compareKeys(b[0], a[0]) : compareKeys(a[0], b[0]));
  return sortValues(kept, order)
    .slice(0, n)
    .map(([, element]) => element);
}

async function only<T>(rdd: RDD<T>, operation: string, key: unknown, isGreatest: boolean): Promise<T> {
  const found = await extreme(rdd, operation, 1, key, isGreatest);
  if (found.length === 0) throw new MillraceError('EMPTY_DATASET', { operation });
  return found[0];
}

RDD.prototype.maxBy = function (key) {
  return only(this, 'maxBy', key, true);
};

RDD.prototype.minBy = function (key) {
  return only(this, 'minBy', key, false);
};

RDD.prototype.topBy = function (n, key) {
  return extreme(this, 'topBy', n, key, true);
};

RDD.prototype.dropDuplicates = function <T>(this: RDD<T>, ...columns: readonly string[]) {
  checkNames('dropDuplicates', columns, 0);
  if (columns.length === 0) return this.distinct();
  const keyed = keyedBy<unknown[], T>(this, 'dropDuplicates', lib('keyOfFields', columns));
  const first = lib('first');
  const partitioner = new HashPartitioner(Math.max(1, this.numPartitions));
  return valuesOf(combined<[unknown[], T]>(keyed, 'dropDuplicates', partitioner, undefined, first, first), 'dropDuplicates');
} as RDD<object>['dropDuplicates'];
