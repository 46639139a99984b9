// Operators that make a dataset of a dataset, element by element or as a whole.

import { checkFlag } from '../base/arguments';
import { DirectPartitioner, HashPartitioner } from '../keys/partitioner';
import { awaitsFor, type CallOptions, type Elements } from '../plan/concurrency';
import type { Awaits } from '../plan/program';
import { CoalescedRDD } from '../rdd/coalesced';
import type { Datum } from '../rdd/element-types';
import { type FunctionArgument, lib, ShippedFunction } from '../rdd/function-argument';
import { IndexedRDD, mapped, SteppedRDD } from '../rdd/narrow-step';
import { RDD } from '../rdd/rdd';
import { dependOn, narrow } from '../rdd/shuffle-or-narrow';
import { type Gather, ShuffledRDD } from '../rdd/shuffled';
import { unionOf } from '../rdd/union';
import { type BadRecordOptions, perElement } from './bad-records';
import { groupedByKey, type Partitioning, valuesOf } from './pairs';

declare module '../rdd/rdd' {
  interface RDD<T> {
    /**
     * Each element through `f`, which may be async: eight calls wait at a time in each task, or as many as `{ concurrency }` says, and their
     * answers stay in order. Drops the partitioner, for keys may change. `{ onError: 'skip' }` leaves out elements on which `f` throws
     * (see `deadLetters`); `flatMap`, `filter`, `keyBy`, `mapValues` and `flatMapValues` take it too.
     * @example await sc.parallelize(['a', 'bb']).map(w => [w, w.length]).collect() // [['a', 1], ['bb', 2]]
     */
    map<U extends Datum>(f: (element: T) => U | PromiseLike<U>, options?: CallOptions): RDD<U>;
    /**
     * All that `f` returns for each element: an array or another iterable. It may be async, as for `map`, or an async generator.
     * @example await sc.parallelize(['a b', 'c']).flatMap(l => l.split(' ')).collect() // ['a', 'b', 'c']
     */
    flatMap<U extends Datum>(f: (element: T) => Elements<U> | PromiseLike<Elements<U>>, options?: CallOptions): RDD<U>;
    /**
     * The elements for which `f` holds, which may be async, as for `map`. Keeps the partitioner.
     * @example await sc.range(5).filter(x => x % 2 === 0).collect() // [0, 2, 4]
     */
    filter<U extends T>(f: (element: T) => element is U, options?: BadRecordOptions): RDD<U>;
    filter(f: (element: T) => unknown, options?: CallOptions): RDD<T>;
    /**
     * Each partition as a whole through `f`, which gets an iterator and returns an iterable; it may be async, or an async generator.
     * `preservesPartitioning` says that `f` leaves keys where they are.
     * @example await sc.range(0, 4, 1, 2).mapPartitions(rows => [[...rows].length]).collect() // [2, 2]
     */
    mapPartitions<U extends Datum>(
      f: (partition: IterableIterator<T>) => Elements<U> | PromiseLike<Elements<U>>,
      preservesPartitioning?: boolean,
    ): RDD<U>;
    /**
     * `mapPartitions` with the partition's number first.
     * @example await sc.range(0, 4, 1, 2).mapPartitionsWithIndex((index, rows) => [index + ': ' + [...rows].length]).collect() // ['0: 2', '1: 2']
     */
    mapPartitionsWithIndex<U extends Datum>(
      f: (index: number, partition: IterableIterator<T>) => Elements<U> | PromiseLike<Elements<U>>,
      preservesPartitioning?: boolean,
    ): RDD<U>;
    /**
     * Each partition as one array.
     * @example await sc.range(0, 4, 1, 2).glom().collect() // [[0, 1], [2, 3]]
     */
    glom(): RDD<T[]>;
    /**
     * Pairs [f(x), x].
     * @example await sc.parallelize(['to', 'be']).keyBy(w => w[0]).collect() // [['t', 'to'], ['b', 'be']]
     */
    keyBy<K extends Datum>(f: (element: T) => K | PromiseLike<K>, options?: CallOptions): RDD<[K, T]>;
    /**
     * Each distinct element once; elements compare by value. Pairs that a partitioner has spread already stay where they are.
     * @example await sc.parallelize([1, 2, 1]).distinct().sortBy(x => x).collect() // [1, 2]
     */
    distinct(numPartitions?: number): RDD<T>;
    /**
     * The elements of both, duplicates kept; datasets that are partitioned alike stay so, partition by partition.
     * @example await sc.range(2).union(sc.range(3)).collect() // [0, 1, 0, 1, 2]
     */
    union(other: RDD<T>): RDD<T>;
    /**
     * Pairs [f(x), all x with that f(x)]. Where a sum or count is wanted, reduceByKey moves less.
     * @example await sc.range(4).groupBy(x => x % 2).mapValues(xs => [...xs].length).collectAsMap() // Map { 0 => 2, 1 => 2 }
     */
    groupBy<K extends Datum>(f: (element: T) => K | PromiseLike<K>, partitioning?: Partitioning): RDD<[K, T[]]>;
    /**
     * At most so many partitions, without a shuffle unless `shuffle` is set.
     * @example sc.range(0, 8, 1, 4).coalesce(2).getNumPartitions() // 2
     */
    coalesce(numPartitions: number, shuffle?: boolean): RDD<T>;
    /**
     * Exactly so many partitions of about equal size, by a shuffle.
     * @example sc.range(0, 8, 1, 4).repartition(8).getNumPartitions() // 8
     */
    repartition(numPartitions: number): RDD<T>;
    /**
     * Pairs [x, its number in the whole dataset]. Its first use counts the partitions by a job of its own, if there is more than one.
     * @example await sc.parallelize(['a', 'b', 'c'], 2).zipWithIndex().collect() // [['a', 0], ['b', 1], ['c', 2]]
     */
    zipWithIndex(): RDD<[T, number]>;
  }
}

const stepped = <U>(
  rdd: RDD<unknown>,
  operation: string,
  f: FunctionArgument,
  op: 'filter' | 'mapPartitions',
  keepsPartitioner: boolean,
  awaits: Awaits = {},
): RDD<U> =>
  new SteppedRDD<U>(rdd, {
    operation,
    keepsPartitioner,
    plan: (input, builder) => ({ op, name: operation, f: builder.function(f), ...awaits, input }),
  });

/** One call for a partition. */
const alone = ({ isAsync }: ShippedFunction): Awaits => (isAsync ? { awaits: 1 } : {});

RDD.prototype.map = function <U>(this: RDD<unknown>, f: unknown, options?: CallOptions) {
  return perElement<U>(this, 'map', f, options, (shipped, awaits) => mapped(this, 'map', 'call', shipped, awaits));
};

RDD.prototype.flatMap = function <U>(this: RDD<unknown>, f: unknown, options?: CallOptions) {
  return perElement<U>(
    this,
    'flatMap',
    f,
    options,
    (shipped, awaits) =>
      new SteppedRDD<U>(this, {
        operation: 'flatMap',
        plan: (input, b) => ({ op: 'flatMap', values: false, name: 'flatMap', f: b.function(shipped), ...awaits, input }),
      }),
  );
};

RDD.prototype.filter = function (this: RDD<unknown>, f: unknown, options?: CallOptions) {
  return perElement(this, 'filter', f, options, (shipped, awaits) => stepped(this, 'filter', shipped, 'filter', true, awaits));
} as RDD<unknown>['filter'];

RDD.prototype.mapPartitions = function (f, preservesPartitioning = false) {
  const shipped = ShippedFunction.of(this.context, f, 'mapPartitions');
  checkFlag('mapPartitions', 'preservesPartitioning', preservesPartitioning);
  return stepped(this, 'mapPartitions', lib('withoutIndex', shipped), 'mapPartitions', preservesPartitioning, alone(shipped));
};

RDD.prototype.mapPartitionsWithIndex = function (f, preservesPartitioning = false) {
  const shipped = ShippedFunction.of(this.context, f, 'mapPartitionsWithIndex');
  checkFlag('mapPartitionsWithIndex', 'preservesPartitioning', preservesPartitioning);
  return stepped(
    this,
    'mapPartitionsWithIndex',
    lib('withIndex', shipped),
    'mapPartitions',
    preservesPartitioning,
    alone(shipped),
  );
};

RDD.prototype.glom = function () {
  return stepped(this, 'glom', lib('glom'), 'mapPartitions', false);
};

/** Each element under what `f` makes of it, on behalf of an operation, which errors about `f` and its results name. */
export function keyedBy<K, T>(
  rdd: RDD<T>,
  operation: string,
  f: ((element: T) => K | PromiseLike<K>) | ShippedFunction,
  options?: CallOptions,
): RDD<[K, T]> {
  const shipped = ShippedFunction.of(rdd.context, f, operation);
  return mapped(rdd, operation, 'keyBy', shipped, awaitsFor(operation, shipped, options));
}

RDD.prototype.keyBy = function <K, T>(this: RDD<T>, f: (element: T) => K | PromiseLike<K>, options?: CallOptions) {
  return perElement<[K, T]>(this, 'keyBy', f, options, (shipped, awaits) => mapped(this, 'keyBy', 'keyBy', shipped, awaits));
};

RDD.prototype.distinct = function <T>(this: RDD<T>, numPartitions?: number) {
  const pairs = new SteppedRDD<[T, null]>(this, {
    operation: 'distinct',
    plan: (input) => ({ op: 'map', template: 'pairWithNull', name: 'distinct', input }),
  });
  const asked = this.context.checkPartitions(
    'distinct',
    numPartitions === undefined ? Math.max(1, this.numPartitions) : numPartitions,
  );
  const merge = lib('first');
  // As Spark: pairs that are equal have equal keys, so where keys were spread by a partitioner they lie together already.
  const own = asked === this.numPartitions && this.partitioner?.numPartitions === asked ? this.partitioner : undefined;
  const partitioner = own ?? new HashPartitioner(asked);
  const dependency = own ? narrow(pairs) : dependOn(pairs, partitioner, 'distinct', { merge });
  const gather: Gather = own ? { kind: 'combine', merge, join: merge } : { kind: 'combine', merge };
  const once = new ShuffledRDD<[T, null]>('distinct', dependency, partitioner, gather);
  return new SteppedRDD<T>(once, {
    operation: 'distinct',
    keepsPartitioner: own !== undefined,
    plan: (input) => ({ op: 'map', template: 'key', name: 'distinct', input }),
  });
};

RDD.prototype.union = function (other) {
  this.context.checkDataset('union', other);
  return unionOf(this.context, [this, other]);
};

RDD.prototype.groupBy = function <K, T>(this: RDD<T>, f: (element: T) => K | PromiseLike<K>, partitioning?: Partitioning) {
  return groupedByKey(keyedBy(this, 'groupBy', f), 'groupBy', partitioning);
};

RDD.prototype.coalesce = function <T>(this: RDD<T>, numPartitions: number, shuffle = false) {
  this.context.checkPartitions('coalesce', numPartitions);
  checkFlag('coalesce', 'shuffle', shuffle);
  return shuffle ? dealtOut(this, 'coalesce', numPartitions) : new CoalescedRDD(this, numPartitions);
};

/** The elements in `numPartitions` partitions of about the same size, by a shuffle. */
function dealtOut<T>(rdd: RDD<T>, operation: string, numPartitions: number): RDD<T> {
  const spread = stepped<[number, T]>(rdd, operation, lib('spread', numPartitions), 'mapPartitions', false);
  const partitioner = new DirectPartitioner(numPartitions);
  const moved = new ShuffledRDD<[number, T]>(operation, dependOn(spread, partitioner, operation), partitioner, { kind: 'read' });
  return valuesOf(moved, operation);
}

RDD.prototype.repartition = function (numPartitions) {
  this.context.checkPartitions('repartition', numPartitions);
  return dealtOut(this, 'repartition', numPartitions);
};

RDD.prototype.zipWithIndex = function <T>(this: RDD<T>) {
  return new IndexedRDD(this, async () => {
    const counts: number[] = [];
    // The last partition's size is never needed.
    const partitions = Array.from({ length: Math.max(0, this.numPartitions - 1) }, (_, i) => i);
    const take = (p: number, n: unknown) => {
      counts[p] = n as number;
    };
    if (partitions.length > 0)
      await this.context.runSink(this, () => ({ kind: 'count' }), { title: `zipWithIndex of ${this}`, partitions }, take);
    return counts;
  });
};
