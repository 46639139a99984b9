// Unpacks the pages of Parquet files and the buffers of Arrow files: snappy, gzip, brotli, lz4 and zstd.
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { decompress as unpackZstd } from 'fzstd';
import { unpackSnappy } from './snappy';

const damaged = (): never => {
  throw new RangeError('packed bytes are damaged');
};

/** From so many bytes on a call that copies them takes less time than a loop. */
const copiedAtOnce = 48;

/** A block of lz4, without a frame around it. */
function unpackLz4Block(packed: Uint8Array, size: number): Buffer {
  const out = Buffer.allocUnsafe(size);
  return unpackBlockInto(packed, out, 0) === size ? out : damaged();
}

/** Blocks of lz4 as Hadoop frames them: each after its size and its packed size. Other writers leave the frame away. */
function unpackHadoopLz4(packed: Buffer, size: number): Buffer {
  const parts: Buffer[] = [];
  let done = 0;
  for (let at = 0; at < packed.length; ) {
    if (at + 8 > packed.length) return unpackLz4Block(packed, size);
    const [unpackedSize, packedSize] = [packed.readUInt32BE(at), packed.readUInt32BE(at + 4)];
    if (unpackedSize > size - done || at + 8 + packedSize > packed.length) return unpackLz4Block(packed, size);
    parts.push(unpackLz4Block(packed.subarray(at + 8, at + 8 + packedSize), unpackedSize));
    done += unpackedSize;
    at += 8 + packedSize;
  }
  return done === size ? Buffer.concat(parts) : unpackLz4Block(packed, size);
}

/** A frame of lz4, as Arrow has it. */
export function unpackLz4Frame(packed: Buffer, size: number): Buffer {
  if (packed.length < 7 || packed.readUInt32LE(0) !== 0x184d2204) damaged();
  const flags = packed[4];
  let at = 7 + ((flags & 8) !== 0 ? 8 : 0) + ((flags & 1) !== 0 ? 4 : 0);
  const out = Buffer.allocUnsafe(size);
  let to = 0;
  for (;;) {
    if (at + 4 > packed.length) damaged();
    const head = packed.readUInt32LE(at);
    at += 4;
    if (head === 0) break;
    const length = head & 0x7fffffff;
    if (at + length > packed.length) damaged();
    const block = packed.subarray(at, at + length);
    to += (head & 0x80000000) !== 0 ? block.copy(out, to) : unpackBlockInto(block, out, to);
    at += length + ((flags & 16) !== 0 ? 4 : 0);
  }
  return to === size ? out : damaged();
}

/** Blocks of one frame refer to those before. */
function unpackBlockInto(packed: Uint8Array, out: Buffer, from: number): number {
  let at = 0;
  let to = from;
  const more = (count: number): number => {
    let all = count;
    if (count < 15) return all;
    for (let byte = 255; byte === 255; all += byte) {
      if (at >= packed.length) damaged();
      byte = packed[at++];
    }
    return all;
  };
  while (at < packed.length) {
    const token = packed[at++];
    const literals = more(token >> 4);
    if (at + literals > packed.length || to + literals > out.length) damaged();
    if (literals < copiedAtOnce) for (let i = 0; i < literals; i++) out[to++] = packed[at++];
    else {
      out.set(packed.subarray(at, at + literals), to);
      to += literals;
      at += literals;
    }
    if (at >= packed.length) break;
    const offset = packed[at] | (packed[at + 1] << 8);
    at += 2;
    const count = more(token & 15) + 4;
    if (!(offset > 0 && offset <= to) || to + count > out.length) damaged();
    for (let i = 0; i < count; i++, to++) out[to] = out[to - offset];
  }
  return to - from;
}

/** Zstandard, in one or several frames. */
export function unpackZstandard(packed: Uint8Array): Buffer {
  try {
    const made = unpackZstd(packed);
    return Buffer.from(made.buffer, made.byteOffset, made.byteLength);
  } catch {
    return damaged();
  }
}

/** The names of Parquet's codecs that are not read. */
const unread: Readonly<Record<number, string>> = { 3: 'LZO' };

/** Unpacks a page by the codec of its column. Throws RangeError for what is damaged. */
export function unpack(codec: number, packed: Buffer, size: number): Buffer {
  const made = unpacked(codec, packed, size);
  return made.length === size ? made : damaged();
}

function unpacked(codec: number, packed: Buffer, size: number): Buffer {
  if (size === 0) return Buffer.alloc(0);
  try {
    switch (codec) {
      case 0:
        return packed;
      case 1:
        return unpackSnappy(packed, size);
      case 2:
        return gunzipSync(packed, { maxOutputLength: size + 1 });
      case 4:
        return brotliDecompressSync(packed, { maxOutputLength: size + 1 });
      case 5:
        return unpackHadoopLz4(packed, size);
      case 6:
        return unpackZstandard(packed);
      case 7:
        return unpackLz4Block(packed, size);
      default:
        throw new RangeError(`its pages are packed by ${unread[codec] ?? `codec ${codec}`}, which is not read`);
    }
  } catch (e) {
    if (e instanceof RangeError && /packed/.test(e.message)) throw e;
    return damaged();
  }
}
