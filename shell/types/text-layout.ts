// The text that TypeScript sees: the text as typed with small insertions, and the map of positions back.

interface Insertion {
  readonly at: number;
  readonly text: string;
}

/** A text that TypeScript sees for one that was typed. */
export interface TypedText {
  composed(): string;
  /** Length of the composed text without its tail, which belongs to no place of the text as typed. */
  bodyLength(): number;
  /** Maps a position of the composed text to the text as typed. */
  toOriginal(position: number): number;
  /** Whether a position of the composed text belongs to an insertion. */
  isInsertion(position: number): boolean;
}

/**
 * A text with insertions. Insertions at one place stay in the order they were made. The tail comes last and belongs to no place of
 * the user's text.
 */
export class Layout implements TypedText {
  readonly text: string;
  readonly #insertions: Insertion[] = [];
  #tail = '';

  constructor(text: string) {
    this.text = text;
  }

  insert(at: number, text: string): this {
    const after = this.#insertions.findIndex((other) => other.at > at);
    this.#insertions.splice(after < 0 ? this.#insertions.length : after, 0, { at, text });
    return this;
  }

  setTail(tail: string): this {
    this.#tail = tail;
    return this;
  }

  /** The user's text with the insertions and the tail. */
  composed(): string {
    let result = '';
    let from = 0;
    for (const { at, text } of this.#insertions) {
      result += this.text.slice(from, at) + text;
      from = at;
    }
    return result + this.text.slice(from) + this.#tail;
  }

  /** Length of the composed text without its tail. */
  bodyLength(): number {
    return this.#insertions.reduce((length, { text }) => length + text.length, this.text.length);
  }

  /** Maps a position of the composed text to the user's text; inside an insertion, to the place of the insertion. */
  toOriginal(position: number): number {
    let shift = 0;
    for (const { at, text } of this.#insertions) {
      if (position < at + shift) break;
      if (position < at + shift + text.length) return at;
      shift += text.length;
    }
    return Math.min(Math.max(position - shift, 0), this.text.length);
  }

  isInsertion(position: number): boolean {
    let shift = 0;
    for (const { at, text } of this.#insertions) {
      if (position < at + shift) return false;
      if (position < at + shift + text.length) return true;
      shift += text.length;
    }
    return false;
  }

  /** Maps a position of the user's text to the composed text, after any insertion there. */
  toComposed(position: number): number {
    let shift = 0;
    for (const { at, text } of this.#insertions) if (at <= position) shift += text.length;
    return position + shift;
  }
}
