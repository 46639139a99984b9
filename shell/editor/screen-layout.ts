// Lays out the block: pure arithmetic from the view to rows and a cursor.

import { cell, clip, clusters, widthOf } from '../print/width';
import { type Colouring, PaintedRow } from './colours';

export interface View {
  /** Live lines above the prompt, at most as many as there is room for; on a small terminal they give way first. */
  readonly panes: (room: number) => readonly string[];
  /** Lines that belong to the running job: unfinished output, progress, waiting entries. */
  readonly status: readonly string[];
  readonly prompt: string;
  readonly continuation: string;
  readonly text: string;
  /** How each unit of the text is painted. */
  readonly colouring?: Colouring;
  /** UTF-16 offset into `text`. */
  readonly cursor: number;
  /** Lines under the prompt. */
  readonly menu: readonly string[];
}

export interface Frame {
  readonly rows: readonly string[];
  readonly cursorRow: number;
  readonly cursorColumn: number;
}

/** Panes leave part of the screen to printed output, or no answer could be read. */
const paneShare = 2 / 3;

/** Of a longer line only the part around the cursor is laid out, or each key would cost the whole length of a megabyte line. */
const maxLine = 8192;

interface Wrapped {
  readonly rows: string[];
  row: number;
  column: number;
}

/** Lays out the view for a terminal of `columns` × `rows`: never taller than the terminal, always with the cursor's row. */
export function layout(view: View, columns: number, rows: number): Frame {
  const window = windowed(wrapEntry(view, columns, rows), rows);
  const menu = view.menu.slice(0, rows - window.rows.length).map((line) => clip(line, columns));
  const status = lastRows(view.status, rows - window.rows.length - menu.length, columns);
  // One row stays free, so that printing above the block never has to scroll a pane away.
  const free = rows - 1 - window.rows.length - menu.length - status.length;
  const room = Math.max(0, Math.min(free, Math.ceil(rows * paneShare)));
  const panes = view
    .panes(room)
    .slice(0, room)
    .map((line) => clip(line, columns));
  return {
    rows: [...panes, ...status, ...window.rows, ...menu],
    cursorRow: panes.length + status.length + window.row,
    cursorColumn: window.column,
  };
}

/**
 * Breaks prompt and text into rows of the terminal's width and finds the cursor's row. Lines further from the cursor than the
 * height of the screen are left out.
 */
function wrapEntry(view: View, columns: number, height: number): Wrapped {
  const { text, cursor } = view;
  const wrapped: Wrapped = { rows: [], row: 0, column: 0 };
  let start = startAbove(text, cursor, height);
  for (let below = 0; below <= height; ) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    wrapLine(view, start, end, columns, wrapped);
    if (newline < 0) break;
    if (start > cursor) below++;
    start = newline + 1;
  }
  return wrapped;
}

/** The start of the line that is `lines` above the cursor's, or of the text. */
function startAbove(text: string, cursor: number, lines: number): number {
  let start = cursor === 0 ? 0 : text.lastIndexOf('\n', cursor - 1) + 1;
  for (let above = 0; above < lines && start > 0; above++) start = start === 1 ? 0 : text.lastIndexOf('\n', start - 2) + 1;
  return start;
}

function wrapLine(view: View, lineStart: number, lineEnd: number, columns: number, into: Wrapped): void {
  const { cursor, colouring } = view;
  const [start, end] = partOfLine(lineStart, lineEnd, cursor);
  const prefix = lineStart === 0 ? view.prompt : view.continuation;
  const shownPrefix = start > lineStart ? '…' : clip(prefix, columns);
  let row = new PaintedRow();
  row.add(shownPrefix);
  let width = widthOf(shownPrefix);
  let position = start;
  const breakRow = () => {
    into.rows.push(row.end());
    row = new PaintedRow();
    width = 0;
  };
  const placeCursor = () => {
    into.row = into.rows.length;
    into.column = width;
  };
  for (const cluster of clusters(view.text.slice(start, end))) {
    const shown = cell(cluster);
    const next = widthOf(shown);
    if (width + next > columns && width > 0) breakRow();
    if (cursor >= position && cursor < position + cluster.length) placeCursor();
    row.add(shown, colouring?.[position]);
    width += next;
    position += cluster.length;
  }
  if (cursor === position) {
    // A cursor after the last column would hang in the terminal's pending wrap: it gets a new row.
    if (width >= columns) breakRow();
    placeCursor();
  }
  if (end < lineEnd) row.add('…');
  into.rows.push(row.end());
}

/** The part of a line that is laid out: all of it, or a part that stays the same while the cursor moves in it. */
function partOfLine(start: number, end: number, cursor: number): [number, number] {
  if (end - start <= maxLine) return [start, end];
  if (cursor < start || cursor > end) return [start, start + maxLine];
  const half = maxLine / 2;
  const from = start + Math.max(0, Math.floor((cursor - start) / half) - 1) * half;
  return [from, Math.min(end, from + maxLine)];
}

/** The rows of the entry that fit, around the cursor. */
function windowed(entry: Wrapped, height: number): Wrapped {
  if (entry.rows.length <= height) return entry;
  const first = Math.max(0, Math.min(entry.row - Math.floor(height / 2), entry.rows.length - height));
  return { rows: entry.rows.slice(first, first + height), row: entry.row - first, column: entry.column };
}

/** The last lines that fit, each on one row. */
function lastRows(lines: readonly string[], room: number, columns: number): string[] {
  return room <= 0 ? [] : lines.slice(-room).map((line) => clip(line, columns));
}
