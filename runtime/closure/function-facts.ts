// What the text of a function alone tells, stored in the session under a number that the instrumented code carries.

import type { ShippedScript } from '../plan/payload';
import type { FunctionKind } from './instrument/scope';
import type { ProgramText } from './position';

/** Where a name stands in a function's source, relative to the source's start. */
export interface NamePosition {
  readonly at: number;
  readonly shorthand: boolean;
  /** Assigns a constant, which must fail wherever the function runs. */
  readonly fixed: boolean;
}

/** What is another one in each module: names that a CommonJS wrapper gives it, and `import.meta`. */
export type ModuleName = 'require' | 'module' | '__filename' | '__dirname' | 'import.meta';

/** A variable of the surroundings that a function uses. */
export interface Variable {
  /** As the user wrote it. */
  readonly name: string;
  /** What the thunk answers its value to. */
  readonly index: number;
  readonly positions: readonly NamePosition[];
  /** Set when functions may assign it: what tells two variables of this name apart. */
  readonly cell?: Cell;
  readonly moduleName?: ModuleName;
}

/** Identity of a reassigned variable: an object made with its scope (thunk index), or a name known in the whole session. */
export type Cell = { readonly token: number } | { readonly key: string };

/** A place where a function changes something of its surroundings. */
export interface Change {
  readonly name: string;
  /** Offset in the program's text. */
  readonly at: number;
}

/** A range of a function's source, relative to the source's start. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

export interface ClassFacts {
  /** Names of the #private fields of instances. */
  readonly privateFields: readonly string[];
  /** Instances have #private parts (fields, methods, accessors), so that only the class's own construction can make one. */
  readonly hasPrivates: boolean;
  readonly privateStatics: readonly string[];
  /** Values and blocks that are evaluated once, when the class is defined: their results are shipped, not their text. */
  readonly staticValues: readonly Range[];
  readonly staticBlocks: readonly Range[];
  /** The expression after `extends`, unless it is `null`. */
  readonly parent?: Range;
  readonly derived: boolean;
  /** Initial values of the fields of instances. */
  readonly fieldValues: readonly Range[];
  /** Just after the opening brace of the class's body. */
  readonly bodyStart: number;
  /** Just after the opening brace of its constructor's body. */
  readonly constructorBody?: number;
}

export interface MethodFacts {
  readonly kind: 'init' | 'get' | 'set';
  /** The key in the source, brackets excluded. */
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly computed: boolean;
}

export interface FunctionFacts {
  readonly id: number;
  readonly kind: FunctionKind;
  /** The clean text: exactly what was emitted, without any instrumentation. */
  readonly source: string;
  /** Offset of `source` in the program's text. */
  readonly start: number;
  readonly text: ProgramText;
  readonly strict: boolean;
  /** The name in the text itself, if any. */
  readonly ownName?: string;
  readonly declaration: boolean;
  readonly variables: readonly Variable[];
  /** Names that nothing in the session's texts declares. */
  readonly globals: readonly string[];
  readonly thisIndex: number;
  readonly argumentsIndex: number;
  readonly usesSuper: boolean;
  readonly usesNewTarget: boolean;
  readonly usesEval: boolean;
  /** What it returns may come from a call or a getter in its own text. */
  readonly answersUnseen: boolean;
  readonly writes: readonly Change[];
  readonly mutations: readonly (Change & { readonly how: string })[];
  readonly method?: MethodFacts;
  readonly class?: ClassFacts;
  /** Scripts made of it so far, by shape. */
  readonly scripts: Map<string, ShippedScript>;
}

const known: FunctionFacts[] = [];

/** Keeps facts under the next number. */
export function addFacts(facts: Omit<FunctionFacts, 'id' | 'scripts'>): FunctionFacts {
  const added: FunctionFacts = { ...facts, id: known.length, scripts: new Map() };
  known.push(added);
  return added;
}

export function factsOf(id: number): FunctionFacts | undefined {
  return known[id];
}

/** Keys of top-level variables that some function assigns: functions of other inputs learn of it here. */
const assigned = new Set<string>();

export function noteAssigned(key: string): void {
  assigned.add(key);
}

export function isAssigned(key: string): boolean {
  return assigned.has(key);
}
