// Live panes on the terminal: draws them for its width, divides the height among them, and prints their last state at the end.

import type { PaneModel, PaneRow } from '../contract/pane';
import { clip, widthOf } from '../print/width';

const gap = '  ';
const widestBar = 30;
const narrowestBar = 6;
/** With several columns, a cell is cut to this share of the width. */
const cellShare = 0.5;
const sparks = '▁▂▃▄▅▆▇█';
const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

type Style = (text: string) => string;
const style =
  (color: boolean, code: string, end: string): Style =>
  (text) =>
    color && text !== '' ? `\x1b[${code}m${text}\x1b[${end}m` : text;

const padded = (text: string, columns: number, right: boolean): string => {
  const spaces = ' '.repeat(Math.max(0, columns - widthOf(text)));
  return right ? spaces + text : text + spaces;
};

/** The last values that fit, as bars of one character. */
function sparkline(values: readonly number[], columns: number): string {
  const shown = values.slice(-columns);
  const top = Math.max(...shown, 1);
  return shown
    .map((value) => sparks[Math.min(sparks.length - 1, Math.floor((Math.max(0, value) / top) * sparks.length))])
    .join('');
}

/** A bar of at most `columns`, in eighths of a column. */
function bar(value: number, top: number, columns: number): string {
  if (!(value > 0) || !(top > 0)) return '';
  const units = Math.max(1, Math.round((value / top) * columns * 8));
  return '█'.repeat(Math.floor(units / 8)) + eighths[units % 8];
}

/** `── counts ─────────── 12:00:05 ──` */
function titleLine({ title, time }: PaneModel, columns: number, bold: Style, dim: Style): string {
  const end = ` ${time} ──`;
  const room = columns - widthOf(end) - 5;
  if (room < 4) return bold(clip(title, columns));
  const name = clip(title, room);
  const rule = '─'.repeat(Math.max(0, columns - widthOf(name) - widthOf(end) - 4));
  return `${dim('── ')}${bold(name)} ${dim(rule + end)}`;
}

/** The facts that fit, then the sparkline in the remaining width. */
function factLine({ facts, late, trend }: PaneModel, columns: number, warn: Style, dim: Style): string {
  let line = late === undefined ? '' : ` ${late}`;
  const lateEnd = line.length;
  for (const fact of facts) {
    const longer = line === '' ? ` ${fact}` : `${line} · ${fact}`;
    if (widthOf(longer) > columns) break;
    line = longer;
  }
  const space = Math.min(trend.length, columns - widthOf(line) - gap.length);
  const spark = space >= 4 ? `${gap}${sparkline(trend, space)}` : '';
  return warn(line.slice(0, lateEnd)) + line.slice(lateEnd) + dim(spark);
}

interface PaneStyles {
  readonly dim: Style;
  readonly bar: Style;
}

/** The line of headings, if there are any, and a line for each row. */
function rowLines(
  { headings, numeric }: PaneModel,
  rows: readonly PaneRow[],
  columns: number,
  { dim, bar: color }: PaneStyles,
): string[] {
  const most = numeric.length > 1 ? Math.max(8, Math.floor(columns * cellShare)) : columns - 1;
  const clipped = (texts: readonly string[]) => texts.map((text) => clip(text, most));
  const names = headings === undefined || rows.length === 0 ? [] : [clipped(headings)];
  const body = rows.map((row) => clipped(row.cells));
  const cells = [...names, ...body];
  const widths = numeric.map((_, column) => Math.max(0, ...cells.map((row) => widthOf(row[column] ?? ''))));
  const used = 1 + widths.reduce((a, b) => a + b, 0) + gap.length * widths.length;
  const barColumns = Math.min(widestBar, columns - used);
  const top = Math.max(0, ...rows.map(({ value }) => value ?? 0));
  const heads = names.map((row) =>
    dim(` ${widths.map((width, column) => padded(row[column], width, numeric[column])).join(gap)}`.trimEnd()),
  );
  const lines = body.map((row, index) => {
    const texts = widths.map((width, column) => padded(row[column] ?? '', width, numeric[column]));
    const { value } = rows[index];
    const drawn = value === undefined || barColumns < narrowestBar ? '' : bar(value, top, barColumns);
    return ` ${drawn === '' ? texts.join(gap).trimEnd() : texts.join(gap) + gap + color(drawn)}`;
  });
  return [...heads, ...lines];
}

/** The height of a pane with enough room. */
const heightOf = ({ headings, rows, left }: PaneModel): number =>
  2 + headLines(headings, rows) + Math.max(1, rows.length) + (left > 0 ? 1 : 0);

const headLines = (headings: PaneModel['headings'], rows: readonly PaneRow[]): number =>
  headings === undefined || rows.length === 0 ? 0 : 1;

/** One pane in at most `height` lines of at most `columns`. */
export function paneLines(pane: PaneModel, columns: number, height: number, color: boolean): string[] {
  if (height <= 0) return [];
  const [bold, dim] = [style(color, '1', '22'), style(color, '2', '22')];
  const [warn, blue] = [style(color, '33', '39'), style(color, '34', '39')];
  const lines = [titleLine(pane, columns, bold, dim), factLine(pane, columns, warn, dim)];
  const room = height - lines.length - headLines(pane.headings, pane.rows);
  const fits = room >= pane.rows.length + (pane.left > 0 ? 1 : 0);
  const shown = pane.rows.slice(0, fits ? pane.rows.length : Math.max(1, room - 1));
  lines.push(...rowLines(pane, shown, columns, { dim, bar: blue }));
  const left = pane.left + pane.rows.length - shown.length;
  if (left > 0) lines.push(dim(` … ${left} more`));
  else if (pane.rows.length === 0) lines.push(dim(' no rows'));
  return lines.slice(0, height).map((line) => clip(line, columns));
}

/** How many lines each gets: small panes all they need, the others equal shares of the rest. */
function shares(wanted: readonly number[], room: number): number[] {
  const given = wanted.map(() => 0);
  const ascending = wanted.map((_, index) => index).sort((a, b) => wanted[a] - wanted[b]);
  let left = room;
  ascending.forEach((index, place) => {
    // The last ones get the remainder.
    given[index] = Math.min(wanted[index], Math.floor(left / (ascending.length - place)));
    left -= given[index];
  });
  return given;
}

/** The panes that are open. */
export class PaneBoard {
  readonly #panes = new Map<number, PaneModel>();
  readonly #color: () => boolean;
  #drawn: { readonly columns: number; readonly room: number; readonly lines: readonly string[] } | undefined;

  constructor(color: () => boolean) {
    this.#color = color;
  }

  get isEmpty(): boolean {
    return this.#panes.size === 0;
  }

  update(id: number, pane: PaneModel): void {
    this.#panes.set(id, pane);
    this.#drawn = undefined;
  }

  /** Removes a pane; answers its last state, for the scrollback. */
  close(id: number, columns: number): string {
    const pane = this.#panes.get(id);
    this.#panes.delete(id);
    this.#drawn = undefined;
    return pane ? `${paneLines(pane, columns, heightOf(pane), this.#color()).join('\n')}\n` : '';
  }

  /** Removes all panes; answers their last states. */
  closeAll(columns: number): string {
    return [...this.#panes.keys()].map((id) => this.close(id, columns)).join('');
  }

  /** All panes in at most `room` lines. */
  readonly render = (columns: number, room: number): readonly string[] => {
    if (this.#drawn?.columns === columns && this.#drawn.room === room) return this.#drawn.lines;
    const panes = [...this.#panes.values()];
    const given = shares(panes.map(heightOf), room);
    const lines = panes.flatMap((pane, index) => paneLines(pane, columns, given[index], this.#color()));
    this.#drawn = { columns, room, lines };
    return lines;
  };
}
