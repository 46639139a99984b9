// Fewer partitions without a shuffle: each reads several neighbouring parent partitions, in order.
import type { Plan, Split } from '../plan/program';
import type { PlanBuilder, SplitBuilder } from '../planner/plan-builder';
import { narrow } from './dependency';
import { RDD } from './rdd';
import { sliceBounds } from './sources';

export class CoalescedRDD<T> extends RDD<T> {
  readonly #most: number;

  constructor(parent: RDD<T>, most: number) {
    super(parent.context, 'coalesce', [narrow(parent)]);
    this.#most = most;
  }

  get #parent(): RDD<unknown> {
    return this.dependencies[0].rdd;
  }

  protected countPartitions(): number {
    return Math.min(this.#most, this.#parent.numPartitions);
  }

  #members(index: number): number[] {
    const [from, to] = sliceBounds(this.#parent.numPartitions, this.numPartitions)(index);
    return Array.from({ length: to - from }, (_, i) => from + i);
  }

  override narrowParents(index: number): readonly (readonly [RDD<unknown>, number])[] {
    return this.#members(index).map((p) => [this.#parent, p] as const);
  }

  fragment(builder: PlanBuilder): Plan {
    return { op: 'concat', input: builder.plan(this.#parent) };
  }

  split(index: number, builder: SplitBuilder): Split {
    return { kind: 'node', index, inputs: this.#members(index).map((p) => builder.split(this.#parent, p)) };
  }
}
