// Count, mean, variance, least and greatest of numbers in one pass: exact, so that order and partitioning do not matter.
import { addExactly, type ExactSum, mergeExactly, noSum, quotient, ratio, totalOf, unitsOf } from './exact-sum';

/** What is known of some numbers, as plain data. */
export interface Moments {
  count: number;
  /** How many are NaN. */
  nans: number;
  /** Of the others. */
  least: number;
  greatest: number;
  readonly sum: ExactSum;
  /** The squares of finite numbers: of those whose square is near neither end of the range, of large ones by 2^1200, of small ones times 2^1200. */
  readonly squares: ExactSum;
  /** What rounding took from each of these. Apart, for a sum of numbers of like size is quick. */
  readonly lost: ExactSum;
  readonly largeSquares: ExactSum;
  readonly smallSquares: ExactSum;
}

export const noMoments = (): Moments => ({
  count: 0,
  nans: 0,
  least: Number.POSITIVE_INFINITY,
  greatest: Number.NEGATIVE_INFINITY,
  sum: noSum(),
  squares: noSum(),
  lost: noSum(),
  largeSquares: noSum(),
  smallSquares: noSum(),
});

const [smallBelow, largeFrom] = [2 ** -480, 2 ** 480];
const scale = 600;
const [up, down] = [2 ** scale, 2 ** -scale];

/** Adds a number to the moments, in place. */
export function addToMoments(m: Moments, x: number): Moments {
  m.count++;
  if (x < m.least) m.least = x;
  if (x > m.greatest) m.greatest = x;
  if (Number.isNaN(x)) m.nans++;
  addExactly(m.sum, x);
  const size = Math.abs(x);
  if ((size >= smallBelow && size < largeFrom) || size === 0) addSquare(m.squares, m.lost, x);
  else if (size < smallBelow) addSquare(m.smallSquares, m.smallSquares, x * up);
  else if (size < Number.POSITIVE_INFINITY) addSquare(m.largeSquares, m.largeSquares, x * down);
  return m;
}

/** Adds the square and what its rounding took, as Dekker (1971) finds it. */
function addSquare(to: ExactSum, rest: ExactSum, x: number): void {
  const square = x * x;
  const carry = 134217729 * x;
  const high = carry - (carry - x);
  const low = x - high;
  addExactly(to, square);
  const lost = low * low - (square - high * high - 2 * high * low);
  if (lost !== 0) addExactly(rest, lost);
}

/** Adds other moments, in place. */
export function mergeMoments(a: Moments, b: Moments): Moments {
  a.count += b.count;
  a.nans += b.nans;
  a.least = Math.min(a.least, b.least);
  a.greatest = Math.max(a.greatest, b.greatest);
  for (const part of ['sum', 'squares', 'lost', 'largeSquares', 'smallSquares'] as const) mergeExactly(a[part], b[part]);
  return a;
}

/** The variance of the population. */
function varianceOf({ count, sum, squares, lost, largeSquares, smallSquares }: Moments): number {
  if (count === 0 || sum.special !== 0) return Number.NaN;
  const n = BigInt(count);
  const total = unitsOf(sum);
  // In units of 2^-2148 and 2^-1200 of these.
  const extra = BigInt(2 * scale);
  const all = ((unitsOf(squares) + unitsOf(lost)) << extra) + (unitsOf(largeSquares) << (2n * extra)) + unitsOf(smallSquares);
  return ratio(((n * all) << 1074n) - ((total * total) << extra), (n * n) << (2148n + extra));
}

/**
 * What `stats()` answers, as Spark's StatCounter. Variances of the population; NaN where there are no numbers. Each value is the exact one
 * for the numbers in any order, rounded once. NaN among them makes sum, mean, variance and `max` NaN, for it is above all numbers.
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
   * The smallest; infinite where there are no numbers.
   * @example (await sc.parallelize([1, 2, 3, 4]).stats()).min // 1
   */
  readonly min: number;
  /**
   * The largest; NaN where one is NaN, minus infinite where there are no numbers.
   * @example (await sc.parallelize([1, 2, 3, 4]).stats()).max // 4
   */
  readonly max: number;
  /**
   * The variance of the population.
   * @example (await sc.parallelize([1, 2, 3, 4]).stats()).variance // 1.25
   */
  readonly variance: number;

  /**
   * Their sum, the same as `sum()` of the dataset.
   * @example (await sc.parallelize([1, 2, 3, 4]).stats()).sum // 10
   */
  readonly sum: number;

  /** @internal */ constructor(moments: Moments) {
    const { count, nans, least, greatest, sum } = moments;
    this.count = count;
    this.mean = count === 0 ? Number.NaN : quotient(sum, count);
    // As in every order of Millrace: NaN is above all numbers.
    this.min = count > 0 && nans === count ? Number.NaN : least;
    this.max = nans > 0 ? Number.NaN : greatest;
    this.variance = varianceOf(moments);
    this.sum = totalOf(sum);
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
