// Shows any value as text in bounded time and size: runs no getter or proxy trap, and escapes everything.

import { inspect, types } from 'node:util';
import { instantText } from '../../runtime/schema/time-zone';
import { counted, cut, escapeControls, escapeLines, grouped, quote } from './safe-text';
import {
  className,
  dataProperty,
  descriptorOf,
  errorFields,
  errorLine,
  extraKeys,
  functionText,
  isHidden,
  isTemporal,
  maxName,
  numberText,
  propertyName,
  shortName,
  stepTo,
  tagOf,
} from './value-facts';
import { type Doc, inlined, layout, note, oneLine, other, painter } from './value-layout';

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
/** Levels of a value that only Node can look into, such as the target of a proxy. */
const hiddenDepth = 1;

const more = (count: number): Doc => note(`… ${grouped(String(count))} more`);

/** A value as its parts, and the expression that opens the first object too deep to be shown: `.a.b[0]`. */
interface Seen {
  readonly doc: Doc;
  readonly deeper: string | undefined;
}

function look(value: unknown, limits: InspectLimits): Seen {
  const inspector = new Inspector(limits);
  return { doc: inspector.show(value), deeper: inspector.deeper };
}

class Inspector {
  /** How to write the first object that was too deep, as a path from the value. */
  deeper: string | undefined;
  readonly #limits: InspectLimits;
  readonly #open = new Set<object>();
  /** The steps from the value to the object being shown; undefined where no expression leads. */
  readonly #path: (string | undefined)[] = [];
  /** Objects that contain themselves, numbered. */
  readonly #circular = new Map<object, number>();
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

  /** Shows an object, even one that throws when inspected. */
  #guarded(value: object): Doc {
    try {
      if (types.isProxy(value)) return this.#byNode('Proxy ', value);
      if (this.#open.has(value)) return other(`[Circular *${this.#numberOf(value)}]`);
      if (typeof value === 'function' && Object.keys(value).length === 0) return other(functionText(value));
      if (this.#open.size >= this.#limits.depth || this.#left <= 0) return this.#outline(value);
      this.#open.add(value);
      const doc = this.#object(value);
      const number = this.#circular.get(value);
      return number === undefined ? doc : { prefix: `<ref *${number}> `, value: doc };
    } catch {
      return other('[an object that cannot be shown]');
    } finally {
      this.#open.delete(value);
    }
  }

  #numberOf(value: object): number {
    const number = this.#circular.get(value) ?? this.#circular.size + 1;
    this.#circular.set(value, number);
    return number;
  }

  #outline(value: object): Doc {
    if (this.#left > 0) this.deeper ??= this.#path.includes(undefined) ? '' : this.#path.join('');
    if (typeof value === 'function') return other(functionText(value));
    return other(Array.isArray(value) ? `[Array(${value.length})]` : `[${className(value) || 'Object'}]`);
  }

  #object(value: object): Doc {
    if (typeof value === 'function') return this.#fields(`${functionText(value)} `, value, Object.keys(value));
    if (Array.isArray(value)) return this.#array(value);
    if (ArrayBuffer.isView(value)) return this.#view(value);
    if (types.isMap(value)) return this.#map(value);
    if (types.isSet(value)) return this.#set(value);
    if (types.isDate(value)) return other(Number.isNaN(Date.prototype.getTime.call(value)) ? 'Invalid Date' : instantText(value));
    if (types.isRegExp(value)) return other(cut(escapeControls(RegExp.prototype.toString.call(value)), maxName));
    if (types.isNativeError(value) || value instanceof Error) return this.#error(value);
    if (types.isBoxedPrimitive(value)) return this.#boxed(value);
    if (types.isAnyArrayBuffer(value))
      return other(`${className(value)}(${value.byteLength}) ${this.#bytes(new Uint8Array(value))}`);
    if (types.isModuleNamespaceObject(value)) return this.#fields('Module ', value, Object.keys(value));
    if (isHidden(value)) return this.#byNode('', value);
    if (value instanceof WeakRef) return this.#weakRef(value);
    if (isTemporal(value)) return other(`${tagOf(value)} ${shortName(String(value))}`);
    return this.#address(value) ?? this.#custom(value) ?? this.#record(value);
  }

  #boxed(value: object): Doc {
    const primitive = this.show((value as { valueOf(): unknown }).valueOf());
    return { prefix: `${className(value)} `, value: primitive };
  }

  #weakRef(value: WeakRef<object>): Doc {
    const target = WeakRef.prototype.deref.call(value);
    const held = target === undefined ? note('collected') : this.#at('.deref()', () => this.show(target));
    return { label: 'WeakRef ', open: '{', close: '}', items: [held] };
  }

  /** An error on one line, with the fields that its thrower gave it. */
  #error(error: object): Doc {
    const line = `[${errorLine(error, this.#limits.nestedString)}]`;
    const keys = errorFields(error);
    const hidden = ['cause', 'errors'].filter((key) => !keys.includes(key) && Object.hasOwn(error, key));
    return keys.length + hidden.length === 0 ? other(line) : this.#fields(`${line} `, error, [...keys, ...hidden]);
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
    for (const key of extraKeys(value).slice(0, this.#limits.items)) items.push(this.#field(value, key));
    const name = className(value);
    return { label: name === 'Array' ? '' : `${name}(${value.length}) `, open: '[', close: ']', items };
  }

  #view(value: ArrayBufferView): Doc {
    if (types.isDataView(value)) return other(`DataView(${value.byteLength})`);
    if (Buffer.isBuffer(value)) return other(`Buffer(${value.length}) ${this.#bytes(value)}`);
    const array = value as unknown as ArrayLike<number | bigint>;
    const length = (value as Uint8Array).length;
    const shown = Math.min(length, this.#limits.items);
    const items = Array.from({ length: shown }, (_, index) => this.show(array[index]));
    if (shown < length) items.push(more(length - shown));
    return { label: `${className(value)}(${length}) `, open: '[', close: ']', items };
  }

  #bytes(bytes: Uint8Array): string {
    const shown = Array.from(bytes.subarray(0, this.#limits.items), (byte) => byte.toString(16).padStart(2, '0'));
    const left = bytes.length - shown.length;
    return `<${[...shown, ...(left > 0 ? [`… ${grouped(String(left))} more`] : [])].join(' ')}>`;
  }

  #map(value: ReadonlyMap<unknown, unknown>): Doc {
    const items = this.#taken(value.size, Map.prototype.entries.call(value), ([key, held]) => {
      const step = typeof key === 'string' ? `.get(${quote(key)})` : typeof key === 'number' ? `.get(${key})` : undefined;
      const shown = this.#at(undefined, () => inlined(this.show(key)));
      return { prefix: `${shown} => `, value: this.#at(step, () => this.show(held)) };
    });
    return { label: `${className(value)}(${value.size}) `, open: '{', close: '}', items };
  }

  #set(value: ReadonlySet<unknown>): Doc {
    const items = this.#taken(value.size, Set.prototype.values.call(value), (held) => this.#at(undefined, () => this.show(held)));
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

  /** What only Node can look into: it runs no trap and no method of the value. */
  #byNode(label: string, value: object): Doc {
    const limits = { maxArrayLength: this.#limits.items, maxStringLength: this.#limits.nestedString };
    const options = { depth: hiddenDepth, breakLength: Number.POSITIVE_INFINITY, customInspect: false, ...limits };
    const text = inspect(value, options);
    // Node's own marks on promises come last.
    const marks = types.isPromise(value) ? text.lastIndexOf('[Symbol(async_id_symbol)]') : -1;
    const shown = marks < 0 ? text : `${text.slice(0, marks).replace(/,?\s*$/, '')} }`;
    return other(label + bounded(shown.replace(/'([^'"\\]*)'/g, '"$1"')));
  }

  /** The address alone where a URL is a part of something. */
  #address(value: object): Doc | undefined {
    if (!(value instanceof URL) || this.#open.size === 1) return undefined;
    return { prefix: 'URL ', value: this.#string(value.href) };
  }

  /** The result of the object's own inspect method; undefined if it has none or it throws. */
  #custom(value: object): Doc | undefined {
    const method = dataProperty(value, inspect.custom);
    if (typeof method !== 'function') return undefined;
    try {
      const depth = this.#limits.depth - this.#open.size;
      const limits = { maxArrayLength: this.#limits.items, maxStringLength: maxCustom };
      // Some of Node's classes colour their text unless told not to.
      const options = { depth, ...limits, colors: false, stylize: (text: string) => text };
      const given: unknown = method.call(value, depth, options, inspect);
      if (typeof given !== 'string') return given === value ? undefined : this.show(given);
      return other(bounded(given));
    } catch {
      return undefined;
    }
  }

  #record(value: object): Doc {
    const name = className(value);
    const tag = tagOf(value);
    const label = name === 'Object' && !tag ? '' : [name, ...(tag && tag !== name ? [`[${tag}]`] : [])].join(' ');
    const isShown = (key: symbol) => Object.prototype.propertyIsEnumerable.call(value, key);
    const keys = [...Object.keys(value), ...Object.getOwnPropertySymbols(value).filter(isShown)];
    return this.#fields(label && `${label} `, value, keys);
  }

  #fields(label: string, value: object, keys: readonly PropertyKey[]): Doc {
    const items: Doc[] = [];
    for (const key of keys) {
      if (items.length >= this.#limits.items || this.#left <= 0) {
        items.push(more(keys.length - items.length));
        break;
      }
      items.push(this.#field(value, key));
    }
    return { label, open: '{', close: '}', items };
  }

  #field(object: object, key: PropertyKey): Doc {
    return { prefix: `${propertyName(key)}: `, value: this.#property(object, key) };
  }

  #property(object: object, key: PropertyKey): Doc {
    const descriptor = descriptorOf(object, key);
    if (!descriptor) return other('undefined');
    if ('value' in descriptor) return this.#at(stepTo(key), () => this.show(descriptor.value));
    return other(descriptor.get ? '[getter]' : '[setter]');
  }

  /** Shows a part of the object, one step further. */
  #at<T>(step: string | undefined, show: () => T): T {
    this.#path.push(step);
    try {
      return show();
    } finally {
      this.#path.pop();
    }
  }
}

const bounded = (text: string): string => {
  const rest = text.length > maxCustom ? `… ${counted(text.length - maxCustom, 'more character')}` : '';
  return escapeLines(text.slice(0, maxCustom)) + rest;
};

/** A value as the prompt shows it, on several lines if long, and the path of what is too deep to be shown. */
export interface Inspected {
  readonly text: string;
  /** Such as `.a.b[0]`, empty where no expression leads; undefined if all of it is shown. */
  readonly deeper: string | undefined;
}

/** `used` columns of the first line are taken. */
export function inspectValue(value: unknown, columns: number, used: number, color: boolean): Inspected {
  const { doc, deeper } = look(value, screenLimits);
  return { text: layout(doc, columns, 0, used, painter(color)), deeper };
}

/** A value on one line, for cells and messages, cut to `columns`. */
export function inspectLine(value: unknown, columns: number): string {
  return oneLine(look(value, lineLimits).doc, columns);
}

/** The same, and whether a part of it is too deep to be shown. */
export function inspectCell(value: unknown, columns: number): Inspected {
  const { doc, deeper } = look(value, lineLimits);
  return { text: oneLine(doc, columns), deeper };
}

/** A value for a pager, with far wider limits. */
export function inspectWhole(value: unknown, columns: number): string {
  return layout(look(value, wholeLimits).doc, columns, 0, 0, painter(false));
}

/** The same on one line, for an uncut cell. */
export function inspectWholeLine(value: unknown): string {
  return inlined(look(value, wholeLimits).doc).replaceAll('\n', ' ');
}
