// Library functions behind the operators of streams.

import { asError, MillraceError } from '../../base/errors';
import { showElement } from '../../base/show-element';
import { fromText, jsonText } from '../../wire/text-form';

const valueOfPair = (row: unknown): number | undefined =>
  Array.isArray(row) && row.length === 2 && typeof row[1] === 'number' ? row[1] : undefined;

/** Pairs of equal rank come by their keys: they would change places with each batch else. */
function byKey(a: unknown, b: unknown): number {
  const [left, right] = Array.isArray(a) && Array.isArray(b) ? [a[0], b[0]] : [a, b];
  if (typeof left !== typeof right || (typeof left !== 'string' && typeof left !== 'number')) return 0;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The first `n` by rank, the greatest first; NaN comes last. */
export function greatest<T>(ranked: readonly [number, T][], n: number): [number, T][] {
  const order = (rank: number) => (Number.isNaN(rank) ? Number.NEGATIVE_INFINITY : rank);
  const compare = (a: number, b: number) => (a === b ? 0 : b > a ? 1 : -1);
  return [...ranked].sort(([a, left], [b, right]) => compare(order(a), order(b)) || byKey(left, right)).slice(0, n);
}

/** Each entry makes a function from its arguments, as in library.ts. */
export const streamFunctions = {
  /** The one key of reductions over a whole batch. */
  nullKey: () => () => null,
  /** The number of elements of a partition under the one key, also of an empty one. */
  countUnderNull: () => (input: Iterable<unknown>) => {
    let n = 0;
    for (const _ of input) n++;
    return [[null, n]];
  },
  subtract: () => (a: number, b: number) => a - b,
  /**
   * What a pane shows of a partition: how many rows it has, the `n` greatest by a number with that number, and the first `n`. The number is
   * what `by` says, else the value of a pair; the greatest are undefined where some row has none.
   */
  paneRows: (n: number, by?: (row: unknown) => unknown) => (input: Iterable<unknown>) => {
    let total = 0;
    const first: unknown[] = [];
    let ranked: [number, unknown][] | undefined = [];
    for (const row of input) {
      total++;
      if (first.length < n) first.push(row);
      if (!ranked) continue;
      const rank = by ? Number(by(row)) : valueOfPair(row);
      if (rank === undefined) ranked = undefined;
      else ranked.push([rank, row]);
      if (ranked && ranked.length >= 2 * n + 64) ranked = greatest(ranked, n);
    }
    return [{ total, first, ranked: ranked && greatest(ranked, n) }];
  },
  /** An element as a line of JSON. */
  jsonLine: () => jsonText,
  fromText: () => fromText,
  /** A line under the number of the batch that its time is in, of so many milliseconds; throws BAD_ARGUMENT for no time. */
  batchOfTime: (timeOf: (line: string) => unknown, interval: number) => (line: string) => {
    let time: unknown;
    try {
      time = timeOf(line);
    } catch (error) {
      time = `an error: ${asError(error).message}`;
    }
    if (typeof time === 'number' && Number.isFinite(time)) return [Math.ceil(time / interval), line];
    const rule = 'the time of each line in milliseconds since the epoch';
    const remedy = 'Filter lines without a time out of the files, or give them one.';
    throw new MillraceError('BAD_ARGUMENT', {
      operation: 'replay',
      argument: `what timeOf gives for the line ${showElement(line)}`,
      value: typeof time === 'string' ? time : showElement(time),
      rule,
      remedy,
    });
  },
  /** A line under the number of its batch of so many lines. */
  batchOfPlace:
    (size: number) =>
    ([line, i]: [string, number]) => [Math.floor(i / size) + 1, line],
  withOne: () => (value: unknown) => [value, 1],
};
