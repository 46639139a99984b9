// A dataset computed from the first part of its input: a copy of its lineage whose sources stop, with shuffles of its own.
import { RangePartitioner } from '../keys/partitioner';
import { type DatasetNode, type DependencyNode, input } from '../plan/node';
import { inputsOf, type Plan } from '../plan/program';
import type { DatasetDescription } from './blob-table';
import { describe } from './description';
import type { DatasetHost } from './host';
import { RDD } from './rdd';

/** How long each partition of a source is read. */
export interface ReadingTime {
  /** Milliseconds for each. */
  readonly ms: number;
  /** Milliseconds since the epoch: none is begun after that. */
  readonly until: number;
  /** The id of the accumulator that gathers which share of each partition was read. */
  readonly shares: string;
}

/** What is not known of a dataset of which only a part of the input was read. */
export type NotKnown = 'values' | 'order' | 'matches';

const consequences: readonly (readonly [Plan['op'], NotKnown])[] = [
  ['combine', 'values'],
  ['group', 'values'],
  ['cogroup', 'values'],
  ['sort', 'order'],
  ['join', 'matches'],
];

/** Steps that change the state of a stream, and those whose inputs must be of one length. */
const notInPart: ReadonlySet<Plan['op']> = new Set(['stateUpdate', 'stateRead', 'zipPartitions']);

function* nodesIn(plan: Plan): Generator<Plan> {
  yield plan;
  for (const below of inputsOf(plan)) yield* nodesIn(below);
}

export class FirstPart<T> extends RDD<T> {
  readonly #of: RDD<T>;
  /** Parents first. */
  readonly nodes: DatasetNode[] = [];
  readonly blobs: DatasetDescription['blobs'][number][] = [];
  readonly shuffles: number[] = [];
  readonly notKnown = new Set<NotKnown>();
  readonly #host: DatasetHost;
  readonly #time: ReadingTime;
  readonly #ids = new Map<RDD<unknown>, number>();

  /** Undefined where the lineage cannot be computed in part. `isStored`: it is persisted whole. */
  static of<T>(rdd: RDD<T>, time: ReadingTime, isStored: (rdd: RDD<unknown>) => boolean): FirstPart<T> | undefined {
    const part = new FirstPart(rdd, time);
    return part.#copyLineage(isStored) ? part : undefined;
  }

  private constructor(of: RDD<T>, time: ReadingTime) {
    super(of.context, of.operation);
    this.#of = of;
    this.#host = of.context;
    this.#time = time;
    if (of.name !== undefined) this.setName(of.name);
  }

  protected countPartitions(): number {
    return this.#of.numPartitions;
  }

  fragment(): Plan {
    return this.nodes.at(-1)!.fragment;
  }

  splits(): DatasetNode['splits'] {
    return this.nodes.at(-1)!.splits;
  }

  /** Parents first; long lineages cost no stack. */
  #copyLineage(isStored: (rdd: RDD<unknown>) => boolean): boolean {
    const open: RDD<unknown>[] = [this.#of];
    for (let rdd = open.at(-1); rdd; rdd = open.at(-1)) {
      const isSource = rdd.described !== undefined && (isStored(rdd) || rdd.checkpointed?.isWritten === true);
      const waiting = isSource || this.#ids.has(rdd) ? [] : rdd.lineage.filter((d) => !this.#ids.has(d.rdd));
      if (waiting.length > 0) {
        open.push(...waiting.map((d) => d.rdd).reverse());
        continue;
      }
      open.pop();
      if (this.#ids.has(rdd)) continue;
      this.#ids.set(rdd, rdd === this.#of ? this.id : this.#host.nextRddId());
      if (isSource) this.nodes.push(this.#stored(rdd));
      else if (!this.#copy(rdd)) return false;
    }
    this.described = { node: this.nodes.at(-1)!, blobs: [] };
    return true;
  }

  /** Reads a dataset where it lies, for some time. */
  #stored(rdd: RDD<unknown>): DatasetNode {
    const { operation, numPartitions: partitions } = rdd;
    const dependencies = [{ kind: 'narrow', dataset: rdd.id }] as const;
    const fragment: Plan = { op: 'firstPart', ...this.#time, input: input(0) };
    return { id: this.#ids.get(rdd)!, operation, dependencies, partitions, splits: { kind: 'same' }, fragment, functions: [] };
  }

  #copy(rdd: RDD<unknown>): boolean {
    const { node, blobs } = describe(rdd, notPrepared);
    for (const { op } of nodesIn(node.fragment)) {
      if (notInPart.has(op)) return false;
      for (const [step, lacks] of consequences) if (step === op && rdd.operation !== 'distinct') this.notKnown.add(lacks);
    }
    if (node.splits.kind === 'numbered' && node.splits.offsets.length < node.partitions) return false;
    const { persistence: _, locations: __, besides: ___, indeterminate: ____, ...rest } = node;
    const isSource = node.dependencies.length === 0 && node.splits.kind !== 'none';
    const fragment: Plan = isSource ? { op: 'firstPart', ...this.#time, input: node.fragment } : node.fragment;
    const dependencies = node.dependencies.map((d, i) => this.#dependency(d, rdd.lineage[i].rdd));
    this.nodes.push({ ...rest, id: this.#ids.get(rdd)!, dependencies, fragment });
    this.blobs.push(...blobs);
    return true;
  }

  #dependency(dependency: DependencyNode, of: RDD<unknown>): DependencyNode {
    const dataset = this.#ids.get(of)!;
    if (dependency.kind === 'narrow') return { ...dependency, dataset };
    const shuffleId = this.#host.nextShuffleId();
    this.shuffles.push(shuffleId);
    if (dependency.combine && dependency.operation !== 'distinct') this.notKnown.add('values');
    return { ...dependency, dataset, shuffleId };
  }
}

/** A sort whose bounds nobody has sampled: one of its partitions gets all, in order. */
const notPrepared: Parameters<typeof describe>[1] = (partitioner) =>
  partitioner instanceof RangePartitioner && !partitioner.isPrepared
    ? { kind: 'range', bounds: [], ascending: partitioner.ascending, partitions: partitioner.numPartitions }
    : undefined;
