// Infers the columns of a CSV file from its first rows: their names, their types, and whether some are null.

import type { CsvDialect } from '../../plan/table-spec';
import type { Column, ColumnType, TimeUnit } from '../../schema/schema';
import { numberedNames, uniqueNames } from './dialect';
import { FieldText, isEmpty } from './field-text';
import { could, couldBe, couldBeAny, fractionDigits, hasZone, nullTexts } from './field-values';
import { isQuoted, Records } from './records';
import { type GivenDialect, sniffDialect } from './sniff';

/** What the rows of a CSV file look like. */
export interface CsvShape {
  readonly dialect: CsvDialect;
  readonly columns: readonly Column[];
  /** Rows that were looked at. */
  readonly rows: number;
  /** Whether these were all. */
  readonly isAll: boolean;
  /** Quotes stand inside of fields without quotes: where a record begins in the middle of a file is then in doubt. */
  readonly isLax: boolean;
}

/** What the fields of one column were. */
class Guess {
  #mask = couldBeAny;
  #nulls = 0;
  #weakNulls = 0;
  #values = 0;
  #zones = 0;
  #digits = 0;

  add(text: string | null, quoted: boolean): void {
    if (text === null) {
      this.#nulls++;
      return;
    }
    if (!quoted && nullTexts.has(text)) {
      this.#weakNulls++;
      return;
    }
    this.#values++;
    if (this.#mask === 0) return;
    const trimmed = text.trim();
    this.#mask &= trimmed === '' ? 0 : couldBe(trimmed);
    if ((this.#mask & (could.timestamp | could.time)) === 0) return;
    if (hasZone(trimmed)) this.#zones++;
    this.#digits = Math.max(this.#digits, fractionDigits(trimmed));
  }

  get isText(): boolean {
    return this.#values > 0 && this.#mask === 0;
  }

  /** It tells nothing of what it could have. */
  get isEmpty(): boolean {
    return this.#values === 0;
  }

  /** Whether a text could stand in this column. */
  takes(text: string | null): boolean {
    if (this.isText || this.#values === 0) return true;
    return text === null || nullTexts.has(text) || (couldBe(text.trim()) & this.#mask) !== 0;
  }

  column(name: string): Column {
    if (this.#values === 0) return { name, type: { kind: 'unknown' }, nullable: this.#nulls > 0 || this.#weakNulls === 0 };
    const type = this.#type();
    return { name, type, nullable: this.#nulls > 0 || (type.kind !== 'text' && this.#weakNulls > 0) };
  }

  #type(): ColumnType {
    const mask = this.#mask;
    if (mask & could.boolean) return { kind: 'boolean' };
    if (mask & could.int) return { kind: 'int' };
    if (mask & could.bigint) return { kind: 'bigint' };
    if (mask & (could.double | could.thousands)) return { kind: 'double' };
    if (mask & could.date) return { kind: 'date' };
    const unit: TimeUnit = this.#digits > 6 ? 'ns' : this.#digits > 3 ? 'us' : 'ms';
    if (mask & could.timestamp) return { kind: 'timestamp', zone: this.#zones === this.#values, unit };
    return mask & could.time ? { kind: 'time', unit } : { kind: 'text' };
  }
}

type Cell = readonly [text: string | null, quoted: boolean];

/** Reads rows of a sample. */
class SampleRows {
  readonly records: Records;
  readonly #text: FieldText;
  readonly #isWhole: boolean;

  constructor(dialect: Omit<CsvDialect, 'header'>, sample: Buffer, held: number, isWhole: boolean, columns: number) {
    this.records = new Records(dialect);
    this.records.expect(columns, true);
    this.records.reset(sample, 0, held);
    this.#text = new FieldText(this.records, dialect.quote, dialect.escape);
    this.#text.renew(sample);
    this.#isWhole = isWhole;
    for (let i = 0; i < dialect.skip; i++) this.next();
  }

  next(): boolean {
    return this.records.next(this.#isWhole);
  }

  cell(field: number): Cell {
    if (isEmpty(this.records, field)) return [null, false];
    return [this.#text.of(field), (this.records.flags[field] & isQuoted) !== 0];
  }
}

/**
 * The shape of a file whose first bytes are `sample`, up to `held`, where a line end stands. `isWhole`: these are all. At most `rows` rows
 * are looked at.
 */
export function inferCsv(
  sample: Buffer,
  held: number,
  isWhole: boolean,
  given: GivenDialect & { readonly names?: readonly string[] },
  rows: number,
): CsvShape {
  const { columns: width, ...sniffed } = sniffDialect(sample, held, isWhole, given);
  const source = new SampleRows(sniffed, sample, held, isWhole, width);
  if (!source.next()) {
    return { dialect: { ...sniffed, header: given.header ?? false }, columns: [], rows: 0, isAll: isWhole, isLax: false };
  }
  const first = Array.from({ length: source.records.fields }, (_, i) => source.cell(i));
  const guesses = first.map(() => new Guess());
  let seen = 0;
  while (seen < rows && source.next()) {
    const { fields } = source.records;
    while (guesses.length < fields && guesses.length < width) guesses.push(new Guess());
    // A row that does not fit tells nothing of columns.
    if (fields === width || (fields === width + 1 && isEmpty(source.records, width)))
      for (let i = 0; i < guesses.length; i++) guesses[i].add(...source.cell(i));
    seen++;
  }
  const isAll = isWhole && seen < rows;
  const header = given.header ?? (given.names === undefined && isHeader(first, guesses, seen));
  if (!header) {
    for (const [i, cell] of first.entries()) guesses[i].add(...cell);
    seen++;
  }
  const found = header ? uniqueNames(first.map(([text]) => text)) : numberedNames(guesses.length);
  const names = given.names ? uniqueNames([...given.names, ...found.slice(given.names.length)]) : found;
  const columns = guesses.slice(0, header ? first.length : guesses.length).map((guess, i) => guess.column(names[i]));
  return { dialect: { ...sniffed, header }, columns, rows: seen, isAll, isLax: hasQuotesInside(sample, held, sniffed.quote) };
}

/** Digits with signs between them are a date or an amount in some form, and no name. */
const onlyDigits = /^[\d\s:/.,+-]+$/;

/** Whether a first row names the columns: it does not fit their types; where all are text, it has a name for each. */
function isHeader(first: readonly Cell[], guesses: readonly Guess[], rows: number): boolean {
  const areNames = first.every(([text]) => text !== null && couldBe(text.trim()) === 0 && !onlyDigits.test(text));
  if (rows === 0) return areNames;
  if (first.some(([text], i) => text !== null && !guesses[i].takes(text))) return true;
  return (
    areNames &&
    guesses.every((guess) => guess.isText || guess.isEmpty) &&
    new Set(first.map(([text]) => text)).size === first.length
  );
}

/** Whether a quote stands between two characters of a text: no separator, quote or backslash is beside it. */
function hasQuotesInside(sample: Uint8Array, held: number, quote: string): boolean {
  if (quote === '') return false;
  const code = quote.charCodeAt(0);
  const isText = (byte: number) => byte >= 0x30 && byte !== 0x3b && byte !== 0x5c && byte !== 0x7c;
  for (let p = sample.indexOf(code, 1); p > 0 && p < held - 1; p = sample.indexOf(code, p + 1))
    if (isText(sample[p - 1]) && isText(sample[p + 1]) && sample[p + 1] !== code) return true;
  return false;
}
