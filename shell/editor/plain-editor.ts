// The editor where there is no cursor to move: lines in, lines out, for TERM=dumb and for output that goes to a file or pipe.
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { safeText } from '../print/width';
import { continuationText, type Editor, type EditorHost, isForced, promptText } from './editor';

/** The line that ends a block read here: Ctrl-D would end the input for good. */
const blockEnd = '.';

/** What comes by itself comes in several pieces; the prompt comes again once, after so many milliseconds without more. */
const restMs = 50;

export class PlainEditor implements Editor {
  readonly #input: Readable;
  readonly #output: Writable;
  #lines: Interface | undefined;
  #host: EditorHost | undefined;
  #entry: string[] = [];
  #busy = false;
  #midLine = false;
  /** The prompt that waits at the end of the screen, or is to come again there; none while something runs. */
  #waiting: string | undefined;
  #again: NodeJS.Timeout | undefined;
  #block: { readonly lines: string[]; readonly resolve: (text: string | undefined) => void } | undefined;
  /** Lines are looked at one after the other: whether an entry is whole takes an answer from another process. */
  #reading: Promise<void> = Promise.resolve();

  constructor(input: Readable, output: Writable) {
    this.#input = input;
    this.#output = output;
  }

  start(host: EditorHost): void {
    this.#host = host;
    this.#lines = createInterface({ input: this.#input, terminal: false });
    this.#lines.on('line', (line) => {
      this.#reading = this.#reading.then(() => this.#take(line));
    });
    this.#lines.on('close', () => {
      this.#reading = this.#reading.then(() => this.#closed());
    });
    this.#prompt(promptText);
  }

  print(text: string): void {
    if (text === '') return;
    const prompt = this.#waiting;
    const interrupts = prompt !== undefined && this.#again === undefined;
    this.#output.write((interrupts ? '\n' : '') + safeText(text));
    this.#midLine = !text.endsWith('\n');
    if (prompt !== undefined) this.#promptAgain(prompt);
  }

  /** What is half typed by then is shown by nobody, for the terminal itself holds it until its line ends; it counts all the same. */
  #promptAgain(prompt: string): void {
    clearTimeout(this.#again);
    const again = setTimeout(() => {
      // A line that has come meanwhile is read first: the terminal has shown it already, and the prompt would stand behind it.
      setImmediate(() => {
        if (this.#again === again) this.#prompt(prompt);
      });
    }, restMs);
    this.#again = again;
  }

  /** Something runs, or the input has ended. */
  #noPrompt(): void {
    clearTimeout(this.#again);
    [this.#again, this.#waiting] = [undefined, undefined];
  }

  /** The terminal itself has shown what was typed. */
  echo(): void {}

  setBusy(busy: boolean): void {
    if (busy === this.#busy) return;
    this.#busy = busy;
    if (busy) this.#noPrompt();
    if (!busy && this.#host) this.#prompt(promptText);
  }

  setProgress(): void {}

  setWaiting(): void {}

  setPanes(): void {}

  edit(text: string): void {
    this.#entry = text.replace(/\n$/, '').split('\n');
    this.#prompt(continuationText);
  }

  readBlock(): Promise<string | undefined> {
    return new Promise((resolve) => {
      this.#block = { lines: [], resolve };
    });
  }

  clearScreen(): void {}

  /** A terminal without a cursor is good for no pager. */
  lend(): () => void {
    return () => {};
  }

  stop(): void {
    this.#host = undefined;
    this.#noPrompt();
    this.#lines?.close();
  }

  /** Drops a half-typed entry; false when there was none. */
  dropEntry(): boolean {
    const dropped = this.#entry.length > 0 || this.#block !== undefined;
    this.#entry = [];
    this.#block?.resolve(undefined);
    this.#block = undefined;
    if (dropped && !this.#busy) this.#prompt(promptText);
    return dropped;
  }

  async #take(line: string): Promise<void> {
    this.#midLine = false;
    this.#noPrompt();
    if (this.#block) return this.#blockLine(line);
    this.#entry.push(line);
    const text = this.#entry.join('\n');
    if (text.trim() === '') {
      this.#entry = [];
      if (!this.#busy) this.#prompt(promptText);
    } else if (await this.#isWhole(text)) {
      this.#entry = [];
      this.#host?.submit(text);
    } else {
      this.#prompt(continuationText);
    }
  }

  async #isWhole(text: string): Promise<boolean> {
    if (isForced(text)) return true;
    return this.#host?.isComplete(text) ?? true;
  }

  #blockLine(line: string): void {
    const block = this.#block;
    if (!block) return;
    if (line !== blockEnd) {
      block.lines.push(line);
      return;
    }
    this.#block = undefined;
    block.resolve(block.lines.join('\n'));
  }

  /** What was typed before the end of the input still counts. */
  #closed(): void {
    this.#noPrompt();
    this.#block?.resolve(this.#block.lines.join('\n'));
    const text = this.#entry.join('\n');
    if (text.trim() !== '') this.#host?.submit(text);
    this.#host?.leave();
  }

  #prompt(prompt: string): void {
    this.#noPrompt();
    this.#output.write((this.#midLine ? '\n' : '') + prompt);
    this.#midLine = true;
    this.#waiting = prompt;
  }
}
