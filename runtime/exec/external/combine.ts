// Aggregation by key beyond the memory of a task: tables that are full go to disk sorted by hash, and are merged from there.
import { combineKeys } from '../../base/limits';
import { FewKeys } from '../../keys/few-keys';
import type { KeyTable } from '../../keys/key';
import { sizeOfArray } from '../../storage/size-of';
import { chunked } from './chunked';
import { Runs, type SpillSpace } from './sorted-runs';

/** A key with its combined value, and the hash by which runs are sorted. */
type Entry = readonly [hash: number, key: unknown, value: unknown];

/** What an entry of a table takes beside its key and its value: slots, hashes, the array of the row. */
const entryBytes = 40;
const leastRows = 64;
const mostRows = 65_536;

/**
 * The rows that a table may take before its size is to be looked at again; 0 where it is full. Sizes are estimated from the values
 * alone, so that a task that runs again spills at the same places and gives its rows in the same order.
 */
export function tableRoom(table: KeyTable, values: readonly unknown[], budget: number): number {
  const keys = table.size;
  if (keys === 0) return leastRows;
  if (keys >= combineKeys) return 0;
  const bytes = sizeOfArray(table.keys) + sizeOfArray(values) + keys * entryBytes;
  if (bytes > budget) return 0;
  // As if every row brought a key: half the way to the limit, at most.
  const fitting = ((budget - bytes) / (bytes / keys)) >> 1;
  return Math.max(leastRows, Math.min(mostRows, fitting));
}

export class ExternalCombine {
  readonly #runs: Runs<Entry>;
  readonly #budget: number;
  readonly #merge: (a: unknown, b: unknown) => unknown;

  constructor(space: SpillSpace, merge: (a: unknown, b: unknown) => unknown) {
    this.#runs = new Runs(space, (a, b) => a[0] - b[0]);
    this.#budget = space.budget;
    this.#merge = merge;
  }

  /** Rows that may be added before the next call; 0 asks for a `spill` and a new table. */
  room(table: KeyTable, values: readonly unknown[]): number {
    return tableRoom(table, values, this.#budget);
  }

  spill(table: KeyTable, values: readonly unknown[]): void {
    const order = Array.from(table.keys, (_, i) => i);
    const hashes = order.map((i) => table.hashOf(i));
    order.sort((a, b) => hashes[a] - hashes[b]);
    this.#runs.write(this.#entries(order, hashes, table, values));
  }

  *#entries(order: readonly number[], hashes: readonly number[], table: KeyTable, values: readonly unknown[]): Generator<Entry> {
    for (const i of order) yield [hashes[i], table.keys[i], values[i]];
  }

  /** Rows [key, combined]: of the table, if nothing was spilled, else merged with all that was. */
  *rows(table: KeyTable, values: readonly unknown[]): Generator<unknown[]> {
    if (this.#runs.count === 0) return yield* chunked(pairsOf(table, values));
    this.spill(table, values);
    yield* chunked(this.#merged());
  }

  *#merged(): Generator<unknown[]> {
    let hash = -1;
    let table = new FewKeys();
    let values: unknown[] = [];
    for (const [h, key, value] of this.#runs.merged()) {
      if (h !== hash) {
        yield* pairsOf(table, values);
        table = new FewKeys();
        values = [];
        hash = h;
      }
      const e = table.find(key);
      if (e === values.length) values.push(value);
      else values[e] = this.#merge(values[e], value);
    }
    yield* pairsOf(table, values);
  }
}

function* pairsOf(table: { readonly keys: readonly unknown[] }, values: readonly unknown[]): Generator<unknown[]> {
  for (let i = 0; i < values.length; i++) yield [table.keys[i], values[i]];
}
