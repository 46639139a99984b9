// The rows of tables in files, for the compiled loops of a task: some at a time, or only their number.
import { MillraceError } from '../../base/errors';
import { addAllExactly, type ExactSum } from '../../base/exact-sum';
import type { Batch } from '../../columns/batch';
import { type ColumnarSpec, countTable, readColumns, readTable } from '../../formats/read-table';
import type { NoteBad } from '../../formats/table-errors';
import type { Plan, Split } from '../../plan/program';
import { collecting } from '../task-accumulator';
import type { Pulse } from '../task-runtime';
import type { TaskUpdates } from '../task-updates';

type TablePlan = Plan & { op: 'table' };

export class TableSource {
  readonly #updates: TaskUpdates;
  readonly #pulse: Pulse;

  constructor(updates: TaskUpdates, pulse: Pulse) {
    this.#updates = updates;
    this.#pulse = pulse;
  }

  /** Notes rows that do not fit where the dataset asks for them. */
  #noting({ spec: { bad } }: TablePlan): NoteBad {
    if (bad === undefined) return () => {};
    return (count, first) => this.#updates.accumulator(bad, () => collecting(bad)).add({ count, first });
  }

  *rows(plan: TablePlan, split: Split): Generator<unknown[]> {
    for (const range of rangesOf(split)) yield* readTable(plan.spec, range, this.#noting(plan));
  }

  /** The rows of a columnar file as columns. */
  *batches(plan: TablePlan, split: Split): Generator<Batch> {
    for (const range of rangesOf(split)) yield* readColumns(plan.spec as ColumnarSpec, range);
  }

  /** Adds a column of numbers to a sum. False where it is no such column, or one with nulls: nothing is added then. */
  sum(to: ExactSum, { columns }: Batch): boolean {
    const [column] = columns;
    if (columns.length !== 1 || column.kind !== 'numbers' || column.nulls) return false;
    addAllExactly(to, column.values);
    return true;
  }

  count(plan: TablePlan, split: Split): number {
    let rows = 0;
    for (const range of rangesOf(split)) {
      for (const n of countTable(plan.spec, range, this.#noting(plan))) {
        rows += n;
        this.#pulse.tick(n);
      }
    }
    return rows;
  }
}

function rangesOf(split: Split) {
  if (split.kind !== 'text') throw new MillraceError('INTERNAL', { reason: `a ${split.kind} split for a table` });
  return split.ranges;
}
