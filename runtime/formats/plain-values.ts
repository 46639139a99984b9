// Values that columnar formats share: instants, times, decimals, identifiers, and numbers that a `number` may not hold.
import type { TimeUnit } from '../schema/schema';
import { dateText, timeText } from './time-text';

/** A value that its type in JavaScript cannot hold. */
export class NoRoom extends Error {
  constructor(
    readonly value: string,
    readonly better: string,
  ) {
    super('no room');
  }
}

const perSecond = { s: 1n, ms: 1000n, us: 1_000_000n, ns: 1_000_000_000n } as const;
const digits = { s: 0, ms: 3, us: 6, ns: 9 } as const;

/** A number of units since 1970 as an instant; a `Date` has whole milliseconds. */
export function instantOf(units: bigint, unit: TimeUnit): Date {
  const ms = unit === 'ms' ? units : unit === 's' ? units * 1000n : floorDivided(units, perSecond[unit] / 1000n);
  const date = new Date(Number(ms));
  if (Number.isNaN(date.getTime())) throw new NoRoom(`${units} ${unit}`, 'text');
  return date;
}

const floorDivided = (a: bigint, b: bigint): bigint => (a >= 0n ? a / b : -((-a + b - 1n) / b));

/** The same as text with all its digits, which a `Date` does not have: `2026-03-01T12:30:00.123456789Z`, without a zone what the clock showed. */
export function exactInstant(units: bigint, unit: TimeUnit, hasZone: boolean): string {
  const perDay = 86_400n * perSecond[unit];
  const days = floorDivided(units, perDay);
  return `${dateText(Number(days))}T${timeText(units - days * perDay, perSecond[unit], digits[unit])}${hasZone ? 'Z' : ''}`;
}

/** A number of units since midnight as the text of a time. */
export function timeOfDay(units: bigint, unit: TimeUnit): string {
  const negative = units < 0n;
  if (negative || units > 86_400n * perSecond[unit]) throw new NoRoom(`${units} ${unit}`, 'bigint');
  return timeText(units, perSecond[unit], digits[unit]);
}

/** A whole number with a scale as the exact text of a decimal. */
export function decimalText(value: bigint, scale: number): string {
  if (scale === 0) return value.toString();
  const negative = value < 0n;
  const text = (negative ? -value : value).toString().padStart(scale + 1, '0');
  return `${negative ? '-' : ''}${text.slice(0, -scale)}.${text.slice(-scale)}`;
}

/** Bytes from the highest on, with a sign, as a whole number. */
export function signedOf(bytes: Buffer): bigint {
  if (bytes.length === 0) return 0n;
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`));
}

export function halfOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

export function uuidText(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** A whole number of 64 bits as a `number`. Throws NoRoom beyond 2^53. */
export function safe(value: bigint): number {
  const n = Number(value);
  if (!Number.isSafeInteger(n)) throw new NoRoom(String(value), 'bigint');
  return n;
}
