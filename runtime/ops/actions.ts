// Actions: run a job and bring its answer to the session. Answers merge in the order of partitions, whatever ended first.

import { checkOrdering, checkSize } from '../base/arguments';
import { MillraceError } from '../base/errors';
import { compareKeys, KeyTable, sortValues } from '../keys/key';
import { awaitsFor, type ConcurrencyOptions } from '../plan/concurrency';
import type { JobPromise } from '../plan/job-promise';
import type { Accumulated, Datum, ListOf, Merge, Merged, Widen } from '../rdd/element-types';
import { lib, ShippedFunction } from '../rdd/function-argument';
import type { SinkMaker } from '../rdd/host';
import { SteppedRDD } from '../rdd/narrow-step';
import { RDD } from '../rdd/rdd';
import { decode, encode } from '../wire/codec';
import { mergeAsCaptured, mergeInOrder, perPartition } from './merge-answers';

declare module '../rdd/rdd' {
  interface RDD<T> {
    /**
     * All elements, in order. Refused above `maxResultBytes`.
     * @example await sc.range(3).collect() // [0, 1, 2]
     */
    collect(): JobPromise<T[]>;
    /** Elements of some partitions, in order; all of them by default. @internal */
    collectPartitions(title: string, partitions?: readonly number[]): JobPromise<T[]>;
    /**
     * The number of elements.
     * @example await sc.range(3).count() // 3
     */
    count(): JobPromise<number>;
    /**
     * The first element. Throws EMPTY_DATASET.
     * @example await sc.parallelize(['a', 'b']).first() // 'a'
     */
    first(): JobPromise<T>;
    /**
     * The first n elements: reads one partition, then up to four times as many each round.
     * @example await sc.range(100).take(3) // [0, 1, 2]
     */
    take(n: number): JobPromise<T[]>;
    /**
     * The n greatest, greatest first, by the natural order or a compare function.
     * @example await sc.parallelize([3, 1, 2]).top(2) // [3, 2]
     */
    top(n: number, compare?: (a: T, b: T) => number): JobPromise<T[]>;
    /**
     * The n elements with the greatest keys, greatest first, as `topBy`: a function of one element is a key.
     * @example await sc.parallelize([{ n: 1 }, { n: 3 }]).top(1, row => row.n) // [{ n: 3 }]
     */
    top(n: number, key: (element: T) => Datum): JobPromise<T[]>;
    /**
     * The n least, least first, by the natural order or a compare function.
     * @example await sc.parallelize([3, 1, 2]).takeOrdered(2) // [1, 2]
     */
    takeOrdered(n: number, compare?: (a: T, b: T) => number): JobPromise<T[]>;
    /**
     * The least element. Throws EMPTY_DATASET.
     * @example await sc.parallelize([3, 1, 2]).min() // 1
     */
    min(compare?: (a: T, b: T) => number): JobPromise<T>;
    /**
     * The greatest element. Throws EMPTY_DATASET.
     * @example await sc.parallelize([3, 1, 2]).max() // 3
     */
    max(compare?: (a: T, b: T) => number): JobPromise<T>;
    /**
     * All elements merged by an associative function. Throws EMPTY_DATASET.
     * @example await sc.range(1, 5).reduce((a, b) => a + b) // 10
     */
    reduce(f: (a: Widen<T>, b: Widen<T>) => Widen<T>): JobPromise<Widen<T>>;
    reduce<U>(f: (a: T, b: T) => ListOf<T, U>): JobPromise<U[]>;
    /**
     * `reduce` from a zero, which counts once for each partition and once for the merge.
     * @example await sc.range(4).fold(0, (a, b) => a + b) // 6
     */
    fold(zero: Widen<T>, f: (a: Widen<T>, b: Widen<T>) => Widen<T>): JobPromise<Widen<T>>;
    fold<U>(zero: U[], f: (a: T, b: T) => ListOf<T, U>): JobPromise<U[]>;
    /**
     * Elements folded into copies of `zero` in each partition, then merged.
     * @example await words.aggregate(0, (n, w) => n + w.length, (a, b) => a + b) // 4
     */
    aggregate<U extends Datum, R extends Merge<U>>(
      zero: U,
      seqOp: (acc: Accumulated<U>, element: T) => R,
      combOp: (a: Accumulated<U>, b: Accumulated<U>) => Merge<U>,
    ): JobPromise<Merged<U, R>>;
    aggregate<U>(zero: U, seqOp: (acc: U, element: T) => U, combOp: (a: U, b: U) => U): JobPromise<U>;
    /**
     * Whether it has no element; looks no further than the first.
     * @example await sc.range(3).isEmpty()
     */
    isEmpty(): JobPromise<boolean>;
    /**
     * How often each distinct element is there; elements compare by value.
     * @example await sc.parallelize(['a', 'b', 'a']).countByValue() // Map { 'a' => 2, 'b' => 1 }
     */
    countByValue(): JobPromise<Map<T, number>>;
    /**
     * `reduceByKey` with the result in the session, merged in the order of partitions.
     * @example await sc.parallelize(['a', 'b', 'a']).map(w => [w, 1]).reduceByKeyLocally((a, b) => a + b) // Map { 'a' => 2, 'b' => 1 }
     */
    reduceByKeyLocally<K, V extends Datum>(this: RDD<[K, V]>, f: (a: V, b: V) => V): JobPromise<Map<K, V>>;
    reduceByKeyLocally<K, V extends Datum, R extends Merge<V>>(
      this: RDD<[K, V]>,
      f: (a: V, b: V) => R,
    ): JobPromise<Map<K, Merged<V, R>>>;
    /**
     * Runs `f` on each element on the executors; a promise it returns is awaited before the next element, or so many at a time as
     * `{ concurrency }` says.
     * @example const seen = sc.longAccumulator(); await sc.range(4).foreach(x => seen.add(x)); seen.value
     */
    foreach(f: (element: T) => unknown, options?: ConcurrencyOptions): JobPromise<void>;
    /**
     * Runs `f` on each partition on the executors; a promise it returns is awaited.
     * @example const parts = sc.longAccumulator(); await sc.range(0, 4, 1, 2).foreachPartition(() => parts.add(1)); parts.value
     */
    foreachPartition(f: (partition: IterableIterator<T>) => unknown): JobPromise<void>;
    /**
     * The elements one partition at a time: the session holds the largest partition at most.
     * @example for await (const x of sc.range(3).toLocalIterator()) console.log(x)
     */
    toLocalIterator(): AsyncIterableIterator<T>;
  }
}

/** What a sink answers for each of some partitions, in their order; all of them by default. */
export async function gather<A>(rdd: RDD<unknown>, title: string, sink: SinkMaker, partitions?: readonly number[]): Promise<A[]> {
  const answers: A[] = [];
  const wanted = partitions ?? Array.from({ length: rdd.numPartitions }, (_, i) => i);
  const place = new Map(wanted.map((p, i) => [p, i]));
  await rdd.context.runSink(rdd, sink, { title: `${title} of ${rdd}`, partitions: wanted }, (p, value) => {
    answers[place.get(p)!] = value as A;
  });
  return answers;
}

RDD.prototype.collect = function () {
  return this.collectPartitions('collect');
};

RDD.prototype.collectPartitions = async function <T>(this: RDD<T>, title: string, partitions?: readonly number[]) {
  const parts = await gather<T[]>(this, title, () => ({ kind: 'collect' }), partitions);
  return parts.length === 1 ? parts[0] : (parts.flat(1) as T[]);
};

RDD.prototype.count = async function () {
  return (await gather<number>(this, 'count', () => ({ kind: 'count' }))).reduce((a, b) => a + b, 0);
};

/** Takes elements round by round until there are enough or no partitions are left. */
async function takeRounds<T>(rdd: RDD<T>, title: string, n: number): Promise<T[]> {
  const out: T[] = [];
  let done = 0;
  let round = 1;
  while (out.length < n && done < rdd.numPartitions) {
    const partitions = Array.from({ length: Math.min(round, rdd.numPartitions - done) }, (_, i) => done + i);
    const limit = n - out.length;
    for (const rows of await gather<T[]>(rdd, title, () => ({ kind: 'take', limit }), partitions))
      for (const row of rows) if (out.length < n) out.push(row);
    done += partitions.length;
    round *= 4;
  }
  return out;
}

RDD.prototype.take = async function (n) {
  checkSize('take', n);
  return n === 0 ? [] : takeRounds(this, 'take', n);
};

const noElements = (operation: string): never => {
  throw new MillraceError('EMPTY_DATASET', { operation });
};

RDD.prototype.first = async function () {
  const first = await takeRounds(this, 'first', 1);
  return first.length === 0 ? noElements('first') : first[0];
};

RDD.prototype.isEmpty = async function () {
  return (await takeRounds(this, 'isEmpty', 1)).length === 0;
};

async function ordered<T>(
  rdd: RDD<T>,
  operation: 'takeOrdered' | 'takeTop',
  title: string,
  n: number,
  compare?: (a: T, b: T) => number,
): Promise<T[]> {
  checkSize(title, n);
  checkOrdering(title, compare);
  const shipped = compare === undefined ? undefined : ShippedFunction.of(rdd.context, compare, title, 'the compare function');
  const f = lib(operation, n, ...(shipped ? [shipped] : []));
  const kept = perPartition<T>(rdd, title, f);
  const parts = await gather<T[]>(kept, title, () => ({ kind: 'collect' }));
  const order = compare ?? (compareKeys as (a: T, b: T) => number);
  const inOrder = operation === 'takeTop' ? (a: T, b: T) => order(b, a) : order;
  return mergeAsCaptured(
    { context: rdd.context, shipped, rows: parts.flat(1) as T[] },
    (rows) => sortValues([...rows], inOrder).slice(0, n),
    (rows) => perPartition<T>(rows, title, f).collectPartitions(`${title}: merge`),
  );
}

RDD.prototype.takeOrdered = function (n, compare) {
  return ordered(this, 'takeOrdered', 'takeOrdered', n, compare);
};

RDD.prototype.top = function <T>(this: RDD<T>, n: number, f?: ((a: T, b: T) => number) | ((element: T) => Datum)) {
  if (typeof f === 'function' && f.length === 1) return this.topBy(n, f as (element: T) => Datum);
  return ordered(this, 'takeTop', 'top', n, f as ((a: T, b: T) => number) | undefined);
};

RDD.prototype.min = async function (compare) {
  const least = await ordered(this, 'takeOrdered', 'min', 1, compare);
  return least.length === 0 ? noElements('min') : least[0];
};

RDD.prototype.max = async function (compare) {
  const greatest = await ordered(this, 'takeTop', 'max', 1, compare);
  return greatest.length === 0 ? noElements('max') : greatest[0];
};

RDD.prototype.reduce = async function <T>(this: RDD<T>, f: (a: Widen<T>, b: Widen<T>) => Widen<T>) {
  const shipped = ShippedFunction.of(this.context, f, 'reduce');
  const parts = await gather<T[]>(this, 'reduce', (b) => ({ kind: 'reduce', name: 'reduce', f: b.function(shipped) }));
  const values = parts.flat(1) as Widen<T>[];
  return values.length === 0 ? noElements('reduce') : mergeInOrder(this.context, shipped, values, f);
};

interface Folding<U> {
  readonly operation: string;
  readonly zero: U;
  readonly seq: ShippedFunction;
  readonly comb: ShippedFunction;
  readonly merge: (a: U, b: U) => U;
}

async function aggregated<T, U>(rdd: RDD<T>, { operation, zero, seq, comb, merge }: Folding<U>): Promise<U> {
  const bytes = encode(zero);
  const parts = await gather<U>(rdd, operation, (b) => ({ kind: 'aggregate', name: operation, zero: bytes, f: b.function(seq) }));
  return mergeInOrder(rdd.context, comb, [decode(bytes) as U, ...parts], merge);
}

RDD.prototype.fold = async function <T>(this: RDD<T>, zero: Widen<T>, f: (a: Widen<T>, b: Widen<T>) => Widen<T>) {
  const shipped = ShippedFunction.of(this.context, f, 'fold');
  return aggregated(this, { operation: 'fold', zero, seq: shipped, comb: shipped, merge: f });
};

RDD.prototype.aggregate = async function (this: RDD<unknown>, zero: unknown, seqOp: unknown, combOp: Folding<unknown>['merge']) {
  const seq = ShippedFunction.of(this.context, seqOp, 'aggregate', 'seqOp');
  const comb = ShippedFunction.of(this.context, combOp, 'aggregate', 'combOp');
  return aggregated(this, { operation: 'aggregate', zero, seq, comb, merge: combOp });
} as RDD<unknown>['aggregate'];

/** How often each distinct element of a partition is there, partition by partition. */
export function valueCounts<T>(rdd: RDD<T>, operation: string): RDD<[T, number]> {
  const ones = new SteppedRDD<[T, number]>(rdd, {
    operation,
    plan: (input) => ({ op: 'map', template: 'pairWithOne', name: operation, input }),
  });
  const merge = lib('add');
  return new SteppedRDD<[T, number]>(ones, {
    operation,
    plan: (input, b) => ({ op: 'combine', name: operation, merge: b.function(merge), input }),
  });
}

RDD.prototype.countByValue = async function <T>(this: RDD<T>) {
  const table = new KeyTable();
  const counts: number[] = [];
  const perPartition = valueCounts(this, 'countByValue');
  for (const part of await gather<[T, number][]>(perPartition, 'countByValue', () => ({ kind: 'collect' }))) {
    for (const [key, n] of part) {
      const e = table.find(key);
      counts[e] = (counts[e] ?? 0) + n;
    }
  }
  return new Map(table.keys.map((key, i) => [key as T, counts[i]]));
};

RDD.prototype.reduceByKeyLocally = async function <K, V>(this: RDD<[K, V]>, f: (a: V, b: V) => V) {
  const operation = 'reduceByKeyLocally';
  const merge = ShippedFunction.of(this.context, f, operation);
  const combined = (rdd: RDD<[K, V]>) =>
    new SteppedRDD<[K, V]>(rdd, {
      operation,
      plan: (input, b) => ({ op: 'combine', name: operation, merge: b.function(merge), input }),
    });
  const rows = await combined(this).collectPartitions(operation);
  const live = (pairs: readonly [K, V][]): [K, V][] => {
    const table = new KeyTable();
    const values: V[] = [];
    for (const [key, value] of pairs) {
      const e = table.find(key);
      if (e === values.length) values.push(value);
      else values[e] = f(values[e], value);
    }
    return table.keys.map((key, i) => [key as K, values[i]]);
  };
  const captured = (pairs: RDD<[K, V]>) => combined(pairs).collectPartitions(`${operation}: merge`);
  return new Map(await mergeAsCaptured({ context: this.context, shipped: merge, rows }, live, captured));
};

RDD.prototype.foreach = async function (f, options) {
  const shipped = ShippedFunction.of(this.context, f, 'foreach');
  const asked = awaitsFor('foreach', shipped, options);
  // What is done outside is done one by one, unless the user says otherwise.
  const awaits = options?.concurrency === undefined ? {} : asked;
  await gather(this, 'foreach', (b) => ({ kind: 'foreach', name: 'foreach', f: b.function(shipped), ...awaits }));
};

RDD.prototype.foreachPartition = async function (f) {
  const shipped = ShippedFunction.of(this.context, f, 'foreachPartition');
  await gather(this, 'foreachPartition', (b) => ({ kind: 'foreachPartition', name: 'foreachPartition', f: b.function(shipped) }));
};

RDD.prototype.toLocalIterator = async function* () {
  for (let p = 0; p < this.numPartitions; p++) yield* await this.collectPartitions('toLocalIterator', [p]);
};
