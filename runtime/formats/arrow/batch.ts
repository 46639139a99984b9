// The values of a record batch of Arrow: its buffers, cut and unpacked, as values of JavaScript.
import { isUtf8 } from 'node:buffer';
import type { Zone } from '../../schema/time-zone';
import { unpackLz4Frame, unpackZstandard } from '../codecs';
import { uniqueNames } from '../csv/dialect';
import { decimalText, exactInstant, halfOf, instantOf, safe, timeOfDay, uuidText } from '../plain-values';
import { dateText } from '../time-text';
import type { Field } from './arrow-schema';
import type { FlatTable } from './flatbuffer';

const damaged = (reason = 'a record batch is damaged'): never => {
  throw new RangeError(reason);
};

/** Values of one field in one batch: more are damage. */
const mostValues = 1 << 28;

/** What stands around a batch. */
export interface BatchContext {
  readonly isBig: boolean;
  /** Messages of old versions have a bitmap of nulls for unions. */
  readonly hasUnionNulls: boolean;
  /** Of instants without a zone. */
  readonly zone: Zone;
  readonly dictionaries: ReadonlyMap<number, readonly unknown[]>;
}

const dayMs = 86_400_000;

export class Batch {
  readonly #context: BatchContext;
  readonly #nodes: readonly (readonly [length: number, nulls: number])[];
  readonly #buffers: readonly Buffer[];
  readonly #variadic: readonly number[];
  #node = 0;
  #buffer = 0;
  #view = 0;
  #isWide = false;
  #isExact = false;
  readonly rows: number;

  constructor(header: FlatTable, body: Buffer, context: BatchContext) {
    this.#context = context;
    this.rows = header.long(0);
    if (this.rows < 0 || this.rows > mostValues) damaged();
    this.#nodes = header.pairs(1);
    const compression = header.table(3);
    const codec = compression ? compression.byte(0) : undefined;
    this.#buffers = header.pairs(2).map(([at, length]) => {
      if (at < 0 || length < 0 || at + length > body.length) return damaged('a buffer lies outside of its message');
      const bytes = body.subarray(at, at + length);
      return codec === undefined ? bytes : unpacked(bytes, codec);
    });
    this.#variadic = header.longs(4);
  }

  /** The values of the next field. `isWide`: whole numbers of 64 bits are bigints; `isExact`: instants are texts with all their digits. */
  column(field: Field, isWide: boolean, isExact: boolean): readonly unknown[] {
    this.#isWide = isWide;
    this.#isExact = isExact;
    const { values } = this.#field(field, this.rows);
    return values;
  }

  #next(bytes: number, mayBeShort = false): Buffer {
    const buffer = this.#buffers[this.#buffer++] ?? damaged('it has too few buffers');
    if (!mayBeShort && buffer.length < bytes) damaged('a buffer is shorter than its values');
    return buffer;
  }

  /** The values of a field, at least `least` of them. */
  #field(field: Field, least: number): { values: unknown[]; length: number } {
    const [length, nulls] = this.#nodes[this.#node++] ?? damaged('it has too few fields');
    if (length < least || length < 0 || length > mostValues || nulls < 0 || nulls > length)
      damaged('a field has a wrong number of values');
    if (field.dictionary) {
      const { id, width, signed } = field.dictionary;
      const isThere = this.#validity(length, nulls);
      const places = this.#numbers(width, signed, length);
      const dictionary = this.#context.dictionaries.get(id);
      const values = Array.from({ length }, (_, i) => {
        if (!isThere(i)) return null;
        const place = Number(places(i));
        if (!dictionary || place < 0 || place >= dictionary.length) return damaged('it refers behind its dictionary');
        return dictionary[place];
      });
      return { values, length };
    }
    if (field.type === 'null') return { values: new Array<unknown>(length).fill(null), length };
    if (field.type === 'union') return { values: this.#union(field, length), length };
    if (field.type === 'runs') return { values: this.#runs(field, length), length };
    const isThere = this.#validity(length, nulls);
    const at = this.#values(field, length, isThere);
    const values = new Array<unknown>(length);
    for (let i = 0; i < length; i++) values[i] = isThere(i) ? at(i) : null;
    return { values, length };
  }

  #validity(length: number, nulls: number): (i: number) => boolean {
    const bits = this.#next(0);
    if (nulls === 0 && bits.length === 0) return () => true;
    if (nulls === 0) return () => true;
    if (bits.length < (length + 7) >> 3) damaged('a buffer is shorter than its values');
    return (i) => ((bits[i >> 3] >> (i & 7)) & 1) === 1;
  }

  #numbers(width: number, signed: boolean, length: number): (i: number) => number | bigint {
    const bytes = this.#next((length * width) >> 3);
    const { isBig } = this.#context;
    switch (width) {
      case 8:
        return signed ? (i) => bytes.readInt8(i) : (i) => bytes[i];
      case 16:
        if (isBig) return signed ? (i) => bytes.readInt16BE(i * 2) : (i) => bytes.readUInt16BE(i * 2);
        return signed ? (i) => bytes.readInt16LE(i * 2) : (i) => bytes.readUInt16LE(i * 2);
      case 32:
        if (isBig) return signed ? (i) => bytes.readInt32BE(i * 4) : (i) => bytes.readUInt32BE(i * 4);
        return signed ? (i) => bytes.readInt32LE(i * 4) : (i) => bytes.readUInt32LE(i * 4);
      default:
        if (isBig) return signed ? (i) => bytes.readBigInt64BE(i * 8) : (i) => bytes.readBigUInt64BE(i * 8);
        return signed ? (i) => bytes.readBigInt64LE(i * 8) : (i) => bytes.readBigUInt64LE(i * 8);
    }
  }

  #offsets(length: number, width: number): (i: number) => number {
    // Without values there may be no offset at all.
    if (length === 0) {
      this.#next(0);
      return () => 0;
    }
    const at = this.#numbers(width, true, length + 1);
    for (let i = 0, before = 0n; i <= length; i++) {
      const offset = BigInt(at(i));
      if (offset < before) damaged('an offset goes back');
      before = offset;
    }
    return (i) => Number(at(i));
  }

  #values(field: Field, length: number, isThere: (i: number) => boolean): (i: number) => unknown {
    const isWide = this.#isWide;
    switch (field.type) {
      case 'int': {
        const at = this.#numbers(field.width, field.signed, length);
        return field.width < 64 || isWide ? at : (i) => safe(at(i) as bigint);
      }
      case 'float':
        return this.#floats(field.width, length);
      case 'bool': {
        const bits = this.#next((length + 7) >> 3);
        return (i) => ((bits[i >> 3] >> (i & 7)) & 1) === 1;
      }
      case 'decimal':
        return this.#decimals(field, length);
      case 'date': {
        const at = this.#numbers(field.isDays ? 32 : 64, true, length);
        return (i) => dateText(field.isDays ? Number(at(i)) : Math.floor(Number(at(i)) / dayMs));
      }
      case 'time': {
        const at = this.#numbers(field.width, true, length);
        return (i) => timeOfDay(BigInt(at(i)), field.unit);
      }
      case 'timestamp': {
        const at = this.#numbers(64, true, length);
        const { zone } = this.#context;
        if (this.#isExact) return (i) => exactInstant(at(i) as bigint, field.unit, field.hasZone);
        return field.hasZone
          ? (i) => instantOf(at(i) as bigint, field.unit)
          : (i) => zone.date(instantOf(at(i) as bigint, field.unit));
      }
      case 'duration': {
        const at = this.#numbers(64, true, length);
        return isWide ? at : (i) => safe(at(i) as bigint);
      }
      case 'interval':
        return this.#intervals(field.interval, length);
      case 'utf8':
      case 'binary':
        return this.#texts(length, 32, field.type === 'utf8');
      case 'largeUtf8':
      case 'largeBinary':
        return this.#texts(length, 64, field.type === 'largeUtf8');
      case 'utf8View':
      case 'binaryView':
        return this.#views(length, field.type === 'utf8View', isThere);
      case 'fixedBinary': {
        const { width } = field;
        const bytes = this.#next(length * width);
        const cell = (i: number) => bytes.subarray(i * width, (i + 1) * width);
        return field.isUuid ? (i) => uuidText(cell(i)) : (i) => new Uint8Array(cell(i));
      }
      case 'list':
      case 'largeList': {
        const at = this.#offsets(length, field.type === 'list' ? 32 : 64);
        const { values } = this.#field(field.children[0], at(length));
        return (i) => values.slice(at(i), at(i + 1));
      }
      case 'listView':
      case 'largeListView': {
        const width = field.type === 'listView' ? 32 : 64;
        const [at, size] = [this.#numbers(width, true, length), this.#numbers(width, true, length)];
        const { values } = this.#field(field.children[0], 0);
        return (i) => {
          const [from, count] = [Number(at(i)), Number(size(i))];
          return from < 0 || count < 0 || from + count > values.length
            ? damaged('an offset leads outside')
            : values.slice(from, from + count);
        };
      }
      case 'fixedList': {
        const { values } = this.#field(field.children[0], length * field.width);
        return (i) => values.slice(i * field.width, (i + 1) * field.width);
      }
      case 'map': {
        const at = this.#offsets(length, 32);
        const [entries] = field.children;
        const [count] = this.#nodes[this.#node++] ?? damaged();
        if (count < at(length)) damaged('a field has a wrong number of values');
        this.#next(0);
        const [keys, values] = entries.children.map((child) => this.#field(child, count).values);
        return (i) => new Map(Array.from({ length: at(i + 1) - at(i) }, (_, k) => [keys[at(i) + k], values[at(i) + k]]));
      }
      case 'struct': {
        const columns = field.children.map((child) => this.#field(child, length).values);
        const names = uniqueNames(field.children.map(({ name }) => name));
        return (i) => Object.fromEntries(columns.map((values, c) => [names[c], values[i]]));
      }
      default:
        return damaged(`values of the type ${field.type} are not read`);
    }
  }

  #floats(width: number, length: number): (i: number) => number {
    const bytes = this.#next((length * width) >> 3);
    const { isBig } = this.#context;
    if (width === 16) return (i) => halfOf(isBig ? bytes.readUInt16BE(i * 2) : bytes.readUInt16LE(i * 2));
    if (width === 32) return isBig ? (i) => bytes.readFloatBE(i * 4) : (i) => bytes.readFloatLE(i * 4);
    return isBig ? (i) => bytes.readDoubleBE(i * 8) : (i) => bytes.readDoubleLE(i * 8);
  }

  #decimals({ width, scale }: Field, length: number): (i: number) => string {
    const size = width >> 3;
    const bytes = this.#next(length * size);
    const { isBig } = this.#context;
    return (i) => {
      const own = Buffer.from(bytes.subarray(i * size, (i + 1) * size));
      if (!isBig) own.reverse();
      return decimalText(BigInt.asIntN(width, BigInt(`0x${own.toString('hex')}`)), scale);
    };
  }

  #intervals(kind: number, length: number): (i: number) => string {
    const { isBig } = this.#context;
    const int = (bytes: Buffer, at: number) => (isBig ? bytes.readInt32BE(at) : bytes.readInt32LE(at));
    if (kind === 0) {
      const bytes = this.#next(length * 4);
      return (i) => `${int(bytes, i * 4)} months`;
    }
    if (kind === 1) {
      const bytes = this.#next(length * 8);
      return (i) => `${int(bytes, i * 8)} days ${int(bytes, i * 8 + 4)} ms`;
    }
    const bytes = this.#next(length * 16);
    return (i) => {
      const nanos = isBig ? bytes.readBigInt64BE(i * 16 + 8) : bytes.readBigInt64LE(i * 16 + 8);
      return `${int(bytes, i * 16)} months ${int(bytes, i * 16 + 4)} days ${nanos} ns`;
    };
  }

  #texts(length: number, width: number, isText: boolean): (i: number) => unknown {
    const at = this.#offsets(length, width);
    const bytes = this.#next(length === 0 ? 0 : at(length));
    if (!isText) return (i) => new Uint8Array(bytes.subarray(at(i), at(i + 1)));
    return (i) => textOf(bytes.subarray(at(i), at(i + 1)));
  }

  #views(length: number, isText: boolean, isThere: (i: number) => boolean): (i: number) => unknown {
    const views = this.#next(length * 16);
    const count = this.#variadic[this.#view++] ?? damaged('it has too few buffers');
    if (count < 0 || count > this.#buffers.length) damaged();
    const buffers = Array.from({ length: count }, () => this.#next(0));
    const { isBig } = this.#context;
    const int = (at: number) => (isBig ? views.readInt32BE(at) : views.readInt32LE(at));
    return (i) => {
      if (!isThere(i)) return null;
      const size = int(i * 16);
      let bytes: Buffer;
      if (size >= 0 && size <= 12) bytes = views.subarray(i * 16 + 4, i * 16 + 4 + size);
      else {
        const [buffer, from] = [buffers[int(i * 16 + 8)], int(i * 16 + 12)];
        if (size < 0 || !buffer || from < 0 || from + size > buffer.length) return damaged('a view leads outside');
        bytes = buffer.subarray(from, from + size);
      }
      return isText ? textOf(bytes) : new Uint8Array(bytes);
    };
  }

  #union(field: Field, length: number): unknown[] {
    if (this.#context.hasUnionNulls) this.#next(0);
    const types = this.#next(length);
    const places = field.isDense ? this.#numbers(32, true, length) : undefined;
    const children = field.children.map((child) => this.#field(child, field.isDense ? 0 : length).values);
    const ids = field.typeIds.length > 0 ? field.typeIds : field.children.map((_, i) => i);
    return Array.from({ length }, (_, i) => {
      const child = children[ids.indexOf(types.readInt8(i))] ?? damaged('a union has a value of no type');
      const place = places ? Number(places(i)) : i;
      return place >= 0 && place < child.length ? child[place] : damaged('an offset leads outside');
    });
  }

  /** Runs of one value each, by where they end. */
  #runs(field: Field, length: number): unknown[] {
    const [ends, values] = field.children.map((child) => this.#field(child, 0).values);
    const out: unknown[] = [];
    for (const [run, end] of ends.entries()) {
      if (typeof end !== 'number' && typeof end !== 'bigint') damaged();
      for (const to = Math.min(length, Number(end)); out.length < to; ) out.push(values[run]);
    }
    return out.length === length ? out : damaged('runs are shorter than their field');
  }
}

function textOf(bytes: Buffer): string {
  return isUtf8(bytes) ? bytes.toString('utf8') : damaged('it has text that is no UTF-8');
}

function unpacked(bytes: Buffer, codec: number): Buffer {
  if (bytes.length === 0) return bytes;
  if (bytes.length < 8) return damaged();
  const size = Number(bytes.readBigInt64LE(0));
  const packed = bytes.subarray(8);
  if (size === -1) return packed;
  if (size < 0 || size > 2 ** 31) return damaged();
  if (size === 0) return Buffer.alloc(0);
  const made = codec === 0 ? unpackLz4Frame(packed, size) : codec === 1 ? unpackZstandard(packed) : damaged();
  return made.length === size ? made : damaged();
}
