// Grouping by key beyond the memory of a task, of one input or of several: full tables go to disk sorted by hash, and are merged from there.
import { pullChunk } from '../../base/limits';
import { FewKeys } from '../../keys/few-keys';
import { KeyTable } from '../../keys/key';
import { sizeOfArray } from '../../storage/size-of';
import { chunked } from './chunked';
import { GrowingGroup } from './disk-array';
import { Runs, type SpillSpace } from './sorted-runs';

/** Some values of a key from one input, and the hash by which runs are sorted. */
type Part = readonly [hash: number, key: unknown, input: number, values: readonly unknown[]];

/** What a key takes beside itself and its values: slots and hashes of the table, and an array with room to grow for each input. */
const keyBytes = 40;
const groupBytes = 150;

export class ExternalGroups {
  readonly #space: SpillSpace;
  readonly #inputs: number;
  readonly #runs: Runs<Part>;
  #table = new KeyTable();
  /** The values of key k from input j, at k · inputs + j. */
  #groups: unknown[][] = [];
  #bytes = 0;
  #spilledGroups = false;

  constructor(space: SpillSpace, inputs: number) {
    this.#space = space;
    this.#inputs = inputs;
    this.#runs = new Runs(space, (a, b) => a[0] - b[0]);
  }

  /** Whether some group was too large for memory, and lives only as long as the task. */
  get hasSpilledGroups(): boolean {
    return this.#spilledGroups;
  }

  /** Adds pairs of one input, by columns. */
  add(input: number, keys: readonly unknown[], values: readonly unknown[]): void {
    const table = this.#table;
    const groups = this.#groups;
    const inputs = this.#inputs;
    const known = table.size;
    for (let i = 0; i < keys.length; i++) {
      const at = table.find(keys[i]) * inputs + input;
      if (at < groups.length) groups[at].push(values[i]);
      else for (let j = 0; j < inputs; j++) groups.push(j === input ? [values[i]] : []);
    }
    this.#bytes +=
      sizeOfArray(values) + sizeOfArray(table.keys, 0, known) + (table.size - known) * (keyBytes + inputs * groupBytes);
    if (this.#bytes > this.#space.budget) this.#spill();
  }

  #spill(): void {
    const table = this.#table;
    const order = Array.from(table.keys, (_, i) => i);
    const hashes = order.map((i) => table.hashOf(i));
    order.sort((a, b) => hashes[a] - hashes[b]);
    this.#runs.write(this.#parts(order, hashes));
    this.#table = new KeyTable();
    this.#groups = [];
    this.#bytes = 0;
  }

  /** Large groups are cut, so that a frame of a run holds some of one at most. */
  *#parts(order: readonly number[], hashes: readonly number[]): Generator<Part> {
    for (const k of order) {
      for (let j = 0; j < this.#inputs; j++) {
        const values = this.#groups[k * this.#inputs + j];
        const rows = this.#rowsOfPart(values);
        for (let from = 0; from < values.length; from += rows)
          yield [
            hashes[k],
            this.#table.keys[k],
            j,
            from === 0 && rows >= values.length ? values : values.slice(from, from + rows),
          ];
      }
    }
  }

  #rowsOfPart(values: readonly unknown[]): number {
    if (values.length <= 1) return 1;
    const each = sizeOfArray(values) / values.length;
    return Math.max(1, Math.min(pullChunk, Math.floor(this.#space.budget / 64 / each)));
  }

  /** Rows [key, values] of one input, [key, [values of input 0, values of input 1, …]] of several. */
  *rows(): Generator<unknown[]> {
    if (this.#runs.count === 0) return yield* chunked(this.#inMemory());
    this.#spill();
    yield* chunked(this.#merged(), this.#space.budget / 4);
  }

  #row(key: unknown, groups: unknown[][]): unknown[] {
    return [key, this.#inputs === 1 ? groups[0] : groups];
  }

  *#inMemory(): Generator<unknown[]> {
    const keys = this.#table.keys;
    const inputs = this.#inputs;
    for (let k = 0; k < keys.length; k++) yield this.#row(keys[k], this.#groups.slice(k * inputs, (k + 1) * inputs));
  }

  *#merged(): Generator<unknown[]> {
    let hash = -1;
    let table = new FewKeys();
    let groups: GrowingGroup[] = [];
    for (const [h, key, input, values] of this.#runs.merged()) {
      if (h !== hash) {
        yield* this.#rowsOf(table, groups);
        table = new FewKeys();
        groups = [];
        hash = h;
      }
      const at = table.find(key) * this.#inputs + input;
      while (groups.length < table.size * this.#inputs) groups.push(this.#newGroup());
      groups[at].add(values);
    }
    yield* this.#rowsOf(table, groups);
  }

  /** What is merged at a time are the groups of one hash: nearly always those of one key. */
  #newGroup(): GrowingGroup {
    return new GrowingGroup(this.#space.file, this.#space.budget / 4 / this.#inputs);
  }

  *#rowsOf(table: FewKeys, groups: readonly GrowingGroup[]): Generator<unknown[]> {
    for (let k = 0; k < table.size; k++) {
      const own = groups.slice(k * this.#inputs, (k + 1) * this.#inputs);
      this.#spilledGroups ||= own.some((group) => group.isSpilled);
      yield this.#row(
        table.keys[k],
        own.map((group) => group.end()),
      );
    }
  }
}
