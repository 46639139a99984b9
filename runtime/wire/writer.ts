// Writes values as tagged bytes, with columns where the elements of an array are alike; refuses what would arrive changed.
import { MillraceError } from '../base/errors';
import { maxValueDepth } from '../base/limits';
import {
  errorKinds,
  hiddenOfErrors,
  instanceCodec,
  maxColumnLevels,
  maxObjectColumns,
  maxTupleColumns,
  Tag,
  typedKinds,
} from './tags';

/** From this many elements on an array is looked at for columns. */
const columnsFrom = 4;

const refuse = (value: string, reason: string, remedy: string): never => {
  throw new MillraceError('UNSHIPPABLE_VALUE', { value, reason, remedy });
};

const tooDeep = () =>
  refuse('a value', 'it is nested too deeply, or refers to itself', 'Break the cycle, or keep ids instead of references.');

/** What an object is called for people: its class, or what the language calls it. */
function className(v: object): string {
  const name = (v.constructor as Function | undefined)?.name;
  return name && name !== 'Object' ? name : Object.prototype.toString.call(v).slice('[object '.length, -1);
}

export class Writer {
  buffer = Buffer.allocUnsafe(4096);
  position = 0;
  depth = 0;
  /** Columns around the array that is written. */
  #level = 0;

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
        // Hexadecimal, since that alone is read in linear time.
        return this.text(v < 0n ? `-0x${(-v).toString(16)}` : `0x${v.toString(16)}`);
      case 'object':
        if (v === null) return this.byte(Tag.Null);
        if (++this.depth > maxValueDepth) tooDeep();
        this.object(v);
        this.depth--;
        return;
      case 'function':
        return refuse(
          `the function ${v.name || '(anonymous)'}`,
          'rows are data; only a closure can carry functions',
          'Call it in the closure and return its result.',
        );
      case 'symbol':
        return refuse(String(v), 'a symbol means something in its own process only', 'Use a string instead.');
    }
  }

  object(v: object): void {
    const proto = Object.getPrototypeOf(v);
    if (proto === Array.prototype) return this.array(v as unknown[]);
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
    const known = instanceCodec()?.take(v);
    if (known) {
      this.byte(Tag.Instance);
      this.text(known.key);
      return this.value(known.state);
    }
    if (v instanceof Error) return this.error(v);
    if (v instanceof Promise)
      return refuse(
        'a Promise',
        'its value is not there yet',
        'Closures of map and filter must answer at once; use foreachPartition with an async function, or await before.',
      );
    return refuse(
      `an instance of ${className(v)}`,
      'its class is not known where it would arrive',
      'Return a plain object or a tuple, or use a class that is declared at the prompt or in a module.',
    );
  }

  error(v: Error): void {
    const own: Record<string, unknown> = { ...v };
    for (const key of hiddenOfErrors) if (Object.hasOwn(v, key)) own[key] = (v as unknown as Record<string, unknown>)[key];
    for (const key of ['name', 'message', 'stack']) delete own[key];
    this.byte(Tag.Error);
    this.byte(errorKinds.findIndex((kind) => v instanceof kind));
    this.text(String(v.name));
    this.text(String(v.message));
    this.text(String(v.stack ?? ''));
    this.properties(own);
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
    // Columns of columns lead here without passing `value`, so that cycles of arrays end here too.
    if (++this.depth > maxValueDepth) tooDeep();
    this.elements(v);
    this.depth--;
  }

  elements(v: readonly unknown[]): void {
    const n = v.length;
    if (n >= columnsFrom && this.columns(v, n)) return;
    for (let i = 0; i < n; i++) if (!(i in v)) return this.sparse(v);
    this.byte(Tag.Array);
    this.count(n);
    const outer = this.#level;
    this.#level = 0;
    for (let i = 0; i < n; i++) this.value(v[i]);
    this.#level = outer;
  }

  sparse(v: readonly unknown[]): void {
    // Indexes come first among the keys; named properties of arrays are not encoded.
    const keys = Object.keys(v);
    const names = keys.findIndex((key) => String(Number(key) >>> 0) !== key);
    const present = (names < 0 ? keys : keys.slice(0, names)).map(Number);
    this.byte(Tag.SparseArray);
    this.count(v.length);
    this.count(present.length);
    const outer = this.#level;
    this.#level = 0;
    for (const i of present) {
      this.count(i);
      this.value(v[i]);
    }
    this.#level = outer;
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
        if (first === null || this.#level >= maxColumnLevels) return false;
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
      if (!Array.isArray(x) || x.length !== width || Object.getPrototypeOf(x) !== Array.prototype) return false;
      for (let j = 0; j < width; j++) if (x[j] === undefined && !(j in x)) return false;
    }
    this.byte(Tag.TupleColumns);
    this.count(n);
    this.count(width);
    const column = new Array<unknown>(n);
    this.#level++;
    for (let j = 0; j < width; j++) {
      for (let i = 0; i < n; i++) column[i] = (v[i] as unknown[])[j];
      this.array(column);
    }
    this.#level--;
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
    this.#level++;
    for (const key of keys) {
      this.text(key);
      for (let i = 0; i < n; i++) column[i] = (v[i] as Record<string, unknown>)[key];
      this.array(column);
    }
    this.#level--;
    return true;
  }
}
