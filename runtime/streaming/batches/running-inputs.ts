// The running sources of a streaming context: starts them, limits their rate, and stops those that no output reads any more.

import type { Attempt } from '../graph/display';
import type { InputDStream } from '../graph/input';
import type { BatchInfo } from '../graph/listener';
import type { Backpressure } from './backpressure';

export class RunningInputs {
  readonly #started = new Set<InputDStream<unknown>>();
  readonly #backpressure: Backpressure | undefined;
  readonly #attempt: Attempt;

  constructor(backpressure: Backpressure | undefined, attempt: Attempt) {
    this.#backpressure = backpressure;
    this.#attempt = attempt;
  }

  /** Starts the inputs that do not run yet. */
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

  /** Stops the inputs that are not in `read`. What they have given to batches stays as long as these need it. */
  stopAllBut(read: readonly InputDStream<unknown>[]): void {
    const stay = new Set(read);
    for (const input of this.#started) {
      if (stay.has(input)) continue;
      this.#started.delete(input);
      void this.#attempt(`stopping ${input.name}`, () => input.stop(false));
    }
  }

  /** Adjusts the rates of the sources to the duration of a batch. */
  adjustRates(batch: BatchInfo): void {
    void this.#attempt('limiting the sources', () => this.#backpressure?.completed(batch, this.#started));
  }

  /** Stops all inputs one after another; a graceful stop first hands over what was received. */
  async stop(graceful: boolean): Promise<void> {
    for (const input of this.#started) await this.#attempt(`stopping ${input.name}`, () => input.stop(graceful));
  }
}
