// A source that is read for some time only: what a sample of a shuffled dataset reads of each partition of its input.
import { slowTickMs, timedTick } from '../base/limits';
import { systemClock } from '../base/time';
import type { Plan, Split } from '../plan/program';

/** Of all that a source has, a number from 0 to 1: what was read when it was stopped. */
type Share = (rows: readonly unknown[]) => number;

/** How to measure what was read; undefined where a partition's size is known at its end only. */
function measureOf({ op }: Plan, split: Split): Share | undefined {
  if (op === 'range' && split.kind === 'range') {
    let read = 0;
    return (rows) => {
      read += rows.length;
      return read / (split.to - split.from);
    };
  }
  if (op !== 'text' || split.kind !== 'text') return undefined;
  const bytes = split.ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  let read = 0;
  return (rows) => {
    for (const line of rows) read += (line as string).length + 1;
    // Of packed text, and of letters that take several bytes, this is an estimate.
    return Math.min(0.99, read / bytes);
  };
}

/** Reads a source for `ms` milliseconds, and not after `until`. Tells in the end which share of it was read. */
export function* firstPart(
  { ms, until, input }: Plan & { op: 'firstPart' },
  split: Split,
  source: Iterable<unknown[]>,
  tell: (share: number) => void,
): Generator<unknown[]> {
  const now = systemClock.now;
  const measure = measureOf(input, split);
  let looked = now();
  const end = Math.min(looked + ms, until);
  let share = 0;
  let rows = 1;
  try {
    if (looked >= until) return;
    for (const chunk of source) {
      for (let from = 0; from < chunk.length; ) {
        const piece = chunk.slice(from, from + rows);
        from += rows;
        yield piece;
        share = measure?.(piece) ?? (input.op === 'values' ? from / chunk.length : 0);
        const at = now();
        if (at >= end) return;
        // The slower what follows is, the fewer rows pass before the next look at the clock.
        rows = at - looked > slowTickMs ? Math.max(1, rows >> 2) : Math.min(timedTick, rows * 2);
        looked = at;
      }
    }
    share = 1;
  } finally {
    tell(share);
  }
}
