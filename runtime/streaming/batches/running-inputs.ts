// The sources of a streaming context that are read: when each starts, how fast it may be, and when it ends because nothing reads it any more.

import type { Time } from '../../base/duration';
import type { InputDStream } from '../graph/input';
import type { BatchInfo } from '../graph/listener';
import type { Backpressure } from './backpressure';
import { Retirement } from './retirement';

/** Does something to a source; what fails is told, and ends nothing else. */
type Attempt = (what: string, f: () => void | Promise<void>) => Promise<void>;

export class RunningInputs {
  readonly #started = new Set<InputDStream<unknown>>();
  readonly #retired = new Retirement();
  readonly #backpressure: Backpressure | undefined;
  readonly #attempt: Attempt;

  constructor(backpressure: Backpressure | undefined, attempt: Attempt) {
    this.#backpressure = backpressure;
    this.#attempt = attempt;
  }

  /** Starts those of `inputs` that do not run yet. */
  start(inputs: readonly InputDStream<unknown>[]): void {
    for (const input of inputs) {
      if (this.#started.has(input)) continue;
      this.#started.add(input);
      void this.#attempt(`starting ${input.name}`, async () => {
        const started = input.start();
        this.#backpressure?.started(input);
        await started;
      });
    }
  }

  /** Ends those that are not among `read`; what they gave is kept until `last`, the last batch that may read it, is done. */
  stopAllBut(read: readonly InputDStream<unknown>[], last: Time): void {
    const stay = new Set(read);
    for (const input of this.#started) {
      if (stay.has(input)) continue;
      this.#started.delete(input);
      this.#retired.add(input, last);
      void this.#attempt(`stopping ${input.name}`, () => input.stop(false));
    }
  }

  /** All batches up to this one are done: nobody reads any more what ended sources gave them. */
  doneUpTo(time: Time): void {
    this.#retired.completed(time);
  }

  /** Sets the rates of the sources by how long a batch took. */
  adjustRates(batch: BatchInfo): void {
    this.#backpressure?.completed(batch, this.#started);
  }

  /** Ends all of them, one after the other; gracefully, what has come is handed over first. */
  async stop(graceful: boolean): Promise<void> {
    for (const input of this.#started) await this.#attempt(`stopping ${input.name}`, () => input.stop(graceful));
  }
}
