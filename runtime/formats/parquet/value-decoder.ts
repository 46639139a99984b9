// The values on the pages of a leaf column as values of JavaScript, whatever their encoding.
import { isUtf8 } from 'node:buffer';
import type { Node } from './footer';
import { physical } from './leaf-values';
import { readDeltas, readRuns } from './levels';
import { damaged, mostPageValues } from './raw-pages';

export type Convert = (raw: number | bigint | boolean | Buffer) => unknown;

/** Places of a page in a dictionary of `length` values. Throws RangeError. */
export function readPlaces(bytes: Buffer, at: number, count: number, length: number): Int32Array {
  if (at >= bytes.length) damaged();
  const places = readRuns(bytes, at + 1, bytes.length, bytes[at], count);
  // Most dictionaries have a place for all bits, or for all but a few.
  let bits = 0;
  for (let i = 0; i < count; i++) bits |= places[i];
  if (bits >>> 0 >= length)
    for (let i = 0; i < count; i++) if (places[i] >>> 0 >= length) damaged('a page refers behind its dictionary');
  return places;
}

/** Whether values are written as places in a dictionary. */
export const isByPlace = (encoding: unknown): boolean => encoding === 2 || encoding === 8;

export const noDictionary = (): never => damaged('a page refers to a dictionary that is not there');

export class ValueDecoder {
  readonly #node: Node;
  readonly #convert: Convert;

  constructor(node: Node, convert: Convert) {
    this.#node = node;
    this.#convert = convert;
  }

  /** `count` values of a page, those of places out of `dictionary`. Throws RangeError. */
  values(
    bytes: Buffer,
    at: number,
    count: number,
    encoding: unknown,
    dictionary: readonly unknown[] | undefined,
  ): readonly unknown[] {
    if (count === 0) return [];
    const end = bytes.length;
    switch (encoding) {
      case 0:
        return this.plain(bytes, at, count);
      case 2:
      case 8: {
        const known = dictionary ?? noDictionary();
        const places = readPlaces(bytes, at, count, known.length);
        const out = new Array<unknown>(count);
        for (let i = 0; i < count; i++) out[i] = known[places[i]];
        return out;
      }
      case 3: {
        if (this.#node.physical !== physical.boolean || at + 4 > end) damaged();
        return this.#converted(Array.from(readRuns(bytes, at + 4, end, 1, count), (bit) => bit === 1));
      }
      case 5: {
        const { values } = readDeltas(bytes, at, end, mostPageValues);
        if (values.length < count) damaged();
        const isNarrow = this.#node.physical === physical.int32;
        if (!isNarrow && this.#node.physical !== physical.int64) damaged();
        return this.#converted(isNarrow ? values.map((value) => Number(BigInt.asIntN(32, value))) : values);
      }
      case 6: {
        const { values: lengths, end: from } = readDeltas(bytes, at, end, mostPageValues);
        return this.#converted(cut(bytes, from, lengths.slice(0, count), count));
      }
      case 7:
        return this.#converted(this.#prefixed(bytes, at, count));
      case 9:
        return this.#converted(this.#streams(bytes, at, count));
      default:
        return damaged(`its values are written in the encoding ${encoding}, which is not read`);
    }
  }

  #converted(raw: readonly (number | bigint | boolean | Buffer)[]): readonly unknown[] {
    const convert = this.#convert;
    return raw.map((value) => {
      if (Buffer.isBuffer(value)) this.#checkText(value);
      return convert(value);
    });
  }

  /** Text that is none is damage, not a value. */
  #checkText(bytes: Buffer): void {
    const { converted, logical } = this.#node;
    if ((converted === 0 || logical?.has(1)) && !isUtf8(bytes))
      damaged(`the column ${this.#node.name} has text that is no UTF-8`);
  }

  /** Values that lie one behind the other, as in a dictionary. Throws RangeError. */
  plain(bytes: Buffer, from: number, count: number): readonly unknown[] {
    const convert = this.#convert;
    const out = new Array<unknown>(count);
    const width = this.#width();
    if (width > 0 && from + width * count > bytes.length) damaged('a page has fewer values than it says');
    let at = from;
    switch (this.#node.physical) {
      case physical.boolean:
        if (from + ((count + 7) >> 3) > bytes.length) damaged();
        for (let i = 0; i < count; i++) out[i] = convert(((bytes[from + (i >> 3)] >> (i & 7)) & 1) === 1);
        return out;
      case physical.int32:
        for (let i = 0; i < count; i++, at += 4) out[i] = convert(bytes.readInt32LE(at));
        return out;
      case physical.int64:
        for (let i = 0; i < count; i++, at += 8) out[i] = convert(bytes.readBigInt64LE(at));
        return out;
      case physical.float:
        for (let i = 0; i < count; i++, at += 4) out[i] = convert(bytes.readFloatLE(at));
        return out;
      case physical.double:
        for (let i = 0; i < count; i++, at += 8) out[i] = convert(bytes.readDoubleLE(at));
        return out;
      case physical.bytes:
        for (let i = 0; i < count; i++) {
          if (at + 4 > bytes.length) damaged('a page has fewer values than it says');
          const length = bytes.readUInt32LE(at);
          at += 4;
          if (at + length > bytes.length) damaged('a value is longer than its page');
          const value = bytes.subarray(at, at + length);
          this.#checkText(value);
          out[i] = convert(value);
          at += length;
        }
        return out;
      default:
        for (let i = 0; i < count; i++, at += width) out[i] = convert(bytes.subarray(at, at + width));
        return out;
    }
  }

  /** Bytes of a value; 0 where each has its own. */
  #width(): number {
    const { length } = this.#node;
    const type = this.#node.physical;
    if (type === physical.fixed) return length > 0 ? length : damaged('a column has values of no length');
    if (type === physical.int96) return 12;
    if (type === physical.int32 || type === physical.float) return 4;
    return type === physical.int64 || type === physical.double ? 8 : 0;
  }

  /** Values that share the bytes at their start with the one before. */
  #prefixed(bytes: Buffer, at: number, count: number): Buffer[] {
    const prefixes = readDeltas(bytes, at, bytes.length, mostPageValues);
    const suffixes = readDeltas(bytes, prefixes.end, bytes.length, mostPageValues);
    const ends = cut(bytes, suffixes.end, suffixes.values.slice(0, count), count);
    const out: Buffer[] = [];
    let before: Buffer = Buffer.alloc(0);
    for (let i = 0; i < count; i++) {
      const shared = Number(prefixes.values[i] ?? -1n);
      if (shared < 0 || shared > before.length) damaged();
      before = shared === 0 ? ends[i] : Buffer.concat([before.subarray(0, shared), ends[i]]);
      out.push(before);
    }
    return out;
  }

  /** Values whose first bytes come first, then all second ones. */
  #streams(bytes: Buffer, at: number, count: number): (number | bigint | Buffer)[] {
    const width = this.#width();
    if (width === 0 || at + width * count > bytes.length) damaged();
    // Nulls take no room: the streams are as long as there are values.
    const stride = Math.floor((bytes.length - at) / width);
    const whole = Buffer.allocUnsafe(width * count);
    for (let b = 0; b < width; b++) for (let i = 0; i < count; i++) whole[i * width + b] = bytes[at + b * stride + i];
    const read: Readonly<Record<number, (p: number) => number | bigint>> = {
      [physical.int32]: (p) => whole.readInt32LE(p),
      [physical.int64]: (p) => whole.readBigInt64LE(p),
      [physical.float]: (p) => whole.readFloatLE(p),
      [physical.double]: (p) => whole.readDoubleLE(p),
    };
    const own = read[this.#node.physical!];
    return Array.from({ length: count }, (_, i) => (own ? own(i * width) : whole.subarray(i * width, (i + 1) * width)));
  }
}

function cut(bytes: Buffer, from: number, lengths: readonly bigint[], count: number): Buffer[] {
  if (lengths.length < count) damaged();
  let at = from;
  return lengths.map((value) => {
    const length = Number(value);
    if (length < 0 || at + length > bytes.length) damaged('a value is longer than its page');
    at += length;
    return bytes.subarray(at - length, at);
  });
}
