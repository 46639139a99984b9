// Accumulators in functions of state count once, whatever became of the task that made a version: as a run without a failure counts.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import * as api from '../../../runtime/index';
import { type Accumulator, type Context, type DStream, ManualClock, StreamingContext } from '../../../runtime/index';
import { quietDisplay } from '../../helpers/streams';
import { until } from '../../helpers/within';

const test = suite('accumulators in functions of state');
/** A name of its own: closures ship it by that, and not by its module. */
const { TaskContext } = api;

type Pairs = DStream<[number, number]>;

/** Each adds to `seen` in the user's function, and before it in a map of the same stage or another. */
const rules: Record<string, (pairs: Pairs, seen: Accumulator<number>) => DStream<unknown>> = {
  updateStateByKey: (pairs, seen) =>
    pairs.updateStateByKey<number, number, number>((values, old = 0) => {
      seen.add(values.length);
      return old + values.length;
    }),
  mapWithState: (pairs, seen) =>
    pairs.mapWithState(
      (key: number, value: number | undefined, state: { get(): number | undefined; update(n: number): void }) => {
        seen.add(1);
        state.update((state.get() ?? 0) + (value ?? 0));
        return [key, state.get()];
      },
    ),
  runningReduce: (pairs, seen) =>
    pairs.runningReduce((a, b) => {
      seen.add(1);
      return a + b;
    }),
  'a window with an inverse': (pairs, seen) =>
    pairs
      .map(([k, v]): [number, number] => {
        seen.add(1);
        return [k, v];
      })
      .reduceByKeyAndWindow(
        (a, b) => a + b,
        (a, b) => a - b,
        '3s',
      ),
};

const batches = 4;

/** What `seen` has after some batches; with `fails`, what follows the state in its tasks fails in the first try of each. */
async function seenBy(
  sc: Context,
  rule: (pairs: Pairs, seen: Accumulator<number>) => DStream<unknown>,
  fails: string,
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'state-updates-'));
  try {
    const seen = sc.longAccumulator();
    const clock = new ManualClock();
    const streaming = new StreamingContext(sc, '1s', { clock, display: quietDisplay() });
    streaming.checkpoint(folder);
    const input = Array.from({ length: batches }, (_, b) =>
      sc.parallelize(
        Array.from({ length: 60 }, (_, i) => [i % 7, b]),
        3,
      ),
    );
    let done = 0;
    rule(streaming.queueStream(input as never) as Pairs, seen)
      .map((row) => {
        const context = TaskContext.get()!;
        if (context.attemptNumber() > 0 || context.partitionId() % 2 === 1) return row;
        if (fails === 'throws') throw new Error('the first try');
        if (fails === 'exits') process.exit(3);
        return row;
      })
      .foreachRDD(async (rdd) => {
        await rdd.collect();
        done++;
      });
    streaming.start();
    for (let b = 1; b <= batches; b++) {
      clock.advance(1000);
      await until(60_000, () => done === b, `batch ${b}`);
    }
    await streaming.stop({ graceful: false });
    return seen.value;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

for (const [master, ways] of [
  ['local', ['throws']],
  ['local[2]', ['throws', 'exits']],
] as const)
  test(`on ${master}: ${ways.join(', ')}`, async () => {
    const sc = await connect(master, { onOutput: () => {} });
    try {
      for (const [name, rule] of Object.entries(rules)) {
        const expected = await seenBy(sc, rule, '');
        assert.ok(expected > 0, name);
        for (const way of ways) assert.is(await seenBy(sc, rule, way), expected, `${name}, ${way}`);
      }
    } finally {
      await sc.stop();
    }
  });

test.run();
