// One output at work on one batch. It ends by itself, or it is left behind: no function of the user's holds up the end of its output.

import { durationText, type Time, timeText } from '../../base/duration';
import { asError } from '../../base/errors';
import { isWithinWork, withCallSite, withProperties, withSignal, withWork } from '../../base/flow';
import { afterMs, type Clock } from '../../base/time';
import { propertyNames } from '../../scheduler/job-record';
import { type FailurePolicy, isTriedAgain, restAfter, skipping } from '../graph/failure-policy';
import type { Work } from '../graph/graph';
import type { OutputInfo } from '../graph/listener';
import type { RunningBatch } from '../graph/output';

/** How long a function may still work once its output or its context has been stopped. */
const endMs = 2000;

/** After this time, and each time it has doubled, the user hears that an output is still at work. */
const longMs = 30_000;

/** What a run tells the user. */
export type Told = (message: string, error?: Error) => void;

export class OutputRun {
  readonly work: Work;
  readonly #time: Time;
  readonly #clock: Clock;
  readonly #told: Told;
  readonly #abort = new AbortController();
  #startedAt: number | undefined;
  #endedAt: number | undefined;
  #failure: Error | undefined;
  #attempts = 0;
  /** It failed, and waits to be tried again. */
  #isResting = false;
  /** Set when nobody wants its result any more. */
  #isEnding = false;
  #leave = () => {};

  constructor(work: Work, time: Time, clock: Clock, told: Told) {
    this.work = work;
    this.#time = time;
    this.#clock = clock;
    this.#told = told;
  }

  get info(): OutputInfo {
    const { output } = this.work;
    const [startedAt, endedAt, failure] = [this.#startedAt, this.#endedAt, this.#failure];
    return { name: output.name, startedAt, endedAt, failure, attempts: this.#attempts };
  }

  /** True once it has been stopped before it began. */
  get isDropped(): boolean {
    return this.#isEnding && this.#startedAt === undefined;
  }

  get isRunning(): boolean {
    return this.#startedAt !== undefined && this.#endedAt === undefined && !this.#isResting;
  }

  /** True once it has ended, or will not begin. */
  get isOver(): boolean {
    return this.#endedAt !== undefined || this.isDropped;
  }

  /** True if it failed for good and its output wants the streams to stop. */
  get halts(): boolean {
    return this.isOver && this.#failure !== undefined && this.#policy.onFailure === 'halt';
  }

  get #policy(): FailurePolicy {
    return this.work.output.policy ?? skipping;
  }

  /** How long it waits before the next try. */
  get restMs(): number {
    return restAfter(this.#policy, this.#attempts);
  }

  /** Whether the code that asks runs on its behalf: a wait for its end would never end. */
  get isCaller(): boolean {
    return this.isRunning && isWithinWork(this);
  }

  begin(): void {
    this.#startedAt ??= this.#clock.now();
    this.#isResting = false;
    this.#failure = undefined;
    this.#attempts++;
  }

  /** Calls the output's function; resolves when that has settled, or is left behind: it is over then, or will be tried again. Never rejects. */
  async run(batch: RunningBatch): Promise<void> {
    const left = new Promise<void>((resolve) => {
      this.#leave = resolve;
    });
    const quiet = this.#watch(longMs);
    const called = withSignal(this.#abort.signal, () => withWork(this, () => this.#call(batch)));
    await Promise.race([called, left]);
    quiet();
    if (this.#mayPass) this.#rest();
    else this.#end();
  }

  /** A pane shows that its figures are old. */
  #mark(failure: Error): void {
    try {
      this.work.output.failed?.(this.#time, failure);
    } catch (error) {
      this.#told(`${this.doing} could not show its failure`, asError(error));
    }
  }

  /** Whether another try is due. */
  get #mayPass(): boolean {
    if (!this.#failure || this.#isEnding || this.work.rdd === undefined) return false;
    return isTriedAgain(this.#policy, this.#attempts, this.#failure);
  }

  #rest(): void {
    this.#isResting = true;
    // Now and then: a disk that stays full must not fill the screen too.
    if (!Number.isInteger(Math.log2(this.#attempts))) return;
    const again = `it is tried again in ${durationText(this.restMs)}, and later batches of it wait`;
    const times = this.#attempts === 1 ? 'failed' : `failed ${this.#attempts} times`;
    this.#told(`${this.doing} ${times}; ${again}`, this.#failure);
  }

  #end(): void {
    this.#isResting = false;
    this.#endedAt = this.#clock.now();
    if (this.#failure) this.#mark(this.#failure);
    if (!this.#failure && this.#attempts > 1 && !this.#isEnding) this.#told(`${this.doing} succeeded at try ${this.#attempts}`);
  }

  async #call(batch: RunningBatch): Promise<void> {
    const { output, rdd, failure } = this.work;
    try {
      if (!rdd) throw failure;
      await withCallSite(output.callSite, () => withProperties(this.#properties, () => output.run(rdd, batch)));
    } catch (error) {
      // What was stopped fails because it was stopped.
      if (!this.#isEnding && this.isRunning) this.#failure = asError(error);
    }
  }

  /** The properties of its jobs: they name the output, and have none of the entry that started the streams. */
  get #properties(): Map<string, string> {
    return new Map([
      [propertyNames.output, this.work.output.name],
      [propertyNames.description, `batch of ${timeText(this.#time)}`],
    ]);
  }

  /** `foreachRDD of lines at the batch of 12:00:05`. */
  get doing(): string {
    return `${this.work.output.name} at the batch of ${timeText(this.#time)}`;
  }

  /** Tells the user of a function that takes long; the answer ends that. */
  #watch(ms: number): () => void {
    let cancel = this.#clock.after(ms, () => {
      const worked = durationText(this.#clock.now() - (this.#startedAt ?? 0));
      const { name } = this.work.output;
      this.#told(
        `${this.doing} has worked for ${worked}, and later batches wait for it: .stop ${name}, or stop() of its handle, ends it`,
      );
      cancel = this.#watch(this.#clock.now() - (this.#startedAt ?? 0));
    });
    return () => cancel();
  }

  /**
   * Its output has been stopped: it may finish what it does, but not for long. With `now` its jobs are cancelled at once, unless its own
   * function asks for that.
   */
  end(now: boolean): void {
    if (this.#isEnding || this.#endedAt !== undefined) return;
    this.#isEnding = true;
    if (this.#isResting) this.#end();
    if (!this.isRunning) return;
    if (now && !this.isCaller) this.#abort.abort();
    afterMs(endMs, () => this.#giveUp());
  }

  #giveUp(): void {
    if (!this.isRunning) return;
    this.#told(`${this.doing} was stopped, but its function has not ended within ${durationText(endMs)}: it is left behind`);
    this.#abort.abort();
    this.#leave();
  }
}
