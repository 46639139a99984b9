// Outputs: `print` and `foreachRDD`, called for each batch.

import { checkCallback, checkOptions, checkWhole } from '../../base/arguments';
import { siteOfCall } from '../../base/call';
import type { Time } from '../../base/duration';
import type { RDD } from '../../rdd/rdd';
import { DStream } from '../graph/dstream';
import { type FailureOptions, type FailurePolicy, failurePolicy } from '../graph/failure-policy';
import type { OutputHandle, RunningBatch } from '../graph/output';

/** The name of an output in messages, and what happens when it fails. */
export interface ForeachOptions extends FailureOptions {
  readonly name?: string;
}

declare module '../graph/dstream' {
  interface DStream<T> {
    /**
     * Shows the first `rows` elements of each batch.
     * @example const show = (counts) => counts.print(20)
     */
    print(rows?: number): OutputHandle;
    /**
     * Calls `f` in the session with the dataset of each batch: actions run jobs, and a promise is awaited. If `f` fails, or a disk or an
     * executor around it, it is called again until it succeeds, and its later batches wait; `onFailure` says otherwise. A batch that fails on
     * one of its records is reported, and later ones go on. Messages use `name`.
     * @example const store = (counts) => counts.foreachRDD(async (rdd, time) => console.log(time, await rdd.count()), { onFailure: 'skip' })
     */
    foreachRDD(f: (rdd: RDD<T>, time: Time) => unknown, options?: string | ForeachOptions): OutputHandle;
  }
}

const mostPrinted = 10_000;

/** Adds an output on behalf of an operation. */
function output(
  stream: DStream<unknown>,
  operation: string,
  run: (rdd: RDD<unknown>, batch: RunningBatch) => unknown,
  policy?: FailurePolicy,
): OutputHandle {
  const name = `${operation} of ${stream.name}`;
  return stream.streaming.addOutput({ name, stream, run, policy, callSite: siteOfCall() });
}

DStream.prototype.print = function (this: DStream<unknown>, rows = 10) {
  checkWhole(rows, 1, mostPrinted, { operation: 'print', argument: 'the number of rows', remedy: 'Write print(20).' });
  return output(this, 'print', async (rdd, { time }) => {
    const first = await rdd.take(rows + 1);
    this.streaming.display.printed({ stream: this.name, time, rows: first.slice(0, rows), more: first.length > rows });
  });
};

DStream.prototype.foreachRDD = function (this: DStream<unknown>, f: unknown, given: string | ForeachOptions = {}) {
  const operation = 'foreachRDD';
  checkCallback(operation, f, 'Write foreachRDD(async (rdd, time) => …).');
  const options = typeof given === 'string' ? { name: given } : given;
  checkOptions(operation, options, "Write foreachRDD(async (rdd, time) => …, { name: 'store', onFailure: 'skip' }).");
  const run = f as (rdd: RDD<unknown>, time: Time) => unknown;
  const { name = operation } = options;
  return output(this, name, (rdd, { time }) => run(rdd, time), failurePolicy(operation, options));
} as DStream<unknown>['foreachRDD'];
