// The partitions of several datasets one after the other, duplicates kept.
import type { Context } from '../context';
import type { Plan, Split } from '../exec/program';
import type { NarrowDependency } from './dependency';
import type { PlanBuilder, SplitBuilder } from './plan-builder';
import { RDD } from './rdd';
import { AlignedUnionRDD } from './zipped';

class UnionRDD<T> extends RDD<T> {
  readonly #inputs: readonly RDD<T>[];
  readonly dependencies: readonly NarrowDependency[];

  constructor(context: Context, inputs: readonly RDD<T>[]) {
    super(context, 'union');
    this.#inputs = inputs;
    this.dependencies = inputs.map((rdd) => ({ kind: 'narrow', rdd }));
  }

  protected countPartitions(): number {
    return this.#inputs.reduce((n, rdd) => n + rdd.numPartitions, 0);
  }

  /** Which input holds a partition, and which of its partitions it is. */
  #locate(index: number): [input: number, partition: number] {
    let left = index;
    let input = 0;
    while (left >= this.#inputs[input].numPartitions) left -= this.#inputs[input++].numPartitions;
    return [input, left];
  }

  override narrowParents(index: number): readonly (readonly [RDD<unknown>, number])[] {
    const [input, partition] = this.#locate(index);
    return [[this.#inputs[input], partition]];
  }

  fragment(builder: PlanBuilder): Plan {
    return { op: 'choose', inputs: this.#inputs.map((rdd) => builder.plan(rdd)) };
  }

  split(index: number, builder: SplitBuilder): Split {
    const [input, partition] = this.#locate(index);
    return { kind: 'node', index, number: input, inputs: [builder.split(this.#inputs[input], partition)] };
  }
}

/** The union of some datasets; where all are partitioned alike it is too. */
export function unionOf<T>(context: Context, inputs: readonly RDD<T>[]): RDD<T> {
  const [first] = inputs;
  const aligned = first.partitioner && inputs.every((rdd) => first.partitioner?.equals(rdd.partitioner));
  return aligned ? new AlignedUnionRDD(inputs) : new UnionRDD(context, inputs);
}
