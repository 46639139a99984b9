// A dataset that is one narrow step on another, partition by partition: map, filter, flatMap, mapPartitions, sample.

import type { Partitioner } from '../keys/partitioner';
import { checksOf } from '../plan/concurrency';
import { input, type SplitRule } from '../plan/node';
import type { Awaits, MapTemplate, Plan } from '../plan/program';
import type { ShippedFunction } from './function-argument';
import type { FunctionTable } from './function-table';
import { RDD } from './rdd';
import { narrow } from './shuffle-or-narrow';

export interface Step {
  readonly operation: string;
  /** The step on top of the parent's plan. */
  readonly plan: (input: Plan, functions: FunctionTable) => Plan;
  /** Keys stay where they are: the partitioner is kept. */
  readonly keepsPartitioner?: boolean;
}

export class SteppedRDD<T> extends RDD<T> {
  readonly #step: Step;

  constructor(parent: RDD<unknown>, step: Step) {
    super(parent.context, step.operation, [narrow(parent)]);
    this.#step = step;
  }

  get #parent(): RDD<unknown> {
    return this.dependencies[0].rdd;
  }

  protected countPartitions(): number {
    return this.#parent.numPartitions;
  }

  override get partitioner(): Partitioner | undefined {
    return this.#step.keepsPartitioner ? this.#parent.partitioner : undefined;
  }

  fragment(functions: FunctionTable): Plan {
    return this.#step.plan(input(0), functions);
  }

  splits(): SplitRule {
    return { kind: 'same' };
  }
}

/** `zipWithIndex`: each element with its number, counted from the partition's offset. */
export class IndexedRDD<T> extends RDD<[T, number]> {
  #offsets: readonly number[] = [];

  /** `countPartitions` answers the number of elements of each partition but the last; it is asked before the first job. */
  constructor(parent: RDD<T>, countPartitions: () => Promise<number[]>) {
    super(parent.context, 'zipWithIndex', [narrow(parent)]);
    this.beforeFirstJob(async () => {
      const offsets = [0];
      for (const n of await countPartitions()) offsets.push(offsets[offsets.length - 1] + n);
      this.#offsets = offsets;
    });
  }

  get #parent(): RDD<unknown> {
    return this.dependencies[0].rdd;
  }

  protected countPartitions(): number {
    return this.#parent.numPartitions;
  }

  fragment(): Plan {
    return { op: 'zipWithIndex', input: input(0) };
  }

  splits(): SplitRule {
    return { kind: 'numbered', offsets: this.#offsets };
  }
}

/** Each element, key or value through a function, by the template of its call. */
export const mapped = <U>(
  rdd: RDD<unknown>,
  operation: string,
  template: MapTemplate,
  f: ShippedFunction,
  awaits: Awaits,
): RDD<U> =>
  new SteppedRDD<U>(rdd, {
    operation,
    keepsPartitioner: template === 'mapValues',
    plan: (input, b) => {
      const calls = { f: b.function(f), ...awaits, ...checksOf(f, awaits) };
      return { op: 'map', template, name: operation, ...calls, input };
    },
  });
