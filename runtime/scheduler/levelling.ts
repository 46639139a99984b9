// Which persisted partitions go to another executor after a loss, so that each executor has its share again.
//
// What went with an executor is made again by those that are left, which then have more than their share: each later job would wait for
// them. So who makes a lost partition again beyond its share writes it to a file too, and an executor that has less reads it
// from there. A partition moves once after a loss; without losses nothing moves, however uneven stages are.
import type { BlockId } from '../plan/end';
import type { BlockTracker } from './block-tracker';
import { type Executor, freest } from './executor-table';

export class Levelling {
  readonly #blocks: BlockTracker;
  /** Task slots of the master when all its executors are there. */
  readonly #slots: number;

  constructor(blocks: BlockTracker, slots: number) {
    this.#blocks = blocks;
    this.#slots = slots;
  }

  /** How many partitions of a dataset an executor has beyond its share. */
  #surplus(rddId: number, { id, slots }: Executor): number {
    return this.#blocks.count(rddId, id) - (this.#blocks.most(rddId) * slots) / this.#slots;
  }

  /** Whether a task on this executor writes what it persists to files too. */
  handsOver(kept: readonly BlockId[], executor: Executor): boolean {
    return kept.some(
      (block) =>
        this.#blocks.isDisplaced(block) &&
        this.#blocks.holders(block.rddId, block.partition).length === 0 &&
        this.#surplus(block.rddId, executor) > -1,
    );
  }

  /** Whether what a task reads went with an executor and can be read from files: it may go to another. */
  mayMove(kept: readonly BlockId[]): boolean {
    return kept.length > 0 && this.#blocks.isDisplaced(kept[0]) && kept.every((block) => this.#blocks.isInFile(block));
  }

  /** The executor that takes over what a task reads from those that have too much, a free one where there is one. */
  taker(kept: readonly BlockId[], holders: readonly Executor[], allowed: readonly Executor[]): Executor | undefined {
    if (!this.mayMove(kept) || holders.some((e) => this.#surplus(kept[0].rddId, e) < 1)) return undefined;
    const takers = allowed.filter((e) => this.#surplus(kept[0].rddId, e) <= -1);
    return takers.length > 0 ? freest(takers) : undefined;
  }
}
