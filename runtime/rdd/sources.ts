// Datasets that read no other: values of the driver's, ranges of numbers, nothing.

import { refuseArgument } from '../base/arguments';
import type { Context } from '../context';
import type { Plan, Split } from '../plan/program';
import { encode } from '../wire/codec';
import { RDD } from './rdd';

/** The first index of each slice, and the end: 10 elements in 3 slices are 3, 3 and 4, as Spark cuts them. */
export function sliceBounds(length: number, slices: number): (index: number) => [number, number] {
  return (index) => [Math.floor((index * length) / slices), Math.floor(((index + 1) * length) / slices)];
}

/** `sc.parallelize`: a copy of the driver's values, cut into slices. */
export class ParallelizedRDD<T> extends RDD<T> {
  readonly #values: readonly T[];
  readonly #slices: number;
  readonly #encoded: (Uint8Array | undefined)[] = [];

  constructor(context: Context, values: readonly T[], slices: number) {
    super(context, 'parallelize');
    this.#values = values;
    this.#slices = slices;
  }

  protected countPartitions(): number {
    return this.#slices;
  }

  fragment(): Plan {
    return { op: 'values' };
  }

  split(index: number): Split {
    const [from, to] = sliceBounds(this.#values.length, this.#slices)(index);
    this.#encoded[index] ??= encode(this.#values.slice(from, to));
    return { kind: 'values', index, bytes: this.#encoded[index] };
  }
}

/** The start and the number of numbers of a range. Throws BAD_ARGUMENT. */
export function lengthOfRange(start: number, end: number | undefined, step: number): { from: number; length: number } {
  const operation = 'range';
  const [from, to] = end === undefined ? [0, start] : [start, end];
  const finite = { rule: 'a finite number', remedy: 'Write range(end) or range(start, end, step).' };
  for (const [argument, value] of Object.entries({ start: from, end: to, step }))
    if (!Number.isFinite(value)) refuseArgument({ operation, argument, value, ...finite });
  const nonZero = { rule: 'above or below 0', remedy: 'Use a step of 1, or a negative one to count down.' };
  if (step === 0) refuseArgument({ operation, argument: 'step', value: 0, ...nonZero });
  const length = Math.max(0, Math.ceil((to - from) / step));
  const bounded = { rule: 'below 2^53', remedy: 'Use a larger step, or nearer ends.' };
  if (!Number.isSafeInteger(length)) refuseArgument({ operation, argument: 'its length', value: length, ...bounded });
  return { from, length };
}

/** `sc.range`: numbers that are never made on the driver. */
export class RangeRDD extends RDD<number> {
  readonly #start: number;
  readonly #step: number;
  readonly #length: number;
  readonly #slices: number;

  constructor(context: Context, start: number, step: number, length: number, slices: number) {
    super(context, 'range');
    this.#start = start;
    this.#step = step;
    this.#length = length;
    this.#slices = slices;
  }

  protected countPartitions(): number {
    return this.#slices;
  }

  fragment(): Plan {
    return { op: 'range' };
  }

  split(index: number): Split {
    const [from, to] = sliceBounds(this.#length, this.#slices)(index);
    return { kind: 'range', index, start: this.#start, step: this.#step, from, to };
  }
}

/** `sc.emptyRDD`: no partitions. */
export class EmptyRDD<T> extends RDD<T> {
  constructor(context: Context) {
    super(context, 'emptyRDD');
  }

  protected countPartitions(): number {
    return 0;
  }

  fragment(): Plan {
    return { op: 'empty' };
  }

  split(index: number): Split {
    return { kind: 'empty', index };
  }
}
