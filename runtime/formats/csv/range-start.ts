// Where the first record of a byte range begins: a line end may stand inside quotes, which only what follows can tell.
import type { CsvDialect } from '../../plan/table-spec';
import { isQuoted, Records } from './records';

const lf = 10;
const cr = 13;

/** Bytes that are looked at behind the start of a range: first, and at most, where long fields leave a doubt. */
export const startWindow = 64 << 10;
export const largestStartWindow = 16 << 20;

/** Records that decide. */
const mostRecords = 200;

/** How records look that were cut from a place on: oddities, and where the first whole one begins; -1 if that is beyond. */
interface Cut {
  readonly start: number;
  readonly odd: number;
}

/** Quotes in fields that do not begin with one. */
function quotesInside({ buffer, starts, stops, flags, fields }: Records, quote: number, isPart: boolean): number {
  let found = 0;
  for (let i = isPart ? 1 : 0; i < fields; i++) {
    if ((flags[i] & isQuoted) !== 0) continue;
    for (let p = starts[i]; p < stops[i]; p++) if (buffer[p] === quote) found++;
  }
  return found;
}

/** Where the first record begins, and whether what follows leaves no doubt. */
export interface FirstRecord {
  readonly at: number;
  readonly isSure: boolean;
}

/** Bytes that begin one byte before a range; a line end stands at `held`. */
export interface Window {
  readonly bytes: Buffer;
  readonly held: number;
  /** The file ends with them. */
  readonly isLast: boolean;
}

/** Cuts the bytes from a place on that is not the start of a record; `prefix` bytes of quotes were put before it. */
function cutFrom(bytes: Buffer, from: number, { held, isLast }: Window, dialect: CsvDialect, columns: number): Cut {
  const quote = dialect.quote.charCodeAt(0);
  const records = new Records(dialect);
  records.expect(columns);
  records.reset(bytes, from, held);
  let odd = 0;
  let start = -1;
  for (let n = 0; n < mostRecords && records.next(isLast); n++) {
    const isPart = start < 0;
    if (isPart) start = records.at;
    if (records.fault) odd++;
    if (!isPart && records.fields !== columns) odd++;
    odd += quotesInside(records, quote, isPart);
  }
  return { start, odd };
}

/** As if the bytes began outside of quotes. */
function outside(window: Window, dialect: CsvDialect, columns: number): Cut {
  const { bytes, held } = window;
  const atEnd = bytes[0] === lf || (bytes[0] === cr && bytes[1] !== lf) ? 1 : bytes[0] === cr ? 2 : 0;
  if (atEnd === 0) return cutFrom(bytes, 0, window, dialect, columns);
  // A record of one field before the line end, so that the first whole one is behind it.
  const { odd } = cutFrom(
    Buffer.concat([Buffer.from('x'), bytes.subarray(0, held + 1)]),
    0,
    { ...window, held: held + 1 },
    dialect,
    columns,
  );
  return { start: atEnd, odd };
}

/** As if the bytes began inside of quotes, or with the second byte of an escaped quote. */
function inside({ bytes, held, isLast }: Window, from: number, dialect: CsvDialect, columns: number): Cut {
  const quoted = Buffer.allocUnsafe(held - from + 2);
  quoted[0] = dialect.quote.charCodeAt(0);
  quoted.set(bytes.subarray(from, held + 1), 1);
  const window = { bytes: quoted, held: held - from + 1, isLast };
  const { start, odd } = cutFrom(quoted, 0, window, dialect, columns);
  return { start: start < 0 ? -1 : start - 1 + from, odd };
}

/**
 * Where the first record begins in a window. There are two or three ways to read it: the one that makes the fewest odd records is taken,
 * and whoever reads the range before compares it with what it knows. Undefined where no record begins in the window.
 */
export function firstRecord(window: Window, dialect: CsvDialect, columns: number): FirstRecord | undefined {
  const { bytes, held } = window;
  const plain = outside(window, dialect, columns);
  const quote = dialect.quote === '' ? -1 : dialect.quote.charCodeAt(0);
  const first = quote < 0 ? -1 : bytes.indexOf(quote);
  const asFound = ({ start }: Cut, isSure: boolean) => (start < 0 ? undefined : { at: start, isSure });
  if (first < 0 || first >= held) return asFound(plain, quote < 0 || plain.odd === 0);
  const ways = [plain, inside(window, 0, dialect, columns)];
  if (bytes[0] === quote) ways.push(inside(window, 1, dialect, columns));
  const least = Math.min(...ways.map(({ odd }) => odd));
  const best = ways.filter(({ odd }) => odd === least);
  return asFound(best[0], best.length === 1);
}
