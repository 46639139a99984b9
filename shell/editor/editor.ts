// The editor as the rest of the shell sees it: entries come out, everything else goes above them.
import type { Completion, CompletionDetail, SignatureHint } from '../contract/type-service';
import type { Parts } from './colours';

/** A completion, and how to learn more about an entry that came without. */
export interface Offer extends Completion {
  readonly describe?: (name: string) => Promise<CompletionDetail | undefined>;
}

/** What the editor asks of, and tells to, the one who runs it. */
export interface EditorHost {
  /** A whole entry was given. */
  submit(text: string): void;
  /** Whether a text is a whole entry. Keys are held while a promise is pending, so it must settle soon. */
  isComplete(text: string): boolean | Promise<boolean>;
  /** Which part of a text is a command's word, and which is code. */
  parts(text: string): Parts;
  complete(text: string, cursor: number): Promise<Offer>;
  /** The call that the cursor is in; undefined where there is none to tell of. */
  signature(text: string, cursor: number): Promise<SignatureHint | undefined>;
  /** The type of what is at the cursor, and a sentence about it. */
  about(text: string, cursor: number): Promise<string | undefined>;
  /** Ctrl-C with nothing typed. */
  interrupt(): void;
  /** Ctrl-D with nothing typed, or the end of the input. */
  leave(): void;
}

/** Lines of at most `columns`, no more of them than `room`. */
export type PaneRenderer = (columns: number, room: number) => readonly string[];

export interface Editor {
  /** Shows the prompt and begins to read. */
  start(host: EditorHost): void;
  /** Prints above the entry being typed. Text without a newline at its end is continued by the next print. */
  print(text: string, stream?: 'out' | 'err'): void;
  /** Prints an entry as it was typed, prompt included, above the entry being typed. */
  echo(entry: string): void;
  /** Whether something runs: the prompt is shown when nothing does. */
  setBusy(busy: boolean): void;
  /** The line of the running job; undefined takes it away without a trace. */
  setProgress(line: string | undefined): void;
  /** Entries typed ahead, in the order they will run. */
  setWaiting(entries: readonly string[]): void;
  /** What draws the live panes, above everything else of the block; undefined where there are none. To be told again of each change. */
  setPanes(render: PaneRenderer | undefined): void;
  /** Puts a text into the editor, to be worked on. */
  edit(text: string): void;
  /** Reads lines, whatever they are, until Ctrl-D; undefined when it was given up with Ctrl-C. */
  readBlock(): Promise<string | undefined>;
  clearScreen(): void;
  /** Lends the terminal to another program, as it was found; what is printed meanwhile waits. Answers what takes it back. */
  lend(): () => void;
  /** Leaves the terminal as it was found. */
  stop(): void;
}

export const promptText = '> ';
export const continuationText = '… ';

/** An entry with its prompts, as it stands in the scrollback. */
export function withPrompts(entry: string): string {
  return entry
    .split('\n')
    .map((line, index) => (index === 0 ? promptText : continuationText) + line)
    .join('\n');
}

/** Two empty lines in a row end an entry whatever it looks like: nobody is held in one that a typo left open. */
export function isForced(text: string): boolean {
  return /\n[ \t]*\n[ \t]*$/.test(text);
}
