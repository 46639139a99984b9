// Encoding of functions and classes: their facts, the variables they use, and the warnings that these give rise to.

import type { ClassNode, Encoded, FunctionNode, PayloadNode } from '../../plan/payload';
import type { Cell, FunctionFacts, Variable } from '../function-facts';
import { factsOf, isAssigned } from '../function-facts';
import { intrinsics, isStandardGlobal } from '../intrinsics';
import { methodOf, type Role, type Stamped, stampOf } from '../stamp';
import { Warnings } from './capture-warnings';
import type { Encoder } from './encode-value';
import { factsFromText, fileOfRequire, type Inspected, inspectFunction, inspectPrivates, isRequire } from './inspect-scopes';

/** A captured variable on its way into a payload. */
export interface Entry {
  readonly variable: Variable;
  value: Encoded;
  readonly shared?: Shared;
  /** The estimate of what it brought along. */
  readonly bytes: number;
  readonly type: string;
}

/** A reassigned variable that several functions may share. */
export interface Shared {
  readonly value: Encoded;
  /** A shipped function assigns it: only then must it be shared there too. */
  written: boolean;
  /** The node of its cell, once there is one. */
  node?: Encoded;
}

/** A function node whose script is not known yet: its shape depends on the whole payload. */
export interface Draft {
  readonly value: Function;
  readonly facts: FunctionFacts;
  readonly entries: readonly Entry[];
  readonly inferredName: string | undefined;
  readonly node: Omit<FunctionNode, 'script' | 'args'> | Omit<ClassNode, 'script' | 'args'>;
}

/** Thrown when a variable has no value yet. */
export class DeadZone {
  constructor(
    readonly name: string,
    readonly path: string,
  ) {}
}

/** A function with the way to what it captured: by its stamp, or by the inspector. */
interface View {
  readonly facts: FunctionFacts;
  readonly variables: readonly Variable[];
  read(variable: Variable): unknown;
  self(): unknown;
  arguments(): ArrayLike<unknown>;
  token(index: number): object;
}

const identifier = /^[A-Za-z_$][\w$]*$/;

export class FunctionEncoder {
  readonly drafts = new Map<number, Draft>();
  readonly warnings = new Warnings();
  readonly shared: Shared[] = [];
  readonly #shared = new Map<object | string, Map<string, Shared>>();
  #encoder!: Encoder;

  attach(encoder: Encoder): void {
    this.#encoder = encoder;
  }

  encode(f: Function, n: number): PayloadNode {
    const method = methodOf(f);
    if (method) {
      const { owner, isStatic, role } = method;
      const encoded = this.#encoder.at(`class ${owner.name}`, owner);
      return { t: 'method', class: encoded, key: this.#encoder.encode(method.key), isStatic, role };
    }
    const stamp = stampOf(f);
    if (stamp) return this.#draft(f, n, stampView(stamp));
    if (isRequire(f)) return { t: 'moduleName', name: 'require', file: fileOfRequire(f) };
    const inspected = inspectFunction(f);
    switch (inspected.kind) {
      case 'bound': {
        const { target, self, args } = inspected.parts;
        const encoder = this.#encoder;
        return {
          t: 'bound',
          target: encoder.at('bound function', target),
          self: encoder.at('bound this', self),
          args: args.map((a, i) => encoder.at(`bound argument ${i + 1}`, a)),
          name: f.name,
        };
      }
      case 'native':
        return this.#encoder.refuse({
          reason: `the native function ${f.name || '(anonymous)'}`,
          remedy: 'Wrap it in a function of your own that calls it.',
        });
      case 'unreadable':
        return this.#encoder.refuse({
          reason: `a function whose text cannot be read (${inspected.reason})`,
          remedy: 'Wrap it in a function of your own that calls it.',
        });
      case 'function':
        return this.#encoder.inPackage(() => this.#draft(f, n, this.#inspectedView(f, inspected)));
    }
  }

  /** #private values of an instance that one class declares; undefined if it declares nothing #private. */
  privatesOf(c: Function, instance: object): unknown[] | undefined {
    if (intrinsics().pathOf(c) !== undefined) return undefined;
    const stamp = stampOf(c);
    if (stamp) {
      if (stamp.access) return stamp.access.read(instance);
      return factsOf(stamp.id)?.class?.hasPrivates ? [] : undefined;
    }
    const facts = factsOfText(c);
    return facts?.class?.hasPrivates ? inspectPrivates(facts, instance) : undefined;
  }

  // ---- views

  #inspectedView(f: Function, inspected: Inspected & { kind: 'function' }): View {
    const { facts, lookup } = inspected;
    const variables: Variable[] = [];
    const values: unknown[] = [];
    for (const name of facts.globals) {
      const found = lookup(name);
      if (name === 'require' && typeof found?.value === 'function') {
        values.push(fileOfRequire(found.value as NodeJS.Require));
        variables.push({ name, index: values.length - 1, positions: [], moduleName: 'require' });
      } else if (found) {
        variables.push({ name, index: values.push(found.value) - 1, positions: [] });
      }
      // A name that is neither there nor in the scopes is declared nowhere: `typeof window` of a package for browsers as well.
    }
    const hidden = (what: string) => {
      const found = lookup(what);
      return found ? found.value : this.#unreadable(what, f);
    };
    return {
      facts,
      variables,
      read: (variable) => values[variable.index],
      self: () => hidden('this'),
      arguments: () => hidden('arguments') as ArrayLike<unknown>,
      token: () => values,
    };
  }

  #unreadable(name: string, f: Function): never {
    return this.#encoder.refuse({
      reason: `\`${name}\` of a function that Millrace did not compile (${f.name || 'anonymous'}), and its value cannot be found`,
      remedy: 'Wrap the call in a function of your own.',
    });
  }

  // ---- drafts

  #draft(f: Function, n: number, view: View): PayloadNode {
    const { facts } = view;
    this.#encoder.place ??= facts.text.place(facts.start);
    this.#refuseUnshippable(facts);
    const entries = this.#entries(f, view);
    this.warnings.check(facts, entries, (variable) => view.read(variable));
    const isClass = facts.kind === 'class';
    const node = isClass ? this.#classNode(f) : this.#functionNode(f, facts);
    const context = {
      ...(facts.thisIndex >= 0 ? { self: this.#encoder.at('captured this', this.#self(view)) } : {}),
      ...(facts.argumentsIndex >= 0 ? { arguments: this.#encoder.at('captured arguments', Array.from(view.arguments())) } : {}),
    };
    const anonymous = facts.ownName === undefined && !facts.method && identifier.test(f.name) && f.name !== '__proto__';
    const inferredName = anonymous && typeof f.name === 'string' ? f.name : undefined;
    const draft = { ...node, ...context } as PayloadNode;
    this.drafts.set(n, { value: f, facts, entries, inferredName, node: draft as Draft['node'] });
    return draft;
  }

  #refuseUnshippable(facts: FunctionFacts): void {
    const { file, line, column } = facts.text.place(facts.start);
    const where = `${file}:${line}:${column}`;
    if (facts.usesSuper) {
      const what = facts.kind === 'arrow' ? 'an arrow function' : 'an object literal’s method';
      this.#encoder.refuse({ reason: `super through ${what} (${where})`, remedy: 'Move the call into a method of the class.' });
    }
    if (facts.usesNewTarget) {
      this.#encoder.refuse({
        reason: `new.target through an arrow function (${where})`,
        remedy: 'Read it into a variable first.',
      });
    }
  }

  #self(view: View): unknown {
    try {
      return view.self();
    } catch (error) {
      if (!(error instanceof ReferenceError)) throw error;
      return this.#encoder.refuse({ reason: '`this` before super() has returned', remedy: 'Make the function after super().' });
    }
  }

  #entries(f: Function, view: View): Entry[] {
    const { facts } = view;
    const entries: Entry[] = [];
    for (const variable of view.variables) {
      const { name } = variable;
      const value = this.#read(view, variable);
      // A function's text brings its own name along.
      if (value === f && facts.ownName === name && facts.kind === 'function') continue;
      const before = this.#encoder.bytes;
      const encoded = variable.moduleName
        ? this.#moduleName(variable, value, facts)
        : this.#encoder.at(`captured ${name}`, value);
      const shared = this.#sharedOf(variable, view, encoded);
      entries.push({
        variable,
        value: encoded,
        ...(shared ? { shared } : {}),
        bytes: this.#encoder.bytes - before,
        type: typeOf(value),
      });
    }
    for (const name of facts.globals) this.#userGlobal(name, view, entries);
    return entries;
  }

  /** A global of the user's own: set by hand on `globalThis`. */
  #userGlobal(name: string, view: View, entries: Entry[]): void {
    if (isStandardGlobal(name) || view.variables.some((v) => v.name === name)) return;
    if (name === 'require') {
      const variable: Variable = { name, index: -1, positions: [], moduleName: 'require' };
      entries.push({ variable, value: this.#moduleName(variable, undefined, view.facts), bytes: 0, type: 'function' });
      return;
    }
    const value = (globalThis as Record<string, unknown>)[name];
    if (value === undefined) return;
    const variable: Variable = { name, index: -1, positions: [] };
    const before = this.#encoder.bytes;
    const encoded = this.#encoder.at(`captured ${name}`, value);
    entries.push({ variable, value: encoded, bytes: this.#encoder.bytes - before, type: typeOf(value) });
  }

  #moduleName(variable: Variable, value: unknown, facts: FunctionFacts): Encoded {
    const file = variable.name === 'require' && typeof value === 'string' ? value : facts.text.home;
    return this.#encoder.add({ t: 'moduleName', name: variable.name, file });
  }

  #read(view: View, variable: Variable): unknown {
    try {
      return view.read(variable);
    } catch (error) {
      if (!(error instanceof ReferenceError)) throw error;
      throw new DeadZone(variable.name, `${this.#encoder.path()} → captured ${variable.name}`);
    }
  }

  #sharedOf(variable: Variable, view: View, value: Encoded): Shared | undefined {
    const { cell, name } = variable;
    if (!cell || !isShared(cell)) return undefined;
    const identity = 'key' in cell ? cell.key : view.token(cell.token);
    let names = this.#shared.get(identity);
    if (!names) {
      names = new Map();
      this.#shared.set(identity, names);
    }
    let shared = names.get(name);
    if (!shared) {
      shared = { value, written: false };
      names.set(name, shared);
      this.shared.push(shared);
    }
    if (view.facts.writes.some((w) => w.name === name)) shared.written = true;
    return shared;
  }

  #functionNode(f: Function, facts: FunctionFacts): Draft['node'] {
    const skipped = new Set<string | symbol>(['length', 'name', 'prototype', 'arguments', 'caller']);
    const props = Reflect.ownKeys(f).some((k) => !skipped.has(k))
      ? this.#encoder.properties(f, (k) => skipped.has(k))
      : undefined;
    const parent = Object.getPrototypeOf(f) as object | null;
    const usual = parent === null || intrinsics().pathOf(parent) !== undefined;
    return {
      t: 'function',
      ...(f.name !== (facts.ownName ?? '') && typeof f.name === 'string' ? { name: f.name } : {}),
      ...(props ? { props } : {}),
      ...(usual ? {} : { parent: this.#encoder.at('.__proto__', parent) }),
      ...this.#prototype(f, facts),
    };
  }

  /** A function used as a class, as before ES2015, has its methods on `prototype`. */
  #prototype(f: Function, facts: FunctionFacts): Pick<FunctionNode, 'prototype'> {
    const prototype: unknown = facts.kind === 'function' ? f.prototype : undefined;
    if (typeof prototype !== 'object' || prototype === null || !Object.hasOwn(prototype, 'constructor')) return {};
    const above = Object.getPrototypeOf(prototype) as object | null;
    if (Reflect.ownKeys(prototype).length === 1 && above === Object.prototype) return {};
    const props = this.#encoder.properties(prototype, (key) => key === 'constructor');
    const parent = above === Object.prototype ? {} : { parent: this.#encoder.at('.prototype.__proto__', above) };
    return { prototype: { props, ...parent } };
  }

  #classNode(c: Function): Draft['node'] {
    const stamp = stampOf(c);
    const skip = (isStatic: boolean) => (key: string | symbol, d: PropertyDescriptor) => {
      if (isStatic ? key === 'length' || key === 'prototype' || (key === 'name' && !d.enumerable) : key === 'constructor')
        return true;
      return stamp ? isTextual(c, key, isStatic, d) : !d.enumerable && (d.get !== undefined || typeof d.value === 'function');
    };
    const props = this.#encoder.properties(c, skip(true));
    const overrides = this.#encoder.properties(c.prototype, skip(false));
    const parent = Object.getPrototypeOf(c) as Function;
    const statics = stamp?.access?.readStatic() ?? [];
    return {
      t: 'class',
      ...(parent === Function.prototype ? {} : { parent: this.#encoder.at(`class ${parent.name}`, parent) }),
      ...(props.keys.length > 0 ? { props } : {}),
      ...(overrides.keys.length > 0 ? { overrides } : {}),
      ...(statics.length > 0 ? { statics: statics.map((s) => this.#encoder.at('.static #private', s)) } : {}),
    };
  }
}

/** Facts of a class without a stamp; classes have text, and it is read once. */
function factsOfText(c: Function): FunctionFacts | undefined {
  const facts = factsFromText(Function.prototype.toString.call(c), true);
  return typeof facts === 'string' ? undefined : facts;
}

function stampView(stamp: Stamped): View {
  const facts = factsOf(stamp.id) as FunctionFacts;
  const thunk = stamp.thunk ?? (() => undefined);
  return {
    facts,
    variables: facts.variables,
    read: (variable) => thunk(variable.index),
    self: () => thunk(facts.thisIndex),
    arguments: () => thunk(facts.argumentsIndex) as ArrayLike<unknown>,
    token: (index) => thunk(index) as object,
  };
}

function isShared(cell: Cell): boolean {
  return 'token' in cell || isAssigned(cell.key);
}

const roles: readonly Role[] = ['value', 'get', 'set'];

/** Whether a property of a class is what the class's own text defines. */
function isTextual(c: Function, key: string | symbol, isStatic: boolean, descriptor: PropertyDescriptor): boolean {
  const functions = roles.filter((role) => typeof descriptor[role] === 'function');
  return (
    functions.length > 0 &&
    functions.every((role) => {
      const method = methodOf(descriptor[role]);
      return method?.owner === c && method.key === key && method.isStatic === isStatic && method.role === role;
    })
  );
}

function typeOf(value: unknown): string {
  if (typeof value !== 'object') return typeof value;
  if (value === null) return 'null';
  const c: unknown = value.constructor;
  return typeof c === 'function' && c.name ? c.name : 'object';
}
