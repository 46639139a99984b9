// A place in the user's own text, as errors, calls and frames speak of it.

/** One-based line and column of a file, or of an entry by its label. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}
