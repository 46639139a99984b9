// Classes of the user by a key that all processes of a session share, so that rows that are instances keep their class.
import { randomBytes } from 'node:crypto';
import { factsOf } from '../function-facts';
import { intrinsics } from '../intrinsics';
import { loadedModule, moduleRefOf } from '../module-refs';
import { doors, type PrivateAccess, revival, stampOf } from '../stamp';

/** Which of two classes of one key is meant, where session and executor are one process. */
export type Side = 'session' | 'executor';

interface Revived {
  readonly class: Function;
  /** What the class was revived with, in the order of its group; empty for a module's class. */
  readonly members: readonly unknown[];
}

const keys = new WeakMap<Function, string>();
const originals = new Map<string, Function>();
const revived = new Map<string, Revived>();

/** Other sessions may use the same executors. */
const sessionId = randomBytes(6).toString('hex');
let count = 0;

/** `key~version`: the version tells states of one class apart, such as other values of its statics. */
const withoutVersion = (key: string) => key.split('~', 1)[0];

/** The key of a class of this session. */
export function sessionKeyOf(c: Function): string {
  let key = keys.get(c);
  if (key === undefined) {
    key = `${sessionId}.${count++}`;
    keys.set(c, key);
    originals.set(key, c);
  }
  return withoutVersion(key);
}

/** The key of an instance's class: of a user class that was captured, revived or exported by a module; else undefined. */
export function classKeyOf(instance: object): string | undefined {
  const proto: unknown = Object.getPrototypeOf(instance);
  if (proto === null || !Object.hasOwn(proto as object, 'constructor')) return undefined;
  const c: unknown = (proto as object).constructor;
  if (typeof c !== 'function' || c.prototype !== proto || intrinsics().pathOf(c) !== undefined) return undefined;
  const known = keys.get(c);
  if (known !== undefined) return known;
  const module = moduleRefOf(c);
  if (module) return noteModuleClass(c, module.path, module.member ?? '');
  return stampOf(c) ? sessionKeyOf(c) : undefined;
}

/** The class of a key: the session's own or the revived one; the other one if there is only that. */
export function classByKey(key: string, side: Side = 'session'): Function | undefined {
  const base = withoutVersion(key);
  const original = originals.get(base) ?? moduleClass(base);
  const shipped = (revived.get(key) ?? revived.get(base))?.class;
  return side === 'session' ? (original ?? shipped) : (shipped ?? original);
}

const modulePrefix = 'module:';

function moduleClass(key: string): Function | undefined {
  if (!key.startsWith(modulePrefix)) return undefined;
  const [path, member] = key.slice(modulePrefix.length).split('#');
  const value = loadedModule(member ? { path, member } : { path });
  return typeof value === 'function' ? value : undefined;
}

function noteModuleClass(c: Function, path: string, member: string): string {
  const key = `${modulePrefix}${path}#${member}`;
  keys.set(c, key);
  return key;
}

/** Makes the classes that a module exports known on an executor. */
export function registerModule(path: string, exports: unknown): void {
  if ((typeof exports !== 'object' && typeof exports !== 'function') || exports === null) return;
  const candidates: [string, unknown][] = [['', exports]];
  for (const [member, { value }] of Object.entries(Object.getOwnPropertyDescriptors(exports))) candidates.push([member, value]);
  for (const [member, value] of candidates) {
    if (typeof value !== 'function' || typeof value.prototype !== 'object' || keys.has(value)) continue;
    revived.set(noteModuleClass(value, path, member), { class: value, members: [] });
  }
}

/** Keeps a revived class: under its version, and as the newest one under its key. */
export function registerRevived(key: string, c: Function, members: readonly unknown[]): void {
  const entry = { class: c, members };
  keys.set(c, key);
  revived.set(key, entry);
  revived.set(withoutVersion(key), entry);
}

export function revivedByKey(key: string): Revived | undefined {
  return revived.get(key);
}

/** The way to the #private parts of a class: stamped, revived, or of a module that was opened. */
export function doorOf(c: Function): PrivateAccess | undefined {
  return doors.get(c) ?? stampOf(c)?.access;
}

/** The class and its parents, as far as they are classes. */
export function* chainOf(c: Function): Generator<Function> {
  for (let at: unknown = c; typeof at === 'function' && at !== Function.prototype; at = Object.getPrototypeOf(at)) yield at;
}

/** The #private values of an instance, by class from the most derived one up; undefined if none of its classes has any. */
export function privatesOf(instance: object): unknown[][] | undefined {
  const values: unknown[][] = [];
  let any = false;
  for (const c of chainOf(instance.constructor)) {
    const door = doorOf(c);
    if (door) values.push(door.read(instance));
    const stamp = stampOf(c);
    any ||= door !== undefined || (stamp !== undefined && factsOf(stamp.id)?.class?.hasPrivates === true);
  }
  return any ? values : undefined;
}

/**
 * A new instance of a class without running its constructor; `privates` as `privatesOf` answered them. Its own properties are the
 * caller's to set.
 */
export function makeInstance(c: Function, privates: readonly (readonly unknown[])[] | undefined): object {
  if (!privates) return Object.create(c.prototype) as object;
  const instance = revival.make(c);
  // Fields that were made without a value stand in the way of the properties that are set next.
  for (const key of Reflect.ownKeys(instance)) Reflect.deleteProperty(instance, key);
  let i = 0;
  for (const at of chainOf(c)) {
    const door = doorOf(at);
    if (door && i < privates.length) door.write(instance, privates[i++]);
  }
  return instance;
}
