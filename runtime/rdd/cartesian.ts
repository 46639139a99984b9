// Every pair of an element of one dataset and one of another: a partition for each pair of partitions.
import { input, type SplitRule } from '../plan/node';
import type { Plan } from '../plan/program';
import { RDD } from './rdd';
import { narrow } from './shuffle-or-narrow';

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

  fragment(): Plan {
    return { op: 'cartesian', inputs: [input(0), input(1)] };
  }

  splits(): SplitRule {
    return { kind: 'pairs' };
  }
}
