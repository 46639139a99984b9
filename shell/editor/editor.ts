// The editor as the rest of the shell sees it: it delivers entries and prints everything else above the prompt.
import type { Completion, CompletionDetail, SignatureHint } from '../contract/type-service';
import type { Parts } from './colours';

/** A completion, and a way to get the details of an entry that lacks them. */
export interface Offer extends Completion {
  readonly describe?: (name: string) => Promise<CompletionDetail | undefined>;
}

/** What the editor asks and reports: the terminal implements it. */
export interface EditorHost {
  /** The user submitted a whole entry. */
  submit(text: string): void;
  /** Whether a text is a whole entry. Keys wait while a promise is pending, so it must settle soon. */
  isComplete(text: string): boolean | Promise<boolean>;
  /** Which part of a text is a command's word, and which is code. */
  parts(text: string): Parts;
  complete(text: string, cursor: number): Promise<Offer>;
  /** The signature of the call at the cursor; undefined if there is none. */
  signature(text: string, cursor: number): Promise<SignatureHint | undefined>;
  /** The type of the name at the cursor, and a sentence about it. */
  about(text: string, cursor: number): Promise<string | undefined>;
  /** Ctrl-C with nothing typed. */
  interrupt(): void;
  /** Ctrl-D with nothing typed, or the end of the input. */
  leave(): void;
}

/** At most `room` lines of at most `columns`. */
export type PaneRenderer = (columns: number, room: number) => readonly string[];

export interface Editor {
  /** Shows the prompt and begins to read. */
  start(host: EditorHost): void;
  /** Prints above the entry being typed, on lines of their own. */
  print(text: string): void;
  /** Prints the output of the user's code, which goes on where it ended and may rewrite its own lines. */
  write(text: string): void;
  /** Prints an entry as it was typed, prompt included, above the entry being typed. */
  echo(entry: string): void;
  /** The sign of entries from now on; undefined: that of TypeScript. */
  setPrompt(text: string | undefined): void;
  /** Whether something runs: the prompt is shown when nothing does. */
  setBusy(busy: boolean): void;
  /** The progress line of the running job; undefined removes it without a trace. */
  setProgress(line: string | undefined): void;
  /** Entries typed ahead, in the order in which they will run. */
  setWaiting(entries: readonly string[]): void;
  /** Draws the live panes on top of the block; undefined if there are none. Call it again after each change. */
  setPanes(render: PaneRenderer | undefined): void;
  /** Puts a text into the editor. */
  edit(text: string): void;
  /** Reads lines until Ctrl-D; undefined if Ctrl-C dropped them. */
  readBlock(): Promise<string | undefined>;
  clearScreen(): void;
  /** Restores the terminal for another program; output waits meanwhile. Answers a function that takes the terminal back. */
  lend(): () => void;
  /** Restores the terminal. */
  stop(): void;
}

const standardPrompt = '> ';

/** The sign before an entry: that of TypeScript, or of another language that the prompt reads. */
export let promptText = standardPrompt;

/** Entries from now on have this sign; undefined: that of TypeScript. */
export function choosePrompt(text: string | undefined): void {
  promptText = text ?? standardPrompt;
}

export const continuationText = '… ';

/** An entry with its prompts, as it stands in the scrollback. */
export function withPrompts(entry: string): string {
  return entry
    .split('\n')
    .map((line, index) => (index === 0 ? promptText : continuationText) + line)
    .join('\n');
}

/** Two empty lines in a row end any entry, so that a typo cannot hold the user in an open one. */
export function isForced(text: string): boolean {
  return /\n[ \t]*\n[ \t]*$/.test(text);
}
