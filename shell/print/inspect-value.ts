// Shows any value as text in bounded time and size: runs no getter or proxy trap, and escapes everything.
import { inspect, types } from 'node:util';
import { counted, cut, escapeControls, escapeLines, grouped, paint, quote, widthOf } from './safe-text';

export interface InspectLimits {
  /** Levels of objects in objects. */
  readonly depth: number;
  /** Elements or properties of one object. */
  readonly items: number;
  /** Characters of a string inside another value. */
  readonly nestedString: number;
  /** Characters of a string on its own. */
  readonly string: number;
  /** Values in total: bounds the time for nested objects. */
  readonly values: number;
}

const screenLimits: InspectLimits = { depth: 4, items: 100, nestedString: 240, string: 2_000, values: 500 };
const wholeLimits: InspectLimits = { depth: 12, items: 10_000, nestedString: 100_000, string: 100_000, values: 100_000 };
const lineLimits: InspectLimits = { depth: 3, items: 24, nestedString: 240, string: 240, values: 120 };

/** Empty slots of a sparse array that are visited; further ones are only counted. */
const maxHoles = 10_000;
/** Characters of the result of a class's own inspect method. */
const maxCustom = 4_000;
/** Characters of a property name, class name, symbol or pattern. */
const maxName = 120;
const maxPrototypes = 64;

type Kind = 'string' | 'number' | 'other' | 'note';

/** The parts of a shown value, before layout in lines. */
type Doc =
  | { readonly text: string; readonly kind: Kind }
  | {
      readonly label: string;
      readonly open: string;
      readonly close: string;
      readonly items: readonly Doc[];
      readonly prefix?: undefined;
    }
  | { readonly prefix: string; readonly value: Doc };

const other = (text: string): Doc => ({ text, kind: 'other' });
const note = (text: string): Doc => ({ text, kind: 'note' });
const more = (count: number): Doc => note(`… ${grouped(String(count))} more`);

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

const shortName = (text: string) => cut(escapeControls(text), maxName);

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
  return typeof dataProperty(value, inspect.custom) !== 'function';
}

function isBuiltin(value: object): boolean {
  const { isMap, isSet, isDate, isRegExp, isNativeError, isPromise, isAnyArrayBuffer, isBoxedPrimitive } = types;
  const { isWeakMap, isWeakSet, isGeneratorObject, isModuleNamespaceObject } = types;
  const checks = [isMap, isSet, isDate, isRegExp, isNativeError, isPromise, isAnyArrayBuffer, isBoxedPrimitive];
  return [...checks, isWeakMap, isWeakSet, isGeneratorObject, isModuleNamespaceObject].some((check) => check(value));
}

export function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

class Inspector {
  readonly #limits: InspectLimits;
  readonly #open = new Set<object>();
  #left: number;

  constructor(limits: InspectLimits) {
    this.#limits = limits;
    this.#left = limits.values;
  }

  show(value: unknown): Doc {
    this.#left--;
    switch (typeof value) {
      case 'string':
        return this.#string(value);
      case 'number':
        return { text: numberText(value), kind: 'number' };
      case 'bigint':
        return { text: this.#bigint(value), kind: 'number' };
      case 'symbol':
        return other(shortName(Symbol.prototype.toString.call(value)));
      case 'function':
        return other(this.#function(value));
      case 'object':
        return value === null ? other('null') : this.#guarded(value);
      default:
        return other(String(value));
    }
  }

  #string(text: string): Doc {
    const limit = this.#open.size === 0 ? this.#limits.string : this.#limits.nestedString;
    if (text.length <= limit) return { text: quote(text), kind: 'string' };
    const rest = `… ${counted(text.length - limit, 'more character')}`;
    return { text: quote(text.slice(0, limit)) + rest, kind: 'string' };
  }

  #bigint(value: bigint): string {
    // Decimal digits take quadratic time; hexadecimal is linear, and its length gives the size.
    const size = value < 1n << 4096n && value > -(1n << 4096n) ? 0 : value.toString(16).length;
    return size === 0 ? `${value}n` : `[bigint of about ${grouped(String(Math.round(size * 1.2041)))} digits]`;
  }

  #function(value: Function): string {
    if (types.isProxy(value)) return '[Proxy]';
    const name = dataProperty(value, 'name');
    const shown = typeof name === 'string' && name ? shortName(name) : '(anonymous)';
    const isClass = Function.prototype.toString.call(value).startsWith('class');
    return isClass ? `[class ${shown}]` : `[Function: ${shown}]`;
  }

  /** Shows an object, even one that throws when inspected. */
  #guarded(value: object): Doc {
    if (types.isProxy(value)) return other('[Proxy]');
    if (this.#open.has(value)) return other('[Circular]');
    if (this.#open.size >= this.#limits.depth || this.#left <= 0) return other(this.#outline(value));
    this.#open.add(value);
    try {
      return this.#object(value);
    } catch {
      return other('[an object that cannot be shown]');
    } finally {
      this.#open.delete(value);
    }
  }

  #outline(value: object): string {
    return Array.isArray(value) ? `[Array(${value.length})]` : `[${className(value) || 'Object'}]`;
  }

  #object(value: object): Doc {
    if (Array.isArray(value)) return this.#array(value);
    if (ArrayBuffer.isView(value)) return this.#view(value);
    if (types.isMap(value)) return this.#map(value);
    if (types.isSet(value)) return this.#set(value);
    if (types.isDate(value))
      return other(Number.isNaN(Date.prototype.getTime.call(value)) ? 'Invalid Date' : Date.prototype.toISOString.call(value));
    if (types.isRegExp(value)) return other(cut(escapeControls(RegExp.prototype.toString.call(value)), maxName));
    if (types.isNativeError(value) || value instanceof Error) return other(`[${errorLine(value, this.#limits.nestedString)}]`);
    if (types.isBoxedPrimitive(value)) return this.#boxed(value);
    if (types.isAnyArrayBuffer(value)) return other(`${className(value)}(${value.byteLength})`);
    return this.#custom(value) ?? this.#record(value);
  }

  #boxed(value: object): Doc {
    const primitive = this.show((value as { valueOf(): unknown }).valueOf());
    return { prefix: `${className(value)} `, value: primitive };
  }

  #array(value: readonly unknown[]): Doc {
    const items: Doc[] = [];
    let index = 0;
    let walked = 0;
    while (index < value.length && items.length < this.#limits.items && this.#left > 0) {
      const from = index;
      while (index < value.length && walked < maxHoles && !Object.hasOwn(value, index)) {
        index++;
        walked++;
      }
      if (index > from) items.push(note(`${counted(index - from, 'empty slot')}`));
      else if (walked >= maxHoles && !Object.hasOwn(value, index)) break;
      else items.push(this.#property(value, index++));
    }
    if (index < value.length) items.push(more(value.length - index));
    const name = className(value);
    return { label: name === 'Array' ? '' : `${name}(${value.length}) `, open: '[', close: ']', items };
  }

  #view(value: ArrayBufferView): Doc {
    if (types.isDataView(value)) return other(`DataView(${value.byteLength})`);
    const array = value as unknown as ArrayLike<number | bigint>;
    const length = (value as Uint8Array).length;
    const shown = Math.min(length, this.#limits.items);
    const items = Array.from({ length: shown }, (_, index) => this.show(array[index]));
    if (shown < length) items.push(more(length - shown));
    return { label: `${className(value)}(${length}) `, open: '[', close: ']', items };
  }

  #map(value: ReadonlyMap<unknown, unknown>): Doc {
    const items = this.#taken(value.size, Map.prototype.entries.call(value), ([key, held]) => {
      return { prefix: `${inlined(this.show(key))} => `, value: this.show(held) };
    });
    return { label: `${className(value)}(${value.size}) `, open: '{', close: '}', items };
  }

  #set(value: ReadonlySet<unknown>): Doc {
    const items = this.#taken(value.size, Set.prototype.values.call(value), (held) => this.show(held));
    return { label: `${className(value)}(${value.size}) `, open: '{', close: '}', items };
  }

  #taken<T>(size: number, values: Iterable<T>, show: (value: T) => Doc): Doc[] {
    const items: Doc[] = [];
    for (const value of values) {
      if (items.length >= this.#limits.items || this.#left <= 0) {
        items.push(more(size - items.length));
        break;
      }
      items.push(show(value));
    }
    return items;
  }

  /** The result of the object's own inspect method; undefined if it has none or it throws. */
  #custom(value: object): Doc | undefined {
    const method = dataProperty(value, inspect.custom);
    if (typeof method !== 'function') return undefined;
    try {
      const depth = this.#limits.depth - this.#open.size;
      const options = { depth, maxArrayLength: this.#limits.items, maxStringLength: maxCustom, stylize: (text: string) => text };
      const given: unknown = method.call(value, depth, options, inspect);
      if (typeof given !== 'string') return given === value ? undefined : this.show(given);
      const rest = given.length > maxCustom ? `… ${counted(given.length - maxCustom, 'more character')}` : '';
      return other(escapeLines(given.slice(0, maxCustom)) + rest);
    } catch {
      return undefined;
    }
  }

  #record(value: object): Doc {
    const keys: PropertyKey[] = [...Object.keys(value), ...Object.getOwnPropertySymbols(value)];
    const items: Doc[] = [];
    for (const key of keys) {
      if (items.length >= this.#limits.items || this.#left <= 0) {
        items.push(more(keys.length - items.length));
        break;
      }
      items.push({ prefix: `${propertyName(key)}: `, value: this.#property(value, key) });
    }
    const name = className(value);
    return { label: name === 'Object' || name === '' ? '' : `${name} `, open: '{', close: '}', items };
  }

  #property(object: object, key: PropertyKey): Doc {
    const descriptor = Object.getOwnPropertyDescriptor(object, key);
    if (!descriptor) return other('undefined');
    if ('value' in descriptor) return this.show(descriptor.value);
    return other(descriptor.get ? '[getter]' : '[setter]');
  }
}

function propertyName(key: PropertyKey): string {
  if (typeof key === 'symbol') return `[${shortName(Symbol.prototype.toString.call(key))}]`;
  const name = String(key);
  if (/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)) return cut(name, maxName);
  return quote(name.length > maxName ? `${name.slice(0, maxName)}…` : name);
}

/** `TypeError: message` of any error, on one line. */
function errorLine(error: object, limit: number): string {
  const name = dataProperty(error, 'name');
  const message = dataProperty(error, 'message');
  const shownName = typeof name === 'string' && name ? shortName(name) : 'Error';
  if (typeof message !== 'string' || message === '') return shownName;
  return `${shownName}: ${cut(escapeControls(message.slice(0, limit * 2)), limit)}`;
}

function inlined(doc: Doc): string {
  if ('text' in doc) return doc.text;
  if (doc.prefix !== undefined) return doc.prefix + inlined(doc.value);
  if (doc.items.length === 0) return doc.label + doc.open + doc.close;
  const inner = doc.items.map(inlined).join(', ');
  return doc.label + (doc.open === '{' ? `{ ${inner} }` : `[${inner}]`);
}

type Painter = (text: string, kind: Kind) => string;

function painter(color: boolean): Painter {
  const colors = paint(color);
  const byKind = { string: colors.green, number: colors.yellow, other: colors.cyan, note: colors.dim };
  return (text, kind) => byKind[kind](text);
}

/** Lays a value out: on the current line if it fits, else one element per line, or several short scalars. */
function layout(doc: Doc, columns: number, indent: number, used: number, color: Painter): string {
  if ('text' in doc) return color(doc.text, doc.kind);
  if (doc.prefix !== undefined) return doc.prefix + layout(doc.value, columns, indent, used + widthOf(doc.prefix), color);
  if (doc.items.length === 0) return doc.label + doc.open + doc.close;
  const flat = inlined(doc);
  const space = doc.open === '{' ? ' ' : '';
  // Text with far more characters than columns is not measured: that is slow for non-ASCII text.
  if (flat.length <= columns * 4 && !flat.includes('\n') && widthOf(flat) + used <= columns) {
    const inner = doc.items.map((item) => layout(item, Number.POSITIVE_INFINITY, indent, 0, color)).join(', ');
    return doc.label + doc.open + space + inner + space + doc.close;
  }
  const margin = ' '.repeat(indent + 2);
  const lines = filled(doc.items, columns, indent + 2, color).map((line) => margin + line);
  return `${doc.label}${doc.open}\n${lines.join(',\n')}\n${' '.repeat(indent)}${doc.close}`;
}

function filled(items: readonly Doc[], columns: number, indent: number, color: Painter): string[] {
  const scalars = items.every((item) => 'text' in item && item.text.length <= 24);
  if (!scalars) return items.map((item) => layout(item, columns, indent, indent, color));
  const lines: string[] = [];
  let line = '';
  let width = indent;
  for (const item of items) {
    const itemWidth = widthOf(inlined(item));
    if (line && width + itemWidth + 3 > columns) {
      lines.push(line);
      line = '';
      width = indent;
    }
    line += (line ? ', ' : '') + layout(item, columns, indent, width, color);
    width += itemWidth + 2;
  }
  return [...lines, line];
}

/** A value as the prompt shows it, on several lines if long. `used` columns of the first line are taken. */
export function inspectValue(value: unknown, columns: number, used: number, color: boolean): string {
  const doc = new Inspector(screenLimits).show(value);
  return layout(doc, columns, 0, used, painter(color));
}

/** A value on one line, for cells and messages, cut to `columns`. */
export function inspectLine(value: unknown, columns: number): string {
  return cut(inlined(new Inspector(lineLimits).show(value)).replaceAll('\n', ' '), columns);
}

/** A value for a pager, with far wider limits. */
export function inspectWhole(value: unknown, columns: number): string {
  return layout(new Inspector(wholeLimits).show(value), columns, 0, 0, painter(false));
}

/** The same on one line, for an uncut cell. */
export function inspectWholeLine(value: unknown): string {
  return inlined(new Inspector(wholeLimits).show(value)).replaceAll('\n', ' ');
}
