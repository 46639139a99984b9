// Which failures would come again however often a batch is tried: those that follow from its records, not from a disk or an executor.
import { type ErrorCode, MillraceError } from '../../base/errors';

/** What may be gone the next time: the machine's, the disk's, the session's trouble. */
const passing: ReadonlySet<ErrorCode> = new Set([
  'DISK',
  'UNREADABLE_FILE',
  'CORRUPT_FILE',
  'STATE_LOST',
  'STATE_TOO_LARGE',
  'CHECKPOINT_LOST',
  'EXECUTORS_LOST',
  'SHUFFLE_LOST',
  'NO_EXECUTORS',
  'JOB_CANCELLED',
  'CONTEXT_STOPPED',
  'MISSING_BLOB',
  'PROTOCOL',
  'INTERNAL',
  'SOURCE_UNREACHABLE',
  'SOURCE_REFUSED',
]);

/** True for the error of a job that every other try would end with too. What no job raised, such as a network error, may pass. */
export function isLasting(error: unknown): boolean {
  for (let e = error; e instanceof Error; e = e.cause)
    if (e instanceof MillraceError) return 'lasting' in e.details || !passing.has(e.code);
  return false;
}

/** True for what a function of `foreach` or `foreachPartition`, or a sink, threw: that is the work of an output, done on executors. */
export function failedInForeach(error: unknown): boolean {
  for (let e = error; e instanceof Error; e = e.cause) {
    if (!(e instanceof MillraceError)) continue;
    const { operator } = (e.details.remote ?? {}) as { readonly operator?: string };
    return e.code === 'TASK_FAILED' && /^(foreach|foreachPartition|saveTo.*)$/.test(operator ?? '');
  }
  return false;
}
