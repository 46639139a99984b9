// Where everything of the block goes: pure arithmetic from what is to be seen to rows and a cursor.
import { cell, clip, clusters, widthOf } from './width';

export interface View {
  /** Live lines above the prompt, the first to give way on a small terminal: at most as many as there is room for. */
  readonly panes: (room: number) => readonly string[];
  /** Lines that belong to the running job: unfinished output, progress, waiting entries. */
  readonly status: readonly string[];
  readonly prompt: string;
  readonly continuation: string;
  readonly text: string;
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

/** Panes leave a part of the screen to what is printed, or no answer could be read. */
const paneShare = 2 / 3;

interface Wrapped {
  readonly rows: string[];
  row: number;
  column: number;
}

/** Lays the view out for a terminal of `columns` × `rows`; never taller than the terminal, and the cursor's row is always in it. */
export function layout(view: View, columns: number, rows: number): Frame {
  const entry = wrapEntry(view, columns);
  const window = windowed(entry, rows);
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

/** Breaks prompt and text into rows of the terminal's width; the cursor is found on the way. */
function wrapEntry(view: View, columns: number): Wrapped {
  const wrapped: Wrapped = { rows: [], row: 0, column: 0 };
  let position = 0;
  view.text.split('\n').forEach((line, index) => {
    wrapLine(index === 0 ? view.prompt : view.continuation, line, position, view.cursor, columns, wrapped);
    position += line.length + 1;
  });
  return wrapped;
}

function wrapLine(prefix: string, line: string, start: number, cursor: number, columns: number, into: Wrapped): void {
  let row = prefix;
  let width = widthOf(prefix);
  let position = start;
  const place = () => {
    if (position !== cursor) return;
    into.row = into.rows.length;
    into.column = width;
  };
  const breakRow = () => {
    into.rows.push(row);
    row = '';
    width = 0;
  };
  place();
  for (const cluster of clusters(line)) {
    const shown = cell(cluster);
    const next = widthOf(shown);
    if (width + next > columns && width > 0) {
      breakRow();
      place();
    }
    row += shown;
    width += next;
    position += cluster.length;
    place();
  }
  // A cursor behind the last column would hang in the terminal's pending wrap: it gets a row of its own.
  if (width >= columns && position === cursor) {
    breakRow();
    place();
  }
  into.rows.push(row);
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
