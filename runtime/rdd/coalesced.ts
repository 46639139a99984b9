// Fewer partitions without a shuffle: each reads several neighbouring parent partitions, in order.
import { input, type SplitRule } from '../plan/node';
import type { Plan } from '../plan/program';
import { RDD } from './rdd';
import { narrow } from './shuffle-or-narrow';

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

  fragment(): Plan {
    return { op: 'concat', input: input(0) };
  }

  splits(): SplitRule {
    return { kind: 'neighbours' };
  }
}
