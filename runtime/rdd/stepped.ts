// A dataset that is one narrow step on another, partition by partition: map, filter, flatMap, mapPartitions, sample.

import type { Partitioner } from '../keys/partitioner';
import type { Plan, Split } from '../plan/program';
import type { PlanBuilder, SplitBuilder } from '../planner/plan-builder';
import { narrow } from './dependency';
import { RDD } from './rdd';

export interface Step {
  readonly operation: string;
  /** The step on top of the parent's plan. */
  readonly plan: (input: Plan, builder: PlanBuilder) => Plan;
  /** Keys stay where they are: the partitioner is kept. */
  readonly keepsPartitioner?: boolean;
}

export class SteppedRDD<T> extends RDD<T> {
  readonly #step: Step;

  constructor(parent: RDD<unknown>, step: Step) {
    super(parent.context, step.operation, [narrow(parent)]);
    this.#step = step;
  }

  get #parent(): RDD<unknown> {
    return this.dependencies[0].rdd;
  }

  protected countPartitions(): number {
    return this.#parent.numPartitions;
  }

  override get partitioner(): Partitioner | undefined {
    return this.#step.keepsPartitioner ? this.#parent.partitioner : undefined;
  }

  fragment(builder: PlanBuilder): Plan {
    return this.#step.plan(builder.plan(this.#parent), builder);
  }

  split(index: number, builder: SplitBuilder): Split {
    return builder.split(this.#parent, index);
  }
}

/** `zipWithIndex`: each element with its number, counted from the partition's offset. */
export class IndexedRDD<T> extends RDD<[T, number]> {
  #offsets: readonly number[] = [];

  /** `countPartitions` answers the number of elements of each partition but the last; it is asked before the first job. */
  constructor(parent: RDD<T>, countPartitions: () => Promise<number[]>) {
    super(parent.context, 'zipWithIndex', [narrow(parent)]);
    this.beforeFirstJob(async () => {
      const offsets = [0];
      for (const n of await countPartitions()) offsets.push(offsets[offsets.length - 1] + n);
      this.#offsets = offsets;
    });
  }

  get #parent(): RDD<unknown> {
    return this.dependencies[0].rdd;
  }

  protected countPartitions(): number {
    return this.#parent.numPartitions;
  }

  fragment(builder: PlanBuilder): Plan {
    return { op: 'zipWithIndex', input: builder.plan(this.#parent) };
  }

  split(index: number, builder: SplitBuilder): Split {
    return { kind: 'node', index, number: this.#offsets[index], inputs: [builder.split(this.#parent, index)] };
  }
}
