// Which reports of tasks count: each (job or shuffle, partition) once, and each computation of a persisted partition once in these.
import { countedComputations } from '../../runtime/base/limits';
import type { AccumulatorUpdate } from '../../runtime/plan/end';
import type { Report } from './driver-events';

/** Datasets that are persisted no longer and whose computations are known all the same. */
const rememberedDatasets = 4096;

export class CountedReports {
  readonly #tasks = new Map<string, Set<number>>();
  /** The last computations of each persisted partition, by dataset. */
  readonly #computations = new Map<number, Map<number, string[]>>();

  /** Datasets that are persisted no longer, the oldest first. */
  readonly #forgotten = new Set<number>();

  /** Notes a report; false where it is known. */
  count({ within, dataset, partition }: Report): boolean {
    return dataset < 0 ? this.#countTask(within, partition) : this.#countComputation(dataset, partition, within);
  }

  #countTask(within: string, partition: number): boolean {
    const counted = this.#tasks.get(within) ?? new Set();
    this.#tasks.set(within, counted);
    if (counted.has(partition)) return false;
    counted.add(partition);
    return true;
  }

  /** Those updates that count: what was added while a version of a state was made counts once, whichever task tells of it. */
  uncounted(updates: readonly AccumulatorUpdate[]): AccumulatorUpdate[] {
    const made = new Map(
      updates.flatMap(({ block }) => (block ? [[`${block.rddId}.${block.partition}.${block.within}`, block]] : [])),
    );
    const first = new Set<string>();
    for (const [name, { rddId, partition, within }] of made)
      if (this.#countComputation(rddId, partition, within)) first.add(name);
    return updates.filter(({ block }) => !block || first.has(`${block.rddId}.${block.partition}.${block.within}`));
  }

  #countComputation(dataset: number, partition: number, within: string): boolean {
    const partitions = this.#computations.get(dataset) ?? new Map<number, string[]>();
    this.#computations.set(dataset, partitions);
    const counted = partitions.get(partition) ?? [];
    partitions.set(partition, counted);
    if (counted.includes(within)) return false;
    counted.push(within);
    if (counted.length > countedComputations) counted.shift();
    return true;
  }

  /** A job has ended, or a shuffle was dropped. */
  forget(within: string): void {
    this.#tasks.delete(within);
  }

  /**
   * A dataset is persisted no longer. Persisted partitions that were made of its own carry what was added then, and tell of it again
   * whenever they are read.
   */
  forgetDataset(dataset: number): void {
    this.#forgotten.delete(dataset);
    this.#forgotten.add(dataset);
    if (this.#forgotten.size <= rememberedDatasets) return;
    const [oldest] = this.#forgotten;
    this.#forgotten.delete(oldest);
    this.#computations.delete(oldest);
  }
}
