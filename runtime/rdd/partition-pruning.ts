// A dataset of which only some partitions are read; the others are empty, and every key stays where its partitioner puts it.

import type { Partitioner } from '../keys/partitioner';
import { input, type SplitRule } from '../plan/node';
import type { Plan } from '../plan/program';
import { RDD } from './rdd';
import { narrow } from './shuffle-or-narrow';

export class PrunedRDD<T> extends RDD<T> {
  readonly #reads: (partition: number) => boolean;

  /** `reads` is asked before the first job: the ranges of a sort are known by then. */
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

  fragment(): Plan {
    return { op: 'choose', inputs: [{ op: 'empty' }, input(0)] };
  }

  splits(): SplitRule {
    const all = Array.from({ length: this.numPartitions }, (_, i) => i);
    return { kind: 'some', reads: all.filter((partition) => this.#reads(partition)) };
  }
}
