// A stream without the elements on which a function throws: counted over all batches, reported, and found again as dead letters.
import type { Time } from '../../base/duration';
import { type DeadLetter, deadLettersOf, type LeftOutElements, type LenientOperation } from '../../ops/bad-records';
import type { Awaits } from '../../plan/program';
import type { ShippedFunction } from '../../rdd/function-argument';
import type { RDD } from '../../rdd/rdd';
import { DerivedDStream, derive } from './derived';
import type { DStream } from './dstream';
import { reportNowAndThen } from './growth';

export class LenientDStream<T> extends DerivedDStream<T> {
  readonly #f: ShippedFunction;
  readonly #left: LeftOutElements;
  readonly #awaits: Awaits;

  constructor(
    parent: DStream<unknown>,
    operation: LenientOperation,
    f: ShippedFunction,
    left: LeftOutElements,
    awaits: Awaits,
    make: (rdds: readonly RDD<unknown>[]) => RDD<T>,
  ) {
    super(parent.host, operation, [parent], ([rdd]: readonly (RDD<unknown> | undefined)[], _: Time) => rdd && make([rdd]));
    this.#f = f;
    this.#left = left;
    this.#awaits = awaits;
    reportNowAndThen(this.host, () => left.news(this.name));
  }

  /** What its batches left out since the start of this run. */
  get leftOut(): LeftOutElements {
    return this.#left;
  }

  letters<R>(): DStream<DeadLetter<R>> {
    return derive(this.dependencies[0], 'deadLetters', (rdd) =>
      deadLettersOf<R>(rdd, this.operation as LenientOperation, this.#f, this.#awaits),
    );
  }
}
