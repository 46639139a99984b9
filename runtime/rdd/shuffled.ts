// Pairs brought together by key: read as they come, combined, grouped, or cogrouped with other datasets.
import { callOf } from '../base/call';
import type { Context } from '../context';
import type { Partitioner } from '../keys/partitioner';
import type { Plan, Split } from '../plan/program';
import type { PlanBuilder, SplitBuilder } from '../planner/plan-builder';
import type { Dependency, ShuffleDependency } from './dependency';
import type { FunctionArgument } from './function-argument';
import { RDD } from './rdd';

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

/** Depends on a dataset narrowly where its keys already lie as wanted, else by a shuffle. */
export function dependOn(
  rdd: RDD<unknown>,
  partitioner: Partitioner,
  operation: string,
  combine?: ShuffleDependency['combine'],
): Dependency {
  if (rdd.partitioner?.equals(partitioner)) return { kind: 'narrow', rdd };
  const shuffle: ShuffleDependency = {
    kind: 'shuffle',
    rdd,
    shuffleId: rdd.context.nextShuffleId(),
    partitioner,
    operation,
    call: callOf(dependOn),
    combine,
  };
  rdd.context.noteShuffle(shuffle);
  return shuffle;
}

const planOf = (dependency: Dependency, builder: PlanBuilder): Plan =>
  dependency.kind === 'narrow' ? builder.plan(dependency.rdd) : { op: 'shuffleRead', shuffleId: dependency.shuffleId };

const splitOf = (dependency: Dependency, index: number, builder: SplitBuilder): Split =>
  dependency.kind === 'narrow' ? builder.split(dependency.rdd, index) : builder.buckets(dependency.shuffleId, index);

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

  fragment(builder: PlanBuilder): Plan {
    const input = planOf(this.dependencies[0], builder);
    const gather = this.#gather;
    switch (gather.kind) {
      case 'read':
        return input;
      case 'group':
        return { op: 'group', input };
      case 'combine':
        return {
          op: 'combine',
          name: this.operation,
          create: gather.create && builder.function(gather.create),
          merge: builder.function(gather.merge),
          join: gather.join && builder.function(gather.join),
          input,
        };
    }
  }

  split(index: number, builder: SplitBuilder): Split {
    return splitOf(this.dependencies[0], index, builder);
  }
}

/** How several inputs come together: all values of a key side by side, or every pair of two of them. */
export type Meeting = { readonly kind: 'cogroup' } | { readonly kind: 'join'; readonly left: boolean; readonly right: boolean };

/** Several inputs brought together by key: rows [key, [values of input 0, …]], or [key, [left value, right value]]. */
export class CoGroupedRDD<T> extends RDD<T> {
  readonly #partitioner: Partitioner;
  readonly #meeting: Meeting;

  constructor(context: Context, operation: string, inputs: readonly RDD<unknown>[], partitioner: Partitioner, meeting: Meeting) {
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

  fragment(builder: PlanBuilder): Plan {
    const inputs = this.dependencies.map((d) => planOf(d, builder));
    const meeting = this.#meeting;
    if (meeting.kind === 'cogroup') return { op: 'cogroup', inputs };
    return { op: 'join', left: meeting.left, right: meeting.right, inputs: [inputs[0], inputs[1]] };
  }

  split(index: number, builder: SplitBuilder): Split {
    return { kind: 'node', index, inputs: this.dependencies.map((d) => splitOf(d, index, builder)) };
  }
}
