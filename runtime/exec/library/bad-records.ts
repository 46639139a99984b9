// Library functions that leave out the elements on which the user's function throws, and those that find these elements.
import { asError, MillraceError } from '../../base/errors';
import { showElement } from '../../base/show-element';
import { FetchFailure } from '../files/read-bucket';
import { isThenable, promised } from '../promises';
import { TaskCancelled, TimeUp } from '../task-runtime';

/** What a task reports of the elements that it left out: with the first one, in words. */
export interface LeftOut {
  readonly count: number;
  readonly first?: string;
}

type Note = (leftOut: LeftOut) => void;
type F = (x: unknown) => unknown;

const nothing: readonly never[] = [];
const one: LeftOut = { count: 1 };

/** What was thrown, if it is about the element: errors of the engine and of its files are not. */
function aboutElement(thrown: unknown): Error {
  if (
    thrown instanceof MillraceError ||
    thrown instanceof FetchFailure ||
    thrown instanceof TaskCancelled ||
    thrown instanceof TimeUp
  )
    throw thrown;
  return asError(thrown);
}

const textOf = ({ name, message }: Error): string => `${name}: ${message}`;

/** Notes an element that is left out. */
function noter(note: Note): (thrown: unknown, element: unknown) => void {
  let isFirst = true;
  return (thrown, element) => {
    const error = aboutElement(thrown);
    note(isFirst ? { count: 1, first: `${showElement(element)}: ${textOf(error)}`.slice(0, mostShown) } : one);
    isFirst = false;
  };
}

const mostShown = 500;

/** What a step gives for an element, as a list, or what else it returned; throws what the function throws, however late. */
function all(made: unknown): unknown {
  if (Array.isArray(made) || typeof (made as Iterable<unknown> | undefined)?.[Symbol.iterator] !== 'function') return made;
  return [...(made as Iterable<unknown>)];
}

/** A function whose answers are not awaited: a promise would hide what it rejects with. */
const answering = (operation: string, f: F): F => {
  return (x) => {
    const answer = f(x);
    if (isThenable(answer)) promised(operation, answer);
    return answer;
  };
};

/** What each operator makes of an element; a filter answers whether it holds. */
const kinds = {
  map: (f: F) => (x: unknown) => [f(x)],
  keyBy: (f: F) => (x: unknown) => [[f(x), x]],
  flatMap: (f: F) => (x: unknown) => all(f(x)),
  filter: (f: F) => f,
} as const;

/** The same of functions that answer promises; of an iterator all elements are taken. */
const awaitedKinds = {
  map: (f: F) => async (x: unknown) => [await f(x)],
  keyBy: (f: F) => async (x: unknown) => [[await f(x), x]],
  flatMap: (f: F) => async (x: unknown) => awaitedAll(await f(x)),
  filter: (f: F) => async (x: unknown) => f(x),
} as const;

async function awaitedAll(made: unknown): Promise<unknown> {
  if (typeof (made as AsyncIterable<unknown> | undefined)?.[Symbol.asyncIterator] !== 'function') return all(made);
  const rows: unknown[] = [];
  for await (const row of made as AsyncIterable<unknown>) rows.push(row);
  return rows;
}

/** The steps that can leave elements out. */
export type LenientKind = keyof typeof kinds;

/** Each entry makes a function from its arguments, as in library.ts. */
export const badRecordFunctions = {
  /** A step that leaves out the elements on which `f` throws. */
  orLeaveOut: (kind: LenientKind, f: F, note: Note, operation: string) => {
    const [run, left, missing] = [kinds[kind](answering(operation, f)), noter(note), kind === 'filter' ? false : nothing];
    return (x: unknown) => {
      try {
        return run(x);
      } catch (thrown) {
        left(thrown, x);
        return missing;
      }
    };
  },
  /** As `orLeaveOut`, of a function that answers promises. */
  orLeaveOutAwaited: (kind: LenientKind, f: F, note: Note) => {
    const [run, left, missing] = [awaitedKinds[kind](f), noter(note), kind === 'filter' ? false : nothing];
    return async (x: unknown) => {
      try {
        return await run(x);
      } catch (thrown) {
        left(thrown, x);
        return missing;
      }
    };
  },
  /** As `deadLetters`, of a function that answers promises. */
  deadLettersAwaited: (kind: LenientKind, onValues: boolean, f: F) => {
    const run = awaitedKinds[kind](f);
    return async (record: unknown) => {
      try {
        await run(onValues ? (record as [unknown, unknown])[1] : record);
        return nothing;
      } catch (thrown) {
        return [{ record, error: textOf(aboutElement(thrown)) }];
      }
    };
  },
  /** The elements on which `f` throws, each with what it threw; `f` gets the values of pairs where the step is one on values. */
  deadLetters: (kind: LenientKind, onValues: boolean, f: F, operation: string) => {
    const run = kinds[kind](answering(operation, f));
    return (record: unknown) => {
      try {
        run(onValues ? (record as [unknown, unknown])[1] : record);
        return nothing;
      } catch (thrown) {
        return [{ record, error: textOf(aboutElement(thrown)) }];
      }
    };
  },
};
