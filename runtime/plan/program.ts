// A stage as plain data: a tree of sources and steps with a sink on top, which compile.ts turns into one function of nested loops.

import type { Asked } from './condition';
import type { FunctionRef } from './function-ref';
import type { InputFile, TextRange } from './input-file';
import type { StateRead, StateStep } from './state-spec';
import type { LevelFlags } from './storage-level';
import type { TableSpec, TableTarget } from './table-spec';

/** A partitioner as plain data, for the tasks that use it. */
export type PartitionerSpec =
  | { readonly kind: 'hash'; readonly partitions: number }
  /** The key is the partition. */
  | { readonly kind: 'direct'; readonly partitions: number }
  /** By a user function. */
  | { readonly kind: 'custom'; readonly partitions: number; readonly f: FunctionRef }
  | { readonly kind: 'range'; readonly bounds: readonly unknown[]; readonly ascending: boolean; readonly partitions: number };

/** What a `map` step makes of an element x and its function f; the compiler inlines these, so that no shared loop stands between. */
export type MapTemplate = 'call' | 'keyBy' | 'mapValues' | 'key' | 'value' | 'pairWithNull' | 'pairWithOne';

/** Set where the function may answer promises: how many of its calls wait at a time. */
export interface Awaits {
  readonly awaits?: number;
}

/** Where the elements of a stage come from and what is done to them on the way. */
export type Plan =
  /** What a dependency of the dataset gives: in a `DatasetNode` only, the planner puts the plan of the dependency in its place. */
  | { readonly op: 'input'; readonly dependency: number }
  | { readonly op: 'values' }
  | { readonly op: 'range' }
  | { readonly op: 'text' }
  | { readonly op: 'wholeText' }
  /** The rows of a table. */
  | { readonly op: 'table'; readonly spec: TableSpec }
  /** The rows of a partition that was written to a file. */
  | { readonly op: 'checkpoint' }
  | { readonly op: 'empty' }
  /** What a source gives in `ms` milliseconds, none of them after `until`; the accumulator `shares` gathers how much that was. */
  | { readonly op: 'firstPart'; readonly ms: number; readonly until: number; readonly shares: string; readonly input: Plan }
  /** Rows of a persisted dataset that the engine stores by itself and feeds to the task. */
  | { readonly op: 'stored'; readonly rddId: number }
  /** Rows [key, value] of one reduce partition, in the order of the map partitions. */
  | { readonly op: 'shuffleRead'; readonly shuffleId: number }
  /** One row [key, combined] for each distinct key of pairs. `create` is left out where the values are combined ones already. */
  | {
      readonly op: 'combine';
      readonly name: string;
      readonly create?: FunctionRef;
      readonly merge: FunctionRef;
      /** Joins two combined values where `merge` adds a plain one: needed where a part of them was spilled. */
      readonly join?: FunctionRef;
      readonly input: Plan;
    }
  /** One row [key, [values]] for each distinct key of pairs. */
  | { readonly op: 'group'; readonly input: Plan }
  /** One row [key, [values of input 0, values of input 1, …]] for each distinct key of any input. */
  | { readonly op: 'cogroup'; readonly inputs: readonly Plan[] }
  /** Rows [key, [left, right]] for each pair of values of a key; `left` and `right` keep the values of a side that the other has no key for. */
  | { readonly op: 'join'; readonly left: boolean; readonly right: boolean; readonly inputs: readonly [Plan, Plan] }
  /** Pairs in the order of their keys. */
  | { readonly op: 'sort'; readonly name: string; readonly ascending: boolean; readonly input: Plan }
  | {
      readonly op: 'cached';
      readonly rddId: number;
      readonly level: LevelFlags;
      readonly priority: number;
      readonly input: Plan;
      /** The blob of a `ProgramPart` that holds the input: it is sent once for all programs that read the dataset. */
      readonly part?: string;
    }
  | ({
      readonly op: 'map';
      readonly template: MapTemplate;
      readonly name: string;
      readonly f?: FunctionRef;
      /** Set where the function, which is not awaited, might return a promise all the same: each answer is looked at. */
      readonly checks?: boolean;
      readonly input: Plan;
    } & Awaits)
  | ({
      readonly op: 'flatMap';
      readonly values: boolean;
      readonly name: string;
      readonly f: FunctionRef;
      readonly input: Plan;
    } & Awaits)
  | ({ readonly op: 'filter'; readonly name: string; readonly f: FunctionRef; readonly input: Plan } & Awaits)
  | ({
      readonly op: 'mapPartitions';
      readonly name: string;
      readonly f: FunctionRef;
      /** Set where the function reads a source: it gives arrays of rows, and is told what is read of them. */
      readonly reads?: Asked;
      readonly input: Plan;
    } & Awaits)
  /** Each row is kept with the probability `fraction`, or so many times on the average where `replace` is set. */
  | { readonly op: 'sample'; readonly fraction: number; readonly replace: boolean; readonly seed: number; readonly input: Plan }
  /** Rows [x, index], counted from the split's offset. */
  | { readonly op: 'zipWithIndex'; readonly input: Plan }
  /** One of the inputs, as the split says: union. */
  | { readonly op: 'choose'; readonly inputs: readonly Plan[] }
  /** All the parent partitions that the split lists, one after the other: coalesce. */
  | { readonly op: 'concat'; readonly input: Plan }
  /** What a function makes of one iterator for each input: zip, zipPartitions. */
  | { readonly op: 'zipPartitions'; readonly name: string; readonly f: FunctionRef; readonly inputs: readonly Plan[] }
  /** Rows [x, y], each x of the first input with each y of the second. */
  | { readonly op: 'cartesian'; readonly inputs: readonly Plan[] }
  /** The same partition of each input, one after the other: a union of datasets that are partitioned alike. */
  | { readonly op: 'merge'; readonly inputs: readonly Plan[] }
  /** The lines that a command makes of the elements as lines. */
  | { readonly op: 'pipe'; readonly command: Command; readonly input: Plan }
  /** The rows of object files. */
  | { readonly op: 'objects' }
  /** What a user's own kind of dataset computes from its data and the parent partitions that the split lists. */
  | { readonly op: 'custom'; readonly name: string; readonly f: FunctionRef; readonly inputs: readonly Plan[] }
  /** The next version of a stream's state, made of the pairs of a batch, and of the initial ones at the start; rows as its function makes. */
  | { readonly op: 'stateUpdate'; readonly step: StateStep; readonly inputs: readonly Plan[] }
  /** Pairs [key, state] of a version, which `input` makes. */
  | { readonly op: 'stateRead'; readonly read: StateRead; readonly input: Plan };

/** A command that executors start for each partition. */
export interface Command {
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Set on top of the executor's own environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** What a saved partition is: lines, packed lines, or rows that `objectFile` reads. */
export type SaveFormat = 'text' | 'gzip' | 'objects';

const gathering: ReadonlySet<Plan['op']> = new Set(['combine', 'group', 'cogroup', 'join', 'sort']);

/** What the elements of a part of a plan, or of a split, come from. */
export const inputsOf = <N extends Plan | Split>(node: N): readonly N[] =>
  ('inputs' in node ? node.inputs : 'input' in node ? [node.input] : []) as readonly N[];

/** The nodes of a plan, each once and before its inputs: by their numbers in this order driver and executors speak of steps. */
export function* nodesOf(plan: Plan): Generator<Plan> {
  const left = [plan];
  const seen = new Set<Plan>();
  for (let node = left.pop(); node; node = left.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    yield node;
    left.push(...inputsOf(node).toReversed());
  }
}

/** How many parts of a plan gather rows in memory, which they share: one that is read twice counts twice, but no more than there are. */
export function gatherers(plan: Plan): number {
  const counts = new Map<Plan, number>();
  let all = 0;
  const count = (at: Plan): number => {
    const known = counts.get(at);
    if (known !== undefined) return known;
    const below = inputsOf(at).map(count);
    const own = gathering.has(at.op) ? 1 : 0;
    all += own;
    // A partition of a union reads one of its inputs.
    const n = at.op === 'choose' ? Math.max(0, ...below) : below.reduce((sum, n) => sum + n, own);
    counts.set(at, n);
    return n;
  };
  return Math.min(count(plan), all);
}

/** What becomes of the elements. */
export type Sink =
  | { readonly kind: 'collect' }
  | { readonly kind: 'count' }
  | { readonly kind: 'reduce'; readonly name: string; readonly f: FunctionRef }
  /** `zero` is encoded: each task starts from a copy of its own. */
  | { readonly kind: 'aggregate'; readonly name: string; readonly zero: Uint8Array; readonly f: FunctionRef }
  | ({ readonly kind: 'foreach'; readonly name: string; readonly f: FunctionRef } & Awaits)
  | { readonly kind: 'foreachPartition'; readonly name: string; readonly f: FunctionRef }
  /** The first `limit` elements; what is there after `ms` milliseconds if set. */
  | { readonly kind: 'take'; readonly limit: number; readonly ms?: number }
  /** One file for each partition; `byEngine`: the engine writes the bytes. */
  | {
      readonly kind: 'save';
      readonly format: SaveFormat | TableTarget;
      readonly folder: string;
      readonly jobTag: string;
      readonly byEngine?: boolean;
    }
  /** Encoded rows for the engine, which stores them by itself. */
  | { readonly kind: 'store' }
  /** A file of the session's own where no folder is given. */
  | { readonly kind: 'checkpoint'; readonly rddId: number; readonly folder?: string }
  | {
      readonly kind: 'shuffle';
      readonly shuffleId: number;
      readonly partitioner: PartitionerSpec;
      readonly operation: string;
      /** Set where the map side combines values of a key before they are written. */
      readonly combine?: { readonly create?: FunctionRef; readonly merge: FunctionRef };
    };

/** A plan below a persisted dataset, with the closures that it calls. */
export interface ProgramPart {
  readonly plan: Plan;
  /** Each encoded; references in the plan name its id. */
  readonly closures: readonly Uint8Array[];
}

export interface Program {
  /** The blob with the compiled text of the user's modules, where closures refer to some. */
  readonly modules?: string;
  readonly plan: Plan;
  readonly sink: Sink;
  /** Captured closures, each encoded: functions name them by their place. */
  readonly closures: readonly Uint8Array[];
}

/** Where one map task left its bucket of a reduce partition. */
export interface BucketLocation {
  readonly mapIndex: number;
  readonly executorId: string;
  /** The id of the task that wrote it. */
  readonly writer: number;
  /** Bytes of the bucket. */
  readonly size: number;
}

/** What one partition reads: a tree of the same shape as the plan, with steps of one input left out. */
export type Split =
  | { readonly kind: 'values'; readonly index: number; readonly bytes: Uint8Array }
  /** Element i of the range is start + i·step; this partition has those from `from` to before `to`. */
  | {
      readonly kind: 'range';
      readonly index: number;
      readonly start: number;
      readonly step: number;
      readonly from: number;
      readonly to: number;
    }
  | { readonly kind: 'text'; readonly index: number; readonly ranges: readonly TextRange[] }
  | {
      readonly kind: 'files';
      readonly index: number;
      readonly files: readonly InputFile[];
    }
  | { readonly kind: 'empty'; readonly index: number }
  | { readonly kind: 'checkpoint'; readonly index: number; readonly rddId: number; readonly folder?: string }
  | {
      readonly kind: 'buckets';
      readonly index: number;
      readonly shuffleId: number;
      readonly buckets: readonly BucketLocation[];
      /** Some map output was not there when the task was made: fine where a cached partition stands before it, else a fetch failure. */
      readonly missing: boolean;
    }
  /** What the engine feeds the task while it runs: stored rows, or frames of a shuffle. */
  | { readonly kind: 'feed'; readonly index: number; readonly feed: number }
  /** A partition with an index of its own above its inputs': choose, concat, cogroup, zipWithIndex, zipPartitions, cartesian, merge. */
  | {
      readonly kind: 'node';
      readonly index: number;
      /** choose: which input; zipWithIndex: the number of the first element. */
      readonly number?: number;
      readonly inputs: readonly Split[];
    };
