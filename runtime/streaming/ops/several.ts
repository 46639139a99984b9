// Operators on several streams of one streaming context.

import type { Time } from '../../base/duration';
import type { RDD } from '../../rdd/rdd';
import { StreamingContext } from '../context';
import { checkCompatible } from '../graph/compatible';
import { DerivedDStream } from '../graph/derived';
import type { DStream } from '../graph/dstream';

declare module '../context' {
  interface StreamingContext {
    /**
     * All elements of several streams of the same slide.
     * Throws BAD_ARGUMENT for none or for streams of another context, UNEQUAL_SLIDES for different slides.
     * @example const ssc = new StreamingContext(sc, '1s'); ssc.union([ssc.queueStream([]), ssc.queueStream([])])
     */
    union<T>(...streams: (DStream<T> | readonly DStream<T>[])[]): DStream<T>;
    /**
     * Makes one stream from several by a function on their datasets of one time, which runs in the session. Messages use `operation`. If
     * one of the streams has no dataset at a time, the result has none.
     * Throws BAD_ARGUMENT for no streams or those of another context, UNEQUAL_SLIDES for different slides.
     * @example const ssc = new StreamingContext(sc, '1s'); ssc.transform('distinct', [ssc.queueStream([])], ([rdd]) => rdd.distinct())
     */
    transform<T>(
      operation: string,
      streams: readonly DStream<unknown>[],
      f: (rdds: RDD<unknown>[], time: Time) => RDD<T>,
    ): DStream<T>;
  }
}

StreamingContext.prototype.union = function <T>(this: StreamingContext, ...streams: (DStream<T> | readonly DStream<T>[])[]) {
  const parents = streams.flat() as DStream<T>[];
  return this.transform('union', parents as DStream<unknown>[], (rdds) => this.sc.union(rdds as RDD<T>[]));
};

StreamingContext.prototype.transform = function <T>(
  this: StreamingContext,
  operation: string,
  streams: readonly DStream<unknown>[],
  f: (rdds: RDD<unknown>[], time: Time) => RDD<T>,
) {
  checkCompatible(operation, streams, this);
  return new DerivedDStream<T>(this, operation, streams, (rdds, time) =>
    rdds.every((rdd) => rdd !== undefined) ? f(rdds as RDD<unknown>[], time) : undefined,
  );
};
