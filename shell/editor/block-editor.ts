// The editor of a real terminal: keys in, one block painted at the bottom, everything else printed above it.

import type { ReadStream, WriteStream } from 'node:tty';
import { heldTerminal } from '../base/held-terminal';
import { safeText } from '../print/width';
import { Block } from './block';
import { colouringOf } from './colours';
import {
  choosePrompt,
  continuationText,
  type Editor,
  type EditorHost,
  type PaneRenderer,
  promptText,
  withPrompts,
} from './editor';
import { EntryEditor, type EntryScreen } from './entry-editor';
import { editOutside } from './external-editor';
import { KeyInput } from './key-input';
import { type Above, Printed } from './output-above';
import { promptsOf } from './paste';
import type { Earlier } from './recall-history';
import { plainOutput } from './rewritable-lines';
import { layout, type View } from './screen-layout';

/** Waiting entries shown; the rest is counted. */
const waitingShown = 5;

const pasteOn = '\x1b[?2004h';
const pasteOff = '\x1b[?2004l';

/** If our own SIGTSTP has not stopped the process after this time, it goes on: nobody could resume it. */
const suspendLimitMs = 300;

export interface BlockEditorOptions {
  readonly earlier: Earlier;
  /** Whether colours are on now. */
  readonly color: () => boolean;
}

export class BlockEditor implements Editor, EntryScreen {
  readonly #input: ReadStream;
  readonly #output: WriteStream;
  readonly #block: Block;
  readonly #options: BlockEditorOptions;
  readonly #printed: Printed;
  #host: EditorHost | undefined;
  #entry: EntryEditor | undefined;
  #keys: KeyInput | undefined;
  /** The terminal is restored; later output is just appended. */
  #stopped = false;
  /** Another program has the terminal. */
  #away = false;
  #suspended = false;
  #busy = false;
  #progress: string | undefined;
  #waiting: readonly string[] = [];
  #panes: PaneRenderer | undefined;
  #paintDue = false;
  readonly #onData = (bytes: Buffer) => this.#keys?.take(bytes);
  readonly #onResize = () => this.#resized();
  readonly #onEnd = () => this.#host?.leave();
  readonly #onContinue = () => this.#continued();

  constructor(input: ReadStream, output: WriteStream, options: BlockEditorOptions) {
    this.#input = input;
    this.#output = output;
    this.#block = new Block(output);
    this.#printed = new Printed(() => ({ columns: this.#block.columns, rows: this.#block.rowsAbove }));
    this.#options = options;
  }

  get rows(): number {
    return this.#block.rows;
  }

  start(host: EditorHost): void {
    this.#host = host;
    const entry = new EntryEditor(host, this, this.#options.earlier);
    this.#entry = entry;
    this.#keys = new KeyInput(entry);
    this.#input.setRawMode(true);
    this.#output.write(pasteOn);
    this.#paintNow();
    this.#input.on('data', this.#onData);
    this.#input.on('end', this.#onEnd);
    this.#output.on('resize', this.#onResize);
    process.on('SIGCONT', this.#onContinue);
    this.#input.resume();
  }

  print(text: string): void {
    if (text === '') return;
    if (this.#stopped) this.#output.write(safeText(text));
    this.#printed.add(text);
    this.changed();
  }

  write(text: string): void {
    if (this.#stopped) this.#output.write(plainOutput(text));
    this.#printed.write(text);
    this.changed();
  }

  echo(entry: string): void {
    const parts = this.#host?.parts(entry);
    this.#printed.addEntry(entry, this.#options.color() && parts ? colouringOf(entry, parts) : undefined);
    this.changed();
  }

  emptyEntry(): void {
    if (!this.#busy) this.echo('');
  }

  setPrompt(text: string | undefined): void {
    choosePrompt(text);
    this.changed();
  }

  setBusy(busy: boolean): void {
    this.#busy = busy;
    if (!busy) this.#printed.endLine();
    this.changed();
  }

  setProgress(line: string | undefined): void {
    this.#progress = line === undefined ? undefined : safeText(line).replaceAll('\n', ' ');
    this.changed();
  }

  setWaiting(entries: readonly string[]): void {
    this.#waiting = entries;
    this.changed();
  }

  setPanes(render: PaneRenderer | undefined): void {
    this.#panes = render;
    this.changed();
  }

  edit(text: string): void {
    const buffer = this.#entry?.buffer;
    buffer?.set(text + buffer.text);
    this.changed();
  }

  readBlock(): Promise<string | undefined> {
    const read = this.#entry?.readBlock() ?? Promise.resolve(undefined);
    this.changed();
    return read;
  }

  clearScreen(): void {
    this.#printed.fixPainted();
    this.#block.clearScreen();
    this.changed();
  }

  lend(): () => void {
    // What was printed stands above what the program prints.
    this.#printed.endLine();
    this.#giveTerminal(this.#printed.take());
    this.#input.pause();
    this.#away = true;
    return () => {
      this.#away = false;
      if (!this.#host) return;
      this.#takeTerminal();
      this.#input.resume();
    };
  }

  stop(): void {
    if (!this.#host) return;
    this.#host = undefined;
    this.#stopped = true;
    this.#entry?.hints.clear();
    this.#input.off('data', this.#onData);
    this.#input.off('end', this.#onEnd);
    this.#output.off('resize', this.#onResize);
    process.off('SIGCONT', this.#onContinue);
    this.#printed.endLine();
    this.#giveTerminal(this.#printed.take());
    this.#input.pause();
  }

  suspend(): void {
    this.#giveTerminal();
    this.#suspended = true;
    const held = heldTerminal();
    if (held) return held.suspend();
    // The whole group, as the terminal's own key does: npm, which may have started us, is part of the job.
    process.kill(0, 'SIGTSTP');
    setTimeout(() => {
      if (this.#suspended) this.#continued();
    }, suspendLimitMs);
  }

  async editOutside(text: string): Promise<string | undefined> {
    const takeBack = this.lend();
    try {
      return await editOutside(text);
    } catch (error) {
      this.print(`(${(error as Error).message})\n`);
      return undefined;
    } finally {
      takeBack();
    }
  }

  /** One paint for all changes of one turn of the event loop. */
  changed(): void {
    if (this.#paintDue || !this.#host) return;
    this.#paintDue = true;
    setImmediate(() => {
      this.#paintDue = false;
      if (this.#host && !this.#away && !this.#suspended) this.#paintNow();
    });
  }

  /** Restores the terminal, below what was printed. */
  #giveTerminal(above?: Above): void {
    this.#block.remove(above);
    this.#printed.fixPainted();
    this.#output.write(pasteOff);
    this.#input.setRawMode(false);
  }

  #takeTerminal(): void {
    this.#input.setRawMode(true);
    this.#output.write(pasteOn);
    this.changed();
  }

  /** Back in the foreground: another program may have changed the terminal meanwhile. */
  #continued(): void {
    if (!this.#host || this.#away) return;
    if (!this.#suspended) {
      this.#block.forget();
      this.#printed.fixPainted();
      // Node believes that the terminal is still in the mode that Node set.
      this.#input.setRawMode(false);
    }
    this.#suspended = false;
    this.#takeTerminal();
  }

  #resized(): void {
    if (this.#away || this.#suspended) return;
    this.#block.reflowed();
    this.#printed.fixPainted();
    this.#paintNow();
  }

  #paintNow(): void {
    const { columns, rows } = this.#block;
    this.#block.paint(layout(this.#view(columns), columns, rows), this.#printed.take());
  }

  #view(columns: number): View {
    const panes = (room: number) => this.#panes?.(columns, room).map((line) => safeText(line).replaceAll('\n', ' ')) ?? [];
    return { panes, status: this.#status(), ...this.#entryView(columns) };
  }

  #entryView(columns: number): Omit<View, 'panes' | 'status'> {
    const entry = this.#entry;
    const color = this.#options.color();
    if (!entry) return { prompt: promptText, continuation: continuationText, text: '', cursor: 0, menu: [] };
    const { search, readsBlock } = entry;
    const text = search ? search.match : entry.buffer.text;
    const cursor = search ? search.matchedAt : entry.buffer.cursor;
    const prompts = promptsOf(text);
    const parts = color && !readsBlock ? this.#host?.parts(text) : undefined;
    return {
      prompt: search ? search.prompt : readsBlock || (this.#busy && text === '') ? '' : prompts.prompt,
      continuation: readsBlock ? '' : prompts.continuation,
      text,
      colouring: parts && colouringOf(text, parts, search ? undefined : cursor),
      cursor,
      menu: entry.below(columns, color),
    };
  }

  #status(): string[] {
    const lines = [...this.#printed.unended];
    if (this.#progress !== undefined) lines.push(this.#progress);
    for (const entry of this.#waiting.slice(0, waitingShown)) lines.push(...withPrompts(entry).split('\n').map(safeText));
    if (this.#waiting.length > waitingShown) lines.push(`… ${this.#waiting.length - waitingShown} more entries wait`);
    return lines;
  }
}
