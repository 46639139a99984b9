// Which executors hold which persisted partitions, and which partitions were lost with their executor.
import type { BlockId, CachedBlock } from '../plan/end';

/** Where one persisted partition is. */
interface Held {
  /** Bytes in the memory of executors, by executor. */
  readonly memory: Map<string, number>;
  /** The bytes of its file, and the executor that told of it: with that one's machine it would be lost. */
  file?: { readonly executorId: string; readonly bytes: number };
}

class KeptDataset {
  readonly partitions = new Map<number, Held>();
  /** How many partitions each executor has in memory. */
  readonly counts = new Map<string, number>();
  /** The most partitions that were held at a time. */
  most = 0;
  /** Partitions that went with an executor and have not moved since. */
  readonly displaced = new Set<number>();

  add(executorId: string, { partition, bytes, diskBytes }: CachedBlock): void {
    const held: Held = this.partitions.get(partition) ?? { memory: new Map() };
    this.partitions.set(partition, held);
    this.most = Math.max(this.most, this.partitions.size);
    this.release(executorId, held);
    if (bytes > 0) {
      held.memory.set(executorId, bytes);
      this.counts.set(executorId, (this.counts.get(executorId) ?? 0) + 1);
    }
    if (diskBytes > 0) held.file = { executorId, bytes: diskBytes };
  }

  /** Takes a partition from an executor's memory; answers whether it was there. */
  release(executorId: string, held: Held): boolean {
    if (!held.memory.delete(executorId)) return false;
    const left = this.counts.get(executorId)! - 1;
    if (left > 0) this.counts.set(executorId, left);
    else this.counts.delete(executorId);
    return true;
  }

  dropEmpty(partition: number, held: Held): void {
    if (held.memory.size === 0 && !held.file) this.partitions.delete(partition);
  }

  removeExecutor(executorId: string, filesSurvive: boolean): void {
    for (const [partition, held] of this.partitions) {
      if (this.release(executorId, held) && held.memory.size === 0) this.displaced.add(partition);
      if (!filesSurvive && held.file?.executorId === executorId) held.file = undefined;
      this.dropEmpty(partition, held);
    }
  }

  check(): void {
    const counts = new Map<string, number>();
    for (const { memory } of this.partitions.values()) for (const id of memory.keys()) counts.set(id, (counts.get(id) ?? 0) + 1);
    for (const id of [...counts.keys(), ...this.counts.keys()])
      if (counts.get(id) !== this.counts.get(id)) throw new Error(`${id} holds ${counts.get(id)}, not ${this.counts.get(id)}`);
  }
}

/** The executors that hold each persisted partition in memory, and the partitions that are in files. */
export class BlockTracker {
  readonly #datasets = new Map<number, KeptDataset>();

  /** An executor has told where a partition is now. */
  add(executorId: string, block: CachedBlock): void {
    const dataset = this.#datasets.get(block.rddId) ?? new KeptDataset();
    this.#datasets.set(block.rddId, dataset);
    dataset.add(executorId, block);
  }

  /** An executor has it no longer, neither in memory nor in a file that it can read. */
  remove(executorId: string, { rddId, partition }: BlockId): void {
    const dataset = this.#datasets.get(rddId);
    const held = dataset?.partitions.get(partition);
    if (!dataset || !held) return;
    dataset.release(executorId, held);
    held.file = undefined;
    dataset.dropEmpty(partition, held);
  }

  /** A partition has moved: who else had it in memory drops it. */
  moved(to: string, { rddId, partition }: BlockId): void {
    const dataset = this.#datasets.get(rddId);
    const held = dataset?.partitions.get(partition);
    if (!dataset || !held) return;
    for (const executorId of [...held.memory.keys()]) if (executorId !== to) dataset.release(executorId, held);
  }

  removeExecutor(executorId: string, filesSurvive: boolean): void {
    for (const dataset of this.#datasets.values()) dataset.removeExecutor(executorId, filesSurvive);
  }

  /** Whether a partition went with an executor and has not moved since. */
  isDisplaced({ rddId, partition }: BlockId): boolean {
    return this.#datasets.get(rddId)?.displaced.has(partition) === true;
  }

  /** It has moved, or found no room: no more than once after a loss. */
  settle({ rddId, partition }: BlockId): void {
    this.#datasets.get(rddId)?.displaced.delete(partition);
  }

  forget(rddId: number): void {
    this.#datasets.delete(rddId);
  }

  /** The executors that have a partition in memory: where it likes to be read. */
  holders(rddId: number, partition: number): readonly string[] {
    return [...(this.#datasets.get(rddId)?.partitions.get(partition)?.memory.keys() ?? [])];
  }

  /** Whether a partition can be read from a file. */
  isInFile({ rddId, partition }: BlockId): boolean {
    return this.#datasets.get(rddId)?.partitions.get(partition)?.file !== undefined;
  }

  /** How many partitions of a dataset an executor has in memory. */
  count(rddId: number, executorId: string): number {
    return this.#datasets.get(rddId)?.counts.get(executorId) ?? 0;
  }

  /** The most partitions of a dataset that were held at a time. */
  most(rddId: number): number {
    return this.#datasets.get(rddId)?.most ?? 0;
  }

  /** Whether all of a dataset's partitions are held somewhere. */
  complete(rddId: number, partitions: number): boolean {
    return (this.#datasets.get(rddId)?.partitions.size ?? 0) >= partitions;
  }

  /** Partitions held, and their bytes in memory and in files, for heads and `.explain`. */
  summary(rddId: number): StoredSize {
    const partitions = this.#datasets.get(rddId)?.partitions ?? new Map<number, Held>();
    let bytes = 0;
    let diskBytes = 0;
    for (const { memory, file } of partitions.values()) {
      for (const b of memory.values()) bytes += b;
      diskBytes += file?.bytes ?? 0;
    }
    return { partitions: partitions.size, bytes, diskBytes };
  }

  check(): void {
    for (const dataset of this.#datasets.values()) dataset.check();
  }
}

/** How much of a dataset is persisted: partitions, bytes in memory, bytes in files. */
export interface StoredSize {
  readonly partitions: number;
  readonly bytes: number;
  readonly diskBytes: number;
}
