// What was cut: cuts that follow each other are one, and earlier ones can be had back in turn.

const maxCuts = 32;

export class KillRing {
  readonly #cuts: string[] = [];
  /** Which cut the last paste gave, counted from the newest. */
  #turn = 0;

  /** Keeps a cut; with `joined` it belongs to the one before, at the side it was cut from. */
  add(text: string, joined?: 'before' | 'after'): void {
    const newest = joined && this.#cuts.pop();
    if (newest === undefined) this.#cuts.push(text);
    else this.#cuts.push(joined === 'before' ? text + newest : newest + text);
    if (this.#cuts.length > maxCuts) this.#cuts.shift();
    this.#turn = 0;
  }

  /** The newest cut; `rotate` goes on from it. */
  newest(): string {
    this.#turn = 0;
    return this.#cuts.at(-1) ?? '';
  }

  /** The cut before the one that was given last; after the oldest the newest again. */
  rotate(): string {
    this.#turn = (this.#turn + 1) % Math.max(1, this.#cuts.length);
    return this.#cuts.at(-1 - this.#turn) ?? '';
  }
}
