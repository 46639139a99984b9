// How results are printed and what Tab offers: plain data that the terminal process and the session process exchange.

/** How results are to be printed. */
export interface Screen {
  readonly columns: number;
  /** Undefined where there is no terminal. */
  readonly rows?: number;
  readonly color: boolean;
  /** False for pipes and files: no progress line, no cursor movement. */
  readonly live: boolean;
  /** What `.set` chose. */
  readonly settings?: Settings;
}

/** What `.set` changes. */
export interface Settings {
  /** Rows of a sample and of a table. */
  readonly rows: number;
  /** How long a sample may take. */
  readonly seconds: number;
  readonly colors: 'auto' | 'on' | 'off';
  /** Whether the shell suggests better ways. */
  readonly hints: boolean;
  /** Whether long jobs show their progress. */
  readonly progress: boolean;
  /** The program of `.page` with its arguments; `auto` is $PAGER, else less. */
  readonly pager: string;
  /** A line under the entry with the signature of the call that is being typed. */
  readonly signatures: boolean;
  /** What has no type and cannot be inferred is an error, not `any`. */
  readonly strict: boolean;
}

/** What Tab offers as the argument of a command. */
export interface Choice {
  readonly name: string;
  readonly brief?: string;
}
