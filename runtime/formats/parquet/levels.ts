// Runs and packed bits, in which Parquet writes levels, places in dictionaries and truths; and numbers by their differences.

const damaged = (): never => {
  throw new RangeError('a page is damaged');
};

/** Reads `count` numbers of `width` bits, in runs and packed groups of eight. */
export function readRuns(bytes: Buffer, from: number, to: number, width: number, count: number): Int32Array {
  const out = new Int32Array(count);
  if (width === 0) return out;
  if (width > 32) damaged();
  const byteWidth = (width + 7) >> 3;
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = from;
  let n = 0;
  while (n < count) {
    let head = 0;
    for (let shift = 0; ; shift += 7) {
      if (at >= to || shift > 28) damaged();
      const byte = bytes[at++];
      head += (byte & 127) * 2 ** shift;
      if (byte < 128) break;
    }
    if (head % 2 === 1) {
      const groups = (head - 1) / 2;
      if (groups === 0) damaged();
      const packed = Math.min(groups * width, to - at);
      n = unpackBits(words, at, packed, width, out, n, Math.min(count, n + groups * 8));
      at += groups * width;
      continue;
    }
    const run = head / 2;
    if (run === 0 || at + byteWidth > to) damaged();
    let value = 0;
    for (let i = 0; i < byteWidth; i++) value += bytes[at++] * 2 ** (8 * i);
    const end = Math.min(count, n + run);
    out.fill(value | 0, n, end);
    n = end;
  }
  return out;
}

/** Fills `out` from `n` to `end` with numbers of `width` bits, the lowest bit first. Answers `end`. */
function unpackBits(bytes: DataView, at: number, length: number, width: number, out: Int32Array, n: number, end: number): number {
  if ((end - n) * width > length * 8) damaged();
  let i = n;
  if (width <= 25) {
    // Such a number lies in the four bytes from the one on in which it begins.
    const whole = Math.min(end, n + Math.floor((Math.max(0, bytes.byteLength - at - 4) * 8) / width));
    const mask = 2 ** width - 1;
    let p = at;
    let bit = 0;
    // Four of at most 6 bits at once.
    if (width <= 6)
      for (const before = whole - 3; i < before; i += 4) {
        const word = bytes.getInt32(p, true) >>> bit;
        out[i] = word & mask;
        out[i + 1] = (word >>> width) & mask;
        out[i + 2] = (word >>> (2 * width)) & mask;
        out[i + 3] = (word >>> (3 * width)) & mask;
        bit += 4 * width;
        p += bit >> 3;
        bit &= 7;
      }
    for (; i < whole; i++) {
      out[i] = (bytes.getInt32(p, true) >>> bit) & mask;
      bit += width;
      p += bit >> 3;
      bit &= 7;
    }
  }
  for (; i < end; i++) {
    let value = 0;
    for (let b = 0, bit = (i - n) * width; b < width; b++, bit++)
      value += ((bytes.getUint8(at + Math.floor(bit / 8)) >> (bit % 8)) & 1) * 2 ** b;
    out[i] = value | 0;
  }
  return end;
}

/** The old way to pack levels: bits from the highest on, without runs. */
export function readOldBits(bytes: Buffer, from: number, width: number, count: number): Int32Array {
  const out = new Int32Array(count);
  let bit = from * 8;
  for (let i = 0; i < count; i++) {
    let value = 0;
    for (let b = 0; b < width; b++, bit++) value = value * 2 + ((bytes[bit >> 3] >> (7 - (bit & 7))) & 1);
    out[i] = value;
  }
  return out;
}

/** Whole numbers written as differences, in blocks; and where they end. */
export function readDeltas(bytes: Buffer, from: number, to: number, most: number): { values: bigint[]; end: number } {
  let at = from;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (at >= to) damaged();
      const byte = bytes[at++];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
    return damaged();
  };
  const zigzag = (): bigint => {
    const n = varint();
    return (n >> 1n) ^ -(n & 1n);
  };
  const [blockSize, blocks, count] = [Number(varint()), Number(varint()), Number(varint())];
  if (count > most || blocks === 0 || blockSize % blocks !== 0 || blockSize / blocks > 1 << 20) damaged();
  const perBlock = blockSize / blocks;
  const values: bigint[] = [];
  let value = zigzag();
  if (count > 0) values.push(value);
  while (values.length < count) {
    const least = zigzag();
    const widths = bytes.subarray(at, at + blocks);
    at += blocks;
    if (at > to) damaged();
    for (let m = 0; m < blocks && values.length < count; m++) {
      const width = widths[m];
      const length = (perBlock * width) >> 3;
      if (width > 64 || perBlock % 8 !== 0) damaged();
      let held = 0n;
      let bits = 0;
      let p = at;
      const mask = (1n << BigInt(width)) - 1n;
      for (let i = 0; i < perBlock && values.length < count; i++) {
        while (bits < width) {
          if (p >= to) damaged();
          held |= BigInt(bytes[p++]) << BigInt(bits);
          bits += 8;
        }
        value = BigInt.asIntN(64, value + least + (held & mask));
        held >>= BigInt(width);
        bits -= width;
        values.push(value);
      }
      at += length;
    }
  }
  return { values, end: Math.min(at, to) };
}
