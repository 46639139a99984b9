// Which columns of numbers get their thousands set apart: counts and amounts, never years, identifiers or times.
import { inspectLine } from './inspect-value';
import { grouped } from './safe-text';
import { numberText } from './value-facts';

/** What a column is among its rows: the key of pairs, their value, or one of several columns. */
export type Role = 'key' | 'value' | 'other';

/** As in print, numbers of four digits need no gap. Years stay whole so. */
const leastGrouped = 10_000;
const widestBigint = 4_000;

/** Last words of names whose numbers stand for something: nobody adds them up. */
const identifying = new Set(
  [
    'id',
    'ids',
    'key',
    'year',
    'zip',
    'postcode',
    'code',
    'no',
    'nr',
    'phone',
    'port',
    'pid',
    'isbn',
    'ean',
    'sku',
    'hash',
  ].concat(['timestamp', 'time', 'ts', 'epoch', 'version']),
);

type Numeric = number | bigint;
export const isNumeric = (value: unknown): value is Numeric => typeof value === 'number' || typeof value === 'bigint';

const lastWord = (name: string): string => /[A-Z]?[a-z]+$|[A-Z]+$/.exec(name)?.[0].toLowerCase() ?? '';

/** In base 16 for bigints: decimal digits take quadratic time. */
const digitsOf = (value: Numeric): number => value.toString(typeof value === 'bigint' ? 16 : 10).replace('-', '').length;

/** Milliseconds or seconds since 1970, of the years 2001 to 2286. */
const isTime = (value: Numeric): boolean => (value >= 1e12 && value < 1e13) || (value >= 1e9 && value < 1e10);

/** Whether a name says that the numbers below it stand for something. */
export const isIdentifying = (name: string | undefined): boolean => name !== undefined && identifying.has(lastWord(name));

/** Whether the numbers of a column are amounts. Numbers of one length are taken for identifiers, unless they are the values of pairs. */
export function areAmounts(values: readonly unknown[], name: string | undefined, role: Role): boolean {
  const numbers = values.filter(isNumeric).filter((value) => typeof value === 'bigint' || Number.isFinite(value));
  if (!numbers.some((value) => value >= leastGrouped || value <= -leastGrouped)) return false;
  if (role === 'key' || isIdentifying(name)) return false;
  if (numbers.some((value) => typeof value === 'number' && !Number.isInteger(value))) return true;
  if (role === 'value') return !numbers.every(isTime);
  return new Set(numbers.map(digitsOf)).size > 1;
}

/** A number as it is, or with its thousands set apart; one with an exponent stays as it is. */
export function numberCell(value: Numeric, isAmount: boolean): string {
  const text = typeof value === 'bigint' ? inspectLine(value, widestBigint).replace(/n$/, '') : numberText(value);
  const match = isAmount ? /^(-?)(\d+)(\.\d+)?$/.exec(text) : null;
  return match ? match[1] + grouped(match[2]) + (match[3] ?? '') : text;
}
