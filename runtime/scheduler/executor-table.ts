// The executors that are there, their free slots, and which of them a task of a stage may run on.

import type { ExclusionOptions } from '../base/config';
import { assert } from '../base/errors';
import type { ExecutorInfo } from './backend';
import type { BlockTracker } from './block-tracker';
import { Exclusions } from './exclusion';
import type { Stage } from './running-stage';

export interface Executor extends ExecutorInfo {
  free: number;
}

/** An executor as `.executors` and the status tracker show it. */
export interface ExecutorStatus {
  readonly id: string;
  readonly host: string;
  readonly slots: number;
  readonly free: number;
  /** It gets no tasks for a while, because too many failed on it. */
  readonly excluded: boolean;
}

export class ExecutorTable {
  readonly exclusions: Exclusions;
  readonly #executors = new Map<string, Executor>();
  readonly #blocks: BlockTracker;

  constructor(options: ExclusionOptions, blocks: BlockTracker) {
    this.exclusions = new Exclusions(options);
    this.#blocks = blocks;
  }

  join(executor: ExecutorInfo): void {
    this.#executors.set(executor.id, { ...executor, free: executor.slots });
  }

  get(id: string): Executor | undefined {
    return this.#executors.get(id);
  }

  remove(id: string): void {
    this.#executors.delete(id);
    this.exclusions.executorLost(id);
  }

  get anyFree(): boolean {
    for (const e of this.#executors.values()) if (e.free > 0) return true;
    return false;
  }

  /**
   * Executors for a stage, or for one partition of it. Where too many are excluded from it, none is: better a doubtful one than none. `slots`
   * are those that it must have at once.
   */
  allowed(stage: Stage, now: number, partition?: number, slots = 1): Executor[] {
    const all = [...this.#executors.values()];
    const allowed = all.filter((e) => this.exclusions.allows(e.id, stage.spec.stageId, now));
    const some = allowed.reduce((sum, e) => sum + e.slots, 0) >= slots ? allowed : all;
    const fresh = some.filter((e) => !this.exclusions.hasFailed(e.id, stage.spec.stageId, partition));
    return fresh.length > 0 ? fresh : some;
  }

  /** Those of them that have free slots. */
  free(stage: Stage, now: number, slots = 1): Executor[] {
    return this.allowed(stage, now, undefined, slots).filter((e) => e.free > 0);
  }

  /** Executors that hold the cached data of a partition, or that its dataset names. */
  preferred(stage: Stage, partition: number): Executor[] {
    for (const { rddId, partition: cached } of stage.keptBy(partition)) {
      const holders = this.#blocks.holders(rddId, cached).flatMap((id) => this.#executors.get(id) ?? []);
      if (holders.length > 0) return holders;
    }
    const wished = stage.spec.locations?.[stage.indexOf(partition)] ?? [];
    if (wished.length === 0) return [];
    return [...this.#executors.values()].filter((e) => wished.includes(e.id) || wished.includes(e.host));
  }

  status(now: number): ExecutorStatus[] {
    return [...this.#executors.values()].map(({ id, host, slots, free }) => {
      return { id, host, slots, free, excluded: this.exclusions.isExcluded(id, now) };
    });
  }

  /** Throws where slots and the executors of tasks do not add up. */
  check(taskExecutors: readonly string[]): void {
    for (const e of this.#executors.values()) {
      const used = taskExecutors.filter((id) => id === e.id).length;
      assert(e.free + used === e.slots && e.free >= 0, `executor ${e.id} has ${e.free} free of ${e.slots} with ${used} tasks`);
    }
  }
}

/** The executor with the most free slots. */
export const freest = (executors: readonly Executor[]): Executor => executors.reduce((a, b) => (b.free > a.free ? b : a));
