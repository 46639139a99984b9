// The partitions of several datasets one after the other, duplicates kept.
import type { Context } from '../context';
import type { Plan, Split } from '../plan/program';
import type { PlanBuilder, SplitBuilder } from '../planner/plan-builder';
import { narrow } from './dependency';
import { RDD } from './rdd';
import { AlignedUnionRDD } from './zipped';

class UnionRDD<T> extends RDD<T> {
  constructor(context: Context, inputs: readonly RDD<T>[]) {
    super(context, 'union', inputs.map(narrow));
  }

  get #inputs(): readonly RDD<unknown>[] {
    return this.dependencies.map(({ rdd }) => rdd);
  }

  protected countPartitions(): number {
    return this.#inputs.reduce((n, rdd) => n + rdd.numPartitions, 0);
  }

  /** Which input holds a partition, and which of its partitions it is. */
  #locate(index: number): [input: number, partition: number] {
    const inputs = this.#inputs;
    let left = index;
    let input = 0;
    while (left >= inputs[input].numPartitions) left -= inputs[input++].numPartitions;
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
