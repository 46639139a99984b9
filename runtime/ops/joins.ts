// Datasets against each other: joins and cogroups by key, sets, products.

import { refuseArgument } from '../base/arguments';
import type { Partitioner } from '../keys/partitioner';
import { CartesianRDD } from '../rdd/cartesian';
import { lib } from '../rdd/function-argument';
import { SteppedRDD } from '../rdd/narrow-step';
import { RDD } from '../rdd/rdd';
import { CoGroupedRDD, type Meeting } from '../rdd/shuffled';
import { choosePartitioner, combined, flatMapValues, keysOf, type Partitioning } from './pairs';

declare module '../rdd/rdd' {
  interface RDD<T> {
    /**
     * Pairs of the values of keys that both have.
     * @example await sc.parallelize([[1, 'a']] as [number, string][]).join(sc.parallelize([[1, true]] as [number, boolean][])).collect() // [[1, ['a', true]]]
     */
    join<K, V, W>(this: RDD<[K, V]>, other: RDD<[K, W]>, partitioning?: Partitioning): RDD<[K, [V, W]]>;
    /**
     * Every pair of the left; undefined where the right has no such key.
     * @example await words.keyBy(w => w).leftOuterJoin(sc.parallelize([['a', 1]] as [string, number][])).lookup('a') // [['a', 1]]
     */
    leftOuterJoin<K, V, W>(this: RDD<[K, V]>, other: RDD<[K, W]>, partitioning?: Partitioning): RDD<[K, [V, W | undefined]]>;
    /**
     * Every pair of the right; undefined where the left has no such key.
     * @example await sc.parallelize([['a', 1]] as [string, number][]).rightOuterJoin(words.keyBy(w => w)).lookup('a') // [[1, 'a']]
     */
    rightOuterJoin<K, V, W>(this: RDD<[K, V]>, other: RDD<[K, W]>, partitioning?: Partitioning): RDD<[K, [V | undefined, W]]>;
    /**
     * Every pair of either.
     * @example await words.keyBy(w => w).fullOuterJoin(sc.parallelize([['z', 1]] as [string, number][])).count() // 3
     */
    fullOuterJoin<K, V, W>(
      this: RDD<[K, V]>,
      other: RDD<[K, W]>,
      partitioning?: Partitioning,
    ): RDD<[K, [V | undefined, W | undefined]]>;
    /**
     * For each key of any of two to four datasets its values in each.
     * @example await words.keyBy(w => w).cogroup(sc.parallelize([['a', 1]] as [string, number][])).mapValues(([left, right]) => [...left, ...right].length).lookup('a') // [2]
     */
    cogroup<K, V, W>(this: RDD<[K, V]>, other: RDD<[K, W]>, partitioning?: Partitioning): RDD<[K, [V[], W[]]]>;
    cogroup<K, V, W, X>(
      this: RDD<[K, V]>,
      second: RDD<[K, W]>,
      third: RDD<[K, X]>,
      partitioning?: Partitioning,
    ): RDD<[K, [V[], W[], X[]]]>;
    cogroup<K, V, W, X, Y>(
      this: RDD<[K, V]>,
      second: RDD<[K, W]>,
      third: RDD<[K, X]>,
      fourth: RDD<[K, Y]>,
      partitioning?: Partitioning,
    ): RDD<[K, [V[], W[], X[], Y[]]]>;
    /**
     * `cogroup` under Spark's other name.
     * @example await words.keyBy(w => w).groupWith(sc.parallelize([['a', 1]] as [string, number][])).count() // 2
     */
    groupWith<K, V, W>(this: RDD<[K, V]>, other: RDD<[K, W]>): RDD<[K, [V[], W[]]]>;
    groupWith<K, V, W, X>(this: RDD<[K, V]>, second: RDD<[K, W]>, third: RDD<[K, X]>): RDD<[K, [V[], W[], X[]]]>;
    groupWith<K, V, W, X, Y>(
      this: RDD<[K, V]>,
      second: RDD<[K, W]>,
      third: RDD<[K, X]>,
      fourth: RDD<[K, Y]>,
    ): RDD<[K, [V[], W[], X[], Y[]]]>;
    /**
     * The elements that both have, each once; elements compare by value.
     * @example await sc.parallelize([1, 2, 2, 3]).intersection(sc.parallelize([2, 3, 4])).sortBy(x => x).collect() // [2, 3]
     */
    intersection(other: RDD<T>, partitioning?: Partitioning): RDD<T>;
    /**
     * The elements that the other has not; duplicates stay. It has as many partitions as this.
     * @example await sc.parallelize([1, 1, 2]).subtract(sc.parallelize([2])).collect() // [1, 1]
     */
    subtract(other: RDD<T>, partitioning?: Partitioning): RDD<T>;
    /**
     * The pairs whose key the other has not, in the partitions of this if it has a partitioner, else in as many.
     * @example await sc.parallelize(['a', 'b']).keyBy(w => w).subtractByKey(sc.parallelize([['a', 1]] as [string, number][])).keys().collect() // ['b']
     */
    subtractByKey<K, V>(this: RDD<[K, V]>, other: RDD<[K, unknown]>, partitioning?: Partitioning): RDD<[K, V]>;
    /**
     * Every pair of an element of this and one of the other. A task holds a partition of the other in memory; there are as many tasks
     * as pairs of partitions.
     * @example await sc.parallelize([1, 2], 1).cartesian(sc.parallelize(['a', 'b'], 1)).collect() // [[1, 'a'], [1, 'b'], [2, 'a'], [2, 'b']]
     */
    cartesian<U>(other: RDD<U>): RDD<[T, U]>;
  }
}

/** Two datasets of pairs brought together by key, on behalf of an operation. */
export function together<T>(
  operation: string,
  left: RDD<unknown>,
  right: RDD<unknown>,
  meeting: Meeting,
  partitioning?: Partitioning,
): RDD<T> {
  left.context.checkDataset(operation, right);
  const inputs = [left, right];
  return new CoGroupedRDD<T>(left.context, operation, inputs, choosePartitioner(operation, inputs, partitioning), meeting);
}

const mostGrouped = 4;

/** The datasets come first; behind them may stand how keys are to be spread. */
function groupedTogether(operation: string, first: RDD<unknown>, args: readonly unknown[]): RDD<unknown> {
  const hasPartitioning = operation === 'cogroup' && args.length > 1 && !(args.at(-1) instanceof RDD);
  const others = (hasPartitioning ? args.slice(0, -1) : args) as readonly RDD<unknown>[];
  if (others.length < 1 || others.length >= mostGrouped)
    refuseArgument({
      operation,
      argument: 'the number of other datasets',
      value: others.length,
      rule: `from 1 to ${mostGrouped - 1}`,
      remedy: `Write ${operation}(other).`,
    });
  for (const other of others) first.context.checkDataset(operation, other);
  const inputs = [first, ...others];
  const partitioning = hasPartitioning ? (args.at(-1) as Partitioning | undefined) : undefined;
  return new CoGroupedRDD(first.context, operation, inputs, choosePartitioner(operation, inputs, partitioning), {
    kind: 'cogroup',
  });
}

RDD.prototype.cogroup = function (this: RDD<unknown>, ...args: unknown[]) {
  return groupedTogether('cogroup', this, args);
} as RDD<unknown>['cogroup'];

RDD.prototype.groupWith = function (this: RDD<unknown>, ...others: unknown[]) {
  return groupedTogether('groupWith', this, others);
} as RDD<unknown>['groupWith'];

RDD.prototype.join = function (other, partitioning) {
  return together('join', this, other, { kind: 'join', left: false, right: false }, partitioning);
};

RDD.prototype.leftOuterJoin = function (other, partitioning) {
  return together('leftOuterJoin', this, other, { kind: 'join', left: true, right: false }, partitioning);
};

RDD.prototype.rightOuterJoin = function (other, partitioning) {
  return together('rightOuterJoin', this, other, { kind: 'join', left: false, right: true }, partitioning);
};

RDD.prototype.fullOuterJoin = function (other, partitioning) {
  return together('fullOuterJoin', this, other, { kind: 'join', left: true, right: true }, partitioning);
};

const withNull = <T>(rdd: RDD<T>, operation: string): RDD<[T, null]> =>
  new SteppedRDD<[T, null]>(rdd, {
    operation,
    plan: (input) => ({ op: 'map', template: 'pairWithNull', name: operation, input }),
  });

/** Each element once, as a key that lies where the partitioner puts it. */
function once<T>(rdd: RDD<T>, operation: string, partitioner: Partitioner): RDD<[T, null]> {
  const first = lib('first');
  return combined(withNull(rdd, operation), operation, partitioner, undefined, first, first);
}

/** The partitioner for elements as keys: those of the inputs are for the keys of pairs. */
function forElements(operation: string, left: RDD<unknown>, right: RDD<unknown>, partitioning?: Partitioning): Partitioner {
  left.context.checkDataset(operation, right);
  return choosePartitioner(operation, [withNull(left, operation), withNull(right, operation)], partitioning);
}

RDD.prototype.intersection = function <T>(this: RDD<T>, other: RDD<T>, partitioning?: Partitioning) {
  const partitioner = forElements('intersection', this, other, partitioning);
  const sides = [this, other].map((rdd) => once(rdd, 'intersection', partitioner));
  const both = new CoGroupedRDD<[T, unknown]>(this.context, 'intersection', sides, partitioner, { kind: 'cogroup' });
  const common = new SteppedRDD<[T, unknown]>(both, {
    operation: 'intersection',
    keepsPartitioner: true,
    plan: (input, b) => ({ op: 'filter', name: 'intersection', f: b.function(lib('inBoth')), input }),
  });
  return keysOf(common, 'intersection');
};

function without<T>(operation: string, left: RDD<unknown>, right: RDD<unknown>, partitioner: Partitioner): RDD<T> {
  const both = new CoGroupedRDD(left.context, operation, [left, right], partitioner, { kind: 'cogroup' });
  return flatMapValues<T>(both, operation, lib('onlyLeft'));
}

RDD.prototype.subtract = function <T>(this: RDD<T>, other: RDD<T>, partitioning?: Partitioning) {
  // As Spark: as many partitions as the left side has, whatever the other is like.
  const partitioner = forElements(
    'subtract',
    this,
    other,
    partitioning === undefined ? Math.max(1, this.numPartitions) : partitioning,
  );
  const right = once(other, 'subtract', partitioner);
  return keysOf(without<[T, null]>('subtract', withNull(this, 'subtract'), right, partitioner), 'subtract');
};

RDD.prototype.subtractByKey = function <K, V>(this: RDD<[K, V]>, other: RDD<[K, unknown]>, partitioning?: Partitioning) {
  this.context.checkDataset('subtractByKey', other);
  // As Spark: keys lie where those of the left do if that is known, else in as many partitions.
  const partitioner = choosePartitioner('subtractByKey', [this], partitioning);
  const keys = new SteppedRDD<[K, null]>(other, {
    operation: 'subtractByKey',
    keepsPartitioner: true,
    plan: (input, b) => ({ op: 'map', template: 'mapValues', name: 'subtractByKey', f: b.function(lib('nothing')), input }),
  });
  const first = lib('first');
  const right = combined(keys, 'subtractByKey', partitioner, undefined, first, first);
  return without<[K, V]>('subtractByKey', this, right, partitioner);
};

RDD.prototype.cartesian = function <T, U>(this: RDD<T>, other: RDD<U>) {
  this.context.checkDataset('cartesian', other);
  return new CartesianRDD<T, U>(this, other);
};
