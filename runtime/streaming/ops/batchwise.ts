// Operators that treat each batch by itself: those of datasets, one table for all of them.

import { checkCallback } from '../../base/arguments';
import { type Time, timeText } from '../../base/duration';
import { MillraceError } from '../../base/errors';
import { showElement } from '../../base/show-element';
import { HashPartitioner } from '../../keys/partitioner';
import { type BadRecordOptions, type DeadLetter, isLenient, LeftOutElements, refuseLetters } from '../../ops/bad-records';
import type { Partitioning } from '../../ops/pairs';
import { combined } from '../../ops/pairs';
import { awaitsFor, type CallOptions, type Elements } from '../../plan/concurrency';
import type { Accumulated, Datum, ListOf, Merge, Merged, Widen } from '../../rdd/element-types';
import { lib, ShippedFunction } from '../../rdd/function-argument';
import { SteppedRDD } from '../../rdd/narrow-step';
import { RDD } from '../../rdd/rdd';
import { checkCompatible } from '../graph/compatible';
import { DerivedDStream, derive } from '../graph/derived';
import { DStream } from '../graph/dstream';
import { LenientDStream } from '../graph/lenient';

/** The other side of a join: a stream of the same slide, or a dataset that is the same for all batches. */
export type Other<T> = DStream<T> | RDD<T>;

declare module '../graph/dstream' {
  interface DStream<T> {
    /**
     * Each element through `f`, as `RDD.map`; it may be async, with `{ concurrency }`. The function is captured at the call. `{ onError: 'skip' }` leaves out elements on which
     * `f` throws; `flatMap`, `filter`, `keyBy`, `mapValues` and `flatMapValues` take it too. Without it their batch fails.
     * @example await check.outputOf([[1, 2], [3]], s => s.map(x => x * 2)) // [[2, 4], [6]]
     */
    map<U extends Datum>(f: (element: T) => U | PromiseLike<U>, options?: CallOptions): DStream<U>;
    /**
     * Each element to any number of elements.
     * @example await check.outputOf([['a b'], ['c']], s => s.flatMap(l => l.split(' '))) // [['a', 'b'], ['c']]
     */
    flatMap<U extends Datum>(f: (element: T) => Elements<U> | PromiseLike<Elements<U>>, options?: CallOptions): DStream<U>;
    /**
     * The elements for which `f` is true.
     * @example await check.outputOf([[1, 2], [3]], s => s.filter(x => x > 1)) // [[2], [3]]
     */
    filter<U extends T>(f: (element: T) => element is U, options?: BadRecordOptions): DStream<U>;
    filter(f: (element: T) => unknown, options?: CallOptions): DStream<T>;
    /**
     * Each partition of each batch through `f`.
     * @example await check.outputOf([[1, 2]], s => s.coalesce(1).mapPartitions(rows => [[...rows].length])) // [[2]]
     */
    mapPartitions<U extends Datum>(
      f: (partition: IterableIterator<T>) => Elements<U> | PromiseLike<Elements<U>>,
      preservesPartitioning?: boolean,
    ): DStream<U>;
    /**
     * Each partition of each batch through `f`, which also gets its number.
     * @example await check.outputOf([[1, 2]], s => s.coalesce(1).mapPartitionsWithIndex(index => [index])) // [[0]]
     */
    mapPartitionsWithIndex<U extends Datum>(
      f: (index: number, partition: IterableIterator<T>) => Elements<U> | PromiseLike<Elements<U>>,
      preservesPartitioning?: boolean,
    ): DStream<U>;
    /**
     * The elements of each partition as one array.
     * @example await check.outputOf([[1, 2]], s => s.coalesce(1).glom()) // [[[1, 2]]]
     */
    glom(): DStream<T[]>;
    /**
     * Pairs with the key that `f` gives.
     * @example await check.outputOf([['to']], s => s.keyBy(w => w[0])) // [[['t', 'to']]]
     */
    keyBy<K extends Datum>(f: (element: T) => K | PromiseLike<K>, options?: CallOptions): DStream<[K, T]>;
    /**
     * Each element of a batch once.
     * @example await check.outputOf([[1, 1], [1]], s => s.distinct()) // [[1], [1]]
     */
    distinct(numPartitions?: number): DStream<T>;
    /**
     * A share of the elements of each batch, drawn at random.
     * @example await check.outputOf([[1, 2]], s => s.sample(false, 1)) // [[1, 2]]
     */
    sample(withReplacement: boolean, fraction: number, seed?: number): DStream<T>;
    /**
     * The elements of each batch by the key that `f` gives.
     * @example await check.outputOf([[1, 3]], s => s.groupBy(x => x % 2).mapValues(all => [...all].length)) // [[[1, 2]]]
     */
    groupBy<K extends Datum>(f: (element: T) => K | PromiseLike<K>, numPartitions?: number): DStream<[K, T[]]>;
    /**
     * The elements of each batch in order of what `f` gives.
     * @example await check.outputOf([[3, 1, 2]], s => s.sortBy(x => x)) // [[1, 2, 3]]
     */
    sortBy<K>(key: (element: T) => K | PromiseLike<K>, ascending?: boolean, numPartitions?: number): DStream<T>;
    /**
     * Fewer partitions in each batch, without a shuffle.
     * @example await check.outputOf([[1, 2]], s => s.coalesce(1).glom()) // [[[1, 2]]]
     */
    coalesce(numPartitions: number, shuffle?: boolean): DStream<T>;
    /**
     * Another number of partitions in each batch, by a shuffle.
     * @example await check.outputOf([[1]], s => s.repartition(3).mapPartitions(rows => [1]).count()) // [[3]]
     */
    repartition(numPartitions: number): DStream<T>;
    /**
     * The elements of both, batch by batch.
     * @example await check.outputOf([[1], [2]], s => s.union(s.map(x => x * 10)).sortBy(x => x)) // [[1, 10], [2, 20]]
     */
    union(other: Other<T>): DStream<T>;
    /**
     * Elements that the batches of both have, each once.
     * @example await check.outputOf([[1, 2]], s => s.intersection(s.filter(x => x > 1))) // [[2]]
     */
    intersection(other: Other<T>): DStream<T>;
    /**
     * Elements that the batch of the other does not have.
     * @example await check.outputOf([[1, 2]], s => s.subtract(s.filter(x => x > 1))) // [[1]]
     */
    subtract(other: Other<T>): DStream<T>;

    /**
     * One pair for each key of a batch, its values merged by `f`.
     * @example await check.outputOf([[['a', 1], ['a', 2]], [['b', 3]]], s => s.reduceByKey((a, b) => a + b)) // [[['a', 3]], [['b', 3]]]
     */
    reduceByKey<K, V extends Datum>(this: DStream<[K, V]>, f: (a: V, b: V) => V, partitioning?: Partitioning): DStream<[K, V]>;
    reduceByKey<K, V extends Datum, R extends Merge<V>>(
      this: DStream<[K, V]>,
      f: (a: V, b: V) => R,
      partitioning?: Partitioning,
    ): DStream<[K, Merged<V, R>]>;
    /**
     * All values of each key of a batch.
     * @example await check.outputOf([[['a', 1], ['a', 2]], [['b', 3]]], s => s.groupByKey().mapValues(all => [...all].length)) // [[['a', 2]], [['b', 1]]]
     */
    groupByKey<K, V>(this: DStream<[K, V]>, partitioning?: Partitioning): DStream<[K, V[]]>;
    /**
     * The values of each key of a batch folded into copies of `zero`, then merged.
     * @example await check.outputOf([[['a', 1], ['a', 2]], [['b', 3]]], s => s.aggregateByKey(0, (n, v) => n + v, (a, b) => a + b)) // [[['a', 3]], [['b', 3]]]
     */
    aggregateByKey<K, V, U extends Datum, R extends Merge<U>>(
      this: DStream<[K, V]>,
      zero: U,
      seqOp: (acc: Accumulated<U>, value: V) => R,
      combOp: (a: Accumulated<U>, b: Accumulated<U>) => Merge<U>,
      partitioning?: Partitioning,
    ): DStream<[K, Merged<U, R>]>;
    aggregateByKey<K, V, U>(
      this: DStream<[K, V]>,
      zero: U,
      seqOp: (acc: U, value: V) => U,
      combOp: (a: U, b: U) => U,
      partitioning?: Partitioning,
    ): DStream<[K, U]>;
    /**
     * The general form of merging the values of each key of a batch.
     * @example await check.outputOf([[['a', 1], ['a', 2]], [['b', 3]]], s => s.combineByKey(v => v, (n, v) => n + v, (a, b) => a + b)) // [[['a', 3]], [['b', 3]]]
     */
    combineByKey<K, V, C extends Datum, R extends Merge<C>>(
      this: DStream<[K, V]>,
      create: (value: V) => C,
      mergeValue: (acc: Accumulated<C>, value: V) => R,
      mergeCombiners: (a: Accumulated<C>, b: Accumulated<C>) => Merge<C>,
      partitioning?: Partitioning,
    ): DStream<[K, Merged<C, R>]>;
    combineByKey<K, V, C>(
      this: DStream<[K, V]>,
      create: (value: V) => C,
      mergeValue: (acc: C, value: V) => C,
      mergeCombiners: (a: C, b: C) => C,
      partitioning?: Partitioning,
    ): DStream<[K, C]>;
    /**
     * `reduceByKey` from a zero.
     * @example await check.outputOf([[['a', 1], ['a', 2]], [['b', 3]]], s => s.foldByKey(0, (a, b) => a + b)) // [[['a', 3]], [['b', 3]]]
     */
    foldByKey<K, V extends Datum>(
      this: DStream<[K, V]>,
      zero: V,
      f: (a: V, b: V) => V,
      partitioning?: Partitioning,
    ): DStream<[K, V]>;
    foldByKey<K, V extends Datum, R extends Merge<V>>(
      this: DStream<[K, V]>,
      zero: Accumulated<V>,
      f: (a: V, b: V) => R,
      partitioning?: Partitioning,
    ): DStream<[K, Merged<V, R>]>;
    /**
     * Values through `f`; keys stay.
     * @example await check.outputOf([[['a', 1], ['a', 2]], [['b', 3]]], s => s.mapValues(n => n * 10)) // [[['a', 10], ['a', 20]], [['b', 30]]]
     */
    mapValues<K, V, U extends Datum>(
      this: DStream<[K, V]>,
      f: (value: V) => U | PromiseLike<U>,
      options?: CallOptions,
    ): DStream<[K, U]>;
    /**
     * Each value to any number of values under the same key.
     * @example await check.outputOf([[['a', 2]]], s => s.flatMapValues(n => [n, n])) // [[['a', 2], ['a', 2]]]
     */
    flatMapValues<K, V, U extends Datum>(
      this: DStream<[K, V]>,
      f: (value: V) => Elements<U> | PromiseLike<Elements<U>>,
      options?: CallOptions,
    ): DStream<[K, U]>;
    /**
     * The keys of pairs.
     * @example await check.outputOf([[['a', 1], ['a', 2]], [['b', 3]]], s => s.keys()) // [['a', 'a'], ['b']]
     */
    keys<K, V>(this: DStream<[K, V]>): DStream<K>;
    /**
     * The values of pairs.
     * @example await check.outputOf([[['a', 1], ['a', 2]], [['b', 3]]], s => s.values()) // [[1, 2], [3]]
     */
    values<K, V>(this: DStream<[K, V]>): DStream<V>;
    /**
     * Each batch spread by its keys.
     * @example await check.outputOf([[['a', 1]]], s => s.partitionBy(new HashPartitioner(2))) // [[['a', 1]]]
     */
    partitionBy<K, V>(this: DStream<[K, V]>, partitioning: Partitioning): DStream<[K, V]>;
    /**
     * The pairs of each batch in order of their keys.
     * @example await check.outputOf([[['b', 1], ['a', 2]]], s => s.sortByKey()) // [[['a', 2], ['b', 1]]]
     */
    sortByKey<K, V>(this: DStream<[K, V]>, ascending?: boolean, numPartitions?: number): DStream<[K, V]>;
    /**
     * Pairs whose key the batch of the other does not have.
     * @example await check.outputOf([[['a', 1], ['a', 2]], [['b', 3]]], s => s.subtractByKey(s.filter(([k]) => k === 'a'))) // [[], [['b', 3]]]
     */
    subtractByKey<K, V>(this: DStream<[K, V]>, other: Other<[K, unknown]>): DStream<[K, V]>;
    /**
     * One number per batch: its count of elements, 0 for an empty batch.
     * @example await check.outputOf([['a', 'b'], []], s => s.count()) // [[2], [0]]
     */
    count(): DStream<number>;
    /**
     * Pairs [element, how often it is in the batch]; elements compare by value.
     * @example await check.outputOf([['a', 'a']], s => s.countByValue()) // [[['a', 2]]]
     */
    countByValue(numPartitions?: number): DStream<[T, number]>;
    /**
     * One element per batch: `f` merges all; it must be associative and commutative. None for an empty batch.
     * @example await check.outputOf([[1, 2], [3]], s => s.reduce((a, b) => a + b)) // [[3], [3]]
     */
    reduce(f: (a: Widen<T>, b: Widen<T>) => Widen<T>): DStream<Widen<T>>;
    reduce<U>(f: (a: T, b: T) => ListOf<T, U>): DStream<U[]>;
    /**
     * Each batch's dataset through `f`, which runs in the session and may use any operator of datasets; it must return at once.
     * @example await check.outputOf([[2, 1]], s => s.transform(rdd => rdd.sortBy(x => x))) // [[1, 2]]
     */
    transform<U>(f: (rdd: RDD<T>, time: Time) => RDD<U>): DStream<U>;
    /**
     * The elements that this operator left out of each batch, with the error: `{ record, error }`, as often as the batch has them, also
     * where it runs again. Throws BAD_ARGUMENT unless the stream was made with `{ onError: 'skip' }`.
     * @example await check.outputOf([['1', 'x'], ['2']], s => s.map(t => JSON.parse(t), { onError: 'skip' }).deadLetters().map(d => d.record)) // [['x'], []]
     */
    deadLetters<R = unknown>(): DStream<DeadLetter<R>>;
    /**
     * `transform` of two streams of the same slide.
     * @example await check.outputOf([[1]], s => s.transformWith(s, (a, b) => a.union(b))) // [[1, 1]]
     */
    transformWith<U, V>(other: DStream<U>, f: (rdd: RDD<T>, other: RDD<U>, time: Time) => RDD<V>): DStream<V>;
  }
}

/** Operators of datasets that streams have with the same arguments. */
const sameAsDatasets = [
  'map',
  'flatMap',
  'filter',
  'mapPartitions',
  'mapPartitionsWithIndex',
  'glom',
  'keyBy',
  'distinct',
  'sample',
  'groupBy',
  'sortBy',
  'coalesce',
  'repartition',
  'union',
  'intersection',
  'subtract',
  'reduceByKey',
  'groupByKey',
  'aggregateByKey',
  'combineByKey',
  'foldByKey',
  'mapValues',
  'flatMapValues',
  'keys',
  'values',
  'partitionBy',
  'sortByKey',
  'subtractByKey',
] as const;

type DatasetOperator = (...args: unknown[]) => RDD<unknown>;

/** Replaces streams among the arguments by their dataset of the batch. Captures functions now, for all batches. */
export function batchwise(operation: string) {
  return function (this: DStream<unknown>, ...args: unknown[]): DStream<unknown> {
    const { sc } = this.streaming;
    const parents = [this, ...args.filter((a): a is DStream<unknown> => a instanceof DStream)];
    checkCompatible(operation, parents, this.streaming);
    const captured = args.map((a) => (typeof a === 'function' ? ShippedFunction.of(sc, a, operation) : a));
    const apply = (rdds: readonly RDD<unknown>[]) => {
      const others = rdds.slice(1);
      const given = captured.map((a) => (a instanceof DStream ? others.shift() : a));
      return (rdds[0] as unknown as Record<string, DatasetOperator>)[operation](...given);
    };
    // One count for all batches.
    const left = isLenient(operation) ? LeftOutElements.of(sc, operation, captured[1], this.streaming.onError) : undefined;
    if (left) captured[1] = { ...(captured[1] as object | undefined), onError: left };
    // Wrong arguments fail here, at the user's line, not in the first batch.
    apply(parents.map(() => sc.emptyRDD()));
    if (left && isLenient(operation)) {
      const f = captured[0] as ShippedFunction;
      return new LenientDStream(this, operation, f, left, awaitsFor(operation, f, captured[1]), apply);
    }
    return new DerivedDStream(this.streaming, operation, parents, (rdds) =>
      // A stream without a dataset at this time, such as `ago` at the start, counts as empty beside one that has one.
      rdds.some((rdd) => rdd) ? apply(rdds.map((rdd) => rdd ?? sc.emptyRDD())) : undefined,
    );
  };
}

for (const operation of sameAsDatasets) Object.defineProperty(DStream.prototype, operation, { value: batchwise(operation) });

export const underOneKey = (rdd: RDD<unknown>, operation: string) =>
  new SteppedRDD<[null, unknown]>(rdd, {
    operation,
    plan: (input, b) => ({ op: 'map', template: 'keyBy', name: operation, f: b.function(lib('nullKey')), input }),
  });

export const withOnes = <T>(rdd: RDD<T>, operation: string): RDD<[T, number]> =>
  new SteppedRDD<[T, number]>(rdd, {
    operation,
    plan: (input, b) => ({ op: 'map', template: 'call', name: operation, f: b.function(lib('withOne')), input }),
  });

const reduced = <T>(pairs: RDD<unknown>, operation: string, f: Parameters<typeof combined>[4], partitions: number) =>
  combined<[unknown, T]>(pairs, operation, new HashPartitioner(partitions), undefined, f, f);

DStream.prototype.deadLetters = function <R>(this: DStream<unknown>) {
  return this instanceof LenientDStream ? this.letters<R>() : refuseLetters(this, `made by ${this.operation}`);
};

DStream.prototype.count = function () {
  const { sc } = this.streaming;
  return derive(this, 'count', (rdd) => {
    const counts = new SteppedRDD<[null, number]>(rdd, {
      operation: 'count',
      plan: (input, b) => ({ op: 'mapPartitions', name: 'count', f: b.function(lib('countUnderNull')), input }),
    });
    // An empty batch has perhaps no partition that could say 0.
    const withZero = sc.union<[null, number]>(counts, sc.parallelize<[null, number]>([[null, 0]], 1));
    return reduced<number>(withZero, 'count', lib('add'), 1).values();
  });
};

DStream.prototype.countByValue = function <T>(this: DStream<T>, numPartitions?: number) {
  const partitions = this.streaming.sc.checkPartitions('countByValue', numPartitions ?? this.streaming.sc.defaultParallelism);
  return derive(
    this,
    'countByValue',
    (rdd) => reduced<number>(withOnes(rdd, 'countByValue'), 'countByValue', lib('add'), partitions) as RDD<[T, number]>,
  );
};

DStream.prototype.reduce = function <T>(this: DStream<T>, f: (a: T, b: T) => T) {
  const shipped = ShippedFunction.of(this.streaming.sc, f, 'reduce');
  return derive(this, 'reduce', (rdd) => reduced<T>(underOneKey(rdd, 'reduce'), 'reduce', shipped, 1).values() as RDD<T>);
};

/** What the user's function answered, if it is a dataset of this context. */
function checkDatasetOf(operation: string, made: unknown, time: Time): RDD<never> {
  if (made instanceof RDD) return made as RDD<never>;
  const value = made instanceof Promise ? 'a promise' : made === undefined ? 'nothing' : showElement(made);
  throw new MillraceError('NOT_A_DATASET', { operation, value, time: timeText(time) });
}

DStream.prototype.transform = function (f) {
  checkCallback('transform', f, 'Write transform(rdd => rdd.sortBy(x => x)).');
  return derive(this, 'transform', (rdd, time) => checkDatasetOf('transform', f(rdd, time), time));
};

DStream.prototype.transformWith = function (other, f) {
  checkCallback('transformWith', f, 'Write transformWith(other, (rdd, its) => rdd.union(its)).');
  return this.streaming.transform(
    'transformWith',
    [this as DStream<unknown>, other as DStream<unknown>],
    ([mine, theirs], time) => checkDatasetOf('transformWith', f(mine as never, theirs as never, time), time),
  );
};
