// Stages whose tasks all run at the same time and can wait for each other.

import { checkFlag } from '../base/arguments';
import type { Datum } from '../rdd/element-types';
import { lib, ShippedFunction } from '../rdd/function-argument';
import { type Step, SteppedRDD } from '../rdd/narrow-step';
import { RDD } from '../rdd/rdd';

/** A step whose stage runs as a whole. */
class BarrierRDD<T> extends SteppedRDD<T> {
  override get isBarrier(): boolean {
    return true;
  }
}

/** What `rdd.barrier()` answers: a dataset whose next step runs in all partitions at once. As Spark's `RDDBarrier`. */
export class RDDBarrier<T> {
  readonly #rdd: RDD<T>;

  constructor(rdd: RDD<T>) {
    this.#rdd = rdd;
  }

  /**
   * Each partition as a whole through `f`; `BarrierTaskContext.get()` inside of it waits for the others. All tasks are launched together,
   * and all run again when one fails. Throws BARRIER_TOO_WIDE at the action where there are more partitions than slots.
   * @example await sc.range(4).coalesce(1).barrier().mapPartitions(rows => [[...rows].length]).collect() // [4]
   */
  mapPartitions<U extends Datum>(f: (partition: IterableIterator<T>) => Iterable<U>, preservesPartitioning = false): RDD<U> {
    return this.#step('mapPartitions', 'withoutIndex', f, preservesPartitioning);
  }

  /**
   * `mapPartitions` with the partition's number first.
   * @example await sc.range(4).coalesce(1).barrier().mapPartitionsWithIndex(index => [index]).collect() // [0]
   */
  mapPartitionsWithIndex<U extends Datum>(
    f: (index: number, partition: IterableIterator<T>) => Iterable<U>,
    preservesPartitioning = false,
  ): RDD<U> {
    return this.#step('mapPartitionsWithIndex', 'withIndex', f, preservesPartitioning);
  }

  #step<U>(operation: string, library: string, f: Function, keepsPartitioner: boolean): RDD<U> {
    checkFlag(operation, 'preservesPartitioning', keepsPartitioner);
    const argument = lib(library, ShippedFunction.of(this.#rdd.context, f, operation));
    const plan: Step['plan'] = (input, builder) => ({
      op: 'mapPartitions',
      name: operation,
      f: builder.function(argument),
      input,
    });
    return new BarrierRDD<U>(this.#rdd, { operation, keepsPartitioner, plan });
  }
}

declare module '../rdd/rdd' {
  interface RDD<T> {
    /**
     * Has the next step run in all partitions at the same time, so that its tasks can wait for each other and exchange messages.
     * @example await sc.range(1).coalesce(1).barrier().mapPartitions(() => BarrierTaskContext.get().allGather('here')).collect() // ['here']
     */
    barrier(): RDDBarrier<T>;
  }
}

RDD.prototype.barrier = function <T>(this: RDD<T>) {
  return new RDDBarrier<T>(this);
};
