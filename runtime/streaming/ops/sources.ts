// Streams of sources, as methods of the streaming context.
import { refuseArgument } from '../../ops/arguments';
import type { RDD } from '../../rdd/rdd';
import { StreamingContext } from '../context';
import type { DStream } from '../dstream';
import { QueueInputDStream } from '../sources/queue';

declare module '../context' {
  interface StreamingContext {
    /** Batches from a queue that the program fills with datasets or arrays: one a batch, or all that are there. */
    queueStream<T>(queue: (RDD<T> | readonly T[])[], oneAtATime?: boolean): DStream<T>;
  }
}

StreamingContext.prototype.queueStream = function <T>(queue: (RDD<T> | readonly T[])[], oneAtATime = true) {
  if (!Array.isArray(queue))
    refuseArgument({
      operation: 'queueStream',
      argument: 'the queue',
      value: queue,
      rule: 'an array of datasets or arrays',
      remedy: 'Write queueStream([[1, 2], [3]]).',
    });
  return new QueueInputDStream<T>(this, queue, oneAtATime);
};
