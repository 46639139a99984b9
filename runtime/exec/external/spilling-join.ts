// Joins pairs by key: the left side stands in a table while it fits into memory, and both go to disk as groups where it does not.
import { pullChunk } from '../../base/limits';
import type { PairFrame } from '../../storage/shuffle-file';
import { sizeOfArray } from '../../storage/size-of';
import type { ExternalGroups } from './group';
import { Joiner } from './hash-join';

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
