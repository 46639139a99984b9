// What scope analysis finds in a program: bindings, references to them, and the functions in between.
import type { AnyNode } from 'acorn';
import type { Program } from './parse';

export type ScopeKind = 'program' | 'function' | 'block' | 'loop' | 'static' | 'ownName' | 'members';

export type BindingKind = 'const' | 'let' | 'var' | 'using' | 'param' | 'function' | 'class' | 'import' | 'ownName';

/** A declared name. */
export interface Binding {
  readonly name: string;
  readonly kind: BindingKind;
  readonly scope: Scope;
  /** The node that declares it: the declaration, function or class. */
  readonly node: AnyNode;
  /** True once something other than its declaration and its loop's head assigns it from inside a nested function. */
  assignedInFunction: boolean;
}

export class Scope {
  readonly bindings = new Map<string, Binding>();

  constructor(
    readonly kind: ScopeKind,
    readonly parent: Scope | undefined,
    /** The function whose code runs in this scope; undefined at the top level. */
    readonly owner: FunctionInfo | undefined,
    readonly node: AnyNode,
    /** The function or class whose own name this scope holds: its text brings the name along. */
    readonly named?: FunctionInfo,
  ) {}

  declare(name: string, kind: BindingKind, node: AnyNode): Binding {
    const known = this.bindings.get(name);
    if (known) return known;
    const binding: Binding = { name, kind, scope: this, node, assignedInFunction: false };
    this.bindings.set(name, binding);
    return binding;
  }

  /** The binding that a name means here, if the text declares it. */
  lookup(name: string): Binding | undefined {
    for (let scope: Scope | undefined = this; scope; scope = scope.parent) {
      const binding = scope.bindings.get(name);
      if (binding) return binding;
    }
    return undefined;
  }
}

/** A use of a name. */
export interface Reference {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly scope: Scope;
  readonly write: boolean;
  /** Stands for key and value at once, as in `{ a }`. */
  readonly shorthand: boolean;
  /** The loop whose head this write stands in: `i++` of a `for` steps each iteration's own copy. */
  readonly head: Scope | undefined;
  binding: Binding | undefined;
}

/** An identifier that declares a name in a variable declaration. */
export interface DeclaredIdentifier {
  readonly binding: Binding;
  readonly start: number;
  readonly end: number;
  readonly shorthand: boolean;
}

/** A place where what a name holds is changed, not the name itself. */
export interface Mutation {
  readonly name: string;
  /** `assignment to a property`, or the method, as `push`. */
  readonly how: string;
  readonly at: number;
  readonly scope: Scope;
}

export type FunctionKind = 'function' | 'arrow' | 'method' | 'class' | 'field' | 'static';

/** A function or class of the program (and the two pseudo-functions that initialisers of fields and static blocks are). */
export class FunctionInfo {
  readonly free = new Map<Binding, Reference[]>();
  readonly globals = new Map<string, Reference[]>();
  readonly writes: Reference[] = [];
  readonly mutations: Mutation[] = [];
  usesThis = false;
  usesArguments = false;
  usesSuper = false;
  usesNewTarget = false;
  usesEval = false;
  /** Its own text calls something, beside what functions in it do. */
  makesCalls = false;
  declaration = false;

  constructor(
    readonly node: AnyNode,
    readonly kind: FunctionKind,
    /** The function around it. */
    readonly parent: FunctionInfo | undefined,
    /** The node around it: what its name is inferred from. */
    readonly parentNode: AnyNode | undefined,
    /** The scope it is made in. */
    readonly scope: Scope,
    /** The class it is a member of. */
    readonly memberOf: FunctionInfo | undefined = undefined,
  ) {}
}

export interface Analysis {
  readonly js: string;
  readonly program: Program;
  readonly root: Scope;
  readonly functions: readonly FunctionInfo[];
  readonly references: readonly Reference[];
  readonly declared: readonly DeclaredIdentifier[];
}

/** The functions whose text uses a name of `binding` (undefined: of no scope in the text) without holding its declaration. */
export function crossed(from: Scope, binding: Binding | undefined): Set<FunctionInfo> {
  const found = new Set<FunctionInfo>();
  const home = binding?.scope;
  for (let scope: Scope | undefined = from; scope && scope !== home; scope = scope.parent) {
    const owner = scope.owner;
    if (owner && owner !== home?.owner && owner !== home?.named) found.add(owner);
  }
  return found;
}

/** The child nodes of a node, in no particular order. */
export function* childrenOf(node: AnyNode): Generator<AnyNode> {
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) yield item;
    } else if (isNode(value)) {
      yield value;
    }
  }
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';
}

/** The list under a key, made if there is none. */
export function listOf<K, V>(table: Map<K, V[]>, key: K): V[] {
  let list = table.get(key);
  if (!list) {
    list = [];
    table.set(key, list);
  }
  return list;
}
