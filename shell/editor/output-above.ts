// Output that the next paint prints above the block, and the last lines that the user's own output may still rewrite.

import { cell, clusters, safeText, widthOf } from '../print/width';
import { type Colouring, PaintedRow } from './colours';
import { continuationText, promptText } from './editor';
import { cutCode, movesCursor, styleAfter, Written } from './rewritable-lines';

/** Of longer entries only beginning and end are echoed: nobody scrolls back over a megabyte of pasted text. */
const maxEcho = 64 * 1024;
const echoHead = 20;
const echoTail = 5;
/** In such an entry long lines are cut too. */
const maxEchoLine = 2000;
/** Painted lines that are remembered, to be rewritten: more than a screen has. */
const maxPainted = 200;
/** A longer line without an end is not rewritten. */
const maxTail = 64 * 1024;

/** How much of the screen can be painted again: its width, and the rows above the block. */
export interface Reach {
  readonly columns: number;
  readonly rows: number;
}

/** What a paint does above the block: rows to erase there, then text to print, whole lines. */
export interface Above {
  readonly text: string;
  readonly erase: number;
}

export class Printed {
  readonly #reach: () => Reach;
  #lines = '';
  /** Where in `#lines` the user's output begins that can be rewritten. */
  #own = 0;
  /** The painted lines directly above the block that the user's output can rewrite. */
  #painted: string[] = [];
  /** Rows of painted lines that were taken back. */
  #erase = 0;
  /** The last line, which lacks its newline; empty while `#written` holds it. */
  #tail = '';
  /** The style at the start of the tail. */
  #style = '';
  /** A code whose rest has not come yet. */
  #rest = '';
  /** The last lines while the cursor is not behind them. */
  #written: Written | undefined;

  constructor(reach: () => Reach) {
    this.#reach = reach;
  }

  /** Adds lines of the shell, on lines of their own. */
  add(text: string): void {
    this.endLine();
    this.#lines += safeText(text.endsWith('\n') || text === '' ? text : `${text}\n`);
    this.#fix();
  }

  /** Adds the user's output; the next call goes on where it ended. */
  write(text: string): void {
    const all = this.#rest + text;
    this.#rest = cutCode(all);
    const whole = all.slice(0, all.length - this.#rest.length);
    if (!this.#written && !movesCursor(whole)) this.#append(whole);
    else this.#rewrite(whole);
  }

  /** An entry as it was typed, with its prompts. */
  addEntry(entry: string, colouring?: Colouring): void {
    this.endLine();
    const lines = entry.split('\n');
    const isLong = entry.length > maxEcho;
    let start = 0;
    lines.forEach((line, index) => {
      const left = lines.length - echoTail - index;
      const shown = isLong && line.length > maxEchoLine ? `${line.slice(0, maxEchoLine)}…` : line;
      if (!isLong || left <= 0 || index < echoHead) {
        this.#addLine(index === 0 ? promptText : continuationText, shown, colouring?.subarray(start));
      } else if (index === echoHead) this.#lines += `${continuationText}(${left} lines more)\n`;
      start += line.length + 1;
    });
    this.#fix();
  }

  #addLine(prompt: string, line: string, colouring: Colouring): void {
    const row = new PaintedRow();
    row.add(prompt);
    let at = 0;
    for (const cluster of clusters(line)) {
      row.add(cell(cluster), colouring?.[at]);
      at += cluster.length;
    }
    this.#lines += `${row.end()}\n`;
  }

  /** The lines that are not done: the last one without its newline, or those that are being rewritten. */
  get unended(): readonly string[] {
    if (this.#written) return withoutLastBlank(this.#written.lines);
    return this.#tail === '' ? [] : [closed(this.#style, safeText(this.#tail))];
  }

  /** Ends the user's output: what follows begins on a line of its own, and what was printed stays. */
  endLine(): void {
    for (const line of this.unended) this.#lines += `${line}\n`;
    this.#written = undefined;
    [this.#tail, this.#style, this.#rest] = ['', '', ''];
    this.#fix();
  }

  /** What was painted can no longer be rewritten: the terminal has changed, or another text stands below it. */
  fixPainted(): void {
    this.#painted = [];
  }

  /** What is to be painted since the last call. */
  take(): Above {
    const above = { text: this.#lines, erase: this.#erase };
    const own = lastLines(this.#lines.slice(this.#own));
    this.#painted = this.#own > 0 ? own : [...this.#painted, ...own].slice(-maxPainted);
    this.#lines = '';
    this.#own = 0;
    this.#erase = 0;
    return above;
  }

  #fix(): void {
    this.#own = this.#lines.length;
    this.fixPainted();
  }

  /** Text without moves: kept as it is, for speed. */
  #append(text: string): void {
    const all = this.#tail + text;
    const end = all.lastIndexOf('\n') + 1;
    const lines = all.slice(0, end);
    this.#tail = all.slice(end);
    if (lines === '') return;
    this.#lines += closed(this.#style, safeText(lines));
    this.#style = styleAfter(this.#style, lines);
  }

  #rewrite(text: string): void {
    if (this.#tail.length > maxTail) this.endLine();
    if (!this.#written) {
      this.#written = new Written(this.#style, (lines) => this.#takeBack(lines));
      this.#written.write(this.#tail);
      this.#tail = '';
    }
    this.#written.write(text);
    for (const line of this.#written.release()) this.#lines += `${line}\n`;
    if (!this.#written.isAtEnd) return;
    this.#style = this.#written.style;
    this.#tail = this.#written.lines[0];
    this.#written = undefined;
  }

  /** Takes lines back that were printed: first those that wait, then painted ones that are still on the screen. */
  #takeBack(count: number): readonly string[] {
    const taken: string[] = [];
    while (taken.length < count && this.#lines.length > this.#own) {
      const start = Math.max(this.#own, lineStart(this.#lines, this.#lines.length));
      taken.unshift(this.#lines.slice(start, -1));
      this.#lines = this.#lines.slice(0, start);
    }
    const { columns, rows } = this.#reach();
    while (taken.length < count && this.#own === 0 && this.#lines === '' && this.#painted.length > 0) {
      const line = this.#painted.at(-1)!;
      const height = Math.max(1, Math.ceil(widthOf(line) / columns));
      if (this.#erase + height > rows) break;
      this.#erase += height;
      this.#painted.pop();
      taken.unshift(line);
    }
    return taken;
  }
}

/** A text that began in a style, with that style, and ended by a reset if one is open at its end. */
function closed(style: string, text: string): string {
  return style + text + (styleAfter(style, text) === '' ? '' : '\x1b[0m');
}

function withoutLastBlank(lines: readonly string[]): readonly string[] {
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

/** Where the line begins whose newline is the last character before `end`. */
const lineStart = (text: string, end: number): number => (end < 2 ? 0 : text.lastIndexOf('\n', end - 2) + 1);

/** The last lines of a text of whole lines. */
function lastLines(text: string): string[] {
  let start = text.length;
  for (let count = 0; count < maxPainted && start > 0; count++) start = lineStart(text, start);
  return start === text.length ? [] : text.slice(start, -1).split('\n');
}
