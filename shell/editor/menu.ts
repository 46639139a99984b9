// The completion menu under the prompt: its rows and the chosen entry.

import type { CompletionDetail } from '../contract/type-service';
import { paint } from '../print/safe-text';
import { clip, safeText, widthOf } from '../print/width';
import type { Offer } from './editor';

const maxRows = 8;
const gap = 2;
/** Longer names do not widen the columns. */
const maxNameWidth = 32;

const onOneLine = (text: string) => safeText(text).replace(/\s+/g, ' ');

export class Menu {
  readonly #start: number;
  #end: number;
  readonly #names: readonly string[];
  readonly #details: (CompletionDetail | undefined)[];
  readonly #describe: Offer['describe'];
  #chosen: number | undefined;

  constructor(offer: Offer) {
    this.#start = offer.start;
    this.#end = offer.end;
    this.#names = offer.entries.map((entry) => safeText(entry.name));
    this.#details = offer.entries.map(({ detail, sentence }) => (detail === undefined ? undefined : { detail, sentence }));
    this.#describe = offer.describe;
  }

  get start(): number {
    return this.#start;
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
    this.#end = this.#start + name.length;
    return name;
  }

  /** Requests missing details of the chosen entry. */
  learn(changed: () => void): void {
    const chosen = this.#chosen;
    if (chosen === undefined || this.#details[chosen] || !this.#describe) return;
    this.#describe(this.#names[chosen]).then(
      (detail) => {
        this.#details[chosen] = detail ?? {};
        changed();
      },
      () => undefined,
    );
  }

  rows(columns: number, color: boolean): string[] {
    const isList = this.#names.length <= maxRows && this.#details.every((detail) => detail?.detail !== undefined);
    const rows = isList ? this.#list(columns, color) : this.#grid(columns);
    return [...rows, ...this.#about(isList, color)];
  }

  /** One entry per row, with its signature. */
  #list(columns: number, color: boolean): string[] {
    const width = Math.min(columns, maxNameWidth, Math.max(...this.#names.map(widthOf))) + gap;
    const { dim } = paint(color);
    return this.#names.map((name, index) => {
      const whole = onOneLine(this.#details[index]?.detail ?? '');
      const detail = whole.startsWith(name) ? whole.slice(name.length) : whole;
      return clip(this.#shown(index, width) + dim(detail), columns);
    });
  }

  #grid(columns: number): string[] {
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
    return rows;
  }

  /** Details of the chosen entry; a list already shows its signature beside it. */
  #about(isList: boolean, color: boolean): string[] {
    const known = this.#chosen === undefined ? undefined : this.#details[this.#chosen];
    const lines = isList ? [known?.sentence] : [known?.detail, known?.sentence];
    return lines.filter((line) => line !== undefined).map((line) => paint(color).dim(onOneLine(line)));
  }

  #shown(index: number, width: number): string {
    const name = this.#names[index];
    const padding = ' '.repeat(Math.max(0, width - widthOf(name)));
    return (index === this.#chosen ? `\x1b[7m${name}\x1b[27m` : name) + padding;
  }

  /** Scrolls to the chosen entry. */
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
