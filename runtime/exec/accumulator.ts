// Shared variables that tasks only add to: each (stage, partition) counts once, whatever was retried.
import type { Context } from '../context';
import { MillraceError } from '../errors';
import { ShippedFunction } from '../rdd/function-argument';
import { decode, encode } from '../wire/codec';
import { type CapturedClosure, type Reference, travelsAs } from './closure';

/** How the values of an accumulator are put together. */
export type AccumulatorKind = 'sum' | 'collection' | 'custom';

/** What an executor needs to add to it. */
interface AccumulatorData {
  readonly kind: AccumulatorKind;
  readonly zero: Uint8Array;
  readonly merge?: CapturedClosure;
}

type Merge = (a: unknown, b: unknown) => unknown;

const merges: Record<'sum' | 'collection', Merge> = {
  sum: (a, b) => (a as number) + (b as number),
  collection: (a, b) => {
    // Not by spreading: a task may have added more elements than a call can have arguments.
    for (const element of b as unknown[]) (a as unknown[]).push(element);
    return a;
  },
};

/**
 * A variable that closures add to and the session reads.
 * @example const bad = sc.longAccumulator('bad lines'); // in a closure: bad.add(1); afterwards: bad.value
 */
export class Accumulator<In, Out = In> {
  readonly id: string;
  readonly name: string | undefined;
  readonly #kind: AccumulatorKind;
  readonly #zero: Uint8Array;
  readonly #merge: Merge;
  readonly #shipped: ShippedFunction | undefined;
  #value: unknown;

  constructor(context: Context, id: string, kind: AccumulatorKind, zero: unknown, name?: string, merge?: Merge) {
    this.id = id;
    this.name = name;
    this.#kind = kind;
    this.#zero = encode(zero);
    this.#value = decode(this.#zero);
    this.#shipped = merge && new ShippedFunction(context, merge, 'accumulator');
    this.#merge = merge ?? merges[kind as 'sum' | 'collection'];
  }

  /** What was added so far by tasks that ended well, and by the session. */
  get value(): Out {
    return this.#value as Out;
  }

  /** Adds in the session; in a closure the same call adds on the executor. */
  add(value: In): void {
    if (this.#kind === 'sum' && typeof value !== 'number')
      throw new MillraceError('BAD_ARGUMENT', {
        operation: 'accumulator.add',
        argument: 'the value',
        value: typeof value,
        rule: 'a number',
        remedy: 'Use collectionAccumulator() for other values.',
      });
    this.#value = this.#merge(this.#value, this.#kind === 'collection' ? [value] : value);
  }

  reset(): void {
    this.#value = decode(this.#zero);
  }

  /** Adds what one task added. */
  mergeUpdate(value: unknown): void {
    this.#value = this.#merge(this.#value, value);
  }

  [travelsAs](): Reference {
    const data: AccumulatorData = { kind: this.#kind, zero: this.#zero, merge: this.#shipped?.capture.closure };
    return { kind: 'accumulator', id: this.id, data };
  }
}

/** An accumulator inside one task. */
export class TaskAccumulator {
  readonly id: string;
  readonly #kind: AccumulatorKind;
  readonly #merge: Merge;
  #value: unknown;
  touched = false;

  constructor(id: string, data: unknown, revive: (closure: CapturedClosure) => Function) {
    const { kind, zero, merge } = data as AccumulatorData;
    this.id = id;
    this.#kind = kind;
    this.#value = decode(zero);
    this.#merge = merge ? (revive(merge) as Merge) : merges[kind as 'sum' | 'collection'];
  }

  add(value: unknown): void {
    if (this.#kind === 'sum' && typeof value !== 'number')
      throw new MillraceError('BAD_ARGUMENT', {
        operation: 'accumulator.add',
        argument: 'the value',
        value: typeof value,
        rule: 'a number',
        remedy: 'Use collectionAccumulator() for other values.',
      });
    this.touched = true;
    this.#value = this.#merge(this.#value, this.#kind === 'collection' ? [value] : value);
  }

  /** What this task added so far; the whole is known in the session only. */
  get value(): unknown {
    return this.#value;
  }
}
