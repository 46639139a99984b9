// Answers at a deadline: what the partitions that have ended say of all of them, with bounds.

import { refuseArgument } from '../base/arguments';
import { type ExactSum, mergeExactly, noSum, quotient, totalOf } from '../base/exact-sum';
import type { Clock } from '../base/time';
import { KeyTable } from '../keys/key';
import type { JobPromise } from '../plan/job-promise';
import type { Sink } from '../plan/program';
import { lib } from '../rdd/function-argument';
import type { FunctionTable } from '../rdd/function-table';
import type { SinkMaker } from '../rdd/host';
import { RDD } from '../rdd/rdd';
import { encode } from '../wire/codec';
import { valueCounts } from './actions';
import { keysOf } from './pairs';
import { studentReach } from './quantiles';

/** An estimate, and between what the truth lies with the given confidence. */
export interface BoundedDouble {
  readonly mean: number;
  readonly confidence: number;
  readonly low: number;
  readonly high: number;
}

/** What an approximate action answers: its value at the deadline, and the way to the exact one. */
export class PartialResult<R> {
  /**
   * The answer as far as it was known when the time was over.
   * @example (await sc.range(100).countApprox(60_000)).initialValue.mean // 100
   */
  readonly initialValue: R;
  /**
   * All partitions had ended by the deadline: the value is exact.
   * @example (await sc.range(100).countApprox(60_000)).isInitialValueFinal
   */
  readonly isInitialValueFinal: boolean;
  readonly #final: Promise<R>;
  readonly #cancel: () => void;

  constructor(initialValue: R, isFinal: boolean, final: Promise<R>, cancel: () => void) {
    this.initialValue = initialValue;
    this.isInitialValueFinal = isFinal;
    this.#final = final;
    this.#cancel = cancel;
  }

  /**
   * The exact value, once the job that goes on behind the estimate has ended.
   * @example (await (await sc.range(100).countApprox(60_000)).getFinalValue()).mean // 100
   */
  getFinalValue(): Promise<R> {
    return this.#final;
  }

  /**
   * Stops the job that goes on.
   * @example (await sc.range(100).countApprox(60_000)).cancel()
   */
  cancel(): void {
    this.#cancel();
  }
}

declare module '../rdd/rdd' {
  interface RDD<T> {
    /**
     * The number of elements as far as it is known after `timeoutMs` milliseconds. Bounds come from how the partitions that have ended
     * differ, taken as a random sample of all. They are infinite after one partition only, and where all so far are alike; a count is never
     * below what was seen.
     * @example (await sc.range(100).countApprox(60_000)).initialValue // { mean: 100, confidence: 1, low: 100, high: 100 }
     */
    countApprox(timeoutMs: number, confidence?: number): JobPromise<PartialResult<BoundedDouble>>;
    /**
     * The sum as far as it is known after `timeoutMs` milliseconds; bounds as for `countApprox`.
     * @example (await sc.range(4).sumApprox(60_000)).initialValue.mean // 6
     */
    sumApprox(this: RDD<number>, timeoutMs: number, confidence?: number): JobPromise<PartialResult<BoundedDouble>>;
    /**
     * The mean as far as it is known after `timeoutMs` milliseconds; bounds as for `countApprox`.
     * @example (await sc.range(5).meanApprox(60_000)).initialValue.mean // 2
     */
    meanApprox(this: RDD<number>, timeoutMs: number, confidence?: number): JobPromise<PartialResult<BoundedDouble>>;
    /**
     * How often each distinct element seen by then is there; bounds as for `countApprox`.
     * @example (await words.countByValueApprox(60_000)).initialValue.get('a').mean // 1
     */
    countByValueApprox(timeoutMs: number, confidence?: number): JobPromise<PartialResult<Map<T, BoundedDouble>>>;
    /**
     * The number of pairs of each key seen by then; bounds as for `countApprox`.
     * @example (await sc.parallelize([['a', 1], ['b', 2], ['a', 3]] as [string, number][], 1).countByKeyApprox(60_000)).initialValue.get('a').mean // 2
     */
    countByKeyApprox<K, V>(
      this: RDD<[K, V]>,
      timeoutMs: number,
      confidence?: number,
    ): JobPromise<PartialResult<Map<K, BoundedDouble>>>;
  }
}

const defaultConfidence = 0.95;

/** Estimates a result from the answers of the partitions that have ended, of `partitions`. */
type Estimate<A, R> = (answers: readonly A[], partitions: number, confidence: number) => R;

interface Approximation<A, R> {
  readonly operation: string;
  readonly timeoutMs: number;
  readonly confidence: number;
  readonly sink: SinkMaker;
  readonly estimate: Estimate<A, R>;
}

function check(operation: string, timeoutMs: unknown, confidence: unknown): void {
  const remedy = `Write ${operation}(2000) for what is known after 2 s.`;
  if (typeof timeoutMs !== 'number' || !(timeoutMs >= 0 && timeoutMs <= 2 ** 31 - 1))
    refuseArgument({ operation, argument: 'the time', value: timeoutMs, rule: 'milliseconds from 0 to 2147483647', remedy });
  if (typeof confidence !== 'number' || !(confidence >= 0 && confidence < 1))
    refuseArgument({ operation, argument: 'the confidence', value: confidence, rule: 'a number from 0 to below 1', remedy });
}

async function approximate<A, R>(rdd: RDD<unknown>, wanted: Approximation<A, R>): Promise<PartialResult<R>> {
  const { operation, timeoutMs, confidence, sink, estimate } = wanted;
  check(operation, timeoutMs, confidence);
  const { context, numPartitions } = rdd;
  const answers: A[] = [];
  // In the order of partitions, holes left out.
  const known = () => estimate(Object.values(answers), numPartitions, confidence);
  const deadline = new Deadline(context.clock, timeoutMs, known);
  const controller = new AbortController();
  const job = context.runSink(rdd, sink, { title: `${operation} of ${rdd}`, signal: controller.signal }, (p, value) => {
    deadline.look();
    answers[p] = value as A;
  });
  const final = job.then(known);
  // Nobody need ask for it.
  final.catch(() => {});
  try {
    const isFinal = await Promise.race([job.then(() => true), deadline.reached.then(() => false)]);
    const initialValue = isFinal ? await final : await deadline.reached;
    return new PartialResult(initialValue, isFinal, final, () => controller.abort(': its cancel() was called'));
  } finally {
    deadline.stop();
  }
}

/** Takes down what is known when the time is up: told by a timer, or by an answer where tasks hold the thread of the timers. */
class Deadline<R> {
  readonly reached: Promise<R>;
  readonly #clock: Clock;
  readonly #at: number;
  readonly #note: () => void;
  readonly stop: () => void;

  constructor(clock: Clock, ms: number, known: () => R) {
    let resolve: (value: R) => void;
    this.reached = new Promise<R>((r) => {
      resolve = r;
    });
    this.#note = () => resolve(known());
    this.#clock = clock;
    this.#at = clock.now() + ms;
    this.stop = clock.after(ms, this.#note);
  }

  /** Looks at the clock. */
  look(): void {
    if (this.#clock.now() >= this.#at) this.#note();
  }
}

const exactly = (value: number): BoundedDouble => ({ mean: value, confidence: 1, low: value, high: value });
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

/** The estimate `mean` with what the deviations of m of n partitions say of it. */
function bounded(mean: number, deviations: readonly number[], scale: number, n: number, confidence: number): BoundedDouble {
  const m = deviations.length;
  const variance = sum(deviations.map((d) => d * d)) / (m - 1);
  // Partitions that are all alike, or a single one, do not tell how the others may differ.
  if (!(variance > 0 && variance < Number.POSITIVE_INFINITY))
    return { mean, confidence, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  const reach = studentReach(confidence, m - 1) * scale * Math.sqrt(((1 - m / n) * variance) / m);
  return { mean, confidence, low: mean - reach, high: mean + reach };
}

/** What the answers of some partitions say of the sum over all; `seen` is their sum. */
function extrapolated(parts: readonly number[], seen: number, n: number, confidence: number): BoundedDouble {
  if (parts.length === n) return exactly(seen);
  const mean = parts.length === 0 ? 0 : seen / parts.length;
  return bounded(
    n * mean,
    parts.map((x) => x - mean),
    n,
    n,
    confidence,
  );
}

/** Of counts: there are at least as many as were seen. */
const countOf: Estimate<number, BoundedDouble> = (parts, n, confidence) => {
  const seen = sum(parts);
  const total = extrapolated(parts, seen, n, confidence);
  return { ...total, low: Math.max(total.low, seen) };
};

/** The count and the sum of one partition. */
interface Summed {
  readonly count: number;
  readonly sum: ExactSum;
}

const mergedSum = (parts: readonly Summed[]) => parts.reduce((all, part) => mergeExactly(all, part.sum), noSum());

const sumOf: Estimate<Summed, BoundedDouble> = (parts, n, confidence) => {
  const sums = parts.map((part) => totalOf(part.sum));
  return extrapolated(sums, totalOf(mergedSum(parts)), n, confidence);
};

const meanOf: Estimate<Summed, BoundedDouble> = (parts, n, confidence) => {
  const count = sum(parts.map((part) => part.count));
  const mean = count === 0 ? Number.NaN : quotient(mergedSum(parts), count);
  if (parts.length === n) return exactly(mean);
  if (count === 0) return bounded(mean, [], 1, n, confidence);
  const deviations = parts.map((part) => totalOf(part.sum) - mean * part.count);
  return bounded(mean, deviations, parts.length / count, n, confidence);
};

function countsOf<K>(parts: readonly (readonly [K, number])[][], n: number, confidence: number): Map<K, BoundedDouble> {
  const table = new KeyTable();
  const counts: number[][] = [];
  parts.forEach((part, p) => {
    for (const [key, count] of part) {
      const e = table.find(key);
      counts[e] ??= new Array<number>(parts.length).fill(0);
      counts[e][p] = count;
    }
  });
  return new Map(table.keys.map((key, e) => [key as K, countOf(counts[e], n, confidence)]));
}

RDD.prototype.countApprox = function (timeoutMs, confidence = defaultConfidence) {
  const sink = (): Sink => ({ kind: 'count' });
  return approximate(this, { operation: 'countApprox', timeoutMs, confidence, sink, estimate: countOf });
};

/** Count and sum of each partition. */
const countAndSum = (operation: string) => {
  const zero = encode({ count: 0, sum: noSum() });
  const f = lib('countAndSum', operation);
  return (builder: FunctionTable): Sink => ({ kind: 'aggregate', name: operation, zero, f: builder.function(f) });
};

RDD.prototype.sumApprox = function (timeoutMs, confidence = defaultConfidence) {
  const operation = 'sumApprox';
  return approximate(this, { operation, timeoutMs, confidence, sink: countAndSum(operation), estimate: sumOf });
};

RDD.prototype.meanApprox = function (timeoutMs, confidence = defaultConfidence) {
  const operation = 'meanApprox';
  return approximate(this, { operation, timeoutMs, confidence, sink: countAndSum(operation), estimate: meanOf });
};

function countsApproximately<K>(
  keys: RDD<K>,
  operation: string,
  timeoutMs: number,
  confidence: number,
): Promise<PartialResult<Map<K, BoundedDouble>>> {
  const sink = (): Sink => ({ kind: 'collect' });
  return approximate(valueCounts(keys, operation), { operation, timeoutMs, confidence, sink, estimate: countsOf<K> });
}

RDD.prototype.countByValueApprox = function (timeoutMs, confidence = defaultConfidence) {
  return countsApproximately(this, 'countByValueApprox', timeoutMs, confidence);
};

RDD.prototype.countByKeyApprox = function <K, V>(this: RDD<[K, V]>, timeoutMs: number, confidence = defaultConfidence) {
  return countsApproximately(keysOf(this, 'countByKeyApprox'), 'countByKeyApprox', timeoutMs, confidence);
};
