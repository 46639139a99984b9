// What happens when an output fails: whether it is tried again, how often, and whether later batches go on.
import { checkWhole, refuseArgument } from '../../base/arguments';
import { type Duration, milliseconds } from '../../base/duration';
import { failedInForeach, isLasting } from './lasting-failures';

/** What an output does when it fails. */
export interface FailureOptions {
  /**
   * `retry`: the batch is tried again until it succeeds, and later batches of this output wait. `skip`: the batch is reported, and later ones
   * go on. `halt`: the streams stop; with a checkpoint the next run begins with this batch. A batch that fails on one of its records is not
   * tried again. Default `retry`; `print` and `watch` skip.
   */
  readonly onFailure?: 'halt' | 'retry' | 'skip';
  /** How often a batch is tried before it counts as failed. Default: without end for `retry`, else once. */
  readonly attempts?: number;
  /** The wait before the second try; it doubles with each further one, to a minute. Default '1s'. */
  readonly backoff?: Duration;
}

export interface FailurePolicy {
  readonly onFailure: 'halt' | 'retry' | 'skip';
  readonly attempts: number;
  readonly backoffMs: number;
}

const longestRestMs = 60_000;

export const skipping: FailurePolicy = { onFailure: 'skip', attempts: 1, backoffMs: 1000 };

/** Throws BAD_ARGUMENT. */
export function failurePolicy(
  operation: string,
  { onFailure = 'retry', attempts, backoff = '1s' }: FailureOptions,
): FailurePolicy {
  const remedy = `Write ${operation}(…, { onFailure: 'skip' }), or { onFailure: 'halt', attempts: 5, backoff: '1s' }.`;
  if (!['halt', 'retry', 'skip'].includes(onFailure))
    refuseArgument({ operation, argument: 'onFailure', value: onFailure, rule: "'halt', 'retry' or 'skip'", remedy });
  if (attempts !== undefined) checkWhole(attempts, 1, 1_000_000, { operation, argument: 'attempts', remedy });
  const backoffMs = milliseconds(operation, 'the backoff', backoff);
  return { onFailure, attempts: attempts ?? (onFailure === 'retry' ? Number.POSITIVE_INFINITY : 1), backoffMs };
}

/** Whether a batch that failed is tried again: what fails on a record of the batch would always fail. */
export const isTriedAgain = (policy: FailurePolicy, tries: number, failure: Error): boolean =>
  tries < policy.attempts && (!isLasting(failure) || failedInForeach(failure));

/** How long to wait after `tries` tries. */
export const restAfter = ({ backoffMs }: FailurePolicy, tries: number): number =>
  Math.max(backoffMs, Math.min(longestRestMs, backoffMs * 2 ** Math.min(tries - 1, 30)));
