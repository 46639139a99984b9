// Object files: rows in the engine's own encoding, with a header, a checksum on every frame, and a count of rows at the end.
//
//   magic 'MRO' and version 1 | frame … frame | frame without rows: the number of rows
//   frame: bytes of the payload u32 | checksum u32 of the payload | payload: encoded array of rows, or the encoded number
import { crc32 } from 'node:zlib';
import { asError, MillraceError } from '../../base/errors';
import { maxObjectFrameBytes, textChunkBytes } from '../../base/limits';
import { isRemote } from '../../base/remote/remote-files';
import { type ByteSource, type FilePieces, openSource } from '../../formats/byte-source';
import type { InputFile } from '../../plan/input-file';
import { decode, encode } from '../../wire/codec';

export const objectMagic = Buffer.from([0x4d, 0x52, 0x4f, 0x01]);
const frameHead = 8;

const notWhole = (path: string, reason: string): never => {
  throw new MillraceError('BAD_OBJECT_FILE', { path, reason });
};

/** A frame of rows; of a number at the end of the file. */
export function objectFrame(content: readonly unknown[] | number): Buffer {
  const payload = encode(content);
  const frame = Buffer.allocUnsafe(frameHead + payload.length);
  frame.writeUInt32LE(payload.length, 0);
  frame.writeUInt32LE(crc32(payload), 4);
  frame.set(payload, frameHead);
  return frame;
}

function readExactly(source: ByteSource, path: string, bytes: number): Buffer {
  // Grows with what is read: a length in a damaged file is only a claim.
  let buffer = Buffer.allocUnsafe(Math.min(bytes, textChunkBytes));
  for (let done = 0; done < bytes; ) {
    if (done === buffer.length) {
      const larger = Buffer.allocUnsafe(Math.min(bytes, 2 * done));
      larger.set(buffer);
      buffer = larger;
    }
    const n = source.fill(buffer, done);
    if (n === 0) return notWhole(path, 'it ends too early');
    done += n;
  }
  return buffer;
}

function contentOf(path: string, payload: Buffer): unknown {
  try {
    return decode(payload, 'executor');
  } catch (e) {
    // Its checksum is right: it was written so, by a session with classes that this one does not have.
    return notWhole(path, asError(e).message);
  }
}

/** The rows of an object file, frame by frame. Throws UNREADABLE_FILE, and BAD_OBJECT_FILE at the first byte that is not right. */
export function* readObjects(file: InputFile & FilePieces): Generator<unknown[]> {
  const { path } = file;
  // Whether it is the file that was chosen is asked by whoever reads it.
  const source = openSource(isRemote(path) ? file : { ...file, version: undefined }, 0);
  try {
    if (!readExactly(source, path, objectMagic.length).equals(objectMagic)) notWhole(path, 'it does not begin as one');
    let rows = 0;
    for (;;) {
      const head = readExactly(source, path, frameHead);
      const bytes = head.readUInt32LE(0);
      if (bytes > maxObjectFrameBytes) notWhole(path, `a frame of ${bytes} bytes`);
      const payload = readExactly(source, path, bytes);
      if (crc32(payload) !== head.readUInt32LE(4)) notWhole(path, 'the checksum of a frame is wrong');
      const content = contentOf(path, payload);
      if (Array.isArray(content)) {
        if (content.length > bytes) notWhole(path, `a frame of ${bytes} bytes with ${content.length} rows`);
        rows += content.length;
        yield content;
        continue;
      }
      if (content !== rows) notWhole(path, `it has ${rows} rows and says ${content}`);
      if (source.fill(head, 0) > 0) notWhole(path, 'there is something behind its end');
      return;
    }
  } finally {
    source.close();
  }
}
