// Joins two streams of pairs by key: a table holds the left one, and the right one passes it.
import { pullChunk } from '../../base/limits';
import { KeyTable } from '../../keys/key';

export class Joiner {
  readonly #keepLeft: boolean;
  readonly #keepRight: boolean;
  readonly #table = new KeyTable();
  /** The first left value of each key; most keys have no other. */
  readonly #first: unknown[] = [];
  readonly #others = new Map<number, unknown[]>();
  readonly #matched: boolean[] = [];

  constructor(keepLeft: boolean, keepRight: boolean) {
    this.#keepLeft = keepLeft;
    this.#keepRight = keepRight;
  }

  build(keys: readonly unknown[], values: readonly unknown[]): void {
    for (let i = 0; i < keys.length; i++) {
      const e = this.#table.find(keys[i]);
      if (e === this.#first.length) {
        this.#first.push(values[i]);
        if (this.#keepLeft) this.#matched.push(false);
        continue;
      }
      const others = this.#others.get(e);
      if (others) others.push(values[i]);
      else this.#others.set(e, [values[i]]);
    }
  }

  /** The pairs of the table by key, those of a key in the order in which they came; the table is empty after it. */
  *drain(): Generator<{ readonly keys: readonly unknown[]; readonly values: readonly unknown[] }> {
    let keys: unknown[] = [];
    let values: unknown[] = [];
    for (let e = 0; e < this.#first.length; e++) {
      for (const value of [this.#first[e], ...(this.#others.get(e) ?? [])]) {
        keys.push(this.#table.keys[e]);
        values.push(value);
        if (keys.length < pullChunk) continue;
        yield { keys, values };
        keys = [];
        values = [];
      }
    }
    if (keys.length > 0) yield { keys, values };
  }

  /** The rows that right pairs make with the left ones. */
  *probe(keys: readonly unknown[], values: readonly unknown[]): Generator<unknown[]> {
    let rows: unknown[] = [];
    for (let i = 0; i < keys.length; i++) {
      const e = this.#table.peek(keys[i]);
      if (e < 0) {
        if (this.#keepRight) rows.push([keys[i], [undefined, values[i]]]);
      } else {
        if (this.#keepLeft) this.#matched[e] = true;
        rows.push([keys[i], [this.#first[e], values[i]]]);
        const others = this.#others.get(e);
        if (others) for (const left of others) rows.push([keys[i], [left, values[i]]]);
      }
      if (rows.length >= pullChunk) {
        yield rows;
        rows = [];
      }
    }
    if (rows.length > 0) yield rows;
  }

  /** The left pairs whose keys never came on the right, where the join asks for them. */
  *unmatched(): Generator<unknown[]> {
    if (!this.#keepLeft) return;
    for (let e = 0; e < this.#first.length; e++) {
      if (this.#matched[e]) continue;
      const key = this.#table.keys[e];
      yield [this.#first[e], ...(this.#others.get(e) ?? [])].map((left) => [key, [left, undefined]]);
    }
  }
}
