// Matches the streams of this program with the saved streams of a checkpoint, which an earlier program may have written.
import { MillraceError } from '../../base/errors';
import type { DStream } from '../graph/dstream';
import type { SavedStream } from './checkpoint';

export interface Matches<S, D> {
  readonly pairs: readonly (readonly [S, D])[];
  /** Saved streams that no stream of the program matches. */
  readonly unclaimed: readonly S[];
  /** Streams without a saved one. */
  readonly fresh: readonly D[];
}

/**
 * Matches named streams by their names, the others by operation in the order in which the program makes them. So a step that was added or
 * removed elsewhere changes nothing. Throws STREAMS_AMBIGUOUS if the number of unnamed streams of one operation differs.
 */
export function match<S extends SavedStream, D extends DStream<unknown>>(
  saved: readonly S[],
  streams: readonly D[],
): Matches<S, D> {
  const pairs: [S, D][] = [];
  const left = new Set(saved);
  const open = new Set([...streams].sort((a, b) => a.id - b.id));
  const pair = (one: S, stream: D) => {
    pairs.push([one, stream]);
    left.delete(one);
    open.delete(stream);
  };
  for (const stream of open) {
    const one = stream.isNamed ? [...left].find(({ name }) => name === stream.name) : undefined;
    if (one) pair(one, stream);
  }
  for (const operation of new Set([...left].map((one) => one.operation))) {
    const ones = [...left].filter((one) => !one.isNamed && one.operation === operation);
    const others = [...open].filter((stream) => !stream.isNamed && stream.operation === operation);
    if (ones.length > 0 && others.length > 0 && ones.length !== others.length) refuse(operation, ones, others);
    if (ones.length === others.length) for (const [i, one] of ones.entries()) pair(one, others[i]);
  }
  return { pairs, unclaimed: [...left], fresh: [...open] };
}

/** The pairs of `match`, without those of an operation whose unnamed streams cannot be told apart. */
export function matchIfClear<S extends SavedStream, D extends DStream<unknown>>(
  saved: readonly S[],
  streams: readonly D[],
): Matches<S, D>['pairs'] {
  const clear = (operation: string) => {
    const count = (all: readonly SavedStream[]) => all.filter((one) => !one.isNamed && one.operation === operation).length;
    return count(saved) === count(streams);
  };
  const isIn = (one: SavedStream) => one.isNamed || clear(one.operation);
  return match(saved.filter(isIn), streams.filter(isIn)).pairs;
}

function refuse(operation: string, saved: readonly SavedStream[], streams: readonly unknown[]): never {
  throw new MillraceError('STREAMS_AMBIGUOUS', {
    operation,
    saved: saved.length,
    streams: streams.length,
    names: saved.map(({ name }) => name).join(', '),
    name: saved[0].name,
  });
}

/** `totals (runningReduce)`, `runningReduce#3`. */
export const savedText = ({ name, isNamed, operation }: SavedStream): string => (isNamed ? `${name} (${operation})` : name);
