// Counts the words of lines as bytes, where the functions of a stage are known to do that: no line, word or pair is made of them.
import { Buffer, isUtf8 } from 'node:buffer';
import { combineKeys } from '../../base/limits';
import type { LineChunk } from '../../formats/read-lines';
import type { FunctionRef } from '../../plan/function-ref';
import type { Plan, Sink } from '../../plan/program';

const newline = 10;
const carriageReturn = 13;

/** FNV-1a. */
const basis = 0x811c9dc5 | 0;
const prime = 16777619;

/** What an entry takes beside its bytes: its place, count and slots, and the string that is made of it in the end. */
const entryBytes = 80;

/** Words that a stage counts: of which lines, and the byte between them. */
interface Tokens {
  readonly source: Plan & { op: 'text' | 'cached' };
  readonly separator: number;
}

/**
 * What a stage counts, if it counts words: lines of text, split at one ASCII character, paired with 1, and summed by key on the way to
 * a shuffle. Its meaning is that of the compiled loops; `property/token-counts` holds the two against each other.
 */
export function countedTokens(plan: Plan, sink: Sink): Tokens | undefined {
  if (sink.kind !== 'shuffle' || !sink.combine || sink.combine.create || !isSum(sink.combine.merge)) return undefined;
  if (plan.op !== 'map' || !pairsWithOne(plan) || plan.input.op !== 'flatMap' || plan.input.values) return undefined;
  const { f, input } = plan.input;
  if (
    (input.op !== 'text' && input.op !== 'cached') ||
    f.kind !== 'closure' ||
    f.idiom?.kind !== 'split' ||
    f.idiom.by.length !== 1
  )
    return undefined;
  const separator = f.idiom.by.charCodeAt(0);
  // Line ends are taken off before a line is split.
  const isPlain = separator < 128 && separator !== newline && separator !== carriageReturn;
  return isPlain ? { source: input, separator } : undefined;
}

/** Whether a function adds two values. */
export const isSum = (f: FunctionRef): boolean => (f.kind === 'closure' ? f.idiom?.kind === 'sum' : f.name === 'add');

const pairsWithOne = ({ template, f }: Plan & { op: 'map' }): boolean =>
  template === 'pairWithOne' ||
  (template === 'call' && (f?.kind === 'closure' ? f.idiom?.kind === 'pairWithOne' : f?.name === 'withOne'));

/** Where the counts go: the writer of a map output. */
interface Target {
  add(key: string, count: number): void;
}

/** Words and how often each came, by open addressing on their bytes, in the order of first sight. */
export class TokenCounts {
  readonly #separator: number;
  readonly #budget: number;
  readonly #target: Target;
  /** The words, one after the other, as UTF-8. */
  #words = Buffer.allocUnsafe(1 << 16);
  /** Where each word starts; the next one's start is its end. */
  #starts = new Int32Array(1 << 12);
  #counts = new Float64Array(1 << 12);
  /** Pairs of a hash and the number of a word + 1; 0 there is a free place. */
  #slots = new Int32Array(1 << 13);
  #size = 0;

  /** Holds up to `budget` bytes, about, and passes on what it has beyond. */
  constructor(separator: number, budget: number, target: Target) {
    this.#separator = separator;
    this.#budget = budget;
    this.#target = target;
  }

  /** Counts the words of whole lines; answers how many lines these are. */
  add({ buffer, from, lastEnd }: LineChunk): number {
    // Bytes that are no text are read as replacement characters, which may make one word of two.
    const lines = isUtf8(buffer.subarray(from, lastEnd))
      ? this.#scan(buffer, from, lastEnd)
      : this.#scan(Buffer.from(buffer.toString('utf8', from, lastEnd)));
    if (this.#size >= combineKeys || this.#starts[this.#size] + this.#size * entryBytes > this.#budget) this.flush();
    return lines;
  }

  #scan(bytes: Buffer, from = 0, to = bytes.length): number {
    const separator = this.#separator;
    let lines = 1;
    let start = from;
    let hash = basis;
    for (let p = from; p < to; p++) {
      const c = bytes[p];
      if (c !== separator && c !== newline) {
        hash = Math.imul(hash ^ c, prime);
        continue;
      }
      if (c === separator) this.#count(bytes, start, p, hash);
      else {
        lines++;
        this.#countLast(bytes, start, p, hash);
      }
      start = p + 1;
      hash = basis;
    }
    this.#countLast(bytes, start, to, hash);
    return lines;
  }

  /** The last word of a line, which may end with a carriage return. */
  #countLast(bytes: Buffer, start: number, end: number, hash: number): void {
    if (end === start || bytes[end - 1] !== carriageReturn) return this.#count(bytes, start, end, hash);
    let shorter = basis;
    for (let p = start; p < end - 1; p++) shorter = Math.imul(shorter ^ bytes[p], prime);
    this.#count(bytes, start, end - 1, shorter);
  }

  #count(bytes: Buffer, start: number, end: number, fnv: number): void {
    const hash = fnv ^ (fnv >>> 15);
    const slots = this.#slots;
    const mask = slots.length - 1;
    const length = end - start;
    let p = (hash << 1) & mask;
    for (let e = slots[p + 1]; e !== 0; e = slots[p + 1]) {
      if (slots[p] === hash && this.#isWord(e - 1, bytes, start, length)) {
        this.#counts[e - 1]++;
        return;
      }
      p = (p + 2) & mask;
    }
    this.#append(bytes, start, end);
    slots[p] = hash;
    slots[p + 1] = this.#size;
    if (this.#size * 4 > slots.length) this.#grow();
  }

  #isWord(n: number, bytes: Buffer, start: number, length: number): boolean {
    const at = this.#starts[n];
    if (this.#starts[n + 1] - at !== length) return false;
    const words = this.#words;
    for (let i = 0; i < length; i++) if (words[at + i] !== bytes[start + i]) return false;
    return true;
  }

  #append(bytes: Buffer, start: number, end: number): void {
    const n = this.#size++;
    if (n + 2 > this.#starts.length) {
      this.#starts = enlarged(this.#starts, Int32Array);
      this.#counts = enlarged(this.#counts, Float64Array);
    }
    const at = this.#starts[n];
    const after = at + end - start;
    if (after > this.#words.length) {
      const larger = Buffer.allocUnsafe(Math.max(after, this.#words.length * 2));
      this.#words.copy(larger, 0, 0, at);
      this.#words = larger;
    }
    bytes.copy(this.#words, at, start, end);
    this.#starts[n + 1] = after;
    this.#counts[n] = 1;
  }

  #grow(): void {
    const old = this.#slots;
    const slots = new Int32Array(old.length * 2);
    const mask = slots.length - 1;
    for (let i = 0; i < old.length; i += 2) {
      if (old[i + 1] === 0) continue;
      let p = (old[i] << 1) & mask;
      while (slots[p + 1] !== 0) p = (p + 2) & mask;
      slots[p] = old[i];
      slots[p + 1] = old[i + 1];
    }
    this.#slots = slots;
  }

  /** Passes on what is held, and begins anew. */
  flush(): void {
    const [words, starts] = [this.#words, this.#starts];
    const bytes = starts[this.#size];
    const text = words.toString('latin1', 0, bytes);
    // Where every byte is a character the words are parts of one text.
    const isAscii = Buffer.byteLength(text) === bytes;
    for (let n = 0; n < this.#size; n++) {
      const word = isAscii ? text.substring(starts[n], starts[n + 1]) : words.toString('utf8', starts[n], starts[n + 1]);
      this.#target.add(word, this.#counts[n]);
    }
    this.#slots.fill(0);
    this.#size = 0;
  }
}

function enlarged<T extends Int32Array | Float64Array>(array: T, kind: new (length: number) => T): T {
  const larger = new kind(array.length * 2);
  larger.set(array);
  return larger;
}
