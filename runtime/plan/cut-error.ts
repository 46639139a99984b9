// What of an error leaves a task: its texts are cut here, at the limits that the receiver checks.
import { cutText } from '../base/cut-text';
import { asError, isErrorCode, MillraceError } from '../base/errors';
import { maxErrorDetails, maxErrorFrames, maxErrorName, maxErrorPath, maxErrorText } from '../base/limits';
import type { RemoteError } from './end';

/** The error within the limits of one that is sent: texts are cut, and the innermost frames stay. */
export function cutError(error: RemoteError): RemoteError {
  const { name, message, stack, frames, operator, element, fields, code, details } = error;
  return {
    ...error,
    name: cutText(name, maxErrorName),
    message: cutText(message, maxErrorText),
    stack: cutText(stack, maxErrorText),
    frames: frames.slice(0, maxErrorFrames).map((frame) => ({ ...frame, file: cutText(frame.file, maxErrorPath) })),
    operator: operator && cutText(operator, maxErrorName),
    element: element && cutText(element, maxErrorText),
    fields: fields && plainDetails(fields),
    // User code can change the code of one of ours: then it is an error like any other.
    ...(isErrorCode(code) ? { details: details && plainDetails(details) } : { code: undefined, details: undefined }),
  };
}

/** Makes plain data of an error that was thrown outside of the user's steps. */
export function plainError(thrown: unknown): RemoteError {
  const error = asError(thrown);
  const ours = error instanceof MillraceError ? { code: error.code, details: error.details } : {};
  const stack = typeof error.stack === 'string' ? error.stack : '';
  return cutError({ name: safeText(error.name), message: safeText(error.message), stack, frames: [], ...ours });
}

/** A value as a text, whatever its conversion throws. */
export function safeText(value: unknown): string {
  try {
    return String(value);
  } catch {
    return 'a value that cannot be shown';
  }
}

function plainDetails(details: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const plain = (value: unknown) => (typeof value === 'number' ? value : cutText(safeText(value), maxErrorText));
  const entries = Object.entries(details).slice(0, maxErrorDetails);
  // The place and the error itself are the driver's to add.
  const wanted = entries.filter(
    ([key, value]) => value !== undefined && key.length <= maxErrorName && key !== 'place' && key !== 'remote',
  );
  return Object.fromEntries(wanted.map(([key, value]) => [key, plain(value)]));
}
