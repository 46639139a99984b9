// Datasets whose partition i is made of partition i of several others: zip, zipPartitions, and a union of datasets partitioned alike.

import type { Partitioner } from '../keys/partitioner';
import type { Plan, Split } from '../plan/program';
import type { PlanBuilder, SplitBuilder } from '../planner/plan-builder';
import { narrow } from './dependency';
import type { FunctionArgument } from './function-argument';
import { RDD } from './rdd';

/** All inputs have equally many partitions. */
abstract class SideBySideRDD<T> extends RDD<T> {
  constructor(operation: string, inputs: readonly RDD<unknown>[]) {
    super(inputs[0].context, operation, inputs.map(narrow));
  }

  protected get inputs(): readonly RDD<unknown>[] {
    return this.dependencies.map(({ rdd }) => rdd);
  }

  protected countPartitions(): number {
    return this.inputs[0].numPartitions;
  }

  split(index: number, builder: SplitBuilder): Split {
    return { kind: 'node', index, inputs: this.inputs.map((rdd) => builder.split(rdd, index)) };
  }
}

/** One iterator for each input through a function. */
export class ZippedPartitionsRDD<T> extends SideBySideRDD<T> {
  readonly #f: FunctionArgument;
  readonly #keepsPartitioner: boolean;

  constructor(operation: string, inputs: readonly RDD<unknown>[], f: FunctionArgument, keepsPartitioner = false) {
    super(operation, inputs);
    this.#f = f;
    this.#keepsPartitioner = keepsPartitioner;
  }

  override get partitioner(): Partitioner | undefined {
    return this.#keepsPartitioner ? this.inputs.find((rdd) => rdd.partitioner)?.partitioner : undefined;
  }

  fragment(builder: PlanBuilder): Plan {
    const inputs = this.inputs.map((rdd) => builder.plan(rdd));
    return { op: 'zipPartitions', name: this.operation, f: builder.function(this.#f), inputs };
  }
}

/** The union of datasets with equal partitioners keeps it: as Spark's PartitionerAwareUnionRDD. */
export class AlignedUnionRDD<T> extends SideBySideRDD<T> {
  constructor(inputs: readonly RDD<T>[]) {
    super('union', inputs);
  }

  override get partitioner(): Partitioner | undefined {
    return this.inputs[0].partitioner;
  }

  fragment(builder: PlanBuilder): Plan {
    return { op: 'merge', inputs: this.inputs.map((rdd) => builder.plan(rdd)) };
  }
}
