// Random parts of a dataset: samples of a fraction or a number of elements, splits by weight, samples by key.

import { checkFlag, checkSize, refuseArgument } from '../base/arguments';
import { freshSeed, Random } from '../base/time';
import { KeyTable } from '../keys/key';
import type { JobPromise } from '../plan/job-promise';
import { type FunctionArgument, lib } from '../rdd/function-argument';
import { SteppedRDD } from '../rdd/narrow-step';
import { RDD } from '../rdd/rdd';
import { encode } from '../wire/codec';
import { keysOf } from './pairs';

declare module '../rdd/rdd' {
  interface RDD<T> {
    /**
     * About the given fraction of the elements; with replacement an element may come more than once. The seed makes it repeatable.
     * @example sc.range(1000).sample(false, 0.1, 42)
     */
    sample(withReplacement: boolean, fraction: number, seed?: number): RDD<T>;
    /**
     * Exactly `n` random elements, or all where there are fewer and none is replaced.
     * @example (await sc.range(100).takeSample(false, 5, 42)).length // 5
     */
    takeSample(withReplacement: boolean, n: number, seed?: number): JobPromise<T[]>;
    /**
     * Random parts whose sizes are about as their weights, each element in exactly one. The seed makes it repeatable.
     * @example (await Promise.all(sc.range(100).randomSplit([3, 1], 7).map(part => part.count()))).reduce((a, b) => a + b) // 100
     */
    randomSplit(weights: readonly number[], seed?: number): RDD<T>[];
    /**
     * About a fraction of the pairs of each key, by a map from key to fraction. A key without one is an error.
     * @example await sc.parallelize(['a', 'b']).keyBy(w => w).sampleByKey(false, new Map([['a', 1], ['b', 0]])).keys().collect() // ['a']
     */
    sampleByKey<K, V>(this: RDD<[K, V]>, withReplacement: boolean, fractions: ReadonlyMap<K, number>, seed?: number): RDD<[K, V]>;
    /**
     * `sampleByKey` with exactly ⌈fraction · number of pairs⌉ pairs of each key. Its first use counts and draws by two jobs of its own.
     * @example sc.parallelize([['a', 1], ['b', 2], ['a', 3]] as [string, number][], 1).sampleByKeyExact(false, new Map([['a', 0.5], ['b', 1]]), 42)
     */
    sampleByKeyExact<K, V>(
      this: RDD<[K, V]>,
      withReplacement: boolean,
      fractions: ReadonlyMap<K, number>,
      seed?: number,
    ): RDD<[K, V]>;
  }
}

const perPartition = <U>(rdd: RDD<unknown>, operation: string, f: () => FunctionArgument, keeps: boolean): RDD<U> =>
  new SteppedRDD<U>(rdd, {
    operation,
    keepsPartitioner: keeps,
    plan: (input, b) => ({ op: 'mapPartitions', name: operation, f: b.function(f()), input }),
  });

RDD.prototype.sample = function <T>(this: RDD<T>, withReplacement: boolean, fraction: number, seed = freshSeed()) {
  checkReplacement('sample', withReplacement);
  checkFraction('sample', fraction, withReplacement);
  checkSeed('sample', seed);
  return new SteppedRDD<T>(this, {
    operation: 'sample',
    keepsPartitioner: true,
    plan: (input) => ({ op: 'sample', fraction, replace: withReplacement, seed, input }),
  });
};

/** Throws BAD_ARGUMENT unless the caller says whether elements may be drawn more than once. */
const checkReplacement = (operation: string, withReplacement: unknown): void =>
  checkFlag(operation, 'withReplacement', withReplacement);

function checkFraction(operation: string, fraction: number, withReplacement: boolean): void {
  if (fraction >= 0 && Number.isFinite(fraction) && (withReplacement || fraction <= 1)) return;
  const rule = withReplacement ? 'a number from 0 on' : 'a number from 0 to 1';
  refuseArgument({
    operation,
    argument: 'the fraction',
    value: fraction,
    rule,
    remedy: `Write ${operation}(false, 0.1) for about a tenth.`,
  });
}

/** Throws BAD_ARGUMENT unless `seed` is a finite number. */
function checkSeed(operation: string, seed: unknown): void {
  if (Number.isFinite(seed)) return;
  refuseArgument({
    operation,
    argument: 'the seed',
    value: seed,
    rule: 'a finite number',
    remedy: 'Leave it out for another sample each time.',
  });
}

RDD.prototype.takeSample = async function (withReplacement, n, seed = freshSeed()) {
  checkReplacement('takeSample', withReplacement);
  checkSize('takeSample', n);
  checkSeed('takeSample', seed);
  if (n === 0) return [];
  const total = await this.count();
  if (total === 0) return [];
  const random = new Random(seed);
  if (!withReplacement && n >= total) return shuffle(await this.collect(), random);
  // Enough to fall short with a chance below 1 in 10,000, as Spark does; then a larger seed, until it suffices.
  const rate = n / total;
  const fraction = withReplacement
    ? rate + 9 * Math.sqrt(rate / total)
    : Math.min(1, rate + 5 * Math.sqrt(rate / total) + 10 / total);
  for (let round = 0; ; round++) {
    const rows = await this.sample(withReplacement, fraction, seed + round).collect();
    if (rows.length >= n) return shuffle(rows, random).slice(0, n);
  }
};

function shuffle<T>(rows: T[], random: Random): T[] {
  for (let i = rows.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [rows[i], rows[j]] = [rows[j], rows[i]];
  }
  return rows;
}

RDD.prototype.randomSplit = function <T>(this: RDD<T>, weights: readonly number[], seed = freshSeed()) {
  const operation = 'randomSplit';
  checkSeed(operation, seed);
  const isWeight = (w: unknown) => typeof w === 'number' && Number.isFinite(w) && w >= 0;
  const total = Array.isArray(weights) && weights.every(isWeight) ? weights.reduce((a, b) => a + b, 0) : 0;
  if (!(total > 0 && Number.isFinite(total)))
    refuseArgument({
      operation,
      argument: 'the list of weights',
      value: weights,
      rule: 'numbers from 0 on, not all of them 0',
      remedy: 'Write randomSplit([0.8, 0.2]).',
    });
  let passed = 0;
  return weights.map((weight, i) => {
    const low = passed / total;
    passed += weight;
    // Sums of fractions may fall short of 1, and no element must fall between.
    const high = i === weights.length - 1 ? 1 : passed / total;
    return perPartition<T>(this, operation, () => lib('cell', seed, low, high), true);
  });
};

function checkFractions(operation: string, fractions: unknown, replace: boolean): [unknown, number][] {
  const rule = `a Map from key to a number from 0 ${replace ? 'on' : 'to 1'}`;
  const remedy = `Write ${operation}(false, new Map([['a', 0.1], ['b', 0.5]])).`;
  const refuse = (value: unknown) => refuseArgument({ operation, argument: 'the map of fractions', value, rule, remedy });
  if (!(fractions instanceof Map)) return refuse(fractions);
  const entries = [...(fractions as Map<unknown, unknown>)];
  for (const [, f] of entries) if (typeof f !== 'number' || !Number.isFinite(f) || f < 0 || (!replace && f > 1)) refuse(entries);
  // Keys compare by value, those of a Map by identity.
  const table = new KeyTable();
  const byValue: [unknown, number][] = [];
  for (const [key, f] of entries) byValue[table.find(key)] = [key, f as number];
  return byValue;
}

RDD.prototype.sampleByKey = function <K, V>(
  this: RDD<[K, V]>,
  withReplacement: boolean,
  fractions: ReadonlyMap<K, number>,
  seed = freshSeed(),
) {
  checkReplacement('sampleByKey', withReplacement);
  checkSeed('sampleByKey', seed);
  const encoded = encode(checkFractions('sampleByKey', fractions, withReplacement));
  return perPartition<[K, V]>(this, 'sampleByKey', () => lib('sampleByKey', encoded, withReplacement, seed), true);
};

RDD.prototype.sampleByKeyExact = function <K, V>(
  this: RDD<[K, V]>,
  withReplacement: boolean,
  fractions: ReadonlyMap<K, number>,
  seed = freshSeed(),
) {
  checkReplacement('sampleByKeyExact', withReplacement);
  checkSeed('sampleByKeyExact', seed);
  const wanted = checkFractions('sampleByKeyExact', fractions, withReplacement);
  let greatest: Uint8Array = encode([]);
  const sampled = perPartition<[K, V]>(this, 'sampleByKeyExact', () => lib('belowByKey', greatest, withReplacement, seed), true);
  return sampled.beforeFirstJob(async () => {
    greatest = encode(await greatestPoints(this, wanted, withReplacement, seed));
  });
};

/**
 * Cuts each key's points after the n-th least. As Spark's exact sampling, all but those near the fraction are only counted: an interval
 * around it holds the cut with a chance of nearly 1, and is widened where it does not.
 */
async function greatestPoints(
  pairs: RDD<[unknown, unknown]>,
  fractions: readonly (readonly [unknown, number])[],
  replace: boolean,
  seed: number,
): Promise<[unknown, number][]> {
  const counts = new Numbers(await keysOf(pairs, 'sampleByKeyExact').countByValue());
  // 0.1 · 30 is a little more than 3 in floating point.
  const sizes = fractions.map(([key, f]) => Math.ceil(f * counts.of(key) - 1e-9));
  for (let width = 5; ; width *= 8) {
    const spread = fractions.map(([key, f]) => {
      const n = Math.max(1, counts.of(key));
      return width * Math.sqrt(f / n) + (2 * width) / n;
    });
    const lows = encode(fractions.map(([key, f], i) => [key, Math.max(0, f - spread[i])]));
    const highs = encode(fractions.map(([key, f], i) => [key, f + spread[i]]));
    const drawn = perPartition<[unknown, number, number[]]>(
      pairs,
      'sampleByKeyExact',
      () => lib('pointsByKey', lows, highs, replace, seed),
      false,
    );
    const table = new KeyTable();
    for (const [key] of fractions) table.find(key);
    const sure = fractions.map(() => 0);
    const open: number[][] = fractions.map(() => []);
    for (const [key, n, points] of await drawn.collectPartitions(`sampling of ${pairs}`)) {
      const e = table.find(key);
      sure[e] += n;
      for (const t of points) open[e].push(t);
    }
    const cuts = sizes.map((size, e): number | undefined => {
      if (size === 0) return -1;
      return open[e].sort((a, b) => a - b)[size - sure[e] - 1];
    });
    // Rows that differ from job to job never fit; they are taken as they come then.
    const isLast = width > widest;
    if (isLast || cuts.every((cut) => cut !== undefined))
      return fractions.map(([key], e) => [key, cuts[e] ?? Number.POSITIVE_INFINITY]);
  }
}

/** Intervals of this many standard deviations hold every cut. */
const widest = 1e6;

/** Numbers by key, 0 for keys that are not there. */
class Numbers {
  readonly #table = new KeyTable();
  readonly #numbers: number[];

  constructor(map: ReadonlyMap<unknown, number>) {
    for (const key of map.keys()) this.#table.find(key);
    this.#numbers = [...map.values()];
  }

  of(key: unknown): number {
    return this.#numbers[this.#table.find(key)] ?? 0;
  }
}
