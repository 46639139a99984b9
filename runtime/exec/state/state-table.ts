// The state of one partition in memory: keys, values and a stamp each; an update costs what it touches.
import { KeyTable } from '../../keys/key';
import { sizeOfArray } from '../../storage/size-of';

/** Stands where a key has no state. */
export const absent = Symbol('no state');

/** Rows of a frame: keys, their values and stamps side by side. */
export type Columns = readonly [keys: unknown[], values: unknown[], stamps: number[]];

/** One key of a window with its value in each batch that holds it, encoded, for functions may change values in place. */
export interface Witness {
  readonly key: unknown;
  readonly values: Uint8Array[];
  /** The version at which it is asked next: a window's length after the last time. */
  dueAt: number;
  /** It was asked once, and gives way to the next new key. */
  wasAsked: boolean;
}

/** Columns of one frame: enough for the codec's columns to pay, few enough to decode at once. */
const columnRows = 16_384;
/** Removed keys that are worth making the table anew, if they are more than those that are there. */
const wornOut = 1024;
/** A key costs its slots and hashes beside itself. */
const bytesPerKey = 32;

/**
 * Keys have numbers, which stay until `compacted`. The stamp of a key is the batch that last touched it; in a window the number of batches
 * that hold it; of sessions the batch in which the first one ends.
 */
export class StateTable {
  /** The version that it holds; undefined before the first. */
  version: number | undefined;
  /** The rows that the step to this version made, for those that read them again; unknown of a table that was read from files. */
  mapped: readonly unknown[] | undefined;
  /** What the merging function and its inverse are checked by, in a window. */
  witness: Witness | undefined;
  /** The greatest number that a value held, in a window: what rounding is measured by. */
  greatest = 0;
  /** The files of batches before it are removed, in a window. */
  cleanedTo: number | undefined;
  /** Rows of the delta files since the last snapshot, and how many those are. */
  deltaRows = 0;
  deltas = 0;
  /** The task that holds rows of it: it must not change under them. */
  readBy: number | undefined;
  readonly #keys = new KeyTable();
  readonly #values: unknown[] = [];
  readonly #stamps: number[] = [];
  /** Keys by the batch that touched them, oldest first: what times out is at the front. */
  readonly #touched: { readonly stamp: number; readonly numbers: number[] }[] | undefined;
  #size = 0;

  /** `hasTimeouts` keeps the order in which keys were touched. */
  constructor(hasTimeouts: boolean) {
    this.#touched = hasTimeouts ? [] : undefined;
  }

  /** Keys that have state. */
  get size(): number {
    return this.#size;
  }

  /** Numbers that were given, those of removed keys included. */
  get numbers(): number {
    return this.#keys.size;
  }

  /** The number of a key; a new one has no state yet. */
  find(key: unknown): number {
    const n = this.#keys.find(key);
    if (n === this.#values.length) {
      this.#values.push(absent);
      this.#stamps.push(Number.NEGATIVE_INFINITY);
    }
    return n;
  }

  keyOf(n: number): unknown {
    return this.#keys.keys[n];
  }

  /** The state of key number `n`, or `absent`. */
  get(n: number): unknown {
    return this.#values[n];
  }

  has(n: number): boolean {
    return this.#values[n] !== absent;
  }

  set(n: number, value: unknown): void {
    if (this.#values[n] === absent) this.#size++;
    this.#values[n] = value;
  }

  remove(n: number): void {
    if (this.#values[n] !== absent) this.#size--;
    this.#values[n] = absent;
  }

  stampOf(n: number): number {
    return this.#stamps[n];
  }

  setStamp(n: number, stamp: number): void {
    this.#stamps[n] = stamp;
  }

  /** Notes that the batch of `stamp` touched a key; false if it did before. */
  touch(n: number, stamp: number): boolean {
    if (this.#stamps[n] === stamp) return false;
    this.#stamps[n] = stamp;
    if (this.#touched) {
      const last = this.#touched.at(-1);
      if (last?.stamp === stamp) last.numbers.push(n);
      else this.#touched.push({ stamp, numbers: [n] });
    }
    return true;
  }

  /** Stamps a key with the batch at which it is due; `takeUntouchedSince` that batch has it, unless it was stamped anew. */
  due(n: number, stamp: number): void {
    if (this.#stamps[n] === stamp || !this.#touched) return;
    this.#stamps[n] = stamp;
    let at = this.#touched.length;
    while (at > 0 && this.#touched[at - 1].stamp > stamp) at--;
    if (this.#touched[at - 1]?.stamp === stamp) this.#touched[at - 1].numbers.push(n);
    else this.#touched.splice(at, 0, { stamp, numbers: [n] });
  }

  /** The keys with state that no batch after `stamp` touched; told once. Costs what was touched until then. */
  takeUntouchedSince(stamp: number): number[] {
    const idle: number[] = [];
    while (this.#touched?.length && this.#touched[0].stamp <= stamp) {
      const { stamp: at, numbers } = this.#touched.shift()!;
      for (const n of numbers) if (this.#stamps[n] === at && this.has(n)) idle.push(n);
    }
    return idle;
  }

  /** Adds what a file holds; its stamps may come in any order. */
  load([keys, values, stamps]: Columns): void {
    for (let i = 0; i < keys.length; i++) {
      const n = this.find(keys[i]);
      this.set(n, values[i]);
      this.#stamps[n] = stamps[i];
    }
  }

  /** Has the order of touches follow from the stamps: after all is loaded. */
  orderTouches(): void {
    if (!this.#touched) return;
    const byStamp = new Map<number, number[]>();
    for (let n = 0; n < this.numbers; n++) {
      if (!this.has(n)) continue;
      const numbers = byStamp.get(this.#stamps[n]);
      if (numbers) numbers.push(n);
      else byStamp.set(this.#stamps[n], [n]);
    }
    this.#touched.length = 0;
    for (const [stamp, numbers] of [...byStamp].sort(([a], [b]) => a - b)) this.#touched.push({ stamp, numbers });
  }

  /** Pairs [key, value] of all keys with state, in the order in which they first came. */
  *pairs(): Generator<unknown[]> {
    let rows: unknown[] = [];
    for (let n = 0; n < this.numbers; n++) {
      if (!this.has(n)) continue;
      rows.push([this.keyOf(n), this.#values[n]]);
      if (rows.length < columnRows) continue;
      yield rows;
      rows = [];
    }
    if (rows.length > 0) yield rows;
  }

  /** All keys with state, as files hold them. */
  columns(): Generator<Columns> {
    return this.columnsOf(this.numbers, (i) => i);
  }

  /** Some keys, those with state among them, as files hold them. */
  *columnsOf(count: number, numberOf: (i: number) => number): Generator<Columns> {
    let columns: Columns = [[], [], []];
    for (let i = 0; i < count; i++) {
      const n = numberOf(i);
      if (!this.has(n)) continue;
      columns[0].push(this.keyOf(n));
      columns[1].push(this.#values[n]);
      columns[2].push(this.#stamps[n]);
      if (columns[0].length < columnRows) continue;
      yield columns;
      columns = [[], [], []];
    }
    if (columns[0].length > 0) yield columns;
  }

  /** The table itself, or one without the numbers of removed keys where these are too many. */
  compacted(): StateTable {
    if (this.numbers - this.#size < Math.max(wornOut, this.#size)) return this;
    const fresh = new StateTable(this.#touched !== undefined);
    for (const columns of this.columns()) fresh.load(columns);
    fresh.orderTouches();
    return Object.assign(fresh, {
      version: this.version,
      mapped: this.mapped,
      witness: this.witness,
      greatest: this.greatest,
      cleanedTo: this.cleanedTo,
      deltaRows: this.deltaRows,
      deltas: this.deltas,
    });
  }

  /** An estimate of its bytes, by a sample. */
  get bytes(): number {
    return this.numbers * bytesPerKey + sizeOfArray(this.#keys.keys) + sizeOfArray(this.#values);
  }
}
