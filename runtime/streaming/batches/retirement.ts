// Stopped sources: each keeps its blocks until the last batch that reads them is done.
import type { Time } from '../../base/duration';
import type { InputDStream } from '../graph/input';

export class Retirement {
  readonly #waiting = new Map<InputDStream<unknown>, Time>();

  /** `last` is the last batch that may read it. */
  add(input: InputDStream<unknown>, last: Time): void {
    this.#waiting.set(input, last);
  }

  /** All batches up to this one are done. */
  completed(time: Time): void {
    for (const [input, last] of this.#waiting) {
      if (last > time) continue;
      this.#waiting.delete(input);
      input.forgetBefore(Number.POSITIVE_INFINITY);
    }
  }
}
