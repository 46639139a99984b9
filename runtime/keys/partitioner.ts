// Which partition a key belongs to: by hash, by range, or by a user function.

import { MillraceError } from '../base/errors';
import { Preparation } from '../base/preparation';
import { showElement } from '../base/show-element';
import type { FunctionRef } from '../plan/function-ref';
import type { PartitionerSpec } from '../plan/program';
import { StepFailure } from '../plan/step-failure';
import { compareKeys, hashKey, keyText } from './key';

/**
 * Decides the partition of a key. Two pair datasets whose partitioners are equal join without a shuffle.
 * As Spark's `Partitioner`.
 */
export interface Partitioner {
  readonly numPartitions: number;
  /** The partition of a key, from 0 to numPartitions - 1. */
  getPartition(key: unknown): number;
  /** Whether the other one puts every key into the same partition. */
  equals(other: Partitioner | undefined): boolean;
  /** Finds out what it needs to know before a job can use it. @internal */
  prepare?(): Promise<void>;
  /** @internal */ readonly spec: PartitionerSpec;
  /** For heads and `.explain`: `hash(8)`. */
  toString(): string;
}

function checkCount(partitions: number): void {
  if (!Number.isInteger(partitions) || partitions < 1)
    throw new MillraceError('BAD_OPTION', {
      option: 'numPartitions',
      value: String(partitions),
      rule: 'a whole number from 1 on',
    });
}

function checkBounds(bounds: readonly unknown[], partitions: number): void {
  if (!Array.isArray(bounds))
    throw new MillraceError('BAD_OPTION', { option: 'bounds', value: showElement(bounds), rule: 'an array of keys' });
  const ascend = bounds.every((bound, i) => i === 0 || compareKeys(bounds[i - 1], bound) < 0);
  if (!ascend)
    throw new MillraceError('BAD_OPTION', { option: 'bounds', value: `[${bounds.join(', ')}]`, rule: 'in ascending order' });
  if (partitions > bounds.length) return;
  throw new MillraceError('BAD_OPTION', {
    option: 'numPartitions',
    value: String(partitions),
    rule: `more than the number of bounds, ${bounds.length}`,
  });
}

/**
 * Spreads keys by the hash of their value.
 * @example new HashPartitioner(4).getPartition('a') // always the same number from 0 to 3
 */
export class HashPartitioner implements Partitioner {
  /**
   * How many partitions the keys are spread over.
   * @example new HashPartitioner(4).numPartitions // 4
   */
  readonly numPartitions: number;

  constructor(partitions: number) {
    checkCount(partitions);
    this.numPartitions = partitions;
  }

  /**
   * @example new HashPartitioner(1).getPartition('a') // 0
   */
  getPartition(key: unknown): number {
    return hashKey(key) % this.numPartitions;
  }

  /**
   * Whether another partitioner puts every key into the same partition.
   * @example new HashPartitioner(4).equals(new HashPartitioner(4))
   */
  equals(other: Partitioner | undefined): boolean {
    return other instanceof HashPartitioner && other.numPartitions === this.numPartitions;
  }

  /** @internal */ get spec(): PartitionerSpec {
    return { kind: 'hash', partitions: this.numPartitions };
  }

  /**
   * @example String(new HashPartitioner(4))
   */
  toString(): string {
    return `hash(${this.numPartitions})`;
  }
}

/**
 * Keeps keys in order: partition i holds the keys up to `bounds[i]`, the last one the rest; the other way round when descending.
 * @example new RangePartitioner([10, 20]).getPartition(15) // 1
 */
export class RangePartitioner implements Partitioner {
  /**
   * How many partitions there are: one more than bounds.
   * @example new RangePartitioner([10, 20]).numPartitions // 3
   */
  readonly numPartitions: number;
  /**
   * Whether the first partition holds the smallest keys.
   * @example new RangePartitioner([10, 20]).ascending
   */
  readonly ascending: boolean;
  #bounds: readonly unknown[] | undefined;
  readonly #preparation: Preparation | undefined;

  /**
   * `bounds` ascend, or are found by a job before the first use. `numPartitions` may be more than they need: the last ones are
   * empty then.
   */
  constructor(
    bounds: readonly unknown[] | (() => Promise<readonly unknown[]>),
    ascending = true,
    numPartitions = Array.isArray(bounds) ? bounds.length + 1 : 1,
  ) {
    checkCount(numPartitions);
    if (typeof bounds === 'function') {
      this.#preparation = new Preparation(async () => {
        this.#bounds = await bounds();
      });
    } else {
      checkBounds(bounds, numPartitions);
      this.#bounds = [...bounds];
    }
    this.ascending = ascending;
    this.numPartitions = numPartitions;
  }

  /**
   * The greatest key of each range but the last. Of a sort they are known once its sampling job ran.
   * @example new RangePartitioner([10, 20]).bounds
   */
  get bounds(): readonly unknown[] {
    if (this.#bounds) return this.#bounds;
    const remedy = 'Run an action on the sorted dataset first.';
    throw new MillraceError('BAD_ARGUMENT', {
      operation: 'RangePartitioner',
      argument: 'the list of bounds',
      value: 'not known yet',
      rule: 'sampled',
      remedy,
    });
  }

  /** Its bounds are known. @internal */
  get isPrepared(): boolean {
    return this.#bounds !== undefined;
  }

  /** @internal */ async prepare(): Promise<void> {
    await this.#preparation?.run();
  }

  /**
   * @example new RangePartitioner([10, 20]).getPartition(15) // 1
   */
  getPartition(key: unknown): number {
    const { bounds } = this;
    let low = 0;
    let high = bounds.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareKeys(bounds[middle], key) < 0) low = middle + 1;
      else high = middle;
    }
    return this.ascending ? low : bounds.length - low;
  }

  /**
   * Whether another partitioner puts every key into the same partition.
   * @example new RangePartitioner([10]).equals(new RangePartitioner([10]))
   */
  equals(other: Partitioner | undefined): boolean {
    if (other === this) return true;
    if (!(other instanceof RangePartitioner) || other.ascending !== this.ascending || other.numPartitions !== this.numPartitions)
      return false;
    const [a, b] = [this.#bounds, other.#bounds];
    // Those of a sort are the same only where it is the same sort.
    return (
      a !== undefined &&
      !this.#preparation &&
      !other.#preparation &&
      b !== undefined &&
      a.length === b.length &&
      a.every((bound, i) => keyText(bound) === keyText(b[i]))
    );
  }

  /** @internal */ get spec(): PartitionerSpec {
    return { kind: 'range', bounds: this.bounds, ascending: this.ascending, partitions: this.numPartitions };
  }

  /**
   * @example String(new RangePartitioner([10, 20]))
   */
  toString(): string {
    return `range(${this.numPartitions}${this.ascending ? '' : ', descending'})`;
  }
}

/** For rows that carry the number of their partition as key: repartition. Never equal to another, for its keys mean nothing. */
export class DirectPartitioner implements Partitioner {
  constructor(readonly numPartitions: number) {}

  getPartition(key: unknown): number {
    return key as number;
  }

  equals(): boolean {
    return false;
  }

  get spec(): PartitionerSpec {
    return { kind: 'direct', partitions: this.numPartitions };
  }

  toString(): string {
    return `direct(${this.numPartitions})`;
  }
}

/** Asks the user's function, and checks its answer. */
export class FunctionPartitioner implements Partitioner {
  readonly numPartitions: number;
  readonly #f: (key: unknown) => unknown;
  readonly #operation: string;

  constructor(partitions: number, f: (key: unknown) => unknown, operation: string) {
    this.numPartitions = partitions;
    this.#f = f;
    this.#operation = operation;
  }

  /** Throws BAD_PARTITION where the answer is none of its partitions. */
  getPartition(key: unknown): number {
    const value = this.#ask(key);
    if (Number.isInteger(value) && (value as number) >= 0 && (value as number) < this.numPartitions) return value as number;
    const rule = `a whole number from 0 to ${this.numPartitions - 1}`;
    const details = {
      operation: this.#operation,
      partitioner: this.toString(),
      value: showElement(value),
      key: showElement(key),
      rule,
    };
    throw new MillraceError('BAD_PARTITION', details);
  }

  #ask(key: unknown): unknown {
    try {
      return this.#f(key);
    } catch (thrown) {
      throw new StepFailure(thrown, this.#operation, showElement(key));
    }
  }

  equals(other: Partitioner | undefined): boolean {
    return other === this;
  }

  get spec(): PartitionerSpec {
    throw new MillraceError('INTERNAL', { reason: 'the function of a partitioner was not shipped with its stage' });
  }

  toString(): string {
    return `custom(${this.numPartitions})`;
  }
}

/** The partitioner that a spec describes, on the executor; `resolve` makes the function of a custom one. */
export function partitionerOf(spec: PartitionerSpec, resolve: (ref: FunctionRef) => Function, operation: string): Partitioner {
  switch (spec.kind) {
    case 'custom':
      return new FunctionPartitioner(spec.partitions, resolve(spec.f) as (key: unknown) => unknown, operation);
    case 'hash':
      return new HashPartitioner(spec.partitions);
    case 'direct':
      return new DirectPartitioner(spec.partitions);
    case 'range':
      return new RangePartitioner(spec.bounds, spec.ascending, spec.partitions);
  }
}
