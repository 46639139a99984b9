// Actions on numbers: moments, histograms, reductions in levels, sketches of distinct values, answers at a deadline.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { Random } from '../../../runtime/base/time';
import type { BoundedDouble, Context, RDD } from '../../../runtime/index';
import { studentReach } from '../../../runtime/ops/quantiles';
import { errorOf } from '../../helpers/errors';
import { masterOf } from '../../helpers/master';
import { within } from '../../helpers/within';

const test = suite('numbers');
let sc: Context;

test.before(async () => {
  sc = await connect(masterOf('local'));
});

const close = (got: number, expected: number, tolerance = 1e-9) =>
  assert.ok(Math.abs(got - expected) <= tolerance * Math.max(1, Math.abs(expected)), `${got} is not ${expected}`);

test('variance and deviation, of the population and of a sample', async () => {
  const rdd = sc.parallelize([2, 4, 4, 4, 5, 5, 7, 9], 3);
  close(await rdd.variance(), 4);
  close(await rdd.popVariance(), 4);
  close(await rdd.stdev(), 2);
  close(await rdd.popStdev(), 2);
  close(await rdd.sampleVariance(), 32 / 7);
  close(await rdd.sampleStdev(), Math.sqrt(32 / 7));
  const one = sc.parallelize([5], 2);
  assert.equal([await one.variance(), await one.sampleVariance()], [0, Number.NaN]);
  assert.equal(await sc.parallelize<number>([], 2).stdev(), Number.NaN);
  const error = await errorOf('BAD_ARGUMENT', () => sc.parallelize(['1'] as never as number[]).variance());
  assert.match(error.message, /^variance: an element is "1"/);
});

test('variance does not lose small differences of large numbers', async () => {
  close(
    await sc
      .range(0, 1000, 1, 7)
      .map((x) => 1e9 + (x % 2))
      .variance(),
    0.25,
    1e-6,
  );
});

test('every summary is the same for any order and partitioning, to the last digit', async () => {
  const random = new Random(14);
  const sized = () => (random.next() - 0.5) * 10 ** (random.below(40) - 20);
  const samples: number[][] = [
    [0.1, 0.2, 0.3],
    [1, 1e100, 1, -1e100],
    [1e308, 1e308, -1e308],
    [Number.MIN_VALUE, 1e-310, -Number.MIN_VALUE],
    [1e-200, 3e-200],
    Array.from({ length: 60 }, sized),
  ];
  const summaries = async (rdd: RDD<number>) => {
    const { sum, mean, variance, min, max } = await rdd.stats();
    assert.equal([await rdd.sum(), await rdd.mean(), await rdd.variance()], [sum, mean, variance]);
    assert.equal([await rdd.min(), await rdd.max()], [min, max]);
    const approximate = [await rdd.sumApprox(60_000), await rdd.meanApprox(60_000)];
    assert.equal(
      approximate.map((result) => result.initialValue.mean),
      [sum, mean],
    );
    return [sum, mean, variance, min, max];
  };
  for (const sample of samples) {
    const first = await summaries(sc.parallelize(sample, 1));
    for (let i = 0; i < 3; i++) {
      const order = sample.map((x) => [random.next(), x]).sort(([a], [b]) => a - b);
      const shuffled = order.map(([, x]) => x);
      assert.equal(await summaries(sc.parallelize(shuffled, 1 + random.below(4))), first, `${shuffled}`);
    }
  }
  const of = (...rows: number[]) => summaries(sc.parallelize(rows, 2));
  assert.equal((await of(0.1, 0.2, 0.3)).slice(0, 2), [0.6, 0.2]);
  assert.equal((await of(1e308, 1e308)).slice(0, 3), [Number.POSITIVE_INFINITY, 1e308, 0]);
  assert.equal((await of(3e-200, 1e-200)).slice(2, 3), [0]);
  assert.equal((await of(3e-160, 1e-160)).slice(2, 3), [1e-320]);
  assert.equal((await of(2 ** 60, 2 ** 60 + 2 ** 10)).slice(2, 3), [2 ** 18]);
  assert.equal((await of(-1e200, 1e200)).slice(1, 3), [0, Number.POSITIVE_INFINITY]);
});

test('infinities and NaN in every summary, wherever they stand: NaN is above all numbers', async () => {
  const [inf, nan] = [Number.POSITIVE_INFINITY, Number.NaN];
  // Sum, mean, variance, least, greatest.
  const cases: [number[], number[]][] = [
    [
      [1, inf, 2],
      [inf, inf, nan, 1, inf],
    ],
    [
      [1, -inf, 2],
      [-inf, -inf, nan, -inf, 2],
    ],
    [
      [inf, 1, -inf],
      [nan, nan, nan, -inf, inf],
    ],
    [
      [1, nan, 3],
      [nan, nan, nan, 1, nan],
    ],
    [
      [nan, nan, nan],
      [nan, nan, nan, nan, nan],
    ],
  ];
  for (const [rows, expected] of cases) {
    for (let turn = 0; turn < 3; turn++) {
      const rdd = sc.parallelize([...rows.slice(turn), ...rows.slice(0, turn)], 1 + turn);
      const { sum, mean, variance, min, max } = await rdd.stats();
      assert.equal([sum, mean, variance, min, max], expected, `stats of ${rows}`);
      const alone = [await rdd.sum(), await rdd.mean(), await rdd.variance(), await rdd.min(), await rdd.max()];
      assert.equal(alone, expected, `${rows}`);
    }
  }
  assert.equal(await sc.parallelize([1, nan, 3]).histogram(2), { edges: [1, 2, 3], counts: [1, 1] });
});

test('a range has each of its numbers once, or is refused', async () => {
  const top = 2 ** 53;
  assert.equal(await sc.range(top - 2, top, 1, 2).collect(), [top - 2, top - 1]);
  assert.equal(await sc.range(top, top + 8, 2, 3).collect(), [top, top + 2, top + 4, top + 6]);
  assert.equal(await sc.range(0.5, 2, 0.5, 2).collect(), [0.5, 1, 1.5]);
  for (const [from, to, step] of [
    [top, top + 10, 1],
    [top, top + 10, 3],
    [-top - 4, -top + 4, 1],
    [1e300, 1.1e300, 1e284],
    [1e6, 1e6 + 1e-9, 1e-12],
    [-top, top, 3],
  ])
    await errorOf('BAD_ARGUMENT', () => sc.range(from, to, step));
});

test('histogram by edges: closed on the left, the last bucket on both sides', async () => {
  const rdd = sc.parallelize([-1, 0, 1, 1.5, 2, 4, 4.1, Number.NaN, Number.POSITIVE_INFINITY], 4);
  assert.equal(await rdd.histogram([0, 1, 2, 4]), [1, 2, 2]);
  assert.equal(await rdd.histogram([0, 0.5]), [1]);
  assert.equal(await rdd.histogram([Number.NEGATIVE_INFINITY, 0, Number.POSITIVE_INFINITY]), [1, 7]);
  assert.equal(await sc.emptyRDD<number>().histogram([0, 1]), [0]);
  const edges = Array.from({ length: 101 }, (_, i) => i);
  assert.equal(
    await sc
      .range(0, 1000, 1, 3)
      .map((x) => x / 10)
      .histogram(edges),
    new Array(100).fill(10),
  );
});

test('histogram by a number of buckets', async () => {
  assert.equal(await sc.range(0, 101, 1, 3).histogram(4), { edges: [0, 25, 50, 75, 100], counts: [25, 25, 25, 26] });
  assert.equal(await sc.parallelize([3, 3]).histogram(5), { edges: [3, 3], counts: [2] });
  await errorOf('EMPTY_DATASET', () => sc.emptyRDD<number>().histogram(2));
  await errorOf('BAD_ARGUMENT', () => sc.parallelize([1, Number.POSITIVE_INFINITY]).histogram(2));
});

test('histogram: wrong buckets and elements', async () => {
  const rdd = sc.range(5);
  for (const buckets of [0, -1, 1.5, Number.NaN, '3', undefined, [], [1], [2, 1], [1, 1], [0, Number.NaN], ['a', 'b']])
    await errorOf('BAD_ARGUMENT', () => rdd.histogram(buckets as never));
  await errorOf('BAD_ARGUMENT', () => sc.parallelize(['x'] as never as number[]).histogram([0, 1]));
});

test('treeReduce and treeAggregate merge in order, at every depth and number of partitions', async () => {
  for (const partitions of [1, 2, 7, 30]) {
    const rdd = sc.parallelize([...'abcdefghijklmnopqrstuvwxyz'], partitions);
    for (const depth of [1, 2, 3, 6]) {
      assert.is(await rdd.treeReduce((a, b) => a + b, depth), 'abcdefghijklmnopqrstuvwxyz', `${partitions} ${depth}`);
      const count = await rdd.treeAggregate(
        { n: 0 },
        (acc) => {
          acc.n++;
          return acc;
        },
        (a, b) => ({ n: a.n + b.n }),
        depth,
      );
      assert.equal(count, { n: 26 });
    }
  }
  assert.is(
    await sc.emptyRDD<number>().treeAggregate(
      7,
      (a, b) => a + b,
      (a, b) => a + b,
    ),
    7,
  );
});

test('treeReduce merges on executors: the session gets few results', async () => {
  const seen = sc.longAccumulator();
  const merge = (a: number, b: number) => {
    seen.add(1);
    return a + b;
  };
  assert.is(await sc.range(0, 64, 1, 64).treeReduce(merge), 2016);
  // 64 partitions of one element each: 8 groups of 8 merge on executors, the last 7 merges are of the session.
  assert.is(seen.value, 63);
  const stages = await sc.range(0, 64, 1, 64).treeReduce((a, b) => a + b, 6);
  assert.is(stages, 2016);
});

test('treeReduce: wrong depths, no elements', async () => {
  for (const depth of [0, -1, 1.5, Number.NaN, '2', 1000]) {
    await errorOf('BAD_ARGUMENT', () => sc.range(5).treeReduce((a, b) => a + b, depth as number));
    await errorOf('BAD_ARGUMENT', () =>
      sc.range(5).treeAggregate(
        0,
        (a, b) => a + b,
        (a, b) => a + b,
        depth as number,
      ),
    );
  }
  await errorOf('EMPTY_DATASET', () => sc.parallelize<number>([], 3).treeReduce((a, b) => a + b));
  await errorOf('BAD_ARGUMENT', () => sc.range(5).treeReduce(null as never));
});

test('countApproxDistinct: within four deviations, for numbers, strings and tuples', async () => {
  for (const n of [0, 1, 10, 300, 2000, 50_000]) {
    const rows = sc.range(0, n * 2, 1, 5).map((x) => x % n);
    for (const sd of [0.05, 0.01]) {
      const got = await rows.countApproxDistinct(sd);
      assert.ok(Math.abs(got - n) <= Math.max(1, 4 * sd * n), `${got} for ${n} at ${sd}`);
    }
  }
  const words = await sc
    .range(0, 20_000, 1, 3)
    .map((x) => `word ${x % 5000}`)
    .countApproxDistinct(0.02);
  assert.ok(Math.abs(words - 5000) < 400, `${words}`);
  const tuples = await sc
    .range(0, 20_000, 1, 3)
    .map((x) => [x % 100, { y: x % 30 }])
    .countApproxDistinct(0.02);
  assert.ok(Math.abs(tuples - 300) < 24, `${tuples}`);
});

test('countApproxDistinctByKey', async () => {
  const rows = sc.range(0, 9000, 1, 4).map((x): [string, number] => [x % 3 === 0 ? 'a' : 'b', x % 600]);
  const counts = new Map(await rows.countApproxDistinctByKey(0.02).collect());
  assert.ok(Math.abs(counts.get('a')! - 200) < 16 && Math.abs(counts.get('b')! - 400) < 32, `${[...counts]}`);
});

test('distinct counts: wrong deviations and values', async () => {
  for (const sd of [0, -1, 0.0001, 0.5, Number.NaN, '0.1']) {
    await errorOf('BAD_ARGUMENT', () => sc.range(5).countApproxDistinct(sd as number));
    await errorOf('BAD_ARGUMENT', () =>
      sc
        .range(5)
        .keyBy((x) => x)
        .countApproxDistinctByKey(sd as number),
    );
  }
  await errorOf('BAD_KEY', () =>
    sc
      .range(5)
      .map(() => new Map())
      .countApproxDistinct(),
  );
});

// ---- answers at a deadline

test("Student's reach", () => {
  // From tables of the distribution.
  for (const [confidence, freedom, reach] of [
    [0.95, 1, 12.7062],
    [0.95, 2, 4.30265],
    [0.95, 3, 3.18245],
    [0.95, 5, 2.57058],
    [0.95, 10, 2.22814],
    [0.95, 30, 2.04227],
    [0.99, 4, 4.60409],
    [0.5, 7, 0.71114],
    [0.95, 1000, 1.96234],
    [0.999, 12, 4.31779],
  ])
    close(studentReach(confidence, freedom), reach, 1e-3);
});

/** Partitions of which all but the first `quick` take long, unless they are cancelled. */
const slowAfter = (quick: number, partitions: number): RDD<number> =>
  sc.range(0, partitions * 100, 1, partitions).mapPartitionsWithIndex((index, rows) => {
    const until = performance.now() + (index < quick ? 0 : 400);
    while (performance.now() < until);
    return rows;
  });

const holds = ({ low, high, mean }: BoundedDouble, truth: number) =>
  assert.ok(low <= truth && truth <= high && low <= mean && mean <= high, `${low} ${mean} ${high}, truth ${truth}`);

test('in time: exact', async () => {
  const rdd = sc.range(0, 100, 1, 4);
  const exact = (x: number) => ({ mean: x, confidence: 1, low: x, high: x });
  for (const [result, expected] of [
    [await rdd.countApprox(60_000), 100],
    [await rdd.sumApprox(60_000), 4950],
    [await rdd.meanApprox(60_000), 49.5],
  ] as const) {
    assert.equal(result.initialValue, exact(expected));
    assert.ok(result.isInitialValueFinal);
    assert.equal(await result.getFinalValue(), exact(expected));
  }
  const values = await rdd.map((x) => x % 3).countByValueApprox(60_000);
  assert.equal([...values.initialValue].sort(), [
    [0, exact(34)],
    [1, exact(33)],
    [2, exact(33)],
  ]);
  const keys = await rdd.keyBy((x) => x % 3).countByKeyApprox(60_000);
  assert.equal([...keys.initialValue].sort(), [...values.initialValue].sort());
});

test('at the deadline: bounds that hold the truth; the exact value comes later', async () => {
  const rdd = slowAfter(6, 8);
  const count = await within(20_000, rdd.countApprox(250), 'the count');
  assert.not(count.isInitialValueFinal);
  holds(count.initialValue, 800);
  assert.is(count.initialValue.confidence, 0.95);
  assert.equal(await within(20_000, count.getFinalValue(), 'all'), { mean: 800, confidence: 1, low: 800, high: 800 });
  const sum = await rdd.sumApprox(250, 0.999);
  holds(sum.initialValue, (800 * 799) / 2);
  sum.cancel();
  const mean = await rdd.meanApprox(250, 0.999);
  holds(mean.initialValue, 399.5);
  mean.cancel();
  await errorOf('JOB_CANCELLED', () => mean.getFinalValue());
  const values = await rdd.map((x) => x % 2).countByValueApprox(250);
  for (const bounds of values.initialValue.values()) holds(bounds, 400);
  values.cancel();
});

test('at the deadline: partitions that are alike so far bound nothing but what they hold', async () => {
  const rdd = slowAfter(3, 4).flatMap((x) => (x < 300 ? [1] : new Array<number>(50).fill(1)));
  for (const estimate of [await rdd.countApprox(250), await rdd.sumApprox(250)]) {
    holds(estimate.initialValue, 5300);
    estimate.cancel();
  }
  const count = await slowAfter(3, 4).countApprox(250);
  assert.equal([count.initialValue.low, count.initialValue.high], [300, Number.POSITIVE_INFINITY]);
  count.cancel();
});

test('at once: nothing is known, and that is said', async () => {
  const rdd = slowAfter(0, 2);
  const count = await rdd.countApprox(0);
  assert.equal(count.initialValue, { mean: 0, confidence: 0.95, low: 0, high: Number.POSITIVE_INFINITY });
  count.cancel();
  const mean = await rdd.meanApprox(0);
  assert.equal([mean.initialValue.mean, mean.initialValue.low], [Number.NaN, Number.NEGATIVE_INFINITY]);
  mean.cancel();
  assert.is((await sc.emptyRDD<number>().countApprox(100)).initialValue.high, 0);
});

test('answers at a deadline: errors and wrong arguments', async () => {
  const failing = sc.range(5).map((x) => {
    if (x === 3) throw new Error('no');
    return x;
  });
  await errorOf('TASK_FAILED', () => failing.countApprox(60_000));
  for (const time of [-1, Number.NaN, Number.POSITIVE_INFINITY, '5'])
    await errorOf('BAD_ARGUMENT', () => sc.range(5).countApprox(time as number));
  for (const confidence of [-0.1, 1, Number.NaN, '0.9']) {
    for (const run of [
      () => sc.range(5).countApprox(10, confidence as number),
      () => sc.range(5).sumApprox(10, confidence as number),
      () => sc.range(5).meanApprox(10, confidence as number),
      () => sc.range(5).countByValueApprox(10, confidence as number),
      () =>
        sc
          .range(5)
          .keyBy((x) => x)
          .countByKeyApprox(10, confidence as number),
    ])
      await errorOf('BAD_ARGUMENT', run);
  }
});

test.after(() => sc.stop());

test.run();
