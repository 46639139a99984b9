// Going back through earlier entries: step by step, and by search.

/** Where Up and Down stand in the history; the text being typed is the newest place. */
export class HistoryWalk {
  readonly #entries: () => readonly string[];
  #index: number | undefined;
  #draft = '';

  constructor(entries: () => readonly string[]) {
    this.#entries = entries;
  }

  /** The entry before; `current` is kept when it is the text being typed. */
  older(current: string): string | undefined {
    const entries = this.#entries();
    const index = (this.#index ?? entries.length) - 1;
    if (index < 0) return undefined;
    if (this.#index === undefined) this.#draft = current;
    this.#index = index;
    return entries[index];
  }

  newer(): string | undefined {
    if (this.#index === undefined) return undefined;
    const index = this.#index + 1;
    if (index < this.#entries().length) {
      this.#index = index;
      return this.#entries()[index];
    }
    this.#index = undefined;
    return this.#draft;
  }

  reset(): void {
    this.#index = undefined;
    this.#draft = '';
  }
}

/** A search backwards through the history, refined as it is typed. */
export class ReverseSearch {
  readonly #entries: readonly string[];
  #query = '';
  #index: number;
  #found = true;

  constructor(entries: readonly string[]) {
    this.#entries = entries;
    this.#index = entries.length;
  }

  get match(): string {
    return this.#entries[this.#index] ?? '';
  }

  get prompt(): string {
    return `(${this.#found ? '' : 'not found: '}search "${this.#query}") `;
  }

  type(text: string): void {
    this.#query += text;
    this.#find(Math.min(this.#index, this.#entries.length - 1));
  }

  erase(): void {
    this.#query = Array.from(this.#query).slice(0, -1).join('');
    this.#find(this.#entries.length - 1);
  }

  /** Goes on to the next older entry that matches and differs. */
  older(): void {
    const shown = this.match;
    let from = this.#index - 1;
    while (from >= 0 && this.#entries[from] === shown) from--;
    this.#find(from);
  }

  #find(from: number): void {
    for (let index = from; index >= 0; index--) {
      if (!this.#entries[index].includes(this.#query)) continue;
      this.#index = index;
      this.#found = true;
      return;
    }
    this.#found = false;
  }
}
