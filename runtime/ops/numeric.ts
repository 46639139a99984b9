// Actions on datasets of numbers.
import { type Moments, mergeMoments, noMoments, StatCounter } from '../exec/stat-counter';
import { lib } from '../rdd/function-argument';
import { RDD } from '../rdd/rdd';
import { encode } from '../wire/codec';

declare module '../rdd/rdd' {
  interface RDD<T> {
    /** @example await sc.parallelize([1, 2, 3]).sum() // 6 */
    sum(this: RDD<number>): Promise<number>;
    /** NaN where there are no numbers. */
    mean(this: RDD<number>): Promise<number>;
    /** Count, mean, variance, least and greatest in one pass. */
    stats(this: RDD<number>): Promise<StatCounter>;
  }
}

async function moments(rdd: RDD<number>, operation: string): Promise<Moments> {
  const parts: Moments[] = [];
  const zero = encode(noMoments);
  await rdd.context.runSink(
    rdd,
    (b) => ({ kind: 'aggregate', name: operation, zero, f: b.function(lib('statistics', operation)) }),
    { title: `${operation} of ${rdd}` },
    (p, value) => {
      parts[p] = value as Moments;
    },
  );
  return parts.reduce(mergeMoments, noMoments);
}

RDD.prototype.stats = async function () {
  return new StatCounter(await moments(this, 'stats'));
};

RDD.prototype.mean = async function () {
  return new StatCounter(await moments(this, 'mean')).mean;
};

RDD.prototype.sum = async function () {
  const parts: number[] = [];
  const zero = encode(0);
  await this.context.runSink(
    this,
    (b) => ({ kind: 'aggregate', name: 'sum', zero, f: b.function(lib('addNumber', 'sum')) }),
    { title: `sum of ${this}` },
    (p, value) => {
      parts[p] = value as number;
    },
  );
  return parts.reduce((a, b) => a + b, 0);
};
