// Batches of pairs with known sums, the operators of state and windows on them, and what each batch must give.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { type Context, type DStream, ManualClock, StreamingContext } from '../../runtime/index';
import { unordered } from './model';
import { trackedStates, windowSums } from './stream-model';
import { within } from './within';

type Pair = [unknown, number];

export const batches: Pair[][] = Array.from({ length: 16 }, (_, b) =>
  b % 5 === 4 ? [] : Array.from({ length: 40 }, (_, i): Pair => [`key ${(i * (b + 3)) % 23}`, ((i * 7 + b) % 9) - 1]),
);

/** Runs the batches through streams, calls `fault` between them, and returns the result of each batch, by output. */
export async function through(
  sc: Context,
  outputs: (pairs: DStream<Pair>) => Record<string, DStream<unknown>>,
  fault: (batch: number) => Promise<void> | void,
): Promise<Record<string, unknown[][]>> {
  const folder = mkdtempSync(join(tmpdir(), 'state-'));
  const clock = new ManualClock();
  const streaming = new StreamingContext(sc, '1s', { clock });
  const out: Record<string, unknown[][]> = {};
  const failures: Error[] = [];
  streaming.addStreamingListener({ onBatchCompleted: (info) => failures.push(...info.outputs.flatMap((o) => o.failure ?? [])) });
  try {
    streaming.checkpoint(folder);
    for (const [name, stream] of Object.entries(outputs(streaming.queueStream([...batches])))) {
      out[name] = [];
      stream.foreachRDD(async (rdd) => out[name].push(await rdd.collect()), name);
    }
    streaming.start();
    for (let batch = 0; batch < batches.length; batch++) {
      await fault(batch);
      clock.advance('1s');
      await within(60_000, streaming.idle(), `batch ${batch}`);
      if (failures.length > 0) throw failures[0];
    }
  } finally {
    await streaming.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  return out;
}

export const operations = (pairs: DStream<Pair>): Record<string, DStream<unknown>> => {
  // Not of this module, which executors cannot load.
  const add = (a: number, b: number) => a + b;
  const subtract = (a: number, b: number) => a - b;
  const mapped = pairs.mapWithState<unknown, number, number, unknown[]>(
    (key, value, state) => {
      if (state.isTimingOut()) return [key, 'timed out', state.get()];
      const sum = (state.get() ?? 0) + value!;
      if (value! >= 0) state.update(sum);
      else if (state.exists()) state.remove();
      return [key, value, sum];
    },
    { timeout: '2s' },
  );
  return {
    plain: pairs.reduceByKeyAndWindow(add, '4s'),
    inverse: pairs.reduceByKeyAndWindow(add, subtract, '4s'),
    slid: pairs.reduceByKeyAndWindow(add, subtract, '6s', '3s'),
    rows: mapped,
    states: mapped.stateSnapshots(),
  } as Record<string, DStream<unknown>>;
};

export function checkAll(out: Record<string, unknown[][]>): void {
  const tracked = trackedStates(batches, 2);
  const expected: Record<string, readonly unknown[][]> = {
    plain: windowSums(batches, 4, 1),
    inverse: windowSums(batches, 4, 1),
    slid: windowSums(batches, 6, 3),
    rows: tracked.rows,
    states: tracked.states,
  };
  for (const [name, rows] of Object.entries(expected)) assert.equal(out[name].map(unordered), rows.map(unordered), name);
}
