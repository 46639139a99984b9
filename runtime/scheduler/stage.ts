// One stage of one running job: which partitions wait, run and are done, and how often each was tried.
import { assert } from '../errors';
import type { StageSpec } from './events';

export class Stage {
  readonly spec: StageSpec;
  readonly jobId: number;
  /** Partitions that no task runs for and that are not done, in order. */
  readonly waiting = new Set<number>();
  /** Partition to the task that runs for it. */
  readonly running = new Map<number, number>();
  readonly done = new Set<number>();
  readonly #failures = new Map<number, number>();
  readonly #attempts = new Map<number, number>();
  /** Rises when a fetch fails: which run of the stage a task belongs to. */
  attempt = 0;
  submitted = false;
  /** Set once a guard's cached data proved to be gone: the parents must be there then. */
  ignoreGuards = false;

  constructor(spec: StageSpec, jobId: number) {
    this.spec = spec;
    this.jobId = jobId;
  }

  get finished(): boolean {
    return this.done.size === this.spec.partitions.length;
  }

  /** Puts the given partitions in line. */
  submit(partitions: readonly number[]): void {
    this.submitted = true;
    const asked = new Set(partitions);
    for (const p of this.spec.partitions) {
      if (this.running.has(p)) continue;
      if (asked.has(p)) {
        this.done.delete(p);
        this.waiting.add(p);
      } else this.done.add(p);
    }
  }

  /** The number of the next try of a partition, from 0. */
  nextAttempt(partition: number): number {
    const n = this.#attempts.get(partition) ?? 0;
    this.#attempts.set(partition, n + 1);
    return n;
  }

  start(partition: number, taskId: number): void {
    assert(this.waiting.delete(partition), `partition ${partition} of stage ${this.spec.stageId} was started but not waiting`);
    this.running.set(partition, taskId);
  }

  /** A task ended well. */
  finish(partition: number): void {
    this.running.delete(partition);
    this.waiting.delete(partition);
    this.done.add(partition);
  }

  /** A task ended badly and its partition waits again; answers how often it failed. */
  fail(partition: number, counts: boolean): number {
    this.running.delete(partition);
    this.waiting.add(partition);
    const failures = (this.#failures.get(partition) ?? 0) + (counts ? 1 : 0);
    this.#failures.set(partition, failures);
    return failures;
  }

  check(): void {
    for (const p of this.spec.partitions) {
      const places = Number(this.waiting.has(p)) + Number(this.running.has(p)) + Number(this.done.has(p));
      if (places > 1 || (this.submitted && places === 0))
        throw new Error(`partition ${p} of stage ${this.spec.stageId} is in ${places} places`);
    }
  }
}
