// Draws numbers with characters, with axes: bars in eighths of a column, lines and points in braille dots, fitted to a width.
import { instantText } from '../../runtime/schema/time-zone';
import { cut, escapeControls, pad, widthOf } from './safe-text';

export interface Bar {
  readonly label: string;
  readonly value: number;
}

/** Axes that count in powers of ten: what is drawn on them is above zero. */
export interface LogAxes {
  readonly x: boolean;
  readonly y: boolean;
}

export type Plot =
  | { readonly kind: 'bars'; readonly bars: readonly Bar[]; readonly log?: boolean }
  /** A line is sorted by x. With `times`, x is milliseconds since the epoch. */
  | {
      readonly kind: 'line' | 'scatter';
      readonly points: readonly (readonly [x: number, y: number])[];
      readonly times: boolean;
      readonly log?: LogAxes;
    };

const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
/** Rows of a line plot, without its axis. */
const lineRows = 12;
/** A label takes at most this share of the width. */
const labelShare = 0.4;
const narrowestPlot = 4;

/** A number in few characters: four digits, no thousands separator. */
export function axisNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e7) return String(value);
  const rounded = Number(value.toPrecision(4));
  return Math.abs(rounded) >= 1e7 || (rounded !== 0 && Math.abs(rounded) < 1e-4) ? rounded.toExponential() : String(rounded);
}

/** Lines of at most `columns`. */
export function drawPlot(plot: Plot, columns: number): string[] {
  return plot.kind === 'bars' ? drawBars(plot.bars, plot.log ?? false, columns) : drawPoints(plot, columns);
}

/** Powers of ten above the one below the least value, so that the shortest bar has a length; nothing for what has no logarithm. */
function logBars(bars: readonly Bar[]): Bar[] {
  const logs = bars.map(({ value }) => (value > 0 ? Math.log10(value) : Number.NaN));
  const floor = Math.ceil(Math.min(...logs.filter(Number.isFinite))) - 1;
  return bars.map(({ label }, index) => ({ label, value: Number.isFinite(logs[index]) ? logs[index] - floor : 0 }));
}

function drawBars(given: readonly Bar[], log: boolean, columns: number): string[] {
  const bars = log ? logBars(given) : given;
  const labels = bars.map(({ label }) => cut(escapeControls(label), Math.max(3, Math.floor(columns * labelShare))));
  const values = given.map(({ value }) => axisNumber(value));
  const labelWidth = Math.max(...labels.map(widthOf));
  const valueWidth = Math.max(...values.map(widthOf));
  const room = columns - labelWidth - valueWidth - 4;
  const [least, most] = [Math.min(0, ...finite(bars)), Math.max(0, ...finite(bars))];
  const scale = room < narrowestPlot || most === least ? 0 : (room * 8) / (most - least);
  const zero = Math.round(-least * scale);
  return bars.map(({ value }, index) => {
    const line = ` ${pad(labels[index], labelWidth)} │${scale === 0 ? '' : barText(value, zero, scale)}`;
    return cut(`${line} ${values[index]}`, columns);
  });
}

const finite = (bars: readonly Bar[]) => bars.map(({ value }) => value).filter(Number.isFinite);

/** Positive bars end in eighths of a column, negative bars in whole columns. */
function barText(value: number, zero: number, scale: number): string {
  const zeroColumns = Math.ceil(zero / 8);
  const units = Number.isFinite(value) ? Math.round(Math.abs(value) * scale) : 0;
  const least = value !== 0 && units === 0 ? 1 : units;
  if (value < 0) {
    const full = Math.min(zeroColumns, Math.max(1, Math.round(least / 8)));
    return ' '.repeat(zeroColumns - full) + '█'.repeat(full);
  }
  return ' '.repeat(zeroColumns) + '█'.repeat(Math.floor(least / 8)) + eighths[least % 8];
}

/** How an axis counts: a value as its place, and a place as its value. */
interface Axis {
  readonly place: (value: number) => number;
  readonly value: (place: number) => number;
}

const linear: Axis = { place: (value) => value, value: (place) => place };
const logarithmic: Axis = { place: Math.log10, value: (place) => 10 ** place };

type Points = Exclude<Plot, { kind: 'bars' }>;

function drawPoints({ kind, points: given, times, log }: Points, columns: number): string[] {
  const [xs, ys] = [log?.x ? logarithmic : linear, log?.y ? logarithmic : linear];
  const points = given.map(([x, y]) => [xs.place(x), ys.place(y)] as const);
  const [x0, x1] = rangeOf(points.map(([x]) => x));
  const [y0, y1] = rangeOf(points.map(([, y]) => y));
  const middle = (y0 + y1) / 2;
  // A value far below the axis's scale is shown as zero.
  const middleLabel = !log?.y && Math.abs(middle) * 1_000 < y1 - y0 ? 0 : ys.value(middle);
  const yLabels = [ys.value(y1), middleLabel, ys.value(y0)].map(axisNumber);
  const widest = Math.max(...yLabels.map(widthOf));
  const labelWidth = columns - widest - 3 < narrowestPlot ? 0 : widest;
  const width = Math.max(narrowestPlot, columns - labelWidth - 3);
  const canvas = new Canvas(width, lineRows);
  const place = ([x, y]: readonly [number, number]): [number, number] => [
    x1 === x0 ? 0 : Math.round(((x - x0) / (x1 - x0)) * (canvas.dotsWide - 1)),
    y1 === y0 ? Math.floor(canvas.dotsHigh / 2) : Math.round(((y1 - y) / (y1 - y0)) * (canvas.dotsHigh - 1)),
  ];
  for (const [index, point] of points.entries())
    canvas.line(place(points[kind === 'line' ? Math.max(0, index - 1) : index]), place(point));
  const labelled = new Map([
    [0, yLabels[0]],
    [Math.floor(lineRows / 2), yLabels[1]],
    [lineRows - 1, yLabels[2]],
  ]);
  const rows = canvas.rows().map((row, index) => {
    const label = labelWidth === 0 ? '' : pad(labelled.get(index) ?? '', labelWidth, true);
    return ` ${label} ${labelled.has(index) ? '┤' : '│'}${row}`.trimEnd();
  });
  const margin = ' '.repeat(labelWidth + 2);
  return [
    ...rows,
    `${margin}└${'─'.repeat(width)}`,
    `${margin} ${xAxis([x0, (x0 + x1) / 2, x1].map(xs.value), times, width)}`,
  ].map((line) => cut(line, columns));
}

/** The least and the greatest of many values. */
function rangeOf(values: readonly number[]): [number, number] {
  return [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
}

/** The first and the last x at the ends, and the middle one if there is room. */
function xAxis(labelled: readonly number[], times: boolean, width: number): string {
  const span = labelled[2] - labelled[0];
  const [first, middle, last] = labelled.map((x) => (times ? timeLabel(x, span) : axisNumber(x)));
  const gap = width - first.length - last.length;
  if (gap < 1) return cut(first, width);
  if (gap < middle.length + 4) return first + ' '.repeat(gap) + last;
  const left = Math.floor((width - middle.length) / 2) - first.length;
  const right = gap - left - middle.length;
  if (left < 1 || right < 1) return first + ' '.repeat(gap) + last;
  return first + ' '.repeat(left) + middle + ' '.repeat(right) + last;
}

const dayMs = 86_400_000;

/** The part of a time that varies within the span. */
function timeLabel(ms: number, span: number): string {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return '';
  const iso = instantText(date);
  if (span >= 3 * dayMs) return iso.slice(0, 10);
  return span >= dayMs / 12 ? iso.slice(5, 16).replace('T', ' ') : iso.slice(11, 19);
}

/** A grid of dots: each braille character is two dots wide and four high. */
class Canvas {
  readonly dotsWide: number;
  readonly dotsHigh: number;
  readonly #columns: number;
  readonly #cells: Uint8Array;

  constructor(columns: number, rows: number) {
    this.#columns = columns;
    this.dotsWide = columns * 2;
    this.dotsHigh = rows * 4;
    this.#cells = new Uint8Array(columns * rows);
  }

  line([fromX, fromY]: readonly [number, number], [toX, toY]: readonly [number, number]): void {
    const steps = Math.max(1, Math.abs(toX - fromX), Math.abs(toY - fromY));
    for (let step = 0; step <= steps; step++)
      this.#dot(Math.round(fromX + ((toX - fromX) * step) / steps), Math.round(fromY + ((toY - fromY) * step) / steps));
  }

  rows(): string[] {
    const texts: string[] = [];
    for (let at = 0; at < this.#cells.length; at += this.#columns) {
      const row = this.#cells.subarray(at, at + this.#columns);
      texts.push(Array.from(row, (dots) => (dots === 0 ? ' ' : String.fromCharCode(0x2800 + dots))).join(''));
    }
    return texts;
  }

  #dot(x: number, y: number): void {
    // The bits of a braille character: rows 1 to 3 left, then right, then row 4.
    const bit = [0x01, 0x02, 0x04, 0x40, 0x08, 0x10, 0x20, 0x80][(x % 2) * 4 + (y % 4)];
    this.#cells[Math.floor(y / 4) * this.#columns + Math.floor(x / 2)] |= bit;
  }
}
