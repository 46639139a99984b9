// How a task that failed ends: by what was thrown, with the user's error as plain data.
import { cutText } from '../base/cut-text';
import { asError, MillraceError } from '../base/errors';
import { maxErrorFrames, maxErrorText } from '../base/limits';
import type { Place } from '../base/place';
import { showElement } from '../base/show-element';
import { parseFrame } from '../base/stack-frame';
import { isUserScript, placeInStack } from '../closure/position';
import { cutError, safeText } from '../plan/cut-error';
import type { RemoteError, TaskEnd } from '../plan/end';
import { nodesOf, type Plan } from '../plan/program';
import { StepFailure } from '../plan/step-failure';
import { FetchFailure } from './files/read-bucket';
import { TaskCancelled } from './task-runtime';

/** The end of a task by what was thrown, while a plan ran if it came so far. */
export function failure(thrown: unknown, plan: Plan | undefined): TaskEnd {
  const inner = thrown instanceof StepFailure ? thrown.thrown : thrown;
  if (inner instanceof TaskCancelled || (inner as { code?: string })?.code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED')
    return { kind: 'cancelled' };
  if (inner instanceof FetchFailure) {
    const { shuffleId, location, message } = inner;
    return {
      kind: 'fetchFailed',
      shuffleId,
      mapIndex: location?.mapIndex ?? -1,
      writer: location?.writer ?? -1,
      reason: message,
    };
  }
  return { kind: 'userError', error: remoteError(thrown, plan) };
}

/** An error of the user's code as plain data, with its frames in the user's text. */
function remoteError(thrown: unknown, plan: Plan | undefined): RemoteError {
  const step = thrown instanceof StepFailure ? thrown : undefined;
  const error = asError(step ? step.thrown : thrown);
  const stack = typeof error.stack === 'string' ? error.stack : '';
  const isOurs = error instanceof MillraceError;
  return cutError({
    name: safeText(error.name),
    // What caused it stays where the message is cut.
    message: `${cutText(safeText(error.message), maxErrorText - 2 * maxCauses * (maxCause + 20))}${causesOf(error)}`,
    stack,
    // Ours begin in the engine: only what is known to be the user's tells where they belong.
    frames: userFrames(stack, isOurs ? isUserScript : () => true),
    operator: step?.operator,
    step: plan && numberOf(plan, step?.step),
    element: step?.element,
    fields: isOurs ? undefined : fieldsOf(error),
    code: isOurs ? error.code : undefined,
    details: isOurs ? error.details : undefined,
  });
}

/** How many causes of causes are reported, and how many characters of each. */
const maxCauses = 5;
const maxCause = 400;

function told(thrown: unknown): string {
  const { name, message } = asError(thrown);
  return `${safeText(name)}: ${safeText(message)}`.slice(0, maxCause);
}

/** The members of an aggregate error, and what an error says that it was caused by: a line each. */
function causesOf(error: Error): string {
  let text = '';
  const members: unknown = (error as { errors?: unknown }).errors;
  for (const member of Array.isArray(members) ? members.slice(0, maxCauses) : []) text += `\n • ${told(member)}`;
  let cause = error.cause;
  for (let depth = 0; cause !== undefined && depth < maxCauses; depth++) {
    text += `\n caused by ${told(cause)}`;
    cause = asError(cause).cause;
  }
  return text;
}

/** What the thrower of an error added to it, as far as it is data. */
function fieldsOf(error: Error): Record<string, unknown> | undefined {
  const fields: Record<string, unknown> = {};
  for (const [key, { value }] of Object.entries(Object.getOwnPropertyDescriptors(error))) {
    if (['name', 'message', 'stack', 'cause', 'errors'].includes(key) || value === undefined) continue;
    fields[key] = typeof value === 'number' || typeof value === 'string' ? value : showElement(value);
  }
  return Object.keys(fields).length > 0 ? fields : undefined;
}

/** The number of a step in the plan; undefined for what is no node of it: the sink. */
function numberOf(plan: Plan, step: unknown): number | undefined {
  let n = 0;
  for (const node of nodesOf(plan)) {
    if (node === step) return n;
    n++;
  }
  return undefined;
}

/** The frames of shipped functions, at the places where the user wrote them. */
function userFrames(stack: string, isWanted: (file: string) => boolean): Place[] {
  const places: Place[] = [];
  for (const line of stack.split('\n')) {
    const frame = parseFrame(line);
    // The program that runs the tasks is no text of the user's, wherever a cluster has copied it.
    if (!frame || frame.file === __filename || !isWanted(frame.file)) continue;
    places.push(placeInStack(frame.file, frame.line, frame.column));
    if (places.length === maxErrorFrames) break;
  }
  return places;
}
