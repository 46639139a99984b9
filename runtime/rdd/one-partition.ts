// One partition of a dataset as a dataset.
import type { Plan, Split } from '../plan/program';
import type { PlanBuilder, SplitBuilder } from '../planner/plan-builder';
import { narrow } from './dependency';
import { RDD } from './rdd';

export class PickedRDD<T> extends RDD<T> {
  readonly #partition: number;

  constructor(parent: RDD<T>, operation: string, partition: number) {
    super(parent.context, operation, [narrow(parent)]);
    this.#partition = partition;
  }

  get #parent(): RDD<unknown> {
    return this.dependencies[0].rdd;
  }

  protected countPartitions(): number {
    return 1;
  }

  override narrowParents(): readonly (readonly [RDD<unknown>, number])[] {
    return [[this.#parent, this.#partition]];
  }

  fragment(builder: PlanBuilder): Plan {
    return { op: 'choose', inputs: [builder.plan(this.#parent)] };
  }

  split(index: number, builder: SplitBuilder): Split {
    return { kind: 'node', index, number: 0, inputs: [builder.split(this.#parent, this.#partition)] };
  }
}
