// The one form in which rows become text: JSON, with a tag for each value that JSON lacks, so that nothing is lost.
import { types } from 'node:util';
import { MillraceError } from '../base/errors';
import { maxValueDepth } from '../base/limits';
import { typedKinds } from './tags';

/** A row as a line: strings as they are, numbers and other simple values as String writes them, dates in ISO form, all else as JSON. */
export function toText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Object.is(value, -0)) return '-0';
  if (types.isDate(value)) return dateText(value);
  return typeof value === 'object' && value !== null ? jsonText(value) : String(value);
}

/** A value as JSON on one line. Throws UNSHIPPABLE_VALUE for a value that holds itself. */
export const jsonText = (value: unknown): string => (isJson(value, 0) ? JSON.stringify(value) : tagged(value, 0));

const dateText = (date: Date): string => (Number.isNaN(date.getTime()) ? String(date) : date.toISOString());

/** Whether JSON.stringify writes the value whole. */
function isJson(value: unknown, depth: number): boolean {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return true;
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0);
  if (typeof value !== 'object' || depth > maxValueDepth) return false;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (!isJson(value[i], depth + 1)) return false;
    return true;
  }
  const proto = Object.getPrototypeOf(value);
  if (proto !== Object.prototype && proto !== null) return false;
  for (const key in value) {
    const of = (value as Record<string, unknown>)[key];
    if (key.startsWith('$') || (of !== undefined && !isJson(of, depth + 1))) return false;
  }
  return true;
}

const tag = (name: string, text: string): string => `{"$${name}":${text}}`;

function tagged(value: unknown, depth: number): string {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return JSON.stringify(value);
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? String(value)
        : tag('number', `"${Object.is(value, -0) ? '-0' : value}"`);
    case 'bigint':
      return tag('bigint', `"${value}"`);
    case 'undefined':
      return tag('undefined', 'true');
    case 'object':
      return value === null ? 'null' : ofObject(value, depth);
    default:
      return tag(typeof value, JSON.stringify(typeof value === 'function' ? value.name : String(value)));
  }
}

/** Throws UNSHIPPABLE_VALUE where a row is nested too deep to become a text. */
export function checkDepth(depth: number): void {
  if (depth > maxValueDepth)
    throw new MillraceError('UNSHIPPABLE_VALUE', {
      value: 'a row',
      reason: `it is nested more than ${maxValueDepth} deep, or holds itself`,
      remedy: 'Write a flat form of it.',
    });
}

function ofObject(value: object, depth: number): string {
  checkDepth(depth);
  const list = (values: Iterable<unknown>) => `[${Array.from(values, (v) => tagged(v, depth + 1)).join()}]`;
  if (Array.isArray(value)) return list(value);
  if (types.isDate(value)) return tag('date', JSON.stringify(dateText(value)));
  if (types.isMap(value)) return tag('map', list(value));
  if (types.isSet(value)) return tag('set', list(value));
  if (types.isRegExp(value)) return tag('regexp', list([value.source, value.flags]));
  if (types.isNativeError(value) || value instanceof Error) return tag('error', ofEntries(errorEntries(value), depth));
  if (types.isTypedArray(value)) return tag('array', `["${value[Symbol.toStringTag]}",${list(value as Iterable<unknown>)}]`);
  if (types.isAnyArrayBuffer(value)) return tag('buffer', list(new Uint8Array(value)));
  if (types.isBoxedPrimitive(value)) return tagged(value.valueOf(), depth);
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === 'function') return tagged(toJSON.call(value, ''), depth + 1);
  const entries = Object.entries(value).filter(([, v]) => v !== undefined);
  const text = ofEntries(entries, depth);
  // An object that looks like a tag is no tag.
  return entries.length === 1 && entries[0][0].startsWith('$') ? tag('object', text) : text;
}

const ofEntries = (entries: readonly (readonly [string, unknown])[], depth: number): string =>
  `{${entries.map(([key, v]) => `${JSON.stringify(key)}:${tagged(v, depth + 1)}`).join()}}`;

/** What an error says; not where it was made, which is long and means nothing elsewhere. */
function errorEntries(error: Error): [string, unknown][] {
  const own = Object.entries(error).filter(([key]) => !['name', 'message', 'stack'].includes(key));
  const hidden = ['cause', 'errors'].filter((key) => Object.hasOwn(error, key) && !Object.keys(error).includes(key));
  const values = hidden.map((key): [string, unknown] => [key, (error as unknown as Record<string, unknown>)[key]]);
  return [['name', error.name], ['message', error.message], ...values, ...own];
}

/** The value of a line that `toText` or `jsonText` wrote; a line that is no JSON is a string. Class instances come back as objects. */
export function fromText(line: string): unknown {
  try {
    return untagged(JSON.parse(line));
  } catch (e) {
    if (e instanceof SyntaxError) return line;
    throw e;
  }
}

function untagged(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(untagged);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [name, of] = entries.length === 1 ? entries[0] : ['', undefined];
  if (!Object.hasOwn(readers, name)) return objectOf(entries);
  try {
    return readers[name](of as never);
  } catch {
    // Somebody else's object with such a key.
    return objectOf(entries);
  }
}

/** Not by assignment: `__proto__` is a key like others. */
const objectOf = (entries: readonly (readonly [string, unknown])[]): object =>
  Object.fromEntries(entries.map(([key, v]) => [key, untagged(v)]));

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value.map(untagged) : []);

const errorKinds = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };
const arrayKinds = new Map([...typedKinds, Uint8Array].map((kind) => [kind.name, kind]));

/** A number of more digits is none that somebody wrote: to read it takes the square of them. */
const mostDigits = 100_000;

/** What a tag stands for; throws where it is none of ours. */
const readers: Readonly<Record<string, (value: never) => unknown>> = {
  $number: (value: unknown) => Number(value),
  $bigint: (value: string) => (value.length > mostDigits ? refused() : BigInt(value)),
  $undefined: () => undefined,
  $date: (value: string) => new Date(value),
  $map: (value: unknown) => new Map(listOf(value) as [unknown, unknown][]),
  $set: (value: unknown) => new Set(listOf(value)),
  $regexp: ([source, flags]: [string, string]) => new RegExp(source, flags),
  $error: (value: Record<string, unknown>) => errorOf(untagged(value) as Record<string, unknown>),
  $array: ([name, values]: [string, unknown]) => {
    const Kind = arrayKinds.get(name);
    return Kind ? new Kind(listOf(values) as never) : refused();
  },
  $buffer: (value: number[]) => new Uint8Array(value).buffer,
  $object: (value: Record<string, unknown>) => objectOf(Object.entries(value)),
};

const refused = (): never => {
  throw new TypeError('not a tag');
};

function errorOf({ name, message, cause, ...own }: Record<string, unknown>): Error {
  const Kind = Object.hasOwn(errorKinds, String(name)) ? errorKinds[name as 'Error'] : Error;
  const error = new Kind(String(message), cause === undefined ? undefined : { cause });
  for (const [key, value] of Object.entries(own))
    Object.defineProperty(error, key, { value, configurable: true, writable: true, enumerable: true });
  if (error.name !== name) Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true });
  return error;
}
