// The naive twin of windows and state: arrays of batches and maps of values, everything computed anew for each batch.
import { canonical } from './model';

type Pair = [unknown, number];

/** A table by value. */
class Table<V> {
  readonly #entries = new Map<string, [key: unknown, value: V]>();

  get(key: unknown): V | undefined {
    return this.#entries.get(canonical(key))?.[1];
  }

  set(key: unknown, value: V): void {
    const id = canonical(key);
    this.#entries.set(id, [this.#entries.get(id)?.[0] ?? key, value]);
  }

  delete(key: unknown): void {
    this.#entries.delete(canonical(key));
  }

  get entries(): [unknown, V][] {
    return [...this.#entries.values()];
  }
}

/** The sums by key of the last `length` batches, each `slide` batches. */
export function windowSums(batches: readonly (readonly Pair[])[], length: number, slide: number): Pair[][] {
  const out: Pair[][] = [];
  for (let end = slide; end <= batches.length; end += slide) {
    const sums = new Table<number>();
    for (const [key, value] of batches.slice(Math.max(0, end - length), end).flat()) sums.set(key, (sums.get(key) ?? 0) + value);
    out.push(sums.entries);
  }
  return out;
}

/** What a tracking function of state does, in the model and in the stream: negative events drop the key, others are added up. */
export interface Tracked {
  readonly rows: unknown[][];
  readonly states: [unknown, number][][];
}

/** States that add events up, that a negative event drops, and that time out after `timeout` batches without one. */
export function trackedStates(
  batches: readonly (readonly Pair[])[],
  timeout: number | undefined,
  initial: readonly Pair[] = [],
): Tracked {
  const states = new Table<{ sum: number; seen: number }>();
  for (const [key, sum] of initial) states.set(key, { sum, seen: -1 });
  const out: Tracked = { rows: [], states: [] };
  batches.forEach((batch, now) => {
    const rows: unknown[] = [];
    for (const [key, value] of batch) {
      const sum = (states.get(key)?.sum ?? 0) + value;
      rows.push([key, value, sum]);
      if (value < 0) states.delete(key);
      else states.set(key, { sum, seen: now });
    }
    for (const [key, { sum, seen }] of states.entries) {
      if (timeout === undefined || now - seen < timeout) continue;
      rows.push([key, 'timed out', sum]);
      states.delete(key);
    }
    out.rows.push(rows);
    out.states.push(states.entries.map(([key, { sum }]) => [key, sum]));
  });
  return out;
}
