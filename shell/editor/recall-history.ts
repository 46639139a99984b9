// Going back through earlier entries: step by step, and by search.

/** The earlier entries, oldest first. */
export interface Earlier {
  entries(): readonly string[];
  /** The same with those that other shells added meanwhile. */
  refreshed(): readonly string[];
}

/** The position of Up and Down in the history; the text being typed is its newest end. */
export class HistoryWalk {
  readonly #entries: () => readonly string[];
  #index: number | undefined;
  #draft = '';

  constructor(entries: () => readonly string[]) {
    this.#entries = entries;
  }

  /** The previous entry that begins with the text being typed; that text can be reached again by Down. */
  older(current: string): string | undefined {
    const entries = this.#entries();
    const draft = this.#index === undefined ? current : this.#draft;
    const shown = this.#index === undefined ? current : entries[this.#index];
    for (let index = Math.min(this.#index ?? entries.length, entries.length) - 1; index >= 0; index--) {
      if (!entries[index].startsWith(draft) || entries[index] === shown) continue;
      this.#draft = draft;
      this.#index = index;
      return entries[index];
    }
    return undefined;
  }

  newer(): string | undefined {
    if (this.#index === undefined) return undefined;
    const entries = this.#entries();
    const shown = entries[this.#index];
    for (let index = this.#index + 1; index < entries.length; index++) {
      if (!entries[index].startsWith(this.#draft) || entries[index] === shown) continue;
      this.#index = index;
      return entries[index];
    }
    this.#index = undefined;
    return this.#draft;
  }

  reset(): void {
    this.#index = undefined;
    this.#draft = '';
  }
}

/** An incremental search through the history, backwards first. */
export class HistorySearch {
  readonly #entries: readonly string[];
  #query = '';
  #index: number;
  #found = true;
  #forward = false;

  constructor(entries: readonly string[]) {
    this.#entries = entries;
    this.#index = entries.length;
  }

  get match(): string {
    return this.#entries[this.#index] ?? '';
  }

  /** The offset of the query in the match. */
  get matchedAt(): number {
    return Math.max(0, this.match.toLowerCase().indexOf(this.#query.toLowerCase()));
  }

  get prompt(): string {
    return `(${this.#found ? '' : 'not found: '}search${this.#forward ? ' on' : ''} "${this.#query}") `;
  }

  type(text: string): void {
    this.#query += text;
    this.#find(Math.min(this.#index, this.#entries.length - 1), -1);
  }

  erase(): void {
    this.#query = Array.from(this.#query).slice(0, -1).join('');
    this.#find(this.#entries.length - 1, -1);
  }

  /** Moves to the next older (-1) or newer (1) matching entry that differs. */
  next(step: -1 | 1): void {
    const shown = this.match;
    let from = this.#index + step;
    while (this.#entries[from] !== undefined && this.#entries[from] === shown) from += step;
    this.#find(from, step);
  }

  /** Small letters also match capitals; a capital matches only itself. */
  #find(from: number, step: -1 | 1): void {
    this.#forward = step === 1;
    const anyCase = this.#query === this.#query.toLowerCase();
    for (let index = from; index >= 0 && index < this.#entries.length; index += step) {
      const entry = anyCase ? this.#entries[index].toLowerCase() : this.#entries[index];
      if (!entry.includes(this.#query)) continue;
      this.#index = index;
      this.#found = true;
      return;
    }
    this.#found = false;
  }
}
