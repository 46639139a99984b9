// The editor without cursor movements: lines in, lines out, for TERM=dumb and for output to a file or pipe.
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { shownMarks } from '../base/ascii-marks';
import { safeText } from '../print/width';
import { choosePrompt, continuationText, type Editor, type EditorHost, isForced, promptText } from './editor';
import { plainOutput } from './rewritable-lines';

/** The line that ends an `.editor` block: Ctrl-D would end the input for good. */
const blockEnd = '.';

/** Output of background work comes in several pieces; the prompt is printed again after so many milliseconds of silence. */
const restMs = 50;

export class PlainEditor implements Editor {
  readonly #input: Readable;
  readonly #output: Writable;
  #lines: Interface | undefined;
  #host: EditorHost | undefined;
  #entry: string[] = [];
  #busy = false;
  #midLine = false;
  /** The prompt at the end of the screen, or about to be printed there again; none while something runs. */
  #waiting: string | undefined;
  #again: NodeJS.Timeout | undefined;
  #block: { readonly lines: string[]; readonly resolve: (text: string | undefined) => void } | undefined;
  /** Lines are handled one after the other: another process answers whether an entry is whole. */
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
    if (text !== '') this.#show((this.#midLine ? '\n' : '') + shownMarks(safeText(text)));
  }

  write(text: string): void {
    const interrupts = this.#waiting !== undefined && this.#again === undefined;
    if (text !== '') this.#show((interrupts ? '\n' : '') + plainOutput(text));
  }

  #show(text: string): void {
    this.#output.write(text);
    this.#midLine = !text.endsWith('\n');
    if (this.#waiting !== undefined) this.#promptAgain(this.#waiting);
  }

  /** A half-typed line is not shown again, since the terminal holds it until its end; it still counts. */
  #promptAgain(prompt: string): void {
    this.#promptAfterInput(prompt, restMs);
  }

  /** A line that came meanwhile is read first: the terminal has echoed it, and the prompt would follow it. */
  #promptAfterInput(prompt: string, delayMs = 0): void {
    this.#noPrompt();
    this.#waiting = prompt;
    const again = setTimeout(() => {
      setImmediate(() => {
        if (this.#again === again) this.#prompt(prompt);
      });
    }, delayMs);
    this.#again = again;
  }

  /** Drops the prompt: something runs, or the input has ended. */
  #noPrompt(): void {
    clearTimeout(this.#again);
    [this.#again, this.#waiting] = [undefined, undefined];
  }

  /** Nothing to do: the terminal itself echoes what is typed. */
  echo(): void {}

  setPrompt(text: string | undefined): void {
    choosePrompt(text);
  }

  setBusy(busy: boolean): void {
    if (busy === this.#busy) return;
    this.#busy = busy;
    if (busy) this.#noPrompt();
    if (!busy && this.#host) this.#promptAfterInput(promptText);
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

  /** The lines that are typed meanwhile are for the other program. */
  lend(): () => void {
    this.#lines?.pause();
    return () => {
      this.#midLine = false;
      if (this.#host) this.#lines?.resume();
    };
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
