// An accumulator as tasks see it: each task starts from the zero, and its end reports what it added.
import { MillraceError } from '../base/errors';
import type { CapturedClosure } from '../plan/payload';
import { decode, encode } from '../wire/codec';

/** How the values of an accumulator are put together. */
export type AccumulatorKind = 'sum' | 'collection' | 'custom' | 'class';

/** What an executor needs to add to it. */
export interface AccumulatorData {
  readonly kind: AccumulatorKind;
  readonly zero: Uint8Array;
  readonly merge?: CapturedClosure;
}

export type Merge = (a: unknown, b: unknown) => unknown;

export const merges: Record<'sum' | 'collection', Merge> = {
  sum: (a, b) => (a as number) + (b as number),
  collection: (a, b) => {
    // Not by spreading: a task may have added more elements than a call can have arguments.
    for (const element of b as unknown[]) (a as unknown[]).push(element);
    return a;
  },
};

/** Throws BAD_ARGUMENT for what a sum cannot take. */
export function checkAdded(kind: AccumulatorKind, value: unknown): void {
  if (kind !== 'sum' || typeof value === 'number') return;
  throw new MillraceError('BAD_ARGUMENT', {
    operation: 'accumulator.add',
    argument: 'the value',
    value: typeof value,
    rule: 'a number',
    remedy: 'Use collectionAccumulator() for other values.',
  });
}

/** Throws BAD_ARGUMENT for a zero that no sum can start from. */
export function checkZero(kind: AccumulatorKind, zero: unknown): void {
  if (kind !== 'sum' || typeof zero === 'number') return;
  throw new MillraceError('BAD_ARGUMENT', {
    operation: 'accumulator',
    argument: 'the zero',
    value: typeof zero,
    rule: 'a number where no merge function is given',
    remedy: 'Write sc.accumulator(zero, (a, b) => …).',
  });
}

/**
 * What closures hold of an accumulator on an executor. It adds to that of the task that runs now: a class outlives the task that
 * brought it along.
 */
export class AccumulatorHandle {
  readonly id: string;
  readonly #current: () => TaskAccumulator;
  readonly #sum: () => unknown;

  constructor(id: string, current: () => TaskAccumulator, sum: () => unknown) {
    this.id = id;
    this.#current = current;
    this.#sum = sum;
  }

  add(value: unknown): void {
    this.#current().add(value);
  }

  /** What this task added so far; the whole is known in the session only. */
  get value(): unknown {
    return this.#sum();
  }
}

/** What closures hold of an accumulator of the user's own class: whatever they call on it goes to the copy of the task that runs now. */
export function ownHandle(current: () => TaskAccumulator): object {
  return new Proxy(Object.create(null), {
    get(_, key) {
      const { own } = current();
      const member: unknown = Reflect.get(own, key, own);
      return typeof member === 'function' ? member.bind(own) : member;
    },
    set: (_, key, value) => {
      const { own } = current();
      return Reflect.set(own, key, value, own);
    },
  });
}

/** Gathers what the engine itself notes of a task. */
export const collecting = (id: string): TaskAccumulator =>
  new TaskAccumulator(id, { kind: 'collection', zero: encode([]) }, () => () => undefined);

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
    this.#value = decode(zero, 'executor');
    this.#merge = merge ? (revive(merge) as Merge) : merges[kind as 'sum' | 'collection'];
  }

  add(value: unknown): void {
    checkAdded(this.#kind, value);
    this.touched = true;
    this.#value = this.#merge(this.#value, this.#kind === 'collection' ? [value] : value);
  }

  get value(): unknown {
    return this.#value;
  }

  /** Adds what another part of the task added. */
  merge({ value }: TaskAccumulator): void {
    this.#value = this.#merge(this.#value, value);
  }

  /** The user's own object; whoever asks for it is about to add. */
  get own(): object {
    this.touched = true;
    return this.#value as object;
  }
}
