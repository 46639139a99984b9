// Joins pairs by key: the left side stands in a table while it fits into memory, and both go to disk as groups where it does not.
import { pullChunk } from '../../base/limits';
import { KeyTable } from '../../keys/key';
import type { PairFrame } from '../../storage/shuffle-file';
import { sizeOfArray } from '../../storage/size-of';
import type { ExternalGroups } from './group';

/** What a pair takes in the table beside its key and its value. */
const pairBytes = 40;

export interface JoinOptions {
  /** Keep the values of a side that the other has no key for. */
  readonly left: boolean;
  readonly right: boolean;
  /** Estimated bytes that the table of the left side may take. */
  readonly budget: number;
  /** Where both sides go that do not fit. */
  newGroups(): ExternalGroups;
}

/** Two streams of pairs: the table holds the left one, and the right one passes it. */
class Joiner {
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

export function* joined(left: Iterable<PairFrame>, right: Iterable<PairFrame>, options: JoinOptions): Generator<unknown[]> {
  const joiner = new Joiner(options.left, options.right);
  let groups: ExternalGroups | undefined;
  let bytes = 0;
  for (const { keys, values } of left) {
    if (groups) {
      groups.add(0, keys, values);
      continue;
    }
    joiner.build(keys, values);
    bytes += sizeOfArray(keys) + sizeOfArray(values) + keys.length * pairBytes;
    if (bytes <= options.budget) continue;
    groups = options.newGroups();
    for (const pairs of joiner.drain()) groups.add(0, pairs.keys, pairs.values);
  }
  if (groups) {
    for (const { keys, values } of right) groups.add(1, keys, values);
    yield* ofGroups(groups, options);
    return;
  }
  for (const { keys, values } of right) yield* joiner.probe(keys, values);
  yield* joiner.unmatched();
}

const missing: readonly unknown[] = [undefined];

function* ofGroups(groups: ExternalGroups, options: JoinOptions): Generator<unknown[]> {
  let out: unknown[] = [];
  for (const rows of groups.rows()) {
    for (const [key, [own, others]] of rows as [unknown, [unknown[], unknown[]]][]) {
      const lefts = own.length === 0 && options.right ? missing : own;
      const rights = others.length === 0 && options.left ? missing : others;
      for (const b of rights) {
        for (const a of lefts) {
          out.push([key, [a, b]]);
          if (out.length < pullChunk) continue;
          yield out;
          out = [];
        }
      }
    }
  }
  if (out.length > 0) yield out;
}
