// A dataset that another session has published: read by its number, with all its partitions and persisted rows where they are.
import { MillraceError } from '../../base/errors';
import { HashPartitioner, type Partitioner, RangePartitioner } from '../../keys/partitioner';
import type { DatasetNode, SplitRule } from '../../plan/node';
import type { PartitionerSpec, Plan } from '../../plan/program';
import type { PublishedDataset } from '../../plan/sharing/shared-datasets';
import { StorageLevel } from '../../plan/storage-level';
import type { Schema } from '../../schema/schema';
import type { DatasetHost } from '../host';
import { RDD } from '../rdd';

/** `sc.dataset(name)`. */
export class PublishedRDD<T> extends RDD<T> {
  readonly #published: PublishedDataset;
  readonly #partitioner: Partitioner | undefined;

  constructor(context: DatasetHost, published: PublishedDataset) {
    super(context, 'dataset', [], published.dataset);
    this.#published = published;
    this.#partitioner = partitionerOf(published.partitioner);
    // The engine knows it: it is never described here.
    this.described = { node: nodeOf(published), blobs: [] };
  }

  protected countPartitions(): number {
    return this.#published.partitions;
  }

  fragment(): Plan {
    return { op: 'empty' };
  }

  splits(): SplitRule {
    return { kind: 'none' };
  }

  override get partitioner(): Partitioner | undefined {
    return this.#partitioner;
  }

  override get schema(): Schema | undefined {
    return this.#published.schema;
  }

  override get name(): string {
    return this.#published.name;
  }

  override get storageLevel(): StorageLevel {
    const { useMemory, useDisk, serialized, replication } = this.#published.level;
    return new StorageLevel(useMemory, useDisk, serialized, replication);
  }

  // What would change it for others.

  override setName(): never {
    return this.#refuse('setName');
  }

  override persist(): never {
    return this.#refuse('persist');
  }

  override unpersist(): never {
    return this.#refuse('unpersist');
  }

  override markIndeterminate(): never {
    return this.#refuse('markIndeterminate');
  }

  override checkpoint(): never {
    return this.#refuse('checkpoint');
  }

  override localCheckpoint(): never {
    return this.#refuse('localCheckpoint');
  }

  #refuse(operation: string): never {
    const { name, owner } = this.#published;
    throw new MillraceError('PUBLISHED_BY_OTHERS', { operation, name, owner });
  }

  override toString(): string {
    return `${this.name} (dataset)`;
  }
}

/** Partitioners of users are the publisher's own: datasets of other sessions have none that equals them. */
function partitionerOf(spec: PartitionerSpec | undefined): Partitioner | undefined {
  if (spec?.kind === 'hash') return new HashPartitioner(spec.partitions);
  if (spec?.kind === 'range') return new RangePartitioner(spec.bounds, spec.ascending, spec.partitions);
  return undefined;
}

const nodeOf = ({ dataset, operation, partitions }: PublishedDataset): DatasetNode => ({
  id: dataset,
  operation,
  dependencies: [],
  partitions,
  splits: { kind: 'none' },
  fragment: { op: 'empty' },
  functions: [],
});
