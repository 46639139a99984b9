// Writes rows as CSV and as JSON lines.
import { gzipSync } from 'node:zlib';
import { textChunkBytes } from '../../base/limits';
import type { TableTarget } from '../../plan/table-spec';
import { toText } from '../../wire/text-form';
import { nullTexts } from '../csv/field-values';
import { hexText, plainJson } from './plain-json';
import type { TableWriter, WriteBytes } from './table-writer';

/** Text that goes out in pieces of about a megabyte. */
class TextOut {
  readonly #write: WriteBytes;
  readonly #gzip: boolean;
  #text = '';

  constructor(write: WriteBytes, gzip: boolean) {
    this.#write = write;
    this.#gzip = gzip;
    // A file without a single byte is no packed file.
    if (gzip) write(gzipSync(Buffer.alloc(0)));
  }

  add(text: string): void {
    this.#text += text;
    if (this.#text.length > textChunkBytes) this.flush();
  }

  flush(): void {
    if (this.#text === '') return;
    const bytes = Buffer.from(this.#text);
    this.#text = '';
    // Packed pieces one after the other are a packed file.
    this.#write(this.#gzip ? gzipSync(bytes) : bytes);
  }
}

/** The text of one value, before it is quoted; null for what is missing. */
export function cellText(value: unknown): string | null {
  switch (typeof value) {
    case 'string':
      return value;
    case 'object':
      if (value === null) return null;
      if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
      return value instanceof Uint8Array ? hexText(value) : plainJson(value);
    case 'undefined':
      return null;
    default:
      return toText(value);
  }
}

/** Quotes texts that would be read as something else: as several fields or lines, as nothing, or as a comment. */
export function quoting(delimiter: string): (text: string) => string {
  const special = new RegExp(`["\\r\\n${delimiter === '\t' ? '\\t' : `\\${delimiter}`}]|^[\\s#]|\\s$`);
  return (text) => (text === '' || special.test(text) || nullTexts.has(text) ? `"${text.replaceAll('"', '""')}"` : text);
}

export class CsvTable implements TableWriter {
  readonly #out: TextOut;
  readonly #names: readonly string[];
  readonly #delimiter: string;
  readonly #quoted: (text: string) => string;

  constructor({ columns, delimiter, header, gzip }: TableTarget, write: WriteBytes) {
    this.#out = new TextOut(write, gzip);
    this.#names = columns.map(({ name }) => name);
    this.#delimiter = delimiter;
    this.#quoted = quoting(delimiter);
    if (header && columns.length > 0) this.#out.add(`${this.#names.map(this.#quoted).join(delimiter)}\n`);
  }

  add(row: Readonly<Record<string, unknown>>): void {
    let line = '';
    for (const [i, name] of this.#names.entries()) {
      if (i > 0) line += this.#delimiter;
      const text = Object.hasOwn(row, name) ? cellText(row[name]) : null;
      if (text !== null) line += this.#quoted(text);
    }
    this.#out.add(`${line}\n`);
  }

  end(): void {
    this.#out.flush();
  }
}

export class JsonLines implements TableWriter {
  readonly #out: TextOut;

  constructor({ gzip }: TableTarget, write: WriteBytes) {
    this.#out = new TextOut(write, gzip);
  }

  add(row: unknown): void {
    this.#out.add(`${plainJson(row)}\n`);
  }

  end(): void {
    this.#out.flush();
  }
}
