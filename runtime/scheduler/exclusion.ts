// Executors on which tasks keep failing: they get no more tasks of the stage, and in the end of no stage. As Spark's excludeOnFailure.
import type { ExclusionOptions } from '../base/config';
export class Exclusions {
  readonly #options: ExclusionOptions;
  /** Stage to executor to the partitions that failed there. */
  readonly #failed = new Map<number, Map<string, Set<number>>>();
  /** Failures by executor that the stages' success proved to be the executor's. */
  readonly #proven = new Map<string, number>();
  /** Executor to when it may work again. */
  readonly #until = new Map<string, number>();

  constructor(options: ExclusionOptions) {
    this.#options = options;
  }

  taskFailed(executorId: string, stageId: number, partition: number): void {
    if (!this.#options.excludeOnFailure) return;
    const executors = this.#failed.get(stageId) ?? new Map<string, Set<number>>();
    this.#failed.set(stageId, executors);
    const partitions = executors.get(executorId) ?? new Set<number>();
    executors.set(executorId, partitions.add(partition));
  }

  /** The stage ended well: what failed on an executor was not the fault of its tasks. */
  stageCompleted(stageId: number, now: number): void {
    for (const [executorId, partitions] of this.#failed.get(stageId) ?? []) {
      const failures = (this.#proven.get(executorId) ?? 0) + partitions.size;
      this.#proven.set(executorId, failures);
      if (failures < this.#options.excludeFailures) continue;
      this.#proven.delete(executorId);
      this.#until.set(executorId, now + this.#options.excludeTimeoutMs);
    }
    this.#failed.delete(stageId);
  }

  /** The stage ended without a result; its failures prove nothing. */
  stageFailed(stageId: number): void {
    this.#failed.delete(stageId);
  }

  executorLost(executorId: string): void {
    this.#proven.delete(executorId);
    this.#until.delete(executorId);
    for (const executors of this.#failed.values()) executors.delete(executorId);
  }

  isExcluded(executorId: string, now: number): boolean {
    return (this.#until.get(executorId) ?? Number.NEGATIVE_INFINITY) > now;
  }

  /** Whether a partition of a stage failed on an executor: another one should try it. */
  hasFailed(executorId: string, stageId: number, partition: number | undefined): boolean {
    return partition !== undefined && this.#failed.get(stageId)?.get(executorId)?.has(partition) === true;
  }

  allows(executorId: string, stageId: number, now: number): boolean {
    if (!this.#options.excludeOnFailure) return true;
    const failed = this.#failed.get(stageId)?.get(executorId)?.size ?? 0;
    return failed < this.#options.excludeStageFailures && !this.isExcluded(executorId, now);
  }
}
