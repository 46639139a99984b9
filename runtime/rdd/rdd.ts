// The resilient distributed dataset: an immutable list in partitions that knows how to make each from its parents.
import { inspect } from 'node:util';
import { checkOptions, refuseArgument } from '../base/arguments';
import { callOf } from '../base/call';
import { MillraceError, placed } from '../base/errors';
import type { Call, CallSite } from '../base/flow';
import { idsPerSession } from '../base/limits';
import { lineageError } from '../base/lineage-error';
import { driverOnly } from '../base/markers';
import { Preparation } from '../base/preparation';
import type { Context } from '../context/context';
import type { Partitioner } from '../keys/partitioner';
import type { DatasetNode, SplitRule } from '../plan/node';
import type { Plan } from '../plan/program';
import { levelNames, StorageLevel } from '../plan/storage-level';
import type { Schema } from '../schema/schema';
import type { BlobMaker, DatasetDescription } from './blob-table';
import type { FunctionArgument } from './function-argument';
import type { FunctionTable } from './function-table';
import type { CheckpointMark, DatasetHost } from './host';

/** How a persisted dataset stands to others when memory is short. */
export interface PersistOptions {
  /** Datasets of a lower priority leave the memory first; among equals the one that was used longest ago. Default 0. */
  readonly priority?: number;
}

/** The priority. Throws BAD_ARGUMENT. */
function checkPersist(level: unknown, options: PersistOptions): number {
  const [operation, remedy] = ['persist', 'Write persist(), or persist(StorageLevel.MEMORY_AND_DISK, { priority: 1 }).'];
  const rule = `a StorageLevel: ${levelNames.join(', ')}`;
  if (!(level instanceof StorageLevel)) refuseArgument({ operation, argument: 'the level', value: level, rule, remedy });
  checkOptions(operation, options, remedy);
  const { priority: value = 0 } = options;
  if (Number.isInteger(value)) return value;
  return refuseArgument({ operation, argument: 'the priority', value, rule: 'a whole number', remedy });
}

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

const isShuffle = (dependency: Dependency): dependency is ShuffleDependency => dependency.kind === 'shuffle';

/**
 * A dataset of elements of type T, in partitions spread over executors. Operators make new datasets and run nothing; actions
 * (`count`, `collect`, …) run a job. Five properties, as in the RDD paper (Zaharia et al., NSDI 2012): partitions, dependencies, how to
 * compute a partition, the partitioner of pairs, and where a partition likes to run.
 */
export abstract class RDD<T> {
  /**
   * The context that it belongs to.
   * @example sc.range(3).context === sc
   */
  readonly context: Context;
  /**
   * Its number in this session.
   * @example sc.range(3).id
   */
  readonly id: number;
  /**
   * What it was made by, for heads and lineage: `map`, `textFile`.
   * @example sc.range(3).operation // 'range'
   */
  readonly operation: string;
  /** The call of the operation that made it, where the user's text is known. @internal */
  readonly call: Call | undefined;
  /** Keeps T in the type, so that datasets of different elements are different. */
  declare protected readonly element: T;
  #name: string | undefined;
  #level: StorageLevel = StorageLevel.NONE;
  #priority = 0;
  #count: number | undefined;

  #dependencies: readonly Dependency[];

  /** A dataset of the session gets the next number; a published one has that of its publisher. @internal */
  constructor(context: DatasetHost, operation: string, dependencies: readonly Dependency[] = [], id = context.nextRddId()) {
    this.context = context as Context;
    this.id = id;
    this.operation = operation;
    this.#dependencies = dependencies;
    this.call = dependencies.find(isShuffle)?.call ?? callOf(new.target);
  }

  // The five properties.

  /** How many partitions there are; asked once. */
  protected abstract countPartitions(): number;
  /**
   * What it is made of: the only way to its parents, so that a checkpoint can let go of them.
   * @example sc.range(3).map(x => x).dependencies.length // 1
   */
  get dependencies(): readonly Dependency[] {
    return this.#dependencies;
  }
  /** The source or the steps that it adds, on top of what its dependencies give. @internal */
  abstract fragment(functions: FunctionTable): Plan;
  /** What each partition reads; asked once. @internal */
  abstract splits(): SplitRule;
  /**
   * How pairs are spread over the partitions, if it is known.
   * @example words.map(w => [w, 1]).partitionBy(new HashPartitioner(3)).partitioner.numPartitions // 3
   */
  get partitioner(): Partitioner | undefined {
    return undefined;
  }

  /**
   * The columns of its rows, where it knows them: of a table that was read from files. Looks at the files when first asked.
   * Throws NO_SUCH_PATH, NO_FILES or UNREADABLE_FILE.
   * @example sc.range(3).schema // undefined
   */
  get schema(): Schema | undefined {
    return undefined;
  }

  /** The persisted dataset beside whose partition i partition i is computed best, where its own is not persisted anywhere yet. @internal */
  get besides(): number | undefined {
    return undefined;
  }

  /** Its partitions are known once it is prepared, which may take long: a pipe is copied, a query answered. @internal */
  get isKnownLate(): boolean {
    return false;
  }

  /** How it was, or is to be, written to files that stand for its lineage. @internal */
  checkpointed: CheckpointMark | undefined;

  /** What it must be computed from: its dependencies, or nothing once a checkpoint is written. @internal */
  get lineage(): readonly Dependency[] {
    return this.checkpointed?.isWritten ? [] : this.dependencies;
  }

  /**
   * Executors or hosts, by id, on which partition `index` is computed best; without any, everywhere is as good.
   * @example sc.range(3).preferredLocations(0) // []
   */
  preferredLocations(_index: number): readonly string[] {
    return [];
  }

  /** All partitions of its stage run at the same time: `barrier()`. */
  get isBarrier(): boolean {
    return false;
  }

  /** Another run may give other rows: `markIndeterminate()`. */
  get isIndeterminate(): boolean {
    return this.#indeterminate;
  }

  #indeterminate = false;

  /**
   * Says that computing this dataset again may give other rows, or rows in another order: its functions draw random numbers, read the
   * clock, or ask a changing source. When a part of its shuffle output is lost, all of it is made again then, with everything that was
   * made of it, so that no result mixes two runs. Spark's `DeterministicLevel.INDETERMINATE`.
   * @example sc.range(3).map(() => Math.random()).markIndeterminate()
   */
  markIndeterminate(): this {
    this.#indeterminate = true;
    this.#redefine({ indeterminate: true });
    return this;
  }

  /** The user's text that made it, with the line of the call. @internal */
  get callSite(): CallSite | undefined {
    return this.call?.site;
  }

  // What engines know of it.

  /** It as plain data, from the first job on that needs it: `describe` in description.ts. @internal */
  described: DatasetDescription | undefined;

  /** The name of its own blob, in a part for each partition. @internal */
  get blobName(): string {
    return `dataset-${this.id}`;
  }

  /** What makes the parts of its own blob, for kinds that read what the session holds. It must not refer to the dataset. @internal */
  get ownBlob(): BlobMaker | undefined {
    return undefined;
  }

  /** How its partitions are persisted, as plain data. @internal */
  get persistence(): DatasetNode['persistence'] {
    return this.#level.isKept ? { level: this.#level.flags, priority: this.#priority } : undefined;
  }

  /** Tells engines that know it already what has changed. */
  #redefine(changes: Partial<DatasetNode>): void {
    if (!this.described) return;
    this.described = { ...this.described, node: { ...this.described.node, ...changes } };
    this.context.redefine(this.described.node);
  }

  /** From the next job on it is read from its checkpoint. @internal */
  readFrom(fragment: Plan, splits: SplitRule): void {
    this.#redefine({ dependencies: [], fragment, splits });
  }

  /** Gives up what it was made of, so that the memory and the files of that can go: once a checkpoint stands for it in all jobs. @internal */
  forgetLineage(): void {
    const { partitioner } = this;
    this.#count ??= this.countPartitions();
    // Kinds that have their parent's partitioner ask that one for it.
    Object.defineProperty(this, 'partitioner', { value: partitioner });
    this.#dependencies = [];
    this.#preparation = undefined;
  }

  /** What an error about one of its own files means for the user; undefined where the error says it already. @internal */
  clarified(_error: MillraceError): MillraceError | undefined {
    return undefined;
  }

  /** Work that must be done once before a job can read this dataset, such as sampling the bounds of a sort. */
  #preparation: Preparation | undefined;

  /** Has `prepare` run once before the first job that needs this dataset; again after it failed. @internal */
  beforeFirstJob(prepare: () => Promise<void>): this {
    this.#preparation = new Preparation(prepare);
    return this;
  }

  /** Does what must be done first, for this dataset and all it is made of. @internal */
  async prepareLineage(): Promise<void> {
    try {
      await this.#prepareAll(new Set());
    } catch (e) {
      throw lineageError(e, this);
    }
  }

  /** Waits until its partitions can be counted at once; Ctrl-C reaches who waits here, not who counts. @internal */
  async knowPartitions(): Promise<void> {
    const seen = new Set<RDD<unknown>>([this]);
    for (const rdd of seen) {
      if (rdd.isKnownLate) await rdd.prepareLineage();
      for (const dependency of rdd.lineage) seen.add(dependency.rdd);
    }
  }

  /** It and all it is made of are prepared: later jobs need not look. */
  #isPrepared = false;

  async #prepareAll(seen: Set<RDD<unknown>>): Promise<void> {
    if (this.#isPrepared || seen.has(this)) return;
    seen.add(this);
    for (const dependency of this.lineage) {
      await dependency.rdd.#prepareAll(seen);
      if (dependency.kind === 'shuffle') await dependency.partitioner.prepare?.();
    }
    if (!this.checkpointed?.isWritten) await this.#preparation?.run();
    this.#isPrepared = true;
  }

  // What everything is built on.

  /**
   * The number of partitions.
   * @example sc.range(0, 4, 1, 2).numPartitions // 2
   */
  get numPartitions(): number {
    try {
      this.#count ??= this.countPartitions();
    } catch (error) {
      // What is wrong, such as the path of a file, was written where the dataset was made.
      throw placed(lineageError(error, this), this.call?.place);
    }
    return this.#count;
  }

  /**
   * As Spark's `getNumPartitions`.
   * @example sc.range(0, 4, 1, 2).getNumPartitions() // 2
   */
  getNumPartitions(): number {
    return this.numPartitions;
  }

  /**
   * The name that it was given.
   * @example sc.range(3).setName('numbers').name // 'numbers'
   */
  get name(): string | undefined {
    return this.#name;
  }

  /**
   * Names the dataset in heads, progress and lineage.
   * @example sc.range(3).setName('numbers').name // 'numbers'
   */
  setName(name: string): this {
    this.#name = name;
    this.#redefine({ name });
    return this;
  }

  /**
   * How it is kept; NONE where it is not.
   * @example sc.range(3).cache().storageLevel.useMemory
   */
  get storageLevel(): StorageLevel {
    return this.#level;
  }

  /**
   * Datasets of a lower priority leave the memory of executors first.
   * @example sc.range(3).persistencePriority // 0
   */
  get persistencePriority(): number {
    return this.#priority;
  }

  /**
   * Keeps each partition once a job has computed it, as the level says: in memory, on disk, or in memory and what does not fit on disk.
   * Throws LEVEL_CHANGED if another level is set already.
   * @example sc.parallelize(['a', 'b']).persist(StorageLevel.MEMORY_AND_DISK, { priority: 1 })
   */
  persist(level: StorageLevel = StorageLevel.MEMORY_ONLY, options: PersistOptions = {}): this {
    const priority = checkPersist(level, options);
    if (this.#level.isKept && !this.#level.equals(level))
      throw new MillraceError('LEVEL_CHANGED', { name: this.toString(), level: this.#level });
    this.#level = level;
    this.#priority = priority;
    this.#redefine({ persistence: this.persistence });
    if (!level.isKept) return this;
    this.context.notePersisted(this);
    return this;
  }

  /**
   * `persist()` in memory.
   * @example const kept = sc.range(3).cache(); await kept.count()
   */
  cache(): this {
    return this.persist(StorageLevel.MEMORY_ONLY);
  }

  /**
   * Drops the persisted partitions.
   * @example sc.range(3).cache().unpersist()
   */
  unpersist(): this {
    this.#level = StorageLevel.NONE;
    this.#redefine({ persistence: undefined });
    this.context.forgetPersisted(this);
    return this;
  }

  /**
   * `counts (reduceByKey)[7]`, as Spark names them.
   * @example sc.range(3).toString()
   */
  toString(): string {
    // Sessions that share an engine have ranges of numbers: its user counts from 0.
    return `${this.#name ? `${this.#name} (${this.operation})` : this.operation}[${this.id % idsPerSession}]`;
  }

  /** What stands for it inside other values, at the prompt and in `console.log`. @internal */
  [inspect.custom](): string {
    return `RDD ${this.toString()}`;
  }

  /** How errors call it when a closure captures it by mistake. @internal */
  get [driverOnly](): string {
    return `an RDD (${this.toString()})`;
  }
}
