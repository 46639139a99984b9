// Promises that functions answer, and the error about one that no step awaits.
import { MillraceError } from '../base/errors';

export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  (typeof value === 'object' || typeof value === 'function') &&
  value !== null &&
  typeof (value as { then?: unknown }).then === 'function';

const isAsyncIterable = (value: unknown): boolean =>
  typeof (value as Partial<AsyncIterable<unknown>> | null | undefined)?.[Symbol.asyncIterator] === 'function';

const elementwise: ReadonlySet<string> = new Set(['map', 'flatMap', 'filter', 'keyBy', 'mapValues', 'flatMapValues']);
const others: Readonly<Record<string, string>> = {
  groupBy: 'async x => …',
  sortBy: 'async x => …',
  mapPartitions: 'async rows => …',
  mapPartitionsWithIndex: 'async (index, rows) => …',
};

function remedyFor(operation: string): string {
  if (elementwise.has(operation))
    return `Write ${operation}(async x => …), or ${operation}(f, { concurrency: 8 }): so many calls wait at a time.`;
  return Object.hasOwn(others, operation)
    ? `Write ${operation}(${others[operation]}).`
    : 'Await it in a step before: map(async x => …).';
}

/** Raises PROMISE_NOT_AWAITED: the function was not declared async, so its step took what it answered as it was. */
export function promised(operation: string, answer: unknown): never {
  const what = isThenable(answer) ? 'a promise' : 'an async iterator';
  throw new MillraceError('PROMISE_NOT_AWAITED', { operation, answer: what, remedy: remedyFor(operation) });
}

/** Refuses what would have to be awaited, in the place of elements. */
export function refusePromise(operation: string, answer: unknown): void {
  if (isThenable(answer) || isAsyncIterable(answer)) promised(operation, answer);
}
