// Facts about any value that run none of its code: its class, its kind, the names of its properties.
import { inspect, types } from 'node:util';
import { cut, escapeControls, quote } from './safe-text';

/** Characters of a property name, class name, symbol or pattern. */
export const maxName = 120;
const maxPrototypes = 64;
/** Properties besides the elements are looked for in arrays of at most this length: that takes a list of all keys. */
const maxExtended = 10_000;

/** A data property of an object or its prototypes; undefined for accessors and proxies, which are not run. */
export function dataProperty(object: object, key: PropertyKey): unknown {
  let holder: object | null = object;
  for (let hops = 0; holder && hops < maxPrototypes; hops++) {
    if (types.isProxy(holder)) return undefined;
    const descriptor = Object.getOwnPropertyDescriptor(holder, key);
    if (descriptor) return descriptor.value;
    holder = Object.getPrototypeOf(holder);
  }
  return undefined;
}

export const shortName = (text: string) => cut(escapeControls(text), maxName);

/** The name of an object's class; empty for objects without one. */
export function className(object: object): string {
  const constructor = dataProperty(object, 'constructor');
  if (typeof constructor !== 'function' || types.isProxy(constructor)) return '';
  const name = dataProperty(constructor, 'name');
  return typeof name === 'string' ? shortName(name) : '';
}

/** Whether an object is shown by its properties: a literal or an instance of a user's class. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || types.isProxy(value)) return false;
  if (Array.isArray(value) || ArrayBuffer.isView(value) || isBuiltin(value)) return false;
  return typeof dataProperty(value, inspect.custom) !== 'function' && !isTemporal(value);
}

function isBuiltin(value: object): boolean {
  const { isMap, isSet, isDate, isRegExp, isNativeError, isAnyArrayBuffer, isBoxedPrimitive, isModuleNamespaceObject } = types;
  const checks = [isMap, isSet, isDate, isRegExp, isNativeError, isAnyArrayBuffer, isBoxedPrimitive, isModuleNamespaceObject];
  return [...checks, isHidden].some((check) => check(value));
}

/** What such an object holds is in no property. */
export function isHidden(value: object): boolean {
  const { isPromise, isMapIterator, isSetIterator, isGeneratorObject, isWeakMap, isWeakSet } = types;
  return [isPromise, isMapIterator, isSetIterator, isGeneratorObject, isWeakMap, isWeakSet].some((check) => check(value));
}

/** `Temporal.PlainDate` and its like, built in or from a polyfill: they have a text, and no properties. */
export function isTemporal(value: object): boolean {
  const tag = dataProperty(value, Symbol.toStringTag);
  return typeof tag === 'string' && tag.startsWith('Temporal.') && Object.keys(value).length === 0;
}

export function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/** An export of a module that has not run yet has no value to look at. */
export function descriptorOf(object: object, key: PropertyKey): PropertyDescriptor | undefined {
  try {
    return Object.getOwnPropertyDescriptor(object, key);
  } catch {
    return undefined;
  }
}

/** Enumerable properties of an array that are no elements: the `index` and `groups` of a match. */
export function extraKeys(array: readonly unknown[]): string[] {
  if (array.length > maxExtended) return [];
  return Object.keys(array).filter((key) => !/^(?:0|[1-9]\d*)$/.test(key));
}

/** The fields that the thrower of an error gave it. */
export const errorFields = (error: object): string[] =>
  Object.keys(error).filter((key) => !['name', 'message', 'stack'].includes(key));

/** What the object calls itself, where that is plain data. */
export function tagOf(value: object): string {
  const tag = dataProperty(value, Symbol.toStringTag);
  return typeof tag === 'string' ? shortName(tag) : '';
}

export function functionText(value: Function): string {
  const name = dataProperty(value, 'name');
  const shown = typeof name === 'string' && name ? shortName(name) : '(anonymous)';
  if (!Function.prototype.toString.call(value).startsWith('class')) return `[${className(value) || 'Function'}: ${shown}]`;
  const parent: unknown = Object.getPrototypeOf(value);
  const above = typeof parent === 'function' && !types.isProxy(parent) ? dataProperty(parent, 'name') : '';
  return `[class ${shown}${typeof above === 'string' && above ? ` extends ${shortName(above)}` : ''}]`;
}

const isIdentifier = (name: string) => /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name);

export function propertyName(key: PropertyKey): string {
  if (typeof key === 'symbol') return `[${shortName(Symbol.prototype.toString.call(key))}]`;
  const name = String(key);
  if (isIdentifier(name)) return cut(name, maxName);
  return quote(name.length > maxName ? `${name.slice(0, maxName)}…` : name);
}

/** How an expression gets from an object to its property. */
export function stepTo(key: PropertyKey): string | undefined {
  if (typeof key === 'symbol' || String(key).length > maxName) return undefined;
  if (typeof key === 'number') return `[${key}]`;
  return isIdentifier(key) ? `.${key}` : `[${quote(key)}]`;
}

/** `TypeError: message` of any error, on one line. */
export function errorLine(error: object, limit: number): string {
  const name = dataProperty(error, 'name');
  const message = dataProperty(error, 'message');
  const shownName = typeof name === 'string' && name ? shortName(name) : 'Error';
  if (typeof message !== 'string' || message === '') return shownName;
  return `${shownName}: ${cut(escapeControls(message.slice(0, limit * 2)), limit)}`;
}
