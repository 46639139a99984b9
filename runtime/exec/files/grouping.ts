// Aggregates of groups over columns: where the key and what is aggregated are plain fields, no row is made and no function called.
import { addExactly, type ExactSum } from '../../base/exact-sum';
import { type Batch, type ColumnData, valueAt } from '../../columns/batch';
import type { KeyTable } from '../../keys/key';
import type { FunctionRef } from '../../plan/function-ref';
import type { Plan, Sink } from '../../plan/program';
import { type AggregateSpec, adderOf, noStates } from '../library/tables';

/** The groups of a stage: the field of the key, and for each aggregate the field that it is of, or none. */
export interface GroupedFields {
  readonly key: string;
  readonly specs: readonly AggregateSpec[];
  readonly of: readonly (string | undefined)[];
}

const fieldOf = (f: FunctionRef | undefined): string | undefined =>
  f?.kind === 'closure' && f.idiom?.kind === 'field' ? f.idiom.name : undefined;

/** What a stage groups by plain fields alone; undefined where it does anything else. */
export function groupedFields(plan: Plan, sink: Sink): GroupedFields | undefined {
  if (sink.kind !== 'shuffle' || plan.op !== 'map' || plan.template !== 'keyBy') return undefined;
  if (plan.input.op !== 'table' && plan.input.op !== 'cached') return undefined;
  const create = sink.combine?.create;
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

/** Adds rows of one batch to the states of their groups. */
export class Grouping {
  readonly #key: ColumnData;
  readonly #specs: readonly AggregateSpec[];
  readonly #columns: readonly (ColumnData | undefined)[];
  /** The numbers of the groups of keys by place, in the table that is filled now. */
  #known: Int32Array | undefined;
  #table: KeyTable | undefined;
  #groups = new Int32Array(0);

  private constructor(key: ColumnData, specs: readonly AggregateSpec[], columns: readonly (ColumnData | undefined)[]) {
    this.#key = key;
    this.#specs = specs;
    this.#columns = columns;
  }

  /** Null where the batch lacks a field, or has what some aggregate may fail on. */
  static of({ names, columns }: Batch, { key, specs, of }: GroupedFields): Grouping | null {
    const column = (name: string) => columns[names.indexOf(name)] as ColumnData | undefined;
    const keys = column(key);
    const values = of.map((name) => (name === undefined ? undefined : column(name)));
    if (!keys || values.some((one, i) => of[i] !== undefined && (!one || !isSure(specs[i].kind, one)))) return null;
    return new Grouping(keys, specs, values);
  }

  /** Adds the rows from `from` to before `to`; answers `to`. */
  add(from: number, to: number, table: KeyTable, values: unknown[]): number {
    if (table !== this.#table) {
      this.#table = table;
      this.#known = this.#key.kind === 'places' ? new Int32Array(this.#key.values.length).fill(-1) : undefined;
    }
    if (this.#groups.length < to - from) this.#groups = new Int32Array(to - from);
    const groups = this.#groups;
    for (let i = from; i < to; i++) {
      const group = this.#groupOf(i, table);
      if (group === values.length) values.push(noStates(this.#specs));
      groups[i - from] = group;
    }
    const states = values as unknown[][];
    for (const [j, { kind, isOf }] of this.#specs.entries()) {
      if (!isOf) for (let i = from; i < to; i++) (states[groups[i - from]][j] as number)++;
      else addColumn(kind, this.#columns[j]!, from, to, groups, states, j);
    }
    return to;
  }

  #groupOf(row: number, table: KeyTable): number {
    const key = this.#key;
    if (key.kind !== 'places' || !this.#known) return table.find(valueAt(key, row));
    const place = key.places[row];
    let group = this.#known[place];
    if (group < 0) {
      group = table.find(key.values[place]);
      this.#known[place] = group;
    }
    return group;
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
