// External merge sort of pairs by key: sorted runs on disk where a partition does not fit into memory. Stable, as the sort in memory.
import { pullChunk } from '../../base/limits';
import { compareKeys } from '../../keys/key';
import { sortedOrder } from '../../keys/sort-pairs';
import type { PairFrame } from '../../storage/shuffle-file';
import { sizeOfArray } from '../../storage/size-of';
import { chunked } from './chunked';
import { Runs, type SpillSpace } from './sorted-runs';

type Pair = readonly [unknown, unknown];

/** What a pair takes beside its key and its value: the words and indices of a radix sort. */
const pairBytes = 40;

/** So many arrays are joined by one call: each is an argument. */
const joinedAtOnce = 1024;

/** Arrays as one. The built-in keeps arrays of numbers as such. */
function joined(arrays: readonly (readonly unknown[])[]): unknown[] {
  if (arrays.length <= joinedAtOnce) return ([] as unknown[]).concat(...arrays);
  const middle = arrays.length >> 1;
  return joined(arrays.slice(0, middle)).concat(joined(arrays.slice(middle)));
}

/** Pairs by columns: a pair is made when it is given on, so that none has to outlive the sort. */
class Columns {
  #keys: (readonly unknown[])[] = [];
  #values: (readonly unknown[])[] = [];
  bytes = 0;

  add({ keys, values }: PairFrame): void {
    this.#keys.push(keys);
    this.#values.push(values);
    this.bytes += sizeOfArray(keys) + sizeOfArray(values) + keys.length * pairBytes;
  }

  /** The pairs in the order of their keys, in chunks; nothing is left here. */
  *take(ascending: boolean): Generator<Pair[]> {
    const keys = joined(this.#keys);
    const values = joined(this.#values);
    this.#keys = [];
    this.#values = [];
    this.bytes = 0;
    const order = sortedOrder(keys, ascending);
    for (let from = 0; from < order.length; from += pullChunk) {
      const to = Math.min(order.length, from + pullChunk);
      const chunk: Pair[] = [];
      for (let i = from; i < to; i++) chunk.push([keys[order[i]], values[order[i]]]);
      yield chunk;
    }
  }
}

/** The pairs in the order of their keys. */
export function* sorted(frames: Iterable<PairFrame>, ascending: boolean, space: SpillSpace): Generator<unknown[]> {
  const compare = ascending ? (a: Pair, b: Pair) => compareKeys(a[0], b[0]) : (a: Pair, b: Pair) => compareKeys(b[0], a[0]);
  const runs = new Runs<Pair>(space, compare);
  const columns = new Columns();
  for (const frame of frames) {
    columns.add(frame);
    if (columns.bytes > space.budget) runs.write(flat(columns.take(ascending)));
  }
  if (runs.count === 0) return yield* columns.take(ascending);
  runs.write(flat(columns.take(ascending)));
  yield* chunked(runs.merged());
}

function* flat(chunks: Iterable<readonly Pair[]>): Generator<Pair> {
  for (const chunk of chunks) yield* chunk;
}
