// A persisted partition inside a task: read if it is present, else computed, passed on and persisted once it is whole.
import type { Plan, Split } from '../plan/program';
import type { TaskSpec } from '../plan/task';
import { rowsOfParts, type StoredPart } from '../storage/block-chunks';
import type { BlockRequest, BlockStore } from '../storage/block-store';
import { TaskCancelled } from './task-runtime';
import type { TaskUpdates } from './task-updates';

interface PersistedHost {
  readonly store: BlockStore;
  readonly updates: TaskUpdates;
  /** What counts the accumulators of the task once: its stage, or the shuffle that this writes. */
  readonly within: string;
  /** Runs whether the task succeeds or fails. */
  readonly cleanups: (() => void)[];
  /** Whether partitions that are begun are finished. */
  readonly finishes: boolean;
  /** Whether rows hold something that ends with the task. */
  endsWithTask(): boolean;
}

type Work = TaskUpdates['current'];

/** A partition that is computed a chunk at a time; it outlives a reader that stops early. */
class PartitionInWork {
  readonly #request: BlockRequest;
  readonly #host: PersistedHost;
  /** Finishes what was begun on behalf of some work. */
  readonly #finishBelow: (work: Work) => void;
  readonly reader: Work;
  readonly #work: Work;
  readonly #chunks: Generator<unknown[]>;
  readonly #writer: ReturnType<BlockStore['writer']>;
  #isOver = false;

  constructor(
    request: BlockRequest,
    host: PersistedHost,
    finishBelow: (work: Work) => void,
    compute: () => Generator<unknown[]>,
    work?: Work,
  ) {
    this.#request = request;
    this.#host = host;
    this.#finishBelow = finishBelow;
    this.#writer = host.store.writer(request);
    this.reader = host.updates.current;
    this.#work = work ?? this.reader.begin();
    this.#chunks = host.updates.during(this.#work, compute());
  }

  /** The next chunk; undefined once the partition is whole, and stored. */
  next(): unknown[] | undefined {
    if (this.#isOver) return undefined;
    const step = this.#chunks.next();
    if (!step.done) {
      this.#writer.add(step.value);
      return step.value;
    }
    // What partitions below add belongs to them once they are stored, and to this one where they are not.
    this.#finishBelow(this.#work);
    this.#isOver = true;
    const { rddId, partition } = this.#request;
    const added = this.#work.end({ rddId, partition, within: this.#host.within });
    this.reader.read(added);
    this.#writer.commit(this.#host.endsWithTask(), added);
    return undefined;
  }

  /** Computes what no reader asked for, as long as there is room for it. */
  finish(): void {
    while (this.#writer.hasRoom && this.next());
  }

  /** Leaves nothing behind of a partition that is not whole. */
  abandon(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#chunks.return(undefined);
    this.#writer.abandon();
  }
}

/** The persisted partitions of one task. */
export class PersistedPartitions {
  readonly #task: TaskSpec;
  readonly #host: PersistedHost;
  /** Those that it began to compute. */
  readonly #inWork: PartitionInWork[] = [];

  /** The work on partitions whose input was awaited first. */
  readonly #works = new Map<string, Work>();

  constructor(task: TaskSpec, host: PersistedHost) {
    this.#task = task;
    this.#host = host;
  }

  /** Has `gather` await the input of a partition that must be computed. False in a sample, which stores no partition. */
  async prepare({ rddId }: Plan & { op: 'cached' }, { index }: Split, gather: () => Promise<void>): Promise<boolean> {
    const { store, updates, finishes } = this.#host;
    if (store.has(rddId, index)) return true;
    if (!finishes) return false;
    const work = updates.current.begin();
    this.#works.set(`${rddId}.${index}`, work);
    await updates.awaitedIn(work, gather);
    return true;
  }

  /** A partition as it lies in memory; undefined where it does not, or not as values and texts. */
  stored({ rddId }: Plan & { op: 'cached' }, { index }: Split): readonly StoredPart[] | undefined {
    const { store, updates } = this.#host;
    const known = store.stored(rddId, index);
    if (known) updates.current.read(known.updates);
    return known?.parts;
  }

  rows(plan: Plan & { op: 'cached' }, split: Split, compute: () => Generator<unknown[]>): Generator<unknown[]> {
    return rowsOfParts(this.parts(plan, split, compute));
  }

  /** The same as it is stored; as it comes where it is computed. */
  *parts(plan: Plan & { op: 'cached' }, split: Split, compute: () => Generator<unknown[]>): Generator<StoredPart> {
    const { store, updates, cleanups } = this.#host;
    const { rddId, level, priority } = plan;
    const { taskId, handsOver } = this.#task;
    const request = { rddId, partition: split.index, level, priority, taskId, handsOver };
    const known = store.read(request, (file) => cleanups.push(() => file.close()));
    if (known) {
      updates.current.read(known.updates);
      return yield* known.parts;
    }
    const below = (work: Work) => this.#finish((of) => of.reader === work);
    const key = `${rddId}.${split.index}`;
    const partition = new PartitionInWork(request, this.#host, below, compute, this.#works.get(key));
    this.#works.delete(key);
    // Its reader may end early: it has enough, or user code throws.
    cleanups.push(() => partition.abandon());
    this.#inWork.push(partition);
    for (let chunk = partition.next(); chunk; chunk = partition.next()) yield chunk;
  }

  /**
   * Once the task has its answer, as Spark does: what was begun is computed to its end, so that later jobs find it. An error there is of
   * rows that nobody asked for: the partition is not stored then.
   */
  finish(): void {
    this.#finish(() => true);
  }

  #finish(isWanted: (partition: PartitionInWork) => boolean): void {
    if (!this.#host.finishes) return;
    for (const partition of this.#inWork.filter(isWanted)) {
      try {
        partition.finish();
      } catch (e) {
        if (e instanceof TaskCancelled) throw e;
      }
    }
  }
}
