// The options of a streaming context: those of its constructor and of `stop`.
import { refuseArgument } from '../base/arguments';
import { type Duration, durationText, milliseconds } from '../base/duration';
import type { Clock } from '../base/time';
import type { OnError } from '../ops/bad-records';
import type { BackpressureOptions } from './batches/backpressure';
import type { StreamDisplay } from './graph/display';

/** The shortest batch interval, in milliseconds: a batch of a few tasks takes some milliseconds by itself. */
const leastInterval = 20;

/** Options of a streaming context. */
export interface StreamingOptions {
  /** The clock that times the batches: the machine's, or a ManualClock in tests. */
  readonly clock?: Clock;
  /** Where `print` and `watch` display rows. Default: the shell's display, or plain lines on stdout. */
  readonly display?: StreamDisplay;
  /** How many outputs of one batch run at the same time. Default 1, in their order, as in Spark. */
  readonly concurrentJobs?: number;
  /** Limits the rate of sources to what batches can process. Default false. */
  readonly backpressure?: boolean | BackpressureOptions;
  /**
   * Receivers write what they read to the checkpoint folder before they hand it over and acknowledge it, so the death of the driver loses
   * none of it. Default true if a checkpoint folder of this machine is set; without one it has no effect.
   */
  readonly writeAheadLog?: boolean;
  /**
   * What becomes of elements on which a function throws, for `map`, `flatMap`, `filter`, `keyBy`, `mapValues` and `flatMapValues` of all
   * its streams that do not say it themselves. Default 'fail': the batch fails.
   */
  readonly onError?: OnError;
  /** How often receivers hand over what they have read. Default '200ms'. */
  readonly blockInterval?: Duration;
}

/** As in Spark: not started, running, or stopped for good. */
export type StreamingState = 'initialized' | 'active' | 'stopped';

/** How a streaming context ends. */
export interface StopOptions {
  /** Process what was received and finish the waiting batches. Default: drop both. */
  readonly graceful?: boolean;
}

/** Milliseconds of a batch interval. Throws BAD_ARGUMENT for one that is no duration or too short. */
export function checkedInterval(interval: Duration): number {
  const ms = milliseconds('StreamingContext', 'the batch interval', interval);
  if (ms >= leastInterval) return ms;
  return refuseArgument({
    operation: 'StreamingContext',
    argument: 'the batch interval',
    value: durationText(ms),
    rule: `at least ${leastInterval}ms`,
    remedy: "Take '100ms' or more; '1s' is usual.",
  });
}
