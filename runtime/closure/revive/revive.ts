// Revival: makes a captured function again, in another process, from its payload.
import vm from 'node:vm';
import { MillraceError } from '../../base/errors';
import type {
  Accessor,
  CapturedClosure,
  ClassNode,
  Encoded,
  FunctionNode,
  List,
  PayloadNode,
  Privates,
  Properties,
  ShippedScript,
  Subclassed,
} from '../../plan/payload';
import { copyOfRows } from '../capture/captured-rows';
import { doorOf, registerRevived, revivedByKey } from '../classes/class-registry';
import { findIntrinsic } from '../intrinsics';
import { isRef } from '../payload-graph';
import { registerScript } from '../position';
import { type ReviveEnvironment, reviveLeaf } from './revive-leaf';

export type { ReviveEnvironment };

import { doors, installHook, type PrivateAccess, revival } from '../stamp';

/** A compiled script: called with the captured values, it answers the function and a setter for each late parameter. */
type Maker = (this: unknown, ...args: unknown[]) => [Function, ...((value: unknown) => void)[]];

/** By name, which is unique to the text: closures of one text must be of one function literal, or V8 optimises each anew. */
const makers = new Map<string, Maker>();

function makerOf(script: ShippedScript): Maker {
  let maker = makers.get(script.name);
  if (!maker) {
    registerScript(script.name, script.file, script.positions);
    const compiled = new vm.Script(script.text, {
      filename: script.name,
      importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    });
    maker = compiled.runInThisContext() as Maker;
    makers.set(script.name, maker);
  }
  return maker;
}

/** Makes the captured function again. Its state is its own: reviving twice gives two functions that share nothing but classes. */
export function revive(closure: CapturedClosure, environment: ReviveEnvironment): Function {
  installHook();
  const reviver = new Reviver(closure, environment);
  return reviver.run() as Function;
}

const unset: unique symbol = Symbol('unset');

class Reviver {
  readonly #nodes: readonly PayloadNode[];
  readonly #scripts: readonly ShippedScript[];
  readonly #root: Encoded;
  readonly #environment: ReviveEnvironment;
  readonly #made: unknown[];
  readonly #checked = new Set<Function>();
  /** Freezing waits until everything holds what it should. */
  readonly #atEnd: (() => void)[] = [];
  /** Methods as the class's text defines them, where decorators replaced them. */
  readonly #originals = new Map<Function, Map<string, Function>>();

  constructor(closure: CapturedClosure, environment: ReviveEnvironment) {
    this.#nodes = closure.nodes;
    this.#scripts = closure.scripts;
    this.#root = closure.root;
    this.#environment = environment;
    this.#made = new Array(closure.nodes.length).fill(unset);
  }

  run(): unknown {
    for (const node of this.#nodes) if (node.t === 'class') this.#shareClass(node);
    const value = this.#value(this.#root);
    for (const finish of this.#atEnd) finish();
    for (const node of this.#nodes) if (node.t === 'class') this.#keepClass(node);
    return value;
  }

  // ---- classes that an earlier closure brought: shared with all they lead to, or not at all

  #shareClass(node: ClassNode): void {
    const { key, group } = node;
    const earlier = key === undefined ? undefined : revivedByKey(key);
    if (!earlier || !group || earlier.members.length !== group.length) return;
    const fits = group.every((n, i) => this.#made[n] === unset || this.#made[n] === earlier.members[i]);
    if (!fits) return;
    group.forEach((n, i) => {
      this.#made[n] = earlier.members[i];
    });
  }

  #keepClass(node: ClassNode): void {
    const { key, group } = node;
    if (key === undefined || !group || group.some((n) => this.#made[n] === unset)) return;
    registerRevived(
      key,
      this.#made[group[0]] as Function,
      group.map((n) => this.#made[n]),
    );
  }

  // ---- values

  #value(encoded: Encoded | unknown): unknown {
    return isRef(encoded) ? this.#node(encoded.n) : encoded;
  }

  #node(n: number): unknown {
    return this.#made[n] === unset ? this.#make(this.#nodes[n], n) : this.#made[n];
  }

  /** Notes a value under its node; what was made meanwhile, through a cycle, wins. */
  #keep<T>(n: number, value: T): T {
    if (this.#made[n] === unset) this.#made[n] = value;
    return this.#made[n] as T;
  }

  #make(node: PayloadNode, n: number): unknown {
    switch (node.t) {
      case 'function':
        return this.#function(node, n);
      case 'class':
        return this.#class(node, n);
      case 'cell': {
        const cell = this.#keep<{ v: unknown }>(n, { v: undefined });
        cell.v = this.#value(node.value);
        return cell;
      }
      case 'array':
        return this.#array(node, n);
      case 'sparse': {
        const array = this.#subclassed(node, Array, n) as unknown[];
        array.length = node.length;
        this.#define(array, node.props);
        return this.#fix(array, node.fixed);
      }
      case 'object': {
        const proto = node.proto === undefined ? Object.prototype : (this.#value(node.proto) as object | null);
        if (this.#made[n] !== unset) return this.#made[n];
        const object = this.#keep(n, Object.create(proto) as object);
        this.#define(object, node.props);
        return this.#fix(object, node.fixed);
      }
      case 'instance':
        return this.#instance(node, n);
      case 'map': {
        const map = this.#subclassed(node, Map, n) as Map<unknown, unknown>;
        const values = this.#list(node.values);
        this.#list(node.keys).forEach((key, i) => {
          Map.prototype.set.call(map, this.#value(key), this.#value(values[i]));
        });
        return this.#define(map, node.props);
      }
      case 'set': {
        const set = this.#subclassed(node, Set, n) as Set<unknown>;
        for (const item of this.#list(node.list)) Set.prototype.add.call(set, this.#value(item));
        return this.#define(set, node.props);
      }
      case 'weak':
        return this.#weak(node, n);
      case 'error':
        return this.#error(node, n);
      case 'date': {
        const date = this.#subclassed(node, Date, n) as Date;
        Date.prototype.setTime.call(date, node.time);
        return this.#define(date, node.props);
      }
      case 'bound': {
        const target = this.#value(node.target) as Function;
        const self = this.#value(node.self);
        const args = node.args.map((a) => this.#value(a));
        return this.#keep(n, Function.prototype.bind.call(target, self, ...args) as Function);
      }
      case 'method':
        return this.#keep(n, this.#method(node));
      default:
        return this.#keep(
          n,
          reviveLeaf(node, this.#environment, (encoded) => this.#value(encoded)),
        );
    }
  }

  #list(list: List): readonly unknown[] {
    if ('items' in list) return list.items;
    if ('plain' in list) return list.plain;
    if ('rows' in list) return copyOfRows(this.#environment.bulk(list.rows) as readonly unknown[]);
    return this.#environment.bulk(list.bulk) as readonly unknown[];
  }

  #weak(node: PayloadNode & { t: 'weak' }, n: number): object {
    const base = node.base === 'WeakMap' ? WeakMap : WeakSet;
    const collection = this.#subclassed(node, base, n);
    node.keys.forEach((encoded, i) => {
      const key = this.#value(encoded) as object;
      if (base === WeakMap) WeakMap.prototype.set.call(collection, key, this.#value(node.values[i]));
      else WeakSet.prototype.add.call(collection, key);
    });
    return this.#define(collection, node.props);
  }

  #array(node: PayloadNode & { t: 'array' }, n: number): unknown[] {
    if ('items' in node.list) {
      const array = this.#keep(n, new Array<unknown>(node.list.items.length));
      node.list.items.forEach((item, i) => {
        array[i] = this.#value(item);
      });
      return this.#fix(array, node.fixed);
    }
    const values = this.#list(node.list);
    // Bulk values are shared by all that capture them on one executor; others are each closure's own.
    return this.#fix(this.#keep(n, 'plain' in node.list ? values.slice() : (values as unknown[])), node.fixed);
  }

  // ---- objects

  #define<T extends object>(target: T, props: Properties | undefined): T {
    if (!props) return target;
    const { keys, values, flags } = props;
    for (let i = 0; i < keys.length; i++) {
      const key = this.#value(keys[i]) as PropertyKey;
      const flag = flags ? flags[i] : 7;
      const enumerable = (flag & 1) !== 0;
      const configurable = (flag & 4) !== 0;
      if (flag & 8) {
        const { get, set } = values[i] as Accessor;
        const accessor = { get: this.#value(get) as () => unknown, set: this.#value(set) as (v: unknown) => void };
        Object.defineProperty(target, key, { ...accessor, enumerable, configurable });
        continue;
      }
      const value = this.#value(values[i]);
      // Plain assignment keeps objects fast, where nothing inherited can take it.
      if (flag === 7 && !(key in target)) (target as Record<PropertyKey, unknown>)[key] = value;
      else Object.defineProperty(target, key, { value, enumerable, configurable, writable: (flag & 2) !== 0 });
    }
    return target;
  }

  #fix<T extends object>(value: T, fixed: number | undefined): T {
    if (fixed === 1) this.#atEnd.push(() => Object.seal(value));
    if (fixed === 2) this.#atEnd.push(() => Object.freeze(value));
    if (fixed === 3) this.#atEnd.push(() => Object.preventExtensions(value));
    return value;
  }

  /** An empty instance of a built-in class or of a subclass of it, with the #private parts of the latter. */
  #subclassed(node: Subclassed, base: Function, n: number): object {
    const c = node.class === undefined ? base : (this.#value(node.class) as Function);
    if (this.#made[n] !== unset) return this.#made[n] as object;
    const instance = node.privates ? this.#constructed(c) : (Reflect.construct(base, [], c) as object);
    this.#keep(n, instance);
    this.#open(instance, node.privates);
    return instance;
  }

  #instance(node: PayloadNode & { t: 'instance' }, n: number): unknown {
    const c = this.#value(node.class) as Function;
    if (this.#made[n] !== unset) return this.#made[n];
    if (node.needs !== undefined) this.#checkMethods(c, node.needs);
    const instance = this.#keep(n, node.privates ? this.#constructed(c) : (Object.create(c.prototype) as object));
    this.#open(instance, node.privates);
    this.#define(instance, node.props);
    return this.#fix(instance, node.fixed);
  }

  /** A class that a module provides has here all that it had in the session; each is looked at once. */
  #checkMethods(c: Function, needs: Encoded): void {
    if (this.#checked.has(c)) return;
    this.#checked.add(c);
    const names = this.#value(needs) as readonly string[];
    const missing = names.filter((name) => !(name in c.prototype));
    if (missing.length > 0)
      throw new MillraceError('PACKAGE_INSTANCE', { name: c.name, missing: missing.slice(0, 3).join(', ') });
  }

  #constructed(c: Function): object {
    const instance = revival.make(c);
    for (const key of Reflect.ownKeys(instance)) Reflect.deleteProperty(instance, key);
    return instance;
  }

  #open(instance: object, privates: Privates | undefined): void {
    for (const part of privates ?? []) {
      const values = part.values.map((v) => this.#value(v));
      const c = this.#value(part.class) as Function;
      const door = doorOf(c);
      if (!door) throw new MillraceError('INTERNAL', { reason: `the #private state of ${c.name} has nowhere to go` });
      door.write(instance, values);
    }
  }

  #error(node: PayloadNode & { t: 'error' }, n: number): unknown {
    const base = (node.class === undefined ? findIntrinsic(node.name) : Error) as Function;
    const error = this.#subclassed(node, base, n) as Error;
    Object.defineProperty(error, 'stack', { value: this.#value(node.stack), writable: true, configurable: true });
    return this.#define(error, node.props);
  }

  // ---- functions

  #function(node: FunctionNode, n: number): unknown {
    const script = this.#scripts[node.script];
    const made = this.#call(script, node, n, () => (node.arguments === undefined ? [] : [this.#value(node.arguments)]));
    if (!made) return this.#made[n];
    const [f, ...setters] = made;
    this.#keep(n, f);
    script.late.forEach((index, i) => {
      setters[i](this.#value(node.args[index]));
    });
    if (node.name !== undefined && f.name !== node.name)
      Object.defineProperty(f, 'name', { value: node.name, configurable: true });
    if (node.parent !== undefined) Object.setPrototypeOf(f, this.#value(node.parent) as object);
    if (node.prototype) {
      const { parent, props } = node.prototype;
      if (parent !== undefined) Object.setPrototypeOf(f.prototype, this.#value(parent) as object | null);
      this.#define(f.prototype, props);
    }
    return this.#define(f, node.props);
  }

  /** Calls a script with the values that must be there before; undefined if a cycle made the function meanwhile. */
  #call(script: ShippedScript, node: FunctionNode | ClassNode, n: number, extra: () => unknown[]): ReturnType<Maker> | undefined {
    const maker = makerOf(script);
    const args = node.args.map((arg, i) => (script.late.includes(i) ? undefined : this.#value(arg)));
    args.push(...extra());
    const self = 'self' in node ? this.#value(node.self) : undefined;
    return this.#made[n] === unset ? maker.apply(self, args) : undefined;
  }

  #class(node: ClassNode, n: number): unknown {
    const script = this.#scripts[node.script];
    let door: PrivateAccess | undefined;
    const made = this.#call(script, node, n, () => [
      node.parent === undefined ? undefined : this.#value(node.parent),
      revival,
      (access: PrivateAccess) => (door = access),
    ]);
    if (!made) return this.#made[n];
    const [c, ...setters] = made;
    this.#keep(n, c);
    if (door) doors.set(c, door);
    if (script.guarded) revival.admit(c, script.handsOn === true);
    script.late.forEach((index, i) => {
      setters[i](this.#value(node.args[index]));
    });
    if (node.overrides) this.#originals.set(c, methodsOf(c.prototype));
    this.#define(c, node.props);
    this.#define(c.prototype, node.overrides);
    if (node.statics) door?.writeStatic(node.statics.map((s) => this.#value(s)));
    return c;
  }

  #method(node: PayloadNode & { t: 'method' }): unknown {
    const c = this.#value(node.class) as Function;
    const key = this.#value(node.key) as PropertyKey;
    const original = node.isStatic ? undefined : this.#originals.get(c)?.get(methodKey(key, node.role));
    return original ?? Object.getOwnPropertyDescriptor(node.isStatic ? c : c.prototype, key)?.[node.role];
  }
}

function methodsOf(prototype: object): Map<string, Function> {
  const methods = new Map<string, Function>();
  for (const key of Reflect.ownKeys(prototype)) {
    const descriptor = Object.getOwnPropertyDescriptor(prototype, key) as PropertyDescriptor;
    for (const role of ['value', 'get', 'set'] as const) {
      if (typeof descriptor[role] === 'function') methods.set(methodKey(key, role), descriptor[role]);
    }
  }
  return methods;
}

const methodKey = (key: PropertyKey, role: string) => `${role} ${String(key)}`;
