// Pairs brought together by key: read as they come, combined, grouped, or cogrouped with other datasets.
import type { Partitioner } from '../keys/partitioner';
import { input, type SplitRule } from '../plan/node';
import type { Plan } from '../plan/program';
import type { FunctionArgument } from './function-argument';
import type { FunctionTable } from './function-table';
import type { DatasetHost } from './host';
import type { Dependency } from './rdd';
import { RDD } from './rdd';
import { dependOn } from './shuffle-or-narrow';

/** What is made of the pairs of one reduce partition. */
export type Gather =
  | { readonly kind: 'read' }
  | { readonly kind: 'group' }
  | {
      readonly kind: 'combine';
      readonly create?: FunctionArgument;
      readonly merge: FunctionArgument;
      /** Joins two combined values, where `merge` adds a plain one. */
      readonly join?: FunctionArgument;
    };

/** One input, gathered. */
export class ShuffledRDD<T> extends RDD<T> {
  readonly #gather: Gather;
  readonly #partitioner: Partitioner;

  constructor(operation: string, dependency: Dependency, partitioner: Partitioner, gather: Gather) {
    super(dependency.rdd.context, operation, [dependency]);
    this.#gather = gather;
    this.#partitioner = partitioner;
  }

  protected countPartitions(): number {
    return this.#partitioner.numPartitions;
  }

  override get partitioner(): Partitioner {
    return this.#partitioner;
  }

  fragment(functions: FunctionTable): Plan {
    const gather = this.#gather;
    switch (gather.kind) {
      case 'read':
        return input(0);
      case 'group':
        return { op: 'group', input: input(0) };
      case 'combine':
        return {
          op: 'combine',
          name: this.operation,
          create: gather.create && functions.function(gather.create),
          merge: functions.function(gather.merge),
          join: gather.join && functions.function(gather.join),
          input: input(0),
        };
    }
  }

  splits(): SplitRule {
    return { kind: 'same' };
  }
}

/** How several inputs come together: all values of a key side by side, or every pair of two of them. */
export type Meeting = { readonly kind: 'cogroup' } | { readonly kind: 'join'; readonly left: boolean; readonly right: boolean };

/** Several inputs brought together by key: rows [key, [values of input 0, …]], or [key, [left value, right value]]. */
export class CoGroupedRDD<T> extends RDD<T> {
  readonly #partitioner: Partitioner;
  readonly #meeting: Meeting;

  constructor(
    context: DatasetHost,
    operation: string,
    inputs: readonly RDD<unknown>[],
    partitioner: Partitioner,
    meeting: Meeting,
  ) {
    super(
      context,
      operation,
      inputs.map((rdd) => dependOn(rdd, partitioner, operation)),
    );
    this.#partitioner = partitioner;
    this.#meeting = meeting;
  }

  protected countPartitions(): number {
    return this.#partitioner.numPartitions;
  }

  override get partitioner(): Partitioner {
    return this.#partitioner;
  }

  fragment(): Plan {
    const inputs = this.dependencies.map((_, i) => input(i));
    const meeting = this.#meeting;
    if (meeting.kind === 'cogroup') return { op: 'cogroup', inputs };
    return { op: 'join', left: meeting.left, right: meeting.right, inputs: [inputs[0], inputs[1]] };
  }

  splits(): SplitRule {
    return { kind: 'beside' };
  }
}
