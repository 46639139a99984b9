// The type service: checks, splits, completes and emits what the user types. All answers are plain data. Positions are UTF-16
// offsets into the text that was sent; lines and columns are one-based.

import type { LiveValue } from './screen';

export interface Diagnostic {
  readonly message: string;
  readonly code: number;
  readonly start: number;
  readonly length: number;
}

/** A name that an entry declares at its top level. */
export interface Declared {
  readonly name: string;
  readonly kind: 'const' | 'let' | 'var' | 'function' | 'class' | 'enum' | 'namespace' | 'type' | 'import';
}

/** An entry that passed the check, ready for the evaluator. */
export interface CompiledCell {
  readonly id: number;
  /** The name in error positions: `<input 12>` for a typed entry, its path for a loaded file. */
  readonly label: string;
  /** The text as typed. */
  readonly text: string;
  /** Line of the label's file on which the text starts, one-based: 1 at the prompt, the statement's line under .load. */
  readonly firstLine: number;
  /** Relative imports start here: the user's folder, or that of a loaded file. */
  readonly folder: string;
  /** The text as a script needs it: with the `await`s that the prompt writes. The text as typed if there are none. */
  readonly script?: string;
  /** ESNext JavaScript with import and export statements as emitted. */
  readonly js: string;
  /** Source map of `js` to `text`, JSON. */
  readonly map: string;
  readonly declared: readonly Declared[];
  /** Names that the text itself exports: a file that runs as a module leaves only these. */
  readonly exported: readonly string[];
  /** What each `export * from` of the text exports, by the module's specifier. */
  readonly reexported?: Readonly<Record<string, readonly string[]>>;
  /** The files that aliases of the user's tsconfig mean, by what the text imports. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Set when the entry ends in an expression: the result variable that holds its (awaited) value, and its type as text. */
  readonly result?: { readonly name: string; readonly type: string };
}

/** How an entry is checked. */
export interface CheckOptions {
  /** Top-level declarations hold the answers of jobs, not their promises: at the prompt and under .load. */
  readonly answers?: boolean;
  /** What has no type and cannot be inferred is an error. */
  readonly strict?: boolean;
  /** The name of the entry's value, which an entry that runs again keeps; else the next `resN`. */
  readonly result?: string;
}

export interface CommitOptions {
  /** Its result comes later, so it does not become the last value. */
  readonly inBackground?: boolean;
  /** Only exported names are committed, types as well as values. */
  readonly isModule?: boolean;
}

export type CompileResult =
  | { readonly status: 'incomplete' }
  | { readonly status: 'error'; readonly diagnostics: readonly Diagnostic[] }
  /** `modules` are errors in what it imports, where that is new. */
  | { readonly status: 'ok'; readonly cell: CompiledCell; readonly modules?: readonly ModuleErrors[] };

export interface Completion {
  /** The range that an accepted entry replaces. */
  readonly start: number;
  readonly end: number;
  readonly entries: readonly ({ readonly name: string; readonly kind: string } & CompletionDetail)[];
  /** The value before the cursor, where its type does not tell all of its names. */
  readonly live?: LiveValue;
}

/** Details of an entry of a completion. */
export interface CompletionDetail {
  /** Its type or signature. */
  readonly detail?: string;
  /** The first sentence of its documentation. */
  readonly sentence?: string;
}

/** The signature of the call being typed: `before`, the parameters separated by commas, `after`. */
export interface SignatureHint {
  readonly before: string;
  readonly parameters: readonly string[];
  /** Index of the parameter at the cursor; beyond the last if there are too many arguments. */
  readonly active: number;
  readonly after: string;
  /** The first sentence of its documentation. */
  readonly sentence?: string;
}

/** What `.doc` shows of one declaration of a name. */
export interface Documentation {
  /** As users write it: `RDD.reduceByKey`, `sc.textFile`. */
  readonly name: string;
  readonly signatures: readonly string[];
  readonly text: string;
  readonly examples: readonly string[];
}

/** The type errors of one of the user's own modules. */
export interface ModuleErrors {
  readonly file: string;
  readonly text: string;
  readonly diagnostics: readonly Diagnostic[];
}

/** A script that was checked as a whole: its statements, each an entry of its own. */
export type ScriptResult =
  | { readonly status: 'error'; readonly diagnostics: readonly Diagnostic[]; readonly modules?: readonly ModuleErrors[] }
  | { readonly status: 'ok'; readonly cells: readonly CompiledCell[] };

/** An entry that ran, and the names that have their value: all if left out. */
export interface RanCell {
  readonly cellId: number;
  readonly names?: readonly string[];
}

/** Where a text comes from that was not typed at the prompt: a file, a script, standard input. */
export interface TextOrigin {
  /** Its name in error positions. */
  readonly label: string;
  /** Line of the label's file on which the text starts, one-based. */
  readonly firstLine: number;
  /** Relative imports start here. */
  readonly folder: string;
  /** The user has typed it all the same: a cell of a notebook. */
  readonly isTyped?: boolean;
  /** It runs whatever its types are. */
  readonly isUnchecked?: boolean;
  /** The text is a session that was saved: what passed there entry by entry passes again. */
  readonly isSaved?: boolean;
}

export interface TypeService {
  /** Resolves when the service can answer: the library files are parsed. */
  ready(): Promise<void>;
  /** Checks and emits one entry against the names committed so far. */
  compile(text: string, origin?: TextOrigin, options?: CheckOptions): Promise<CompileResult>;
  /** Commits names of a compiled entry: the given ones, which have their value, or all. */
  commit(cellId: number, names?: readonly string[], options?: CommitOptions): Promise<void>;
  /** Checks a script as a whole, and emits its statements. */
  compileScript(text: string, origin: TextOrigin, options?: CheckOptions): Promise<ScriptResult>;
  /** Commits the names of the statements of a script that ran. */
  commitScript(ran: readonly RanCell[]): Promise<void>;
  /** Whether the text is a whole entry (Enter submits) or unfinished (Enter starts a new line). */
  isComplete(text: string): Promise<boolean>;
  /** The type of an expression, or its errors. */
  typeOf(expression: string, options?: CheckOptions): Promise<{ type: string } | { diagnostics: readonly Diagnostic[] }>;
  complete(text: string, position: number): Promise<Completion>;
  /** Details of an entry of the completion at a position. */
  describe(text: string, position: number, name: string): Promise<CompletionDetail | undefined>;
  /** The call around a position. */
  signature(text: string, position: number): Promise<SignatureHint | undefined>;
  /** Documentation of a name or `A.b` path; if nothing has that name, the names nearest to it. */
  doc(name: string): Promise<{ found: readonly Documentation[]; near: readonly string[] }>;
  /** Type and first sentence of the name at the position, if there is one. */
  quickInfo(text: string, position: number): Promise<string | undefined>;
  /** Ctrl-C: drops the requests under way, however long one would take. All names stay. */
  interrupt(): void;
  stop(): Promise<void>;
}
