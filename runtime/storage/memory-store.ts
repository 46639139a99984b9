// The cached partitions of one executor in memory: bounded by their size; low priority goes first, then what was used longest ago.
import type { LevelFlags } from '../plan/storage-level';
import type { StoredPart } from './block-chunks';

/** A stored partition: its elements as they came, as bytes or as columns; or these as frames of bytes. */
export type Content =
  | { readonly kind: 'live'; readonly chunks: readonly StoredPart[] }
  | { readonly kind: 'encoded'; readonly frames: readonly Buffer[] };

export interface Block {
  readonly rddId: number;
  readonly partition: number;
  readonly content: Content;
  readonly bytes: number;
  readonly level: LevelFlags;
  /** Encoded accumulator updates of its computation, if there are any. */
  readonly updates?: Uint8Array;
}

interface Dataset {
  readonly blocks: Map<number, Block>;
  readonly priority: number;
}

export class MemoryStore {
  readonly limit: number;
  /** By dataset, in the order of use: the first was used longest ago. */
  readonly #datasets = new Map<number, Dataset>();
  #used = 0;
  readonly #onEvict: (block: Block) => void;

  constructor(limitBytes: number, onEvict: (block: Block) => void) {
    this.limit = limitBytes;
    this.#onEvict = onEvict;
  }

  get used(): number {
    return this.#used;
  }

  get(rddId: number, partition: number): Block | undefined {
    const dataset = this.#datasets.get(rddId);
    const block = dataset?.blocks.get(partition);
    if (dataset && block) {
      this.#datasets.delete(rddId);
      this.#datasets.set(rddId, dataset);
    }
    return block;
  }

  /**
   * The bytes that a block of this dataset may take, after all went that may go for it: never the dataset that is being written, nor
   * one of a higher priority.
   */
  roomFor(rddId: number, partition: number, priority: number): number {
    let room = this.limit - this.#used + (this.#datasets.get(rddId)?.blocks.get(partition)?.bytes ?? 0);
    for (const [id, dataset] of this.#datasets) {
      if (id === rddId || dataset.priority > priority) continue;
      for (const { bytes } of dataset.blocks.values()) room += bytes;
    }
    return room;
  }

  /** Keeps a block if it fits after others went; none goes where it would not help. */
  put(block: Block, priority = 0): boolean {
    const { rddId, partition, bytes } = block;
    if (bytes > this.roomFor(rddId, partition, priority)) return false;
    this.remove(rddId, partition);
    const victims = [...this.#datasets].filter(([id, dataset]) => id !== rddId && dataset.priority <= priority);
    // Sorting is stable: among equals the one that was used longest ago is the first.
    victims.sort(([, a], [, b]) => a.priority - b.priority);
    for (const [id] of victims) {
      if (this.#used + bytes <= this.limit) break;
      this.#evict(id, this.#used + bytes - this.limit);
    }
    const blocks = this.#datasets.get(rddId)?.blocks ?? new Map<number, Block>();
    blocks.set(partition, block);
    this.#datasets.delete(rddId);
    this.#datasets.set(rddId, { blocks, priority });
    this.#used += bytes;
    return true;
  }

  /** What is there of a dataset has another priority from now on. */
  prioritize(rddId: number, priority: number): void {
    const dataset = this.#datasets.get(rddId);
    // Its place in the order of use stays.
    if (dataset) this.#datasets.set(rddId, { ...dataset, priority });
  }

  remove(rddId: number, partition: number): void {
    const dataset = this.#datasets.get(rddId);
    const block = dataset?.blocks.get(partition);
    if (!dataset || !block) return;
    dataset.blocks.delete(partition);
    this.#used -= block.bytes;
    if (dataset.blocks.size === 0) this.#datasets.delete(rddId);
  }

  #evict(rddId: number, bytes: number): void {
    let freed = 0;
    for (const block of [...this.#datasets.get(rddId)!.blocks.values()]) {
      if (freed >= bytes) break;
      this.remove(rddId, block.partition);
      freed += block.bytes;
      this.#onEvict(block);
    }
  }

  forget(rddId: number): void {
    for (const block of this.#datasets.get(rddId)?.blocks.values() ?? []) this.#used -= block.bytes;
    this.#datasets.delete(rddId);
  }

  /** The sum of the blocks must be what is accounted; for tests. */
  check(): void {
    let sum = 0;
    for (const { blocks } of this.#datasets.values()) for (const block of blocks.values()) sum += block.bytes;
    if (sum !== this.#used || sum > this.limit)
      throw new Error(`memory store accounts ${this.#used} bytes, holds ${sum}, limit ${this.limit}`);
  }
}
