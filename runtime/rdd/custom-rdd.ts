// Datasets of the user's own kind: a subclass says what its partitions are, and a function computes one on an executor.

import { MillraceError } from '../base/errors';
import { showElement } from '../base/show-element';
import { input, type SplitRule } from '../plan/node';
import type { Plan } from '../plan/program';
import { encode } from '../wire/codec';
import type { BlobMaker } from './blob-table';
import { ShippedFunction } from './function-argument';
import type { FunctionTable } from './function-table';
import { RDD } from './rdd';
import { narrow } from './shuffle-or-narrow';

/** A partition of a parent, as `compute` gets it. */
export type PartitionInput = IterableIterator<unknown>;

/**
 * The five properties of a dataset, for kinds of your own: subclass it and give
 * - `getPartitions()`: plain data for each partition, such as a range of ids or a path;
 * - `compute`: a function that gets such data, the partitions of the parents that it reads, and its number, and returns the elements.
 *   It is shipped to executors as closures are, so it is a property with an arrow function and does not use `this`;
 * - the parents, to the constructor; `parentPartitions(index)` where partition i does not read partition i of each;
 * - a `partitioner` and `preferredLocations(index)` where there are some.
 *
 * For a parent whose pairs must be brought together first, give the constructor `parent.partitionBy(partitioner)`.
 * @example class Squares extends CustomRDD { getPartitions() { return [[0, 2], [2, 5]]; } compute = ([a, b]) => Array.from({ length: b - a }, (_, i) => (a + i) ** 2); }
 */
export abstract class CustomRDD<T, P = unknown> extends RDD<T> {
  #partitions: readonly P[] | undefined;
  #compute: ShippedFunction | undefined;

  constructor(context: RDD<T>['context'], parents: readonly RDD<never>[] = []) {
    super(context, new.target.name || 'CustomRDD', (parents as readonly RDD<unknown>[]).map(narrow));
    for (const parent of parents) context.checkDataset(this.operation, parent);
  }

  get #parents(): readonly RDD<unknown>[] {
    return this.dependencies.map((dependency) => dependency.rdd);
  }

  /** Plain data for each partition, asked once. */
  abstract getPartitions(): readonly P[];

  /** Computes a partition on an executor. */
  abstract compute: (partition: P, inputs: readonly PartitionInput[], index: number) => Iterable<T>;

  /** The partitions of the parents that partition `index` reads, as [parent, partition]: the same of each unless told otherwise. */
  parentPartitions(index: number): readonly (readonly [RDD<unknown>, number])[] {
    return this.#parents.map((parent) => [parent, index] as const);
  }

  protected countPartitions(): number {
    return this.#all.length;
  }

  get #all(): readonly P[] {
    this.#partitions ??= this.#checked(this.getPartitions());
    return this.#partitions;
  }

  #checked(partitions: readonly P[]): readonly P[] {
    if (Array.isArray(partitions)) return [...partitions];
    throw this.#mistake('the answer of getPartitions()', showElement(partitions), 'an array');
  }

  #checkParent(parent: RDD<unknown>, partition: number): void {
    if (!this.#parents.includes(parent)) throw this.#mistake('a parent', String(parent), 'one that the constructor was given');
    if (!Number.isInteger(partition) || partition < 0 || partition >= parent.numPartitions)
      throw this.#mistake('a parent partition', String(partition), `from 0 to ${parent.numPartitions - 1}`);
  }

  #mistake(argument: string, value: string, rule: string): MillraceError {
    const remedy = 'See CustomRDD in the documentation, and samples/custom-rdd.ts.';
    return new MillraceError('BAD_ARGUMENT', { operation: this.operation, argument, value, rule, remedy });
  }

  /** @internal */ fragment(functions: FunctionTable): Plan {
    this.#compute ??= ShippedFunction.of(this.context, this.compute, this.operation);
    const inputs = this.#parents.map((_, i) => input(i));
    return { op: 'custom', name: this.operation, f: functions.function(this.#compute), inputs };
  }

  /** Which partitions of which parents each partition reads; asked once. */
  get #reads(): readonly (readonly (readonly [dependency: number, partition: number])[])[] {
    this.#asked ??= this.#all.map((_, index) =>
      this.parentPartitions(index).map(([parent, partition]) => {
        this.#checkParent(parent, partition);
        return [this.#parents.indexOf(parent), partition] as const;
      }),
    );
    return this.#asked;
  }

  #asked: readonly (readonly (readonly [number, number])[])[] | undefined;

  /** @internal */ override splits(): SplitRule {
    return { kind: 'custom', blobs: this.blobName, reads: this.#reads };
  }

  /** @internal */ override get ownBlob(): BlobMaker {
    const [all, reads] = [this.#all, this.#reads];
    return (index) => encode([all[index], reads[index].map(([dependency]) => dependency)]);
  }
}
