// Library functions over several inputs or partitions: zips, sets, ranges of keys, the levels of tree reductions.
import { MillraceError } from '../../base/errors';
import { compareKeys } from '../../keys/key';
import { decode } from '../../wire/codec';
import { notAPair } from '../task-runtime';

type Rows = IterableIterator<unknown>;

/** Pairs of the elements at the same place. Throws UNEQUAL_ZIP, with the sizes, where one side ends before the other. */
function* zipped([left, right]: readonly Rows[], index: number): Generator<[unknown, unknown]> {
  for (let n = 0; ; n++) {
    const [a, b] = [left.next(), right.next()];
    if (a.done && b.done) return;
    if (a.done || b.done) {
      const more = a.done ? right : left;
      let longer = n + 1;
      for (const _ of more) longer++;
      throw new MillraceError('UNEQUAL_ZIP', { index, left: a.done ? n : longer, right: b.done ? n : longer });
    }
    yield [a.value, b.value];
  }
}

/** Each entry makes a function from its arguments. */
export const severalFunctions = {
  zip: () => zipped,
  zipPartitions: (f: (...inputs: Rows[]) => unknown) => (inputs: readonly Rows[]) => f(...inputs),
  uniqueIds: (partitions: number) =>
    function* (input: Iterable<unknown>, index: number) {
      let id = index;
      for (const x of input) {
        yield [x, id];
        id += partitions;
      }
    },
  /** The left values of a key that the right has not. */
  onlyLeft:
    () =>
    ([left, right]: [unknown[], unknown[]]) =>
      right.length === 0 ? left : [],
  inBoth:
    () =>
    ([, [left, right]]: [unknown, [unknown[], unknown[]]]) =>
      left.length > 0 && right.length > 0,
  nothing: () => () => null,
  /** Pairs whose key is not outside of the encoded bounds. */
  inRange: (lower: Uint8Array, upper: Uint8Array) => {
    const [least, greatest] = [decode(lower, 'executor'), decode(upper, 'executor')];
    return (pair: unknown) => {
      if (!Array.isArray(pair) || pair.length !== 2) notAPair('filterByRange', pair);
      const [key] = pair as [unknown, unknown];
      return compareKeys(least, key) <= 0 && compareKeys(key, greatest) <= 0;
    };
  },
  /** A dataset's partial results one for each group of neighbours, as keys of where they go. */
  neighbours: (from: number, to: number) => (input: Iterable<unknown>, index: number) => {
    const group = Math.floor((index * to) / from);
    return Array.from(input, (x) => [group, x]);
  },
  /** At most one element: all of them merged in order. */
  reducePartition: (merge: (a: unknown, b: unknown) => unknown) => (input: Iterable<unknown>) => {
    const merged: unknown[] = [];
    for (const x of input) merged[0] = merged.length === 0 ? x : merge(merged[0], x);
    return merged;
  },
  /** One element: all of them added to a copy of the zero. */
  foldPartition: (zero: Uint8Array, add: (acc: unknown, x: unknown) => unknown) => (input: Iterable<unknown>) => {
    let acc = decode(zero, 'executor');
    for (const x of input) acc = add(acc, x);
    return [acc];
  },
};
