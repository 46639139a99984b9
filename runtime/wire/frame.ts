// The layout of one frame between processes: the length of the control text, the control text, then the binary tail.
//
//   | u32 little endian: n | n bytes of UTF-8: control | the rest: tail |
//
// Control is small and readable; bulk bytes (results, splits, blobs) ride in the tail and are never turned into text.
import { MillraceError } from '../base/errors';

const headerBytes = 4;

/** Longest control text, in bytes: the largest message lists the bucket sizes of a map output. */
const maxControlBytes = 64 << 20;

export interface Frame {
  readonly control: string;
  /** A view on the frame's own bytes: copy it to keep it beyond the frame. */
  readonly tail: Uint8Array;
}

/** The header and control of a frame; the tail is to be sent right behind them. */
export function frameHead(control: string): Buffer {
  const bytes = Buffer.byteLength(control);
  if (bytes > maxControlBytes) throw new MillraceError('PROTOCOL', { reason: `a control text of ${bytes} bytes` });
  const head = Buffer.allocUnsafe(headerBytes + bytes);
  head.writeUInt32LE(bytes, 0);
  head.write(control, headerBytes);
  return head;
}

/** Takes a frame apart. Throws PROTOCOL when its lengths contradict each other. */
export function readFrame(bytes: Buffer): Frame {
  if (bytes.length < headerBytes) throw new MillraceError('PROTOCOL', { reason: `a frame of ${bytes.length} bytes` });
  const end = headerBytes + bytes.readUInt32LE(0);
  if (end > bytes.length || end > headerBytes + maxControlBytes) {
    throw new MillraceError('PROTOCOL', { reason: 'a frame that is shorter than it says' });
  }
  return { control: bytes.toString('utf8', headerBytes, end), tail: bytes.subarray(end) };
}
