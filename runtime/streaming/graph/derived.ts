// Streams made of the datasets of their parents at the same time, by a function on datasets: all stateless operators.

import type { Time } from '../../base/duration';
import type { RDD } from '../../rdd/rdd';
import { DStream } from './dstream';
import type { StreamHost } from './host';

/** Makes the dataset of a batch of those of its parents; one of them has none at this time where it is undefined. */
export type BatchFunction<T> = (rdds: readonly (RDD<unknown> | undefined)[], time: Time) => RDD<T> | undefined;

export class DerivedDStream<T> extends DStream<T> {
  readonly #parents: readonly DStream<unknown>[];
  readonly #make: BatchFunction<T>;

  /** `parents` have the same slide; the operators check it. */
  constructor(host: StreamHost, operation: string, parents: readonly DStream<unknown>[], make: BatchFunction<T>) {
    super(host, operation);
    this.#parents = parents;
    this.#make = make;
    this.keepFor(this.slide);
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

/** A stream of one parent: batches without a dataset stay without one. */
export const derive = <T, U>(parent: DStream<T>, operation: string, make: (rdd: RDD<T>, time: Time) => RDD<U>): DStream<U> =>
  new DerivedDStream<U>(parent.host, operation, [parent as DStream<unknown>], ([rdd], time) =>
    rdd ? make(rdd as RDD<T>, time) : undefined,
  );
