// How a dataset depends on another: narrowly, each parent partition used by at most one child's, or through a shuffle.
import type { FunctionArgument } from './function-argument';
import type { Partitioner } from './partitioner';
import type { RDD } from './rdd';

export interface NarrowDependency {
  readonly kind: 'narrow';
  readonly rdd: RDD<unknown>;
}

export interface ShuffleDependency {
  readonly kind: 'shuffle';
  readonly rdd: RDD<unknown>;
  readonly shuffleId: number;
  readonly partitioner: Partitioner;
  /** The operator that asked for it, for errors about its rows. */
  readonly operation: string;
  /** Set where the map side combines. */
  readonly combine?: { readonly create?: FunctionArgument; readonly merge: FunctionArgument };
}

export type Dependency = NarrowDependency | ShuffleDependency;

export const narrow = (rdd: RDD<unknown>): NarrowDependency => ({ kind: 'narrow', rdd });
