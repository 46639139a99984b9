// Reductions in levels: partial results meet on executors, so that the session merges few of them.

import { checkWhole } from '../base/arguments';
import { MillraceError } from '../base/errors';
import { DirectPartitioner } from '../keys/partitioner';
import type { JobPromise } from '../plan/job-promise';
import type { Accumulated, Datum, ListOf, Merge, Merged, Widen } from '../rdd/element-types';
import { type FunctionArgument, lib, ShippedFunction } from '../rdd/function-argument';
import { SteppedRDD } from '../rdd/narrow-step';
import { RDD } from '../rdd/rdd';
import { dependOn } from '../rdd/shuffle-or-narrow';
import { ShuffledRDD } from '../rdd/shuffled';
import { decode, encode } from '../wire/codec';
import { mergeInOrder, perPartition } from './merge-answers';

declare module '../rdd/rdd' {
  interface RDD<T> {
    /**
     * `reduce` in levels: about depth-th roots of the partitions merge at a time, in their order. Throws EMPTY_DATASET.
     * @example await sc.range(0, 10, 1, 8).treeReduce((a, b) => a + b) // 45
     */
    treeReduce(f: (a: Widen<T>, b: Widen<T>) => Widen<T>, depth?: number): JobPromise<Widen<T>>;
    treeReduce<U>(f: (a: T, b: T) => ListOf<T, U>, depth?: number): JobPromise<U[]>;
    /**
     * `aggregate` in levels; the zero counts once for each partition.
     * @example await sc.range(0, 10, 1, 8).treeAggregate(0, (a, x) => a + x, (a, b) => a + b, 3) // 45
     */
    treeAggregate<U extends Datum, R extends Merge<U>>(
      zero: U,
      seqOp: (acc: Accumulated<U>, element: T) => R,
      combOp: (a: Accumulated<U>, b: Accumulated<U>) => Merge<U>,
      depth?: number,
    ): JobPromise<Merged<U, R>>;
    treeAggregate<U>(zero: U, seqOp: (acc: U, element: T) => U, combOp: (a: U, b: U) => U, depth?: number): JobPromise<U>;
  }
}

const mostLevels = 64;

const checkDepth = (operation: string, depth: number): number =>
  checkWhole(depth, 1, mostLevels, { operation, argument: 'the depth', remedy: 'Leave it out for 2 levels.' });

/** Merges partial results, at most one a partition, over `depth` levels; neighbours merge, so that their order stays. */
async function mergeInLevels<U>(partials: RDD<U>, operation: string, merge: FunctionArgument, depth: number): Promise<U[]> {
  const scale = Math.max(2, Math.ceil(partials.numPartitions ** (1 / depth)));
  let level = partials;
  // As Spark: another level must save more than it costs.
  while (level.numPartitions > scale + Math.ceil(level.numPartitions / scale)) {
    const groups = Math.ceil(level.numPartitions / scale);
    const keyed = perPartition<[number, U]>(level, operation, lib('neighbours', level.numPartitions, groups));
    const partitioner = new DirectPartitioner(groups);
    const moved = new ShuffledRDD<[number, U]>(operation, dependOn(keyed, partitioner, operation), partitioner, { kind: 'read' });
    const values = new SteppedRDD<U>(moved, {
      operation,
      plan: (input) => ({ op: 'map', template: 'value', name: operation, input }),
    });
    level = perPartition<U>(values, operation, lib('reducePartition', merge));
  }
  return level.collectPartitions(`${operation} of ${partials}`);
}

RDD.prototype.treeReduce = async function <T>(this: RDD<T>, f: (a: Widen<T>, b: Widen<T>) => Widen<T>, depth = 2) {
  checkDepth('treeReduce', depth);
  const shipped = ShippedFunction.of(this.context, f, 'treeReduce');
  const partials = perPartition<Widen<T>>(this, 'treeReduce', lib('reducePartition', shipped));
  const merged = await mergeInLevels(partials, 'treeReduce', shipped, depth);
  if (merged.length === 0) throw new MillraceError('EMPTY_DATASET', { operation: 'treeReduce' });
  return mergeInOrder(this.context, shipped, merged, f);
};

RDD.prototype.treeAggregate = async function <U>(
  this: RDD<unknown>,
  zero: U,
  seqOp: unknown,
  combOp: (a: U, b: U) => U,
  depth = 2,
) {
  checkDepth('treeAggregate', depth);
  const seq = ShippedFunction.of(this.context, seqOp, 'treeAggregate', 'seqOp');
  const comb = ShippedFunction.of(this.context, combOp, 'treeAggregate', 'combOp');
  const bytes = encode(zero);
  const partials = perPartition<U>(this, 'treeAggregate', lib('foldPartition', bytes, seq));
  const merged = await mergeInLevels(partials, 'treeAggregate', comb, depth);
  return merged.length === 0 ? (decode(bytes) as U) : mergeInOrder(this.context, comb, merged, combOp);
} as RDD<unknown>['treeAggregate'];
