// Reads what the writer wrote. Its work and memory are at most a multiple of the bytes that it is given, whatever they are.
import { MillraceError } from '../base/errors';
import { maxValueDepth } from '../base/limits';
import {
  errorKinds,
  hiddenOfErrors,
  instanceCodec,
  maxColumnLevels,
  maxObjectColumns,
  maxTupleColumns,
  type Side,
  Tag,
  typedKinds,
} from './tags';

export const malformed = (reason: string): never => {
  throw new MillraceError('PROTOCOL', { reason });
};

export class Reader {
  position = 0;
  readonly buffer: Buffer;
  readonly #side: Side;
  #depth = 0;
  /** Columns around the array that is read. */
  #level = 0;

  constructor(buffer: Buffer, side: Side) {
    this.buffer = buffer;
    this.#side = side;
  }

  need(bytes: number): void {
    if (this.position + bytes > this.buffer.length)
      throw new MillraceError('PROTOCOL', { reason: 'encoded data ends too early' });
  }

  byte(): number {
    this.need(1);
    return this.buffer[this.position++];
  }

  count(): number {
    let n = 0;
    for (let scale = 1; scale < 2 ** 53; scale *= 128) {
      const b = this.byte();
      n += (b & 127) * scale;
      if (b < 128) return n;
    }
    return malformed('a count without an end');
  }

  /** A value in another one. What is nested deeper than the writer goes was not written by it. */
  #enter(): void {
    if (++this.#depth > maxValueDepth) malformed('values that are nested too deeply');
  }

  align(size: number): void {
    const over = this.position % size;
    if (over !== 0) this.position += size - over;
  }

  /** The bytes of `n` numbers as an aligned copy: the buffer itself may start anywhere. */
  bytesOf(bytes: number): ArrayBuffer {
    this.need(bytes);
    const copy = new ArrayBuffer(bytes);
    new Uint8Array(copy).set(this.buffer.subarray(this.position, this.position + bytes));
    this.position += bytes;
    return copy;
  }

  textOf(tag: number): string {
    const n = this.count();
    if (tag === Tag.Latin1) {
      this.need(n);
      const s = this.buffer.toString('latin1', this.position, this.position + n);
      this.position += n;
      return s;
    }
    if (tag !== Tag.Utf16) throw new MillraceError('PROTOCOL', { reason: `tag ${tag} where a text was expected` });
    this.need(n * 2);
    const s = this.buffer.toString('utf16le', this.position, this.position + n * 2);
    this.position += n * 2;
    return s;
  }

  text(): string {
    return this.textOf(this.byte());
  }

  value(): unknown {
    const tag = this.byte();
    switch (tag) {
      case Tag.Undefined:
        return undefined;
      case Tag.Null:
        return null;
      case Tag.True:
        return true;
      case Tag.False:
        return false;
      case Tag.Int32: {
        this.need(4);
        const v = this.buffer.readInt32LE(this.position);
        this.position += 4;
        return v;
      }
      case Tag.Float64: {
        this.need(8);
        const v = this.buffer.readDoubleLE(this.position);
        this.position += 8;
        return v;
      }
      case Tag.BigInt:
        return parseBigInt(this.text());
      case Tag.Latin1:
      case Tag.Utf16:
        return this.textOf(tag);
      case Tag.Date: {
        const kind = this.buffer[this.position];
        return kind === Tag.Int32 || kind === Tag.Float64 ? new Date(this.value() as number) : malformed('a date without a time');
      }
      case Tag.RegExp: {
        const source = this.text();
        return new RegExp(source, this.text());
      }
      case Tag.Bytes: {
        const isBuffer = this.byte() === 1;
        const copy = this.bytesOf(this.count());
        return isBuffer ? Buffer.from(copy) : new Uint8Array(copy);
      }
      case Tag.Typed: {
        const kind = typedKinds[this.byte()];
        if (!kind) throw new MillraceError('PROTOCOL', { reason: 'an unknown typed array' });
        const n = this.count();
        this.align(8);
        return new kind(this.bytesOf(n * kind.BYTES_PER_ELEMENT) as never);
      }
      default: {
        this.#enter();
        const made = this.#container(tag);
        this.#depth--;
        return made;
      }
    }
  }

  /** A value that holds others. */
  #container(tag: number): unknown {
    switch (tag) {
      case Tag.Object:
        return this.properties({});
      case Tag.NullObject:
        return this.properties(Object.create(null));
      case Tag.Map: {
        const keys = this.dense();
        const values = this.column(keys.length);
        return new Map(keys.map((k, i) => [k, values[i]]));
      }
      case Tag.Set:
        return new Set(this.dense());
      case Tag.Error:
        return this.error();
      case Tag.Instance: {
        const key = this.text();
        const state = this.value();
        const instances = instanceCodec();
        if (!instances) return malformed('an instance where no classes are known');
        return instances.make(key, state, this.#side);
      }
      default:
        return this.arrayOf(tag);
    }
  }

  error(): Error {
    const kind = errorKinds[this.byte()];
    if (!kind) return malformed('an error of an unknown kind');
    const error = Object.create(kind.prototype) as Error;
    const name = this.text();
    const hidden = { enumerable: false, configurable: true, writable: true };
    if (name !== error.name) Object.defineProperty(error, 'name', { value: name, ...hidden });
    Object.defineProperty(error, 'message', { value: this.text(), ...hidden });
    Object.defineProperty(error, 'stack', { value: this.text(), ...hidden });
    this.properties(error as unknown as Record<string, unknown>);
    for (const key of hiddenOfErrors) if (Object.hasOwn(error, key)) Object.defineProperty(error, key, hidden);
    return error;
  }

  properties(into: Record<string, unknown>): Record<string, unknown> {
    for (let n = this.count(); n > 0; n--) {
      const key = this.text();
      const value = this.value();
      if (key === '__proto__') Object.defineProperty(into, key, { value, enumerable: true, configurable: true, writable: true });
      else into[key] = value;
    }
    return into;
  }

  /** An array without holes, so that it is no longer than its bytes. */
  dense(): unknown[] {
    const tag = this.byte();
    if (tag === Tag.SparseArray) return malformed('holes where every element is needed');
    this.#enter();
    const made = this.arrayOf(tag);
    this.#depth--;
    return made;
  }

  arrayOf(tag: number): unknown[] {
    switch (tag) {
      case Tag.Array: {
        const n = this.count();
        this.need(n);
        const out: unknown[] = [];
        const outer = this.#level;
        this.#level = 0;
        for (let i = 0; i < n; i++) out.push(this.value());
        this.#level = outer;
        return out;
      }
      case Tag.SparseArray:
        return this.sparse();
      case Tag.Int32Column: {
        const n = this.count();
        this.align(8);
        return Array.from(new Int32Array(this.bytesOf(n * 4)));
      }
      case Tag.Float64Column: {
        const n = this.count();
        this.align(8);
        return Array.from(new Float64Array(this.bytesOf(n * 8)));
      }
      case Tag.BooleanColumn: {
        const n = this.count();
        this.need(n);
        const out = new Array<unknown>(n);
        for (let i = 0; i < n; i++) out[i] = this.buffer[this.position++] === 1;
        return out;
      }
      case Tag.StringColumn:
        return this.strings();
      case Tag.TupleColumns: {
        const n = this.count();
        const width = this.width(maxTupleColumns);
        this.#enterColumns();
        const columns = Array.from({ length: width }, () => this.column(n));
        this.#level--;
        const out = new Array<unknown>(n);
        if (columns.length === 2) {
          const [a, b] = columns;
          for (let i = 0; i < n; i++) out[i] = [a[i], b[i]];
        } else for (let i = 0; i < n; i++) out[i] = columns.map((c) => c[i]);
        return out;
      }
      case Tag.ObjectColumns:
        return this.objects();
      default:
        throw new MillraceError('PROTOCOL', { reason: `an unknown tag ${tag} in encoded data` });
    }
  }

  /** An array with holes. It takes memory for its elements alone, however long it is. */
  sparse(): unknown[] {
    const length = this.count();
    if (length >= 2 ** 32) return malformed(`an array of ${length} elements`);
    const present = this.count();
    this.need(present * 2);
    const out: unknown[] = [];
    // V8 sets memory aside for a length that it is given, unless that is so large that the elements go into a table.
    if (length > 8 * present + 16) out.length = 2 ** 32 - 1;
    out.length = length;
    const outer = this.#level;
    this.#level = 0;
    for (let n = present, least = 0; n > 0; n--) {
      const i = this.count();
      if (i < least || i >= length) return malformed(`an element ${i} out of its order`);
      out[i] = this.value();
      least = i + 1;
    }
    this.#level = outer;
    return out;
  }

  #enterColumns(): void {
    if (++this.#level > maxColumnLevels) malformed('columns that are nested too deeply');
  }

  /** The number of columns. A row has one at least, so that a count of rows is never larger than the data. */
  width(most: number): number {
    const width = this.count();
    return width >= 1 && width <= most ? width : malformed(`${width} columns`);
  }

  column(rows: number): unknown[] {
    const column = this.dense();
    return column.length === rows ? column : malformed(`a column of ${column.length} values for ${rows} rows`);
  }

  strings(): string[] {
    const n = this.count();
    const size = this.byte();
    if (size !== 1 && size !== 2 && size !== 4) return malformed(`text lengths of ${size} bytes`);
    this.align(size);
    const bytes = this.bytesOf(n * size);
    const lengths = size === 1 ? new Uint8Array(bytes) : size === 2 ? new Uint16Array(bytes) : new Uint32Array(bytes);
    const text = this.text();
    const out = new Array<string>(n);
    let at = 0;
    for (let i = 0; i < n; i++) {
      const end = at + lengths[i];
      out[i] = text.substring(at, end);
      at = end;
    }
    return at === text.length ? out : malformed('texts whose lengths do not add up');
  }

  objects(): object[] {
    const n = this.count();
    const width = this.width(maxObjectColumns);
    const out: Record<string, unknown>[] = [];
    this.#enterColumns();
    for (let j = 0; j < width; j++) {
      const key = this.text();
      // The writer sends rows with this key one by one.
      if (key === '__proto__') return malformed('a column called __proto__');
      const column = this.column(n);
      if (j === 0) for (let i = 0; i < n; i++) out.push({});
      for (let i = 0; i < n; i++) out[i][key] = column[i];
    }
    this.#level--;
    return out;
  }
}

/** Parses the hexadecimal text of a bigint, sign included. */
function parseBigInt(text: string): bigint {
  const negative = text.startsWith('-');
  const digits = negative ? text.slice(1) : text;
  if (!digits.startsWith('0x')) return malformed('a bigint that is not hexadecimal');
  return negative ? -BigInt(digits) : BigInt(digits);
}
