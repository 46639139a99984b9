// One stage of one running job: which partitions wait, run and are done, and how often each was tried.
import { assert } from '../base/errors';
import type { BlockId } from '../plan/end';
import type { StageSpec } from '../planner/stage-spec';

const noTasks: ReadonlySet<number> = new Set();

export class Stage {
  spec: StageSpec;
  readonly jobId: number;
  /** Partitions that no task runs for and that are not done, in order. */
  readonly waiting = new Set<number>();
  /** Partition to the tasks that run for it: more than one where a copy was started of a slow one. */
  readonly running = new Map<number, Set<number>>();
  readonly done = new Set<number>();
  /** How long the tasks that ended well took, in milliseconds. */
  readonly durations: number[] = [];
  readonly #failures = new Map<number, number>();
  readonly #attempts = new Map<number, number>();
  /** Rises with each run of the stage, after a failed fetch or where it starts over: which run a task belongs to. */
  attempt = 0;
  /** Runs that ended in a failed fetch. */
  fetchFailures = 0;
  /** The run whose begin was told. */
  announced = -1;
  submitted = false;
  /** How often outputs of its shuffle were lost when its line was last made. */
  seenLosses = 0;
  /** The generations of the shuffles that its tasks of this run have read, where these must not change. */
  readonly inputs = new Map<number, number>();
  failedTasks = 0;
  /** Since when tasks wait for executors that hold their data while none starts there. */
  farSince: number | undefined;
  /** Set once persisted data that the stage relied on proved to be lost: the parents must be there then. */
  ignoreGuards = false;

  constructor(spec: StageSpec, jobId: number) {
    this.spec = spec;
    this.jobId = jobId;
  }

  get finished(): boolean {
    return this.done.size === this.spec.partitions.length;
  }

  /** Where a partition stands in the lists of the stage. Map stages run all in order; only jobs on chosen ones need the search. */
  indexOf(partition: number): number {
    const { partitions } = this.spec;
    return partitions[partition] === partition ? partition : partitions.indexOf(partition);
  }

  /** The cached partitions that a task would read. */
  keptBy(partition: number): readonly BlockId[] {
    return (this.spec.blocks[this.indexOf(partition)] ?? []).map(([rddId, cached]) => ({ rddId, partition: cached }));
  }

  tasksOf(partition: number): ReadonlySet<number> {
    return this.running.get(partition) ?? noTasks;
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
      } else {
        this.waiting.delete(p);
        this.done.add(p);
      }
    }
  }

  /** Begins a new run of all partitions. Its tasks must have been abandoned before. */
  startOver(): void {
    this.attempt++;
    this.running.clear();
    this.done.clear();
    this.durations.length = 0;
    this.inputs.clear();
    for (const p of this.spec.partitions) this.waiting.add(p);
  }

  /** A fetch failed in a task of the given run. */
  fetchFailed(attempt: number): void {
    this.ignoreGuards = true;
    if (attempt !== this.attempt) return;
    this.attempt++;
    this.fetchFailures++;
  }

  /** The number of the next try of a partition, from 0. */
  nextAttempt(partition: number): number {
    const n = this.#attempts.get(partition) ?? 0;
    this.#attempts.set(partition, n + 1);
    return n;
  }

  /** A task begins that reads this generation of a shuffle. */
  read(shuffleId: number, generation: number): void {
    const before = this.inputs.get(shuffleId) ?? generation;
    assert(before === generation, `stage ${this.spec.stageId} reads two generations of shuffle ${shuffleId}`);
    this.inputs.set(shuffleId, generation);
  }

  /** A task begins; a `copy` of one that runs already does not take its partition from the line. */
  start(partition: number, taskId: number, copy = false): void {
    const taken = copy ? this.running.has(partition) : this.waiting.delete(partition);
    assert(taken, `partition ${partition} of stage ${this.spec.stageId} was started but not waiting`);
    const tasks = this.running.get(partition);
    if (tasks) tasks.add(taskId);
    else this.running.set(partition, new Set([taskId]));
  }

  /** A task ended well; what still runs for its partition runs for nothing. */
  finish(partition: number): void {
    this.running.delete(partition);
    this.waiting.delete(partition);
    this.done.add(partition);
  }

  /** A task ended badly. Its partition waits again unless another task runs for it; answers how often it failed. */
  fail(partition: number, taskId: number, counts: boolean): number {
    const tasks = this.running.get(partition);
    tasks?.delete(taskId);
    if (!tasks || tasks.size === 0) {
      this.running.delete(partition);
      this.waiting.add(partition);
    }
    if (counts) this.failedTasks++;
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
    for (const [p, tasks] of this.running)
      if (tasks.size === 0) throw new Error(`partition ${p} of stage ${this.spec.stageId} runs without a task`);
  }
}
