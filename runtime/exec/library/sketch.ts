// Library functions that summarise: buckets of a histogram, sketches of distinct values, moments.
import { addExactly, type ExactSum } from '../../base/exact-sum';
import { addToSketch, mergeSketches, newSketch, sketchEstimate } from '../../keys/hyper-log-log';
import { numberOf } from './number';

/** The bucket of x between ascending edges, the last one closed on the right; -1 outside, and for NaN. */
function bucketOf(edges: readonly number[], x: number): number {
  const last = edges.length - 1;
  if (!(x >= edges[0] && x <= edges[last])) return -1;
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (x >= edges[middle]) low = middle;
    else high = middle;
  }
  return low;
}

/** Each entry makes a function from its arguments. */
export const sketchFunctions = {
  histogram: (edges: readonly number[]) => (counts: number[], x: unknown) => {
    const bucket = bucketOf(edges, numberOf('histogram', x));
    if (bucket >= 0) counts[bucket]++;
    return counts;
  },
  sketchPartition: (bits: number) => (input: Iterable<unknown>) => {
    const sketch = newSketch(bits);
    for (const x of input) addToSketch(sketch, x);
    return [sketch];
  },
  sketchOf: (bits: number) => (x: unknown) => addToSketch(newSketch(bits), x),
  addToSketch: () => addToSketch,
  mergeSketches: () => mergeSketches,
  sketchEstimate: () => sketchEstimate,
  /** Count and sum of a partition. */
  countAndSum: (operation: string) => (acc: { count: number; sum: ExactSum }, x: unknown) => {
    acc.count++;
    addExactly(acc.sum, numberOf(operation, x));
    return acc;
  },
};
