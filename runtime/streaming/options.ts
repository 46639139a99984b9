// What a streaming context can be told when it is made and when it is stopped.
import { refuseArgument } from '../base/arguments';
import { type Duration, durationText, milliseconds } from '../base/duration';
import type { Clock } from '../base/time';
import type { BackpressureOptions } from './batches/backpressure';
import type { StreamDisplay } from './graph/display';

/** The shortest batch interval, in milliseconds: a batch of a few tasks takes some milliseconds by itself. */
const leastInterval = 20;

/** Options of a streaming context. */
export interface StreamingOptions {
  /** What cuts the batches: the machine's clock, or a ManualClock in tests. */
  readonly clock?: Clock;
  /** Where `print` and `watch` show. Default: the shell's, or plain lines on stdout. */
  readonly display?: StreamDisplay;
  /** Outputs of one batch that run at a time. Default 1, in their order, as Spark's. */
  readonly concurrentJobs?: number;
  /** Slows sources down to what batches can process. Default false. */
  readonly backpressure?: boolean | BackpressureOptions;
  /**
   * Writes what receivers read to the checkpoint folder before it is handed over and acknowledged, so that a driver that dies loses nothing
   * of it. Default true where a checkpoint folder is set; of no effect without one.
   */
  readonly writeAheadLog?: boolean;
  /** How often receivers hand over what came. Default '200ms'. */
  readonly blockInterval?: Duration;
}

/** As Spark's: not started, running, or stopped for good. */
export type StreamingState = 'initialized' | 'active' | 'stopped';

/** How a streaming context ends. */
export interface StopOptions {
  /** Take in what has been received and finish what waits. Default: drop it. */
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
