// Datasets whose partition i is made of partition i of several others: zip, zipPartitions, and a union of datasets partitioned alike.

import type { Partitioner } from '../keys/partitioner';
import { input, type SplitRule } from '../plan/node';
import type { Plan } from '../plan/program';
import type { FunctionArgument } from './function-argument';
import type { FunctionTable } from './function-table';
import { RDD } from './rdd';
import { narrow } from './shuffle-or-narrow';

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

  /** What stands for the plan of each input. */
  protected get placeholders(): Plan[] {
    return this.inputs.map((_, i) => input(i));
  }

  splits(): SplitRule {
    return { kind: 'beside' };
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

  fragment(functions: FunctionTable): Plan {
    return { op: 'zipPartitions', name: this.operation, f: functions.function(this.#f), inputs: this.placeholders };
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

  fragment(): Plan {
    return { op: 'merge', inputs: this.placeholders };
  }
}
