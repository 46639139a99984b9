// Rows of plain JSON lines, from the values that the scanner found: of numbers, short texts and the like without JSON.parse.
import { keyText, mostInlined } from '../../columns/row-text';
import type { Column } from '../../schema/schema';
import { longestShort, ShortTexts } from '../short-texts';
import { found, LineScanner } from './line-scanner';
import { parseExactly } from './parse-json';

/** A value as one of its column; undefined where it is none. */
type Fit = (value: unknown) => unknown;

export class QuickRows {
  readonly #scanner: LineScanner;
  readonly #short = new ShortTexts();
  readonly #make: (() => object | undefined) | undefined;
  #buffer: Buffer = Buffer.alloc(0);
  #to = 0;
  #chunk: string | undefined;

  /** `constants`: the values of columns that no line has. */
  constructor(columns: readonly Column[], constants: ReadonlyMap<string, unknown>, fitting: (column: Column) => Fit) {
    const read = columns.filter(({ name }) => !constants.has(name));
    this.#scanner = new LineScanner(read);
    if (columns.length > mostInlined) return;
    const values = columns.map((column) => {
      const constant = constants.get(column.name);
      return constants.has(column.name) ? () => constant : this.#reader(column, read.indexOf(column), fitting(column));
    });
    const names = values.map((_, i) => `c${i}`).join(',');
    const reads = values.map((_, i) => `const v${i}=c${i}();if(v${i}===undefined)return undefined;`).join('');
    const fields = columns.map(({ name }, i) => `${keyText(name)}:v${i}`).join(',');
    const source = `"use strict";const [${names}]=C;return ()=>{${reads}return{${fields}}}`;
    this.#make = new Function('C', source)(values) as () => object | undefined;
  }

  /** Behind the line that `row` read. */
  get at(): number {
    return this.#scanner.at;
  }

  /** Other bytes, up to `to`. */
  renew(buffer: Buffer, to: number): void {
    this.#buffer = buffer;
    this.#to = to;
    this.#chunk = undefined;
    this.#scanner.buffer = buffer;
  }

  /** The row of the line that begins at `from`, which has a line end; undefined where the general reader must look. */
  row(from: number): object | undefined {
    return this.#make && this.#scanner.line(from) ? this.#make() : undefined;
  }

  /** A function that reads a field of the line; undefined for what does not fit its column. */
  #reader({ type, nullable }: Column, field: number, fit: Fit): () => unknown {
    const { kinds, numbers } = this.#scanner;
    const missing = nullable || type.kind === 'unknown' ? null : undefined;
    const isMissing = (kind: number) => kind === found.nothing || kind === found.none;
    if (type.kind === 'int' || type.kind === 'double')
      return () => {
        const kind = kinds[field];
        return kind === found.number ? numbers[field] : isMissing(kind) ? missing : undefined;
      };
    if (type.kind === 'text')
      return () => {
        const kind = kinds[field];
        if (kind === found.text) return this.#text(field);
        return kind === found.wideText || kind === found.escapedText ? this.#value(field) : isMissing(kind) ? missing : undefined;
      };
    return () => (isMissing(kinds[field]) ? missing : fit(this.#value(field)));
  }

  #text(field: number): string {
    const { starts, stops } = this.#scanner;
    const [from, to] = [starts[field], stops[field]];
    if (to - from <= longestShort) return this.#short.of(this.#buffer, from, to);
    this.#chunk ??= this.#buffer.toString('latin1', 0, this.#to);
    return this.#chunk.substring(from, to);
  }

  #value(field: number): unknown {
    const { kinds, starts, stops, numbers } = this.#scanner;
    const [from, to] = [starts[field], stops[field]];
    switch (kinds[field]) {
      case found.number:
        return numbers[field];
      case found.text:
        return this.#text(field);
      case found.wideText:
        return this.#buffer.toString('utf8', from, to);
      case found.escapedText:
        return JSON.parse(this.#buffer.toString('utf8', from - 1, to + 1));
      case found.truth:
        return true;
      case found.falsehood:
        return false;
      default:
        return parseExactly(this.#buffer.toString('utf8', from, to));
    }
  }
}
