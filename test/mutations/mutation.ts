// A mistake that is made on purpose, and what is to catch it.

export interface Mutation {
  /** What goes wrong, in the words of a reviewer. */
  readonly mistake: string;
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** Words that choose test files, those that see it first in front. */
  readonly tests: readonly string[];
}
