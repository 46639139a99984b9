// Reads the rows of one byte range of a CSV file, a chunk at a time; a record belongs to the range in which it begins.
import { isUtf8 } from 'node:buffer';
import { MillraceError } from '../../base/errors';
import { maxLineBytes, textChunkBytes } from '../../base/limits';
import type { TextRange } from '../../plan/input-file';
import type { CsvSpec } from '../../plan/table-spec';
import type { Column } from '../../schema/schema';
import { kindText } from '../../schema/schema-text';
import { zoneOf } from '../../schema/time-zone';
import { type ByteSource, markBytes, openSource } from '../byte-source';
import { folderValues } from '../folder-columns';
import { contradiction, type NoteBad, notATable } from '../table-errors';
import { uniqueNames } from './dialect';
import { FieldText, isEmpty } from './field-text';
import { firstRecord, largestStartWindow, startWindow } from './range-start';
import { type Fault, Records } from './records';
import { BadField, type PlacedColumn, rowMaker, valueOfText } from './row-maker';

type Row = Record<string, unknown>;

/** Rows of one chunk: they share a buffer that is used again. */
const rowsPerChunk = 2048;

const lf = 10;
const cr = 13;

export class CsvRange {
  readonly #spec: CsvSpec;
  readonly #range: TextRange;
  readonly #source: ByteSource;
  readonly #records: Records;
  readonly #text: FieldText;
  readonly #note: NoteBad;
  #buffer: Buffer;
  /** Where the buffer begins in the text. */
  #base: number;
  #isLast = false;
  /** The columns that the records of this file have. */
  #columns = 0;
  #placed: readonly PlacedColumn[] = [];
  /** Bytes up to here are known to be UTF-8. */
  #checked = 0;

  constructor(spec: CsvSpec, range: TextRange, note: NoteBad) {
    this.#spec = spec;
    // Where a packed text ends is known once it is unpacked.
    this.#range = range.form === 'plain' ? range : { ...range, start: 0, end: Number.POSITIVE_INFINITY };
    this.#note = note;
    this.#records = new Records(spec.dialect);
    this.#text = new FieldText(this.#records, spec.dialect.quote, spec.dialect.escape);
    this.#place();
    this.#base = this.#range.start === 0 ? 0 : this.#startOf(this.#range.start);
    this.#source = openSource(range, this.#base);
    this.#buffer = Buffer.allocUnsafe(Math.min(textChunkBytes, Math.max(4096, this.#range.end - this.#base + 4096)) + 1);
    this.#records.reset(this.#buffer, 0, 0);
    this.#records.expect(this.#columns, this.#range.start === 0);
  }

  get #path(): string {
    return this.#range.path;
  }

  /** Finds the columns of the file, by its first row where that has names. */
  #place(): void {
    const { names, dialect, schema } = this.#spec;
    const own = dialect.header || !names ? this.#firstRow() : names;
    const found = names ? uniqueNames([...names, ...own.slice(names.length)]) : own;
    this.#columns = own.length;
    const places = new Map(found.map((name, i) => [name, i]));
    const folders = folderValues(this.#path, this.#spec.folders);
    const zone = zoneOf(this.#spec.timeZone);
    const wanted = this.#spec.wanted && new Set(this.#spec.wanted);
    this.#placed = schema.columns
      .filter(({ name }) => !wanted || wanted.has(name))
      .map((column) => {
        const text = folders.get(column.name);
        if (text !== undefined) return { column, field: -1, constant: valueOfText(column, text, zone) ?? null };
        return { column, field: places.get(column.name) ?? -1 };
      });
    if (own.length > 0 && !found.some((name) => schema.columns.some((column) => column.name === name)))
      notATable(
        this.#path,
        'CSV',
        `none of its columns is one of ${schema.columns
          .map(({ name }) => name)
          .slice(0, 10)
          .join(', ')}`,
        'Read files with other columns as a dataset of their own; { header: false } reads files without a first row of names.',
      );
  }

  /** The names in the first row; without such, numbers for its fields. */
  #firstRow(): string[] {
    const { dialect } = this.#spec;
    const source = openSource(this.#range, 0);
    try {
      for (let size = 64 << 10; ; size *= 4) {
        const bytes = Buffer.allocUnsafe(size + 1);
        const fresh = size === 64 << 10 ? source : openSource(this.#range, 0);
        const held = filled(fresh, bytes, size);
        if (fresh !== source) fresh.close();
        const records = new Records(dialect);
        records.expect(dialect.header ? 0 : this.#spec.schema.columns.length, true);
        bytes[held] = lf;
        records.reset(bytes, markBytes(bytes.subarray(0, held)), held);
        const text = new FieldText(records, dialect.quote, dialect.escape);
        text.renew(bytes);
        let isThere = true;
        for (let i = 0; i <= dialect.skip && isThere; i++) isThere = records.next(held < size);
        if (!isThere) {
          if (held < size) return [];
          if (size > maxLineBytes) return this.#endless(0);
          continue;
        }
        const cells = Array.from({ length: records.fields }, (_, i) => (isEmpty(records, i) ? null : text.of(i)));
        return dialect.header ? uniqueNames(cells) : cells.map((_, i) => `column${i + 1}`);
      }
    } finally {
      source.close();
    }
  }

  /** Where the first record begins that begins at a position or behind it. */
  #startOf(position: number): number {
    const { dialect } = this.#spec;
    for (let size = startWindow; ; size *= 4) {
      const bytes = Buffer.allocUnsafe(size + 1);
      const source = openSource(this.#range, position - 1);
      try {
        const held = filled(source, bytes, size);
        bytes[held] = lf;
        const isLast = held < size;
        const found = firstRecord({ bytes, held, isLast }, dialect, this.#columns);
        if (found?.isSure || isLast || size >= largestStartWindow) return position - 1 + (found?.at ?? held);
      } finally {
        source.close();
      }
    }
  }

  /** Moves to the next record of this range; false at its end. */
  #next(): boolean {
    const records = this.#records;
    for (;;) {
      if (records.next(this.#isLast)) {
        if (this.#base + records.start < this.#range.end) return true;
        this.#compare(this.#base + records.start);
        return false;
      }
      if (this.#isLast) {
        this.#source.check();
        return false;
      }
      this.#fill();
    }
  }

  /** The range behind this one must begin where this one ends: what stands in quotes may look like rows. */
  #compare(next: number): void {
    const { end, version } = this.#range;
    if (this.#spec.dialect.quote === '' || !version || end >= version.size) return;
    const begun = this.#startOf(end);
    if (begun === next) return;
    const buffer = this.#buffer.subarray(0, this.#records.held);
    const comment = this.#spec.dialect.comment;
    let p = begun - this.#base;
    // Empty lines and comments stand between records.
    while (p >= 0 && p < next - this.#base && (buffer[p] === lf || buffer[p] === cr)) p++;
    if (p === next - this.#base || (p >= 0 && comment !== '' && buffer[p] === comment.charCodeAt(0) && begun < next)) return;
    notATable(
      this.#path,
      'CSV in parts',
      `a quoted field near byte ${end} holds text that looks like rows`,
      'Read the file in one piece: { parallel: false }.',
    );
  }

  #fill(): void {
    const records = this.#records;
    const kept = records.held - records.at;
    let buffer = this.#buffer;
    if (kept + 1 >= buffer.length) {
      if (kept >= maxLineBytes) this.#endless(this.#base + records.at);
      buffer = Buffer.allocUnsafe((buffer.length - 1) * 2 + 1);
    }
    this.#buffer.copy(buffer, 0, records.at, records.held);
    this.#checked = Math.max(0, this.#checked - records.at);
    this.#base += records.at;
    this.#buffer = buffer;
    const n = this.#source.fill(buffer.subarray(0, buffer.length - 1), kept);
    const held = kept + n;
    this.#isLast = n === 0;
    const mark = this.#base === 0 && kept === 0 ? markBytes(buffer.subarray(0, held)) : 0;
    const isStart = this.#base === 0 && kept === 0 && n > 0;
    buffer[held] = lf;
    records.reset(buffer, mark, held);
    this.#text.renew(buffer);
    if (isStart) this.#toSkip = this.#spec.dialect.skip + (this.#spec.dialect.header ? 1 : 0);
  }

  /** Records at the start of the file that are no rows. */
  #toSkip = 0;

  #endless(at: number): never {
    return notATable(
      this.#path,
      'CSV',
      `a record from line ${this.#lineAt(at)} on is longer than ${maxLineBytes >> 20} MiB: a quote may never be closed`,
      "Close the quote, or read without quotes: { quote: '' }.",
    );
  }

  /** The rows, some at a time. */
  *rows(): Generator<Row[]> {
    const records = this.#records;
    const make = rowMaker(this.#placed, records, this.#text, this.#spec.timeZone, (column, field, value) =>
      this.#badValue(column, field, value),
    );
    let rows: Row[] = [];
    while (this.#next()) {
      if (this.#toSkip > 0) {
        this.#toSkip--;
        continue;
      }
      this.#checkText();
      if (this.#isOdd() && !this.#badRow()) continue;
      try {
        rows.push(make());
      } catch (e) {
        if (!(e instanceof BadField)) throw e;
        this.#note(1, this.#contradiction(e.column, e.value).message);
        continue;
      }
      if (rows.length >= rowsPerChunk) {
        yield rows;
        rows = [];
      }
    }
    if (rows.length > 0) yield rows;
  }

  /** The number of rows, some at a time, without making them. */
  *count(): Generator<number> {
    if (this.#spec.onBadRow === 'skip') {
      for (const rows of this.rows()) yield rows.length;
      return;
    }
    let n = 0;
    while (this.#next()) {
      if (this.#toSkip > 0) {
        this.#toSkip--;
        continue;
      }
      if (this.#isOdd()) this.#badRow();
      if (++n >= rowsPerChunk * 8) {
        yield n;
        n = 0;
      }
    }
    yield n;
  }

  close(): void {
    this.#source.close();
  }

  /** Throws where the bytes of this record are no UTF-8. */
  #checkText(): void {
    const { at, held } = this.#records;
    if (at <= this.#checked) return;
    // Whole characters only: the end of the chunk may cut one.
    const bytes = this.#buffer.subarray(this.#checked, held);
    if (isUtf8(bytes)) {
      this.#checked = held;
      return;
    }
    const record = this.#buffer.subarray(this.#records.start, at);
    if (isUtf8(record)) return;
    const where = this.#where();
    throw new MillraceError('BAD_ROW', {
      where,
      reason: 'its bytes are no UTF-8',
      remedy: "Name the encoding: { encoding: 'latin1' } for files of old Windows programs.",
    });
  }

  /** Whether a record is no row as it stands. A delimiter at the end of rows, but not of the names, begins no field. */
  #isOdd(): boolean {
    const { fields, fault } = this.#records;
    if (fault) return true;
    return fields !== this.#columns && !(fields === this.#columns + 1 && isEmpty(this.#records, fields - 1));
  }

  /** What becomes of a record with too few or too many fields, or wrong quotes. Answers whether it is a row nevertheless. */
  #badRow(): boolean {
    const { onBadRow } = this.#spec;
    const error = this.#rowError();
    if (onBadRow === 'fail') throw error;
    this.#note(1, error.message);
    return onBadRow === 'null';
  }

  #rowError(): MillraceError {
    const { fields, fault } = this.#records;
    const reasons: Readonly<Record<Fault, string>> = {
      quote: 'text stands behind a closing quote',
      open: 'a quote is never closed',
      columns: 'it has too many fields to be a row of a table',
    };
    const reason = fault ? reasons[fault] : `it has ${fields} ${fields === 1 ? 'field' : 'fields'} instead of ${this.#columns}`;
    const quoted = "Correct the file, or read it without quotes: { quote: '' }. onBadRow: 'skip' goes on without such rows.";
    const remedy =
      fault && fault !== 'columns'
        ? quoted
        : "The option onBadRow: 'skip' goes on without such rows, 'null' with nulls for what is missing.";
    return new MillraceError('BAD_ROW', { where: this.#where(), reason, remedy });
  }

  #badValue(column: Column, field: number, value: string | null): unknown {
    const { onBadRow } = this.#spec;
    if (onBadRow === 'skip') throw new BadField(column, value, field);
    const error = this.#contradiction(column, value);
    if (onBadRow === 'fail') throw error;
    this.#note(1, error.message);
    return null;
  }

  #contradiction(column: Column, value: string | null): MillraceError {
    const kind = kindText(column.type).replace(/ \(.*/, '');
    const better = value === null ? `${kind} | null` : betterType(column, value);
    return contradiction({ where: this.#where(), column: column.name, value, wanted: kind, sampled: this.#spec.sampled, better });
  }

  /** The file, and the line on which the record begins. */
  #where(): string {
    return `${this.#path}, line ${this.#lineAt(this.#base + this.#records.start)}`;
  }

  /** The line of a position, from 1 on. Only errors ask: the text before is read again. */
  #lineAt(position: number): number {
    const source = openSource(this.#range, 0);
    try {
      const chunk = Buffer.allocUnsafe(textChunkBytes);
      let lines = 1;
      let at = 0;
      for (let n = source.fill(chunk, 0); n > 0 && at < position; n = source.fill(chunk, 0)) {
        const bytes = chunk.subarray(0, Math.min(n, position - at));
        for (let p = 0; p < bytes.length; p++) if (bytes[p] === lf || (bytes[p] === cr && chunk[p + 1] !== lf)) lines++;
        at += n;
      }
      return lines;
    } finally {
      source.close();
    }
  }
}

function betterType({ type, nullable }: Column, value: string): string {
  const wider =
    type.kind === 'int' && /^[+-]?\d+$/.test(value)
      ? 'bigint'
      : type.kind === 'int' && Number.isFinite(Number(value))
        ? 'double'
        : 'text';
  return nullable ? `${wider} | null` : wider;
}

/** Fills a buffer from the start, as far as there is something. */
function filled(source: ByteSource, buffer: Buffer, most: number): number {
  let held = 0;
  for (let n = 1; n > 0 && held < most; held += n) n = source.fill(buffer.subarray(0, most), held);
  return held;
}
