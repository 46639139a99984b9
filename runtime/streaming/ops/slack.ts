// Slack for late records: batches by the time of the records, which wait a fixed time for late ones.

import { checkMultiple, type Duration, milliseconds, type Time } from '../../base/duration';
import { ShippedFunction } from '../../rdd/function-argument';
import { DStream } from '../graph/dstream';
import { SlackedDStream } from '../graph/slacked';

declare module '../graph/dstream' {
  interface DStream<T> {
    /**
     * The stream by its records' own time. The batch of t has the records of (t - slide - duration, t - duration] that arrived by t: each
     * interval closes `duration` after its end. `timeOf` gives milliseconds since the epoch, rounded up to an interval. Later records are
     * in `late()`, and `correctedReduceByKey` adds them to the totals of their interval. A record may be as far ahead of the clock as
     * behind it. Each batch scans what arrived in twice the duration. Intervals that are still open when the stream stops give no batch. Throws NOT_A_MULTIPLE unless the duration is a multiple of the stream's slide; a time that is no finite
     * number is BAD_ARGUMENT. (SOSP 2013, section 3.2: slack time.)
     * @example await new StreamCheck(sc).outputOf([[1000500], [1000900]], s => s.slack('1s', t => t)) // [[], [1000500, 1000900]]
     */
    slack(duration: Duration, timeOf: (record: T) => Time): SlackedDStream<T>;
  }
}

DStream.prototype.slack = function <T>(this: DStream<T>, duration: Duration, timeOf: (record: T) => Time) {
  const ms = milliseconds('slack', 'the duration', duration);
  checkMultiple('slack', 'the duration', ms, this.slide);
  return new SlackedDStream<T>(this, ms, ShippedFunction.of(this.streaming.sc, timeOf, 'slack'));
};
