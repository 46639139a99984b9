// The names of a value for Tab, read without running any code of the user's: no getter, no proxy, no iterator that was replaced.
import { types } from 'node:util';
import type { Choice, LiveValue } from '../contract/screen';

// Taken now: the user's code may change them.
const { getOwnPropertyDescriptor, getPrototypeOf } = Reflect;
const { getOwnPropertyNames, hasOwn, prototype: objectPrototype } = Object;
const keysOfMap = Map.prototype.keys;
const keysOfSet = Set.prototype.keys;
const nextOfMap = getPrototypeOf(new Map().keys())!['next' as never] as () => IteratorResult<unknown>;
const nextOfSet = getPrototypeOf(new Set().keys())!['next' as never] as () => IteratorResult<unknown>;

/** At most this many names are offered. */
const maxNames = 1000;
/** Longer names are not offered: nobody chooses them from a menu. */
const maxLength = 200;
/** The keys of a larger array are not read. */
const maxElements = 1000;
/** Names are read for so long. */
const readMs = 100;
/** An object has no way to give some of its keys. If reading them took longer than this, they are not read again. */
const slowMs = 200;
/** How far members are searched in the classes of a value. */
const maxClasses = 20;

const slow = new WeakSet<object>();

/** The names of the value that `path` leads to from `root` and that resemble a word. Never throws. */
export function liveNames(root: unknown, { path, names }: LiveValue, word: string): Choice[] {
  try {
    let value = root;
    for (const name of path.slice(1)) {
      const step = isReadable(value) ? getOwnPropertyDescriptor(value, name) : undefined;
      if (!step || !hasOwn(step, 'value')) return [];
      value = step.value;
    }
    return matching(names === 'keys' ? keysOf(value) : membersOf(value), word);
  } catch {
    // A name of a module that has no value yet.
    return [];
  }
}

interface Name {
  readonly name: string;
  /** The object that has this property; none for a key. */
  readonly holder?: Objects;
}

type Objects = object & Record<PropertyKey, unknown>;

/** Whether a value has properties, and none of them is answered by code. */
function isReadable(value: unknown): value is Objects {
  return ((typeof value === 'object' && value !== null) || typeof value === 'function') && !types.isProxy(value);
}

/** Those that begin with the word; else, those that contain it. */
function matching(names: Iterable<Name>, word: string): Choice[] {
  const wanted = word.toLowerCase();
  const begins: Name[] = [];
  const contains: Name[] = [];
  const until = performance.now() + readMs;
  let count = 0;
  for (const found of names) {
    if (++count % 1024 === 0 && performance.now() > until) break;
    const { name } = found;
    const at = name.length > maxLength ? -1 : name.toLowerCase().indexOf(wanted);
    if (at < 0 || /\p{C}|\p{Zl}|\p{Zp}/u.test(name)) continue;
    const list = at === 0 ? begins : contains;
    if (list.length < maxNames) list.push(found);
    if (begins.length >= maxNames) break;
  }
  const chosen = begins.length > 0 || word.length < 2 ? begins : contains;
  return chosen.map(({ name, holder }) => ({ name, brief: holder && kindOf(holder, name) }));
}

/** A value's own names, then those of its classes, without what every object has. */
function* membersOf(value: unknown): Generator<Name> {
  if (value === null || value === undefined || types.isProxy(value)) return;
  const seen = new Set<string>();
  let holder: unknown = isReadable(value) ? value : getPrototypeOf(Object(value));
  for (let depth = 0; depth < maxClasses && isReadable(holder) && holder !== objectPrototype; depth++) {
    for (const name of ownNames(holder)) {
      if (seen.has(name) || (holder !== value && (name === 'constructor' || name.startsWith('__')))) continue;
      seen.add(name);
      yield { name, holder };
    }
    holder = getPrototypeOf(holder);
  }
}

function ownNames(holder: Objects): readonly string[] {
  if (slow.has(holder) || ArrayBuffer.isView(holder)) return [];
  const isList = Array.isArray(holder) || types.isStringObject(holder);
  if (isList && Number(getOwnPropertyDescriptor(holder, 'length')?.value) > maxElements) return ['length'];
  const began = performance.now();
  const names = getOwnPropertyNames(holder);
  if (performance.now() - began > slowMs) slow.add(holder);
  return isList ? names.filter((name) => !/^\d+$/.test(name)) : names;
}

/** The type of a property; that of a getter is not known, as it is not called. */
function kindOf(holder: Objects, name: string): string | undefined {
  const descriptor = getOwnPropertyDescriptor(holder, name);
  if (!descriptor || !hasOwn(descriptor, 'value')) return descriptor && 'getter';
  const { value } = descriptor;
  if (types.isProxy(value)) return 'proxy';
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}

/** The texts among the keys of a Map or a Set. */
function* keysOf(value: unknown): Generator<Name> {
  const isMap = types.isMap(value);
  if (!isMap && !types.isSet(value)) return;
  const keys = isMap ? Reflect.apply(keysOfMap, value, []) : Reflect.apply(keysOfSet, value, []);
  const next = isMap ? nextOfMap : nextOfSet;
  for (;;) {
    const { done, value: key } = Reflect.apply(next, keys, []);
    if (done) return;
    if (typeof key === 'string') yield { name: key };
  }
}
