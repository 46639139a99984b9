// Operators on pairs [key, value]; keys compare by value.

import { refuseArgument } from '../base/arguments';
import { notAPair } from '../exec/task-runtime';
import { KeyTable, keyText } from '../keys/key';
import { HashPartitioner, type Partitioner, RangePartitioner } from '../keys/partitioner';
import type { CallOptions, Elements } from '../plan/concurrency';
import type { JobPromise } from '../plan/job-promise';
import type { Awaits } from '../plan/program';
import { type CustomPartitioner, isCustomPartitioner, UserPartitioner, userPartitioner } from '../rdd/custom-partitioner';
import type { Accumulated, Datum, Merge, Merged } from '../rdd/element-types';
import { type FunctionArgument, lib, ShippedFunction } from '../rdd/function-argument';
import { mapped, SteppedRDD } from '../rdd/narrow-step';
import { RDD } from '../rdd/rdd';
import { dependOn } from '../rdd/shuffle-or-narrow';
import { type Gather, ShuffledRDD } from '../rdd/shuffled';
import { encode } from '../wire/codec';
import { perElement } from './bad-records';

/** A number of partitions, or how keys are to be spread. */
export type Partitioning = number | Partitioner | CustomPartitioner;

declare module '../rdd/rdd' {
  interface RDD<T> {
    /**
     * One pair for each key, its values merged by `f`, which must be associative; merged on the map side first.
     * @example await sc.parallelize(['a', 'b', 'a']).map(w => [w, 1]).reduceByKey((a, b) => a + b).collectAsMap() // Map { 'a' => 2, 'b' => 1 }
     */
    reduceByKey<K, V extends Datum>(this: RDD<[K, V]>, f: (a: V, b: V) => V, partitioning?: Partitioning): RDD<[K, V]>;
    reduceByKey<K, V extends Datum, R extends Merge<V>>(
      this: RDD<[K, V]>,
      f: (a: V, b: V) => R,
      partitioning?: Partitioning,
    ): RDD<[K, Merged<V, R>]>;
    /**
     * All values of each key, as an array; one that does not fit into memory is read from disk, can be iterated and indexed as an
     * array and not be changed. Where values are only summed or counted, reduceByKey moves less.
     * @example await sc.parallelize([['a', 1], ['b', 2], ['a', 3]] as [string, number][], 1).groupByKey().mapValues(all => [...all].length).collectAsMap() // Map { 'a' => 2, 'b' => 1 }
     */
    groupByKey<K, V>(this: RDD<[K, V]>, partitioning?: Partitioning): RDD<[K, V[]]>;
    /**
     * Values folded into copies of `zero` within partitions, then merged.
     * @example await sc.parallelize([['a', 1], ['b', 2], ['a', 3]] as [string, number][], 1).aggregateByKey(0, (n, v) => n + v, (a, b) => a + b).collectAsMap() // Map { 'a' => 4, 'b' => 2 }
     */
    aggregateByKey<K, V, U extends Datum, R extends Merge<U>>(
      this: RDD<[K, V]>,
      zero: U,
      seqOp: (acc: Accumulated<U>, value: V) => R,
      combOp: (a: Accumulated<U>, b: Accumulated<U>) => Merge<U>,
      partitioning?: Partitioning,
    ): RDD<[K, Merged<U, R>]>;
    aggregateByKey<K, V, U>(
      this: RDD<[K, V]>,
      zero: U,
      seqOp: (acc: U, value: V) => U,
      combOp: (a: U, b: U) => U,
      partitioning?: Partitioning,
    ): RDD<[K, U]>;
    /**
     * The general form: `create` starts from a first value, `mergeValue` adds another, `mergeCombiners` joins two.
     * @example await sc.parallelize([['a', 1], ['b', 2], ['a', 3]] as [string, number][], 1).combineByKey(v => v, (n, v) => n + v, (a, b) => a + b).collectAsMap() // Map { 'a' => 4, 'b' => 2 }
     */
    combineByKey<K, V, C extends Datum, R extends Merge<C>>(
      this: RDD<[K, V]>,
      create: (value: V) => C,
      mergeValue: (acc: Accumulated<C>, value: V) => R,
      mergeCombiners: (a: Accumulated<C>, b: Accumulated<C>) => Merge<C>,
      partitioning?: Partitioning,
    ): RDD<[K, Merged<C, R>]>;
    combineByKey<K, V, C>(
      this: RDD<[K, V]>,
      create: (value: V) => C,
      mergeValue: (acc: C, value: V) => C,
      mergeCombiners: (a: C, b: C) => C,
      partitioning?: Partitioning,
    ): RDD<[K, C]>;
    /**
     * `reduceByKey` from a zero, which counts once for each key and partition.
     * @example await sc.parallelize([['a', 1], ['b', 2], ['a', 3]] as [string, number][], 1).foldByKey(0, (a, b) => a + b).collectAsMap() // Map { 'a' => 4, 'b' => 2 }
     */
    foldByKey<K, V extends Datum>(this: RDD<[K, V]>, zero: V, f: (a: V, b: V) => V, partitioning?: Partitioning): RDD<[K, V]>;
    foldByKey<K, V extends Datum, R extends Merge<V>>(
      this: RDD<[K, V]>,
      zero: Accumulated<V>,
      f: (a: V, b: V) => R,
      partitioning?: Partitioning,
    ): RDD<[K, Merged<V, R>]>;
    /**
     * Values through `f`; keys and partitioner stay.
     * @example await sc.parallelize([['a', 1], ['b', 2], ['a', 3]] as [string, number][], 1).mapValues(n => n * 10).collect() // [['a', 10], ['b', 20], ['a', 30]]
     */
    mapValues<K, V, U extends Datum>(this: RDD<[K, V]>, f: (value: V) => U | PromiseLike<U>, options?: CallOptions): RDD<[K, U]>;
    /**
     * Each value to any number of values under the same key.
     * @example await sc.parallelize([['a', 1], ['b', 2], ['a', 3]] as [string, number][], 1).flatMapValues(n => Array(n).fill(n)).values().collect() // [1, 2, 2, 3, 3, 3]
     */
    flatMapValues<K, V, U extends Datum>(
      this: RDD<[K, V]>,
      f: (value: V) => Elements<U> | PromiseLike<Elements<U>>,
      options?: CallOptions,
    ): RDD<[K, U]>;
    /**
     * The keys of pairs.
     * @example await sc.parallelize([['a', 1], ['b', 2], ['a', 3]] as [string, number][], 1).keys().collect() // ['a', 'b', 'a']
     */
    keys<K, V>(this: RDD<[K, V]>): RDD<K>;
    /**
     * The values of pairs.
     * @example await sc.parallelize([['a', 1], ['b', 2], ['a', 3]] as [string, number][], 1).values().collect() // [1, 2, 3]
     */
    values<K, V>(this: RDD<[K, V]>): RDD<V>;
    /**
     * Moves pairs to where the partitioner puts their keys; nothing moves if they lie there already.
     * @example sc.parallelize([['a', 1], ['b', 2], ['a', 3]] as [string, number][], 1).partitionBy(new HashPartitioner(3)).getNumPartitions() // 3
     */
    partitionBy<K, V>(this: RDD<[K, V]>, partitioning: Partitioning): RDD<[K, V]>;
    /**
     * The number of pairs of each key, in the session.
     * @example await sc.parallelize([['a', 1], ['b', 2], ['a', 3]] as [string, number][], 1).countByKey() // Map { 'a' => 2, 'b' => 1 }
     */
    countByKey<K, V>(this: RDD<[K, V]>): JobPromise<Map<K, number>>;
    /**
     * All pairs as a Map in the session, in which each key, compared by value, stands once with its last value.
     * @example await sc.parallelize([['a', 1], ['b', 2], ['a', 3]] as [string, number][], 1).reduceByKey((a, b) => a + b).collectAsMap() // Map { 'a' => 4, 'b' => 2 }
     */
    collectAsMap<K, V>(this: RDD<[K, V]>): JobPromise<Map<K, V>>;
    /**
     * The values of one key; reads one partition where a partitioner is known.
     * @example await sc.parallelize([['a', 1], ['b', 2], ['a', 3]] as [string, number][], 1).lookup('a') // [1, 3]
     */
    lookup<K, V>(this: RDD<[K, V]>, key: K): JobPromise<V[]>;
  }
}

/** The function of a class that extends an engine class is the user's. */
const isBuiltIn = (p: unknown): p is Partitioner =>
  p instanceof Object && (p.constructor === HashPartitioner || p.constructor === RangePartitioner);

/** The partitioner asked for, or that of an input that has one, or hash over as many partitions as the widest input. */
export function choosePartitioner(operation: string, inputs: readonly RDD<unknown>[], partitioning?: Partitioning): Partitioner {
  const { context } = inputs[0];
  if (typeof partitioning === 'number') return new HashPartitioner(context.checkPartitions(operation, partitioning));
  if (partitioning !== undefined) {
    if (isBuiltIn(partitioning)) return partitioning;
    if (partitioning instanceof UserPartitioner && partitioning.isOf(context)) return partitioning;
    if (isCustomPartitioner(partitioning)) return userPartitioner(context, partitioning);
    const rule = 'a number, a HashPartitioner, a RangePartitioner or an object with numPartitions and getPartition';
    const remedy = 'Write 8, or new HashPartitioner(8).';
    refuseArgument({ operation, argument: 'the partitioning', value: partitioning, rule, remedy });
  }
  // The ranges of one input say nothing of the keys of another, which need not even compare with them.
  const fits = (p: Partitioner) => !(p instanceof RangePartitioner) || inputs.every((rdd) => p.equals(rdd.partitioner));
  const known = inputs
    .flatMap((rdd) => rdd.partitioner ?? [])
    .filter(fits)
    .sort((a, b) => b.numPartitions - a.numPartitions);
  const most = Math.max(1, ...inputs.map((rdd) => rdd.numPartitions));
  // As Spark: one with far fewer partitions than the widest input has would make few huge tasks.
  return known[0] && known[0].numPartitions * 10 > most ? known[0] : new HashPartitioner(most);
}

/** Values of each key combined, on the map side first where something is shuffled. */
export function combined<T>(
  rdd: RDD<unknown>,
  operation: string,
  partitioner: Partitioner,
  create: FunctionArgument | undefined,
  mergeValue: FunctionArgument,
  mergeCombiners: FunctionArgument,
): RDD<T> {
  const dependency = dependOn(rdd, partitioner, operation, { create, merge: mergeValue });
  // Where nothing is shuffled the values themselves are combined; after a shuffle what the map side made of them.
  const gather: Gather =
    dependency.kind === 'narrow'
      ? { kind: 'combine', create, merge: mergeValue, join: mergeCombiners }
      : { kind: 'combine', merge: mergeCombiners };
  return new ShuffledRDD<T>(operation, dependency, partitioner, gather);
}

RDD.prototype.reduceByKey = function (this: RDD<unknown>, f: unknown, partitioning?: Partitioning) {
  const merge = ShippedFunction.of(this.context, f, 'reduceByKey');
  return combined(this, 'reduceByKey', choosePartitioner('reduceByKey', [this], partitioning), undefined, merge, merge);
} as RDD<unknown>['reduceByKey'];

RDD.prototype.combineByKey = function (
  this: RDD<unknown>,
  create: unknown,
  mergeValue: unknown,
  mergeCombiners: unknown,
  partitioning?: Partitioning,
) {
  const ship = (f: unknown, argument: string) => ShippedFunction.of(this.context, f, 'combineByKey', argument);
  return combined(
    this,
    'combineByKey',
    choosePartitioner('combineByKey', [this], partitioning),
    ship(create, 'create'),
    ship(mergeValue, 'mergeValue'),
    ship(mergeCombiners, 'mergeCombiners'),
  );
} as RDD<unknown>['combineByKey'];

RDD.prototype.aggregateByKey = function (
  this: RDD<unknown>,
  zero: unknown,
  seqOp: unknown,
  combOp: unknown,
  partitioning?: Partitioning,
) {
  const seq = ShippedFunction.of(this.context, seqOp, 'aggregateByKey', 'seqOp');
  const comb = ShippedFunction.of(this.context, combOp, 'aggregateByKey', 'combOp');
  // Each key starts from a copy of its own: the zero may be an array that seqOp pushes to.
  return combined(
    this,
    'aggregateByKey',
    choosePartitioner('aggregateByKey', [this], partitioning),
    lib('fromZero', encode(zero), seq),
    seq,
    comb,
  );
} as RDD<unknown>['aggregateByKey'];

RDD.prototype.foldByKey = function (this: RDD<unknown>, zero: unknown, f: unknown, partitioning?: Partitioning) {
  const merge = ShippedFunction.of(this.context, f, 'foldByKey');
  return combined(
    this,
    'foldByKey',
    choosePartitioner('foldByKey', [this], partitioning),
    lib('fromZero', encode(zero), merge),
    merge,
    merge,
  );
} as RDD<unknown>['foldByKey'];

/** The values of each key on behalf of an operation. */
export function groupedByKey<K, V>(pairs: RDD<[K, V]>, operation: string, partitioning?: Partitioning): RDD<[K, V[]]> {
  const partitioner = choosePartitioner(operation, [pairs], partitioning);
  return new ShuffledRDD<[K, V[]]>(operation, dependOn(pairs, partitioner, operation), partitioner, { kind: 'group' });
}

RDD.prototype.groupByKey = function <K, V>(this: RDD<[K, V]>, partitioning?: Partitioning) {
  return groupedByKey(this, 'groupByKey', partitioning);
};

RDD.prototype.mapValues = function <K, V, U>(this: RDD<[K, V]>, f: unknown, options?: CallOptions) {
  const plain = (shipped: ShippedFunction, awaits: Awaits) => mapped<[K, U]>(this, 'mapValues', 'mapValues', shipped, awaits);
  return perElement(this, 'mapValues', f, options, plain);
};

/** `flatMapValues` on behalf of an operation. */
export const flatMapValues = <T>(rdd: RDD<unknown>, operation: string, f: FunctionArgument, awaits: Awaits = {}): RDD<T> =>
  new SteppedRDD<T>(rdd, {
    operation,
    keepsPartitioner: true,
    plan: (input, b) => ({ op: 'flatMap', values: true, name: operation, f: b.function(f), ...awaits, input }),
  });

RDD.prototype.flatMapValues = function <K, V, U>(this: RDD<[K, V]>, f: unknown, options?: CallOptions) {
  const plain = (shipped: ShippedFunction, awaits: Awaits) => flatMapValues<[K, U]>(this, 'flatMapValues', shipped, awaits);
  return perElement(this, 'flatMapValues', f, options, plain);
};

/** The keys of pairs on behalf of an operation, which errors about its rows name. */
export const keysOf = <K>(pairs: RDD<[K, unknown]>, operation: string): RDD<K> =>
  new SteppedRDD<K>(pairs, { operation, plan: (input) => ({ op: 'map', template: 'key', name: operation, input }) });

RDD.prototype.keys = function <K, V>(this: RDD<[K, V]>) {
  return keysOf(this, 'keys');
};

/** The values of pairs on behalf of an operation. */
export const valuesOf = <V>(pairs: RDD<[unknown, V]>, operation: string): RDD<V> =>
  new SteppedRDD<V>(pairs, { operation, plan: (input) => ({ op: 'map', template: 'value', name: operation, input }) });

RDD.prototype.values = function <K, V>(this: RDD<[K, V]>) {
  return valuesOf(this, 'values');
};

RDD.prototype.partitionBy = function (partitioning) {
  const partitioner = choosePartitioner('partitionBy', [this], partitioning);
  if (this.partitioner?.equals(partitioner)) return this;
  return new ShuffledRDD('partitionBy', dependOn(this, partitioner, 'partitionBy'), partitioner, { kind: 'read' });
};

RDD.prototype.countByKey = async function <K, V>(this: RDD<[K, V]>) {
  return keysOf(this, 'countByKey').countByValue();
};

RDD.prototype.collectAsMap = async function <K, V>(this: RDD<[K, V]>) {
  const table = new KeyTable();
  const values: V[] = [];
  for (const pair of await this.collect()) {
    if (!Array.isArray(pair) || pair.length !== 2) notAPair('collectAsMap', pair);
    values[table.find(pair[0])] = pair[1];
  }
  return new Map(table.keys.map((key, i) => [key as K, values[i]]));
};

RDD.prototype.lookup = async function <K, V>(this: RDD<[K, V]>, key: K) {
  keyText(key);
  // Encoded, so that a key is never taken for a reference to a function.
  const f = lib('hasKey', encode(key));
  const here = new SteppedRDD<[K, V]>(this, {
    operation: 'lookup',
    plan: (input, b) => ({ op: 'filter', name: 'lookup', f: b.function(f), input }),
  });
  // The partitioner of a sort knows its ranges only once they were sampled.
  await this.prepareLineage();
  const partitions = this.partitioner && [this.partitioner.getPartition(key)];
  return here.values().collectPartitions(`lookup of ${this}`, partitions);
};
