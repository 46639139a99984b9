// The completion menu under the prompt: what it shows and which of its entries is chosen.
import type { Completion } from '../types/protocol';
import { safeText, widthOf } from './width';

const maxRows = 8;
const gap = 2;

export class Menu {
  readonly start: number;
  #end: number;
  readonly #names: readonly string[];
  readonly #detail: readonly (string | undefined)[];
  #chosen: number | undefined;

  constructor(completion: Completion) {
    this.start = completion.start;
    this.#end = completion.end;
    this.#names = completion.entries.map((entry) => safeText(entry.name));
    this.#detail = completion.entries.map((entry) => entry.detail);
  }

  /** The end of the range that the next choice replaces. */
  get end(): number {
    return this.#end;
  }

  /** Chooses the next (or with -1 the previous) entry; the answer replaces the range. */
  choose(step: 1 | -1): string {
    const count = this.#names.length;
    this.#chosen = this.#chosen === undefined ? (step === 1 ? 0 : count - 1) : (this.#chosen + step + count) % count;
    const name = this.#names[this.#chosen];
    this.#end = this.start + name.length;
    return name;
  }

  rows(columns: number): string[] {
    const width = Math.min(columns, Math.max(...this.#names.map(widthOf)) + gap);
    const perRow = Math.max(1, Math.floor(columns / width));
    const rowCount = Math.ceil(this.#names.length / perRow);
    const first = this.#firstRow(perRow, rowCount);
    const rows: string[] = [];
    for (let row = first; row < Math.min(rowCount, first + maxRows); row++) {
      const indexes = this.#names.map((_, index) => index).slice(row * perRow, (row + 1) * perRow);
      rows.push(indexes.map((index) => this.#shown(index, width)).join(''));
    }
    const hidden = this.#names.length - rows.length * perRow;
    if (hidden > 0) rows.push(`… ${hidden} more`);
    const detail = this.#chosen === undefined ? undefined : this.#detail[this.#chosen];
    if (detail !== undefined) rows.push(safeText(detail).replaceAll('\n', ' '));
    return rows;
  }

  #shown(index: number, width: number): string {
    const name = this.#names[index];
    const padding = ' '.repeat(Math.max(0, width - widthOf(name)));
    return (index === this.#chosen ? `\x1b[7m${name}\x1b[27m` : name) + padding;
  }

  /** Scrolls so that the chosen entry is seen. */
  #firstRow(perRow: number, rowCount: number): number {
    if (this.#chosen === undefined || rowCount <= maxRows) return 0;
    return Math.max(0, Math.min(Math.floor(this.#chosen / perRow) - maxRows + 1, rowCount - maxRows));
  }
}

/** The longest beginning that all entries share. */
export function commonPrefix(names: readonly string[]): string {
  let prefix = names[0] ?? '';
  for (const name of names) {
    while (!name.startsWith(prefix)) prefix = prefix.slice(0, -1);
  }
  return prefix;
}
