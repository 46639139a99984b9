// The queue of batches: they run one after another, in the order of their times. Making new batches never waits for it.

import { checkWhole } from '../../base/arguments';
import { timeText } from '../../base/duration';
import { withSignal } from '../../base/flow';
import type { Clock } from '../../base/time';
import type { StreamingListenerBus } from '../graph/listener';
import type { Output } from '../graph/output';
import type { Batch } from './batch';
import { Lanes } from './output-lanes';
import type { OutputRun, Told } from './output-run';

/** Milliseconds between two messages about what a stop waits for. */
const waitMs = 5000;

/** So many waiting batches are reported, then ten times as many; anew once none waits. */
const firstBacklog = 10;

/** The greatest number of outputs of a batch that run at the same time. */
const mostAtOnce = 1000;

export interface BatchQueueOptions {
  /** How many outputs of a batch run at a time. */
  readonly width: number;
  readonly clock: Clock;
  /** Tells the user something. */
  readonly told: Told;
  readonly bus: StreamingListenerBus;
  /** Awaited before the first job of a batch. */
  readonly ready: (batch: Batch) => void | Promise<void>;
  /** Awaited for each batch whose outputs have all ended, in order; where none is behind, before the next batch starts. */
  readonly done: (batch: Batch) => void | Promise<void>;
  /** Called for each batch when its outputs have ended, or are left to be tried again; where all have ended, after `done`. */
  readonly report: (batch: Batch) => void;
  /** An output failed and wants the streams to stop; its batch is not done. */
  readonly halt: () => void;
}

export class BatchQueue {
  readonly #waiting: Batch[] = [];
  readonly #width: number;
  readonly #bus: StreamingListenerBus;
  readonly #clock: Clock;
  readonly #told: Told;
  readonly #ready: BatchQueueOptions['ready'];
  readonly #done: BatchQueueOptions['done'];
  readonly #report: BatchQueueOptions['report'];
  readonly #halt: BatchQueueOptions['halt'];
  readonly #lanes: Lanes;
  /** Batches that have run and are not done: an output of the first is tried again. */
  readonly #open: Batch[] = [];
  #closing: Promise<void> = Promise.resolve();
  #closed = () => {};
  #isHalted = false;
  #abort = new AbortController();
  #running: Promise<void> | undefined;
  #current: Batch | undefined;
  #nextBacklog = firstBacklog;

  constructor({ width, clock, told, bus, ready, done, report, halt }: BatchQueueOptions) {
    this.#report = report;
    this.#clock = clock;
    this.#lanes = new Lanes(clock, () => void this.#close());
    this.#halt = halt;
    this.#told = told;
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
    this.#tellBacklog();
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** A stream that falls behind must not do so in silence. */
  #tellBacklog(): void {
    if (this.#waiting.length < this.#nextBacklog) return;
    const since = timeText(this.#waiting[0].time);
    this.#told(`batches come faster than they are processed: ${this.#waiting.length} wait, the oldest of ${since}`);
    this.#nextBacklog *= 10;
  }

  async #run(): Promise<void> {
    // A tick makes all its datasets before its first job starts.
    await Promise.resolve();
    for (let batch = this.#waiting.shift(); batch; batch = this.#waiting.shift()) {
      const { signal } = this.#abort;
      const next = batch;
      await this.#ready(next);
      if (signal.aborted || this.#isHalted) break;
      this.#current = next;
      await next.run(this.#width, () => this.#waiting.length, this.#bus, this.#lanes);
      this.#current = undefined;
      if (this.#waiting.length === 0) this.#nextBacklog = firstBacklog;
      this.#open.push(next);
      // An output that is behind keeps nobody from seeing how the others do.
      if (!next.isOver || this.#open.length > 1) this.#report(next);
      await this.#close();
    }
  }

  /** Ends the batches whose outputs have ended, up to the first that has one which is tried again. */
  #close(): Promise<void> {
    const { signal } = this.#abort;
    this.#closing = this.#closing.then(async () => {
      for (let [next] = this.#open; next?.isOver && !signal.aborted && !this.#isHalted; [next] = this.#open) {
        const { halting } = next;
        this.#isHalted = halting !== undefined;
        if (halting) return this.#stop(halting);
        this.#open.shift();
        const ended = next;
        // Jobs that complete its states end with a cancel.
        await withSignal(signal, () => this.#done(ended));
        this.#report(ended);
        if (this.#open.length === 0) this.#closed();
      }
    });
    return this.#closing;
  }

  #stop({ doing, info }: OutputRun): void {
    this.#told(`${doing} failed, and the streams stop as its onFailure says`, info.failure);
    this.#halt();
  }

  /** Resolves when nothing runs and nothing waits but what failed and is tried again later. */
  async idle(): Promise<void> {
    do {
      while (this.#running) await this.#running;
      await this.#lanes.idle();
      await this.#closing;
    } while (this.#running);
  }

  /** Resolves when all submitted batches are done, those that are tried again included, or cancelled. */
  async caughtUp(): Promise<void> {
    for (await this.idle(); this.#open.length > 0; await this.idle()) {
      await new Promise<void>((resolve) => {
        this.#closed = resolve;
      });
    }
  }

  /** As `idle`, and tells again and again which outputs that waits for. What failed is tried once more. */
  async finished(): Promise<void> {
    const cancel = this.#tellLater();
    await this.idle();
    await this.#lanes.last();
    await this.idle();
    cancel();
    for (const run of this.#open.flatMap((batch) => batch.resting)) this.#told(`${run.doing} failed`, run.info.failure);
  }

  #tellLater(): () => void {
    let cancel = this.#clock.after(waitMs, () => {
      const outputs = this.atWork.map(({ doing }) => doing).join(', ');
      const more = this.waiting > 0 ? `, and ${this.waiting} more batches wait` : '';
      if (outputs !== '') this.#told(`the stop waits for ${outputs}${more}; a second stop() or .stop cancels them`);
      cancel = this.#tellLater();
    });
    return () => cancel();
  }

  /** The outputs that are at work. */
  get atWork(): readonly OutputRun[] {
    return [...this.#open, ...(this.#current ? [this.#current] : [])].flatMap((batch) => batch.running);
  }

  /** An output was stopped: later batches do without it. */
  drop(output: Output): void {
    for (const batch of [...this.#open, ...this.#waiting, ...(this.#current ? [this.#current] : [])]) batch.drop(output);
    this.#lanes.wake(output);
  }

  /** Drops what waits and cancels what runs; what does not end then is left behind. */
  async cancel(): Promise<void> {
    this.#waiting.length = 0;
    this.#abort.abort();
    for (const batch of [...this.#open, ...(this.#current ? [this.#current] : [])]) batch.cancel();
    await this.idle();
    this.#lanes.clear();
    this.#open.length = 0;
    this.#closed();
    this.#abort = new AbortController();
  }
}
