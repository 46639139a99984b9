// How a dataset would be computed: its stages, the datasets of each, and what the closures of each captured.

import { bytesText } from '../base/units';
import { SourceRDD } from '../connect/source-rdd';
import { askedOf } from '../exec/files/wanted-columns';
import type { Asked } from '../plan/condition';
import type { Plan, Sink } from '../plan/program';
import type { ShippedFunction } from '../rdd/function-argument';
import { FunctionTable } from '../rdd/function-table';
import type { ShuffleDependency } from '../rdd/rdd';
import { RDD } from '../rdd/rdd';
import { TableRDD } from '../rdd/tables/table-files';
import { lineOf } from './describe';

declare module '../rdd/rdd' {
  interface RDD<T> {
    /**
     * The stages of a job on this dataset, last one first: the datasets of each with partitions, partitioner and line, where their
     * functions are written, and the names, types and sizes of what those captured; of tables the columns that are read, and the row
     * groups that may have the rows that a `filter` leaves. Runs nothing.
     * @example sc.range(3).map(x => x).explain()
     */
    explain(): string;
  }
}

/** The user's functions that a dataset calls itself. */
function functionsOf(rdd: RDD<unknown>): readonly ShippedFunction[] {
  const table = new FunctionTable();
  rdd.fragment(table);
  return table.shipped;
}

/** `main.ts:3:12 captures k: number (8 B), stop: Set (1.2 KiB)`. */
function functionLine({ capture: { place, names } }: ShippedFunction): string {
  const captured = names.map(({ name, type, bytes }) => `${name}: ${type} (${bytesText(bytes)})`).join(', ');
  return `${place.file}:${place.line}:${place.column}${captured === '' ? ' captures nothing' : ` captures ${captured}`}`;
}

/** The datasets of a stage, from the last one back to the shuffles that it reads. */
function datasetsOf(last: RDD<unknown>): RDD<unknown>[] {
  const seen = new Set<RDD<unknown>>();
  const visit = (rdd: RDD<unknown>) => {
    if (seen.has(rdd)) return;
    seen.add(rdd);
    for (const d of rdd.lineage) if (d.kind === 'narrow') visit(d.rdd);
  };
  visit(last);
  return [...seen];
}

/** The steps of a stage as far as each has one input and stores nothing. */
function planOf(rdd: RDD<unknown>, functions: FunctionTable): Plan {
  const filled = (plan: Plan): Plan => {
    if (plan.op === 'input') {
      const { kind, rdd: below } = rdd.dependencies[plan.dependency];
      return kind === 'narrow' && !below.storageLevel.isKept ? planOf(below, functions) : { op: 'empty' };
    }
    return 'input' in plan ? { ...plan, input: filled(plan.input) } : plan;
  };
  return filled(rdd.fragment(functions));
}

/** What a stage reads of the table that it begins with. */
function askedBy(last: RDD<unknown>, writes?: ShuffleDependency): Asked | undefined {
  const functions = new FunctionTable();
  const plan = planOf(last, functions);
  const combine = writes?.combine;
  if (!writes || !combine) return askedOf({ plan, sink: { kind: 'collect' } })?.asked;
  const { create, merge } = combine;
  const sink: Sink = {
    kind: 'shuffle',
    shuffleId: 0,
    partitioner: { kind: 'hash', partitions: 1 },
    operation: writes.operation,
    combine: { create: create && functions.function(create), merge: functions.function(merge) },
  };
  return askedOf({ plan, sink })?.asked;
}

interface StageText {
  readonly title: string;
  readonly lines: readonly string[];
}

/** Stages by number from 0 on, parents first. */
class Stages {
  readonly texts: StageText[] = [];
  readonly #numbers = new Map<number, number>();

  /** Adds the stage that ends in a dataset, and those before it; answers its number. */
  add(last: RDD<unknown>, writes?: ShuffleDependency): number {
    const datasets = datasetsOf(last);
    const asked = askedBy(last, writes);
    const lines = datasets.flatMap((rdd) => [
      `  ${lineOf(rdd, this.#reads(rdd))}`,
      ...(asked && (rdd instanceof TableRDD || rdd instanceof SourceRDD)
        ? [rdd.askedText(asked) ?? []].flat().map((text) => `      ${text}`)
        : []),
      ...functionsOf(rdd).map((f) => `      ${functionLine(f)}`),
    ]);
    const written = writes ? `, writes ${writes.partitioner} for ${writes.operation}` : '';
    const combining = writes?.combine ? ', combined on the map side' : '';
    const tasks = `${last.numPartitions} ${last.numPartitions === 1 ? 'task' : 'tasks'}`;
    this.texts.push({ title: `${tasks}${written}${combining}`, lines });
    return this.texts.length - 1;
  }

  #reads(rdd: RDD<unknown>): string {
    const stages = rdd.lineage.flatMap((d) => (d.kind === 'shuffle' ? [this.#mapStage(d)] : []));
    return stages.length === 0 ? '' : ` reads ${stages.map((n) => `stage ${n}`).join(', ')}`;
  }

  #mapStage(dependency: ShuffleDependency): number {
    const known = this.#numbers.get(dependency.shuffleId) ?? this.add(dependency.rdd, dependency);
    this.#numbers.set(dependency.shuffleId, known);
    return known;
  }
}

RDD.prototype.explain = function () {
  const stages = new Stages();
  stages.add(this);
  const texts = stages.texts.map(({ title, lines }, n) => [`stage ${n}: ${title}`, ...lines].join('\n'));
  return texts.reverse().join('\n');
};
