// Accumulators that are instances of the user's own class: on executors each task adds to a copy of its zero, and the session merges them.

import { MillraceError } from '../base/errors';
import { travelsAs } from '../base/markers';

import type { AccumulatorData } from '../exec/task-accumulator';
import { decode, encode } from '../wire/codec';
import type { AccumulatorTable } from './held-accumulators';

/** What the class of an accumulator must have. As Spark's `AccumulatorV2`. */
export interface AccumulatorV2<In, Out> {
  /** Back to the zero. */
  reset(): void;
  /** Adds one value. */
  add(value: In): void;
  /** Adds what another one of the class has gathered; in any order, and in any grouping, the result must be the same. */
  merge(other: this): void;
  readonly value: Out;
}

const methods = ['reset', 'add', 'merge'] as const;

function check(accumulator: unknown): void {
  const missing =
    typeof accumulator !== 'object' || accumulator === null
      ? ['an object']
      : methods.filter((m) => typeof (accumulator as Record<string, unknown>)[m] !== 'function').map((m) => `${m}()`);
  if (missing.length === 0 && 'value' in (accumulator as object) && !(travelsAs in (accumulator as object))) return;
  const registered = missing.length === 0 && travelsAs in (accumulator as object);
  throw new MillraceError('BAD_ARGUMENT', {
    operation: 'register',
    argument: 'the accumulator',
    value: registered ? 'registered already' : `without ${missing.join(', ') || 'value'}`,
    rule: 'a new instance of a class with reset(), add(value), merge(other) and value',
    remedy: 'Declare such a class, and write const acc = sc.register(new ItsName()).',
  });
}

/** What the context merges updates into. */
export class RegisteredAccumulator<A extends AccumulatorV2<never, unknown>> {
  readonly #accumulator: A;

  /** Has the object shipped by reference; `table` merges into it. Throws BAD_ARGUMENT, or UNSHIPPABLE_VALUE for a class that cannot be shipped. */
  constructor(table: AccumulatorTable, id: string, accumulator: A) {
    check(accumulator);
    this.#accumulator = accumulator;
    const zero = decode(encode(accumulator)) as A;
    zero.reset();
    const data: AccumulatorData = { kind: 'class', zero: encode(zero) };
    // Keeps this object alive as long as the accumulator, for the context holds it weakly.
    const stand = () => ({ kind: 'accumulator' as const, id: this.id, data });
    this.id = id;
    Object.defineProperty(accumulator, travelsAs, { value: stand });
    table.add(this);
  }

  readonly id: string;

  /** Adds what one task gathered. */
  mergeUpdate(update: unknown): void {
    this.#accumulator.merge(update as A);
  }
}
