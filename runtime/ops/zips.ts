// Datasets side by side: zip, zipPartitions, and numbers that need no job.

import { checkFlag, refuseArgument } from '../base/arguments';
import type { Datum } from '../rdd/element-types';
import { type FunctionArgument, lib, ShippedFunction } from '../rdd/function-argument';
import { SteppedRDD } from '../rdd/narrow-step';
import { RDD } from '../rdd/rdd';
import { ZippedPartitionsRDD } from '../rdd/zipped';

declare module '../rdd/rdd' {
  interface RDD<T> {
    /**
     * Pairs of the elements at the same place of both. They must have equally many partitions, and each equally many elements: a map
     * of the same dataset has. Throws BAD_ARGUMENT, and UNEQUAL_ZIP in a job.
     * @example await sc.parallelize([1, 2]).zip(sc.parallelize(['a', 'b'])).collect() // [[1, 'a'], [2, 'b']]
     */
    zip<U>(other: RDD<U>): RDD<[T, U]>;
    /**
     * The same partition of two to four datasets through `f`, which gets an iterator of each and returns an iterable.
     * `preservesPartitioning` says that `f` leaves keys where they are. Throws BAD_ARGUMENT where the partitions differ in number.
     * @example await sc.range(4).zipPartitions(sc.range(4), (a, b) => [[...a].length + [...b].length]).sum() // 8
     */
    zipPartitions<U, R extends Datum>(
      other: RDD<U>,
      f: (a: IterableIterator<T>, b: IterableIterator<U>) => Iterable<R>,
      preservesPartitioning?: boolean,
    ): RDD<R>;
    zipPartitions<U, V, R extends Datum>(
      second: RDD<U>,
      third: RDD<V>,
      f: (a: IterableIterator<T>, b: IterableIterator<U>, c: IterableIterator<V>) => Iterable<R>,
      preservesPartitioning?: boolean,
    ): RDD<R>;
    zipPartitions<U, V, W, R extends Datum>(
      second: RDD<U>,
      third: RDD<V>,
      fourth: RDD<W>,
      f: (a: IterableIterator<T>, b: IterableIterator<U>, c: IterableIterator<V>, d: IterableIterator<W>) => Iterable<R>,
      preservesPartitioning?: boolean,
    ): RDD<R>;
    /**
     * Pairs [x, a number of its own], without a job: element k of partition p of n gets k·n + p.
     * @example await sc.parallelize(['a', 'b', 'c'], 2).zipWithUniqueId().collect() // [['a', 0], ['b', 1], ['c', 3]]
     */
    zipWithUniqueId(): RDD<[T, number]>;
  }
}

/** Throws BAD_ARGUMENT unless all inputs have equally many partitions. */
function sideBySide<R>(
  operation: string,
  inputs: readonly RDD<unknown>[],
  f: FunctionArgument,
  keepsPartitioner?: boolean,
): RDD<R> {
  const [first, ...others] = inputs;
  for (const other of others) {
    first.context.checkDataset(operation, other);
    if (other.numPartitions === first.numPartitions) continue;
    refuseArgument({
      operation,
      argument: 'the number of partitions of the other dataset',
      value: other.numPartitions,
      rule: `${first.numPartitions}, as this one has`,
      remedy: `Write .repartition(${first.numPartitions}) on it; for zip number both by zipWithIndex and join them instead.`,
    });
  }
  return new ZippedPartitionsRDD<R>(operation, inputs, f, keepsPartitioner);
}

RDD.prototype.zip = function <T, U>(this: RDD<T>, other: RDD<U>): RDD<[T, U]> {
  return sideBySide<[T, U]>('zip', [this, other], lib('zip'));
};

const mostZipped = 4;

RDD.prototype.zipPartitions = function (this: RDD<unknown>, ...args: unknown[]) {
  const at = args.findIndex((a) => typeof a === 'function');
  const others = args.slice(0, Math.max(0, at)) as RDD<unknown>[];
  if (at < 1 || at >= mostZipped)
    refuseArgument({
      operation: 'zipPartitions',
      argument: at < 0 ? 'the function' : 'the number of other datasets',
      value: at < 0 ? undefined : at,
      rule: at < 0 ? 'a function behind the datasets' : `from 1 to ${mostZipped - 1}`,
      remedy: 'Write zipPartitions(other, (a, b) => …).',
    });
  const keepsPartitioner = args[at + 1] === undefined ? false : args[at + 1];
  checkFlag('zipPartitions', 'preservesPartitioning', keepsPartitioner);
  const f = lib('zipPartitions', ShippedFunction.of(this.context, args[at], 'zipPartitions'));
  return sideBySide('zipPartitions', [this, ...others], f, keepsPartitioner === true);
} as RDD<unknown>['zipPartitions'];

RDD.prototype.zipWithUniqueId = function <T>(this: RDD<T>) {
  return new SteppedRDD<[T, number]>(this, {
    operation: 'zipWithUniqueId',
    plan: (input, b) => {
      const f = b.function(lib('uniqueIds', this.numPartitions));
      return { op: 'mapPartitions', name: 'zipWithUniqueId', f, input };
    },
  });
};
