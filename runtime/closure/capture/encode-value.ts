// Encoding of captured values into payload nodes: plain data, collections, errors, instances; functions are encode-function.ts's.
import { types } from 'node:util';
import { MillraceError } from '../../base/errors';
import { driverOnly, type Reference, travelsAs } from '../../base/markers';
import type { Place } from '../../base/place';
import type { Accessor, Encoded, Fixed, List, NodeRef, PayloadNode, Privates, Properties, Subclassed } from '../../plan/payload';
import { chainOf } from '../classes/class-registry';
import { intrinsics } from '../intrinsics';
import { isLocalModule, moduleRefOf } from '../module-refs';
import { type Bulk, bulkOf, bytesOfList, isPlainList } from './bulky-values';
import { SharedRow, writeRows } from './captured-rows';
import { fixedOf, flagsOf, hasMore } from './own-properties';
import { ofPackage, type Refusal, refusalOf } from './refusals';
import { symbolNode } from './symbol-node';
import { WeakCollections } from './weak-collections';

export interface CaptureOptions {
  /** The operation that the function was given to, as the user wrote it: `map`. */
  readonly operation: string;
  /** Arrays of primitives, typed arrays and strings above this many bytes are shipped apart, once per executor. */
  readonly autoBroadcastBytes: number;
  /** The codec of bulk values: if given, their ids are hashes of these bytes, and the bytes come with them. */
  readonly encodeBulk?: (value: unknown) => Uint8Array;
  /** Answer the name of a variable in its dead zone instead of throwing. */
  readonly allowDeadZone?: boolean;
  /** Write no list of objects apart. */
  readonly keepsNodes?: boolean;
}

/** A step of the path from the closure to a value: ready text, or an array's index. */
type Step = string | number;

/** Bytes that a node costs beside its contents; estimates need no more than that. */
const nodeBytes = 16;

/** How functions and classes are encoded: by a part of its own, which encodes what they capture by this one. */
export interface FunctionEncoding {
  encode(value: Function, n: number): PayloadNode;
  /** The values of the #private parts that a class declares, as an instance holds them. */
  privatesOf(owner: Function, instance: object): unknown[] | undefined;
}

export class Encoder {
  /** Undefined entries are nodes that are being made. */
  readonly nodes: (PayloadNode | undefined)[] = [];
  readonly references: Reference[] = [];
  readonly modules = new Set<string>();
  readonly bulk = new Map<string, Bulk>();
  /** An estimate of what was encoded so far. */
  bytes = 0;
  /** True once something led back to what was being encoded. */
  cyclic = false;
  place: Place | undefined;
  readonly options: CaptureOptions;
  readonly #numbers = new Map<unknown, number>();
  /** The objects of lists that were written apart. */
  readonly #rowObjects: ReadonlySet<unknown>[] = [];
  readonly #weak = new WeakCollections();
  readonly #needs = new Map<Function, Encoded>();
  #packageDepth = 0;
  readonly #trail: Step[] = [];
  readonly #functions: FunctionEncoding;

  constructor(options: CaptureOptions, functions: FunctionEncoding) {
    this.options = options;
    this.#functions = functions;
  }

  /** Encodes what a step of the path leads to. */
  at(step: Step, value: unknown): Encoded {
    this.#trail.push(step);
    const encoded = this.encode(value);
    this.#trail.pop();
    return encoded;
  }

  encode(value: unknown): Encoded {
    switch (typeof value) {
      case 'string':
        this.bytes += value.length;
        return value.length > this.options.autoBroadcastBytes ? this.#once(value, () => this.#bulkNode(value)) : value;
      case 'object':
        return value === null ? null : this.#reference(value);
      case 'function':
        return this.#reference(value);
      case 'symbol':
        return this.#once(value, () => symbolNode(value));
      default:
        this.bytes += 8;
        return value as Encoded;
    }
  }

  /** Adds a node that stands for nothing the encoder meets again. */
  add(node: PayloadNode): NodeRef {
    return { n: this.nodes.push(node) - 1 };
  }

  /** To be called when everything else is encoded. */
  settleWeak(): void {
    this.#weak.settle(
      (key) => this.#numbers.has(key) || this.#isOfRows(key),
      (value) => this.encode(value),
    );
  }

  /** Encodes what code of a package holds. What cannot ship there is not the user's to change. */
  inPackage<T>(encode: () => T): T {
    this.#packageDepth++;
    const node = encode();
    this.#packageDepth--;
    return node;
  }

  refuse(refusal: Refusal): never {
    const { reason } = refusal;
    const remedy = this.#packageDepth > 0 ? ofPackage : refusal.remedy;
    const { operation } = this.options;
    throw new MillraceError('UNSERIALIZABLE_CAPTURE', { operation, reason, remedy, path: this.path(), place: this.place });
  }

  /** The way from the closure to where the encoder is, as the user would write it. */
  path(): string {
    let path = 'closure';
    for (const step of this.#trail) {
      if (typeof step === 'number') path += `[${step}]`;
      else path += ` → ${step}`;
    }
    return path;
  }

  // ---- objects, each once

  #reference(value: object): Encoded {
    return this.#once(value, (n) => this.#node(value, n));
  }

  #once(value: unknown, make: (n: number) => PayloadNode): NodeRef {
    if (this.#isOfRows(value)) throw new SharedRow();
    const known = this.#numbers.get(value);
    if (known !== undefined) {
      if (this.nodes[known] === undefined) this.cyclic = true;
      return { n: known };
    }
    const n = this.nodes.push(undefined) - 1;
    this.#numbers.set(value, n);
    this.bytes += nodeBytes;
    this.nodes[n] = make(n);
    return { n };
  }

  #node(value: object, n: number): PayloadNode {
    if (types.isProxy(value)) this.refuse(refusalOf(value) as Refusal);
    const what = (value as { [driverOnly]?: string })[driverOnly];
    if (what !== undefined) {
      throw new MillraceError('NESTED_DATASET', {
        what,
        operation: this.options.operation,
        path: this.path(),
        place: this.place,
      });
    }
    const stand = (value as { [travelsAs]?: () => Reference })[travelsAs];
    if (typeof stand === 'function') return this.#standIn(stand.call(value));
    const path = intrinsics().pathOf(value);
    if (path !== undefined) return { t: 'intrinsic', path };
    const module = moduleRefOf(value);
    if (module) {
      if (isLocalModule(module.path)) this.modules.add(module.path);
      return { t: 'module', ...module };
    }
    if (typeof value === 'function') return this.#functions.encode(value, n);
    const refusal = refusalOf(value);
    if (refusal) this.refuse(refusal);
    return this.#data(value);
  }

  #standIn(reference: Reference): PayloadNode {
    this.references.push(reference);
    return { t: 'reference', reference };
  }

  #data(value: object): PayloadNode {
    if (Array.isArray(value)) return this.#array(value);
    if (types.isMap(value)) return this.#map(value);
    if (types.isSet(value)) {
      const list = this.#list([...Set.prototype.values.call(value)], '(element)');
      return { t: 'set', ...this.#subclassed(value, Set), list };
    }
    if (types.isWeakMap(value))
      return { t: 'weak', base: 'WeakMap', ...this.#subclassed(value, WeakMap), ...this.#weak.add(value) };
    if (types.isWeakSet(value))
      return { t: 'weak', base: 'WeakSet', ...this.#subclassed(value, WeakSet), ...this.#weak.add(value) };
    if (types.isDate(value)) return { t: 'date', ...this.#subclassed(value, Date), time: Date.prototype.getTime.call(value) };
    if (types.isRegExp(value)) return { t: 'regexp', source: value.source, flags: value.flags, lastIndex: value.lastIndex };
    if (ArrayBuffer.isView(value)) return this.#view(value as NodeJS.ArrayBufferView);
    if (types.isAnyArrayBuffer(value)) return this.#bytes(value as ArrayBuffer);
    if (types.isBoxedPrimitive(value)) return { t: 'boxed', value: this.encode(value.valueOf()) };
    if (types.isNativeError(value)) return this.#error(value);
    const proto = Object.getPrototypeOf(value) as object | null;
    if (proto === Object.prototype) return this.#fixed(value, { t: 'object', props: this.properties(value) });
    if (proto === null) return this.#fixed(value, { t: 'object', proto: null, props: this.properties(value) });
    const c: unknown = Object.hasOwn(proto, 'constructor') ? proto.constructor : undefined;
    if (typeof c === 'function' && c.prototype === proto) return this.#instance(value, c);
    return this.#fixed(value, { t: 'object', proto: this.at('.__proto__', proto), props: this.properties(value) });
  }

  // ---- collections

  #array(value: unknown[]): PayloadNode {
    const subclass = this.#subclassed(value, Array);
    const fixed = fixedOf(value);
    if (subclass.class === undefined && !hasMore(value)) {
      const list = this.#list(value);
      return { t: 'array', list, ...(fixed ? { fixed } : {}) };
    }
    const props = this.properties(value, (key) => key === 'length');
    return { t: 'sparse', ...subclass, length: value.length, props, ...(fixed ? { fixed } : {}) };
  }

  /** A copy of the values, so that what the session changes later stays the session's. */
  #list(values: readonly unknown[], step?: string): List {
    if (!isPlainList(values)) {
      const rows = this.#rows(values);
      if (rows) return rows;
      const items = new Array<Encoded>(values.length);
      for (let i = 0; i < values.length; i++) items[i] = this.at(step ?? i, values[i]);
      return { items };
    }
    const bytes = bytesOfList(values);
    this.bytes += bytes;
    if (bytes > this.options.autoBroadcastBytes) return { bulk: this.#keepBulk(values.slice()) };
    return { plain: values.slice() };
  }

  /** A long list of plain objects as one value of the codec's, unless an object in it is captured by another way too. */
  #rows(values: readonly unknown[]): List | undefined {
    if (this.options.keepsNodes) return undefined;
    const isKnown = (v: object) => this.#numbers.has(v) || this.#isOfRows(v) || moduleRefOf(v) !== undefined;
    const written = writeRows(values, this.options.autoBroadcastBytes, isKnown);
    if (!written) return undefined;
    this.#rowObjects.push(written.objects);
    this.bytes += written.bytes.length;
    return { rows: this.#keepBulk(values, () => written.bytes) };
  }

  #isOfRows(value: unknown): boolean {
    for (const objects of this.#rowObjects) if (objects.has(value)) return true;
    return false;
  }

  #map(value: Map<unknown, unknown>): PayloadNode {
    const keys: unknown[] = [];
    const values: unknown[] = [];
    for (const [k, v] of Map.prototype.entries.call(value)) {
      keys.push(k);
      values.push(v);
    }
    return { t: 'map', ...this.#subclassed(value, Map), keys: this.#list(keys, '(key)'), values: this.#list(values, '(value)') };
  }

  /** The class and the own properties of an instance of a built-in class's subclass. */
  #subclassed(value: object, base: Function): Subclassed {
    const proto = Object.getPrototypeOf(value) as object | null;
    const hasProps = !Array.isArray(value) && Reflect.ownKeys(value).length > 0;
    if (proto === base.prototype) return hasProps ? { props: this.properties(value) } : {};
    const c = proto?.constructor;
    if (typeof c !== 'function' || c.prototype !== proto) {
      return this.refuse({ reason: `a ${base.name} with a prototype of its own`, remedy: `Capture a plain ${base.name}.` });
    }
    return { ...this.#ownClass(value, c), ...(hasProps ? { props: this.properties(value) } : {}) };
  }

  #view(value: NodeJS.ArrayBufferView): PayloadNode {
    if (Buffer.isBuffer(value)) {
      // Small buffers share one pool, which is nobody's business.
      this.bytes += value.length;
      return { t: 'buffer', bytes: Uint8Array.from(value) };
    }
    const kind = (value as object).constructor.name;
    if (value.buffer instanceof SharedArrayBuffer) this.refuse(refusalOf(value.buffer) as Refusal);
    const isWhole = value.byteLength === value.buffer.byteLength;
    if (isWhole && value.byteLength > this.options.autoBroadcastBytes && !(value instanceof DataView)) {
      this.bytes += value.byteLength;
      return this.#bulkNode((value as Float64Array).slice());
    }
    const length = value instanceof DataView ? value.byteLength : (value as Uint8Array).length;
    return { t: 'view', kind, buffer: this.encode(value.buffer), offset: value.byteOffset, length };
  }

  #bytes(value: ArrayBuffer): PayloadNode {
    this.bytes += value.byteLength;
    return { t: 'bytes', bytes: new Uint8Array(value).slice() };
  }

  #bulkNode(value: unknown): PayloadNode {
    return { t: 'bulk', id: this.#keepBulk(value) };
  }

  #keepBulk(value: unknown, encode = this.options.encodeBulk): string {
    const bulk = bulkOf(value, encode);
    if (!this.bulk.has(bulk.id)) this.bulk.set(bulk.id, bulk);
    return bulk.id;
  }

  // ---- objects with a class

  #error(value: Error): PayloadNode {
    const c = value.constructor;
    const known = intrinsics().pathOf(c);
    const own = known === undefined && typeof c === 'function' ? this.#ownClass(value, c) : {};
    // By value: since Node 22 `stack` is an accessor of this process.
    const props = this.properties(value, (key) => key === 'stack');
    return { t: 'error', ...own, name: known ?? 'Error', stack: this.encode(value.stack), props };
  }

  #instance(value: object, c: Function): PayloadNode {
    const path = intrinsics().pathOf(c);
    if (path !== undefined) return this.#builtIn(value, path);
    const own = this.#ownClass(value, c);
    const needs = moduleRefOf(c) ? { needs: this.#needsOf(c) } : {};
    return this.#fixed(value, { t: 'instance', ...own, ...needs, props: this.properties(value) });
  }

  /** The names on a class's prototype, as one node for all of its instances. */
  #needsOf(c: Function): Encoded {
    let needs = this.#needs.get(c);
    if (needs === undefined) {
      needs = this.add({ t: 'array', list: { plain: Object.getOwnPropertyNames(c.prototype) } });
      this.#needs.set(c, needs);
    }
    return needs;
  }

  /** The class of an instance, and the #private values that the classes of its chain gave it. */
  #ownClass(value: object, c: Function): { class: Encoded; privates?: Privates } {
    const encoded = this.at(`class ${c.name}`, c);
    const privates: { class: Encoded; values: Encoded[] }[] = [];
    let isPrivate = false;
    for (const parent of chainOf(c)) {
      const values = this.#functions.privatesOf(parent, value);
      if (!values) continue;
      isPrivate = true;
      if (values.length > 0) privates.push({ class: this.encode(parent), values: values.map((v) => this.at('.#private', v)) });
    }
    if (isPrivate) this.#refusePackageClass(c);
    return { class: encoded, ...(isPrivate ? { privates } : {}) };
  }

  /** A package's own text is loaded on executors, and nothing there opens its classes. */
  #refusePackageClass(c: Function): void {
    const module = moduleRefOf(c);
    if (!module || isLocalModule(module.path)) return;
    const remedy = 'Make it inside the function, for example once for each partition in mapPartitions.';
    this.refuse({ reason: `an instance of ${c.name}, whose #private state only its package can read`, remedy });
  }

  /** Instances of language and Node classes that can be rebuilt from their own description. */
  #builtIn(value: object, path: string): PayloadNode {
    if (value instanceof URL) return { t: 'construct', path, args: [value.href] };
    if (value instanceof URLSearchParams) return { t: 'construct', path, args: [value.toString()] };
    if (value instanceof TextEncoder) return { t: 'construct', path, args: [] };
    if (value instanceof TextDecoder) return { t: 'construct', path, args: [value.encoding] };
    if (path.startsWith('Intl.') && 'resolvedOptions' in value) {
      const options = (value as Intl.NumberFormat).resolvedOptions();
      return { t: 'construct', path, args: [options.locale, { ...options }] };
    }
    return this.refuse({
      reason: `an instance of ${path.replace('#', '.')}, which belongs to this process`,
      remedy: 'Make it inside the function, for example once for each partition in mapPartitions.',
    });
  }

  #fixed<N extends PayloadNode & { fixed?: Fixed }>(value: object, node: N): N {
    const fixed = fixedOf(value);
    return fixed ? { ...node, fixed } : node;
  }

  /** Own properties, but those that `skip` names. */
  properties(value: object, skip?: (key: string | symbol, descriptor: PropertyDescriptor) => boolean): Properties {
    const keys: Encoded[] = [];
    const values: (Encoded | Accessor)[] = [];
    const flags: number[] = [];
    let plain = true;
    for (const key of Reflect.ownKeys(value)) {
      const descriptor = Object.getOwnPropertyDescriptor(value, key) as PropertyDescriptor;
      if (skip?.(key, descriptor)) continue;
      const step = `.${String(key)}`;
      const flag = flagsOf(descriptor);
      plain &&= flag === 7;
      keys.push(typeof key === 'string' ? key : this.encode(key));
      flags.push(flag);
      if (flag & 8) values.push({ get: this.at(step, descriptor.get), set: this.at(step, descriptor.set) });
      else values.push(this.at(step, descriptor.value));
    }
    return plain ? { keys, values } : { keys, values, flags };
  }
}
