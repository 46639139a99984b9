// Shared variables that tasks only add to; the scheduler counts each (stage, partition) once, whatever was retried.

import { type Reference, travelsAs } from '../base/markers';
import { type AccumulatorData, type AccumulatorKind, checkAdded, checkZero, type Merge, merges } from '../exec/task-accumulator';
import { type CaptureHost, ShippedFunction } from '../rdd/function-argument';
import { decode, encode } from '../wire/codec';

/**
 * A variable that closures add to and the session reads.
 * @example const bad = sc.longAccumulator('bad lines'); // in a closure: bad.add(1); afterwards: bad.value
 */
export class Accumulator<In, Out = In> {
  /**
   * Its number in this session.
   * @example sc.longAccumulator().id > 0
   */
  readonly id: string;
  /**
   * The name that it was given.
   * @example sc.longAccumulator('bad lines').name // 'bad lines'
   */
  readonly name: string | undefined;
  readonly #kind: AccumulatorKind;
  readonly #zero: Uint8Array;
  readonly #merge: Merge;
  readonly #shipped: ShippedFunction | undefined;
  #value: unknown;

  /** @internal */ constructor(
    context: CaptureHost,
    id: string,
    kind: AccumulatorKind,
    zero: unknown,
    name?: string,
    merge?: Merge,
  ) {
    checkZero(kind, zero);
    this.id = id;
    this.name = name;
    this.#kind = kind;
    this.#zero = encode(zero);
    this.#value = decode(this.#zero);
    this.#shipped = merge && ShippedFunction.of(context, merge, 'accumulator');
    this.#merge = merge ?? merges[kind as 'sum' | 'collection'];
  }

  /**
   * What was added so far by tasks that ended well, and by the session.
   * @example const n = sc.longAccumulator(); await sc.range(3).foreach(x => n.add(x)); n.value
   */
  get value(): Out {
    return this.#value as Out;
  }

  /**
   * Adds in the session; in a closure the same call adds on the executor.
   * @example const m = sc.longAccumulator(); m.add(2); m.value
   */
  add(value: In): void {
    checkAdded(this.#kind, value);
    this.#value = this.#merge(this.#value, this.#kind === 'collection' ? [value] : value);
  }

  /**
   * Back to its zero.
   * @example const r = sc.longAccumulator(); r.add(2); r.reset(); r.value
   */
  reset(): void {
    this.#value = decode(this.#zero);
  }

  /** Adds what one task added. @internal */
  mergeUpdate(value: unknown): void {
    this.#value = this.#merge(this.#value, value);
  }

  /** @internal */ [travelsAs](): Reference {
    const data: AccumulatorData = { kind: this.#kind, zero: this.#zero, merge: this.#shipped?.capture.closure };
    return { kind: 'accumulator', id: this.id, data };
  }
}
