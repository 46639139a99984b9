// Catches the error of something that must fail, and checks everything that the user reads.
import * as assert from 'uvu/assert';
import { type ErrorCode, MillraceError } from '../../runtime/base/errors';

/** What was thrown or rejected, which must be one of our errors with this code, a filled sentence and a remedy. */
export async function errorOf(code: ErrorCode, f: () => unknown): Promise<MillraceError> {
  let thrown: unknown;
  try {
    await f();
  } catch (error) {
    thrown = error;
  }
  assert.ok(thrown !== undefined, `nothing was thrown where ${code} was expected`);
  assert.ok(thrown instanceof MillraceError, `${thrown instanceof Error ? thrown.stack : thrown} is not one of our errors`);
  const error = thrown as MillraceError;
  assert.is(error.code, code, error.stack);
  assert.not.match(error.message, /\{\w+\}/);
  assert.match(error.remedy, /^[A-Z][^{}]{5,}/);
  return error;
}
