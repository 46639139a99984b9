// The text of fields: cut from one string of the whole chunk, the short ones that come again and again kept.
import { longestShort, ShortTexts } from '../short-texts';
import type { Records } from './records';
import { hasEscapes, isQuoted, isWide } from './records';

export class FieldText {
  readonly #records: Records;
  readonly #quote: string;
  readonly #escape: string;
  #buffer: Buffer = Buffer.alloc(0);
  #chunk: string | undefined;
  readonly #short = new ShortTexts();

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
    if (to - from <= longestShort && (flag & hasEscapes) === 0) return this.#short.of(this.#buffer, from, to);
    this.#chunk ??= this.#buffer.toString('latin1', 0, this.#records.held);
    return this.#unescaped(this.#chunk.substring(from, to), flag);
  }

  #unescaped(text: string, flag: number): string {
    if ((flag & hasEscapes) === 0) return text;
    if (this.#escape === this.#quote) return text.replaceAll(this.#quote + this.#quote, this.#quote);
    return text.replace(/\\(["'\\])/g, (all, next: string) => (next === this.#quote || next === this.#escape ? next : all));
  }
}

/** Whether a field is empty and was written without quotes: null. */
export const isEmpty = ({ starts, stops, flags }: Records, field: number): boolean =>
  starts[field] === stops[field] && (flags[field] & isQuoted) === 0;
