// The only door to turning values into bytes and back: tagged values, with columns where the elements of an array are alike.
//
// Not msgpackr: it renames keys called __proto__, flattens class instances silently and rounds large bigints; here such a value
// either arrives as it was or is refused at the sender.
import { asError, MillraceError } from '../base/errors';
import { malformed, Reader } from './reader';
import { type Side, Tag } from './tags';
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

/** Bytes of several encoded arrays as those of one that has the elements of all. */
export function encodedPieces(pieces: readonly Uint8Array[]): Uint8Array {
  const writer = new Writer();
  writer.byte(Tag.Pieces);
  writer.count(pieces.length);
  for (const piece of pieces) {
    writer.count(piece.length);
    // Each was written as if it began at 0.
    writer.align(8);
    writer.raw(piece);
  }
  return writer.buffer.subarray(0, writer.position);
}

function decodePieces(reader: Reader, side: Side): unknown[] {
  const all: unknown[][] = [];
  for (let left = reader.count(); left > 0; left--) {
    const length = reader.count();
    reader.align(8);
    reader.need(length);
    // Each level would copy all rows again.
    if (reader.buffer[reader.position] === Tag.Pieces) malformed('pieces within pieces');
    all.push(decodeRows(reader.buffer.subarray(reader.position, reader.position + length), side));
    reader.position += length;
  }
  return all.flat();
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
    if (buffer[0] === Tag.Pieces) reader.position = 1;
    value = buffer[0] === Tag.Pieces ? decodePieces(reader, side) : reader.value();
  } catch (error) {
    if (error instanceof MillraceError) throw error;
    // A length or a text that the language refuses was not written by `encode`.
    return malformed(asError(error).message);
  }
  return reader.position === buffer.length ? value : malformed('bytes behind the end of the encoded data');
}
