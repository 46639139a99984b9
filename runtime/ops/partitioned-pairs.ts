// Operators on pairs that know where keys lie, and a reduction that leaves its result in the session.

import { refuseArgument } from '../base/arguments';
import { compareKeys, KeyTable, keyText } from '../keys/key';
import { RangePartitioner } from '../keys/partitioner';
import { dependOn } from '../rdd/dependency';
import { lib, ShippedFunction } from '../rdd/function-argument';
import { SteppedRDD } from '../rdd/narrow-step';
import { PrunedRDD } from '../rdd/partition-pruning';
import { RDD } from '../rdd/rdd';
import { ShuffledRDD } from '../rdd/shuffled';
import { encode } from '../wire/codec';
import { mergeAsCaptured } from './merge-answers';
import { choosePartitioner, type Partitioning } from './pairs';

declare module '../rdd/rdd' {
  interface RDD<T> {
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
    /**
     * `reduceByKey` with the result in the session, merged in the order of partitions.
     * @example await sc.parallelize(['a', 'b', 'a']).map(w => [w, 1]).reduceByKeyLocally((a, b) => a + b) // Map { 'a' => 2, 'b' => 1 }
     */
    reduceByKeyLocally<K, V>(this: RDD<[K, V]>, f: (a: V, b: V) => V): Promise<Map<K, V>>;
  }
}

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
