// Streams and connectors: `directStream` reads a source that can be read again, `saveTo` writes each batch to a sink.
import { checkOptions } from '../../base/arguments';
import { siteOfCall } from '../../base/call';
import type { DirectSource } from '../../connect/direct-source';
import type { Sink } from '../../connect/sink';
import { shippedRead } from '../../connect/source-rdd';
import { shippedWrite, writeTo } from '../../ops/connect/save-to';
import { StreamingContext } from '../context';
import { DStream } from '../graph/dstream';
import { type FailureOptions, failurePolicy } from '../graph/failure-policy';
import type { OutputHandle } from '../graph/output';
import { DirectInputDStream } from '../sources/direct-streams';

declare module '../context' {
  interface StreamingContext {
    /**
     * The records of a source that can be read again from any position, such as a log with offsets: each batch reads all that lies between
     * where the last one ended and how far the source has come, or so much as backpressure allows. The checkpoint holds positions, so a
     * restart reads each record once more or not at all, never twice into a state. `docs/connectors.md` writes one.
     * @example const ssc = new StreamingContext(sc, '1s'); ssc.directStream({ name: 'ticks', begin: () => 0, latest: at => at + 10, range: (from, to) => ({ to, partitions: [{ data: [from, to] }], records: to - from }), read: ([from, to]) => [Array.from({ length: to - from }, (_, i) => from + i)] })
     */
    directStream<T, P, O>(source: DirectSource<T, P, O>): DStream<T>;
  }
}

declare module '../graph/dstream' {
  interface DStream<T> {
    /**
     * Writes each batch to a sink, as `saveTo` of a dataset. The job of a batch has the same `id` whenever it is written: a sink that can tell
     * whether it was committed takes each batch once, also over restarts from a checkpoint.
     * @example const keep = (counts, sink) => counts.saveTo(sink)
     */
    saveTo<R>(sink: Sink<T, R>, options?: FailureOptions): OutputHandle;
  }
}

StreamingContext.prototype.directStream = function <T, P, O>(this: StreamingContext, source: DirectSource<T, P, O>) {
  const read = shippedRead(this.sc, source?.operation ?? 'directStream', source, ['begin', 'latest', 'range', 'read']);
  return new DirectInputDStream<T>(this, source as unknown as DirectSource<T>, read);
};

DStream.prototype.saveTo = function (this: DStream<never>, sink, options = {}) {
  const operation = sink?.operation ?? 'saveTo';
  checkOptions(operation, options, "Write saveTo(sink, { onFailure: 'skip' }).");
  const write = shippedWrite(this.streaming.sc, operation, sink);
  return this.streaming.addOutput({
    name: `${operation} of ${this.name}`,
    stream: this,
    run: (rdd, { time }) =>
      writeTo(rdd, operation, sink as Sink<never>, write, { id: `${this.name}-${time}`, partitions: rdd.numPartitions, time }),
    policy: failurePolicy(operation, options),
    callSite: siteOfCall(),
  });
};
