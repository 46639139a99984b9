// Guesses the dialect of a CSV file from its first bytes: which separators and quotes cut most of its rows alike.
import { maxTableColumns } from '../../base/limits';
import type { CsvDialect } from '../../plan/table-spec';
import { isEmpty } from './field-text';
import { Records } from './records';

/** What the user said of the dialect; the rest is guessed. */
export type GivenDialect = Partial<Pick<CsvDialect, 'delimiter' | 'quote' | 'escape' | 'comment' | 'header' | 'skip'>>;

const delimiters = [',', '\t', ';', '|'];
const quotes: readonly (readonly [quote: string, escape: string])[] = [
  ['"', '"'],
  ['"', '\\'],
  ["'", "'"],
];

/** Rows that are looked at to guess the dialect. */
const sniffedRows = 1000;

/** Rows before the first one of the table: more are no title. */
const mostSkipped = 20;

/** A share of rows with one number of fields from which on a delimiter counts. */
const leastShare = 0.7;

type Separators = Pick<CsvDialect, 'delimiter' | 'quote' | 'escape' | 'comment'>;

/** How well some separators fit. */
interface Fit {
  readonly separators: Separators;
  readonly columns: number;
  /** Of the rows, those with that number of columns. */
  readonly share: number;
  readonly faults: number;
  /** Of the faults, text behind a closing quote. */
  readonly loose: number;
  /** The last row has a quote that does not end: that is an error of the row, whatever the others are. */
  readonly isOpen: boolean;
  readonly quoted: number;
  readonly rows: number;
  readonly skip: number;
}

function fitOf(separators: Separators, sample: Uint8Array, held: number, isWhole: boolean): Fit | undefined {
  const records = new Records(separators);
  records.reset(sample, 0, held);
  const counts: number[] = [];
  let faults = 0;
  let loose = 0;
  let isOpen = false;
  let quoted = 0;
  let endsEmpty = 0;
  while (counts.length < sniffedRows && records.next(isWhole)) {
    counts.push(records.fields);
    if (records.fault) faults++;
    if (records.fault === 'quote') loose++;
    isOpen = records.fault === 'open' && separators.quote === '"';
    // Of a later row it is that row's fault.
    if (counts.length === 1 && records.fault === 'columns')
      throw new RangeError(`its first row has more than ${maxTableColumns} columns`);
    if (isEmpty(records, records.fields - 1)) endsEmpty++;
    for (let i = 0; i < records.fields; i++) quoted += records.flags[i] & 1;
  }
  if (counts.length === 0) return undefined;
  const seen = new Map<number, number>();
  for (const n of counts) seen.set(n, (seen.get(n) ?? 0) + 1);
  const [columns, most] = [...seen].sort((a, b) => b[1] - a[1] || b[0] - a[0])[0];
  // A delimiter at the end of each row, but not of the names, begins no column.
  if (counts[0] === columns - 1 && most === counts.length - 1 && endsEmpty >= most)
    return { separators, columns: columns - 1, share: 1, faults, loose, isOpen, quoted, rows: counts.length, skip: 0 };
  // Titles and notes stand before the table, in fewer fields.
  let skip = 0;
  while (skip < Math.min(mostSkipped, counts.length - 2) && counts[skip] < columns) skip++;
  const isTitled = skip > 0 && counts.slice(skip).every((n) => n === columns);
  const share = isTitled ? 1 : most / counts.length;
  return { separators, columns, share, faults, loose, isOpen, quoted, rows: counts.length, skip: isTitled ? skip : 0 };
}

/** Whether a fit makes a table of several columns. */
const isTable = ({ columns, share, faults, isOpen, rows }: Fit) =>
  columns > 1 && share >= leastShare && faults - Number(isOpen) <= rows / 10;

/** Whether the first fit is the better one: fewer faults, then rows that are more alike, then more columns. */
function isBetter(a: Fit, b: Fit): boolean {
  // Double quotes around fields decide: what stands in them is no other dialect.
  const hasQuotes = ({ separators, quoted, faults, share }: Fit) =>
    separators.quote === '"' && quoted > 0 && faults === 0 && share === 1;
  if (hasQuotes(a) !== hasQuotes(b)) return hasQuotes(a);
  if (isTable(a) !== isTable(b)) return isTable(a);
  if (a.faults !== b.faults) return a.faults < b.faults;
  if (!isTable(a)) return a.columns === 1 && (b.columns > 1 || a.share > b.share || (a.share === b.share && a.quoted > b.quoted));
  if (Math.abs(a.share - b.share) > 0.05) return a.share > b.share;
  if (a.columns !== b.columns) return a.columns > b.columns;
  return a.quoted > b.quoted;
}

/** Of a file with one column no byte separates fields: one that is in no text. */
const noDelimiter = '\x1f';

/**
 * Guesses what was not given, but for the header, which the types of columns tell. `sample` has a line end at `held`. Throws RangeError for a row
 * that is too wide to be one of a table.
 */
export function sniffDialect(
  sample: Uint8Array,
  held: number,
  isWhole: boolean,
  given: GivenDialect,
): Omit<CsvDialect, 'header'> & { readonly columns: number } {
  const all = given.delimiter !== undefined ? [given.delimiter] : delimiters;
  const comments = given.comment !== undefined ? [given.comment] : sample.includes(hash) ? ['', '#'] : [''];
  let best: Fit | undefined;
  for (const comment of comments) {
    for (const delimiter of all) {
      for (const [quote, escape] of pairsOf(given)) {
        if (escape !== quote && !hasEscapedQuote(sample, held, quote)) continue;
        const fit = fitOf({ delimiter, quote, escape, comment }, sample, held, isWhole);
        // Single quotes that quote nothing are apostrophes; a double quote that is never closed is an error all the same.
        if (!fit || (quote === "'" && given.quote === undefined && fit.quoted === 0)) continue;
        if (!best || isBetter(fit, best)) best = fit;
      }
    }
  }
  // Where most quotes are none, they are characters like others.
  if (best && given.quote === undefined && given.escape === undefined && best.loose > 0 && best.loose * 2 >= best.quoted) {
    const unquoted = all.flatMap(
      (delimiter) => fitOf({ delimiter, quote: '', escape: '', comment: best!.separators.comment }, sample, held, isWhole) ?? [],
    );
    best = unquoted.reduce((a, b) => (isBetter(b, a) ? b : a));
  }
  const plain = {
    delimiter: given.delimiter ?? ',',
    quote: given.quote ?? '"',
    escape: given.escape ?? '"',
    comment: given.comment ?? '',
  };
  if (!best) return { ...plain, skip: given.skip ?? 0, columns: 0 };
  if (!isTable(best) && given.delimiter === undefined && best.share < 1)
    return { ...best.separators, delimiter: noDelimiter, skip: given.skip ?? 0, columns: 1 };
  return { ...best.separators, skip: given.skip ?? best.skip, columns: best.columns };
}

const hash = '#'.charCodeAt(0);

function pairsOf({ quote, escape }: GivenDialect): readonly (readonly [quote: string, escape: string])[] {
  if (quote !== undefined)
    return escape === undefined && quote !== ''
      ? [
          [quote, quote],
          [quote, '\\'],
        ]
      : [[quote, escape ?? quote]];
  return escape === undefined ? quotes : [['"', escape]];
}

/** Backslashes before quotes: without any, both ways to escape are one. */
function hasEscapedQuote(sample: Uint8Array, held: number, quote: string): boolean {
  const code = quote.charCodeAt(0);
  for (let p = sample.indexOf(0x5c); p >= 0 && p < held; p = sample.indexOf(0x5c, p + 1)) if (sample[p + 1] === code) return true;
  return false;
}
