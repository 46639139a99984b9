// How a dataset depends on another: narrowly, each parent partition used by at most one child's, or through a shuffle.
import type { Call } from '../base/flow';
import type { Partitioner } from '../keys/partitioner';
import type { FunctionArgument } from './function-argument';
import type { RDD } from './rdd';

/** On a parent each partition of which is read by at most one child partition. */
export interface NarrowDependency {
  readonly kind: 'narrow';
  readonly rdd: RDD<unknown>;
}

/** On a parent whose rows are spread by key: it ends a stage. */
export interface ShuffleDependency {
  readonly kind: 'shuffle';
  readonly rdd: RDD<unknown>;
  readonly shuffleId: number;
  readonly partitioner: Partitioner;
  /** The operator that asked for it, for errors about its rows. */
  readonly operation: string;
  /** The call of that operator, where the user's text is known. @internal */
  readonly call: Call | undefined;
  /** Set where the map side combines. @internal */
  readonly combine?: { readonly create?: FunctionArgument; readonly merge: FunctionArgument };
}

/** How a dataset depends on another. */
export type Dependency = NarrowDependency | ShuffleDependency;

export const isShuffle = (dependency: Dependency): dependency is ShuffleDependency => dependency.kind === 'shuffle';

export const narrow = (rdd: RDD<unknown>): NarrowDependency => ({ kind: 'narrow', rdd });
