// Where a task runs: beside its persisted data, where a lost partition moves to, or, after a wait, on any free executor.
import type { BlockId } from '../plan/end';
import type { DagState } from './dag-state';
import { type Executor, freest } from './executor-table';
import type { Stage } from './running-stage';

export interface Place {
  readonly executor: Executor;
  /** Persisted partitions that the task takes to this executor. */
  readonly moves: readonly BlockId[];
}

export class Placement {
  readonly #state: DagState;
  /** How many milliseconds the next stage still waits for the executors that hold its data; undefined where none waits. */
  waitMs: number | undefined;

  constructor(state: DagState) {
    this.#state = state;
  }

  /** A new round of launches begins. */
  begin(): void {
    this.waitMs = undefined;
  }

  /** The waiting partitions of a stage. Those that may move to another executor come last: their holders have others to compute. */
  *inOrder(stage: Stage): Generator<number> {
    const movable: number[] = [];
    for (const partition of stage.waiting) {
      if (this.#state.levelling.mayMove(stage.keptBy(partition))) movable.push(partition);
      else yield partition;
    }
    yield* movable;
  }

  /** The executor for a task; undefined while none is free, or while the task waits for one that holds its data. */
  of(stage: Stage, partition: number): Place | undefined {
    const { executors, now } = this.#state;
    const allowed = executors.allowed(stage, now, partition);
    const free = allowed.filter((e) => e.free > 0);
    if (free.length === 0) return undefined;
    const preferred = executors.preferred(stage, partition);
    const taker = this.#taker(stage, partition, preferred, allowed);
    if (taker) return this.#near(stage, taker, stage.keptBy(partition));
    const holder = preferred.find((e) => free.includes(e));
    if (holder) return this.#near(stage, holder, []);
    if (preferred.length > 0 && this.#waits(stage)) return undefined;
    return { executor: freest(free), moves: [] };
  }

  /** The executor that a persisted partition moves to. A busy one is not waited for: the holder runs the task, and a later job moves it. */
  #taker(stage: Stage, partition: number, preferred: Executor[], allowed: Executor[]): Executor | undefined {
    const taker = this.#state.levelling.taker(stage.keptBy(partition), preferred, allowed);
    return taker && taker.free > 0 ? taker : undefined;
  }

  #near(stage: Stage, executor: Executor, moves: readonly BlockId[]): Place {
    stage.farSince = undefined;
    return { executor, moves };
  }

  /** Whether tasks of a stage still wait: not longer than the configured time after the last one that started near its data. */
  #waits(stage: Stage): boolean {
    const { now, options } = this.#state;
    stage.farSince ??= now;
    const left = stage.farSince + options.localityWaitMs - now;
    if (left > 0) this.waitMs = Math.min(left, this.waitMs ?? left);
    return left > 0;
  }
}
