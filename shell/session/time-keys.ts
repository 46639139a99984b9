// Texts that stand for times, such as `2024-05-01`, `09:30` or `Mon`: their order, and their milliseconds where they are dates.

/** How texts of one form are read: as a number in their order. */
interface Form {
  readonly pattern: RegExp;
  /** Whether the numbers are milliseconds since 1970, so that a line can be drawn. */
  readonly isDate: boolean;
  read(text: string): number;
}

const months = 'January February March April May June July August September October November December'.split(' ');
const days = 'Monday Tuesday Wednesday Thursday Friday Saturday Sunday'.split(' ');

const placeIn = (names: readonly string[], text: string): number =>
  names.findIndex((name) => name.slice(0, 3).toLowerCase() === text.slice(0, 3).toLowerCase());

/** Names in full or by three letters. */
const named = (names: readonly string[]): Form => ({
  pattern: new RegExp(`^(?:${names.map((name) => `${name.slice(0, 3)}(?:${name.slice(3)})?`).join('|')})$`, 'i'),
  isDate: false,
  read: (text) => placeIn(names, text),
});

/** A time without a zone is in UTC, so that the same text is the same place everywhere. */
function isoMs(text: string): number {
  const iso = text.replaceAll('/', '-').replace(' ', 'T');
  return Date.parse(/T.*\d$/.test(iso) && !/[+-]\d{2}:?\d{2}$/.test(iso.slice(10)) ? `${iso}Z` : iso);
}

const forms: readonly Form[] = [
  { pattern: /^[12]\d{3}$/, isDate: true, read: (text) => Date.UTC(Number(text), 0) },
  {
    pattern: /^\d{4}[-/]\d{2}(?:[-/]\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?)?$/,
    isDate: true,
    read: isoMs,
  },
  {
    pattern: /^\d{1,2}:\d{2}(?::\d{2})?$/,
    isDate: true,
    read: (text) => Date.parse(`1970-01-01T${text.padStart(text.length < 6 ? 5 : 8, '0')}Z`),
  },
  {
    pattern: /^\d{4}-?[QW]\d{1,2}$/i,
    isDate: false,
    read: (text) => Number(text.slice(0, 4)) * 100 + Number(/\d+$/.exec(text)![0]),
  },
  {
    // As web servers log it.
    pattern: /^\d{2}\/[A-Z][a-z]{2}\/\d{4}(?::\d{2}(?::\d{2}(?::\d{2})?)?)?$/,
    isDate: true,
    read: (text) => {
      const [day, month, year, hour = 0, minute = 0, second = 0] = text.split(/[/:]/);
      const rest = [day, hour, minute, second].map(Number) as [number, number, number, number];
      return Date.UTC(Number(year), placeIn(months, month), ...rest);
    },
  },
  named(months),
  named(days),
];

export interface TimeKeys {
  readonly isDate: boolean;
  /** The number of a key; NaN for one of another form. */
  read(key: unknown): number;
}

/** How to order the keys, if all of them are texts of one form of times. */
export function timeKeys(keys: readonly unknown[]): TimeKeys | undefined {
  if (!keys.every((key): key is string => typeof key === 'string')) return undefined;
  const form = forms.find(({ pattern, read }) => keys.every((key) => pattern.test(key) && Number.isFinite(read(key))));
  if (!form) return undefined;
  const { pattern, isDate, read } = form;
  return { isDate, read: (key) => (typeof key === 'string' && pattern.test(key) ? read(key) : Number.NaN) };
}
