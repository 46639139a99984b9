// What the stages of a job are made of, for pages and listeners: their datasets, and how these depend on each other.

import { cutText } from '../base/cut-text';
import type { CallSite } from '../base/flow';
import { shownDatasets } from '../base/limits';
import { levelText } from '../plan/storage-level';
import type { NodeView } from './node-table';
import type { PlannedJob } from './stages';

/** A dataset as a job saw it. */
export interface DatasetInfo {
  readonly rddId: number;
  readonly operation: string;
  readonly name?: string;
  readonly partitions: number;
  /** The storage level of a persisted one. */
  readonly level?: string;
  /** Datasets of the same stage that it is computed from. */
  readonly parents: readonly number[];
  /** Stages whose shuffle output it reads. */
  readonly reads: readonly number[];
  readonly callSite?: CallSite;
}

/** A stage as its job saw it. */
export interface StageGraph {
  readonly stageId: number;
  readonly title: string;
  readonly numTasks: number;
  /** The stages that must come before. */
  readonly parents: readonly number[];
  /** From the last one back to what the stage reads; of long lineages the last ones. */
  readonly datasets: readonly DatasetInfo[];
}

/** A stage before its datasets are told. */
export interface BareStage extends Omit<StageGraph, 'datasets'> {
  /** The dataset that it ends with. */
  readonly dataset: number;
  /** The shuffle that it writes, if it writes one. */
  readonly shuffleId?: number;
}

/** The stages of a job, parents before children. */
export function graphOf(stages: readonly BareStage[], view: NodeView): StageGraph[] {
  const stageOf = new Map(stages.map(({ shuffleId, stageId }) => [shuffleId, stageId]));
  return stages.map(({ dataset, shuffleId: _, title, ...stage }) => ({
    ...stage,
    title: cutText(title),
    datasets: datasetsOf(dataset, view, (shuffleId) => stageOf.get(shuffleId)),
  }));
}

/** The stages of a job that our engine has planned. */
export const plannedStages = ({ stages, sources }: PlannedJob): BareStage[] =>
  stages.map(({ stageId, title, partitions, parents, shuffleId }) => ({
    stageId,
    title,
    numTasks: partitions.length,
    parents: parents.map((parent) => parent.stageId),
    dataset: sources.get(stageId)!.dataset,
    shuffleId,
  }));

function datasetsOf(last: number, view: NodeView, stageOf: (shuffleId: number) => number | undefined): DatasetInfo[] {
  const found = new Set([last]);
  for (const id of found) {
    for (const d of view.defined(id).dependencies) if (d.kind === 'narrow' && found.size < shownDatasets) found.add(d.dataset);
  }
  return [...found].map((rddId) => {
    const { operation, partitions, persistence, dependencies, call, name } = view.defined(rddId);
    return {
      rddId,
      operation,
      name: name && cutText(name),
      partitions,
      level: persistence && levelText(persistence.level),
      parents: dependencies.flatMap((d) => (d.kind === 'narrow' && found.has(d.dataset) ? [d.dataset] : [])),
      reads: dependencies.flatMap((d) => (d.kind === 'shuffle' ? (stageOf(d.shuffleId) ?? []) : [])),
      callSite: call?.site,
    };
  });
}
