// Describes datasets to engines, as plain data: what a job on one of them must be told before.
import type { Partitioner } from '../keys/partitioner';
import type { DatasetNode, DependencyNode } from '../plan/node';
import type { PartitionerSpec } from '../plan/program';
import type { DatasetDescription } from './blob-table';
import { specOf } from './custom-partitioner';
import type { ShippedFunction } from './function-argument';
import { FunctionTable } from './function-table';
import { type Dependency, RDD } from './rdd';

/** Describes the datasets that a job on `root` needs and that were not described before, parents first. */
export function describeLineage(
  root: RDD<unknown>,
  described: (description: DatasetDescription, rdd: RDD<unknown>) => void,
): void {
  const open = [root];
  for (let rdd = open.at(-1); rdd; rdd = open.at(-1)) {
    // What is described has all its lineage described.
    const waiting = rdd.described ? [] : rdd.lineage.filter((d) => !d.rdd.described).map((d) => d.rdd);
    if (waiting.length > 0) {
      open.push(...waiting.reverse());
      continue;
    }
    open.pop();
    if (rdd.described) continue;
    rdd.described = describe(rdd);
    described(rdd.described, rdd);
  }
}

/** What stands for a partitioner that cannot be described itself. */
type SpecFor = (partitioner: Partitioner) => PartitionerSpec | undefined;

/** A dataset as plain data. */
export function describe(rdd: RDD<unknown>, specFor: SpecFor = () => undefined): DatasetDescription {
  const table = new FunctionTable();
  const shuffled: ShippedFunction[] = [];
  const fragment = rdd.fragment(table);
  const { id, operation, name, partitioner, besides, call, ownBlob } = rdd;
  const node: DatasetNode = {
    id,
    operation,
    name,
    dependencies: rdd.lineage.map((d) => dependencyNode(d, shuffled, specFor)),
    partitions: rdd.numPartitions,
    schema: rdd.schema,
    splits: rdd.splits(),
    fragment,
    partitioner: partitioner && (specFor(partitioner) ?? specOf(partitioner, table)),
    functions: table.nodes,
    persistence: rdd.persistence,
    barrier: rdd.isBarrier || undefined,
    indeterminate: rdd.isIndeterminate || undefined,
    locations: locationsOf(rdd),
    besides,
    call,
  };
  const blobs = [...table.shipped, ...shuffled].flatMap((f) => f.blobs);
  if (ownBlob) blobs.push([rdd.blobName, ownBlob]);
  return { node, blobs };
}

/** Most kinds have no preferences, and are never asked for each partition. */
function locationsOf(rdd: RDD<unknown>): (readonly string[])[] | undefined {
  if (rdd.preferredLocations === RDD.prototype.preferredLocations) return undefined;
  return Array.from({ length: rdd.numPartitions }, (_, i) => rdd.preferredLocations(i));
}

/** A dependency as plain data. Partitioners and functions of shuffles are their own, since they belong to the stage that writes. */
function dependencyNode(dependency: Dependency, shipped: ShippedFunction[], specFor: SpecFor): DependencyNode {
  const { kind, rdd } = dependency;
  if (kind === 'narrow') return { kind, dataset: rdd.id };
  const functions = new FunctionTable();
  const { shuffleId, partitioner, operation, call, combine } = dependency;
  const node: DependencyNode = {
    kind,
    dataset: rdd.id,
    shuffleId,
    partitioner: specFor(partitioner) ?? specOf(partitioner, functions),
    operation,
    call,
    combine: combine && {
      create: combine.create && functions.function(combine.create),
      merge: functions.function(combine.merge),
    },
    functions: functions.nodes,
  };
  shipped.push(...functions.shipped);
  return node;
}
