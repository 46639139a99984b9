// Unpacks snappy's plain form: in WebAssembly, but for bytes that were stored as they are.
import { snappyUncompressor } from 'hysnappy';

const damaged = (): never => {
  throw new RangeError('packed bytes are damaged');
};

/** WebAssembly's memory never shrinks: what needs more than this gets one that goes with it. */
const mostHeldBytes = 32 << 20;

let held: ReturnType<typeof snappyUncompressor> | undefined;

/** Unpacks `size` bytes. Throws RangeError for what is damaged. */
export function unpackSnappy(packed: Buffer, size: number): Buffer {
  const from = bodyAt(packed, size);
  const stored = storedBytes(packed, from, size);
  if (stored) return stored;
  const isHeld = packed.length + size <= mostHeldBytes;
  try {
    if (isHeld) held ??= snappyUncompressor();
    const { buffer, byteOffset, byteLength } = (isHeld ? held! : snappyUncompressor())(packed, size);
    return Buffer.from(buffer, byteOffset, byteLength);
  } catch {
    // What traps may have left anything behind.
    held = undefined;
    return damaged();
  }
}

/** Where the pieces begin, behind the length. */
function bodyAt(packed: Buffer, size: number): number {
  let length = 0;
  for (let at = 0, shift = 0; ; shift += 7) {
    if (at >= packed.length || shift > 28) damaged();
    const byte = packed[at++];
    length += (byte & 127) * 2 ** shift;
    if (byte < 128) return length === size ? at : damaged();
  }
}

/** Of bytes that did not get smaller, which are the usual numbers without order: all of them. Copies in place of a loop over bytes. */
function storedBytes(packed: Buffer, from: number, size: number): Buffer | undefined {
  if (packed.length < size) return undefined;
  const out = Buffer.allocUnsafeSlow(size);
  let to = 0;
  for (let at = from; at < packed.length; ) {
    const tag = packed[at++];
    if ((tag & 3) !== 0) return undefined;
    let count = tag >> 2;
    if (count >= 60) {
      const bytes = count - 59;
      count = 0;
      for (let i = 0; i < bytes; i++) count += packed[at++] * 2 ** (8 * i);
    }
    count++;
    if (!(at + count <= packed.length && to + count <= size)) damaged();
    out.set(packed.subarray(at, at + count), to);
    to += count;
    at += count;
  }
  return to === size ? out : damaged();
}
