// Short texts that come again and again, such as codes and names: each is made once of its bytes.

/** Texts of at most so many bytes are looked up. A copy of a longer one costs less than the comparison. */
export const longestShort = 24;
const slots = 1 << 12;

export class ShortTexts {
  readonly #kept: (string | undefined)[] = new Array<string | undefined>(slots).fill(undefined);

  /** The text of some bytes, each of which is a character. */
  of(buffer: Buffer, from: number, to: number): string {
    let hash = to - from;
    for (let p = from; p < to; p++) hash = (Math.imul(hash, 31) + buffer[p]) | 0;
    const slot = (hash ^ (hash >>> 15)) & (slots - 1);
    const kept = this.#kept[slot];
    if (kept !== undefined && kept.length === to - from) {
      let p = from;
      while (p < to && kept.charCodeAt(p - from) === buffer[p]) p++;
      if (p === to) return kept;
    }
    // A copy of its own: a piece of a longer string would keep all of that in memory.
    const text = buffer.toString('latin1', from, to);
    this.#kept[slot] = text;
    return text;
  }
}
