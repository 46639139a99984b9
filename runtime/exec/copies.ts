// Copies of rows for functions that may change them: what is persisted, or the state of a stream, stays as it is.
import { MillraceError } from '../base/errors';
import { decode, encode } from '../wire/codec';

const isPrimitive = (row: unknown): boolean => row === null || (typeof row !== 'object' && typeof row !== 'function');

/** A chunk whose rows share nothing with those of the original; as it is where rows are primitives, or hold what cannot be copied. */
function copyOf(chunk: readonly unknown[]): unknown[] {
  if (chunk.every(isPrimitive)) return chunk as unknown[];
  try {
    return decode(encode(chunk), 'executor') as unknown[];
  } catch (error) {
    // Such as functions: they stay in memory only, and nobody can copy them.
    if (error instanceof MillraceError) return chunk as unknown[];
    throw error;
  }
}

/** Chunk by chunk. */
export function* copiesOf(chunks: Iterable<readonly unknown[]>): Generator<unknown[]> {
  for (const chunk of chunks) yield copyOf(chunk);
}
