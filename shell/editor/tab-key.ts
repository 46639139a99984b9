// Tab: asks for completions, inserts their common beginning, and opens the menu.
import type { Offer } from './editor';
import { commonPrefix, Menu } from './menu';
import type { TextBuffer } from './text-buffer';

export class Completing {
  readonly #buffer: TextBuffer;
  readonly #ask: (text: string, cursor: number) => Promise<Offer>;
  readonly #changed: () => void;
  #menu: Menu | undefined;

  constructor(buffer: TextBuffer, ask: (text: string, cursor: number) => Promise<Offer>, changed: () => void) {
    this.#buffer = buffer;
    this.#ask = ask;
    this.#changed = changed;
  }

  get isOpen(): boolean {
    return this.#menu !== undefined;
  }

  close(): void {
    this.#menu = undefined;
  }

  rows(columns: number, color: boolean): string[] {
    return this.#menu?.rows(columns, color) ?? [];
  }

  /** Chooses the next (1) or previous (-1) entry of the menu, or opens it. */
  tab(step: 1 | -1): void {
    if (this.#menu) this.#choose(this.#menu, step);
    else void this.#open();
  }

  #choose(menu: Menu, step: 1 | -1): void {
    const { start, end } = menu;
    this.#buffer.replace(start, end, menu.choose(step));
    menu.learn(this.#changed);
  }

  async #open(): Promise<void> {
    const { text, cursor } = this.#buffer;
    const offer = await this.#ask(text, cursor).catch(() => undefined);
    // The text may have changed while the answer was on its way.
    if (!offer || this.#buffer.text !== text || this.#buffer.cursor !== cursor || offer.entries.length === 0) return;
    const { start, end, entries } = offer;
    const names = entries.map((entry) => entry.name);
    const prefix = commonPrefix(names);
    // Entries that only resemble the word are not inserted: they wait in the menu.
    const goesOn = names.length === 1 || (prefix.length > end - start && prefix.startsWith(text.slice(start, end)));
    if (goesOn && prefix !== text.slice(start, end)) this.#buffer.replace(start, end, prefix);
    if (names.length > 1) this.#menu = new Menu({ ...offer, end: goesOn ? start + prefix.length : end });
    this.#changed();
  }
}
