// Every pair of an element of one dataset and one of another: a partition for each pair of partitions.
import type { Plan, Split } from '../plan/program';
import type { PlanBuilder, SplitBuilder } from '../planner/plan-builder';
import { narrow } from './dependency';
import { RDD } from './rdd';

export class CartesianRDD<T, U> extends RDD<[T, U]> {
  constructor(left: RDD<T>, right: RDD<U>) {
    super(left.context, 'cartesian', [narrow(left), narrow(right)]);
  }

  get #left(): RDD<unknown> {
    return this.dependencies[0].rdd;
  }

  get #right(): RDD<unknown> {
    return this.dependencies[1].rdd;
  }

  protected countPartitions(): number {
    const partitions = this.#left.numPartitions * this.#right.numPartitions;
    return partitions === 0 ? 0 : this.context.checkPartitions('cartesian', partitions);
  }

  /** The partitions of both that partition `index` pairs, the right ones counting faster. */
  #sides(index: number): [left: number, right: number] {
    const width = this.#right.numPartitions;
    return [Math.floor(index / width), index % width];
  }

  override narrowParents(index: number): readonly (readonly [RDD<unknown>, number])[] {
    const [left, right] = this.#sides(index);
    return [
      [this.#left, left],
      [this.#right, right],
    ];
  }

  fragment(builder: PlanBuilder): Plan {
    return { op: 'cartesian', inputs: [builder.plan(this.#left), builder.plan(this.#right)] };
  }

  split(index: number, builder: SplitBuilder): Split {
    const [left, right] = this.#sides(index);
    return { kind: 'node', index, inputs: [builder.split(this.#left, left), builder.split(this.#right, right)] };
  }
}
