// Any value as a short text for errors: bounded, and it never throws.
import { shownElement } from './limits';

const numberText = (n: number | bigint): string => (typeof n === 'bigint' ? `${n}n` : Object.is(n, -0) ? '-0' : String(n));

/** JSON has null for NaN and the infinities, and refuses bigints. */
const numbersKept = (_: string, v: unknown): unknown =>
  typeof v === 'bigint' || (typeof v === 'number' && !Number.isFinite(v)) ? numberText(v) : v;

/** Bounded text of a value for errors; never throws. */
export function showElement(value: unknown): string {
  let text: string;
  try {
    text =
      typeof value === 'number' || typeof value === 'bigint'
        ? numberText(value)
        : (JSON.stringify(value, numbersKept) ?? String(value));
  } catch {
    try {
      text = String(value);
    } catch {
      text = 'a value that cannot be shown';
    }
  }
  return text.length > shownElement ? `${text.slice(0, shownElement)}…` : text;
}
