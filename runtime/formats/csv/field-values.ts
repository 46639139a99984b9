// What the text of a field is as a value: numbers, truths, dates and times, and which types a text could be of.

import type { Zone } from '../../schema/time-zone';
import { isDay, utcMs } from '../time-text';

/** Texts that stand for nothing in a column of numbers, times or truths; in a column of text they are text. */
export const nullTexts: ReadonlySet<string> = new Set(['NA', 'N/A', 'n/a', 'null', 'NULL', 'Null', 'None', '\\N', '-', '#N/A']);

const wholeText = /^[+-]?\d+$/;
const decimalText = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const specialNumber = /^[+-]?(?:nan|inf|infinity)$/i;
const thousandsText = /^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/;

/** Digits in front are a part of a code, not of a number: 007. */
const isCode = (text: string): boolean => /^[+-]?0\d/.test(text);

/** A whole number that a `number` holds. */
const isSafeWhole = (text: string): boolean => wholeText.test(text) && (text.length < 16 || Number.isSafeInteger(Number(text)));

export function wholeOf(text: string): number | undefined {
  if (!wholeText.test(text)) return undefined;
  const n = Number(text);
  return Number.isSafeInteger(n) ? n + 0 : undefined;
}

export const bigintOf = (text: string): bigint | undefined =>
  wholeText.test(text) ? BigInt(text.startsWith('+') ? text.slice(1) : text) : undefined;

export function doubleOf(text: string): number | undefined {
  if (decimalText.test(text)) return Number(text);
  if (thousandsText.test(text)) return Number(text.replaceAll(',', ''));
  if (!specialNumber.test(text)) return undefined;
  if (/nan/i.test(text)) return Number.NaN;
  return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

export function booleanOf(text: string): boolean | undefined {
  if (text.length === 4 && text.toLowerCase() === 'true') return true;
  return text.length === 5 && text.toLowerCase() === 'false' ? false : undefined;
}

const dateForm = /^(\d{4})([-/])(\d{1,2})\2(\d{1,2})$/;

/** A date in ISO form, from `2026-3-1` and `2026/03/01` too. */
export function dateOf(text: string): string | undefined {
  const found = dateForm.exec(text);
  if (!found || !isDay(Number(found[1]), Number(found[3]), Number(found[4]))) return undefined;
  return text.length === 10 && found[2] === '-' ? text : `${found[1]}-${found[3].padStart(2, '0')}-${found[4].padStart(2, '0')}`;
}

const timeForm = /^(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?$/;

const isTime = (hour: number, minute: number, second: number): boolean => hour < 24 && minute < 60 && second < 60;

/** A time of day, its hour in two digits. */
export function timeOf(text: string): string | undefined {
  const found = timeForm.exec(text);
  if (!found || !isTime(Number(found[1]), Number(found[2]), Number(found[3]))) return undefined;
  return found[1].length === 2 ? text : `0${text}`;
}

const timestampForm =
  /^(\d{4})([-/])(\d{1,2})\2(\d{1,2})[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?: ?(Z|UTC|[+-]\d{2}(?::?\d{2})?))?$/;

/** An instant: a date with a time, in ISO form or with a space between, with a zone or in the reader's. */
export function timestampOf(text: string, zone: Zone): Date | undefined {
  const found = timestampForm.exec(text);
  if (!found) {
    const day = dateForm.exec(text);
    if (!day || !isDay(Number(day[1]), Number(day[3]), Number(day[4]))) return undefined;
    return new Date(zone.instant(utcMs(Number(day[1]), Number(day[3]), Number(day[4]), 0)));
  }
  const [year, month, day] = [Number(found[1]), Number(found[3]), Number(found[4])];
  const [hour, minute, second] = [Number(found[5]), Number(found[6]), Number(found[7] ?? 0)];
  if (!isDay(year, month, day) || !isTime(hour, minute, second)) return undefined;
  const ms = found[8] === undefined ? 0 : Number(found[8].slice(0, 3).padEnd(3, '0'));
  const local = utcMs(year, month, day, ((hour * 60 + minute) * 60 + second) * 1000 + ms);
  const offset = found[9];
  if (offset === undefined) return new Date(zone.instant(local));
  if (offset === 'Z' || offset === 'UTC') return new Date(local);
  const digits = offset.slice(1).replace(':', '');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2) || 0);
  return new Date(local - (offset.startsWith('-') ? -minutes : minutes) * 60_000);
}

/** Whether a timestamp says its zone. */
export const hasZone = (text: string): boolean => {
  const found = timestampForm.exec(text);
  return found?.[9] !== undefined;
};

/** Digits of the fraction of a second that are not zeros at its end. */
export const fractionDigits = (text: string): number => {
  const digits = timestampForm.exec(text)?.[8] ?? timeForm.exec(text)?.[4] ?? '';
  return digits.replace(/0+$/, '').length;
};

/** The types that the texts of a column can have, each a bit. */
export const could = { boolean: 1, int: 2, bigint: 4, double: 8, date: 16, timestamp: 32, time: 64, thousands: 128 } as const;
export const couldBeAny = 255;

/** The types that one text could have. */
export function couldBe(text: string): number {
  const first = text.charCodeAt(0);
  const isNumeric = (first >= 48 && first <= 57) || first === 43 || first === 45 || first === 46;
  if (!isNumeric) {
    if (booleanOf(text) !== undefined) return could.boolean;
    return specialNumber.test(text) ? could.double : 0;
  }
  if (wholeText.test(text)) {
    if (isCode(text)) return 0;
    const whole = isSafeWhole(text) ? could.int | could.bigint : could.bigint;
    return whole | could.double | could.thousands;
  }
  if (decimalText.test(text)) return isCode(text) ? 0 : could.double | could.thousands;
  if (thousandsText.test(text)) return could.thousands;
  if (specialNumber.test(text)) return could.double;
  if (dateOf(text) !== undefined) return could.date | could.timestamp;
  if (timeOf(text) !== undefined) return could.time;
  return timestampForm.test(text) && timestampOf(text, utc) !== undefined ? could.timestamp : 0;
}

const utc = { instant: (local: number) => local } as Zone;
