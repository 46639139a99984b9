// Keys compare by value: their canonical text, their hash, their order, and the table that groups by them.
import { MillraceError } from '../base/errors';
import { maxValueDepth } from '../base/limits';

/** An array of more elements is a key only without holes. */
const sparseFrom = 100_000;

const nothingLike = (v: unknown, reason: string): never => {
  throw new MillraceError('BAD_KEY', { key: showKey(v), reason });
};

function showKey(v: unknown): string {
  if (typeof v === 'function') return `the function ${v.name || '(anonymous)'}`;
  if (typeof v === 'symbol') return String(v);
  const name = (v as object)?.constructor?.name ?? 'object';
  return `an instance of ${name}`;
}

/** The canonical text of a composite key: equal exactly where the keys are equal by value. Throws BAD_KEY for what has no value. */
export function keyText(v: unknown, depth = 0): string {
  switch (typeof v) {
    case 'string':
      return `"${v.length}:${v}`;
    case 'number':
      return v === 0 ? 'n0' : `n${v}`;
    case 'bigint':
      return `b${v}`;
    case 'boolean':
      return v ? 't' : 'f';
    case 'undefined':
      return 'u';
    case 'object':
      return v === null ? 'z' : objectText(v, depth + 1);
    default:
      return nothingLike(v, 'it has no value to compare by');
  }
}

function objectText(v: object, depth: number): string {
  if (depth > maxValueDepth) return nothingLike(v, 'it is nested too deeply, or refers to itself');
  if (Array.isArray(v)) {
    // An array may be four billion elements long and hold none of them.
    if (v.length > sparseFrom && Object.keys(v).length < v.length) return nothingLike(v, `it has ${v.length} elements and holes`);
    let text = '[';
    for (let i = 0; i < v.length; i++) text += `${keyText(v[i], depth)},`;
    return `${text}]`;
  }
  if (v instanceof Date) return `d${v.getTime()}`;
  const proto = Object.getPrototypeOf(v);
  if (proto !== Object.prototype && proto !== null)
    return nothingLike(v, 'it compares by identity, which is lost between processes');
  let text = '{';
  for (const key of Object.keys(v).sort()) text += `${keyText(key)}=${keyText((v as Record<string, unknown>)[key], depth)},`;
  return `${text}}`;
}

/** A hash of a string, 30 bits: FNV-1a with a final mix. */
function hashString(s: string): number {
  let h = s.length;
  for (let i = 0; i < s.length; i++) h = Math.imul(h ^ s.charCodeAt(i), 16777619);
  return (h ^ (h >>> 15)) & 0x3fffffff;
}

const float = new Float64Array(1);
const halves = new Int32Array(float.buffer);

function hashNumber(x: number): number {
  let h: number;
  if ((x | 0) === x) h = x | 0;
  else {
    float[0] = x === 0 ? 0 : Number.isNaN(x) ? Number.NaN : x;
    h = halves[0] ^ Math.imul(halves[1], 0x9e3779b1);
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) & 0x3fffffff;
}

/** A hash of any key, 30 bits, the same in every process. */
export function hashKey(v: unknown): number {
  if (typeof v === 'string') return hashString(v);
  if (typeof v === 'number') return hashNumber(v);
  return hashString(keyText(v));
}

/** Whether two keys are equal by value. */
export function sameKey(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== typeof b) return false;
  if (typeof a === 'number') return Number.isNaN(a) && Number.isNaN(b);
  return typeof a === 'object' && a !== null && b !== null && keyText(a) === keyText(b);
}

const incomparable = (a: unknown, b: unknown): never => {
  const show = (v: unknown) =>
    typeof v === 'string' ? JSON.stringify(v) : typeof v === 'object' && v !== null ? keyTextOr(v) : String(v);
  throw new MillraceError('NOT_COMPARABLE', { left: show(a), right: show(b) });
};

function keyTextOr(v: object): string {
  try {
    return JSON.stringify(v);
  } catch {
    return showKey(v);
  }
}

/**
 * The natural order: numbers as numbers (NaN last), strings by code unit, dates by time, booleans false first, bigints with numbers,
 * arrays element by element. Negative, zero or positive. Throws NOT_COMPARABLE for values of different kinds.
 */
export function compareKeys(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') {
    if (a < b) return -1;
    if (a > b) return 1;
    if (a === b) return 0;
    return Number.isNaN(a) ? (Number.isNaN(b) ? 0 : 1) : -1;
  }
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  return compareOthers(a, b);
}

function compareOthers(a: unknown, b: unknown): number {
  const number = (v: unknown): v is number | bigint => typeof v === 'number' || typeof v === 'bigint';
  if (number(a) && number(b)) {
    if (Number.isNaN(a)) return 1;
    if (Number.isNaN(b)) return -1;
    return a < b ? -1 : a > b ? 1 : 0;
  }
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (a instanceof Date && b instanceof Date) return compareKeys(a.getTime(), b.getTime());
  if (Array.isArray(a) && Array.isArray(b)) {
    const n = Math.min(a.length, b.length);
    for (let i = 0; i < n; i++) {
      const order = compareKeys(a[i], b[i]);
      if (order !== 0) return order;
    }
    return a.length - b.length;
  }
  if ((a === null && b === null) || (a === undefined && b === undefined)) return 0;
  return incomparable(a, b);
}

/** Sorts in place as `compare` says; `Array.prototype.sort` would put undefined last without asking it. */
export function sortValues<T>(values: T[], compare: (a: T, b: T) => number): T[] {
  if (!values.includes(undefined as T)) return values.sort(compare);
  const boxed = values.map((value) => ({ value })).sort((a, b) => compare(a.value, b.value));
  for (let i = 0; i < values.length; i++) values[i] = boxed[i].value;
  return values;
}

/** Longer strings go through a Map: V8 keeps their hash in the string, ours would read all of them each time. */
const ownHashChars = 20;

/** 2^32 divided by the golden ratio: multiples of any step spread over the upper bits (Knuth, 6.4). */
const golden = 0x9e3779b1;

/** The numbers of keys that are whole and of 32 bits, by open addressing: 2–4 times as fast as Map. */
class IntegerTable {
  /** Pairs of a key and its number + 1; 0 there is a free place. */
  #slots = new Int32Array(1 << 7);
  /** What leaves as many upper bits of a hash as there are places: 2^6. */
  #shift = 32 - 6;
  #size = 0;

  /** The number of the key; a new key gets `next`. */
  find(key: number, next: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let p = (Math.imul(key, golden) >>> this.#shift) << 1;
    for (let e = slots[p + 1]; e !== 0; e = slots[p + 1]) {
      if (slots[p] === key) return e - 1;
      p = (p + 2) & mask;
    }
    slots[p] = key;
    slots[p + 1] = next + 1;
    if (++this.#size * 4 > slots.length) this.#grow();
    return next;
  }

  /** The number of a key that is there, or -1. */
  peek(key: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let p = (Math.imul(key, golden) >>> this.#shift) << 1;
    for (let e = slots[p + 1]; e !== 0; e = slots[p + 1]) {
      if (slots[p] === key) return e - 1;
      p = (p + 2) & mask;
    }
    return -1;
  }

  #grow(): void {
    const old = this.#slots;
    const slots = new Int32Array(old.length * 2);
    const mask = slots.length - 1;
    this.#shift--;
    for (let i = 0; i < old.length; i += 2) {
      if (old[i + 1] === 0) continue;
      let p = (Math.imul(old[i], golden) >>> this.#shift) << 1;
      while (slots[p + 1] !== 0) p = (p + 2) & mask;
      slots[p] = old[i];
      slots[p + 1] = old[i + 1];
    }
    this.#slots = slots;
  }
}

/**
 * Gives each distinct key a number from 0 on, in the order of first sight. Short strings go through an open-addressing table with its own
 * hash, 1.3–1.6 times as fast as Map, and so do whole numbers; other primitives through a Map, whose equality is ours; the rest by
 * their text.
 */
export class KeyTable {
  readonly keys: unknown[] = [];
  /** Hashes of the keys, valid where the key is a string. */
  #hashes = new Int32Array(1 << 9);
  #slots = new Int32Array(1 << 10);
  #mask = (1 << 10) - 1;
  #strings = 0;
  #integers: IntegerTable | undefined;
  #primitives: Map<unknown, number> | undefined;
  #texts: Map<string, number> | undefined;

  get size(): number {
    return this.keys.length;
  }

  /** The number of the key; a new key gets `size` as it was before the call. */
  find(key: unknown): number {
    if (typeof key === 'string') return this.findString(key);
    return typeof key === 'number' && (key | 0) === key ? this.#findInteger(key) : this.#findOther(key);
  }

  #findInteger(key: number): number {
    this.#integers ??= new IntegerTable();
    const next = this.keys.length;
    const found = this.#integers.find(key, next);
    if (found === next) this.keys.push(key);
    return found;
  }

  findString(key: string): number {
    const length = key.length;
    if (length > ownHashChars) return this.#findPrimitive(key);
    let h = length;
    for (let i = 0; i < length; i++) h = Math.imul(h ^ key.charCodeAt(i), 16777619);
    h = (h ^ (h >>> 15)) & 0x3fffffff;
    const slots = this.#slots;
    const hashes = this.#hashes;
    const mask = this.#mask;
    let p = h & mask;
    for (;;) {
      const e = slots[p];
      if (e === 0) break;
      if (hashes[e - 1] === h && this.keys[e - 1] === key) return e - 1;
      p = (p + 1) & mask;
    }
    return this.#addString(key, h, p);
  }

  /** The number of a key that is there, or -1; adds nothing. */
  peek(key: unknown): number {
    if (typeof key !== 'string' || key.length > ownHashChars) return this.#peekOther(key);
    const h = hashString(key);
    const slots = this.#slots;
    let p = h & this.#mask;
    for (let e = slots[p]; e !== 0; e = slots[p]) {
      if (this.#hashes[e - 1] === h && this.keys[e - 1] === key) return e - 1;
      p = (p + 1) & this.#mask;
    }
    return -1;
  }

  #peekOther(key: unknown): number {
    if (typeof key === 'number' && (key | 0) === key) return this.#integers?.peek(key) ?? -1;
    if (typeof key === 'object' && key !== null) return this.#texts?.get(keyText(key)) ?? -1;
    return this.#primitives?.get(key) ?? -1;
  }

  #addString(key: string, h: number, slot: number): number {
    const n = this.keys.length;
    if (n >= this.#hashes.length) {
      // Keys of other kinds may have come since.
      const larger = new Int32Array(n * 2);
      larger.set(this.#hashes);
      this.#hashes = larger;
    }
    this.#hashes[n] = h;
    this.keys.push(key);
    this.#slots[slot] = n + 1;
    if (++this.#strings * 2 > this.#slots.length) this.#grow();
    return n;
  }

  #grow(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let i = 0; i < this.keys.length; i++) {
      const key = this.keys[i];
      if (typeof key !== 'string' || key.length > ownHashChars) continue;
      let p = this.#hashes[i] & mask;
      while (slots[p] !== 0) p = (p + 1) & mask;
      slots[p] = i + 1;
    }
    this.#slots = slots;
    this.#mask = mask;
  }

  #findOther(key: unknown): number {
    if (typeof key === 'object' && key !== null) {
      this.#texts ??= new Map();
      return this.#findIn(this.#texts, keyText(key), key);
    }
    if (typeof key === 'function' || typeof key === 'symbol') keyText(key);
    return this.#findPrimitive(key);
  }

  #findPrimitive(key: unknown): number {
    this.#primitives ??= new Map();
    return this.#findIn(this.#primitives, key, key);
  }

  #findIn<T>(table: Map<T, number>, entry: T, key: unknown): number {
    const known = table.get(entry);
    if (known !== undefined) return known;
    const n = this.keys.length;
    table.set(entry, n);
    this.keys.push(key);
    return n;
  }

  /** The hash of key number `n`. */
  hashOf(n: number): number {
    const key = this.keys[n];
    return typeof key === 'string' && key.length <= ownHashChars ? this.#hashes[n] : hashKey(key);
  }
}
