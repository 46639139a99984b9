// The splits of a stage's tasks, made of the rules of its datasets, and which partitions of its dependencies a partition reads.
import { MillraceError } from '../base/errors';
import type { MapOutput } from '../plan/end';
import { type DatasetNode, type DependencyNode, sliceBounds } from '../plan/node';
import type { BucketLocation, Split } from '../plan/program';
import type { NodeView } from './node-table';

/** A partition of a dependency, the dependency by its place. */
type Read = readonly [dependency: number, partition: number];

const oneOf = (dependencies: readonly DependencyNode[], index: number): Read[] => dependencies.map((_, i) => [i, index]);

/** The partitions that partition `index` reads, in the order in which its split lists them. */
function readsOf(node: DatasetNode, index: number, view: NodeView): readonly Read[] {
  const { splits, dependencies, partitions } = node;
  const partitionsOf = (dependency: number) => view.node(dependencies[dependency].dataset).partitions;
  switch (splits.kind) {
    case 'same':
    case 'numbered':
    case 'beside':
      return oneOf(dependencies, index);
    case 'union':
      return [view.readOfUnion(node, index)];
    case 'pairs': {
      const width = partitionsOf(1);
      return [
        [0, Math.floor(index / width)],
        [1, index % width],
      ];
    }
    case 'neighbours': {
      const [from, to] = sliceBounds(partitionsOf(0), partitions)(index);
      return Array.from({ length: to - from }, (_, i) => [0, from + i]);
    }
    case 'one':
      return [[0, splits.partition]];
    case 'some':
      return splits.reads.includes(index) ? [[0, index]] : [];
    case 'custom':
      return splits.reads[index];
    default:
      return [];
  }
}

/** The narrow parents of a partition, as [dataset, partition]. */
export function narrowReads(node: DatasetNode, index: number, view: NodeView): (readonly [dataset: number, partition: number])[] {
  return readsOf(node, index, view).flatMap(([i, partition]) => {
    const { kind, dataset } = node.dependencies[i];
    return kind === 'narrow' ? [[dataset, partition] as const] : [];
  });
}

/** What splits are made of besides the datasets. */
export interface SplitSources {
  /** What a partition reads of a shuffle. */
  readonly shuffle: (shuffleId: number, partition: number) => Split;
  /** What it reads of a persisted dataset, where the engine stores these by itself. */
  readonly stored?: (dataset: number, partition: number) => Split;
  readonly blob: (id: string) => Uint8Array;
}

/** The buckets of one reduce partition, in the order of the map tasks. `complete`: the outputs of all map tasks are there. */
export function bucketsOf(shuffleId: number, partition: number, outputs: readonly MapOutput[], complete: boolean): Split {
  const buckets = outputs.map(
    ({ mapIndex, executorId, writer, sizes }): BucketLocation => ({ mapIndex, executorId, writer, size: sizes[partition] }),
  );
  return { kind: 'buckets', index: partition, shuffleId, buckets, missing: !complete };
}

/** The splits of one task. */
export class SplitMaker {
  readonly #view: NodeView;
  readonly #sources: SplitSources;
  /** By dataset and index: what several datasets are made of is in the split of a task once. */
  readonly #splits = new Map<string, Split>();
  readonly #within: number | undefined;

  /** `within` is the persisted dataset that the stage itself computes. */
  constructor(view: NodeView, sources: SplitSources, within?: number) {
    this.#view = view;
    this.#sources = sources;
    this.#within = within;
  }

  /** What partition `index` of a dataset reads. */
  split(dataset: number, index: number): Split {
    // Steps of one input add nothing to a split: long chains of them cost nothing.
    const node = this.#view.endOfSteps(dataset);
    const key = `${node.id}.${index}`;
    const known = this.#splits.get(key);
    if (known) return known;
    const { stored } = this.#sources;
    const isStored = stored !== undefined && node.id !== this.#within && this.#view.isCut(node);
    const split = isStored ? stored(node.id, index) : this.#made(node, index);
    this.#splits.set(key, split);
    return split;
  }

  #made(node: DatasetNode, index: number): Split {
    const { splits, partitions } = node;
    switch (splits.kind) {
      case 'none':
        return { kind: 'empty', index };
      case 'values':
        return { kind: 'values', index, bytes: this.#sources.blob(`${splits.blobs}.${index}`) };
      case 'range': {
        const [from, to] = sliceBounds(splits.length, partitions)(index);
        return { kind: 'range', index, start: splits.start, step: splits.step, from, to };
      }
      case 'text':
        return {
          kind: 'text',
          index,
          ranges: splits.ranges[index].map(([file, start, end]) => ({ ...splits.files[file], start, end })),
        };
      case 'files':
        return { kind: 'files', index, files: splits.files.slice(splits.bounds[index], splits.bounds[index + 1]) };
      case 'checkpoint':
        return { kind: 'checkpoint', index, rddId: node.id, folder: splits.folder };
      case 'same':
        return this.#input(node.dependencies[0], index);
      default:
        return this.#above(node, index);
    }
  }

  /** A split with an index of its own above those of its inputs. */
  #above(node: DatasetNode, index: number): Split {
    const { splits, dependencies } = node;
    const reads = readsOf(node, index, this.#view);
    const inputs = reads.map(([dependency, partition]) => this.#input(dependencies[dependency], partition));
    switch (splits.kind) {
      case 'numbered':
        return { kind: 'node', index, number: splits.offsets[index], inputs };
      case 'union':
        return { kind: 'node', index, number: reads[0][0], inputs };
      case 'one':
        return { kind: 'node', index, number: 0, inputs };
      case 'some':
        // The plan chooses between nothing and the dependency.
        return { kind: 'node', index, number: reads.length, inputs: reads.length > 0 ? inputs : [{ kind: 'empty', index }] };
      case 'custom': {
        const own: Split = { kind: 'values', index, bytes: this.#sources.blob(`${splits.blobs}.${index}`) };
        return { kind: 'node', index, inputs: [own, ...inputs] };
      }
      case 'beside':
      case 'pairs':
      case 'neighbours':
        return { kind: 'node', index, inputs };
      default:
        throw new MillraceError('INTERNAL', { reason: `no split for the rule ${splits.kind}` });
    }
  }

  #input(dependency: DependencyNode, index: number): Split {
    return dependency.kind === 'narrow' ? this.split(dependency.dataset, index) : this.#shuffle(dependency.shuffleId, index);
  }

  #shuffle(shuffleId: number, index: number): Split {
    const key = `shuffle ${shuffleId}.${index}`;
    const known = this.#splits.get(key);
    if (known) return known;
    const split = this.#sources.shuffle(shuffleId, index);
    this.#splits.set(key, split);
    return split;
  }
}
