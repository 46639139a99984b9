// The error of a lineage that is too long to walk along.
import { asError, MillraceError } from './errors';

/** The error of a walk along the lineage of `name`: LINEAGE_TOO_LONG where it overflowed the stack. */
export function lineageError(thrown: unknown, name: unknown): Error {
  const error = asError(thrown);
  const overflow = error instanceof RangeError && error.message.includes('call stack');
  // On its way up, the error takes the name of the dataset that the user asked for.
  const reported = error instanceof MillraceError && error.code === 'LINEAGE_TOO_LONG';
  return overflow || reported ? new MillraceError('LINEAGE_TOO_LONG', { name }) : error;
}
