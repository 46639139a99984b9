// The shape of one capture case.
export interface Case {
  /** The closure that is captured, and called in both processes. */
  readonly f: Function;
  readonly args?: readonly unknown[];
  /** The capture must fail with a message like this. */
  readonly refused?: RegExp;
  /** The result differs between the processes: what the other one must show. */
  readonly remotely?: string;
  /** The warnings that the capture must give, as `kind name`. */
  readonly warns?: readonly string[];
}

export type Cases = Record<string, () => Case | Promise<Case>>;
