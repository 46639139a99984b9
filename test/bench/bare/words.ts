// Counts of words by their bytes: open addressing over four integers each, twelve bytes of the word and its count.

const fields = 4;
/** Words of more bytes are counted by their text. */
const maxBytes = 12;

const masks = Int32Array.from([0, 0xff, 0xffff, 0xffffff, -1]);

/** What of a table is sent to another process. */
export interface PackedWords {
  readonly entries: Int32Array;
  readonly long: ReadonlyMap<string, number>;
}

export class WordTable {
  #slots = new Int32Array(fields << 16);
  #size = 0;
  #long = new Map<string, number>();

  get size(): number {
    return this.#size + this.#long.size;
  }

  /** Counts the words of some lines; up to sixteen bytes behind them are read, and never counted. */
  count(bytes: Buffer, end: number): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let start = 0;
    for (let p = 0; p <= end; p++) {
      if (p < end) {
        const c = bytes[p];
        if (c !== 32 && c !== 10) continue;
      } else if (start === end) break;
      const length = p - start;
      if (length > maxBytes) this.#addLong(bytes.toString('latin1', start, p), 1);
      else {
        const a = view.getInt32(start, true) & masks[length < 4 ? length : 4];
        const b = length > 4 ? view.getInt32(start + 4, true) & masks[length < 8 ? length - 4 : 4] : 0;
        const c = length > 8 ? view.getInt32(start + 8, true) & masks[length - 8] : 0;
        this.#add(a, b, c, 1);
      }
      start = p + 1;
    }
  }

  /** The entries whose hash has this lowest bit, or all. */
  packed(parity?: number): PackedWords {
    const slots = this.#slots;
    const entries = new Int32Array(this.#size * fields);
    let n = 0;
    for (let at = 0; at < slots.length; at += fields) {
      if (slots[at + 3] === 0 || (parity !== undefined && parityOf(slots[at], slots[at + 1], slots[at + 2]) !== parity)) continue;
      for (let i = 0; i < fields; i++) entries[n + i] = slots[at + i];
      entries[n + 3]--;
      n += fields;
    }
    const long = new Map([...this.#long].filter(([word]) => parity === undefined || (word.length & 1) === parity));
    return { entries: entries.subarray(0, n).slice(), long };
  }

  /** Adds the counts of another table `sign` times. */
  merge({ entries, long }: PackedWords, sign = 1): void {
    for (let i = 0; i < entries.length; i += fields) this.#add(entries[i], entries[i + 1], entries[i + 2], entries[i + 3] * sign);
    for (const [word, n] of long) this.#addLong(word, n * sign);
  }

  #addLong(word: string, n: number): void {
    this.#long.set(word, (this.#long.get(word) ?? 0) + n);
  }

  /** A place holds the count and one more: 0 is a free one, also where a count went back to nothing. The empty word is three zeros. */
  #add(a: number, b: number, c: number, n: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let at = (hashOf(a, b, c) << 2) & mask;
    while (slots[at + 3] !== 0) {
      if (slots[at] === a && slots[at + 1] === b && slots[at + 2] === c) {
        slots[at + 3] += n;
        return;
      }
      at = (at + fields) & mask;
    }
    slots[at] = a;
    slots[at + 1] = b;
    slots[at + 2] = c;
    slots[at + 3] = n + 1;
    this.#size++;
    if (this.#size * fields * 2 > slots.length) this.#grow();
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Int32Array(old.length * 4);
    this.#size = 0;
    for (let at = 0; at < old.length; at += fields)
      if (old[at + 3] !== 0) this.#add(old[at], old[at + 1], old[at + 2], old[at + 3] - 1);
  }
}

function hashOf(a: number, b: number, c: number): number {
  const h = Math.imul(a ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35), 0x9e3779b1);
  return h ^ (h >>> 15);
}

const parityOf = (a: number, b: number, c: number): number => (hashOf(a, b, c) >>> 30) & 1;
