// Writes rows as CSV or TSV with a header, or as JSON lines, as `saveAsCsv` and `saveAsJsonLines` do.
import { types } from 'node:util';
import { MillraceError } from '../../runtime/base/errors';
import { plainJson } from '../../runtime/formats/write/plain-json';
import { cellText, quoting } from '../../runtime/formats/write/text-tables';

export const textFormats = ['csv', 'tsv', 'jsonl'] as const;
export type TextFormat = (typeof textFormats)[number];

/** The keys of this many first rows make the header; a later row with another key is refused. */
export const headerRows = 10_000;

/** Turns rows into the bytes of a file, batch by batch; the first batch of a text decides the columns. */
export interface RowWriter {
  bytes(rows: readonly unknown[]): Uint8Array;
  /** What comes last. */
  end(): Uint8Array;
}

export function rowWriter(format: TextFormat, header: readonly string[]): RowWriter {
  const csv = format === 'jsonl' ? undefined : new CsvWriter(format === 'tsv' ? '\t' : ',', header);
  return { bytes: (rows) => Buffer.from(csv ? csv.text(rows) : jsonLines(rows)), end: () => Buffer.alloc(0) };
}

function jsonLines(rows: readonly unknown[]): string {
  return rows.map((row) => `${plainJson(row)}\n`).join('');
}

type Shape = 'tuple' | 'object' | 'value';

/** Objects whose keys are not what they hold. */
const isBuiltIn = (row: object): boolean =>
  types.isDate(row) ||
  types.isMap(row) ||
  types.isSet(row) ||
  types.isRegExp(row) ||
  types.isNativeError(row) ||
  row instanceof Error ||
  types.isAnyArrayBuffer(row) ||
  types.isBoxedPrimitive(row) ||
  ArrayBuffer.isView(row);

const shapeOf = (row: unknown): Shape => {
  if (Array.isArray(row)) return 'tuple';
  return typeof row === 'object' && row !== null && !isBuiltIn(row) ? 'object' : 'value';
};

class CsvWriter {
  readonly #delimiter: string;
  readonly #quoted: (text: string) => string;
  readonly #header: readonly string[];
  #columns: { readonly shape: Shape; readonly names: readonly string[] } | undefined;
  #written = 0;

  constructor(delimiter: string, header: readonly string[]) {
    this.#delimiter = delimiter;
    this.#quoted = quoting(delimiter);
    this.#header = header;
  }

  text(rows: readonly unknown[]): string {
    const records: (string | null)[][] = [];
    if (!this.#columns) {
      this.#columns = this.#columnsOf(rows);
      records.push(this.#columns.names.map((name, index) => this.#header[index] ?? name));
    }
    for (const row of rows) records.push(this.#record(row, this.#columns));
    this.#written += rows.length;
    const line = (record: (string | null)[]) =>
      `${record.map((text) => (text === null ? '' : this.#quoted(text))).join(this.#delimiter)}\n`;
    return records.map(line).join('');
  }

  #columnsOf(rows: readonly unknown[]): { shape: Shape; names: string[] } {
    const shapes = new Set(rows.map(shapeOf));
    const shape = shapes.size === 1 ? [...shapes][0] : 'value';
    const names = new Set<string>();
    if (shape === 'object') for (const row of rows) for (const key of Object.keys(row as object)) names.add(key);
    if (shape === 'tuple') for (const row of rows) for (const index of (row as unknown[]).keys()) names.add(String(index));
    if (names.size > 0) this.#checkHeader(names.size);
    return names.size > 0 ? { shape, names: [...names] } : { shape: 'value', names: ['value'] };
  }

  #checkHeader(columns: number): void {
    if (this.#header.length === 0 || this.#header.length === columns) return;
    throw new MillraceError('BAD_ARGUMENT', {
      operation: '.export',
      argument: 'the header',
      value: this.#header.join(),
      rule: `${columns} ${columns === 1 ? 'name' : 'names'}, one a column`,
      remedy: 'Name each column: --header key,value',
    });
  }

  #record(row: unknown, { shape, names }: { readonly shape: Shape; readonly names: readonly string[] }): (string | null)[] {
    if (shape === 'value') return [cellText(row)];
    const keys = shapeOf(row) === shape ? Object.keys(row as object) : undefined;
    const odd = keys === undefined ? 'is of another kind' : this.#unknownKey(keys, names);
    if (odd === undefined) return names.map((name) => cellText((row as Record<string, unknown>)[name]));
    throw new MillraceError('BAD_ARGUMENT', {
      operation: '.export',
      argument: `row ${this.#written + 1} or one of the next`,
      value: odd,
      rule: `like the first ${headerRows} rows, which made the header`,
      remedy: 'Give all rows the same keys by a map, or write JSON lines: a file that ends in .jsonl.',
    });
  }

  #unknownKey(keys: readonly string[], names: readonly string[]): string | undefined {
    if (keys.length <= names.length && keys.every((key) => names.includes(key))) return undefined;
    return `with the column ${keys.find((key) => !names.includes(key))}`;
  }
}
