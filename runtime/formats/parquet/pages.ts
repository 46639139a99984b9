// The pages of one column of one row group: levels that say what is null or repeated, and values by their encoding.
import { isUtf8 } from 'node:buffer';
import { unpack } from '../codecs';
import type { Chunk, Node } from './footer';
import { physical } from './leaf-values';
import { readDeltas, readOldBits, readRuns } from './levels';
import { type Struct, ThriftReader } from './thrift';

/** Values of one page: of a dictionary their places in it. */
export interface Page {
  /** Entries: values, nulls and ends of empty lists. */
  readonly count: number;
  readonly definitions: Int32Array | undefined;
  readonly repetitions: Int32Array | undefined;
  /** A value for each entry that has one. */
  readonly values: readonly unknown[];
}

const damaged = (reason = 'a page is damaged'): never => {
  throw new RangeError(reason);
};

/** A page that is larger is damage: writers make pages of a megabyte. */
const mostPageBytes = 1 << 30;
const mostPageValues = 1 << 28;

type Convert = (raw: number | bigint | boolean | Buffer) => unknown;

export class Pages {
  readonly #node: Node;
  readonly #chunk: Chunk;
  readonly #bytes: Buffer;
  readonly #convert: Convert;
  #at = 0;
  #seen = 0;
  #dictionary: readonly unknown[] | undefined;

  /** `bytes`: those of the chunk. */
  constructor(node: Node, chunk: Chunk, bytes: Buffer, convert: Convert) {
    this.#node = node;
    this.#chunk = chunk;
    this.#bytes = bytes;
    this.#convert = convert;
  }

  /** The next page of values; undefined at the end. */
  next(): Page | undefined {
    while (this.#seen < this.#chunk.values) {
      if (this.#at >= this.#bytes.length) damaged('its pages end too early');
      const reader = new ThriftReader(this.#bytes, this.#at);
      const header = reader.struct();
      const number = (id: number) => (typeof header.get(id) === 'number' ? (header.get(id) as number) : damaged());
      const [type, size, packedSize] = [number(1), number(2), number(3)];
      const from = reader.at;
      if (size < 0 || packedSize < 0 || size > mostPageBytes || from + packedSize > this.#bytes.length)
        damaged('a page is longer than its column');
      const body = this.#bytes.subarray(from, from + packedSize);
      this.#at = from + packedSize;
      if (type === 2) this.#dictionary = this.#dictionaryOf(header.get(7) as Struct | undefined, body, size);
      else if (type === 0 || type === 3) {
        const page =
          type === 0 ? this.#first(header.get(5) as Struct, body, size) : this.#second(header.get(8) as Struct, body, size);
        this.#seen += page.count;
        if (this.#seen > this.#chunk.values) damaged('its pages have more values than its column');
        return page;
      }
    }
    return undefined;
  }

  #dictionaryOf(header: Struct | undefined, packed: Buffer, size: number): readonly unknown[] {
    const count = header?.get(1);
    if (typeof count !== 'number' || count < 0 || count > mostPageValues) return damaged();
    const bytes = unpack(this.#chunk.codec, packed, size);
    return this.#plain(bytes, 0, count);
  }

  #first(header: Struct | undefined, packed: Buffer, size: number): Page {
    if (!header) return damaged();
    const bytes = unpack(this.#chunk.codec, packed, size);
    const count = this.#countOf(header.get(1));
    const { maxDefinition, maxRepetition } = this.#node;
    let at = 0;
    const levels = (most: number, encoding: unknown): Int32Array | undefined => {
      if (most === 0) return undefined;
      const width = 32 - Math.clz32(most);
      if (encoding === 4) {
        const found = readOldBits(bytes, at, width, count);
        at += (count * width + 7) >> 3;
        return found;
      }
      if (at + 4 > bytes.length) damaged();
      const length = bytes.readUInt32LE(at);
      if (at + 4 + length > bytes.length) damaged();
      const found = readRuns(bytes, at + 4, at + 4 + length, width, count);
      at += 4 + length;
      return found;
    };
    const repetitions = levels(maxRepetition, header.get(4));
    const definitions = levels(maxDefinition, header.get(3));
    return this.#page(count, repetitions, definitions, bytes, at, header.get(2));
  }

  #second(header: Struct | undefined, packed: Buffer, size: number): Page {
    if (!header) return damaged();
    const count = this.#countOf(header.get(1));
    const [definitionBytes, repetitionBytes] = [header.get(5), header.get(6)].map((value) =>
      typeof value === 'number' ? value : 0,
    );
    const before = definitionBytes + repetitionBytes;
    if (definitionBytes < 0 || repetitionBytes < 0 || before > packed.length || before > size) damaged();
    const { maxDefinition, maxRepetition } = this.#node;
    const levels = (most: number, from: number, to: number) =>
      most === 0 ? undefined : readRuns(packed, from, to, 32 - Math.clz32(most), count);
    const repetitions = levels(maxRepetition, 0, repetitionBytes);
    const definitions = levels(maxDefinition, repetitionBytes, before);
    const rest = packed.subarray(before);
    const bytes = header.get(7) === false ? rest : unpack(this.#chunk.codec, rest, size - before);
    return this.#page(count, repetitions, definitions, bytes, 0, header.get(4));
  }

  #countOf(count: unknown): number {
    return typeof count === 'number' && count >= 0 && count <= mostPageValues ? count : damaged();
  }

  #page(
    count: number,
    repetitions: Int32Array | undefined,
    definitions: Int32Array | undefined,
    bytes: Buffer,
    at: number,
    encoding: unknown,
  ): Page {
    const { maxDefinition, maxRepetition } = this.#node;
    let present = count;
    if (definitions) {
      present = 0;
      for (let i = 0; i < count; i++) {
        if (definitions[i] === maxDefinition) present++;
        else if (definitions[i] > maxDefinition || definitions[i] < 0) damaged('a level is too high');
      }
    }
    if (repetitions) for (let i = 0; i < count; i++) if (repetitions[i] > maxRepetition) damaged('a level is too high');
    return { count, repetitions, definitions, values: this.#values(bytes, at, present, encoding) };
  }

  #values(bytes: Buffer, at: number, count: number, encoding: unknown): readonly unknown[] {
    if (count === 0) return [];
    const end = bytes.length;
    switch (encoding) {
      case 0:
        return this.#plain(bytes, at, count);
      case 2:
      case 8: {
        const dictionary = this.#dictionary ?? damaged('a page refers to a dictionary that is not there');
        if (at >= end) damaged();
        const places = readRuns(bytes, at + 1, end, bytes[at], count);
        const out = new Array<unknown>(count);
        for (let i = 0; i < count; i++) {
          if (places[i] < 0 || places[i] >= dictionary.length) damaged('a page refers behind its dictionary');
          out[i] = dictionary[places[i]];
        }
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

  #plain(bytes: Buffer, from: number, count: number): readonly unknown[] {
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
