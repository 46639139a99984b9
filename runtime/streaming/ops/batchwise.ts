// Operators that treat each batch by itself: those of datasets, one table for all of them.
import { MillraceError } from '../../errors';
import { showElement } from '../../exec/task-runtime';
import type { Partitioning } from '../../ops/pairs';
import { combined } from '../../ops/pairs';
import { lib, ShippedFunction } from '../../rdd/function-argument';
import { HashPartitioner } from '../../rdd/partitioner';
import { type Datum, RDD } from '../../rdd/rdd';
import { SteppedRDD } from '../../rdd/stepped';
import { DerivedDStream, derive } from '../derived';
import { DStream } from '../dstream';
import { type Time, timeText } from '../duration';
import { checkTogether } from '../together';

/** The other side of a join: a stream of the same slide, or a dataset that is the same for all batches. */
export type Other<T> = DStream<T> | RDD<T>;

declare module '../dstream' {
  interface DStream<T> {
    /** Each element through `f`, as `RDD.map`. The function is frozen where it is written. */
    map<U extends Datum>(f: (element: T) => U): DStream<U>;
    flatMap<U extends Datum>(f: (element: T) => Iterable<U>): DStream<U>;
    filter<U extends T>(f: (element: T) => element is U): DStream<U>;
    filter(f: (element: T) => unknown): DStream<T>;
    mapPartitions<U extends Datum>(
      f: (partition: IterableIterator<T>) => Iterable<U>,
      preservesPartitioning?: boolean,
    ): DStream<U>;
    mapPartitionsWithIndex<U extends Datum>(
      f: (index: number, partition: IterableIterator<T>) => Iterable<U>,
      preservesPartitioning?: boolean,
    ): DStream<U>;
    glom(): DStream<T[]>;
    keyBy<K extends Datum>(f: (element: T) => K): DStream<[K, T]>;
    distinct(numPartitions?: number): DStream<T>;
    sample(withReplacement: boolean, fraction: number, seed?: number): DStream<T>;
    groupBy<K extends Datum>(f: (element: T) => K, numPartitions?: number): DStream<[K, T[]]>;
    sortBy<K>(key: (element: T) => K, ascending?: boolean, numPartitions?: number): DStream<T>;
    coalesce(numPartitions: number, shuffle?: boolean): DStream<T>;
    repartition(numPartitions: number): DStream<T>;
    /** The elements of both, batch by batch. */
    union(other: Other<T>): DStream<T>;
    intersection(other: Other<T>): DStream<T>;
    subtract(other: Other<T>): DStream<T>;

    reduceByKey<K, V>(this: DStream<[K, V]>, f: (a: V, b: V) => V, partitioning?: Partitioning): DStream<[K, V]>;
    groupByKey<K, V>(this: DStream<[K, V]>, partitioning?: Partitioning): DStream<[K, V[]]>;
    aggregateByKey<K, V, U>(
      this: DStream<[K, V]>,
      zero: U,
      seqOp: (acc: U, value: V) => U,
      combOp: (a: U, b: U) => U,
      partitioning?: Partitioning,
    ): DStream<[K, U]>;
    combineByKey<K, V, C>(
      this: DStream<[K, V]>,
      create: (value: V) => C,
      mergeValue: (acc: C, value: V) => C,
      mergeCombiners: (a: C, b: C) => C,
      partitioning?: Partitioning,
    ): DStream<[K, C]>;
    foldByKey<K, V>(this: DStream<[K, V]>, zero: V, f: (a: V, b: V) => V, partitioning?: Partitioning): DStream<[K, V]>;
    mapValues<K, V, U extends Datum>(this: DStream<[K, V]>, f: (value: V) => U): DStream<[K, U]>;
    flatMapValues<K, V, U extends Datum>(this: DStream<[K, V]>, f: (value: V) => Iterable<U>): DStream<[K, U]>;
    keys<K, V>(this: DStream<[K, V]>): DStream<K>;
    values<K, V>(this: DStream<[K, V]>): DStream<V>;
    partitionBy<K, V>(this: DStream<[K, V]>, partitioning: Partitioning): DStream<[K, V]>;
    sortByKey<K, V>(this: DStream<[K, V]>, ascending?: boolean, numPartitions?: number): DStream<[K, V]>;
    subtractByKey<K, V>(this: DStream<[K, V]>, other: Other<[K, unknown]>): DStream<[K, V]>;
    /** Joins batch by batch with another stream, a window of one, or a dataset that is the same for all batches. */
    join<K, V, W>(this: DStream<[K, V]>, other: Other<[K, W]>, partitioning?: Partitioning): DStream<[K, [V, W]]>;
    leftOuterJoin<K, V, W>(
      this: DStream<[K, V]>,
      other: Other<[K, W]>,
      partitioning?: Partitioning,
    ): DStream<[K, [V, W | undefined]]>;
    rightOuterJoin<K, V, W>(
      this: DStream<[K, V]>,
      other: Other<[K, W]>,
      partitioning?: Partitioning,
    ): DStream<[K, [V | undefined, W]]>;
    fullOuterJoin<K, V, W>(
      this: DStream<[K, V]>,
      other: Other<[K, W]>,
      partitioning?: Partitioning,
    ): DStream<[K, [V | undefined, W | undefined]]>;
    cogroup<K, V, W>(this: DStream<[K, V]>, other: Other<[K, W]>, partitioning?: Partitioning): DStream<[K, [V[], W[]]]>;

    /** One number a batch: how many elements it has; 0 for an empty one. */
    count(): DStream<number>;
    /** Pairs [element, how often it is in the batch]; elements compare by value. */
    countByValue(numPartitions?: number): DStream<[T, number]>;
    /** One element a batch: all merged by `f`, which must be associative and commutative; none for an empty batch. */
    reduce(f: (a: T, b: T) => T): DStream<T>;
    /** Each batch's dataset through `f`, which runs in the session and may use any operator of datasets; it must return at once. */
    transform<U>(f: (rdd: RDD<T>, time: Time) => RDD<U>): DStream<U>;
    /** `transform` of two streams of the same slide. */
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
  'join',
  'leftOuterJoin',
  'rightOuterJoin',
  'fullOuterJoin',
  'cogroup',
] as const;

type DatasetOperator = (...args: unknown[]) => RDD<unknown>;

/** Streams among the arguments stand for their dataset of the batch; functions are frozen now, for all batches. */
function batchwise(operation: string) {
  return function (this: DStream<unknown>, ...args: unknown[]): DStream<unknown> {
    const { sc } = this.streaming;
    const parents = [this, ...args.filter((a): a is DStream<unknown> => a instanceof DStream)];
    checkTogether(operation, parents, this.streaming);
    const frozen = args.map((a) => (typeof a === 'function' ? ShippedFunction.of(sc, a, operation) : a));
    const apply = (rdds: readonly RDD<unknown>[]) => {
      const others = rdds.slice(1);
      const given = frozen.map((a) => (a instanceof DStream ? others.shift() : a));
      return (rdds[0] as unknown as Record<string, DatasetOperator>)[operation](...given);
    };
    // Wrong arguments are refused here, at the user's line, and not in the first batch.
    apply(parents.map(() => sc.emptyRDD()));
    return new DerivedDStream(this.streaming, operation, parents, (rdds) =>
      // A stream that has nothing at this time, such as one of some time ago, counts as empty beside one that has.
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
  return derive(this, 'transform', (rdd, time) => checkDatasetOf('transform', f(rdd, time), time));
};

DStream.prototype.transformWith = function (other, f) {
  return this.streaming.transform(
    'transformWith',
    [this as DStream<unknown>, other as DStream<unknown>],
    ([mine, theirs], time) => checkDatasetOf('transformWith', f(mine as never, theirs as never, time), time),
  );
};
