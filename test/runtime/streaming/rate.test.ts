// The rate estimator against Spark's own tests of it, and backpressure in a running context.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { ManualClock, StreamingContext } from '../../../runtime/index';
import { PidRateEstimator } from '../../../runtime/streaming/batches/rate-estimator';
import { errorOf } from '../../helpers/errors';
import { masterOf } from '../../helpers/master';

const test = suite('rate');

const estimate = (e: PidRateEstimator, time: number, records: number, processingDelay: number, schedulingDelay: number) =>
  e.estimate({ time, records, processingDelay, schedulingDelay });

test('the first bound is the rate of the first batch', () => {
  assert.is(estimate(new PidRateEstimator(20), 0, 10, 10, 0), 1000);
});

test('the second bound goes by the proportional term alone', () => {
  const e = new PidRateEstimator(20, { proportional: 1, integral: 0, derivative: 0, least: 10 });
  estimate(e, 0, 10, 10, 0);
  assert.is(estimate(e, 100, 10, 50, 0), 200);
});

test('what says nothing changes nothing', () => {
  const e = new PidRateEstimator(20);
  assert.is(estimate(e, 0, 0, 10, 0), undefined);
  assert.is(estimate(e, 0, 10, 0, 0), undefined);
  estimate(e, 10, 10, 10, 0);
  assert.is(estimate(e, 10, 10, 10, 0), undefined);
});

test('it never goes below the least', () => {
  const e = new PidRateEstimator(20, { least: 5 });
  for (let i = 0; i < 50; i++) assert.ok((estimate(e, i * 20, 20, 20, i * 20) ?? 5) >= 5);
});

test('with no accumulated error it follows the processing speed exactly', () => {
  const e = new PidRateEstimator(20);
  for (let i = 0; i < 20; i++) assert.is(estimate(e, i * 20, 50, 20, 0), 2500);
});

test('a queue lowers the rate below the processing speed', () => {
  const e = new PidRateEstimator(1000, { integral: 0.2 });
  estimate(e, 0, 1000, 1000, 0);
  assert.is(estimate(e, 1000, 1000, 1000, 500), 900);
});

test('a context slows its sources, and says by how much it is behind', async () => {
  const sc = await connect(masterOf('local'));
  const clock = new ManualClock(0);
  const streaming = new StreamingContext(sc, '1s', { clock, backpressure: { initialRate: 1000 } });
  const stream = streaming.generatorStream(100_000, (i) => i);
  const counts: number[] = [];
  stream.foreachRDD(async (rdd, time) => {
    counts.push(await rdd.count());
    // Each batch takes two seconds.
    if (time < 4000) clock.advance('2s');
  });
  streaming.start();
  clock.advance('1s');
  await streaming.idle();
  assert.is(counts[0], 1000);
  clock.advance('1s');
  await streaming.idle();
  const last = counts.at(-1)!;
  assert.ok(last < 1000 && last >= 100, `${counts}`);
  assert.is(streaming.behind, 0);
  await streaming.stop();
  for (const rate of [0, -1, Number.NaN, 'much'])
    await errorOf('BAD_OPTION', () => new StreamingContext(sc, '1s', { backpressure: { minRate: rate as number } }));
  await sc.stop();
});

test.run();
