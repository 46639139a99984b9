// The error that Millrace itself raises: a code with its sentence and remedy.
import { declared } from './declared-errors';
import type { Place } from './place';

/** The codes of declared errors, such as BAD_ARGUMENT, by which a program tells them apart. */
export type ErrorCode = keyof typeof declared;

/** All codes, for the test that requires a case for each. */
export const errorCodes = Object.keys(declared) as ErrorCode[];

/** Whether this is the code of a declared error, and not merely a name that every object has. */
export const isErrorCode = (code: unknown): code is ErrorCode => typeof code === 'string' && Object.hasOwn(declared, code);

const fill = (text: string, details: Record<string, unknown>) =>
  text.replace(/\{(\w+)\}/g, (_, name: string) => (name in details ? String(details[name]) : `{${name}}`));

/** An error with a code, what happened, and what to do. `details` fill the declared sentence. */
export class MillraceError extends Error {
  /**
   * Which error it is: a name that never changes, for programs that handle it.
   * @example new MillraceError('DISK', { path: 'a', reason: 'full' }).code // 'DISK'
   */
  readonly code: ErrorCode;
  /**
   * What to do about it.
   * @example new MillraceError('DISK', { path: 'a', reason: 'full' }).remedy
   */
  readonly remedy: string;
  /**
   * The values that fill the message.
   * @example new MillraceError('DISK', { path: 'a', reason: 'full' }).details.path // 'a'
   */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, details: Record<string, unknown> = {}, options?: ErrorOptions) {
    super(fill(declared[code].sentence, details), options);
    this.name = 'MillraceError';
    this.code = code;
    // Where one sentence has several causes, whoever raises it knows the remedy.
    this.remedy =
      typeof details.remedy === 'string' && details.remedy !== '' ? details.remedy : fill(declared[code].remedy, details);
    this.details = details;
  }
}

/** The error; a Millrace error without a place gets this place in the user's text. */
export function placed(error: unknown, place: Place | undefined): unknown {
  if (!(error instanceof MillraceError) || place === undefined || 'place' in error.details) return error;
  const { code, details, stack, cause } = error;
  return Object.assign(new MillraceError(code, { ...details, place }, cause === undefined ? {} : { cause }), { stack });
}

/** Raises INTERNAL unless `condition` holds: only a bug of Millrace can break it. */
export function assert(condition: unknown, reason: string): asserts condition {
  if (!condition) throw new MillraceError('INTERNAL', { reason });
}

/** What was thrown, as an Error; anything can be thrown. */
export function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  // Errors of another realm (a vm context) are not instances of this Error but have the same shape.
  if (typeof thrown === 'object' && thrown !== null && 'message' in thrown && 'stack' in thrown) return thrown as Error;
  let text: string;
  try {
    const isPlain = typeof thrown === 'object' && thrown !== null && Object.prototype.toString.call(thrown) === '[object Object]';
    text = isPlain ? JSON.stringify(thrown) : String(thrown);
  } catch {
    text = 'a value that cannot be shown';
  }
  return new Error(text);
}
