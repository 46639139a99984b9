// What the driver ships for a job: the bytes of its stages' programs and of its tasks' splits, as the scheduler makes them.

import type { RDD } from '../../runtime/index';
import { encodeSplit } from '../../runtime/plan/encode';
import { NodeTable } from '../../runtime/planner/node-table';
import { programOf } from '../../runtime/planner/program';
import { PlannedJob } from '../../runtime/planner/stages';
import { bucketsOf, SplitMaker } from '../../runtime/planner/task-inputs';
import { BlobTable } from '../../runtime/rdd/blob-table';
import { describe } from '../../runtime/rdd/description';

/** The datasets that one is made of, parents first, without telling its context. */
function lineageOf(rdd: RDD<unknown>, found = new Set<RDD<unknown>>()): Set<RDD<unknown>> {
  if (found.has(rdd)) return found;
  for (const dependency of rdd.lineage) lineageOf(dependency.rdd, found);
  return found.add(rdd);
}

/** What an engine would know of a dataset, and the blobs that it would ask for. */
export function knowledgeOf(rdd: RDD<unknown>): { readonly nodes: NodeTable; readonly blobs: BlobTable } {
  const [nodes, blobs] = [new NodeTable(), new BlobTable()];
  for (const dataset of lineageOf(rdd)) {
    const description = dataset.described ?? describe(dataset);
    nodes.define([description.node]);
    for (const [id, make] of description.blobs) blobs.add(id, make);
  }
  return { nodes, blobs };
}

/** Bytes of the lineage of a collection of `rdd`, before any of its map outputs is there. */
export function lineageBytes(rdd: RDD<unknown>): number {
  const { nodes, blobs } = knowledgeOf(rdd);
  const view = nodes.view();
  let stage = 0;
  const partitions = Array.from({ length: rdd.numPartitions }, (_, i) => i);
  const job = {
    root: rdd.id,
    sink: { kind: 'collect' },
    functions: [],
    partitions,
    title: '',
    properties: {},
    files: {},
  } as const;
  const nothing = { isComplete: () => false, isWhole: () => false };
  const { stages, sources } = new PlannedJob(job, view, nothing, () => stage++);
  const blob = (id: string) => blobs.blob(id);
  const splits = new SplitMaker(view, { shuffle: (id, index) => bucketsOf(id, index, [], false), blob });
  let bytes = 0;
  for (const { stageId, partitions } of stages) {
    const source = sources.get(stageId)!;
    const program = programOf(source, view, { blob, modules: () => '' });
    bytes += program.bytes.length;
    for (const id of program.bulk) bytes += blob(id).length;
    for (const partition of partitions) bytes += encodeSplit(splits.split(source.dataset, partition)).length;
  }
  return bytes;
}
