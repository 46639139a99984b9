// Functions of ours that streams are made of.

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
  withOne: () => (value: unknown) => [value, 1],
};
