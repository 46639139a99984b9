// Cuts a job into stages: a dataset's lineage at its shuffles, parents before children, as far back as something may have to run.
//
// What lies behind a shuffle whose outputs are all there, or behind a dataset that is persisted as a whole, need not run: it is left
// out, and planned by `behind` when some of it is lost. So a job costs what its live part costs, however long the lineage is.

import type { Job } from '../plan/job';
import type { DatasetNode, DependencyNode, ShuffleNode } from '../plan/node';
import type { NodeView } from './node-table';
import type { StageSource } from './program';
import type { Block, Guard, StageParent, StageSpec } from './stage-spec';
import { narrowReads } from './task-inputs';

/** What is there already. */
export interface Present {
  /** Whether all outputs of a shuffle are there. */
  isComplete(shuffleId: number): boolean;
  /** Whether a dataset is persisted in all its partitions. */
  isWhole(guard: Guard): boolean;
}

/** What a stage that writes a shuffle does with its rows. */
const writerOf = (writes: ShuffleNode): StageSource => {
  const { dataset, shuffleId, partitioner, operation, combine, functions } = writes;
  return { dataset, sink: { kind: 'shuffle', shuffleId, partitioner, operation, combine }, functions, writes };
};

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

export class PlannedJob {
  /** Parents before children; the last one answers. */
  readonly stages: readonly StageSpec[];
  /** What each stage computes, by its number. */
  readonly sources = new Map<number, StageSource>();
  readonly #view: NodeView;
  readonly #present: Present;
  readonly #nextStage: () => number;
  readonly #byShuffle = new Map<number, number>();
  /** The stages that were planned since the last answer, parents before children. */
  #planned: StageSpec[] = [];

  /** Plans the stages that answer a job; their numbers come from `nextStage`. Throws UNKNOWN_DATASET. */
  constructor({ root, sink, functions, partitions }: Job, view: NodeView, present: Present, nextStage: () => number) {
    this.#view = view;
    this.#present = present;
    this.#nextStage = nextStage;
    const wanted = view.facts(root).barrier ? upTo(view.node(root).partitions) : partitions;
    this.#add({ dataset: root, sink, functions }, wanted);
    this.stages = this.#planned;
  }

  /**
   * Plans what lies behind a stage that was left out before: answers the new stages, and last the stage itself as it is now. With
   * `all`, persisted datasets are not relied on.
   */
  behind(spec: StageSpec, all: boolean): readonly StageSpec[] {
    this.#planned = [];
    const source = this.sources.get(spec.stageId)!;
    this.#planned.push({ ...spec, ...this.#parentsOf(this.#view.node(source.dataset), all) });
    return this.#planned;
  }

  #add(source: StageSource, wanted: readonly number[]): number {
    const view = this.#view;
    const node = view.node(source.dataset);
    const shuffleId = source.writes?.shuffleId;
    const isThere = shuffleId !== undefined && this.#present.isComplete(shuffleId) && !view.facts(node.id).indeterminate;
    const parents = isThere ? { parents: [], deferred: [] } : this.#parentsOf(node, false);
    const stageId = this.#nextStage();
    const { barrier, indeterminate } = view.facts(node.id);
    this.#planned.push({
      stageId,
      shuffleId,
      partitions: wanted,
      ...parents,
      blocks: blocksOf(node, wanted, view),
      locations: locationsOf(node, wanted, view),
      barrier,
      indeterminate,
      title: node.name ?? node.operation,
    });
    this.sources.set(stageId, source);
    return stageId;
  }

  #mapStage(shuffle: ShuffleNode): number {
    const known = this.#byShuffle.get(shuffle.shuffleId);
    if (known !== undefined) return known;
    const stageId = this.#add(writerOf(shuffle), upTo(this.#view.node(shuffle.dataset).partitions));
    this.#byShuffle.set(shuffle.shuffleId, stageId);
    return stageId;
  }

  /** The stages that one needs. What may be made of several runs of a lineage is never left out: its readers must be known. */
  #parentsOf(of: DatasetNode, all: boolean): Pick<StageSpec, 'parents' | 'deferred'> {
    const parents: StageParent[] = [];
    const deferred: Guard[] = [];
    const seen = new Set<string>();
    const open: [of: DependencyNode, above: readonly Guard[]][] = [[{ kind: 'narrow', dataset: of.id }, []]];
    for (let next = open.pop(); next; next = open.pop()) {
      const [dependency, above] = next;
      if (dependency.kind === 'shuffle') {
        parents.push({ stageId: this.#mapStage(dependency), guards: above });
        continue;
      }
      const at = this.#view.node(dependency.dataset);
      const guard: Guard | undefined = at.persistence && [at.id, at.partitions];
      if (guard && !all && this.#present.isWhole(guard) && !this.#view.facts(at.id).indeterminate) {
        deferred.push(guard);
        continue;
      }
      const guards = guard ? [...above, guard] : above;
      const key = `${at.id}:${guards.map(([id]) => id).join()}`;
      if (seen.has(key)) continue;
      seen.add(key);
      open.push(...at.dependencies.map((d): (typeof open)[number] => [d, guards]).reverse());
    }
    return { parents, deferred: deferred.length > 0 ? deferred : undefined };
  }
}

/** Past steps of one input that are not such. */
function find(from: DatasetNode, view: NodeView, isSought: (at: DatasetNode) => boolean): DatasetNode {
  let at = from;
  while (!isSought(at) && at.splits.kind === 'same' && at.dependencies[0].kind === 'narrow')
    at = view.node(at.dependencies[0].dataset);
  return at;
}

/** The persisted partitions that each of a stage's partitions would read first. */
function blocksOf(last: DatasetNode, partitions: readonly number[], view: NodeView): Block[][] {
  if (!view.facts(last.id).persisted) return [];
  const below = (from: DatasetNode, index: number): Block[] => {
    if (!view.facts(from.id).persisted) return [];
    const at = find(from, view, ({ persistence }) => persistence !== undefined);
    if (!at.persistence) return narrowReads(at, index, view).flatMap(([parent, i]) => below(view.node(parent), i));
    return at.besides === undefined
      ? [[at.id, index]]
      : [
          [at.id, index],
          [at.besides, index],
        ];
  };
  return partitions.map((p) => below(last, p));
}

/** Where the datasets of a stage prefer their partitions to run; undefined where none says. */
function locationsOf(last: DatasetNode, partitions: readonly number[], view: NodeView): (readonly string[])[] | undefined {
  if (!view.facts(last.id).located) return undefined;
  const below = (from: DatasetNode, index: number): readonly string[] => {
    const at = find(from, view, ({ locations }) => locations !== undefined);
    const own = at.locations?.[index] ?? [];
    return own.length > 0 ? own : narrowReads(at, index, view).flatMap(([parent, i]) => below(view.node(parent), i));
  };
  return partitions.map((p) => below(last, p));
}
