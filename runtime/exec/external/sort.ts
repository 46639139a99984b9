// External merge sort of pairs by key: sorted runs on disk where a partition does not fit into memory. Stable, as the sort in memory.
import { compareKeys } from '../../rdd/key';
import { sizeOfArray } from '../../storage/size-of';
import { sortPairs } from '../sort-pairs';
import { chunked } from './chunked';
import { Runs, type SpillSpace } from './runs';

type Pair = readonly [unknown, unknown];

/** The pairs in the order of their keys. */
export function* sorted(chunks: Iterable<readonly unknown[]>, ascending: boolean, space: SpillSpace): Generator<unknown[]> {
  const compare = ascending ? (a: Pair, b: Pair) => compareKeys(a[0], b[0]) : (a: Pair, b: Pair) => compareKeys(b[0], a[0]);
  const runs = new Runs<Pair>(space, compare);
  let rows: Pair[] = [];
  let bytes = 0;
  for (const chunk of chunks) {
    bytes += sizeOfArray(chunk);
    for (const row of chunk) rows.push(row as Pair);
    if (bytes <= space.budget) continue;
    runs.write(sortPairs(rows, ascending));
    rows = [];
    bytes = 0;
  }
  rows = sortPairs(rows, ascending);
  if (runs.count === 0) return yield* chunked(rows);
  runs.write(rows);
  rows = [];
  yield* chunked(runs.merged());
}
