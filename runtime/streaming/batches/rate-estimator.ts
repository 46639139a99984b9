// The rate estimator of backpressure: how many elements per second let batches finish in time. A PID controller, as in Spark.

/** The figures of a completed batch. */
export interface BatchFigures {
  /** When it was completed, in milliseconds since the epoch. */
  readonly time: number;
  readonly records: number;
  /** Milliseconds. */
  readonly processingDelay: number;
  /** From its submission to its start, in milliseconds. */
  readonly schedulingDelay: number;
}

export interface PidOptions {
  readonly proportional: number;
  readonly integral: number;
  readonly derivative: number;
  /** Elements per second that are always let through, so that an estimate can be made. */
  readonly least: number;
}

const defaults: PidOptions = { proportional: 1, integral: 0.2, derivative: 0, least: 100 };

/**
 * Follows the rate at which batches were processed. The error is the excess of the last rate over it; the history is the backlog in
 * the queue of batches. Source: Spark's `PIDRateEstimator`.
 */
export class PidRateEstimator {
  readonly #interval: number;
  readonly #options: PidOptions;
  #time = Number.NEGATIVE_INFINITY;
  #rate = -1;
  #error = -1;

  /** `interval`: milliseconds between batches. */
  constructor(interval: number, options: Partial<PidOptions> = {}) {
    this.#interval = interval;
    this.#options = { ...defaults, ...options };
  }

  /** The new rate in elements per second; undefined if this batch gives no new estimate. */
  estimate({ time, records, processingDelay, schedulingDelay }: BatchFigures): number | undefined {
    if (time <= this.#time || records <= 0 || processingDelay <= 0) return undefined;
    const { proportional, integral, derivative, least } = this.#options;
    const seconds = (time - this.#time) / 1000;
    const processed = (records / processingDelay) * 1000;
    const error = this.#rate - processed;
    // The backlog of the queue, as the rate that would clear it in one interval.
    const history = (schedulingDelay * processed) / this.#interval;
    const change = (error - this.#error) / seconds;
    const wanted = this.#rate - proportional * error - integral * history - derivative * change;
    const isFirst = this.#rate < 0;
    this.#time = time;
    this.#rate = isFirst ? processed : Math.max(wanted, least);
    this.#error = isFirst ? 0 : error;
    return this.#rate;
  }
}
