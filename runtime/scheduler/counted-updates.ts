// Which updates of accumulators count: those of each (stage, partition) and of each computation of a persisted partition once.
import { countedComputations } from '../base/limits';
import type { AccumulatorUpdate, BlockId } from '../plan/end';
import type { OutputTracker } from './map-outputs';
import type { Stage } from './running-stage';

export class CountedUpdates {
  readonly #outputs: OutputTracker;
  /** Partitions of stages that give results. */
  readonly #results = new WeakMap<Stage, Set<number>>();
  /** Map tasks by shuffle: a recomputed output does not count again. */
  readonly #maps = new Map<number, Set<number>>();
  /** The last computations of each persisted partition, by dataset. */
  readonly #computations = new Map<number, Map<number, string[]>>();

  constructor(outputs: OutputTracker) {
    this.#outputs = outputs;
  }

  /** Notes that a partition of a stage is counted; false where it was before, or where its shuffle is forgotten. */
  count(stage: Stage, partition: number): boolean {
    const { shuffleId } = stage.spec;
    if (shuffleId !== undefined && !this.#outputs.isKnown(shuffleId)) return false;
    const counted = shuffleId === undefined ? entry(this.#results, stage) : entry(this.#maps, shuffleId);
    if (counted.has(partition)) return false;
    counted.add(partition);
    return true;
  }

  /** Those updates of persisted partitions that count now; they do not count again. */
  uncounted(updates: readonly AccumulatorUpdate[]): AccumulatorUpdate[] {
    const first = updates.filter(({ block }) => block && !this.#computationsOf(block).includes(block.within));
    for (const { block } of first) {
      const counted = this.#computationsOf(block!);
      if (counted.includes(block!.within)) continue;
      counted.push(block!.within);
      if (counted.length > countedComputations) counted.shift();
    }
    return first;
  }

  #computationsOf({ rddId, partition }: BlockId): string[] {
    const dataset = this.#computations.get(rddId) ?? new Map<number, string[]>();
    this.#computations.set(rddId, dataset);
    const counted = dataset.get(partition) ?? [];
    dataset.set(partition, counted);
    return counted;
  }

  /** The user or the garbage collector dropped the dataset: if it is persisted anew, it counts anew. */
  forgetDataset(rddId: number): void {
    this.#computations.delete(rddId);
  }

  forgetShuffle(shuffleId: number): void {
    this.#maps.delete(shuffleId);
  }
}

function entry<K>(
  sets: { get(key: K): Set<number> | undefined; set(key: K, counted: Set<number>): unknown },
  key: K,
): Set<number> {
  const counted = sets.get(key) ?? new Set<number>();
  sets.set(key, counted);
  return counted;
}
