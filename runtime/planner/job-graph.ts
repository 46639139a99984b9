// What the stages of a job are made of, as plain data: their datasets, and how these depend on each other. It outlives the datasets.

import { cutText } from '../base/cut-text';
import type { CallSite } from '../base/flow';
import { shownDatasets } from '../base/limits';
import type { RDD } from '../rdd/rdd';
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

/** The stages of a job, parents before children. */
export function graphOf({ spec, sources }: PlannedJob): StageGraph[] {
  const stageOf = new Map(spec.stages.map(({ shuffleId, stageId }) => [shuffleId, stageId]));
  return spec.stages.map(({ stageId, title, partitions, parents }) => ({
    stageId,
    title: cutText(title),
    numTasks: partitions.length,
    parents: parents.map((parent) => parent.stageId),
    datasets: datasetsOf(sources.get(stageId)!.rdd, (shuffleId) => stageOf.get(shuffleId)),
  }));
}

function datasetsOf(last: RDD<unknown>, stageOf: (shuffleId: number) => number | undefined): DatasetInfo[] {
  const found = new Set([last]);
  for (const rdd of found) {
    for (const d of rdd.lineage) if (d.kind === 'narrow' && found.size < shownDatasets) found.add(d.rdd);
  }
  return [...found].map((rdd) => {
    const { id: rddId, operation, numPartitions: partitions, storageLevel, lineage, callSite } = rdd;
    const name = rdd.name && cutText(rdd.name);
    const level = storageLevel.isKept ? storageLevel.toString() : undefined;
    const parents = lineage.flatMap((d) => (d.kind === 'narrow' && found.has(d.rdd) ? [d.rdd.id] : []));
    const reads = lineage.flatMap((d) => (d.kind === 'shuffle' ? (stageOf(d.shuffleId) ?? []) : []));
    return { rddId, operation, name, partitions, level, parents, reads, callSite };
  });
}
