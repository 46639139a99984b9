// Lines that the user's output may rewrite: carriage returns, erasing and cursor codes move within them, and nothing else is obeyed.
import { clusters, safeText, widthOf } from '../print/width';

/** One column; the second one of a wide character has no text. */
interface Cell {
  readonly text: string;
  readonly style: string;
}

const blank: Cell = { text: ' ', style: '' };
const tabStops = 8;
/** Longer runs of styles without a reset keep only their end. */
const maxStyle = 64;

/** Colour, a code that is obeyed here or dropped, a line end, other text. */
const tokens =
  /(\x1b\[[0-9;:]*m)|\x1b\[([0-9;]*)([A-HJKf])|(\x1b\[\?(?:7|25|2026)[hl])|\x1b([78])|(\r?\n|\r|\x08|\t)|([^\x1b\r\n\x08\t]+|\x1b)/g;

/** Whether a text has more than colours and whole lines. */
export const movesCursor = (text: string): boolean => /\x1b(?!\[[0-9;:]*m)|\r(?!\n)|\x08/.test(text);

/** A code that the end of the text cuts off: its rest is in the next one. */
export const cutCode = (text: string): string => /(?:\x1b(?:\[[?0-9;:]{0,24})?|\r)$/.exec(text)?.[0] ?? '';

/** The style after a text that began in `style`. */
export function styleAfter(style: string, text: string): string {
  let after = style;
  for (const [code] of text.matchAll(/\x1b\[[0-9;:]*m/g)) after = /\[0*m$/.test(code) ? '' : (after + code).slice(-maxStyle);
  return after.slice(Math.max(0, after.indexOf('\x1b')));
}

/** The user's output where nothing can be rewritten: of the codes that are obeyed here, only carriage returns and colours stay. */
export const plainOutput = (text: string): string =>
  withoutMoves(text)
    .split(/\r(?!\n)/)
    .map(safeText)
    .join('\r');

const withoutMoves = (text: string): string =>
  text.replace(tokens, (token, _colour, _numbers, move, dropped, saved) =>
    move !== undefined || dropped !== undefined || saved !== undefined ? '' : token,
  );

export class Written {
  #rows: Cell[][] = [[]];
  #row = 0;
  #column = 0;
  #style: string;
  /** Rows above the first one that are no longer held, for a saved position. */
  #gone = 0;
  #saved = { row: 0, column: 0 };
  /** Gets back up to so many lines that were printed above the first row; they can be rewritten then. */
  readonly #takeBack: (lines: number) => readonly string[];

  constructor(style: string, takeBack: (lines: number) => readonly string[]) {
    this.#style = style;
    this.#takeBack = takeBack;
  }

  get style(): string {
    return this.#style;
  }

  /** Whether the cursor is behind all that was written: nothing here can change any more but by another code. */
  get isAtEnd(): boolean {
    return this.#row === this.#rows.length - 1 && this.#column === this.#rows[this.#row].length;
  }

  /** The rows as text. */
  get lines(): string[] {
    return this.#rows.map(rendered);
  }

  /** Takes out the rows above the cursor, if it is on the last one. */
  release(): string[] {
    if (this.#row < this.#rows.length - 1) return [];
    const done = this.#rows.splice(0, this.#row);
    this.#gone += done.length;
    this.#row = 0;
    return done.map(rendered);
  }

  write(text: string): void {
    for (const [, colour, numbers, move, , saved, control, plain] of text.matchAll(tokens)) {
      if (colour !== undefined) this.#style = styleAfter(this.#style, colour);
      else if (move !== undefined) this.#move(move, numbers.split(';').map(Number));
      else if (saved !== undefined) this.#keepPlace(saved === '7');
      else if (control !== undefined) this.#control(control);
      else if (plain !== undefined) for (const cluster of clusters(safeText(plain))) this.#put(cluster);
    }
  }

  #control(control: string): void {
    if (control === '\r') this.#column = 0;
    else if (control === '\b') this.#column = Math.max(0, this.#column - 1);
    else if (control === '\t') this.#column += tabStops - (this.#column % tabStops);
    else {
      if (this.#row === this.#rows.length - 1) this.#rows.push([]);
      this.#row++;
      this.#column = 0;
    }
  }

  #put(cluster: string): void {
    const width = widthOf(cluster);
    const row = this.#rows[this.#row];
    if (width === 0) {
      const before = row[this.#column - 1];
      if (before) row[this.#column - 1] = { ...before, text: before.text + cluster };
      return;
    }
    while (row.length < this.#column) row.push(blank);
    this.#parted(row, this.#column);
    this.#parted(row, this.#column + width);
    row[this.#column++] = { text: cluster, style: this.#style };
    for (let rest = 1; rest < width; rest++) row[this.#column++] = { text: '', style: this.#style };
  }

  /** A wide character of which one half is overwritten leaves a blank. */
  #parted(row: Cell[], column: number): void {
    if (row[column]?.text !== '') return;
    row[column - 1] = blank;
    row[column] = blank;
  }

  #move(code: string, [first = 0, second = 0]: readonly number[]): void {
    const count = Math.max(1, first);
    if (code === 'A' || code === 'F') this.#up(count);
    else if (code === 'B' || code === 'E') this.#row = Math.min(this.#rows.length - 1, this.#row + count);
    else if (code === 'C') this.#column += Math.min(count, 1_000);
    else if (code === 'D') this.#column = Math.max(0, this.#column - count);
    else if (code === 'G') this.#column = Math.min(count, 1_000) - 1;
    else if (code === 'J') this.#eraseLines(first);
    else if (code === 'K') this.#eraseLine(first);
    else this.#go(count - 1, Math.min(Math.max(1, second), 1_000) - 1);
    if (code === 'E' || code === 'F') this.#column = 0;
  }

  #up(count: number): void {
    if (count > this.#row) {
      const back = this.#takeBack(count - this.#row);
      this.#rows.unshift(...back.map(Written.#cellsOf));
      this.#gone = Math.max(0, this.#gone - back.length);
      this.#row += back.length;
    }
    this.#row = Math.max(0, this.#row - count);
  }

  /** The screen of an entry is its own output: its first row is the first one that can still be rewritten. */
  #go(row: number, column: number): void {
    this.#up(Number.POSITIVE_INFINITY);
    while (this.#rows.length <= Math.min(row, 1_000)) this.#rows.push([]);
    this.#row = Math.min(row, 1_000);
    this.#column = column;
  }

  /** The cells of a line that was printed. */
  static #cellsOf(this: void, line: string): Cell[] {
    const lines = new Written('', () => []);
    lines.write(line);
    return lines.#rows[0];
  }

  #keepPlace(isSaving: boolean): void {
    if (isSaving) {
      this.#saved = { row: this.#gone + this.#row, column: this.#column };
      return;
    }
    const row = this.#saved.row - this.#gone;
    if (row < this.#row) this.#up(this.#row - row);
    else this.#row = Math.min(row, this.#rows.length - 1);
    this.#column = this.#saved.column;
  }

  #eraseLine(mode: number): void {
    const row = this.#rows[this.#row];
    if (mode === 0) row.length = Math.min(row.length, this.#column);
    else if (mode === 2) row.length = 0;
    else row.fill(blank, 0, this.#column + 1);
  }

  #eraseLines(mode: number): void {
    if (mode === 0) {
      this.#eraseLine(0);
      this.#rows.length = this.#row + 1;
    } else if (mode === 1) {
      this.#eraseLine(1);
      for (const row of this.#rows.slice(0, this.#row)) row.length = 0;
    } else {
      this.#up(Number.POSITIVE_INFINITY);
      this.#rows = [[]];
    }
  }
}

/** A row with its styles, without the blanks at its end. */
function rendered(row: readonly Cell[]): string {
  const end = row.findLastIndex((cell) => cell !== blank) + 1;
  let text = '';
  let style = '';
  for (const cell of row.slice(0, end)) {
    if (cell.style !== style) text += (style === '' ? '' : '\x1b[0m') + cell.style;
    style = cell.style;
    text += cell.text;
  }
  return style === '' ? text : `${text}\x1b[0m`;
}
