// The state tables that an executor holds: the newest version of each partition it works on, within a budget of memory.
import { MillraceError } from '../../base/errors';
import type { StatePlace } from '../../plan/state-spec';
import type { StateTable } from './state-table';

/** Where a table is held: one partition of one stream's state. */
const keyOf = ({ id }: StatePlace, partition: number): string => `${id}.${partition}`;

/**
 * A table is taken out to be changed and put back when that is done whole: what a failed task left half changed is gone, and is read from
 * files by the next.
 */
export class StateStore {
  readonly #budget: number;
  readonly #tables = new Map<string, { readonly table: StateTable; readonly bytes: number }>();

  /** Bytes that all tables may take together. */
  constructor(budget: number) {
    this.#budget = budget;
  }

  /** The version that is held of a partition. */
  versionOf(place: StatePlace, partition: number): number | undefined {
    return this.#tables.get(keyOf(place, partition))?.table.version;
  }

  /** The table, to be read only by the task. */
  peek(place: StatePlace, partition: number, taskId: number): StateTable | undefined {
    const table = this.#tables.get(keyOf(place, partition))?.table;
    if (table) table.readBy = taskId;
    return table;
  }

  /** Hands the table over if it holds `version` and the task holds no rows of it. */
  take(place: StatePlace, partition: number, version: number, taskId: number): StateTable | undefined {
    const key = keyOf(place, partition);
    const table = this.#tables.get(key)?.table;
    if (table?.version !== version || table.readBy === taskId) return undefined;
    this.#tables.delete(key);
    return table;
  }

  /** Holds a table; those used longest ago give way, they are read from files again. Throws STATE_TOO_LARGE. */
  put(place: StatePlace, partition: number, table: StateTable, operation: string): void {
    const { bytes } = table;
    if (bytes > this.#budget)
      throw new MillraceError('STATE_TOO_LARGE', { operation, keys: table.size, bytes, limit: this.#budget, partition });
    const key = keyOf(place, partition);
    this.#tables.delete(key);
    this.#tables.set(key, { table, bytes });
    let sum = 0;
    for (const held of this.#tables.values()) sum += held.bytes;
    for (const [other, held] of this.#tables) {
      if (sum <= this.#budget) break;
      sum -= held.bytes;
      this.#tables.delete(other);
    }
  }

  /** Drops all tables of a stream. */
  forget(id: number): void {
    for (const key of this.#tables.keys()) if (key.startsWith(`${id}.`)) this.#tables.delete(key);
  }
}
