// One batch: what it reads, its outputs, and how long they took.

import type { Time } from '../../base/duration';
import type { Clock } from '../../base/time';
import type { Work } from '../graph/graph';
import type { BatchInfo, InputInfo, OutputInfo, StreamingListenerBus } from '../graph/listener';
import type { Output, RunningBatch } from '../graph/output';
import type { Lanes } from './output-lanes';
import { OutputRun, type Told } from './output-run';

export class Batch {
  readonly time: Time;
  readonly #inputs: readonly InputInfo[];
  readonly #outputs: readonly OutputRun[];
  readonly #clock: Clock;
  readonly #submittedAt: number;
  /** Outputs whose failure was reported. */
  readonly #reported = new Set<OutputRun>();
  #isReported = false;
  #startedAt: number | undefined;
  #endedAt: number | undefined;

  /** `told` gets what the user should hear of its outputs. */
  constructor(time: Time, inputs: readonly InputInfo[], works: readonly Work[], clock: Clock, told: Told) {
    this.time = time;
    this.#inputs = inputs;
    this.#outputs = works.map((work) => new OutputRun(work, time, clock, told));
    this.#clock = clock;
    this.#submittedAt = clock.now();
  }

  info(): BatchInfo {
    const [startedAt, endedAt] = [this.#startedAt, this.#endedAt];
    // The last batch of a graceful stop is made before its time.
    const due = Math.min(this.time, this.#submittedAt);
    return {
      time: this.time,
      inputs: this.#inputs,
      records: this.#inputs.reduce((sum, i) => sum + (i.records ?? 0), 0),
      submittedAt: this.#submittedAt,
      startedAt,
      endedAt,
      schedulingDelay: startedAt === undefined ? undefined : startedAt - due,
      processingTime: startedAt === undefined || endedAt === undefined ? undefined : endedAt - startedAt,
      totalDelay: endedAt === undefined ? undefined : endedAt - due,
      outputs: this.#outputs.map(({ info }) => info),
    };
  }

  /**
   * Runs the outputs in their order, `width` at a time; those that are behind, or that failed and will be tried again, are left to `lanes`.
   * Never rejects: the info has the failures.
   */
  async run(width: number, waiting: () => number, bus: StreamingListenerBus, lanes: Lanes): Promise<void> {
    this.#startedAt = this.#clock.now();
    bus.post('onBatchStarted', this.info());
    const queue = [...this.#outputs];
    const running: RunningBatch = {
      time: this.time,
      get waiting() {
        return waiting();
      },
      info: () => this.info(),
    };
    const worker = async () => {
      for (let next = queue.shift(); next; next = queue.shift()) {
        if (next.isDropped) continue;
        const run = next;
        const attempt = () => this.#attempt(run, running, bus);
        if (!lanes.isBehind(run.work.output)) await attempt();
        if (!run.isOver) lanes.add(run, attempt);
      }
    };
    await Promise.all(Array.from({ length: width }, worker));
    this.#noteEnd();
  }

  async #attempt(run: OutputRun, running: RunningBatch, bus: StreamingListenerBus): Promise<void> {
    const isFirst = run.info.startedAt === undefined;
    run.begin();
    if (isFirst) bus.post('onOutputOperationStarted', this.info(), run.info);
    await run.run(running);
    bus.post(run.isOver ? 'onOutputOperationCompleted' : 'onOutputOperationRetried', this.info(), run.info);
    this.#noteEnd();
  }

  /** The outputs that have failed for good since the last report; `isFirst` where that is the first one. */
  report(): { readonly isFirst: boolean; readonly failed: readonly OutputInfo[] } {
    const isFirst = !this.#isReported;
    this.#isReported = true;
    const failed = this.#outputs.filter((run) => run.isOver && run.info.failure && !this.#reported.has(run));
    for (const run of failed) this.#reported.add(run);
    return { isFirst, failed: failed.map(({ info }) => info) };
  }

  #noteEnd(): void {
    if (this.isOver) this.#endedAt ??= this.#clock.now();
  }

  /** True once all its outputs have ended. */
  get isOver(): boolean {
    return this.#outputs.every((run) => run.isOver);
  }

  /** The output that failed and wants the streams to stop. */
  get halting(): OutputRun | undefined {
    return this.#outputs.find((run) => run.halts);
  }

  /** The output was stopped: its function may finish what it does, for a limited time. */
  drop(output: Output): void {
    for (const run of this.#outputs) if (run.work.output === output && !run.isCaller) run.end(false);
  }

  /** Cancels the jobs of its outputs, and starts no more of them. */
  cancel(): void {
    for (const run of this.#outputs) run.end(true);
  }

  /** The outputs that failed and are tried again. */
  get resting(): readonly OutputRun[] {
    return this.#outputs.filter((run) => !run.isOver && !run.isRunning && run.info.failure);
  }

  /** The outputs that are at work. */
  get running(): readonly OutputRun[] {
    return this.#outputs.filter(({ isRunning }) => isRunning);
  }
}
