// The partitions of several datasets one after the other, duplicates kept.
import { input, type SplitRule } from '../plan/node';
import type { Plan } from '../plan/program';
import type { DatasetHost } from './host';
import { RDD } from './rdd';
import { narrow } from './shuffle-or-narrow';
import { AlignedUnionRDD } from './zipped';

class UnionRDD<T> extends RDD<T> {
  constructor(context: DatasetHost, inputs: readonly RDD<T>[]) {
    super(context, 'union', inputs.map(narrow));
  }

  get #inputs(): readonly RDD<unknown>[] {
    return this.dependencies.map(({ rdd }) => rdd);
  }

  protected countPartitions(): number {
    return this.#inputs.reduce((n, rdd) => n + rdd.numPartitions, 0);
  }

  fragment(): Plan {
    return { op: 'choose', inputs: this.#inputs.map((_, i) => input(i)) };
  }

  splits(): SplitRule {
    return { kind: 'union' };
  }
}

/** The union of some datasets; where all are partitioned alike it is too. */
export function unionOf<T>(context: DatasetHost, inputs: readonly RDD<T>[]): RDD<T> {
  const [first] = inputs;
  const aligned = first.partitioner && inputs.every((rdd) => first.partitioner?.equals(rdd.partitioner));
  return aligned ? new AlignedUnionRDD(inputs) : new UnionRDD(context, inputs);
}
