// `sc.source`: a dataset of what a connector reads.
import type { Source } from '../../connect/source';
import { type SourceParts, SourceRDD, shippedRead } from '../../connect/source-rdd';
import { Context } from '../../context/context';
import type { RDD } from '../../rdd/rdd';

declare module '../../context/context' {
  interface Context {
    /**
     * The rows of a source: an object that says which parts its data has, and how an executor reads one. What is read of its rows is handed
     * down to it: the fields that the first steps use, and the condition of a `filter`. `docs/connectors.md` writes one.
     * Throws BAD_ARGUMENT for what is no source, and in a job what the source throws.
     * @example await sc.source({ name: 'squares', partitions: () => [{ data: 2 }, { data: 3 }], read: n => [[n, n * n]] }).collect() // [2, 4, 3, 9]
     */
    source<T, P>(source: Source<T, P>): RDD<T>;
  }
}

Context.prototype.source = function <T, P>(this: Context, source: Source<T, P>) {
  this.checkAlive();
  const read = shippedRead(this, source?.operation ?? 'source', source, ['partitions', 'read']);
  return new SourceRDD<T>(this, source.operation ?? 'source', source as SourceParts, read);
};
