// One partition of a dataset as a dataset.
import { input, type SplitRule } from '../plan/node';
import type { Plan } from '../plan/program';
import { RDD } from './rdd';
import { narrow } from './shuffle-or-narrow';

export class PickedRDD<T> extends RDD<T> {
  readonly #partition: number;

  constructor(parent: RDD<T>, operation: string, partition: number) {
    super(parent.context, operation, [narrow(parent)]);
    this.#partition = partition;
  }

  protected countPartitions(): number {
    return 1;
  }

  fragment(): Plan {
    return { op: 'choose', inputs: [input(0)] };
  }

  splits(): SplitRule {
    return { kind: 'one', partition: this.#partition };
  }
}
