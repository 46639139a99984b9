// Time for late records: batches by the time of the records, which wait a fixed time for what is late.

import { checkMultiple, type Duration, milliseconds, type Time } from '../../base/duration';
import { ShippedFunction } from '../../rdd/function-argument';
import { DStream } from '../graph/dstream';
import { SlackedDStream } from '../graph/slacked';

declare module '../graph/dstream' {
  interface DStream<T> {
    /**
     * The stream by its records' own time: the batch of t has the records whose time lies in (t - slide - duration, t - duration], as far as
     * they have come by t: each interval is closed `duration` after its end. `timeOf` gives milliseconds since the epoch, rounded up to an
     * interval. What comes later still is in `late()`, and `correctedReduceByKey` adds it to the totals of its interval. A record may be
     * as far ahead of the clock as behind it. Each batch looks through what came in twice the duration. Intervals that are open when the
     * stream stops are not given. Throws NOT_A_MULTIPLE unless the duration is a multiple of the stream's slide; a time that is no finite
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
