// The only door to turning values into bytes and back: tagged values, with columns where the elements of an array are alike.
//
// Not msgpackr: it renames keys called __proto__, flattens class instances silently and rounds large bigints; here such a value
// either arrives as it was or is refused at the sender.
import { asError, MillraceError } from '../base/errors';
import { malformed, Reader } from './reader';
import type { Side } from './tags';
import { Writer } from './writer';

export { type InstanceCodec, type Side, setInstanceCodec } from './tags';

/**
 * The bytes of a value: numbers, strings, bigints, booleans, null, undefined, dates, regular expressions, arrays (also with holes),
 * plain objects, Map, Set, Error, typed arrays, Buffer and instances of the user's classes. Objects travel with their own enumerable
 * properties, arrays with their elements. Throws UNSHIPPABLE_VALUE for what would change silently: functions, symbols, promises,
 * instances of unknown classes, cycles.
 */
export function encode(value: unknown): Uint8Array {
  const writer = new Writer();
  writer.value(value);
  return writer.buffer.subarray(0, writer.position);
}

/** The rows that `encode` was given. Throws PROTOCOL where the bytes are no array, or one of more rows than bytes, which has holes only. */
export function decodeRows(bytes: Uint8Array, side: Side): unknown[] {
  const rows = decode(bytes, side);
  if (!Array.isArray(rows)) return malformed('a value where rows were expected');
  return rows.length <= bytes.length ? rows : malformed(`${rows.length} rows in ${bytes.length} bytes`);
}

/** The value that `encode` was given. Throws PROTOCOL where the bytes are no encoded value. */
export function decode(bytes: Uint8Array, side: Side = 'session'): unknown {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const reader = new Reader(buffer, side);
  let value: unknown;
  try {
    value = reader.value();
  } catch (error) {
    if (error instanceof MillraceError) throw error;
    // A length or a text that the language refuses was not written by `encode`.
    return malformed(asError(error).message);
  }
  return reader.position === buffer.length ? value : malformed('bytes behind the end of the encoded data');
}
