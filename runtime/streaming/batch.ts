// One batch on its way: what it reads, what it does, and how long that took.
import { asError } from '../errors';
import { withCallSite, withProperties } from '../flow';
import { propertyNames } from '../scheduler/job-record';
import type { Clock } from '../time';
import { type Time, timeText } from './duration';
import type { Work } from './graph';
import type { BatchInfo, InputInfo, ListenerBus, OutputInfo } from './listener';
import type { RunningBatch } from './output';

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
    return {
      time: this.time,
      inputs: this.#inputs,
      records: this.#inputs.reduce((sum, i) => sum + (i.records ?? 0), 0),
      submittedAt: this.#submittedAt,
      startedAt,
      endedAt,
      schedulingDelay: this.#sinceTime(startedAt),
      processingTime: startedAt === undefined || endedAt === undefined ? undefined : endedAt - startedAt,
      totalDelay: this.#sinceTime(endedAt),
      outputs: this.#outputs.map(outputInfo),
    };
  }

  /** The last batch of a graceful stop is made before its time. */
  #sinceTime(moment: number | undefined): number | undefined {
    return moment === undefined ? undefined : Math.max(0, moment - this.time);
  }

  /** Does the outputs' work, `width` of them at a time, in their order. Never rejects: what fails is in the info. */
  async run(width: number, waiting: () => number, bus: ListenerBus): Promise<void> {
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

  async #runOne(output: OutputState, batch: RunningBatch, bus: ListenerBus): Promise<void> {
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

  /** Jobs say for which output they run, and take no property of the entry that started the streams. */
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
