// Which map outputs of which shuffles are there, and which executors hold which cached partitions.
import type { CachedBlock, MapOutput } from '../exec/end';

export class OutputTracker {
  readonly #shuffles = new Map<number, (MapOutput | undefined)[]>();
  readonly #missing = new Map<number, number>();
  /** Map tasks that ended well once, whatever became of their outputs since. */
  readonly #ran = new Map<number, Set<number>>();

  /** Declares a shuffle of so many map tasks; known ones stay as they are. */
  declare(shuffleId: number, maps: number): void {
    if (this.#shuffles.has(shuffleId)) return;
    this.#shuffles.set(
      shuffleId,
      Array.from({ length: maps }, () => undefined),
    );
    this.#missing.set(shuffleId, maps);
    this.#ran.set(shuffleId, new Set());
  }

  /** Notes an output; answers whether it is the first of its map task. */
  add(output: MapOutput): boolean {
    const outputs = this.#shuffles.get(output.shuffleId);
    const ran = this.#ran.get(output.shuffleId);
    if (!outputs || !ran) return false;
    if (outputs[output.mapIndex] === undefined) this.#missing.set(output.shuffleId, this.#missing.get(output.shuffleId)! - 1);
    outputs[output.mapIndex] = output;
    const first = !ran.has(output.mapIndex);
    ran.add(output.mapIndex);
    return first;
  }

  /** Takes an output back, if it still is that attempt's. */
  remove(shuffleId: number, mapIndex: number, attempt: number): void {
    const outputs = this.#shuffles.get(shuffleId);
    if (outputs?.[mapIndex]?.attempt !== attempt) return;
    outputs[mapIndex] = undefined;
    this.#missing.set(shuffleId, this.#missing.get(shuffleId)! + 1);
  }

  /** Takes back all outputs of an executor whose files went with it. */
  removeExecutor(executorId: string): void {
    for (const outputs of this.#shuffles.values()) {
      for (const output of outputs)
        if (output?.executorId === executorId) this.remove(output.shuffleId, output.mapIndex, output.attempt);
    }
  }

  complete(shuffleId: number): boolean {
    return this.#missing.get(shuffleId) === 0;
  }

  missing(shuffleId: number): number[] {
    const outputs = this.#shuffles.get(shuffleId) ?? [];
    return outputs.flatMap((output, i) => (output === undefined ? [i] : []));
  }

  /** The outputs in the order of the map tasks, those that are there. */
  of(shuffleId: number): readonly MapOutput[] {
    return (this.#shuffles.get(shuffleId) ?? []).filter((o): o is MapOutput => o !== undefined);
  }

  forget(shuffleId: number): void {
    this.#shuffles.delete(shuffleId);
    this.#missing.delete(shuffleId);
    this.#ran.delete(shuffleId);
  }

  check(): void {
    for (const [shuffleId, outputs] of this.#shuffles) {
      const missing = outputs.filter((o) => o === undefined).length;
      if (missing !== this.#missing.get(shuffleId))
        throw new Error(`shuffle ${shuffleId} misses ${missing}, not ${this.#missing.get(shuffleId)}`);
    }
  }
}

/** The executors that hold each cached partition. */
export class BlockTracker {
  readonly #holders = new Map<number, Map<number, Map<string, number>>>();

  add(executorId: string, block: CachedBlock): void {
    const dataset = this.#holders.get(block.rddId) ?? new Map<number, Map<string, number>>();
    this.#holders.set(block.rddId, dataset);
    const holders = dataset.get(block.partition) ?? new Map<string, number>();
    dataset.set(block.partition, holders);
    holders.set(executorId, block.bytes);
  }

  removeExecutor(executorId: string): void {
    for (const dataset of this.#holders.values()) {
      for (const [partition, holders] of dataset) {
        holders.delete(executorId);
        if (holders.size === 0) dataset.delete(partition);
      }
    }
  }

  forget(rddId: number): void {
    this.#holders.delete(rddId);
  }

  holders(rddId: number, partition: number): readonly string[] {
    return [...(this.#holders.get(rddId)?.get(partition)?.keys() ?? [])];
  }

  /** Whether all of a dataset's partitions are held somewhere. */
  complete(rddId: number, partitions: number): boolean {
    return (this.#holders.get(rddId)?.size ?? 0) >= partitions;
  }

  /** Partitions held and their bytes, for heads and `.explain`. */
  summary(rddId: number): { partitions: number; bytes: number } {
    let bytes = 0;
    const dataset = this.#holders.get(rddId);
    for (const holders of dataset?.values() ?? []) for (const b of holders.values()) bytes += b;
    return { partitions: dataset?.size ?? 0, bytes };
  }
}
