// Why a job failed, as the error that its promise rejects with.
import { isErrorCode, MillraceError } from '../base/errors';
import type { Place } from '../base/place';
import type { RemoteError } from '../plan/end';
import type { FunctionPlace, StageSteps } from '../planner/stage-steps';
import type { JobFailure } from './events';

/** Why a job failed, as listeners see it. */
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

/** `stepsOf` tells what a stage is made of, if its program could be made. */
export function errorOf(
  failure: Exclude<JobFailure, { kind: 'tooBig' }>,
  stepsOf: (stageId: number) => StageSteps | undefined,
): MillraceError {
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
      return taskError(failure, stepsOf(failure.stageId));
  }
}

function taskError(
  { end, stageId, partition, attempts }: JobFailure & { kind: 'task' },
  steps: StageSteps | undefined,
): MillraceError {
  const functions = steps?.functions ?? [];
  const where = { stage: stageId, partition, attempts };
  switch (end.kind) {
    case 'lost':
      return new MillraceError('EXECUTORS_LOST', {
        ...where,
        places:
          functions.map(({ operation, place }) => `${operation} at ${place.file}:${place.line}`).join(', ') ||
          'no function of yours',
        reason: end.reason,
      });
    case 'userError': {
      const { error } = end;
      // What the user's own functions throw has its frames; where there are none of theirs, the call tells which function it was.
      const place = (error.code ? placeOf(error, functions) : undefined) ?? steps?.callOf(error);
      const told = { ...where, ...(place && { place }), remote: error };
      if (isErrorCode(error.code)) return new MillraceError(error.code, { ...error.details, ...told });
      return new MillraceError('TASK_FAILED', { error: `${error.name}: ${error.message}`, remedy: '', ...told });
    }
  }
}

/** Where one of our errors in a task belongs: at the only function of the operation that it names, or of the step that ran. */
function placeOf({ frames, operator, details }: RemoteError, functions: readonly FunctionPlace[]): Place | undefined {
  const named = functions.filter(({ operation }) => operation === (details?.operation ?? operator));
  return named.length === 1 && !/^<(native|library)>$/.test(named[0].place.file) ? named[0].place : frames[0];
}
