// Actions that run while the session goes on, and that can be stopped by themselves.

import { MillraceError } from '../base/errors';
import { withSignal } from '../base/flow';
import type { ConcurrencyOptions } from '../plan/concurrency';
import { RDD } from '../rdd/rdd';

/** The promise of an action's answer, with a way to stop its jobs. */
export interface AsyncAction<T> extends Promise<T> {
  /** Stops the jobs of this action and no others; its promise rejects with JOB_CANCELLED unless it was settled. */
  cancel(): void;
}

declare module '../rdd/rdd' {
  interface RDD<T> {
    /**
     * `count` that can be cancelled.
     * @example await sc.range(5).countAsync() // 5
     */
    countAsync(): AsyncAction<number>;
    /**
     * `collect` that can be cancelled.
     * @example await sc.range(3).collectAsync() // [0, 1, 2]
     */
    collectAsync(): AsyncAction<T[]>;
    /**
     * `take` that can be cancelled.
     * @example await sc.range(100).takeAsync(2) // [0, 1]
     */
    takeAsync(n: number): AsyncAction<T[]>;
    /**
     * `foreach` that can be cancelled.
     * @example await sc.range(3).foreachAsync(x => { x + 1; })
     */
    foreachAsync(f: (element: T) => unknown, options?: ConcurrencyOptions): AsyncAction<void>;
    /**
     * `foreachPartition` that can be cancelled.
     * @example await sc.range(3).foreachPartitionAsync(() => {})
     */
    foreachPartitionAsync(f: (partition: IterableIterator<T>) => unknown): AsyncAction<void>;
  }
}

function start<T>(action: () => Promise<T>): AsyncAction<T> {
  const controller = new AbortController();
  const { signal } = controller;
  const cancelled = new Promise<never>((_, reject) => {
    // At once: what the action waits for may be work for others too, which goes on.
    const stop = () => reject(new MillraceError('JOB_CANCELLED', { reason: ` by ${signal.reason}` }));
    signal.addEventListener('abort', stop, { once: true });
  });
  const answer = Promise.race([withSignal(signal, action), cancelled]);
  const cancel = () => {
    // Who cancels need not wait for the rejection.
    answer.catch(() => {});
    controller.abort('its cancel()');
  };
  return Object.assign(answer, { cancel });
}

RDD.prototype.countAsync = function () {
  return start(() => this.count());
};

RDD.prototype.collectAsync = function () {
  return start(() => this.collect());
};

RDD.prototype.takeAsync = function (n) {
  return start(() => this.take(n));
};

RDD.prototype.foreachAsync = function (f, options) {
  return start(() => this.foreach(f, options));
};

RDD.prototype.foreachPartitionAsync = function (f) {
  return start(() => this.foreachPartition(f));
};
