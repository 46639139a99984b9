// The datasets of a stream's state: one that makes a version of it, and one that reads the pairs of a version.

import type { Time } from '../../base/duration';
import type { Partitioner } from '../../keys/partitioner';
import { input, type SplitRule } from '../../plan/node';
import type { Plan } from '../../plan/program';
import type { StatePlace, StateRule } from '../../plan/state-spec';
import { StorageLevel } from '../../plan/storage-level';
import type { FunctionTable } from '../../rdd/function-table';
import { RDD } from '../../rdd/rdd';
import { narrow } from '../../rdd/shuffle-or-narrow';

/** What the versions of one state have in common. */
export interface StateDefinition {
  readonly place: StatePlace;
  readonly operation: string;
  readonly partitioner: Partitioner;
  readonly rule: (functions: FunctionTable) => StateRule;
  /** The oldest version that may still be needed. */
  readonly keepFrom: () => Time;
}

/** Which version of a state is made, and from which: known when its first job begins. */
export interface VersionOf {
  readonly version: Time;
  readonly previous: () => Time | undefined;
  readonly start: Time;
  /** True for a window with a batch that failed: only the file of this batch is written, for the windows after it. */
  readonly alone: () => boolean;
  /** The dataset that made the previous version: the executors that ran it have the table in memory. */
  readonly besides: StateUpdateRDD | undefined;
}

/** Evicted last: these partitions are small, and they tell where the tables are. */
const priority = 1_000_000;

/**
 * Makes one version of the state from the previous one. Its inputs are partitioned alike: the batch, and for the first version the
 * initial pairs. It is persisted, so that the version is made once, later ones run where it is, and the session knows what is done.
 */
export class StateUpdateRDD extends RDD<unknown> {
  readonly version: Time;
  readonly definition: StateDefinition;
  readonly #of: Omit<VersionOf, 'besides'>;
  readonly #besides: number | undefined;

  constructor(definition: StateDefinition, inputs: readonly RDD<unknown>[], { besides, ...of }: VersionOf) {
    super(inputs[0].context, definition.operation, inputs.map(narrow));
    this.definition = definition;
    this.version = of.version;
    this.#of = of;
    this.#besides = besides?.id;
    this.persist(StorageLevel.MEMORY_ONLY_SER, { priority });
  }

  protected countPartitions(): number {
    return this.definition.partitioner.numPartitions;
  }

  override get besides(): number | undefined {
    return this.#besides;
  }

  fragment(functions: FunctionTable): Plan {
    const { place, operation, rule, keepFrom } = this.definition;
    const { version, start, previous, alone } = this.#of;
    const step = {
      place,
      operation,
      version,
      start,
      previous: previous(),
      alone: alone(),
      keepFrom: keepFrom(),
      rule: rule(functions),
    };
    return { op: 'stateUpdate', step, inputs: this.dependencies.map((_, i) => input(i)) };
  }

  splits(): SplitRule {
    return { kind: 'beside' };
  }

  /** Whether every partition of the version is made. */
  get isMade(): boolean {
    return this.context.storageOf(this).partitions >= this.numPartitions;
  }
}

/** The pairs [key, state] of all keys, as they are after one batch. */
export class StateReadRDD extends RDD<[unknown, unknown]> {
  constructor(update: StateUpdateRDD) {
    super(update.context, update.operation, [narrow(update)]);
  }

  get #update(): StateUpdateRDD {
    return this.dependencies[0].rdd as StateUpdateRDD;
  }

  protected countPartitions(): number {
    return this.#update.numPartitions;
  }

  override get partitioner(): Partitioner {
    return this.#update.definition.partitioner;
  }

  fragment(functions: FunctionTable): Plan {
    const { place, operation, rule } = this.#update.definition;
    const read = { place, operation, version: this.#update.version, rule: rule(functions) };
    return { op: 'stateRead', read, input: input(0) };
  }

  splits(): SplitRule {
    return { kind: 'same' };
  }
}
