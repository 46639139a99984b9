// Cuts CSV text into records and fields, on bytes: one look at each byte, and no string.
import { maxTableColumns } from '../../base/limits';
import type { CsvDialect } from '../../plan/table-spec';

const lf = 10;
const cr = 13;
const space = 32;

/** What a byte of an unquoted field is: an ordinary one, the end of the field, or the first byte of a longer character. */
const delimits = 1;
const ends = 2;
const wide = 3;

/** What is known of a field besides its place. */
export const isQuoted = 1;
export const hasEscapes = 2;
export const isWide = 4;

/** What is wrong with a record. */
export type Fault = 'quote' | 'open' | 'columns';

/**
 * A cursor over records. The owner fills `buffer` up to `held`, and puts a line end behind it. After `next()`, field i of the record
 * lies from `starts[i]` to `stops[i]`.
 */
export class Records {
  buffer: Uint8Array = new Uint8Array(1);
  /** Where the next record begins. */
  at = 0;
  held = 0;
  /** Where the last record began. */
  start = 0;
  fields = 0;
  starts = new Int32Array(64);
  stops = new Int32Array(64);
  flags = new Uint8Array(64);
  fault: Fault | undefined;
  readonly #kinds = new Uint8Array(256);
  readonly #delimiter: number;
  readonly #quote: number;
  readonly #escape: number;
  readonly #comment: number;
  /** A table of one column has empty lines for nulls; another one has none. */
  #keepsEmpty = false;
  /** But for those before its first row. */
  #isBegun = true;

  constructor({ delimiter, quote, escape, comment }: Pick<CsvDialect, 'delimiter' | 'quote' | 'escape' | 'comment'>) {
    const code = (text: string) => (text === '' ? -1 : text.charCodeAt(0));
    [this.#delimiter, this.#quote, this.#escape, this.#comment] = [delimiter, quote, escape, comment].map(code);
    this.#kinds.fill(wide, 0x80);
    this.#kinds[this.#delimiter] = delimits;
    this.#kinds[lf] = ends;
    this.#kinds[cr] = ends;
  }

  /** The number of columns is known: of one column an empty line is a row, unless it stands at the start of the file. */
  expect(columns: number, isStart = false): void {
    this.#isBegun = !isStart;
    this.#keepsEmpty = columns === 1;
  }

  /** Begins with other bytes. */
  reset(buffer: Uint8Array, at: number, held: number): void {
    this.buffer = buffer;
    this.at = at;
    this.held = held;
  }

  /**
   * Moves to the next record. False where the bytes end before the record does, unless they are the last ones; `at` then stays at the
   * record's start.
   */
  next(isLast: boolean): boolean {
    const { buffer, held } = this;
    for (;;) {
      if (this.at >= held) return false;
      const first = buffer[this.at];
      if (first === this.#comment) {
        const end = this.#lineEnd(this.at);
        if (end < 0 && !isLast) return false;
        this.at = end < 0 ? held : end;
      } else if (!(this.#keepsEmpty && this.#isBegun) && (first === lf || first === cr)) this.at++;
      else break;
    }
    this.#isBegun = true;
    return this.#record(isLast);
  }

  /** Behind the line end after a position; -1 without one. */
  #lineEnd(from: number): number {
    const { buffer, held } = this;
    for (let p = from; p < held; p++) {
      if (buffer[p] === lf) return p + 1;
      if (buffer[p] === cr) return p + 1 < held && buffer[p + 1] === lf ? p + 2 : p + 1;
    }
    return -1;
  }

  #record(isLast: boolean): boolean {
    const { buffer, held } = this;
    const kinds = this.#kinds;
    const quote = this.#quote;
    let { starts, stops, flags } = this;
    this.fault = undefined;
    let p = this.at;
    this.start = p;
    let n = 0;
    for (;;) {
      if (n === starts.length) {
        if (n >= maxTableColumns) {
          this.fault = 'columns';
          n--;
        } else {
          this.#enlarge();
          ({ starts, stops, flags } = this);
        }
      }
      let flag = 0;
      let q = p;
      // Spaces before a quote belong to nothing, as those behind it.
      if (buffer[p] === space && quote > 0 && this.#delimiter !== space) while (buffer[q] === space) q++;
      if (buffer[q] === quote && q < held) {
        const after = this.#quoted(q, n, isLast);
        if (after < 0) return false;
        p = after;
        n++;
      } else {
        starts[n] = p;
        let kind = kinds[buffer[p]];
        while (kind !== delimits && kind !== ends) {
          if (kind === wide) flag = isWide;
          kind = kinds[buffer[++p]];
        }
        stops[n] = p;
        flags[n++] = flag;
      }
      if (p >= held) {
        if (!isLast) return false;
        break;
      }
      if (buffer[p] === this.#delimiter) {
        p++;
        continue;
      }
      // A line end: of CR and LF both are needed to know where the next record begins.
      if (buffer[p] === cr) {
        if (p + 1 >= held && !isLast) return false;
        if (p + 1 < held && buffer[p + 1] === lf) p++;
      }
      p++;
      break;
    }
    this.fields = n;
    this.at = Math.min(p, held);
    return true;
  }

  /** Reads a quoted field; answers where it ends, at its separator, or -1 where the bytes end first. */
  #quoted(from: number, n: number, isLast: boolean): number {
    const { buffer, held } = this;
    const [quote, escape] = [this.#quote, this.#escape];
    let flag = isQuoted;
    let p = from + 1;
    this.starts[n] = p;
    for (;;) {
      while (p < held && buffer[p] !== quote && buffer[p] !== escape) {
        if (buffer[p] >= 0x80) flag |= isWide;
        p++;
      }
      if (p >= held) {
        if (!isLast) return -1;
        this.fault = 'open';
        this.stops[n] = held;
        this.flags[n] = flag;
        return held;
      }
      if (p + 1 >= held && !isLast) return -1;
      const next = p + 1 < held ? buffer[p + 1] : -1;
      if (buffer[p] === escape && (next === quote || (escape !== quote && next === escape))) {
        flag |= hasEscapes;
        p += 2;
        continue;
      }
      if (buffer[p] === quote) break;
      p++;
    }
    this.stops[n] = p++;
    this.flags[n] = flag;
    // Spaces behind a quote belong to nothing.
    while (p < held && buffer[p] === space && this.#delimiter !== space) p++;
    if (p >= held) return isLast ? held : -1;
    if (this.#kinds[buffer[p]] === delimits || this.#kinds[buffer[p]] === ends) return p;
    this.fault ??= 'quote';
    while (this.#kinds[buffer[p]] !== delimits && this.#kinds[buffer[p]] !== ends) p++;
    return p >= held && !isLast ? -1 : p;
  }

  #enlarge(): void {
    const larger = <A extends Int32Array | Uint8Array>(old: A, made: A): A => {
      made.set(old);
      return made;
    };
    const length = this.starts.length * 4;
    this.starts = larger(this.starts, new Int32Array(length));
    this.stops = larger(this.stops, new Int32Array(length));
    this.flags = larger(this.flags, new Uint8Array(length));
  }
}
