// Functions of ours that streams are made of.

import { MillraceError } from '../errors';
import { showElement } from './task-runtime';

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
  /** An element as a line of JSON; JSON has no bigint and no undefined. */
  jsonLine: () => (value: unknown) => JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? String(v) : v)) ?? 'null',
  /** A line under the number of the batch that its time is in, of so many milliseconds; throws BAD_ARGUMENT for no time. */
  batchOfTime: (timeOf: (line: string) => unknown, interval: number) => (line: string) => {
    const time = timeOf(line);
    if (typeof time === 'number' && Number.isFinite(time)) return [Math.ceil(time / interval), line];
    const rule = 'the time of each line in milliseconds since the epoch';
    const remedy = 'Filter lines without a time out of the files, or give them one.';
    throw new MillraceError('BAD_ARGUMENT', {
      operation: 'replay',
      argument: 'what timeOf gives',
      value: showElement(time),
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
