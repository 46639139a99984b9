// About how many distinct elements there are, without moving them.

import { refuseArgument } from '../base/arguments';
import { maxSketchBits } from '../base/limits';
import { mergeSketches, newSketch, type Sketch, sketchBits, sketchEstimate } from '../keys/hyper-log-log';
import type { JobPromise } from '../plan/job-promise';
import { lib } from '../rdd/function-argument';
import { SteppedRDD } from '../rdd/narrow-step';
import { RDD } from '../rdd/rdd';
import { gather } from './actions';
import { choosePartitioner, combined, type Partitioning } from './pairs';

declare module '../rdd/rdd' {
  interface RDD<T> {
    /**
     * About how many distinct elements there are, by HyperLogLog: the standard deviation is `relativeSD` of the number, from 0.001 to
     * 0.4. Smaller ones take more memory: 1.1 / relativeSD² bytes.
     * @example await sc.parallelize(['a', 'b', 'a']).countApproxDistinct() // 2
     */
    countApproxDistinct(relativeSD?: number): JobPromise<number>;
    /**
     * About how many distinct values each key has.
     * @example await sc.parallelize([['a', 1], ['a', 2], ['a', 1]] as [string, number][]).countApproxDistinctByKey().collect() // [['a', 2]]
     */
    countApproxDistinctByKey<K, V>(this: RDD<[K, V]>, relativeSD?: number, partitioning?: Partitioning): RDD<[K, number]>;
  }
}

const defaultSD = 0.05;

function checkedBits(operation: string, relativeSD: unknown): number {
  const fits = typeof relativeSD === 'number' && relativeSD >= 0.001 && relativeSD <= 0.4;
  if (fits) return Math.min(maxSketchBits, sketchBits(relativeSD));
  const [argument, rule] = ['the relative deviation', 'a number from 0.001 to 0.4'];
  return refuseArgument({ operation, argument, value: relativeSD, rule, remedy: `Write ${operation}(0.05) for about 5 %.` });
}

RDD.prototype.countApproxDistinct = async function (relativeSD = defaultSD) {
  const bits = checkedBits('countApproxDistinct', relativeSD);
  const sketches = new SteppedRDD<Sketch>(this, {
    operation: 'countApproxDistinct',
    plan: (input, b) => ({
      op: 'mapPartitions',
      name: 'countApproxDistinct',
      f: b.function(lib('sketchPartition', bits)),
      input,
    }),
  });
  const parts = await gather<Sketch[]>(sketches, 'countApproxDistinct', () => ({ kind: 'collect' }));
  return sketchEstimate(parts.flat(1).reduce(mergeSketches, newSketch(bits)));
};

RDD.prototype.countApproxDistinctByKey = function <K, V>(this: RDD<[K, V]>, relativeSD = defaultSD, partitioning?: Partitioning) {
  const operation = 'countApproxDistinctByKey';
  const bits = checkedBits(operation, relativeSD);
  const partitioner = choosePartitioner(operation, [this], partitioning);
  const sketches = combined<[K, Sketch]>(
    this,
    operation,
    partitioner,
    lib('sketchOf', bits),
    lib('addToSketch'),
    lib('mergeSketches'),
  );
  return new SteppedRDD<[K, number]>(sketches, {
    operation,
    keepsPartitioner: true,
    plan: (input, b) => ({ op: 'map', template: 'mapValues', name: operation, f: b.function(lib('sketchEstimate')), input }),
  });
};
