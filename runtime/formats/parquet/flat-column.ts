// A leaf column at the top of a Parquet file, page by page: numbers into typed arrays, places of a dictionary as they are, without an object for each value.
import { isAscii } from 'node:buffer';
import type { ColumnData } from '../../columns/batch';
import type { ColumnType } from '../../schema/schema';
import type { Zone } from '../../schema/time-zone';
import { NoRoom } from '../plain-values';
import type { Chunk, Node } from './footer';
import { converterOf, kindOf, physical } from './leaf-values';
import { damaged, type Levels, type RawPage, RawPages, readLevels } from './raw-pages';
import { isByPlace, noDictionary, readPlaces, ValueDecoder } from './value-decoder';

/** Some rows of a column. */
export interface Segment {
  readonly count: number;
  readonly data: ColumnData;
}

type Numbers = Float64Array | Int32Array;
/** Reads numbers that lie one behind the other. */
type ReadNumbers = (bytes: Buffer, at: number, count: number) => Numbers;

/** Numbers that lie in a page: where their places allow, without a copy. */
function numbersAt<A>(Kind: NumberArray<A>, bytes: Buffer, at: number, count: number): A {
  const length = count * Kind.BYTES_PER_ELEMENT;
  if (at + length > bytes.length) damaged('a page has fewer values than it says');
  if ((bytes.byteOffset + at) % Kind.BYTES_PER_ELEMENT === 0)
    return new Kind(bytes.buffer as ArrayBuffer, bytes.byteOffset + at, count);
  const copy = new ArrayBuffer(length);
  new Uint8Array(copy).set(bytes.subarray(at, at + length));
  return new Kind(copy, 0, count);
}

interface NumberArray<A> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, at: number, count: number): A;
}

const wideLimit = 2 ** 32;
const safeLimit = Number.MAX_SAFE_INTEGER;

/** Whole numbers of 64 bits. Throws NoRoom beyond 2^53. */
function wideNumbers(words: Int32Array, count: number, isUnsigned: boolean): Float64Array {
  const out = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const high = isUnsigned ? words[2 * i + 1] >>> 0 : words[2 * i + 1];
    const value = high * wideLimit + (words[2 * i] >>> 0);
    if (!(value <= safeLimit && value >= -safeLimit)) {
      const exact = (BigInt(high) << 32n) + BigInt(words[2 * i] >>> 0);
      throw new NoRoom(String(exact), 'bigint');
    }
    out[i] = value;
  }
  return out;
}

/** How the numbers of a leaf are read; undefined for what is no plain number, or is wanted as something else. */
function numbersOf(node: Node, type: ColumnType): ReadNumbers | undefined {
  const kind = kindOf(node);
  if (type.kind !== 'int' && type.kind !== 'double') return undefined;
  if ((kind.type.kind !== 'int' && kind.type.kind !== 'double') || kind.isHalf) return undefined;
  const { unsigned = false, narrow } = kind;
  switch (node.physical) {
    case physical.int32:
      return (bytes, at, count) => {
        const values = numbersAt(Int32Array, bytes, at, count);
        if (narrow) checkNarrow(values, narrow, node);
        return unsigned && !narrow ? Float64Array.from(values, (value) => value >>> 0) : values;
      };
    case physical.int64:
      return (bytes, at, count) => wideNumbers(numbersAt(Int32Array, bytes, at, count * 2), count, unsigned);
    case physical.float:
      return (bytes, at, count) => new Float64Array(numbersAt(Float32Array, bytes, at, count));
    case physical.double:
      return (bytes, at, count) => numbersAt(Float64Array, bytes, at, count);
    default:
      return undefined;
  }
}

function checkNarrow(values: Int32Array, [least, greatest]: readonly [number, number], { name }: Node): void {
  for (let i = 0; i < values.length; i++)
    if (values[i] < least || values[i] > greatest)
      throw new RangeError(`the column ${name} has ${values[i]}, which its type does not allow`);
}

const perMs = { s: 0.001, ms: 1, us: 1000 } as const;
const lastMs = 8.64e15;

/** Instants of whole numbers; undefined where the fast way does not reach. */
function instantsOf(type: ColumnType, node: Node, zone: Zone): ((words: Int32Array, i: number) => Date | undefined) | undefined {
  const own = kindOf(node).type;
  if (type.kind !== 'timestamp' || own.kind !== 'timestamp' || node.physical !== physical.int64 || own.unit === 'ns')
    return undefined;
  const divisor = perMs[own.unit];
  const hasZone = own.zone;
  return (words, i) => {
    const units = words[2 * i + 1] * wideLimit + (words[2 * i] >>> 0);
    const ms = own.unit === 's' ? units * 1000 : Math.floor(units / divisor);
    if (!(units <= safeLimit && units >= -safeLimit && ms <= lastMs && ms >= -lastMs)) return undefined;
    return hasZone ? new Date(ms) : zone.date(new Date(ms));
  };
}

/** What a column has for rows of one value may be changed by functions of these rows. */
const fresh = (value: unknown): unknown =>
  value instanceof Date ? new Date(value) : value instanceof Uint8Array ? value.slice() : value;

const mostInterned = 1000;

/** V8 compares texts that it keeps once, as names of properties are, by their place and not by their characters. */
function interned(values: unknown[]): unknown[] {
  if (values.length > mostInterned) return values;
  return values.map((value) => (typeof value === 'string' ? Object.keys({ [value]: 0 })[0] : value));
}

/** A leaf at the top of a schema, which is no list. */
export const isFlat = (node: Node): boolean => node.physical !== undefined && node.maxRepetition === 0 && node.maxDefinition <= 1;

export class FlatColumn {
  readonly #pages: RawPages;
  readonly #decoder: ValueDecoder;
  readonly #numbers: ReadNumbers | undefined;
  readonly #instants: ((words: Int32Array, i: number) => Date | undefined) | undefined;
  readonly #isText: boolean;
  readonly #isShared: boolean;
  /** Numbers, or values with null behind the last one. */
  #dictionary: { numbers?: Numbers; values: unknown[] } | undefined;

  /** `bytes`: those of the chunk. */
  constructor(node: Node, type: ColumnType, chunk: Chunk, bytes: Buffer, zone: Zone) {
    const own = kindOf(node);
    this.#decoder = new ValueDecoder(node, converterOf(node, type, zone));
    this.#numbers = numbersOf(node, type);
    this.#instants = instantsOf(type, node, zone);
    this.#isText = node.physical === physical.bytes && own.type.kind === 'text' && !own.isUuid;
    this.#isShared = type.kind !== 'timestamp' && type.kind !== 'bytes';
    this.#pages = new RawPages(node, chunk, bytes, (plain, count) => {
      this.#dictionary = this.#numbers
        ? { numbers: this.#numbers(plain, 0, count), values: [] }
        : { values: interned([...this.#decoder.plain(plain, 0, count), null]) };
    });
  }

  /** The values of the next page; undefined at the end. Throws RangeError, and NoRoom for a number beyond 2^53. */
  next(): Segment | undefined {
    const page = this.#pages.next();
    if (!page) return undefined;
    const nulls = page.definitions && nullsIn(page.definitions, page.count);
    return { count: page.count, data: this.#data(page, nulls) };
  }

  #data(page: RawPage, nulls: Uint8Array | undefined): ColumnData {
    const { count, bytes, at, encoding } = page;
    const present = nulls ? presentIn(nulls) : count;
    if (this.#numbers) return { kind: 'numbers', values: this.#numbersOn(page, nulls, present), nulls };
    if (present === 0) return { kind: 'places', places: new Int32Array(count), values: [null] };
    if (isByPlace(encoding)) {
      const { values } = this.#dictionary ?? noDictionary();
      const places = readPlaces(bytes, at, present, values.length - 1);
      const all = nulls ? spread(places, nulls, new Int32Array(count), values.length - 1) : places;
      if (this.#isShared) return { kind: 'places', places: all, values };
      return { kind: 'values', values: Array.from(all, (place) => fresh(values[place])) };
    }
    const values = this.#values(bytes, at, present, encoding);
    return { kind: 'values', values: nulls ? spread(values, nulls, new Array<unknown>(count), null) : values };
  }

  #numbersOn({ count, bytes, at, encoding }: RawPage, nulls: Uint8Array | undefined, present: number): Numbers {
    const read = this.#numbers!;
    let packed: Numbers;
    if (encoding === 0) packed = read(bytes, at, present);
    else if (isByPlace(encoding)) {
      const numbers = this.#dictionary?.numbers ?? (present === 0 ? new Float64Array(0) : noDictionary());
      packed = present === 0 ? new Float64Array(0) : chosen(numbers, readPlaces(bytes, at, present, numbers.length));
    } else packed = Float64Array.from(this.#decoder.values(bytes, at, present, encoding, undefined) as number[]);
    if (!nulls) return packed;
    return spread(packed, nulls, packed instanceof Int32Array ? new Int32Array(count) : new Float64Array(count), 0);
  }

  #values(bytes: Buffer, at: number, count: number, encoding: unknown): readonly unknown[] {
    if (encoding === 0 && this.#isText) {
      const texts = textsIn(bytes, at, count);
      if (texts) return texts;
    }
    if (encoding === 0 && this.#instants) {
      const words = numbersAt(Int32Array, bytes, at, count * 2);
      const made = Array.from({ length: count }, (_, i) => this.#instants!(words, i));
      if (!made.includes(undefined)) return made;
    }
    return this.#decoder.values(bytes, at, count, encoding, undefined);
  }
}

/** 1 for each row that has null; undefined where none has. Most pages say so in one run. */
function nullsIn(levels: Levels, count: number): Uint8Array | undefined {
  const { bytes, from, to, isOld } = levels;
  if (!isOld && to - from >= 2 && count > 0) {
    // One run of `count` ones: an even number, in groups of seven bits, then the byte 1.
    let head = 0;
    let p = from;
    for (let shift = 0; p < to && shift <= 28; shift += 7) {
      const byte = bytes[p++];
      head += (byte & 127) * 2 ** shift;
      if (byte < 128) break;
    }
    if (head % 2 === 0 && head / 2 >= count && p < to && bytes[p] === 1) return undefined;
  }
  const read = readLevels(levels, 1, count);
  const nulls = new Uint8Array(count);
  let any = 0;
  for (let i = 0; i < count; i++) {
    nulls[i] = 1 - read[i];
    any |= nulls[i];
  }
  return any === 0 ? undefined : nulls;
}

function presentIn(nulls: Uint8Array): number {
  let present = nulls.length;
  for (let i = 0; i < nulls.length; i++) present -= nulls[i];
  return present;
}

function chosen(numbers: Numbers, places: Int32Array): Numbers {
  const out = numbers instanceof Int32Array ? new Int32Array(places.length) : new Float64Array(places.length);
  for (let i = 0; i < places.length; i++) out[i] = numbers[places[i]];
  return out;
}

/** Puts the values of the rows that have one where these rows are, and `none` elsewhere. */
function spread<A extends { [i: number]: V }, V>(packed: ArrayLike<V>, nulls: Uint8Array, out: A, none: V): A {
  for (let i = 0, next = 0; i < nulls.length; i++) out[i] = nulls[i] === 1 ? none : packed[next++];
  return out;
}

/** Texts of ASCII, each behind its length: cut from one string of all of them. Undefined where there are other characters. */
function textsIn(bytes: Buffer, at: number, count: number): string[] | undefined {
  if (!isAscii(bytes.subarray(at))) return undefined;
  const all = bytes.toString('latin1');
  const texts = new Array<string>(count);
  let p = at;
  for (let i = 0; i < count; i++) {
    if (p + 4 > bytes.length) return undefined;
    const from = p + 4;
    // Bytes of a length above 127 are no ASCII.
    const end = from + bytes[p] + bytes[p + 1] * 256 + bytes[p + 2] * 65_536 + bytes[p + 3] * 16_777_216;
    if (end > bytes.length) return undefined;
    texts[i] = all.substring(from, end);
    p = end;
  }
  return texts;
}
