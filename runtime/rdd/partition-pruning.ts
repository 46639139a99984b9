// A dataset of which only some partitions are read; the others are empty, and every key stays where its partitioner puts it.

import type { Partitioner } from '../keys/partitioner';
import type { Plan, Split } from '../plan/program';
import type { PlanBuilder, SplitBuilder } from '../planner/plan-builder';
import { narrow } from './dependency';
import { RDD } from './rdd';

/** Which of the inputs of the plan a partition takes. */
const nothing = 0;
const everything = 1;

export class PrunedRDD<T> extends RDD<T> {
  readonly #reads: (partition: number) => boolean;

  /** `reads` is asked when tasks are made: the ranges of a sort are known by then. */
  constructor(parent: RDD<T>, operation: string, reads: (partition: number) => boolean) {
    super(parent.context, operation, [narrow(parent)]);
    this.#reads = reads;
  }

  get #parent(): RDD<unknown> {
    return this.dependencies[0].rdd;
  }

  protected countPartitions(): number {
    return this.#parent.numPartitions;
  }

  override get partitioner(): Partitioner | undefined {
    return this.#parent.partitioner;
  }

  override narrowParents(index: number): readonly (readonly [RDD<unknown>, number])[] {
    return this.#reads(index) ? [[this.#parent, index]] : [];
  }

  fragment(builder: PlanBuilder): Plan {
    return { op: 'choose', inputs: [{ op: 'empty' }, builder.plan(this.#parent)] };
  }

  split(index: number, builder: SplitBuilder): Split {
    if (!this.#reads(index)) return { kind: 'node', index, number: nothing, inputs: [{ kind: 'empty', index }] };
    return { kind: 'node', index, number: everything, inputs: [builder.split(this.#parent, index)] };
  }
}
