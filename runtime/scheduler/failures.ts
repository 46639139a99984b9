// Why a job failed, as the error that its promise rejects with.
import { MillraceError } from '../errors';
import type { Place, RemoteError } from '../exec/end';
import type { JobFailure } from './events';

/** A number of bytes for people. */
export function showBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  let n = bytes;
  while (n >= 1024 && unit < units.length - 1) {
    n /= 1024;
    unit++;
  }
  return `${unit === 0 ? n : n.toFixed(1)} ${units[unit]}`;
}

/** Why a job failed, as listeners are told. */
export interface JobFailureInfo {
  readonly message: string;
  readonly remedy?: string;
  readonly code?: string;
  /** The stage, and the place in the user's text, of the task that failed for good. */
  readonly stageId?: number;
  readonly place?: Place;
}

export function failureInfo(error: Error): JobFailureInfo {
  if (!(error instanceof MillraceError)) return { message: error.message };
  const { message, remedy, code, details } = error;
  const { stage, place, remote } = details as { stage?: number; place?: Place; remote?: RemoteError };
  return { message, remedy, code, stageId: stage, place: remote?.frames[0] ?? place };
}

/** `placesOf` tells the user's functions in a stage and where they are written. */
export function errorOf(failure: JobFailure, placesOf: (stageId: number) => readonly string[]): MillraceError {
  switch (failure.kind) {
    case 'cancelled':
      return new MillraceError('JOB_CANCELLED', { reason: failure.reason });
    case 'backend':
      return new MillraceError('NO_EXECUTORS', { reason: failure.reason });
    case 'shuffleLost':
      return new MillraceError('SHUFFLE_LOST', { stage: failure.stageId, attempts: failure.attempts, reason: failure.reason });
    case 'tooFewSlots':
      return new MillraceError('BARRIER_TOO_WIDE', { stage: failure.stageId, asked: failure.asked, slots: failure.slots });
    case 'task':
      return taskError(failure, placesOf(failure.stageId));
  }
}

function taskError(
  { end, stageId, partition, attempts }: JobFailure & { kind: 'task' },
  places: readonly string[],
): MillraceError {
  const where = { stage: stageId, partition, attempts };
  switch (end.kind) {
    case 'lost':
      return new MillraceError('EXECUTORS_LOST', {
        ...where,
        places: places.join(', ') || 'no function of yours',
        reason: end.reason,
      });
    case 'tooBig':
      return new MillraceError('RESULT_TOO_BIG', { bytes: showBytes(end.bytes), limit: showBytes(end.limit) });
    case 'userError': {
      const { error } = end;
      if (error.code) return new MillraceError(error.code as never, { ...error.details, ...where, remote: error });
      return new MillraceError('TASK_FAILED', { error: `${error.name}: ${error.message}`, remedy: '', remote: error, ...where });
    }
  }
}
