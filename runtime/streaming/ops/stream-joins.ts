// Joins of streams, batch by batch: with another stream, or with a dataset that is the same for all batches.

import type { Partitioning } from '../../ops/pairs';
import { DStream } from '../graph/dstream';
import { batchwise, type Other } from './batchwise';

declare module '../graph/dstream' {
  interface DStream<T> {
    /**
     * Joins batch by batch with another stream, a window of one, or a dataset that is the same for all batches.
     * @example await check.outputOf([[['a', 1]]], s => s.join(s.mapValues(n => n + 1))) // [[['a', [1, 2]]]]
     */
    join<K, V, W>(this: DStream<[K, V]>, other: Other<[K, W]>, partitioning?: Partitioning): DStream<[K, [V, W]]>;
    /**
     * Every pair of the left; undefined where the batch of the right has no such key.
     * @example await check.outputOf([[['a', 1]]], s => s.leftOuterJoin(s.filter(() => false)).mapValues(([left]) => left)) // [[['a', 1]]]
     */
    leftOuterJoin<K, V, W>(
      this: DStream<[K, V]>,
      other: Other<[K, W]>,
      partitioning?: Partitioning,
    ): DStream<[K, [V, W | undefined]]>;
    /**
     * Every pair of the right; undefined where the batch of the left has no such key.
     * @example await check.outputOf([[['a', 1]]], s => s.filter(() => false).rightOuterJoin(s).mapValues(([, right]) => right)) // [[['a', 1]]]
     */
    rightOuterJoin<K, V, W>(
      this: DStream<[K, V]>,
      other: Other<[K, W]>,
      partitioning?: Partitioning,
    ): DStream<[K, [V | undefined, W]]>;
    /**
     * Every pair of both; undefined where the other has no such key.
     * @example await check.outputOf([[['a', 1]]], s => s.fullOuterJoin(s.mapValues(n => n + 1))) // [[['a', [1, 2]]]]
     */
    fullOuterJoin<K, V, W>(
      this: DStream<[K, V]>,
      other: Other<[K, W]>,
      partitioning?: Partitioning,
    ): DStream<[K, [V | undefined, W | undefined]]>;
    /**
     * For each key the values of both batches.
     * @example await check.outputOf([[['a', 1]]], s => s.cogroup(s).mapValues(([left, right]) => [...left, ...right].length)) // [[['a', 2]]]
     */
    cogroup<K, V, W>(this: DStream<[K, V]>, other: Other<[K, W]>, partitioning?: Partitioning): DStream<[K, [V[], W[]]]>;
  }
}

for (const operation of ['join', 'leftOuterJoin', 'rightOuterJoin', 'fullOuterJoin', 'cogroup'])
  Object.defineProperty(DStream.prototype, operation, { value: batchwise(operation) });
