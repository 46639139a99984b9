// Reads plain data that a file brought, and that anybody may have written: each value is what it must be, or an error says what it is not.

/** A file says something that Millrace never writes. */
export class UnfitData extends Error {}

/** Throws an error that names the value. */
export const unfit = (what: string, rule: string): never => {
  throw new UnfitData(`${what} is not ${rule}`);
};

/** A whole number from 0. */
export const countIn = (value: unknown, what: string): number =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : unfit(what, 'a count');

/** A whole number. */
export const wholeIn = (value: unknown, what: string): number =>
  Number.isSafeInteger(value) ? (value as number) : unfit(what, 'a whole number');

export const numberIn = (value: unknown, what: string): number =>
  typeof value === 'number' && Number.isFinite(value) ? value : unfit(what, 'a number');

export const textIn = (value: unknown, what: string): string => (typeof value === 'string' ? value : unfit(what, 'a text'));

export const flagIn = (value: unknown, what: string): boolean =>
  typeof value === 'boolean' ? value : unfit(what, 'true or false');

/** The name of a file that lies in a folder, and no way out of it. */
export const fileNameIn = (value: unknown, what: string): string => {
  const name = textIn(value, what);
  return name === '' || name === '.' || name === '..' || /[/\\\0]/.test(name) ? unfit(what, 'the name of a file') : name;
};

/** A name that is made of a checksum. */
export const hashNameIn = (value: unknown, what: string): string => {
  const name = textIn(value, what);
  return /^[0-9a-f]{32}$/.test(name) ? name : unfit(what, 'the name of a folder of its own');
};

export const listIn = <T>(value: unknown, what: string, read: (item: unknown, what: string) => T): T[] =>
  Array.isArray(value) ? value.map((item, i) => read(item, `${what}[${i}]`)) : unfit(what, 'a list');

/** The fields of an object. */
export const fieldsIn = (value: unknown, what: string): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : unfit(what, 'an object');
