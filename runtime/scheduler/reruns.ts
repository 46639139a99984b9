// Which stages must run before a stage can, and what is recomputed when outputs are lost.
//
// A determinate stage gives the same rows again: only what is lost runs again. The outputs of an indeterminate or barrier stage belong
// together: one job writes them at a time, and from the first reader on, the loss of one takes all of them back (the next generation of
// the shuffle), with all that was made of them: outputs, persisted partitions, and the parts of running stages.

import type { DagState } from './dag-state';
import { type Job, missingParents, readersOf, waysTo } from './running-jobs';
import type { Stage } from './running-stage';

/** Whether the outputs of a stage belong together. */
const isWhole = ({ spec }: Stage): boolean => spec.indeterminate === true || spec.barrier === true;

export class Reruns {
  readonly #state: DagState;
  /** Of shuffles whose outputs belong together: the stage that writes them now. */
  readonly #writers = new Map<number, Stage>();
  /** Persisted datasets that tasks may still write from rows that are no more, with the number of these tasks. */
  readonly #draining = new Map<number, number>();
  /** Shuffles whose writers have shown in this pass that they go on. */
  readonly #claimed = new Set<number>();
  #rolledBack = false;

  constructor(state: DagState) {
    this.#state = state;
  }

  /** Puts into line what has to run, and takes back what must not be read any more, until nothing changes. */
  settle(): void {
    do {
      this.#rolledBack = false;
      this.#claimed.clear();
      for (const job of this.#state.jobs.values()) this.#settle(job, job.result, new Set());
    } while (this.#rolledBack);
  }

  #settle(job: Job, stage: Stage, seen: Set<Stage>): void {
    if (seen.has(stage) || stage.waiting.size === 0) return;
    seen.add(stage);
    const { outputs } = this.#state;
    for (const parent of missingParents(job, stage, this.#state)) {
      const shuffleId = parent.spec.shuffleId!;
      if (parent.spec.indeterminate && outputs.isConsumed(shuffleId)) this.rollBack(shuffleId);
      this.#putInLine(parent, shuffleId);
      this.#settle(job, parent, seen);
    }
  }

  #putInLine(stage: Stage, shuffleId: number): void {
    const { outputs } = this.#state;
    const whole = isWhole(stage);
    const writer = this.#writers.get(shuffleId);
    const takesOver = whole && writer !== stage;
    if (takesOver) {
      // Another job is at it, or an older one is about to.
      if (writer && (writer.running.size > 0 || this.#claimed.has(shuffleId))) return;
      this.#writers.set(shuffleId, stage);
    }
    this.#claimed.add(shuffleId);
    if (stage.submitted && !stage.finished && !takesOver && stage.seenLosses === outputs.losses(shuffleId)) return;
    if (stage.spec.barrier) {
      // Its tasks run together or not at all.
      if (stage.running.size > 0) return;
      outputs.removeAll(shuffleId);
    }
    stage.seenLosses = outputs.losses(shuffleId);
    stage.submit(outputs.missing(shuffleId));
  }

  /** The stages of a job whose inputs are there and that have something to run, those nearest the result first. */
  ready(job: Job): Stage[] {
    return this.#ready(job, job.result, new Set());
  }

  #ready(job: Job, stage: Stage, seen: Set<Stage>): Stage[] {
    if (seen.has(stage)) return [];
    seen.add(stage);
    if (stage.waiting.size === 0 || this.#isWrittenElsewhere(stage)) return [];
    const missing = missingParents(job, stage, this.#state);
    if (missing.length > 0) return missing.flatMap((parent) => this.#ready(job, parent, seen));
    return this.#readsDraining(stage) ? [] : [stage];
  }

  /** Another job writes its outputs. */
  #isWrittenElsewhere(stage: Stage): boolean {
    const { shuffleId } = stage.spec;
    return shuffleId !== undefined && isWhole(stage) && this.#writers.get(shuffleId) !== stage;
  }

  /** A persisted dataset that it reads may still get partitions of invalidated rows. */
  #readsDraining({ spec }: Stage): boolean {
    return this.#draining.size > 0 && spec.parents.some(({ guards }) => guards.some(([rddId]) => this.#draining.has(rddId)));
  }

  /** Takes back all outputs of a shuffle and what was made of them. */
  rollBack(shuffleId: number, seen = new Set<number>()): void {
    if (seen.has(shuffleId)) return;
    seen.add(shuffleId);
    this.#rolledBack = true;
    const { outputs, jobs } = this.#state;
    outputs.removeAll(shuffleId);
    for (const stage of readersOf(jobs.values(), shuffleId)) this.#state.startOver(stage);
    this.#drain(shuffleId);
    for (const rddId of outputs.keptOf(shuffleId)) this.#drop(rddId);
    for (const derived of outputs.derivedOf(shuffleId)) this.rollBack(derived, seen);
  }

  /** Tasks that are being stopped may still keep partitions that they made of the old rows. */
  #drain(shuffleId: number): void {
    for (const task of this.#state.tasks.values()) {
      for (const [rddId] of waysTo(task.job, task.stage, shuffleId).flatMap(({ guards }) => guards)) {
        if (task.spoils.has(rddId)) continue;
        task.spoils.add(rddId);
        this.#draining.set(rddId, (this.#draining.get(rddId) ?? 0) + 1);
      }
    }
  }

  #drop(rddId: number): void {
    this.#state.blocks.forget(rddId);
    this.#state.push({ kind: 'dropBlocks', rddId });
  }

  /** A task has ended that may have persisted partitions made of rows that are no more. */
  drained(spoils: ReadonlySet<number>): void {
    for (const rddId of spoils) {
      this.#drop(rddId);
      const left = this.#draining.get(rddId)! - 1;
      if (left > 0) this.#draining.set(rddId, left);
      else this.#draining.delete(rddId);
    }
  }

  /** One task of a barrier stage failed: all of them run again. */
  restartBarrier(stage: Stage): void {
    const { shuffleId, barrier } = stage.spec;
    if (!barrier) return;
    if (shuffleId !== undefined) this.#state.outputs.removeAll(shuffleId);
    this.#state.startOver(stage);
  }

  /** The job is over: others may write what it wrote. */
  release(job: Job): void {
    for (const [shuffleId, stage] of this.#writers) if (stage.jobId === job.jobId) this.#writers.delete(shuffleId);
  }
}
