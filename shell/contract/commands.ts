// What a command of the prompt is, and what it may use: the front end, and the REPL that it belongs to.
import type { Choice, Screen, Settings } from './screen';
import type { TypeService } from './type-service';

export type EntryEnd = 'ok' | 'failed' | 'interrupted' | 'incomplete';

/** How a command of the system ended; `message` if it could not start. */
export type SystemEnd = { readonly status: number } | { readonly signal: string } | { readonly message: string };

/** What shows the REPL to the user: the terminal, or the output of a script. */
export interface FrontEnd {
  print(text: string, stream: 'out' | 'err'): void;
  screen(): Screen;
  /** Reads lines until the user ends them; undefined if the user drops them or there is no user to ask. */
  readBlock(): Promise<string | undefined>;
  clearScreen(): void;
  /** Where the jobs of the session run. */
  readonly master: string;
  /** Replaces the session by a fresh one without names, on another master if one is given. Throws BAD_MASTER, BAD_OPTION. */
  reset(master?: string): Promise<void>;
  history(): readonly string[];
  /** Shows a long text in a pager, if there is one; settles when the user leaves it. */
  page(text: string): Promise<void>;
  /** Runs a command of the system, which has the terminal meanwhile. */
  system(command: string, folder: string): Promise<SystemEnd>;
  settings(): Settings;
  set(settings: Settings): void;
  /** From now on entries are SQL, or TypeScript again; false where no prompt reads them. */
  readSql(on: boolean): boolean;
  /** Leaves the prompt without its terminal, to be taken up by `millrace attach`; false where it cannot be without. */
  detach(): boolean;
  /** Leaves the shell once the entry has ended. */
  leave(status: number): void;
}

/** What a command of the session works on. */
export interface SessionWork {
  readonly expression?: string;
  readonly words?: readonly string[];
  /** Commits the names of the expression, as if it were an entry. */
  readonly keeps?: boolean;
  /** Its answer is not printed. */
  readonly quiet?: boolean;
}

/** What a command may use. */
export interface CommandHost {
  readonly front: FrontEnd;
  /** Entries that ran, in order. */
  readonly accepted: readonly string[];
  /** Relative paths start here. */
  readonly folder: string;
  typeOf(expression: string): Promise<EntryEnd>;
  doc(name: string): ReturnType<TypeService['doc']>;
  /** Runs a command of the system in the session's current folder; or how that failed, which was reported. */
  system(command: string): Promise<SystemEnd | EntryEnd>;
  /** The name of the last value. */
  readonly lastValue: string | undefined;
  /** The type of an expression; undefined where it has errors. */
  typeText(expression: string): Promise<string | undefined>;
  /** The path that an expression gives, for a command; or how it ended, which was reported. */
  path(expression: string, command: string): Promise<{ readonly path: string } | EntryEnd>;
  /** Runs a command in the session, on an expression's value if one is given. */
  inSession(name: string, work?: SessionWork): Promise<EntryEnd>;
  /** Starts an entry in the background. */
  inBackground(expression: string): Promise<EntryEnd>;
  /** Runs TypeScript as if it had been typed. */
  entry(text: string): Promise<EntryEnd>;
  load(file: string, folder: string): Promise<EntryEnd>;
  runModule(file: string, folder: string): Promise<EntryEnd>;
  /** Runs the entries of stale names again: of these, or of all. */
  rerun(names: readonly string[]): Promise<EntryEnd>;
}

export interface Command {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** What the argument is: for completion, and to know when an entry is whole. */
  readonly argument:
    | 'none'
    | 'file'
    | 'expression'
    | 'name'
    | 'export'
    | 'count'
    | 'word'
    | 'choice'
    | 'choices'
    | 'system'
    | 'sql';
  /** The possible next words after these. */
  readonly words?: (before: readonly string[]) => readonly Choice[];
  /** Its expression may be unfinished: Enter runs the command all the same. */
  readonly partial?: boolean;
  readonly usage: string;
  readonly brief: string;
  readonly help: string;
  /** Entries that show its use: a test runs each. */
  readonly examples?: readonly string[];
  run(host: CommandHost, argument: string): Promise<EntryEnd>;
}
