// `queueStream`: batches that the program puts into a queue; for tests, demonstrations and input by hand.

import type { Time } from '../../base/duration';
import type { RDD } from '../../rdd/rdd';
import type { StreamHost } from '../graph/host';
import { type BatchInput, InputDStream } from '../graph/input';

/** Each batch takes the oldest element of a queue, or all; the elements are datasets or arrays. */
export class QueueInputDStream<T> extends InputDStream<T> {
  readonly #queue: (RDD<T> | readonly T[])[];
  readonly #oneAtATime: boolean;
  readonly #taken = new Map<Time, readonly (RDD<T> | readonly T[])[]>();

  constructor(host: StreamHost, queue: (RDD<T> | readonly T[])[], oneAtATime: boolean) {
    super(host, 'queueStream');
    this.#queue = queue;
    this.#oneAtATime = oneAtATime;
  }

  start(): void {}

  stop(): void {}

  protected take(time: Time): BatchInput {
    const entries = this.#queue.splice(0, this.#oneAtATime ? 1 : this.#queue.length);
    this.#taken.set(time, entries);
    const records = entries.every(Array.isArray) ? entries.reduce((sum, e) => sum + (e as readonly T[]).length, 0) : undefined;
    return { records, reads: entries.length };
  }

  protected datasetOf(time: Time): RDD<T> | undefined {
    const { sc } = this.host;
    const rdds = (this.#taken.get(time) ?? []).map((e) => (Array.isArray(e) ? sc.parallelize(e as readonly T[]) : (e as RDD<T>)));
    return rdds.length === 1 ? rdds[0] : sc.union(rdds);
  }

  override forgetBefore(time: Time): void {
    super.forgetBefore(time);
    for (const at of this.#taken.keys()) if (at <= time - this.keeps) this.#taken.delete(at);
  }
}
