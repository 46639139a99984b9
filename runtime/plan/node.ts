// A dataset as plain data: what an engine must know to compute its partitions, whoever made it and wherever the engine runs.
import type { Call } from '../base/flow';
import type { Place } from '../base/place';
import type { Schema } from '../schema/schema';
import type { FunctionRef } from './function-ref';
import type { InputFile } from './input-file';
import type { PartitionerSpec, Plan } from './program';
import type { LevelFlags } from './storage-level';

/**
 * A dataset. It holds no rows and no code: functions and rows are blobs, which an engine asks for by id when it first needs them.
 * A node never changes; a dataset that is persisted, named or checkpointed later is defined again under its id.
 */
export interface DatasetNode {
  /** Unique in the session. */
  readonly id: number;
  /** The operator that made it, for titles and errors: `map`, `textFile`. */
  readonly operation: string;
  /** The name that the user gave it. */
  readonly name?: string;
  readonly dependencies: readonly DependencyNode[];
  /** How many partitions it has. */
  readonly partitions: number;
  /** The columns of its rows, where they are known. */
  readonly schema?: Schema;
  /** What each of them reads. */
  readonly splits: SplitRule;
  /** The source or the steps that it adds; `input` stands for what a dependency gives. Functions refer to `functions` by index. */
  readonly fragment: Plan;
  readonly functions: readonly FunctionNode[];
  /** How its pairs are spread over the partitions, if that is known. */
  readonly partitioner?: PartitionerSpec;
  /** Set where its partitions are persisted once they are computed. */
  readonly persistence?: Persistence;
  /** All tasks of its stage run at the same time. */
  readonly barrier?: true;
  /** Another run may give other rows. */
  readonly indeterminate?: true;
  /** For each partition the executors or hosts that it prefers, by id. */
  readonly locations?: readonly (readonly string[])[];
  /** The persisted dataset beside whose partition i partition i is computed best, where it is not persisted anywhere yet. */
  readonly besides?: number;
  /** The user's call that made it. */
  readonly call?: Call;
}

export interface Persistence {
  readonly level: LevelFlags;
  /** Datasets of a lower priority are evicted first. */
  readonly priority: number;
}

/** How a dataset depends on another: narrowly, or through a shuffle. */
export type DependencyNode = NarrowNode | ShuffleNode;

export interface NarrowNode {
  readonly kind: 'narrow';
  readonly dataset: number;
}

export interface ShuffleNode {
  readonly kind: 'shuffle';
  readonly dataset: number;
  readonly shuffleId: number;
  readonly partitioner: PartitionerSpec;
  /** The operator that asked for it, and its call, for errors about its rows. */
  readonly operation: string;
  readonly call?: Call;
  /** Set where the map side combines. Functions of a shuffle refer to its own `functions`. */
  readonly combine?: { readonly create?: FunctionRef; readonly merge: FunctionRef };
  readonly functions: readonly FunctionNode[];
}

/** A captured function of the user: its text and captures by blobs, and where it is written. */
export interface FunctionNode {
  /** The blob of the encoded closure, named by a hash of its content. */
  readonly closure: string;
  /** Equal where two datasets share one captured function: tasks make it once. Unique in the session. */
  readonly instance: number;
  /** The operator that it was given to. */
  readonly operation: string;
  readonly place: Place;
  /** Blobs that must be on an executor before it runs: broadcasts, and captured values that are shipped apart. */
  readonly needs: readonly string[];
  /** Those of `needs` that belong to this function alone. */
  readonly bulk: readonly string[];
  /** Set where it refers to modules of the user. */
  readonly usesModules?: boolean;
}

/** What each partition of a dataset reads. `index` is the number of the partition. */
export type SplitRule =
  /** There are no partitions. */
  | { readonly kind: 'none' }
  /** Rows that the session encoded: the blob `<blobs>.<index>`. */
  | { readonly kind: 'values'; readonly blobs: string }
  /** Numbers: element i is start + i·step; `length` elements cut into even slices. */
  | { readonly kind: 'range'; readonly start: number; readonly step: number; readonly length: number }
  /** Byte ranges of text files: for each partition [file, start, end], files by their place in `files`. */
  | {
      readonly kind: 'text';
      readonly files: readonly InputFile[];
      readonly ranges: readonly (readonly (readonly [file: number, start: number, end: number])[])[];
    }
  /** Whole files: partition i has those from `bounds[i]` to before `bounds[i + 1]`. */
  | { readonly kind: 'files'; readonly files: readonly InputFile[]; readonly bounds: readonly number[] }
  /** The rows of a checkpoint; in the session's folder where none is given. */
  | { readonly kind: 'checkpoint'; readonly folder?: string }
  /** Partition i of the only dependency. */
  | { readonly kind: 'same' }
  /** Partition i of every dependency. */
  | { readonly kind: 'beside' }
  /** Partition i of the only dependency, whose first element has the number `offsets[i]`. */
  | { readonly kind: 'numbered'; readonly offsets: readonly number[] }
  /** The partitions of all dependencies, one after the other. */
  | { readonly kind: 'union' }
  /** Each partition of the first dependency with each of the second, which counts faster. */
  | { readonly kind: 'pairs' }
  /** Neighbouring partitions of the only dependency, in even slices. */
  | { readonly kind: 'neighbours' }
  /** One partition of the only dependency. */
  | { readonly kind: 'one'; readonly partition: number }
  /** Partition i of the only dependency where `reads` has it, else nothing. */
  | { readonly kind: 'some'; readonly reads: readonly number[] }
  /** What a dataset of the user's own kind reads: its own data (the blob `<blobs>.<index>`), and partitions of its dependencies. */
  | {
      readonly kind: 'custom';
      readonly blobs: string;
      readonly reads: readonly (readonly (readonly [dependency: number, partition: number])[])[];
    };

/** Stands in a dataset's own plan for what one of its dependencies gives. */
export const input = (dependency: number): Plan => ({ op: 'input', dependency });

/** The first index of each of `slices` even slices of `length`, and the end: 10 elements in 3 slices are 3, 3 and 4, as Spark cuts them. */
export function sliceBounds(length: number, slices: number): (index: number) => [from: number, to: number] {
  return (index) => [Math.floor((index * length) / slices), Math.floor(((index + 1) * length) / slices)];
}
