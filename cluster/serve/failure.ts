// Errors on their way from the server to a session: as plain data, so that the session raises the same error.
import { isErrorCode, MillraceError } from '../../runtime/base/errors';
import { decode, encode } from '../../runtime/wire/codec';
import { Fields, refuse } from '../link/fields';

const textLength = 1 << 20;

/** The error as bytes. `stage` gives the number of a stage in the session. */
export function encodeFailure(error: Error, stage: (engineStage: number) => number = (id) => id): Uint8Array {
  const { name, message } = error;
  const text = message.slice(0, textLength);
  if (!(error instanceof MillraceError)) return encode({ name, message: text });
  const { code, details } = error;
  const told = typeof details.stage === 'number' ? { ...details, stage: stage(details.stage) } : details;
  try {
    return encode({ code, details: told });
  } catch {
    // A detail that cannot be sent: its sentence has it as text.
    return encode({ name, message: text });
  }
}

/** The error that the bytes stand for. Throws PROTOCOL. */
export function decodeFailure(bytes: Uint8Array): Error {
  const fields = new Fields('failure', decode(bytes));
  if (fields.has('code')) {
    const [code, details] = [fields.string('code', 64), fields.take('details')];
    fields.end();
    if (!isErrorCode(code)) return refuse('a failure with a code that this version does not know');
    if (typeof details !== 'object' || details === null || Array.isArray(details)) return refuse('a failure without details');
    return new MillraceError(code, details as Record<string, unknown>);
  }
  const [name, message] = [fields.string('name', 256), fields.string('message', textLength)];
  fields.end();
  return Object.assign(new Error(message), { name });
}
