// Count, mean, variance, least and greatest of numbers in one pass, merged exactly as Chan et al. (1979) show.

/** [count, mean, sum of squared deviations, least, greatest]: plain data, as it is shipped. */
export type Moments = [count: number, mean: number, squares: number, least: number, greatest: number];

export const noMoments: Moments = [0, 0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

/** Adds a number to the moments, in place. */
export function addToMoments(m: Moments, x: number): Moments {
  const delta = x - m[1];
  m[0]++;
  m[1] += delta / m[0];
  m[2] += delta * (x - m[1]);
  if (x < m[3]) m[3] = x;
  if (x > m[4]) m[4] = x;
  return m;
}

/** The moments of both. */
export function mergeMoments(a: Moments, b: Moments): Moments {
  if (a[0] === 0) return b;
  if (b[0] === 0) return a;
  const n = a[0] + b[0];
  const delta = b[1] - a[1];
  return [
    n,
    a[1] + (delta * b[0]) / n,
    a[2] + b[2] + (delta * delta * a[0] * b[0]) / n,
    Math.min(a[3], b[3]),
    Math.max(a[4], b[4]),
  ];
}

/**
 * What `stats()` answers, as Spark's StatCounter. Variances of the population; NaN where there are no numbers.
 * @example (await sc.parallelize([1, 2, 3, 4]).stats()).mean // 2.5
 */
export class StatCounter {
  /**
   * How many numbers there are.
   * @example (await sc.parallelize([1, 2, 3, 4]).stats()).count // 4
   */
  readonly count: number;
  /**
   * Their mean.
   * @example (await sc.parallelize([1, 2, 3, 4]).stats()).mean // 2.5
   */
  readonly mean: number;
  /**
   * The smallest.
   * @example (await sc.parallelize([1, 2, 3, 4]).stats()).min // 1
   */
  readonly min: number;
  /**
   * The largest.
   * @example (await sc.parallelize([1, 2, 3, 4]).stats()).max // 4
   */
  readonly max: number;
  /**
   * The variance of the population.
   * @example (await sc.parallelize([1, 2, 3, 4]).stats()).variance // 1.25
   */
  readonly variance: number;

  /** @internal */ constructor([count, mean, squares, least, greatest]: Moments) {
    this.count = count;
    this.mean = count === 0 ? Number.NaN : mean;
    this.min = least;
    this.max = greatest;
    this.variance = count === 0 ? Number.NaN : squares / count;
  }

  /**
   * Their sum.
   * @example (await sc.parallelize([1, 2, 3, 4]).stats()).sum // 10
   */
  get sum(): number {
    return this.count === 0 ? 0 : this.mean * this.count;
  }

  /**
   * The standard deviation of the population.
   * @example (await sc.parallelize([1, 2, 3, 4]).stats()).stdev
   */
  get stdev(): number {
    return Math.sqrt(this.variance);
  }

  /**
   * The same as `variance`.
   * @example (await sc.parallelize([1, 2, 3, 4]).stats()).popVariance // 1.25
   */
  get popVariance(): number {
    return this.variance;
  }

  /**
   * The same as `stdev`.
   * @example (await sc.parallelize([1, 2, 3, 4]).stats()).popStdev
   */
  get popStdev(): number {
    return this.stdev;
  }

  /**
   * The variance, corrected for a sample.
   * @example (await sc.parallelize([1, 2, 3, 4]).stats()).sampleVariance
   */
  get sampleVariance(): number {
    return this.count < 2 ? Number.NaN : (this.variance * this.count) / (this.count - 1);
  }

  /**
   * The standard deviation, corrected for a sample.
   * @example (await sc.parallelize([1, 2, 3, 4]).stats()).sampleStdev
   */
  get sampleStdev(): number {
    return Math.sqrt(this.sampleVariance);
  }
  /**
   * As Spark writes it.
   * @example String(await sc.parallelize([3, 3]).stats()) // '(count: 2, mean: 3, stdev: 0, max: 3, min: 3)'
   */
  toString(): string {
    const { count, mean, stdev, max, min } = this;
    return `(count: ${count}, mean: ${mean}, stdev: ${stdev}, max: ${max}, min: ${min})`;
  }
}
