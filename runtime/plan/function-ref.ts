// How the steps of a program name the functions that they call.
import type { Where } from './condition';

/** What a function does: `x => x.split(' ')`, `x => x.includes('a')`, `x => [x, 1]`, `(a, b) => a + b`, `row => row.name`. */
export type Idiom =
  | { readonly kind: 'split'; readonly by: string }
  | { readonly kind: 'includes'; readonly text: string }
  | { readonly kind: 'pairWithOne' }
  | { readonly kind: 'sum' }
  | { readonly kind: 'field'; readonly name: string }
  /** `row => [row.key, row.value]`, or a number for the value. */
  | { readonly kind: 'fieldPair'; readonly key: string; readonly value: string | number };

/** What a function may change of what it is given, and of what it has captured; nothing is left out. */
export interface Changes {
  /** Its first argument, or what can be reached from it. */
  readonly first?: boolean;
  /** Its other arguments. */
  readonly others?: boolean;
  readonly captured?: boolean;
  /** It may put others of its arguments into the first, or return them: a later call may change them as its first. */
  readonly mixes?: boolean;
}

/** A captured closure of the user, by its place in the program. */
export interface ClosureRef {
  readonly kind: 'closure';
  readonly index: number;
  /** The part of the program whose closures it is one of; undefined: the program's own. */
  readonly part?: string;
  /** Set where its text says all that it does. */
  readonly idiom?: Idiom;
  /** The fields of its first argument that it reads, where it does nothing else with it. */
  readonly reads?: readonly string[];
  /** What must hold of the fields of its first argument where it answers true. */
  readonly where?: Where;
  /** Set where it may change something. */
  readonly changes?: Changes;
}

/** A function that a step calls: a user closure, or a library function by name. */
export type FunctionRef = ClosureRef | { readonly kind: 'library'; readonly name: string; readonly args: readonly unknown[] };

/** Whether an argument of a library function stands for a function itself. */
export const isFunctionRef = (v: unknown): v is FunctionRef =>
  typeof v === 'object' &&
  v !== null &&
  ((v as FunctionRef).kind === 'closure' || (v as FunctionRef).kind === 'library') &&
  ('index' in v || 'name' in v);
