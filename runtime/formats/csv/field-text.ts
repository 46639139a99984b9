// The text of fields: cut from one string of the whole chunk, the short ones that come again and again kept.
import type { Records } from './records';
import { hasEscapes, isQuoted, isWide } from './records';

/** Fields of at most so many bytes are looked up: names, codes, categories. A copy of a longer one costs less than the comparison. */
const mostKept = 24;
const slots = 1 << 12;

export class FieldText {
  readonly #records: Records;
  readonly #quote: string;
  readonly #escape: string;
  #buffer: Buffer = Buffer.alloc(0);
  #chunk: string | undefined;
  readonly #kept: (string | undefined)[] = new Array<string | undefined>(slots).fill(undefined);

  constructor(records: Records, quote: string, escape: string) {
    this.#records = records;
    this.#quote = quote;
    this.#escape = escape;
  }

  /** The records have other bytes now. */
  renew(buffer: Buffer): void {
    this.#buffer = buffer;
    this.#chunk = undefined;
  }

  /** The text of a field, without its quotes. */
  of(field: number): string {
    const { starts, stops, flags } = this.#records;
    const [from, to, flag] = [starts[field], stops[field], flags[field]];
    if ((flag & isWide) !== 0) return this.#unescaped(this.#buffer.toString('utf8', from, to), flag);
    if (to - from <= mostKept && (flag & hasEscapes) === 0) return this.#short(from, to);
    this.#chunk ??= this.#buffer.toString('latin1', 0, this.#records.held);
    return this.#unescaped(this.#chunk.substring(from, to), flag);
  }

  #unescaped(text: string, flag: number): string {
    if ((flag & hasEscapes) === 0) return text;
    if (this.#escape === this.#quote) return text.replaceAll(this.#quote + this.#quote, this.#quote);
    return text.replace(/\\(["'\\])/g, (all, next: string) => (next === this.#quote || next === this.#escape ? next : all));
  }

  #short(from: number, to: number): string {
    const buffer = this.#buffer;
    let hash = to - from;
    for (let p = from; p < to; p++) hash = (Math.imul(hash, 31) + buffer[p]) | 0;
    const slot = (hash ^ (hash >>> 15)) & (slots - 1);
    const kept = this.#kept[slot];
    if (kept !== undefined && kept.length === to - from) {
      let p = from;
      while (p < to && kept.charCodeAt(p - from) === buffer[p]) p++;
      if (p === to) return kept;
    }
    // A copy of its own: a piece of the chunk's string would keep all of that in memory.
    const text = buffer.toString('latin1', from, to);
    this.#kept[slot] = text;
    return text;
  }
}

/** Whether a field is empty and was written without quotes: null. */
export const isEmpty = ({ starts, stops, flags }: Records, field: number): boolean =>
  starts[field] === stops[field] && (flags[field] & isQuoted) === 0;
