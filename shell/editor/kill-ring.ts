// The cuts: consecutive cuts are one, and earlier cuts can be pasted in turn.

const maxCuts = 32;

export class KillRing {
  readonly #cuts: string[] = [];
  /** The cut of the last paste, counted from the newest. */
  #turn = 0;

  /** Adds a cut; with `joined` it extends the previous one, on the side from which it was cut. */
  add(text: string, joined?: 'before' | 'after'): void {
    const newest = joined && this.#cuts.pop();
    if (newest === undefined) this.#cuts.push(text);
    else this.#cuts.push(joined === 'before' ? text + newest : newest + text);
    if (this.#cuts.length > maxCuts) this.#cuts.shift();
    this.#turn = 0;
  }

  /** The newest cut; `rotate` continues from it. */
  newest(): string {
    this.#turn = 0;
    return this.#cuts.at(-1) ?? '';
  }

  /** The cut before the last pasted one; after the oldest comes the newest again. */
  rotate(): string {
    this.#turn = (this.#turn + 1) % Math.max(1, this.#cuts.length);
    return this.#cuts.at(-1 - this.#turn) ?? '';
  }
}
