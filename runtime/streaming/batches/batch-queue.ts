// The queue of batches: they run one after another, in the order of their times. Making new batches never waits for it.

import { checkWhole } from '../../base/arguments';
import { withSignal } from '../../base/flow';
import type { StreamingListenerBus } from '../graph/listener';
import type { Batch } from './batch';

/** The greatest number of outputs of a batch that run at the same time. */
const mostAtOnce = 1000;

export class BatchQueue {
  readonly #waiting: Batch[] = [];
  readonly #width: number;
  readonly #bus: StreamingListenerBus;
  readonly #ready: (batch: Batch) => void | Promise<void>;
  readonly #done: (batch: Batch) => void | Promise<void>;
  #abort = new AbortController();
  #running: Promise<void> | undefined;

  /** Runs `width` outputs of a batch at a time. Awaits `ready` before its first job, and `done` before the next batch starts. */
  constructor(
    width: number,
    bus: StreamingListenerBus,
    ready: (batch: Batch) => void | Promise<void>,
    done: (batch: Batch) => void | Promise<void>,
  ) {
    this.#width = checkWhole(width, 1, mostAtOnce, {
      operation: 'StreamingContext',
      argument: 'concurrentJobs',
      remedy: 'Leave it out for one output of a batch at a time, as Spark does.',
    });
    this.#bus = bus;
    this.#ready = ready;
    this.#done = done;
  }

  /** Batches that have not started. */
  get waiting(): number {
    return this.#waiting.length;
  }

  submit(batch: Batch): void {
    this.#waiting.push(batch);
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async #run(): Promise<void> {
    // A tick makes all its datasets before its first job starts.
    await Promise.resolve();
    for (let batch = this.#waiting.shift(); batch; batch = this.#waiting.shift()) {
      const { signal } = this.#abort;
      const next = batch;
      await this.#ready(next);
      if (signal.aborted) break;
      await withSignal(signal, () => next.run(this.#width, () => this.#waiting.length, this.#bus));
      if (!signal.aborted) await this.#done(next);
    }
  }

  /** Resolves when nothing runs and nothing waits. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  /** Drops what waits and cancels what runs. */
  async cancel(): Promise<void> {
    this.#waiting.length = 0;
    this.#abort.abort();
    await this.idle();
    this.#abort = new AbortController();
  }
}
