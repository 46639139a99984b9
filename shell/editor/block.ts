// Paints the block at the bottom of the screen in place, in one write, and prints everything else above it.

import { shownMarks } from '../base/ascii-marks';
import { widthOf } from '../print/width';
import type { Above } from './output-above';
import type { Frame } from './screen-layout';

/** What the block draws on; `process.stdout` is one. */
export interface Surface {
  write(text: string): unknown;
  readonly columns?: number;
  readonly rows?: number;
}

const beginUpdate = '\x1b[?2026h\x1b[?25l';
const endUpdate = '\x1b[?25h\x1b[?2026l';
const nothing: Above = { text: '', erase: 0 };
const emptyFrame: Frame = { rows: [], cursorRow: 0, cursorColumn: 0 };

export class Block {
  #drawn: Frame = emptyFrame;
  readonly #surface: Surface;

  constructor(surface: Surface) {
    this.#surface = surface;
  }

  get columns(): number {
    // A pseudo-terminal without a size reports 0.
    return this.#surface.columns || 80;
  }

  get rows(): number {
    return this.#surface.rows || 24;
  }

  /** The rows of the screen that the block does not need: one is the cursor's. */
  get rowsAbove(): number {
    return this.rows - Math.max(1, this.#drawn.rows.length);
  }

  /** Replaces the drawn block by `frame`; erases rows above it and prints `text` there, which ends with a newline. */
  paint(frame: Frame, { text, erase }: Above = nothing): void {
    const isAlone = text === '' && erase === 0;
    if (isAlone && sameFrame(frame, this.#drawn)) return;
    // Most paints change a row or two: an echo under a tall pane must not cost the whole pane.
    const inPlace = isAlone && frame.rows.length === this.#drawn.rows.length;
    const drawing = inPlace ? changes(this.#drawn, frame) : this.#erase(erase) + text.replace(/\n/g, '\r\n') + draw(frame);
    this.#surface.write(beginUpdate + shownMarks(drawing) + endUpdate);
    this.#drawn = frame;
  }

  /** Takes the block off the screen; the cursor stays where its first row was. */
  remove(above: Above = nothing): void {
    this.paint(emptyFrame, above);
  }

  /** Another program wrote to the terminal: the drawn block stays there, and the next one starts on a new row. */
  forget(): void {
    if (this.#drawn.rows.length > 0) this.#surface.write('\r\n');
    this.#drawn = emptyFrame;
  }

  /** Clears the screen for the user; the scrollback stays. */
  clearScreen(): void {
    this.#surface.write('\x1b[H\x1b[2J');
    this.#drawn = emptyFrame;
  }

  /**
   * The terminal's width changed: the terminal has reflowed each of our rows (which end in a newline) into as many rows as it
   * needs at the new width.
   */
  reflowed(): void {
    const rowsOf = (row: string) => Math.max(1, Math.ceil(widthOf(row) / this.columns));
    const { rows, cursorRow, cursorColumn } = this.#drawn;
    if (rows.length === 0) return;
    const above = rows.slice(0, cursorRow).reduce((sum, row) => sum + rowsOf(row), 0);
    const total = rows.reduce((sum, row) => sum + rowsOf(row), 0);
    // Erasing needs only the number of rows; this impossible frame equals no real one, so everything is repainted.
    const reflowedRows = new Array<string>(total).fill('\n');
    this.#drawn = { rows: reflowedRows, cursorRow: above + Math.floor(cursorColumn / this.columns), cursorColumn };
  }

  /** Erases row by row and never with CSI J, which makes tmux push the erased screen into its scrollback. */
  #erase(above: number): string {
    const { rows, cursorRow } = this.#drawn;
    if (rows.length + above === 0) return '\r';
    const cleared = new Array<string>(rows.length + above).fill('\x1b[K').join('\x1b[B');
    // Back by the saved cursor, not by counting: a terminal that became lower dropped rows below the cursor.
    return `${up(cursorRow + above)}\r\x1b7${cleared}\x1b8`;
  }
}

/** Rewrites the rows that differ. Each is erased first: after its last column the cursor would still be on it. */
function changes(from: Frame, to: Frame): string {
  let text = '';
  let at = from.cursorRow;
  const go = (row: number) => {
    text += row < at ? up(at - row) : down(row - at);
    at = row;
  };
  to.rows.forEach((row, index) => {
    if (row === from.rows[index]) return;
    go(index);
    text += `\r\x1b[K${row}`;
  });
  go(to.cursorRow);
  return `${text}\r${right(to.cursorColumn)}`;
}

function draw(frame: Frame): string {
  if (frame.rows.length === 0) return '';
  return frame.rows.join('\r\n') + up(frame.rows.length - 1 - frame.cursorRow) + '\r' + right(frame.cursorColumn);
}

const move = (count: number, code: string): string => (count > 0 ? `\x1b[${count}${code}` : '');
const up = (rows: number): string => move(rows, 'A');
const down = (rows: number): string => move(rows, 'B');
const right = (columns: number): string => move(columns, 'C');

function sameFrame(a: Frame, b: Frame): boolean {
  return (
    a.cursorRow === b.cursorRow &&
    a.cursorColumn === b.cursorColumn &&
    a.rows.length === b.rows.length &&
    a.rows.every((row, index) => row === b.rows[index])
  );
}
