// Aggregates of groups over columns: where the key and what is aggregated are plain fields, no row is made and no function called.
import { addExactly, type ExactSum } from '../../base/exact-sum';
import { type Batch, type ColumnData, valueAt } from '../../columns/batch';
import type { KeyTable } from '../../keys/key';
import type { FunctionRef } from '../../plan/function-ref';
import type { Plan, Sink } from '../../plan/program';
import { type AggregateSpec, adderOf, noStates } from '../library/aggregates';
import { isSum } from './token-counts';

/** The groups of a stage: the field of the key, and for each aggregate the field that it is of, or none. */
export interface GroupedFields {
  readonly key: string;
  readonly specs: readonly AggregateSpec[];
  readonly of: readonly (string | undefined)[];
}

const fieldOf = (f: FunctionRef | undefined): string | undefined =>
  f?.kind === 'closure' && f.idiom?.kind === 'field' ? f.idiom.name : undefined;

/** Sums by key: the field of the key, and that of the numbers, or a number. */
export interface SummedFields {
  readonly key: string;
  readonly value: string | number;
}

/** What a stage groups by plain fields alone; undefined where it does anything else. */
export function groupedFields(plan: Plan, sink: Sink): GroupedFields | SummedFields | undefined {
  if (sink.kind !== 'shuffle' || !sink.combine || plan.op !== 'map') return undefined;
  if (plan.input.op !== 'table' && plan.input.op !== 'cached') return undefined;
  const { create, merge } = sink.combine;
  const pair = plan.template === 'call' && plan.f?.kind === 'closure' ? plan.f.idiom : undefined;
  if (pair?.kind === 'fieldPair') return create || !isSum(merge) ? undefined : { key: pair.key, value: pair.value };
  if (plan.template !== 'keyBy') return undefined;
  const key = fieldOf(plan.f);
  if (key === undefined || create?.kind !== 'library' || create.name !== 'groupStart') return undefined;
  const [specs, ...functions] = create.args as [readonly AggregateSpec[], ...FunctionRef[]];
  let next = 0;
  const of = specs.map(({ isOf }) => (isOf ? fieldOf(functions[next++]) : undefined));
  const isPlain = specs.every(({ kind, isOf }, i) => (isOf ? of[i] !== undefined : kind === 'count'));
  return isPlain ? { key, specs, of } : undefined;
}

/** Whether an aggregate of these values fails on none of them: errors are the functions' to report. */
function isSure(kind: AggregateSpec['kind'], column: ColumnData | undefined): boolean {
  if (kind === 'sum' || kind === 'mean' || kind === 'quantile') return column?.kind === 'numbers';
  return (kind !== 'min' && kind !== 'max') || column?.kind === 'numbers' || column?.kind === 'places';
}

/** What adds rows of one batch to a table of groups. */
interface Grouping {
  /** Adds the rows from `from` to before `to`; answers `to`. */
  add(from: number, to: number, table: KeyTable, values: unknown[]): number;
}

/** Null where the batch lacks a field, or has what some function may fail on, or answer something else for. */
export function groupingOf({ names, columns }: Batch, fields: GroupedFields | SummedFields): Grouping | null {
  const column = (name: string) => columns[names.indexOf(name)] as ColumnData | undefined;
  const key = column(fields.key);
  if (!key) return null;
  if ('value' in fields) {
    const { value } = fields;
    if (typeof value === 'number') return new Sums(new Groups(key), value);
    const numbers = column(value);
    return numbers?.kind === 'numbers' && !numbers.nulls ? new Sums(new Groups(key), numbers.values) : null;
  }
  const { specs, of } = fields;
  const values = of.map((name) => (name === undefined ? undefined : column(name)));
  if (values.some((one, i) => of[i] !== undefined && (!one || !isSure(specs[i].kind, one)))) return null;
  return new Aggregates(new Groups(key), specs, values);
}

/** The numbers of the groups of rows, in the table that is filled now. */
class Groups {
  readonly #key: ColumnData;
  /** By place of the key. */
  #known: Int32Array | undefined;
  #table: KeyTable | undefined;
  #numbers = new Int32Array(0);

  constructor(key: ColumnData) {
    this.#key = key;
  }

  /** Makes room for the groups of another table. */
  #follow(table: KeyTable): void {
    const key = this.#key;
    if (table === this.#table) return;
    this.#table = table;
    this.#known = key.kind === 'places' ? new Int32Array(key.values.length).fill(-1) : undefined;
  }

  /** Adds numbers to the sums of their rows' groups, one after the other. False where keys are no places: nothing is added then. */
  addTo(sums: number[], numbers: ArrayLike<number>, from: number, to: number, table: KeyTable): boolean {
    const key = this.#key;
    if (key.kind !== 'places') return false;
    this.#follow(table);
    const known = this.#known!;
    const { places } = key;
    for (let i = from; i < to; i++) {
      let group = known[places[i]];
      if (group < 0) {
        group = table.find(key.values[places[i]]);
        known[places[i]] = group;
        // -0 is what changes no number that is added to it.
        if (group === sums.length) sums.push(-0);
      }
      sums[group] += numbers[i];
    }
    return true;
  }

  /** The group of each row from `from` on; a new one gets a value that `start` makes. */
  of(from: number, to: number, table: KeyTable, values: unknown[], start: () => unknown): Int32Array {
    const key = this.#key;
    this.#follow(table);
    if (this.#numbers.length < to - from) this.#numbers = new Int32Array(to - from);
    const numbers = this.#numbers;
    const known = this.#known;
    for (let i = from; i < to; i++) {
      const place = known && key.kind === 'places' ? key.places[i] : -1;
      let group = place < 0 ? -1 : known![place];
      if (group < 0) {
        group = table.find(valueAt(key, i));
        if (place >= 0) known![place] = group;
        if (group === values.length) values.push(start());
      }
      numbers[i - from] = group;
    }
    return numbers;
  }
}

/** Sums as `(a, b) => a + b` makes them, row after row. */
class Sums implements Grouping {
  readonly #groups: Groups;
  readonly #numbers: Float64Array | Int32Array | number;

  constructor(groups: Groups, numbers: Float64Array | Int32Array | number) {
    this.#groups = groups;
    this.#numbers = numbers;
  }

  add(from: number, to: number, table: KeyTable, values: unknown[]): number {
    const numbers = this.#numbers;
    const sums = values as number[];
    if (typeof numbers !== 'number' && this.#groups.addTo(sums, numbers, from, to, table)) return to;
    const groups = this.#groups.of(from, to, table, values, () => -0);
    if (typeof numbers === 'number') for (let i = from; i < to; i++) sums[groups[i - from]] += numbers;
    else for (let i = from; i < to; i++) sums[groups[i - from]] += numbers[i];
    return to;
  }
}

class Aggregates implements Grouping {
  readonly #groups: Groups;
  readonly #specs: readonly AggregateSpec[];
  readonly #columns: readonly (ColumnData | undefined)[];

  constructor(groups: Groups, specs: readonly AggregateSpec[], columns: readonly (ColumnData | undefined)[]) {
    this.#groups = groups;
    this.#specs = specs;
    this.#columns = columns;
  }

  add(from: number, to: number, table: KeyTable, values: unknown[]): number {
    const groups = this.#groups.of(from, to, table, values, () => noStates(this.#specs));
    const states = values as unknown[][];
    for (const [j, { kind, isOf }] of this.#specs.entries()) {
      if (isOf) addColumn(kind, this.#columns[j]!, from, to, groups, states, j);
      else for (let i = from; i < to; i++) (states[groups[i - from]][j] as number)++;
    }
    return to;
  }
}

function addColumn(
  kind: AggregateSpec['kind'],
  column: ColumnData,
  from: number,
  to: number,
  groups: Int32Array,
  states: unknown[][],
  j: number,
): void {
  if (column.kind === 'numbers' && (kind === 'sum' || kind === 'mean')) {
    const { values, nulls } = column;
    for (let i = from; i < to; i++) {
      if (nulls !== undefined && nulls[i] === 1) continue;
      const state = states[groups[i - from]][j];
      if (kind === 'sum') addExactly(state as ExactSum, values[i]);
      else {
        addExactly((state as { sum: ExactSum }).sum, values[i]);
        (state as { count: number }).count++;
      }
    }
    return;
  }
  const add = adderOf(kind);
  for (let i = from; i < to; i++) {
    const value = valueAt(column, i);
    if (value === null || value === undefined) continue;
    const own = states[groups[i - from]];
    own[j] = add(own[j], value);
  }
}
