// Each row of one partition with each row of another.
import { pullChunk } from '../base/limits';

/** Rows [x, y] in the order of x, then of y. The second partition is held in memory, the first one passes by. */
export function* cartesian(left: Iterable<unknown[]>, right: Iterable<unknown[]>): Generator<unknown[]> {
  const ys: unknown[] = [];
  for (const chunk of right) for (const y of chunk) ys.push(y);
  let out: unknown[] = [];
  for (const chunk of left) {
    for (const x of chunk) {
      for (const y of ys) {
        out.push([x, y]);
        if (out.length < pullChunk) continue;
        yield out;
        out = [];
      }
    }
  }
  if (out.length > 0) yield out;
}
