// Cuts a job into stages: a dataset's lineage at its shuffles, parents before children.

import type { Job } from '../plan/job';
import type { DatasetNode, ShuffleNode } from '../plan/node';
import type { NodeView } from './node-table';
import type { StageSource } from './program';
import { narrowReads } from './splits';
import type { StageParent, StageSpec } from './stage-spec';

export interface PlannedJob {
  /** Parents before children; the last one answers. */
  readonly stages: readonly StageSpec[];
  /** What each stage computes, by its number. */
  readonly sources: ReadonlyMap<number, StageSource>;
}

/** What a stage that writes a shuffle does with its rows. */
const writerOf = (writes: ShuffleNode): StageSource => {
  const { dataset, shuffleId, partitioner, operation, combine, functions } = writes;
  return { dataset, sink: { kind: 'shuffle', shuffleId, partitioner, operation, combine }, functions, writes };
};

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** Plans the stages that answer a job; stage numbers come from `nextStage`. Throws UNKNOWN_DATASET. */
export function planJob({ root, sink, functions, partitions }: Job, view: NodeView, nextStage: () => number): PlannedJob {
  const stages: StageSpec[] = [];
  const sources = new Map<number, StageSource>();
  const byShuffle = new Map<number, number>();

  const addStage = (source: StageSource, wanted: readonly number[]): number => {
    const node = view.node(source.dataset);
    const parents = parentsOf(node);
    const stageId = nextStage();
    stages.push({
      stageId,
      shuffleId: source.writes?.shuffleId,
      partitions: wanted,
      parents,
      blocks: blocksOf(node, wanted, view),
      locations: locationsOf(node, wanted, view),
      barrier: runsTogether(node, view),
      indeterminate: isIndeterminate(node, view),
      title: node.name ?? node.operation,
    });
    sources.set(stageId, source);
    return stageId;
  };

  const mapStage = (shuffle: ShuffleNode): number => {
    let stageId = byShuffle.get(shuffle.shuffleId);
    if (stageId === undefined) {
      stageId = addStage(writerOf(shuffle), upTo(view.node(shuffle.dataset).partitions));
      byShuffle.set(shuffle.shuffleId, stageId);
    }
    return stageId;
  };

  const parentsOf = (of: DatasetNode): StageParent[] => {
    const parents: StageParent[] = [];
    const seen = new Set<string>();
    const walk = (at: DatasetNode, above: readonly (readonly [number, number])[]): void => {
      const guards = at.persistence ? [...above, [at.id, at.partitions] as const] : above;
      const key = `${at.id}:${guards.map(([id]) => id).join()}`;
      if (seen.has(key)) return;
      seen.add(key);
      for (const d of at.dependencies) {
        if (d.kind === 'narrow') walk(view.node(d.dataset), guards);
        else parents.push({ stageId: mapStage(d), guards });
      }
    };
    walk(of, []);
    return parents;
  };

  const last = view.node(root);
  addStage({ dataset: root, sink, functions }, runsTogether(last, view) ? upTo(last.partitions) : partitions);
  return { stages, sources };
}

/** Down a chain of steps of one input, whose partitions read partitions of the same number, to a dataset that is such or is no step. */
function belowSteps(from: DatasetNode, view: NodeView, is: (at: DatasetNode) => boolean): DatasetNode {
  let at = from;
  while (!is(at) && at.splits.kind === 'same' && at.dependencies[0].kind === 'narrow') at = view.node(at.dependencies[0].dataset);
  return at;
}

/** The persisted partitions that each of a stage's partitions would read first. */
function blocksOf(last: DatasetNode, partitions: readonly number[], view: NodeView): (readonly [number, number])[][] {
  if (!someInStage(last, view, (at) => at.persistence !== undefined)) return [];
  const find = (from: DatasetNode, index: number): (readonly [number, number])[] => {
    const at = belowSteps(from, view, ({ persistence }) => persistence !== undefined);
    if (!at.persistence) return narrowReads(at, index, view).flatMap(([parent, i]) => find(view.node(parent), i));
    return at.besides === undefined
      ? [[at.id, index]]
      : [
          [at.id, index],
          [at.besides, index],
        ];
  };
  return partitions.map((p) => find(last, p));
}

/** Where the datasets of a stage prefer their partitions to run; undefined where none says. */
function locationsOf(last: DatasetNode, partitions: readonly number[], view: NodeView): (readonly string[])[] | undefined {
  const find = (from: DatasetNode, index: number): readonly string[] => {
    const at = belowSteps(from, view, ({ locations }) => locations !== undefined);
    const own = at.locations?.[index] ?? [];
    return own.length > 0 ? own : narrowReads(at, index, view).flatMap(([parent, i]) => find(view.node(parent), i));
  };
  return someInStage(last, view, (at) => at.locations !== undefined) ? partitions.map((p) => find(last, p)) : undefined;
}

/** Whether some dataset that is computed in a stage is such. */
function someInStage(last: DatasetNode, view: NodeView, is: (at: DatasetNode) => boolean): boolean {
  const found = new Set([last]);
  for (const at of found) {
    if (is(at)) return true;
    for (const d of at.dependencies) if (d.kind === 'narrow') found.add(view.node(d.dataset));
  }
  return false;
}

/** Whether the stage that computes a dataset has a barrier. */
const runsTogether = (last: DatasetNode, view: NodeView): boolean => someInStage(last, view, (at) => at.barrier === true);

/** Whether another run of the dataset may give other rows: it or one that it is made of was marked so. */
function isIndeterminate(last: DatasetNode, view: NodeView): boolean {
  const found = new Set([last]);
  for (const at of found) {
    if (at.indeterminate) return true;
    for (const { dataset } of at.dependencies) found.add(view.node(dataset));
  }
  return false;
}
