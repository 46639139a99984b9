// Sorting: a sample chooses the bounds of the ranges, a shuffle moves each key to its range, each partition sorts itself.

import { checkFlag, refuseArgument } from '../base/arguments';
import { compareKeys, keyText, sameKey } from '../keys/key';
import { RangePartitioner } from '../keys/partitioner';
import type { Datum } from '../rdd/element-types';
import { lib } from '../rdd/function-argument';
import { SteppedRDD } from '../rdd/narrow-step';
import { PrunedRDD } from '../rdd/partition-pruning';
import { RDD } from '../rdd/rdd';
import { dependOn } from '../rdd/shuffle-or-narrow';
import { ShuffledRDD } from '../rdd/shuffled';
import { encode } from '../wire/codec';
import { choosePartitioner, keysOf, type Partitioning, valuesOf } from './pairs';
import { keyedBy } from './transform';

declare module '../rdd/rdd' {
  interface RDD<T> {
    /**
     * The elements in the order of `key`. Its first use samples the keys by a job of its own.
     * @example await sc.parallelize(['bb', 'a']).sortBy(w => w.length).collect() // ['a', 'bb']
     */
    sortBy<K extends Datum>(key: (element: T) => K | PromiseLike<K>, ascending?: boolean, numPartitions?: number): RDD<T>;
    /**
     * The pairs in the order of their keys; range partitioned. Its first use samples the keys by a job of its own.
     * @example await sc.parallelize([[2, 'b'], [1, 'a']] as [number, string][]).sortByKey().values().collect() // ['a', 'b']
     */
    sortByKey<K, V>(this: RDD<[K, V]>, ascending?: boolean, numPartitions?: number): RDD<[K, V]>;
    /**
     * The pairs whose key is from `lower` to `upper`, both included. After a sort only the partitions of that range are read.
     * Throws NOT_COMPARABLE for keys of another kind.
     * @example await sc.range(10).keyBy(x => x).sortByKey().filterByRange(3, 5).values().collect() // [3, 4, 5]
     */
    filterByRange<K, V>(this: RDD<[K, V]>, lower: K, upper: K): RDD<[K, V]>;
    /**
     * Moves pairs to where the partitioner puts their keys and sorts each partition by key: cheaper than a sort after it.
     * @example await sc.parallelize([[3, 'c'], [1, 'a']] as [number, string][]).repartitionAndSortWithinPartitions(1).keys().collect() // [1, 3]
     */
    repartitionAndSortWithinPartitions<K, V>(this: RDD<[K, V]>, partitioning: Partitioning): RDD<[K, V]>;
  }
}

/** Keys sampled for each range: about 20, as Spark takes, so that ranges differ by a fifth or so. */
const samplesPerRange = 20;
const seed = 7919;

/** Bounds that cut the keys into about equal ranges. */
async function rangeBounds(keys: RDD<unknown>, ranges: number): Promise<unknown[]> {
  const perPartition = Math.ceil((samplesPerRange * ranges * 3) / Math.max(1, keys.numPartitions));
  const sampled = new SteppedRDD<[number, unknown[]]>(keys, {
    operation: 'sortByKey',
    plan: (input, b) => ({ op: 'mapPartitions', name: 'sortByKey', f: b.function(lib('reservoir', perPartition, seed)), input }),
  });
  const weighted: { key: unknown; weight: number }[] = [];
  for (const [seen, kept] of await sampled.collectPartitions(`sampling of ${keys}`))
    for (const key of kept) weighted.push({ key, weight: seen / kept.length });
  weighted.sort((a, b) => compareKeys(a.key, b.key));
  const step = weighted.reduce((sum, { weight }) => sum + weight, 0) / ranges;
  const bounds: unknown[] = [];
  let passed = 0;
  for (const { key, weight } of weighted) {
    passed += weight;
    if (
      passed >= step * (bounds.length + 1) &&
      bounds.length < ranges - 1 &&
      !(bounds.length > 0 && sameKey(bounds[bounds.length - 1], key))
    )
      bounds.push(key);
  }
  return bounds;
}

/** Pairs in the order of their keys, on behalf of an operation. */
export function sortedByKeys<K, V>(
  pairs: RDD<[K, V]>,
  operation: string,
  ascending: boolean,
  numPartitions?: number,
): RDD<[K, V]> {
  checkFlag(operation, 'ascending', ascending);
  const asked = numPartitions === undefined ? Math.max(1, pairs.numPartitions) : numPartitions;
  const ranges = pairs.context.checkPartitions(operation, asked);
  const bounds = ranges === 1 ? [] : () => rangeBounds(keysOf(pairs, operation), ranges);
  const partitioner = new RangePartitioner(bounds, ascending, ranges);
  const moved = new ShuffledRDD<[K, V]>(operation, dependOn(pairs, partitioner, operation), partitioner, { kind: 'read' });
  return new SteppedRDD<[K, V]>(moved, {
    operation,
    keepsPartitioner: true,
    plan: (input) => ({ op: 'sort', name: operation, ascending, input }),
  });
}

RDD.prototype.sortByKey = function (ascending = true, numPartitions) {
  return sortedByKeys(this, 'sortByKey', ascending, numPartitions);
};

RDD.prototype.sortBy = function <T, K extends Datum>(
  this: RDD<T>,
  key: (element: T) => K | PromiseLike<K>,
  ascending = true,
  numPartitions?: number,
) {
  return valuesOf(sortedByKeys(keyedBy(this, 'sortBy', key), 'sortBy', ascending, numPartitions), 'sortBy');
};

RDD.prototype.filterByRange = function <K, V>(this: RDD<[K, V]>, lower: K, upper: K) {
  const operation = 'filterByRange';
  // What is no key would be told as two values that do not compare.
  for (const bound of [lower, upper]) keyText(bound);
  if (compareKeys(lower, upper) > 0)
    refuseArgument({
      operation,
      argument: 'the upper bound',
      value: upper,
      rule: 'not below the lower one',
      remedy: 'Write filterByRange(least, greatest).',
    });
  const { partitioner } = this;
  let read: RDD<[K, V]> = this;
  if (partitioner instanceof RangePartitioner) {
    read = new PrunedRDD(this, operation, (partition) => {
      const ends = [partitioner.getPartition(lower), partitioner.getPartition(upper)];
      return partition >= Math.min(...ends) && partition <= Math.max(...ends);
    });
  }
  const f = lib('inRange', encode(lower), encode(upper));
  return new SteppedRDD<[K, V]>(read, {
    operation,
    keepsPartitioner: true,
    plan: (input, b) => ({ op: 'filter', name: operation, f: b.function(f), input }),
  });
};

RDD.prototype.repartitionAndSortWithinPartitions = function <K, V>(this: RDD<[K, V]>, partitioning: Partitioning) {
  const operation = 'repartitionAndSortWithinPartitions';
  const partitioner = choosePartitioner(operation, [this], partitioning);
  const moved = new ShuffledRDD<[K, V]>(operation, dependOn(this, partitioner, operation), partitioner, { kind: 'read' });
  return new SteppedRDD<[K, V]>(moved, {
    operation,
    keepsPartitioner: true,
    plan: (input) => ({ op: 'sort', name: operation, ascending: true, input }),
  });
};
