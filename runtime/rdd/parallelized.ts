// Datasets that read no other: values of the driver's, ranges of numbers, nothing.

import { refuseArgument } from '../base/arguments';
import { type SplitRule, sliceBounds } from '../plan/node';
import type { Plan } from '../plan/program';
import { encode } from '../wire/codec';
import type { BlobMaker } from './blob-table';
import type { DatasetHost } from './host';
import { RDD } from './rdd';

/** The encoded slices of the session's values; the dataset may go while an engine still asks for them. */
class Slices {
  readonly #values: readonly unknown[];
  readonly #bounds: (index: number) => [from: number, to: number];
  readonly #encoded: (Uint8Array | undefined)[] = [];

  constructor(values: readonly unknown[], slices: number) {
    this.#values = values;
    this.#bounds = sliceBounds(values.length, slices);
  }

  readonly encoded: BlobMaker = (index) => {
    this.#encoded[index] ??= encode(this.#values.slice(...this.#bounds(index)));
    return this.#encoded[index];
  };
}

/** `sc.parallelize`: a copy of the session's values, cut into slices. */
export class ParallelizedRDD<T> extends RDD<T> {
  readonly #slices: number;
  readonly #values: Slices;

  constructor(context: DatasetHost, values: readonly T[], slices: number) {
    super(context, 'parallelize');
    this.#slices = slices;
    this.#values = new Slices(values, slices);
  }

  protected countPartitions(): number {
    return this.#slices;
  }

  fragment(): Plan {
    return { op: 'values' };
  }

  splits(): SplitRule {
    return { kind: 'values', blobs: this.blobName };
  }

  override get ownBlob(): BlobMaker {
    return this.#values.encoded;
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
  checkDistinct(from, step, length);
  return { from, length };
}

/** Beyond 2^53 not every whole number is a number of JavaScript: a range would repeat some, or have its neighbours. */
function checkDistinct(from: number, step: number, length: number): void {
  const span = (length - 1) * Math.abs(step);
  const size = Math.max(Math.abs(from), Math.abs(from + (length - 1) * step), span);
  if (length < 2) return;
  // The distance of neighbouring numbers of this size.
  const apart = 2 ** (Math.floor(Math.log2(size)) - 52);
  const isWhole = Number.isInteger(from) && Number.isInteger(step);
  if (isWhole ? size <= 2 ** 53 || (from % apart === 0 && step % apart === 0) : Math.abs(step) >= 4 * apart) return;
  refuseArgument({
    operation: 'range',
    argument: 'its numbers',
    value: `${from} to ${from + (length - 1) * step} by ${step}`,
    rule: 'exact, which whole numbers are up to 2^53',
    remedy: 'Count from 0 and add in the step: range(10).map(i => 2n ** 60n + BigInt(i)).',
  });
}

/** `sc.range`: numbers that are never made on the driver. */
export class RangeRDD extends RDD<number> {
  readonly #start: number;
  readonly #step: number;
  readonly #length: number;
  readonly #slices: number;

  constructor(context: DatasetHost, start: number, step: number, length: number, slices: number) {
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

  splits(): SplitRule {
    return { kind: 'range', start: this.#start, step: this.#step, length: this.#length };
  }
}

/** `sc.emptyRDD`: no partitions. */
export class EmptyRDD<T> extends RDD<T> {
  constructor(context: DatasetHost) {
    super(context, 'emptyRDD');
  }

  protected countPartitions(): number {
    return 0;
  }

  fragment(): Plan {
    return { op: 'empty' };
  }

  splits(): SplitRule {
    return { kind: 'none' };
  }
}
