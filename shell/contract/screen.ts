// How results are printed and what Tab offers: plain data that the terminal process and the session process exchange.

/** How results are to be printed. */
export interface Screen {
  readonly columns: number;
  /** Undefined where there is no terminal. */
  readonly rows?: number;
  readonly color: boolean;
  /** False for pipes and files: no progress line, no cursor movement. */
  readonly live: boolean;
  /** A notebook: values come as HTML and pictures too, and no cursor moves. */
  readonly rich?: boolean;
  /** A prompt of a server whose terminal is gone for now. */
  readonly isDetached?: boolean;
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
  /** The zone of times: `auto` is that of the context, which is the machine's unless told. */
  readonly timeZone: string;
  /** What has no type and cannot be inferred is an error, not `any`. */
  readonly strict: boolean;
}

/** A value of the session whose names its type does not tell. */
export interface LiveValue {
  /** The names that lead to it, such as `process`, `env`: no step calls anything. */
  readonly path: readonly string[];
  /** Its members, or the keys of a Map or a Set. */
  readonly names: 'members' | 'keys';
  /** The quote of the string in which the name stands. */
  readonly quote?: string;
}

/** What Tab asks the session for: the arguments of a command, or the names of a value that resemble a word. */
export type Asked = { readonly command: string } | { readonly value: LiveValue; readonly word: string };

/** What Tab offers as the argument of a command, or as a name of a value. */
export interface Choice {
  readonly name: string;
  readonly brief?: string;
}
