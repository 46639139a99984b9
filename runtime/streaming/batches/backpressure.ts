// Backpressure: limits the rate of sources to what batches can process, with one rate estimator per source that can be limited.
import { MillraceError } from '../../base/errors';
import type { InputDStream } from '../graph/input';
import type { BatchInfo } from '../graph/listener';
import { PidRateEstimator } from './rate-estimator';

/** The initial rate of backpressure, and the least. */
export interface BackpressureOptions {
  /** Elements per second of each source until the first batches are done. Default: no limit. */
  readonly initialRate?: number;
  /** Elements per second that are always let through. Default 100. */
  readonly minRate?: number;
}

export class Backpressure {
  readonly #interval: number;
  readonly #options: BackpressureOptions;
  readonly #estimators = new WeakMap<InputDStream<unknown>, PidRateEstimator>();

  /** Throws BAD_OPTION for rates that are not above 0. */
  constructor(interval: number, options: BackpressureOptions) {
    this.#interval = interval;
    this.#options = options;
    for (const [option, value] of Object.entries(options)) {
      if (value === undefined || (typeof value === 'number' && value > 0 && Number.isFinite(value))) continue;
      throw new MillraceError('BAD_OPTION', { option: `backpressure.${option}`, value, rule: 'elements a second, above 0' });
    }
  }

  started(input: InputDStream<unknown>): void {
    if (input.isLimited && this.#options.initialRate !== undefined) input.limitRate(this.#options.initialRate);
  }

  /** Sets new limits of the sources after a batch. */
  completed(batch: BatchInfo, inputs: Iterable<InputDStream<unknown>>): void {
    const { processingTime, startedAt, endedAt, submittedAt } = batch;
    if (processingTime === undefined || startedAt === undefined || endedAt === undefined) return;
    for (const input of inputs) {
      if (!input.isLimited) continue;
      const records = batch.inputs.find(({ stream }) => stream === input.name)?.records ?? 0;
      const schedulingDelay = startedAt - submittedAt;
      const rate = this.#estimatorOf(input).estimate({
        time: endedAt,
        records,
        processingDelay: processingTime,
        schedulingDelay,
      });
      if (rate !== undefined) input.limitRate(rate);
    }
  }

  #estimatorOf(input: InputDStream<unknown>): PidRateEstimator {
    let estimator = this.#estimators.get(input);
    if (!estimator) {
      const { minRate } = this.#options;
      estimator = new PidRateEstimator(this.#interval, minRate === undefined ? {} : { least: minRate });
      this.#estimators.set(input, estimator);
    }
    return estimator;
  }
}
