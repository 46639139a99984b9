// Values that every process has: the language's own objects and Node's modules, each with a path to find it again.
import { builtinModules, createRequire } from 'node:module';

/** Globals whose members are known by path; what else is global is the user's. */
const globals = (
  'Object Function Array Number parseFloat parseInt Boolean String Symbol Date Promise RegExp Error AggregateError EvalError ' +
  'RangeError ReferenceError SyntaxError TypeError URIError JSON Math Intl ArrayBuffer Atomics Uint8Array Int8Array Uint16Array ' +
  'Int16Array Uint32Array Int32Array Float32Array Float64Array Uint8ClampedArray BigUint64Array BigInt64Array DataView Map BigInt ' +
  'Set WeakMap WeakSet WeakRef Proxy Reflect FinalizationRegistry SharedArrayBuffer decodeURI decodeURIComponent encodeURI ' +
  'encodeURIComponent escape unescape eval isFinite isNaN console process Buffer URL URLSearchParams TextEncoder TextDecoder ' +
  'AbortController AbortSignal Event EventTarget setTimeout setInterval setImmediate clearTimeout clearInterval clearImmediate ' +
  'queueMicrotask structuredClone atob btoa performance fetch Headers Request Response FormData Blob crypto'
).split(' ');

/** Modules that are not reached into: loading them warns, costs much, or starts something. */
const skipped = /^(_|repl$|domain$|punycode$|sys$|wasi$|trace_events$|inspector|cluster$|test|sqlite$|sea$)/;

const isReferable = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

class Intrinsics {
  readonly #paths = new Map<object, string>();
  readonly #values = new Map<string, object>();
  readonly #members = new Map<object, string>();

  constructor() {
    this.#add(globalThis, 'globalThis');
    for (const name of globals) this.#addGlobal(name);
    this.#addTree(
      Object.getPrototypeOf(function* () {}),
      '%GeneratorFunction',
      2,
    );
    this.#addTree(
      Object.getPrototypeOf(async () => {}),
      '%AsyncFunction',
      2,
    );
    this.#addTree(
      Object.getPrototypeOf(async function* () {}),
      '%AsyncGeneratorFunction',
      2,
    );
    this.#addTree(Object.getPrototypeOf(Uint8Array), '%TypedArray', 2);
    const require = createRequire(__filename);
    for (const name of builtinModules) if (!skipped.test(name)) this.#addModule(`node:${name}`, require);
  }

  /** The path of a language object or a member of a Node module, such as `Math.max` or `node:fs#readFileSync`. */
  pathOf(value: object): string | undefined {
    const known = this.#paths.get(value) ?? this.#members.get(value);
    if (known !== undefined) return known;
    for (const [path, made] of engineClasses) if (made === value) return path;
    return undefined;
  }

  /** Whether a value belongs to one of Node's modules. */
  isNodeMember(value: object): boolean {
    return this.#members.has(value);
  }

  at(path: string): object | undefined {
    return this.#values.get(path) ?? engineClasses.get(path);
  }

  #addGlobal(name: string): void {
    const value = (globalThis as Record<string, unknown>)[name];
    // Other members of process (its streams, its environment) are this process's own.
    if (isReferable(value)) this.#addTree(value, name, name === 'process' ? 1 : 4);
  }

  #addTree(value: object, path: string, depth: number): void {
    if (!this.#add(value, path) || depth <= 1) return;
    for (const key of Reflect.ownKeys(value)) {
      const descriptor = Object.getOwnPropertyDescriptor(value, key) as PropertyDescriptor;
      const member = `${path}.${typeof key === 'symbol' ? `@${key.description}` : key}`;
      if (isReferable(descriptor.value)) this.#addTree(descriptor.value, member, depth - 1);
      if (descriptor.get) this.#add(descriptor.get, `${member}.get`);
      if (descriptor.set) this.#add(descriptor.set, `${member}.set`);
    }
  }

  #add(value: object, path: string): boolean {
    this.#values.set(path, value);
    if (this.#paths.has(value)) return false;
    this.#paths.set(value, path);
    return true;
  }

  #addModule(name: string, require: NodeJS.Require): void {
    let loaded: unknown;
    try {
      loaded = require(name);
    } catch {
      return; // Some builds of Node lack some modules.
    }
    if (!isReferable(loaded) || this.#paths.has(loaded)) return;
    this.#addMember(loaded, name);
    for (const [key, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(loaded))) {
      if (isReferable(descriptor.value)) this.#addMember(descriptor.value, `${name}#${key}`);
    }
  }

  #addMember(value: object, path: string): void {
    this.#values.set(path, value);
    if (!this.#paths.has(value) && !this.#members.has(value)) this.#members.set(value, path);
  }
}

/** Classes of the engine that users derive from: every process has its own copy of them. */
const engineClasses = new Map<string, object>();

/** Has a class of the engine shipped by its name; called where the class is defined. */
export function registerEngineClass(name: string, made: Function): void {
  engineClasses.set(`millrace.${name}`, made);
}

let table: Intrinsics | undefined;

/** Made at the first use: it takes some milliseconds. */
export function intrinsics(): Intrinsics {
  table ??= new Intrinsics();
  return table;
}

/**
 * The value that a path means in this process. Found by walking the path where that can be, since the table loads every module of
 * Node, which would be most of the time of an executor's first task.
 */
export function findIntrinsic(path: string): object | undefined {
  return (path.startsWith('node:') ? inModule(path) : inGlobals(path)) ?? intrinsics().at(path);
}

function inModule(path: string): object | undefined {
  const [name, member] = path.split('#');
  if (skipped.test(name.slice('node:'.length)) || !builtinModules.includes(name.slice('node:'.length))) return undefined;
  const loaded: object = createRequire(__filename)(name);
  return member === undefined ? loaded : ownObject(loaded, member);
}

function inGlobals(path: string): object | undefined {
  const [name, ...members] = path.split('.');
  if (!globals.includes(name)) return undefined;
  const root = (globalThis as Record<string, unknown>)[name];
  return members.reduce((holder, member) => holder && ownObject(holder, member), isReferable(root) ? root : undefined);
}

/** What a property holds; nothing where it has a getter, which must not run, or holds no object. */
function ownObject(holder: object, key: string): object | undefined {
  const value: unknown = Object.getOwnPropertyDescriptor(holder, key)?.value;
  return isReferable(value) ? value : undefined;
}

const standardNames = new Set(Object.getOwnPropertyNames(globalThis));

/** Whether a name is a global of every Node process. */
export function isStandardGlobal(name: string): boolean {
  return standardNames.has(name);
}
