// What a command of the prompt is, and what it may use: the front end, and the REPL that it belongs to.
import type { Choice, Screen, Settings } from './screen';
import type { TypeService } from './type-service';

export type EntryEnd = 'ok' | 'failed' | 'interrupted' | 'incomplete';

/** What the conductor needs of the place it works in. */
export interface FrontEnd {
  print(text: string, stream: 'out' | 'err'): void;
  screen(): Screen;
  /** Reads lines until the user ends them; undefined when given up or where there is nobody to ask. */
  readBlock(): Promise<string | undefined>;
  clearScreen(): void;
  /** Begins anew with a session that knows no names. */
  reset(): Promise<void>;
  history(): readonly string[];
  /** Shows a long text in a pager, where there is one; settles when it is left. */
  page(text: string): Promise<void>;
  settings(): Settings;
  set(settings: Settings): void;
  /** Leaves the shell once the entry has ended. */
  leave(status: number): void;
}

/** What a command of the session works on. */
export interface SessionWork {
  readonly expression?: string;
  readonly words?: readonly string[];
  /** Keeps the names of the expression, as if it had been an entry. */
  readonly keeps?: boolean;
  /** What it answers is not printed. */
  readonly quiet?: boolean;
}

/** What a command may use. */
export interface CommandHost {
  readonly front: FrontEnd;
  /** Entries that ran, in order. */
  readonly accepted: readonly string[];
  /** Paths are taken from here. */
  readonly folder: string;
  typeOf(expression: string): Promise<EntryEnd>;
  doc(name: string): ReturnType<TypeService['doc']>;
  /** The name of the last value. */
  readonly lastValue: string | undefined;
  /** Runs a command in the session, on an expression's value if one is given. */
  inSession(name: string, work?: SessionWork): Promise<EntryEnd>;
  /** Starts an entry behind the prompt. */
  inBackground(expression: string): Promise<EntryEnd>;
  /** Runs TypeScript as if it had been typed. */
  entry(text: string): Promise<EntryEnd>;
  load(file: string, folder: string): Promise<EntryEnd>;
  runModule(file: string, folder: string): Promise<EntryEnd>;
  fail(error: unknown): void;
}

export interface Command {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** What the argument is, for completion and for knowing when a line is whole. */
  readonly argument: 'none' | 'file' | 'expression' | 'name' | 'export' | 'count' | 'word' | 'choice';
  /** What can come next, behind these words. */
  readonly words?: (before: readonly string[]) => readonly Choice[];
  /** Its expression may stop in the middle: Enter asks about what is there. */
  readonly partial?: boolean;
  readonly usage: string;
  readonly brief: string;
  readonly help: string;
  run(host: CommandHost, argument: string): Promise<EntryEnd>;
}
