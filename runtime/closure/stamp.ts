// The stamp that instrumented code leaves on its functions: a private field, so that it is fast and nobody can see it.

import { factsOf } from './function-facts';
import { metaOf } from './import-meta';
import { isGuarded } from './instrument/class-text';
import { Revival } from './revive/private-parts';

/** Reads variable number `index` of a function's surroundings, at the moment it is asked; throws while it is in its dead zone. */
export type Thunk = (index: number) => unknown;

/** The way to the #private parts of a class, from inside of it. */
export interface PrivateAccess {
  readonly read: (instance: object) => unknown[];
  readonly write: (instance: object, values: readonly unknown[]) => void;
  readonly readStatic: () => unknown[];
  readonly writeStatic: (values: readonly unknown[]) => void;
}

// A base class that answers its argument makes the fields of the derived class land on that argument: 28 ns, where a WeakMap
// takes 500 and more and slows the collector down.
class Returned {
  constructor(target: object) {
    // biome-ignore lint/correctness/noConstructorReturn: the point of the class
    return target;
  }
}

class Stamp extends Returned {
  #id: number;
  #thunk: Thunk | undefined;
  #access: PrivateAccess | undefined;

  constructor(target: object, id: number, thunk: Thunk | undefined, access: PrivateAccess | undefined) {
    super(target);
    this.#id = id;
    this.#thunk = thunk;
    this.#access = access;
  }

  static read(target: object): Stamped | undefined {
    return #id in target ? { id: target.#id, thunk: target.#thunk, access: target.#access } : undefined;
  }

  static has(target: object): boolean {
    return #id in target;
  }
}

export interface Stamped {
  readonly id: number;
  readonly thunk: Thunk | undefined;
  readonly access: PrivateAccess | undefined;
}

export type Role = 'value' | 'get' | 'set';

/** A method as part of its class, with which it is shipped. */
export interface MethodOf {
  readonly owner: Function;
  readonly key: string | symbol;
  readonly isStatic: boolean;
  readonly role: Role;
}

class MethodStamp extends Returned {
  #method: MethodOf;

  constructor(target: object, method: MethodOf) {
    super(target);
    this.#method = method;
  }

  static read(target: object): MethodOf | undefined {
    return #method in target ? target.#method : undefined;
  }
}

export const stampOf = (target: object): Stamped | undefined => Stamp.read(target);
export const methodOf = (target: object): MethodOf | undefined => MethodStamp.read(target);

const roles: readonly Role[] = ['value', 'get', 'set'];

function stampMethods(owner: Function, home: object, isStatic: boolean): void {
  for (const key of Reflect.ownKeys(home)) {
    if (key === 'constructor' || (isStatic && key === 'prototype')) continue;
    const descriptor = Object.getOwnPropertyDescriptor(home, key) as PropertyDescriptor;
    for (const role of roles) {
      const method = descriptor[role];
      if (typeof method === 'function' && !methodOf(method)) new MethodStamp(method, { owner, key, isStatic, role });
    }
  }
}

/** Registers a function; called by instrumented code with the function as it is made. */
function register<F extends Function>(f: F, id: number, thunk?: Thunk): F {
  if (!Stamp.has(f)) new Stamp(f, id, thunk, undefined);
  return f;
}

/** Registers a class; called as the first of its static blocks, when its methods are there and nothing has replaced them. */
function registerClass(c: Function, id: number, thunk?: Thunk, access?: PrivateAccess): void {
  if (Stamp.has(c)) return;
  new Stamp(c, id, thunk, access);
  stampMethods(c, c.prototype, false);
  stampMethods(c, c, true);
  const facts = factsOf(id)?.class;
  if (facts && isGuarded(facts)) revival.admit(c, facts.derived && facts.constructorBody === undefined);
}

/** A method of an object literal: facts, thunk, key (or the number of the computed key) and role. */
type LiteralMethod = readonly [id: number, thunk: Thunk | null, key: string | number, role: Role];

/** Registers the methods of an object literal; `keys` are its computed keys, as they were evaluated. */
function registerObject<T extends object>(object: T, methods: readonly LiteralMethod[], keys?: readonly unknown[]): T {
  for (const [id, thunk, key, role] of methods) {
    const own = typeof key === 'number' ? toPropertyKey(keys?.[key]) : key;
    const method = Object.getOwnPropertyDescriptor(object, own)?.[role];
    if (typeof method === 'function') register(method, id, thunk ?? undefined);
  }
  return object;
}

function toPropertyKey(value: unknown): string | symbol {
  return typeof value === 'symbol' ? value : String(value);
}

/** Reconstruction of instances in progress, if any: constructors of classes with #private parts ask. */
export const revival = new Revival();

/** The ways to the #private parts of classes that carry no stamp. */
export const doors = new WeakMap<Function, PrivateAccess>();

/** Opens a class of a module on an executor: see `shippedModuleText`. */
function openClass(c: Function, handsOn: boolean, access?: PrivateAccess): void {
  if (access) doors.set(c, access);
  revival.admit(c, handsOn);
}

/** What instrumented code assigns in the place of a constant of the session, whose variable could be assigned. */
class Constant {
  readonly #read: () => unknown;

  constructor(read: () => unknown) {
    this.#read = read;
  }

  get v(): unknown {
    return this.#read();
  }

  set v(_) {
    // One that has no value yet is in its dead zone.
    this.#read();
    throw new TypeError('Assignment to constant variable.');
  }
}

const hook = Object.assign(register, {
  k: registerClass,
  o: registerObject,
  r: revival,
  d: openClass,
  m: metaOf,
  f: (read: () => unknown) => new Constant(read),
});

/** The names under which instrumented code finds the hook: the second one where the user has taken the first. */
const hookNames = ['__c', '__millrace_c'] as const;

/** The name of the hook in this text. */
export const hookFor = (text: string): string => hookNames[text.includes(hookNames[0]) ? 1 : 0];

/** Makes the hook a global that no listing of globals shows. */
export function installHook(): void {
  for (const name of hookNames) {
    if (Object.hasOwn(globalThis, name)) continue;
    Object.defineProperty(globalThis, name, { value: hook, enumerable: false, configurable: true, writable: false });
  }
}
