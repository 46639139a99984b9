// The built-ins that Millrace's own code calls, as they were at the start: what the user's code changes of them is put back, and named.
//
// A session or an executor shares one realm with the user's code: arrays, promises and maps go from one to the other. So a patch such as
// `Array.prototype.map = undefined` reaches our code as well. It is undone wherever control comes back from the user's code, before
// anything else is called. In a program that imports Millrace nothing is watched: its built-ins are its own.
// Additions are the user's, unless the language itself would ask for them (`Object.prototype.then`).

// Taken now: the check must work whatever was changed.
const { getOwnPropertyDescriptor, defineProperty, deleteProperty, getPrototypeOf, ownKeys, setPrototypeOf } = Reflect;

interface Builtin {
  readonly name: string;
  readonly holder: object;
  readonly key: PropertyKey;
  /** As it was, with no parent that could be changed; undefined for a property that must not be there. */
  readonly descriptor: PropertyDescriptor | undefined;
  /** Another value of this type is the user's choice, such as timers or a clock for tests. */
  readonly type: string | undefined;
  /** It cannot be put back, which was told. */
  isLost?: true;
}

const constructors = (
  'Object Function Array String Number Boolean Symbol BigInt Promise Map Set WeakMap WeakSet WeakRef FinalizationRegistry RegExp Date ' +
  'Error TypeError RangeError ReferenceError SyntaxError AggregateError ArrayBuffer SharedArrayBuffer DataView Proxy Uint8Array Int8Array ' +
  'Uint16Array Int16Array Uint32Array Int32Array Float32Array Float64Array BigInt64Array BigUint64Array Buffer URL URLSearchParams ' +
  'TextEncoder TextDecoder AbortController AbortSignal EventTarget Event'
).split(' ');
const namespaces = 'JSON Math Reflect Atomics'.split(' ');
const functions =
  'setTimeout setInterval setImmediate clearTimeout clearInterval clearImmediate queueMicrotask structuredClone globalThis process performance'.split(
    ' ',
  );

/** What users replace with good reason: how values are written, chance, the time, stacks. */
const replaceable = new Set<PropertyKey>(
  'toString toLocaleString toJSON random now prepareStackTrace captureStackTrace'.split(' '),
);

/** Properties that the language looks for in any object or value of a kind. */
const absent: readonly (readonly [holder: object, name: string, keys: readonly string[]])[] = [
  [Object.prototype, 'Object', ['then', 'toJSON', 'get', 'set', 'value', 'writable', 'enumerable', 'configurable']],
  [Array.prototype, 'Array', ['then', 'toJSON']],
  [Function.prototype, 'Function', ['then', 'toJSON']],
  [String.prototype, 'String', ['toJSON']],
  [Number.prototype, 'Number', ['toJSON']],
  [Boolean.prototype, 'Boolean', ['toJSON']],
];

/** Prototypes that no global names. */
function hiddenPrototypes(): readonly (readonly [name: string, holder: object])[] {
  const parent = (value: object) => getPrototypeOf(value) as object;
  const list = parent([][Symbol.iterator]());
  return [
    ['%ArrayIterator%', list],
    ['%Iterator%', parent(list)],
    ['%MapIterator%', parent(new Map().entries())],
    ['%SetIterator%', parent(new Set().entries())],
    ['%StringIterator%', parent(''[Symbol.iterator]())],
    ['%RegExpStringIterator%', parent('a'.matchAll(/a/g))],
    ['%Generator%', parent(parent((function* () {})()))],
    ['%AsyncGenerator%', parent(parent((async function* () {})()))],
    ['%TypedArray%', parent(Uint8Array)],
    ['%TypedArray%.prototype', parent(Uint8Array.prototype)],
  ];
}

const keyText = (key: PropertyKey) => (typeof key === 'symbol' ? `[${key.description}]` : `.${String(key)}`);

function collect(): readonly Builtin[] {
  const found: Builtin[] = [];
  const add = (name: string, holder: object, key: PropertyKey, isFree: boolean) => {
    const descriptor = getOwnPropertyDescriptor(holder, key);
    if (!descriptor || (!descriptor.configurable && !descriptor.writable)) return;
    setPrototypeOf(descriptor, null);
    const type = isFree ? typeof (holder as Record<PropertyKey, unknown>)[key] : undefined;
    found.push({ name, holder, key, descriptor, type });
  };
  const addMembers = (name: string, holder: object) => {
    for (const key of ownKeys(holder)) {
      const descriptor = getOwnPropertyDescriptor(holder, key);
      const isCalled = descriptor?.get !== undefined || typeof descriptor?.value === 'function';
      // `__proto__` and its like are taken away on purpose.
      if (isCalled && !String(key).startsWith('__')) add(name + keyText(key), holder, key, replaceable.has(key));
    }
  };
  const globals = globalThis as unknown as Record<string, { prototype?: object } | undefined>;
  for (const name of [...constructors, ...namespaces, ...functions]) add(name, globalThis, name, true);
  for (const name of [...constructors, ...namespaces]) {
    const made = globals[name];
    if (made) addMembers(name, made);
    if (made?.prototype) addMembers(`${name}.prototype`, made.prototype);
  }
  add('process.nextTick', process, 'nextTick', false);
  for (const [name, holder] of hiddenPrototypes()) addMembers(name, holder);
  for (const [holder, name, keys] of absent) {
    for (const key of keys)
      if (!(key in holder)) found.push({ name: `${name}.prototype.${key}`, holder, key, descriptor: undefined, type: undefined });
  }
  return found;
}

/** None until they are watched. */
let builtins: readonly Builtin[] = [];

/** Called with the names of what was changed; `isBack` unless it was made so that nothing can change it back. */
export type BuiltinsChanged = (names: readonly string[], isBack: boolean) => void;

let changed: BuiltinsChanged = () => {};

/** From now on built-ins that were changed are put back, and `listener` is told. Called before any code of the user has run. */
export function watchBuiltins(listener: BuiltinsChanged): void {
  if (builtins.length === 0) builtins = collect();
  changed = listener;
}

/** Whether code of this text may change a built-in: it names a prototype, or assigns a property of a global. False for most. */
export const mayPatch = (text: string): boolean => patches.test(text);

const patches = new RegExp(
  `\\b(?:prototype|__proto__|globalThis|global|defineProperty|defineProperties|setPrototypeOf|assign|eval|Function)\\b|` +
    `\\b(?:${[...constructors, ...namespaces, 'process'].join('|')})\\s*(?:\\.\\s*[\\w$]+|\\[[^\\]\\n]*\\])\\s*=[^=]`,
);

/** Puts built-ins back, and answers those that were changed. Called wherever the user's code may just have run; takes some 30 µs. */
export function restoreBuiltins(): readonly string[] | undefined {
  let back: string[] | undefined;
  let kept: string[] | undefined;
  // No iterator and no method: these may be what was changed.
  for (let i = 0; i < builtins.length; i++) {
    const builtin = builtins[i];
    if (isAsItWas(builtin)) continue;
    const { name, holder, key, descriptor } = builtin;
    const isBack = descriptor ? defineProperty(holder, key, descriptor) : deleteProperty(holder, key);
    if (isBack) {
      back ??= [];
      back[back.length] = name;
    } else if (!builtin.isLost) {
      builtin.isLost = true;
      kept ??= [];
      kept[kept.length] = name;
    }
  }
  if (back) changed(back, true);
  if (kept) changed(kept, false);
  return back;
}

function isAsItWas({ holder, key, descriptor, type }: Builtin): boolean {
  if (type !== undefined || (descriptor && !descriptor.get)) {
    const now = (holder as Record<PropertyKey, unknown>)[key];
    return type === undefined ? now === descriptor?.value : now !== null && typeof now === type;
  }
  const now = getOwnPropertyDescriptor(holder, key);
  return descriptor ? now?.get === descriptor.get && now?.set === descriptor.set : now === undefined;
}
