// Actions on datasets of numbers.

import { checkWhole, refuseArgument } from '../base/arguments';
import { MillraceError } from '../base/errors';
import { type ExactSum, mergeExactly, noSum, totalOf } from '../base/exact-sum';
import { type Moments, mergeMoments, noMoments, StatCounter } from '../base/stat-counter';
import type { JobPromise } from '../plan/job-promise';
import { lib } from '../rdd/function-argument';
import { RDD } from '../rdd/rdd';
import { encode } from '../wire/codec';
import { gather } from './actions';

/** Bucket i is from edges[i] to before edges[i + 1]; the last one includes its end. */
export interface Histogram {
  readonly edges: number[];
  readonly counts: number[];
}

declare module '../rdd/rdd' {
  interface RDD<T> {
    /**
     * The sum of numbers: the exact one, in whatever order and partitions they are, rounded once.
     * @example await sc.parallelize([1, 2, 3]).sum() // 6
     */
    sum(this: RDD<number>): JobPromise<number>;
    /**
     * The exact mean, rounded once; NaN where there are no numbers.
     * @example await sc.parallelize([1, 2, 3]).mean() // 2
     */
    mean(this: RDD<number>): JobPromise<number>;
    /**
     * Count, mean, variance, least and greatest in one pass.
     * @example (await sc.parallelize([1, 2, 3]).stats()).max // 3
     */
    stats(this: RDD<number>): JobPromise<StatCounter>;
    /**
     * Of the population, as `popVariance`; NaN where there are no numbers.
     * @example await sc.parallelize([1, 3]).variance() // 1
     */
    variance(this: RDD<number>): JobPromise<number>;
    /**
     * Of the population, as `popStdev`.
     * @example await sc.parallelize([1, 3]).stdev() // 1
     */
    stdev(this: RDD<number>): JobPromise<number>;
    /**
     * The same as `variance`, by the name that Spark has for it.
     * @example await sc.parallelize([1, 3]).popVariance() // 1
     */
    popVariance(this: RDD<number>): JobPromise<number>;
    /**
     * The same as `stdev`, by the name that Spark has for it.
     * @example await sc.parallelize([1, 3]).popStdev() // 1
     */
    popStdev(this: RDD<number>): JobPromise<number>;
    /**
     * Of a sample, divided by n - 1; NaN for fewer than two numbers.
     * @example await sc.parallelize([1, 3]).sampleVariance() // 2
     */
    sampleVariance(this: RDD<number>): JobPromise<number>;
    /**
     * The standard deviation, corrected for a sample.
     * @example await sc.parallelize([1, 1, 1]).sampleStdev() // 0
     */
    sampleStdev(this: RDD<number>): JobPromise<number>;
    /**
     * How many numbers fall into so many buckets of equal width between the least and the greatest, which the last bucket includes.
     * Throws EMPTY_DATASET, and BAD_ARGUMENT where a number is infinite.
     * @example await sc.parallelize([1, 2, 3, 5]).histogram(2) // { edges: [1, 3, 5], counts: [2, 2] }
     */
    histogram(this: RDD<number>, buckets: number): JobPromise<Histogram>;
    /**
     * How many numbers fall between ascending edges: from an edge to before the next, to the last edge with it. Others, and NaN, are
     * not counted.
     * @example await sc.parallelize([1, 2, 3, 9]).histogram([0, 2, 4]) // [1, 2]
     */
    histogram(this: RDD<number>, edges: readonly number[]): JobPromise<number[]>;
  }
}

async function moments(rdd: RDD<number>, operation: string): Promise<Moments> {
  const parts: Moments[] = [];
  const zero = encode(noMoments());
  await rdd.context.runSink(
    rdd,
    (b) => ({ kind: 'aggregate', name: operation, zero, f: b.function(lib('statistics', operation)) }),
    { title: `${operation} of ${rdd}` },
    (p, value) => {
      parts[p] = value as Moments;
    },
  );
  return parts.reduce(mergeMoments, noMoments());
}

RDD.prototype.stats = async function () {
  return new StatCounter(await moments(this, 'stats'));
};

RDD.prototype.mean = async function () {
  return new StatCounter(await moments(this, 'mean')).mean;
};

RDD.prototype.sum = async function () {
  const parts: ExactSum[] = [];
  const zero = encode(noSum());
  await this.context.runSink(
    this,
    (b) => ({ kind: 'aggregate', name: 'sum', zero, f: b.function(lib('addNumber', 'sum')) }),
    { title: `sum of ${this}` },
    (p, value) => {
      parts[p] = value as ExactSum;
    },
  );
  return totalOf(parts.reduce(mergeExactly, noSum()));
};

RDD.prototype.variance = async function () {
  return new StatCounter(await moments(this, 'variance')).variance;
};

RDD.prototype.stdev = async function () {
  return new StatCounter(await moments(this, 'stdev')).stdev;
};

RDD.prototype.popVariance = async function () {
  return new StatCounter(await moments(this, 'popVariance')).variance;
};

RDD.prototype.popStdev = async function () {
  return new StatCounter(await moments(this, 'popStdev')).stdev;
};

RDD.prototype.sampleVariance = async function () {
  return new StatCounter(await moments(this, 'sampleVariance')).sampleVariance;
};

RDD.prototype.sampleStdev = async function () {
  return new StatCounter(await moments(this, 'sampleStdev')).sampleStdev;
};

async function countsBetween(rdd: RDD<number>, edges: readonly number[]): Promise<number[]> {
  const zero = encode(new Array<number>(edges.length - 1).fill(0));
  const f = lib('histogram', edges);
  const parts = await gather<number[]>(rdd, 'histogram', (b) => ({
    kind: 'aggregate',
    name: 'histogram',
    zero,
    f: b.function(f),
  }));
  const total = new Array<number>(edges.length - 1).fill(0);
  for (const counts of parts) for (let i = 0; i < counts.length; i++) total[i] += counts[i];
  return total;
}

const mostBuckets = 1_000_000;
const remedy = 'Write histogram(10), or histogram([0, 10, 100]).';

/** Edges of equal buckets; one bucket where all numbers are the same. */
async function equalEdges(rdd: RDD<number>, buckets: number): Promise<number[]> {
  checkWhole(buckets, 1, mostBuckets, { operation: 'histogram', argument: 'the number of buckets', remedy });
  // NaN is in no bucket.
  const { count, nans, least: min, greatest: max } = await moments(rdd, 'histogram');
  if (count === nans) throw new MillraceError('EMPTY_DATASET', { operation: 'histogram' });
  if (!Number.isFinite(max - min))
    refuseArgument({
      operation: 'histogram',
      argument: 'the range of the numbers',
      value: `${min} to ${max}`,
      rule: 'finite',
      remedy: 'Filter out the numbers that are not, or give the edges.',
    });
  if (min === max) return [min, max];
  return Array.from({ length: buckets + 1 }, (_, i) => (i === buckets ? max : min + ((max - min) * i) / buckets));
}

RDD.prototype.histogram = async function (this: RDD<number>, buckets: number | readonly number[]) {
  if (!Array.isArray(buckets)) {
    const edges = await equalEdges(this, buckets as number);
    return { edges, counts: await countsBetween(this, edges) };
  }
  const edges = [...(buckets as readonly number[])];
  if (edges.length < 2 || !edges.every((e, i) => typeof e === 'number' && !Number.isNaN(e) && (i === 0 || edges[i - 1] < e)))
    refuseArgument({
      operation: 'histogram',
      argument: 'the list of edges',
      value: edges,
      rule: 'at least two ascending numbers',
      remedy,
    });
  return countsBetween(this, edges);
} as RDD<number>['histogram'];
