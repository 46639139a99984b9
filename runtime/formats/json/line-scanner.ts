// Reads the fields of JSON lines straight from their bytes, those that are wanted; a line in which something is unusual is left to the general reader.
import type { Column } from '../../schema/schema';

const [quote, backslash, open, close, openList, closeList, comma, colon] = ['"', '\\', '{', '}', '[', ']', ',', ':'].map((text) =>
  text.charCodeAt(0),
);
const newline = 10;

/** What a byte within a string is: an ordinary character, the end, an escape, what no string may have, or a part of a longer character. */
const ordinary = 0;
const ends = 1;
const escapes = 2;
const control = 3;
const wide = 4;
const inString = new Uint8Array(256);
inString.fill(control, 0, 32);
inString[quote] = ends;
inString[backslash] = escapes;
inString.fill(wide, 128);

const isSpace = (byte: number): boolean => byte === 32 || byte === 13 || byte === 9;
const isDigit = (byte: number): boolean => byte >= 48 && byte <= 57;
const isHex = (byte: number): boolean => isDigit(byte) || (byte >= 65 && byte <= 70) || (byte >= 97 && byte <= 102);

/** Kinds of values, as they were found in a line. */
export const found = {
  nothing: 0,
  number: 1,
  text: 2,
  wideText: 3,
  escapedText: 4,
  truth: 5,
  falsehood: 6,
  none: 7,
  nested: 8,
} as const;

/** Names of fields that are remembered with their place; a file with more has names for values. */
const mostNames = 1_000;
/** Nested deeper is left to the general reader. */
const mostDepth = 60;

const powers = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

/**
 * A cursor over lines, each of which ends with a line feed within the buffer. After `line` answered true, value i of the wanted fields
 * is of the kind `kinds[i]`: a number in `numbers`, else from `starts[i]` to `stops[i]`, a text without its quotes.
 */
export class LineScanner {
  readonly kinds: Uint8Array;
  readonly numbers: Float64Array;
  readonly starts: Int32Array;
  readonly stops: Int32Array;
  /** Where the scanner stands: behind the line feed of a line that was read. */
  at = 0;
  buffer: Uint8Array = new Uint8Array(1);
  /** Names with both quotes, in the order in which a line had them last, and the wanted field that each is, or -1. */
  readonly #names: Uint8Array[] = [];
  readonly #fields: number[] = [];
  /** The name that came last; the one behind it is likely to be next. */
  #last = -1;
  readonly #wanted: ReadonlyMap<string, number>;
  #flag: number = ordinary;

  constructor(columns: readonly Column[]) {
    const n = columns.length;
    this.kinds = new Uint8Array(n);
    this.numbers = new Float64Array(n);
    this.starts = new Int32Array(n);
    this.stops = new Int32Array(n);
    this.#wanted = new Map(columns.map(({ name }, i) => [name, i]));
  }

  /** Reads the line that begins at `from`. False where it is not one plain object: it stands nowhere then. */
  line(from: number): boolean {
    const { buffer, kinds } = this;
    kinds.fill(0);
    this.#last = -1;
    let p = from;
    while (isSpace(buffer[p])) p++;
    if (buffer[p] !== open) return false;
    p++;
    while (isSpace(buffer[p])) p++;
    if (buffer[p] === close) p++;
    else {
      for (;;) {
        if (buffer[p] !== quote) return false;
        const field = this.#name(p);
        if (field === unreadable) return false;
        p = this.at;
        while (isSpace(buffer[p])) p++;
        if (buffer[p] !== colon) return false;
        p++;
        while (isSpace(buffer[p])) p++;
        p = this.#value(p, field);
        if (p < 0) return false;
        while (isSpace(buffer[p])) p++;
        if (buffer[p] === comma) {
          p++;
          while (isSpace(buffer[p])) p++;
          continue;
        }
        if (buffer[p] !== close) return false;
        p++;
        break;
      }
    }
    while (isSpace(buffer[p])) p++;
    if (buffer[p] !== newline) return false;
    this.at = p + 1;
    return true;
  }

  /** The wanted field that the name at a quote is, or -1; stands behind its closing quote then. */
  #name(from: number): number {
    const { buffer } = this;
    const names = this.#names;
    const next = this.#last + 1;
    if (next < names.length && isAt(buffer, from, names[next])) {
      this.#last = next;
      this.at = from + names[next].length;
      return this.#fields[next];
    }
    let p = from + 1;
    while (inString[buffer[p]] === ordinary || inString[buffer[p]] === wide) p++;
    if (buffer[p] !== quote) return unreadable;
    p++;
    this.at = p;
    for (let n = 0; n < names.length; n++) {
      if (names[n].length !== p - from || !isAt(buffer, from, names[n])) continue;
      this.#last = n;
      return this.#fields[n];
    }
    if (names.length >= mostNames) return unreadable;
    // A copy: the buffer is used again.
    const name = new Uint8Array(buffer.subarray(from, p));
    const field = this.#wanted.get(Buffer.from(name.subarray(1, -1)).toString('utf8')) ?? -1;
    names.splice(next, 0, name);
    this.#fields.splice(next, 0, field);
    this.#last = next;
    return field;
  }

  /** Reads a value; answers where it ends, or -1. */
  #value(from: number, field: number): number {
    const { buffer } = this;
    const first = buffer[from];
    if (first === quote) {
      const p = this.#string(from + 1);
      if (p >= 0 && field >= 0) {
        this.kinds[field] = this.#flag === ordinary ? found.text : this.#flag === wide ? found.wideText : found.escapedText;
        this.starts[field] = from + 1;
        this.stops[field] = p - 1;
      }
      return p;
    }
    if (isDigit(first) || first === 45) return this.#number(from, field);
    if (first === open || first === openList) {
      const p = this.#nested(from, 0);
      if (p >= 0) this.#note(field, found.nested, from, p);
      return p;
    }
    if (first === 116 && isAt(buffer, from, trueBytes)) return this.#note(field, found.truth, from, from + 4);
    if (first === 102 && isAt(buffer, from, falseBytes)) return this.#note(field, found.falsehood, from, from + 5);
    if (first === 110 && isAt(buffer, from, nullBytes)) return this.#note(field, found.none, from, from + 4);
    return -1;
  }

  #note(field: number, kind: number, from: number, to: number): number {
    if (field >= 0) {
      this.kinds[field] = kind;
      this.starts[field] = from;
      this.stops[field] = to;
    }
    return to;
  }

  /** Goes behind the quote that closes a string, and notes what is in it; -1 where it is none. */
  #string(from: number): number {
    const { buffer } = this;
    let p = from;
    let flag: number = ordinary;
    for (;;) {
      let kind = inString[buffer[p]];
      while (kind === ordinary) kind = inString[buffer[++p]];
      if (kind === ends) {
        this.#flag = flag;
        return p + 1;
      }
      if (kind === wide) {
        if (flag === ordinary) flag = wide;
        p++;
        continue;
      }
      if (kind === control) return -1;
      flag = escapes;
      const next = buffer[p + 1];
      if (next === 117) {
        for (let i = 2; i < 6; i++) if (!isHex(buffer[p + i])) return -1;
        p += 6;
      } else if (escaped[next] === 1) p += 2;
      else return -1;
    }
  }

  /** A number: of up to 15 digits exactly as `Number` has it. */
  #number(from: number, field: number): number {
    const { buffer } = this;
    let p = from;
    const isNegative = buffer[p] === 45;
    if (isNegative) p++;
    const start = p;
    let n = 0;
    if (buffer[p] === 48) p++;
    else {
      while (isDigit(buffer[p])) n = n * 10 + (buffer[p++] - 48);
      if (p === start) return -1;
    }
    let digits = p - start;
    let fraction = 0;
    if (buffer[p] === 46) {
      const point = ++p;
      while (isDigit(buffer[p])) n = n * 10 + (buffer[p++] - 48);
      fraction = p - point;
      if (fraction === 0) return -1;
      digits += fraction;
    }
    const isPlain = buffer[p] !== 101 && buffer[p] !== 69;
    if (!isPlain) {
      p++;
      if (buffer[p] === 43 || buffer[p] === 45) p++;
      if (!isDigit(buffer[p])) return -1;
      while (isDigit(buffer[p])) p++;
    }
    if (field < 0) return p;
    // Both are exact, so their quotient is the nearest number, as for Number(text).
    if (digits > 15 || !isPlain) return -1;
    const value = fraction === 0 ? n : n / powers[fraction];
    this.kinds[field] = found.number;
    this.numbers[field] = isNegative ? -value : value;
    return p;
  }

  /** An object or a list, which is only looked through. */
  #nested(from: number, depth: number): number {
    if (depth > mostDepth) return -1;
    const { buffer } = this;
    const isObject = buffer[from] === open;
    const last = isObject ? close : closeList;
    let p = from + 1;
    while (isSpace(buffer[p])) p++;
    if (buffer[p] === last) return p + 1;
    for (;;) {
      if (isObject) {
        if (buffer[p] !== quote) return -1;
        p = this.#string(p + 1);
        if (p < 0) return -1;
        while (isSpace(buffer[p])) p++;
        if (buffer[p] !== colon) return -1;
        p++;
        while (isSpace(buffer[p])) p++;
      }
      p = buffer[p] === open || buffer[p] === openList ? this.#nested(p, depth + 1) : this.#value(p, -1);
      if (p < 0) return -1;
      while (isSpace(buffer[p])) p++;
      if (buffer[p] === comma) {
        p++;
        while (isSpace(buffer[p])) p++;
        continue;
      }
      return buffer[p] === last ? p + 1 : -1;
    }
  }
}

const unreadable = -2;

const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));
const [trueBytes, falseBytes, nullBytes] = ['true', 'false', 'null'].map(bytesOf);
const escaped = new Uint8Array(256);
for (const byte of bytesOf('"\\/bfnrt')) escaped[byte] = 1;

function isAt(buffer: Uint8Array, at: number, bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (buffer[at + i] !== bytes[i]) return false;
  return true;
}
