// How the steps of a program name the functions that they call.

/** What a function does: `x => x.split(' ')`, `x => [x, 1]`, `(a, b) => a + b`. */
export type Idiom = { readonly kind: 'split'; readonly by: string } | { readonly kind: 'pairWithOne' } | { readonly kind: 'sum' };

/** A captured closure of the user, by its place in the program. */
export interface ClosureRef {
  readonly kind: 'closure';
  readonly index: number;
  /** The part of the program whose closures it is one of; undefined: the program's own. */
  readonly part?: string;
  /** Set where its text says all that it does. */
  readonly idiom?: Idiom;
}

/** A function that a step calls: a user closure, or a library function by name. */
export type FunctionRef = ClosureRef | { readonly kind: 'library'; readonly name: string; readonly args: readonly unknown[] };

/** Whether an argument of a library function stands for a function itself. */
export const isFunctionRef = (v: unknown): v is FunctionRef =>
  typeof v === 'object' &&
  v !== null &&
  ((v as FunctionRef).kind === 'closure' || (v as FunctionRef).kind === 'library') &&
  ('index' in v || 'name' in v);
