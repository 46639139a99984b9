// One batch: what it reads, its outputs, and how long they took.

import { type Time, timeText } from '../../base/duration';
import { asError } from '../../base/errors';
import { withCallSite, withProperties } from '../../base/flow';
import type { Clock } from '../../base/time';
import { propertyNames } from '../../scheduler/job-record';
import type { Work } from '../graph/graph';
import type { BatchInfo, InputInfo, OutputInfo, StreamingListenerBus } from '../graph/listener';
import type { RunningBatch } from '../graph/output';

interface OutputState {
  readonly work: Work;
  startedAt?: number;
  endedAt?: number;
  failure?: Error;
}

export class Batch {
  readonly time: Time;
  readonly #inputs: readonly InputInfo[];
  readonly #outputs: readonly OutputState[];
  readonly #clock: Clock;
  readonly #submittedAt: number;
  #startedAt: number | undefined;
  #endedAt: number | undefined;

  constructor(time: Time, inputs: readonly InputInfo[], works: readonly Work[], clock: Clock) {
    this.time = time;
    this.#inputs = inputs;
    this.#outputs = works.map((work) => ({ work }));
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
      outputs: this.#outputs.map(outputInfo),
    };
  }

  /** Runs the outputs in their order, `width` at a time. Never rejects: the info has the failures. */
  async run(width: number, waiting: () => number, bus: StreamingListenerBus): Promise<void> {
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
      for (let next = queue.shift(); next; next = queue.shift()) await this.#runOne(next, running, bus);
    };
    await Promise.all(Array.from({ length: width }, worker));
    this.#endedAt = this.#clock.now();
  }

  async #runOne(output: OutputState, batch: RunningBatch, bus: StreamingListenerBus): Promise<void> {
    const { work } = output;
    output.startedAt = this.#clock.now();
    bus.post('onOutputOperationStarted', this.info(), outputInfo(output));
    try {
      if (!work.rdd) throw work.failure;
      const { rdd } = work;
      const run = () => work.output.run(rdd, batch);
      await withCallSite(work.output.callSite, () => withProperties(this.#propertiesOf(work.output), run));
    } catch (error) {
      output.failure = asError(error);
    }
    output.endedAt = this.#clock.now();
    bus.post('onOutputOperationCompleted', this.info(), outputInfo(output));
  }

  /** The properties of its jobs: they name the output, and have none of the entry that started the streams. */
  #propertiesOf({ name }: Work['output']): Map<string, string> {
    const description = `batch of ${timeText(this.time)}`;
    return new Map([
      [propertyNames.output, name],
      [propertyNames.description, description],
    ]);
  }
}

const outputInfo = ({ work, startedAt, endedAt, failure }: OutputState): OutputInfo => ({
  name: work.output.name,
  startedAt,
  endedAt,
  failure,
});
