// The cached partitions of one executor: live arrays, bounded by their estimated size, least recently used dataset out first.

export interface Block {
  readonly rddId: number;
  readonly partition: number;
  /** The elements, in arrays as they came. */
  readonly chunks: readonly unknown[][];
  readonly bytes: number;
}

const sampled = 64;

/** An estimate of the bytes that a value takes in V8's heap. */
function sizeOf(value: unknown, depth = 0): number {
  switch (typeof value) {
    case 'string':
      return 24 + value.length;
    case 'number':
      return 8;
    case 'object':
      break;
    default:
      return 16;
  }
  if (value === null) return 8;
  if (ArrayBuffer.isView(value)) return 64 + value.byteLength;
  if (depth > 4) return 64;
  if (Array.isArray(value)) return 16 + sizeOfArray(value, depth + 1);
  if (value instanceof Map) return 64 + 2 * sizeOfArray([...value.values()], depth + 1) + 24 * value.size;
  if (value instanceof Set) return 64 + sizeOfArray([...value], depth + 1) + 24 * value.size;
  const values = Object.values(value);
  return 32 + sizeOfArray(values, depth + 1);
}

/** By a sample of the elements: a block is measured on every write. */
export function sizeOfArray(array: readonly unknown[], depth = 0): number {
  const n = array.length;
  if (n === 0) return 0;
  const step = Math.max(1, Math.floor(n / sampled));
  let sum = 0;
  let seen = 0;
  // Reflect.get and not array[i]: where one place reads arrays of numbers and of objects, V8 turns the numbers into objects for good.
  for (let i = 0; i < n; i += step, seen++) sum += 8 + sizeOf(Reflect.get(array, i), depth);
  return Math.ceil((sum / seen) * n);
}

export class MemoryStore {
  readonly limit: number;
  /** By dataset, in the order of use: the first was used longest ago. */
  readonly #datasets = new Map<number, Map<number, Block>>();
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
    const block = dataset?.get(partition);
    if (dataset && block) {
      this.#datasets.delete(rddId);
      this.#datasets.set(rddId, dataset);
    }
    return block;
  }

  /** Keeps a block if it fits after others went; never evicts the dataset that is being written, nor any where it would not help. */
  put(block: Block): boolean {
    const dataset = this.#datasets.get(block.rddId) ?? new Map<number, Block>();
    const former = dataset.get(block.partition)?.bytes ?? 0;
    let own = block.bytes - former;
    for (const { bytes } of dataset.values()) own += bytes;
    if (own > this.limit) return false;
    this.#used -= former;
    dataset.delete(block.partition);
    for (const rddId of [...this.#datasets.keys()]) {
      if (this.#used + block.bytes <= this.limit) break;
      if (rddId !== block.rddId) this.#evict(rddId, this.#used + block.bytes - this.limit);
    }
    dataset.set(block.partition, block);
    this.#datasets.delete(block.rddId);
    this.#datasets.set(block.rddId, dataset);
    this.#used += block.bytes;
    return true;
  }

  #evict(rddId: number, bytes: number): void {
    const dataset = this.#datasets.get(rddId)!;
    let freed = 0;
    for (const block of [...dataset.values()]) {
      if (freed >= bytes) break;
      dataset.delete(block.partition);
      this.#used -= block.bytes;
      freed += block.bytes;
      this.#onEvict(block);
    }
    if (dataset.size === 0) this.#datasets.delete(rddId);
  }

  forget(rddId: number): void {
    for (const block of this.#datasets.get(rddId)?.values() ?? []) this.#used -= block.bytes;
    this.#datasets.delete(rddId);
  }

  /** The sum of the blocks must be what is accounted; for tests. */
  check(): void {
    let sum = 0;
    for (const dataset of this.#datasets.values()) for (const block of dataset.values()) sum += block.bytes;
    if (sum !== this.#used || sum > this.limit)
      throw new Error(`memory store accounts ${this.#used} bytes, holds ${sum}, limit ${this.limit}`);
  }
}
