// Sorted runs of rows in the spill file of a task, and their merge: the common part of external sort, grouping and aggregation.
import { sizeOfArray } from '../../storage/size-of';
import type { SpilledFrame, SpillFile } from '../../storage/spill-file';

/** What an external operator has: a bound of its memory and a place for the rest. */
export interface SpillSpace {
  /** Estimated bytes that one operator may hold. */
  readonly budget: number;
  readonly file: SpillFile;
  /** Told the rows that were dealt with, so that a long merge can be cancelled. */
  tick(): void;
}

/** Frames of a run take this part of the budget: all runs that are merged hold one frame each. */
const frameShare = 256;
const leastFrameBytes = 4096;
/** The part of the budget that the frames of a merge may take: the rest is for the group that is put together from them. */
const mergeShare = 3 / 4;
/** Fewer would make too many passes of a tiny budget. */
const leastWidth = 16;

/** One sorted run on disk. */
type Run = readonly SpilledFrame[];

/** Sorted runs and their merge. Rows that compare equal come in the order of their runs, and within a run as they were written. */
export class Runs<R> {
  readonly #space: SpillSpace;
  readonly #compare: (a: R, b: R) => number;
  /** Estimated bytes of a frame. */
  readonly #frameBytes: number;
  /** Runs that are merged at once: more would hold more than the budget. */
  readonly #width: number;
  #runs: Run[] = [];

  constructor(space: SpillSpace, compare: (a: R, b: R) => number) {
    this.#space = space;
    this.#compare = compare;
    this.#frameBytes = Math.max(leastFrameBytes, space.budget / frameShare);
    this.#width = Math.max(leastWidth, Math.floor((space.budget * mergeShare) / this.#frameBytes));
  }

  get count(): number {
    return this.#runs.length;
  }

  /** Writes rows that are sorted already. */
  write(rows: Iterable<R>): void {
    this.#runs.push(this.#written(rows));
  }

  #written(rows: Iterable<R>): Run {
    const run: SpilledFrame[] = [];
    let frame: R[] = [];
    let bytes = 0;
    for (const row of rows) {
      frame.push(row);
      bytes += sizeOfArray([row]);
      if (bytes < this.#frameBytes) continue;
      run.push(this.#space.file.write(frame));
      this.#space.tick();
      frame = [];
      bytes = 0;
    }
    if (frame.length > 0) run.push(this.#space.file.write(frame));
    return run;
  }

  *#read(run: Run): Generator<R> {
    for (const frame of run) {
      this.#space.tick();
      yield* this.#space.file.read(frame) as R[];
    }
  }

  /** All rows of all runs in order. */
  *merged(): Generator<R> {
    while (this.#runs.length > this.#width) this.#runs = this.#pass(this.#runs);
    yield* this.#merge(this.#runs);
  }

  /** Merges neighbours into longer runs, no more of them than must be, and none twice: what is rewritten costs its bytes again. */
  #pass(runs: readonly Run[]): Run[] {
    const merged: Run[] = [];
    let next = 0;
    for (let left = runs.length; left > this.#width && next < runs.length; left = merged.length + runs.length - next) {
      const group = runs.slice(next, next + Math.min(this.#width, left - this.#width + 1));
      merged.push(group.length === 1 ? group[0] : this.#written(this.#merge(group)));
      next += group.length;
    }
    return merged.concat(runs.slice(next));
  }

  *#merge(runs: readonly Run[]): Generator<R> {
    const heads = new Heads<R>(this.#compare);
    runs.forEach((run, number) => {
      heads.push(number, this.#read(run));
    });
    for (let row = heads.next(); row !== undefined; row = heads.next()) yield row.value;
  }
}

interface Head<R> {
  readonly number: number;
  readonly rest: Iterator<R>;
  value: R;
}

/** The first rows of the runs that are not at their end, as a binary heap: the least is at the top. */
class Heads<R> {
  readonly #compare: (a: R, b: R) => number;
  readonly #heap: Head<R>[] = [];

  constructor(compare: (a: R, b: R) => number) {
    this.#compare = compare;
  }

  push(number: number, rest: Iterator<R>): void {
    const first = rest.next();
    if (first.done) return;
    this.#heap.push({ number, rest, value: first.value });
    this.#rise(this.#heap.length - 1);
  }

  next(): { readonly value: R } | undefined {
    const top = this.#heap[0];
    if (!top) return undefined;
    const { value } = top;
    const step = top.rest.next();
    if (!step.done) top.value = step.value;
    else {
      const last = this.#heap.pop()!;
      if (this.#heap.length > 0) this.#heap[0] = last;
    }
    this.#sink(0);
    return { value };
  }

  #before(a: Head<R>, b: Head<R>): boolean {
    const order = this.#compare(a.value, b.value);
    return order === 0 ? a.number < b.number : order < 0;
  }

  #rise(from: number): void {
    const heap = this.#heap;
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!this.#before(heap[at], heap[parent])) return;
      [heap[at], heap[parent]] = [heap[parent], heap[at]];
      at = parent;
    }
  }

  #sink(from: number): void {
    const heap = this.#heap;
    for (let at = from; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2])
        if (child < heap.length && this.#before(heap[child], heap[least])) least = child;
      if (least === at) return;
      [heap[at], heap[least]] = [heap[least], heap[at]];
      at = least;
    }
  }
}
