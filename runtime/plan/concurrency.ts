// `{ concurrency }`: how many calls of an asynchronous function wait at a time.
import { checkOptions, checkWhole } from '../base/arguments';
import { defaultConcurrency, maxConcurrency } from '../base/limits';
import type { Awaits } from './program';

/** Options of operators whose function may be asynchronous. */
export interface ConcurrencyOptions {
  /**
   * How many calls wait at a time in each task; their answers stay in the order of the elements. Default 8 for functions declared `async`.
   * Give it where a function answers promises and is not declared so.
   */
  readonly concurrency?: number;
}

/** Options of operators that call a function for each element. */
export interface CallOptions extends ConcurrencyOptions {
  /** What becomes of an element on which the function throws: 'fail' (default) or 'skip'. See `BadRecordOptions`. */
  readonly onError?: 'fail' | 'skip';
}

/** What functions may answer of which promises are awaited: all at once, or one by one. */
export type Elements<U> = Iterable<U> | AsyncIterable<U>;

/** What is known of a function that an operator was given. */
interface Answering {
  /** Declared async. */
  readonly isAsync: boolean;
  /** It is not, and might return a promise all the same. */
  readonly mayPromise: boolean;
}

/** How a step awaits its function; nothing where that answers at once. Throws BAD_ARGUMENT. */
export function awaitsFor(operation: string, f: Answering, options: unknown = {}): Awaits {
  const remedy = `Write ${operation}(async x => …, { concurrency: 8 }).`;
  checkOptions(operation, options, remedy);
  const { concurrency } = options as ConcurrencyOptions;
  if (concurrency === undefined) return f.isAsync ? { awaits: defaultConcurrency } : {};
  return { awaits: checkWhole(concurrency, 1, maxConcurrency, { operation, argument: 'the concurrency', remedy }) };
}

/** Has a step that does not await its function look at the answers, where one might be a promise. */
export const checksOf = (f: Answering, { awaits }: Awaits): { readonly checks?: boolean } =>
  awaits === undefined && f.mayPromise ? { checks: true } : {};
