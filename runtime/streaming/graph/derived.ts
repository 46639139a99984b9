// Streams that a function on datasets makes from the parents' datasets of the same time: all stateless operators.

import type { Time } from '../../base/duration';
import type { RDD } from '../../rdd/rdd';
import { DStream } from './dstream';
import type { StreamHost } from './host';

/** Makes the dataset of a batch from those of its parents; undefined stands for a parent without a dataset at this time. */
export type BatchFunction<T> = (rdds: readonly (RDD<unknown> | undefined)[], time: Time) => RDD<T> | undefined;

export class DerivedDStream<T> extends DStream<T> {
  readonly #parents: readonly DStream<unknown>[];
  readonly #make: BatchFunction<T>;

  /** The operators have checked that all `parents` have the same slide. */
  constructor(host: StreamHost, operation: string, parents: readonly DStream<unknown>[], make: BatchFunction<T>) {
    super(host, operation);
    this.#parents = parents;
    this.#make = make;
    this.rememberFor(this.slide);
  }

  get slide(): number {
    return this.#parents[0].slide;
  }

  get dependencies(): readonly DStream<unknown>[] {
    return this.#parents;
  }

  protected compute(time: Time): RDD<T> | undefined {
    return this.#make(
      this.#parents.map((parent) => parent.getOrCompute(time)),
      time,
    );
  }
}

/** A stream of one parent: it has a dataset where the parent has one. */
export const derive = <T, U>(parent: DStream<T>, operation: string, make: (rdd: RDD<T>, time: Time) => RDD<U>): DStream<U> =>
  new DerivedDStream<U>(parent.host, operation, [parent as DStream<unknown>], ([rdd], time) =>
    rdd ? make(rdd as RDD<T>, time) : undefined,
  );
