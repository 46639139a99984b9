// One map task's output: frames of encoded keys and values, bucket by bucket, each with its checksum, and an index at the end.
//
//   magic 'MRS1' | frame … frame | index: for each bucket (first frame u32, frames u32) … | for each frame (offset f64, bytes u32) … |
//   buckets u32 | frames u32 | checksum of the index u32 | magic
//   frame: checksum u32 of what follows | bytes of the keys u32 | keys | values
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { damaged, readAt } from '../base/files';
import { decodeRows, encode } from '../wire/codec';

export const magic = 0x3153524d;
export const headBytes = 4;
export const trailerBytes = 16;
const frameHead = 8;

/** Where the files of a shuffle lie, in the session's folder. */
export const shuffleFolder = (session: string, shuffleId: number): string => join(session, String(shuffleId));

/** Where the file of a map task lies: names of numbers only. */
export function shufflePath(session: string, shuffleId: number, mapIndex: number, writer: number): string {
  return join(shuffleFolder(session, shuffleId), `${mapIndex}.${writer}`);
}

export interface Frame {
  readonly offset: number;
  readonly bytes: number;
}

/** The rows of one frame, by columns. */
export interface PairFrame {
  readonly keys: readonly unknown[];
  readonly values: readonly unknown[];
}

function framesOf(fd: number, path: string, size: number, bucket: number): Frame[] {
  if (size < trailerBytes + headBytes) return damaged(path, 'it ends too early');
  if (readAt(fd, path, headBytes, 0).readUInt32LE() !== magic) return damaged(path, 'it does not begin as one');
  const trailer = readAt(fd, path, trailerBytes, size - trailerBytes);
  const buckets = trailer.readUInt32LE(0);
  const frames = trailer.readUInt32LE(4);
  const bytes = buckets * 8 + frames * 12;
  if (trailer.readUInt32LE(12) !== magic || bytes + trailerBytes + headBytes > size) return damaged(path, 'its index is not one');
  const index = readAt(fd, path, bytes, size - trailerBytes - bytes);
  if (crc32(trailer.subarray(0, 8), crc32(index)) !== trailer.readUInt32LE(8))
    return damaged(path, 'the checksum of its index is wrong');
  if (bucket >= buckets) return damaged(path, `it has ${buckets} buckets, not ${bucket + 1}`);
  const first = index.readUInt32LE(bucket * 8);
  const count = index.readUInt32LE(bucket * 8 + 4);
  return Array.from({ length: count }, (_, i) => {
    const at = buckets * 8 + (first + i) * 12;
    return { offset: index.readDoubleLE(at), bytes: index.readUInt32LE(at + 8) };
  });
}

/** The frames of one bucket, checked. Throws CORRUPT_FILE, or what the file system says. */
export function* readBucket(path: string, fd: number, size: number, bucket: number): Generator<PairFrame, void, undefined> {
  for (const frame of framesOf(fd, path, size, bucket)) {
    yield pairsOf(readAt(fd, path, frame.bytes, frame.offset), path);
  }
}

/** The pairs of a frame; `path` names where it lay. Throws CORRUPT_FILE. */
export function pairsOf(frame: Buffer, path: string): PairFrame {
  const isWhole = frame.length >= frameHead && crc32(frame.subarray(4)) === frame.readUInt32LE(0);
  if (!isWhole) damaged(path, 'the checksum of a frame is wrong');
  const values = frameHead + frame.readUInt32LE(4);
  const read = (part: Uint8Array) => decodeRows(part, 'executor');
  return { keys: read(frame.subarray(frameHead, values)), values: read(frame.subarray(values)) };
}

/** Keys and values as a frame. */
export function pairFrame(keys: readonly unknown[], values: readonly unknown[]): Buffer {
  const [left, right] = [encode(keys), encode(values)];
  const frame = Buffer.allocUnsafe(frameHead + left.length + right.length);
  frame.writeUInt32LE(left.length, 4);
  frame.set(left, frameHead);
  frame.set(right, frameHead + left.length);
  frame.writeUInt32LE(crc32(frame.subarray(4)), 0);
  return frame;
}
