// Quantiles of many numbers in little room: exact up to a thousand numbers, then by buckets whose width is a share of their value.
//
// DDSketch (Masson, Rim and Lee, VLDB 2019): what a bucket answers is within `share` of each number in it. Whether numbers are kept or
// counted depends on how many there are alone, so that order and partitioning do not matter.

/** Numbers kept as they are. */
const mostKept = 1000;
const share = 0.001;
const base = Math.log((1 + share) / (1 - share));
/** Smaller ones count as zero: the logarithm of the least is no bucket. */
const least = 1e-300;

export interface Numbers {
  /** All of them, while they are few. */
  kept: number[] | null;
  count: number;
  /** How many are in a bucket: of negative numbers by -1 - 2i, of positive ones by 2i, zero by its own. */
  readonly buckets: Map<string, number>;
}

export const noNumbers = (): Numbers => ({ kept: [], count: 0, buckets: new Map() });

function bucketOf(x: number): string {
  if (Math.abs(x) < least) return '0';
  if (!Number.isFinite(x)) return String(x);
  return `${x < 0 ? '-' : '+'}${Math.ceil(Math.log(Math.abs(x)) / base)}`;
}

/** The middle of a bucket, by relative error. */
function middleOf(bucket: string): number {
  if (bucket === '0') return 0;
  if (/[a-z]/i.test(bucket)) return Number(bucket);
  const size = (2 * Math.exp(Number(bucket.slice(1)) * base)) / (1 + Math.exp(base));
  return bucket.startsWith('-') ? -size : size;
}

function countIn(numbers: Numbers, bucket: string, n: number): void {
  numbers.buckets.set(bucket, (numbers.buckets.get(bucket) ?? 0) + n);
}

/** Puts the kept numbers into buckets once they are too many. */
function settle(numbers: Numbers): Numbers {
  if (numbers.kept === null || numbers.count <= mostKept) return numbers;
  for (const x of numbers.kept) countIn(numbers, bucketOf(x), 1);
  numbers.kept = null;
  return numbers;
}

/** Adds a number, changing the set. */
export function addNumber(numbers: Numbers, x: number): Numbers {
  numbers.count++;
  if (numbers.kept) numbers.kept.push(x);
  else countIn(numbers, bucketOf(x), 1);
  return settle(numbers);
}

/** Adds all numbers of `other`, changing the set. */
export function mergeNumbers(numbers: Numbers, other: Numbers): Numbers {
  numbers.count += other.count;
  if (numbers.kept && other.kept) for (const x of other.kept) numbers.kept.push(x);
  else {
    for (const x of [...(numbers.kept ?? []), ...(other.kept ?? [])]) countIn(numbers, bucketOf(x), 1);
    numbers.kept = null;
    for (const [bucket, n] of other.buckets) countIn(numbers, bucket, n);
  }
  return settle(numbers);
}

/** NaN is above all numbers, as in sorts. */
const ascending = (a: number, b: number): number =>
  Number.isNaN(a) || Number.isNaN(b) ? Number(Number.isNaN(a)) - Number(Number.isNaN(b)) : a - b || 0;

/** The number below which the share `q` of them lie, between two of them by their distance; null of none. */
export function quantileOf({ kept, count, buckets }: Numbers, q: number): number | null {
  if (count === 0) return null;
  const place = q * (count - 1);
  if (kept) {
    const sorted = [...kept].sort(ascending);
    const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
    return below === above ? below : below + (above - below) * (place - Math.floor(place));
  }
  const sorted = [...buckets].map(([bucket, n]) => [middleOf(bucket), n] as const).sort((a, b) => ascending(a[0], b[0]));
  let before = 0;
  for (const [middle, n] of sorted) {
    before += n;
    if (before > Math.round(place)) return middle;
  }
  return sorted[sorted.length - 1][0];
}
