// Dates and times of day as text.

const hourMs = 3_600_000;

/** Days of a month, with those of leap years. */
export function isDay(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1 || day > 31) return false;
  if (month === 2) return day <= (year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28);
  return day <= 30 || (month !== 4 && month !== 6 && month !== 9 && month !== 11);
}

/** Milliseconds since the epoch of a time of UTC; of years before 100 too, which `Date.UTC` takes for 1900 and later. */
export function utcMs(year: number, month: number, day: number, ms: number): number {
  if (year >= 100) return Date.UTC(year, month - 1, day) + ms;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getTime() + ms;
}

const two = (n: number): string => (n < 10 ? `0${n}` : String(n));

/** A year as ISO writes it: four digits, more with a sign. */
const yearText = (year: number): string => {
  if (year >= 0 && year <= 9999) return String(year).padStart(4, '0');
  return `${year < 0 ? '-' : '+'}${String(Math.abs(year)).padStart(6, '0')}`;
};

/** A date of a number of days since 1970, as text. */
export function dateText(days: number): string {
  const date = new Date(days * 24 * hourMs);
  if (Number.isNaN(date.getTime())) return `${days} days since 1970-01-01`;
  return `${yearText(date.getUTCFullYear())}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
}

/** A time of day as text: whole seconds, and the fraction without zeros at its end. */
export function timeText(units: bigint, perSecond: bigint, digits: number): string {
  const seconds = Number(units / perSecond);
  const fraction = String(units % perSecond)
    .padStart(digits, '0')
    .replace(/0+$/, '');
  const text = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return fraction === '' ? text : `${text}.${fraction}`;
}
