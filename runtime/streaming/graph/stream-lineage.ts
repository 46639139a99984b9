// What a stream is made from: its ancestors, and how far back their past must reach.

import type { Time } from '../../base/duration';
import type { DStream } from './dstream';
import { InputDStream } from './input';

/** `roots` and all their ancestors, parents before children. */
export function lineageOf(roots: Iterable<DStream<unknown>>): DStream<unknown>[] {
  const seen = new Set<DStream<unknown>>();
  const visit = (stream: DStream<unknown>) => {
    if (seen.has(stream)) return;
    for (const parent of stream.dependencies) visit(parent);
    seen.add(stream);
  };
  for (const root of roots) visit(root);
  return [...seen];
}

export const inputsOf = (streams: readonly DStream<unknown>[]): InputDStream<unknown>[] =>
  streams.filter((stream): stream is InputDStream<unknown> => stream instanceof InputDStream);

/** The oldest batch that one of the sources of a stream remembers. */
export function oldestRemembered(stream: DStream<unknown>): Time | undefined {
  const times = inputsOf(lineageOf([stream])).flatMap((input) => input.oldest ?? []);
  return times.length === 0 ? undefined : Math.min(...times);
}

/** Notes for a stream and its ancestors how long each must remember, in milliseconds, so that the past of `stream` of `ms` can be made. */
export function noteReach(stream: DStream<unknown>, ms: number, reach: Map<DStream<unknown>, number>): void {
  if ((reach.get(stream) ?? Number.NEGATIVE_INFINITY) >= ms) return;
  reach.set(stream, ms);
  for (const parent of stream.dependencies) noteReach(parent, ms + stream.lookBack, reach);
}
