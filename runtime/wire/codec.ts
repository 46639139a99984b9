// The only file that turns values into bytes and back: tagged values, with columns where the elements of an array are alike.
//
// Not msgpackr: it renames keys called __proto__, flattens class instances silently and rounds large bigints; here such a value
// either arrives as it was or is refused at the sender.
import { MillraceError } from '../errors';
import { maxValueDepth } from '../limits';

const enum Tag {
  Undefined,
  Null,
  True,
  False,
  Int32,
  Float64,
  BigInt,
  Latin1,
  Utf16,
  Date,
  RegExp,
  Array,
  Int32Column,
  Float64Column,
  StringColumn,
  TupleColumns,
  ObjectColumns,
  SparseArray,
  Object,
  NullObject,
  Map,
  Set,
  Bytes,
  Typed,
  Error,
  Instance,
  BooleanColumn,
}

/** From this many elements on an array is looked at for columns. */
const columnsFrom = 4;
const maxTupleColumns = 16;
const maxObjectColumns = 64;

const typedKinds = [
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
] as const;

/** How instances of the user's classes travel; the closure package gives the real one. */
export interface InstanceCodec {
  /** The class's key and the instance's state, or undefined where the class is not known to travel. */
  take(value: object): { key: string; state: unknown } | undefined;
  make(key: string, state: unknown): object;
}

let instances: InstanceCodec | undefined;
export function setInstanceCodec(codec: InstanceCodec): void {
  instances = codec;
}

const refuse = (value: string, reason: string, remedy: string): never => {
  throw new MillraceError('UNSHIPPABLE_VALUE', { value, reason, remedy });
};

class Writer {
  buffer = Buffer.allocUnsafe(4096);
  position = 0;
  depth = 0;

  room(bytes: number): void {
    if (this.position + bytes <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.position + bytes));
    this.buffer.copy(larger, 0, 0, this.position);
    this.buffer = larger;
  }

  byte(b: number): void {
    this.room(1);
    this.buffer[this.position++] = b;
  }

  /** Unsigned LEB128, up to 2^53. */
  count(n: number): void {
    this.room(8);
    while (n > 127) {
      this.buffer[this.position++] = (n % 128) | 128;
      n = Math.floor(n / 128);
    }
    this.buffer[this.position++] = n;
  }

  raw(view: ArrayBufferView): void {
    this.room(view.byteLength);
    this.buffer.set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength), this.position);
    this.position += view.byteLength;
  }

  /** Zeros up to a multiple of `size`, so that the reader can look at numbers in place. */
  align(size: number): void {
    const over = this.position % size;
    if (over === 0) return;
    this.room(size);
    this.buffer.fill(0, this.position, this.position + size - over);
    this.position += size - over;
  }

  text(s: string): void {
    // byteLength is vectorised; equal lengths mean ASCII, which Latin-1 holds.
    if (Buffer.byteLength(s) === s.length) {
      this.byte(Tag.Latin1);
      this.count(s.length);
      this.room(s.length);
      this.position += this.buffer.write(s, this.position, 'latin1');
    } else {
      // UTF-16 and not UTF-8: lone surrogates must arrive as they were.
      this.byte(Tag.Utf16);
      this.count(s.length);
      this.room(s.length * 2);
      this.position += this.buffer.write(s, this.position, 'utf16le');
    }
  }

  value(v: unknown): void {
    switch (typeof v) {
      case 'string':
        return this.text(v);
      case 'number':
        if ((v | 0) === v && !Object.is(v, -0)) {
          this.room(5);
          this.buffer[this.position] = Tag.Int32;
          this.buffer.writeInt32LE(v, this.position + 1);
          this.position += 5;
        } else {
          this.room(9);
          this.buffer[this.position] = Tag.Float64;
          this.buffer.writeDoubleLE(v, this.position + 1);
          this.position += 9;
        }
        return;
      case 'boolean':
        return this.byte(v ? Tag.True : Tag.False);
      case 'undefined':
        return this.byte(Tag.Undefined);
      case 'bigint':
        this.byte(Tag.BigInt);
        return this.text(v.toString(36));
      case 'object':
        if (v === null) return this.byte(Tag.Null);
        if (++this.depth > maxValueDepth) refuse('a value', 'it is nested too deeply, or refers to itself', 'Break the cycle, or keep ids instead of references.');
        this.object(v);
        this.depth--;
        return;
      case 'function':
        return refuse(`the function ${v.name || '(anonymous)'}`, 'rows are data; functions travel only inside closures', 'Call it in the closure and return its result.');
      case 'symbol':
        return refuse(String(v), 'a symbol means something in its own process only', 'Use a string instead.');
    }
  }

  object(v: object): void {
    if (Array.isArray(v)) return this.array(v);
    const proto = Object.getPrototypeOf(v);
    if (proto === Object.prototype) {
      this.byte(Tag.Object);
      return this.properties(v as Record<string, unknown>);
    }
    if (proto === null) {
      this.byte(Tag.NullObject);
      return this.properties(v as Record<string, unknown>);
    }
    if (v instanceof Date && proto === Date.prototype) {
      this.byte(Tag.Date);
      return this.value(v.getTime());
    }
    if (v instanceof Map && proto === Map.prototype) {
      this.byte(Tag.Map);
      this.array([...v.keys()]);
      return this.array([...v.values()]);
    }
    if (v instanceof Set && proto === Set.prototype) {
      this.byte(Tag.Set);
      return this.array([...v]);
    }
    if (v instanceof Uint8Array && (proto === Uint8Array.prototype || proto === Buffer.prototype)) {
      this.byte(Tag.Bytes);
      this.byte(proto === Buffer.prototype ? 1 : 0);
      this.count(v.length);
      return this.raw(v);
    }
    if (v instanceof RegExp && proto === RegExp.prototype) {
      this.byte(Tag.RegExp);
      this.text(v.source);
      return this.text(v.flags);
    }
    const kind = typedKinds.findIndex((k) => proto === k.prototype);
    if (kind >= 0) {
      const typed = v as Float64Array;
      this.byte(Tag.Typed);
      this.byte(kind);
      this.count(typed.length);
      this.align(8);
      return this.raw(typed);
    }
    const known = instances?.take(v);
    if (known) {
      this.byte(Tag.Instance);
      this.text(known.key);
      return this.value(known.state);
    }
    if (v instanceof Error) {
      this.byte(Tag.Error);
      this.text(v.name);
      this.text(v.message);
      return this.text(v.stack ?? '');
    }
    if (v instanceof Promise) return refuse('a Promise', 'its value is not there yet', 'Closures of map and filter must answer at once; use foreachPartition with an async function, or await before.');
    const name = (v.constructor as Function | undefined)?.name || 'Object';
    return refuse(`an instance of ${name}`, 'its class is not known where it would arrive', 'Return a plain object or a tuple, or use a class that is declared at the prompt or in a module.');
  }

  properties(v: Record<string, unknown>): void {
    const keys = Object.keys(v);
    this.count(keys.length);
    for (const key of keys) {
      this.text(key);
      this.value(v[key]);
    }
  }

  array(v: readonly unknown[]): void {
    const n = v.length;
    if (n >= columnsFrom && this.columns(v, n)) return;
    for (let i = 0; i < n; i++) if (!(i in v)) return this.sparse(v);
    this.byte(Tag.Array);
    this.count(n);
    for (let i = 0; i < n; i++) this.value(v[i]);
  }

  sparse(v: readonly unknown[]): void {
    const present = Object.keys(v).map(Number);
    this.byte(Tag.SparseArray);
    this.count(v.length);
    this.count(present.length);
    for (const i of present) {
      this.count(i);
      this.value(v[i]);
    }
  }

  /** Writes an array of like elements by columns; false where they are not alike (nothing is written then). */
  columns(v: readonly unknown[], n: number): boolean {
    const first = v[0];
    switch (typeof first) {
      case 'number':
        return this.numbers(v, n);
      case 'string':
        return this.strings(v, n);
      case 'boolean': {
        for (let i = 1; i < n; i++) if (typeof v[i] !== 'boolean') return false;
        this.byte(Tag.BooleanColumn);
        this.count(n);
        this.room(n);
        for (let i = 0; i < n; i++) this.buffer[this.position++] = v[i] ? 1 : 0;
        return true;
      }
      case 'object':
        if (first === null) return false;
        return Array.isArray(first) ? this.tuples(v, n, first.length) : this.alike(v, n, first);
      default:
        return false;
    }
  }

  numbers(v: readonly unknown[], n: number): boolean {
    let integers = true;
    for (let i = 0; i < n; i++) {
      const x = v[i];
      if (typeof x !== 'number') return false;
      if (integers && ((x | 0) !== x || (x === 0 && 1 / x < 0))) integers = false;
    }
    this.byte(integers ? Tag.Int32Column : Tag.Float64Column);
    this.count(n);
    this.align(8);
    const column = integers ? new Int32Array(n) : new Float64Array(n);
    for (let i = 0; i < n; i++) column[i] = v[i] as number;
    this.raw(column);
    return true;
  }

  strings(v: readonly unknown[], n: number): boolean {
    let longest = 0;
    for (let i = 0; i < n; i++) {
      const x = v[i];
      if (typeof x !== 'string') return false;
      if (x.length > longest) longest = x.length;
    }
    // Joined content beyond V8's longest string would throw: such columns go element by element.
    if (longest > 1 << 20 && longest * n > 1 << 28) return false;
    const lengths = longest < 256 ? new Uint8Array(n) : longest < 65_536 ? new Uint16Array(n) : new Uint32Array(n);
    for (let i = 0; i < n; i++) lengths[i] = (v[i] as string).length;
    this.byte(Tag.StringColumn);
    this.count(n);
    this.byte(lengths.BYTES_PER_ELEMENT);
    this.align(lengths.BYTES_PER_ELEMENT);
    this.raw(lengths);
    this.text(v.join(''));
    return true;
  }

  tuples(v: readonly unknown[], n: number, width: number): boolean {
    if (width === 0 || width > maxTupleColumns) return false;
    for (let i = 0; i < n; i++) {
      const x = v[i];
      if (!Array.isArray(x) || x.length !== width) return false;
      for (let j = 0; j < width; j++) if (x[j] === undefined && !(j in x)) return false;
    }
    this.byte(Tag.TupleColumns);
    this.count(n);
    this.count(width);
    const column = new Array<unknown>(n);
    for (let j = 0; j < width; j++) {
      for (let i = 0; i < n; i++) column[i] = (v[i] as unknown[])[j];
      this.array(column);
    }
    return true;
  }

  alike(v: readonly unknown[], n: number, first: object): boolean {
    if (Object.getPrototypeOf(first) !== Object.prototype) return false;
    const keys = Object.keys(first);
    const width = keys.length;
    if (width === 0 || width > maxObjectColumns || keys.includes('__proto__')) return false;
    for (let i = 1; i < n; i++) {
      const x = v[i];
      if (typeof x !== 'object' || x === null || Object.getPrototypeOf(x) !== Object.prototype) return false;
      let j = 0;
      for (const key in x) if (key !== keys[j++]) return false;
      if (j !== width) return false;
    }
    this.byte(Tag.ObjectColumns);
    this.count(n);
    this.count(width);
    const column = new Array<unknown>(n);
    for (const key of keys) {
      this.text(key);
      for (let i = 0; i < n; i++) column[i] = (v[i] as Record<string, unknown>)[key];
      this.array(column);
    }
    return true;
  }
}

class Reader {
  position = 0;
  constructor(readonly buffer: Buffer) {}

  need(bytes: number): void {
    if (this.position + bytes > this.buffer.length) throw new MillraceError('PROTOCOL', { reason: 'encoded data ends too early' });
  }

  byte(): number {
    this.need(1);
    return this.buffer[this.position++];
  }

  count(): number {
    let n = 0;
    let scale = 1;
    for (;;) {
      const b = this.byte();
      n += (b & 127) * scale;
      if (b < 128) return n;
      scale *= 128;
    }
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
        return parseBigInt36(this.text());
      case Tag.Latin1:
      case Tag.Utf16:
        return this.textOf(tag);
      case Tag.Date:
        return new Date(this.value() as number);
      case Tag.RegExp: {
        const source = this.text();
        return new RegExp(source, this.text());
      }
      case Tag.Object:
        return this.properties({});
      case Tag.NullObject:
        return this.properties(Object.create(null));
      case Tag.Map: {
        const keys = this.array();
        const values = this.array();
        return new Map(keys.map((k, i) => [k, values[i]]));
      }
      case Tag.Set:
        return new Set(this.array());
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
      case Tag.Error: {
        const name = this.text();
        const error = new Error(this.text());
        Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true });
        error.stack = this.text();
        return error;
      }
      case Tag.Instance: {
        const key = this.text();
        const state = this.value();
        if (!instances) throw new MillraceError('PROTOCOL', { reason: 'an instance where no classes are known' });
        return instances.make(key, state);
      }
      default:
        return this.arrayOf(tag);
    }
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

  array(): unknown[] {
    return this.arrayOf(this.byte());
  }

  arrayOf(tag: number): unknown[] {
    switch (tag) {
      case Tag.Array: {
        const n = this.count();
        this.need(n);
        const out: unknown[] = [];
        for (let i = 0; i < n; i++) out.push(this.value());
        return out;
      }
      case Tag.SparseArray: {
        const out: unknown[] = [];
        out.length = this.count();
        for (let n = this.count(); n > 0; n--) {
          const i = this.count();
          out[i] = this.value();
        }
        return out;
      }
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
        const width = this.count();
        const columns: unknown[][] = [];
        for (let j = 0; j < width; j++) columns.push(this.array());
        const out = new Array<unknown>(n);
        if (width === 2) {
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

  strings(): string[] {
    const n = this.count();
    const size = this.byte();
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
    return out;
  }

  objects(): object[] {
    const n = this.count();
    const width = this.count();
    const out: Record<string, unknown>[] = [];
    for (let i = 0; i < n; i++) out.push({});
    for (let j = 0; j < width; j++) {
      const key = this.text();
      const column = this.array();
      for (let i = 0; i < n; i++) out[i][key] = column[i];
    }
    return out;
  }
}

/** Parses the base-36 text of a bigint, sign included. */
function parseBigInt36(text: string): bigint {
  const negative = text.startsWith('-');
  let value = 0n;
  for (const digit of negative ? text.slice(1) : text) value = value * 36n + BigInt(Number.parseInt(digit, 36));
  return negative ? -value : value;
}

/**
 * The bytes of a value: numbers, strings, bigints, booleans, null, undefined, dates, regular expressions, arrays (also with holes),
 * plain objects, Map, Set, Error, typed arrays, Buffer and registered classes. Throws UNSHIPPABLE_VALUE for what would change
 * silently: functions, symbols, promises, instances of unknown classes, cycles.
 */
export function encode(value: unknown): Uint8Array {
  const writer = new Writer();
  writer.value(value);
  return writer.buffer.subarray(0, writer.position);
}

/** The value that `encode` was given. Throws PROTOCOL where the bytes are no encoded value. */
export function decode(bytes: Uint8Array): unknown {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return new Reader(buffer).value();
}
