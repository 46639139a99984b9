// What was added to accumulators while persisted partitions were computed: stored with them, told to the driver once by each executor.
import type { AccumulatorUpdate } from '../plan/end';

export class BlockUpdates {
  /** Updates that the driver may not know, by their computation. */
  readonly #untold = new Map<string, AccumulatorUpdate[]>();
  /** The computation of each partition that was told last, by dataset. */
  readonly #told = new Map<number, Map<number, string>>();

  /** Tells these with the next task that ends well, unless it was done before; answers those that it was not. */
  note(updates: readonly AccumulatorUpdate[]): readonly AccumulatorUpdate[] {
    const news = updates.filter(({ block }) => block && this.#told.get(block.rddId)?.get(block.partition) !== block.within);
    const fresh = new Map<string, AccumulatorUpdate[]>();
    for (const update of news) {
      const { rddId, partition, within } = update.block!;
      const name = `${rddId}.${partition}.${within}`;
      if (this.#untold.has(name)) continue;
      const own = fresh.get(name);
      if (own) own.push(update);
      else fresh.set(name, [update]);
    }
    for (const [name, own] of fresh) this.#untold.set(name, own);
    return news;
  }

  /** What is to be told now. */
  take(): AccumulatorUpdate[] {
    const updates = [...this.#untold.values()].flat();
    this.#untold.clear();
    for (const { block } of updates) {
      const { rddId, partition, within } = block!;
      const told = this.#told.get(rddId) ?? new Map<number, string>();
      this.#told.set(rddId, told.set(partition, within));
    }
    return updates;
  }

  /** The dataset is not persisted any more. */
  forget(rddId: number): void {
    this.#told.delete(rddId);
    for (const name of this.#untold.keys()) if (name.startsWith(`${rddId}.`)) this.#untold.delete(name);
  }
}
