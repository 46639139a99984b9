// Datasets that a connector makes of the elements of another one, such as rows by key: it reads on executors, a partition at a time.
import { lib, ShippedFunction } from '../rdd/function-argument';
import { SteppedRDD } from '../rdd/narrow-step';
import type { RDD } from '../rdd/rdd';

/** What `read` gives for the elements of each partition. It is captured, uses no `this`, and opens its connections itself. */
export function lookedUp<T, U>(
  rdd: RDD<T>,
  operation: string,
  read: (this: void, elements: Iterable<T>) => AsyncIterable<U>,
): RDD<U> {
  const shipped = ShippedFunction.of(rdd.context, read, operation);
  return new SteppedRDD<U>(rdd, {
    operation,
    plan: (input, b) => ({
      op: 'mapPartitions',
      name: operation,
      f: b.function(lib('lookUp', shipped, operation)),
      awaits: 1,
      input,
    }),
  });
}
