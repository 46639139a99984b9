// Outputs: `print` and `foreachRDD`, called for each batch.

import { checkCallback, checkWhole } from '../../base/arguments';
import { siteOfCall } from '../../base/call';
import type { Time } from '../../base/duration';
import type { RDD } from '../../rdd/rdd';
import { DStream } from '../graph/dstream';
import type { OutputHandle, RunningBatch } from '../graph/output';

declare module '../graph/dstream' {
  interface DStream<T> {
    /**
     * Shows the first `rows` elements of each batch.
     * @example const show = (counts) => counts.print(20)
     */
    print(rows?: number): OutputHandle;
    /**
     * Calls `f` in the session with the dataset of each batch: actions run jobs, and a promise is awaited. An error of `f` fails this
     * output of this batch only. Messages use `name`.
     * @example const store = (counts) => counts.foreachRDD(async (rdd, time) => console.log(time, await rdd.count()))
     */
    foreachRDD(f: (rdd: RDD<T>, time: Time) => unknown, name?: string): OutputHandle;
  }
}

const mostPrinted = 10_000;

/** Adds an output on behalf of an operation. */
function output(
  stream: DStream<unknown>,
  operation: string,
  run: (rdd: RDD<unknown>, batch: RunningBatch) => unknown,
): OutputHandle {
  const name = `${operation} of ${stream.name}`;
  return stream.streaming.addOutput({ name, stream, run, callSite: siteOfCall() });
}

DStream.prototype.print = function (this: DStream<unknown>, rows = 10) {
  checkWhole(rows, 1, mostPrinted, { operation: 'print', argument: 'the number of rows', remedy: 'Write print(20).' });
  return output(this, 'print', async (rdd, { time }) => {
    const first = await rdd.take(rows + 1);
    this.streaming.display.printed({ stream: this.name, time, rows: first.slice(0, rows), more: first.length > rows });
  });
};

DStream.prototype.foreachRDD = function (this: DStream<unknown>, f: unknown, name?: string) {
  checkCallback('foreachRDD', f, 'Write foreachRDD(async (rdd, time) => …).');
  const run = f as (rdd: RDD<unknown>, time: Time) => unknown;
  return output(this, name ?? 'foreachRDD', (rdd, { time }) => run(rdd, time));
} as DStream<unknown>['foreachRDD'];
