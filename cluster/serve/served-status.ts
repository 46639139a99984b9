// The state of a server's engine as one of its sessions sees it: its own jobs, all executors, and the datasets that it persisted or uses.
import { keptJobs } from '../../runtime/base/limits';
import type { Clock } from '../../runtime/base/time';
import type { StoredSize } from '../../runtime/scheduler/block-tracker';
import { type DagStatus, type JobStatus, progressOf } from '../../runtime/scheduler/dag-status';
import type { ExecutorStatus } from '../../runtime/scheduler/executor-table';
import type { JobProgress, JobRecord } from '../../runtime/scheduler/job-record';
import type { EngineStatus } from '../../runtime/scheduler/loop';
import type { SessionState } from './state';

/** A record whose stages become known while it runs. */
export type ServedRecord = JobRecord & { readonly stageIds: number[] };

export class ServedStatus implements EngineStatus {
  readonly #clock: Clock;
  readonly #history: JobRecord[] = [];
  readonly #running = new Map<number, ServedRecord>();
  readonly #read = new Map<number, number>();
  readonly #stored = new Map<number, StoredSize>();
  #jobs: readonly JobStatus[] = [];
  #executors: readonly ExecutorStatus[] = [];

  constructor(
    clock: Clock,
    readonly sharesFolder: boolean,
  ) {
    this.#clock = clock;
  }

  // What the context asks.

  readonly jobs = (): readonly JobRecord[] => this.#history;
  readonly active = (): readonly JobRecord[] => [...this.#running.values()];
  readonly executors = (): readonly ExecutorStatus[] => this.#executors;
  readonly running = (): DagStatus => ({
    jobs: this.#jobs.filter(({ jobId }) => this.#running.has(jobId)),
    executors: this.#executors,
  });
  readonly stored = (rddId: number): StoredSize => this.#stored.get(rddId) ?? { partitions: 0, bytes: 0, diskBytes: 0 };
  readonly readSoFar = (jobId: number): number => this.#read.get(jobId) ?? this.#running.get(jobId)?.records ?? 0;

  readonly progress = (): JobProgress | undefined => {
    for (const status of this.running().jobs) {
      const record = this.#running.get(status.jobId)!;
      const { jobId, output, background, started, title } = record;
      if (output !== undefined || background !== undefined || !status.stages.some((stage) => stage.submitted)) continue;
      const seconds = (this.#clock.now() - started) / 1000;
      return { jobId, ...progressOf(status), title, records: this.readSoFar(jobId), seconds };
    }
    return undefined;
  };

  // What the engine tells.

  began(record: ServedRecord): void {
    this.#history.push(record);
    if (this.#history.length > keptJobs) this.#history.shift();
    this.#running.set(record.jobId, record);
  }

  ended(
    jobId: number,
    status: Exclude<JobRecord['status'], 'running'>,
    last?: { records: number; stageIds: readonly number[] },
  ): void {
    const record = this.#running.get(jobId);
    if (!record) return;
    this.#running.delete(jobId);
    this.#read.delete(jobId);
    record.status = status;
    record.ended = this.#clock.now();
    if (!last) return;
    record.records = last.records;
    record.stageIds.splice(0, record.stageIds.length, ...last.stageIds);
  }

  take({ jobs, executors, records, stored }: SessionState): void {
    this.#jobs = jobs;
    this.#executors = executors;
    for (const { jobId, stages } of jobs) {
      const ids = this.#running.get(jobId)?.stageIds;
      ids?.splice(0, ids.length, ...stages.map(({ stageId }) => stageId));
    }
    for (const [jobId, n] of records) if (this.#running.has(jobId)) this.#read.set(jobId, n);
    for (const [id, partitions, bytes, diskBytes] of stored) this.#stored.set(id, { partitions, bytes, diskBytes });
  }

  forgetDataset(id: number): void {
    this.#stored.delete(id);
  }

  /** There is no server any more. */
  lost(): void {
    this.#executors = [];
    this.#stored.clear();
  }
}
