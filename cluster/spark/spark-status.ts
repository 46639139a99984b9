// The state of jobs, stages, executors and persisted partitions as Spark's listeners tell it, in the words of our own engine.
import type { Clock } from '../../runtime/base/time';
import { type BareStage, graphOf } from '../../runtime/planner/job-graph';
import type { NodeView } from '../../runtime/planner/node-table';
import { BlockTracker } from '../../runtime/scheduler/block-tracker';
import { type DagStatus, type JobStatus, progressOf, type StageStatus } from '../../runtime/scheduler/dag-status';
import type { ExecutorStatus } from '../../runtime/scheduler/executor-table';
import type { JobProgress, JobRecord } from '../../runtime/scheduler/job-record';
import type { ListenerBus, TaskStart } from '../../runtime/scheduler/listener-bus';
import type { EngineStatus, ForeignEngine } from '../../runtime/scheduler/loop';
import type { Definition } from './definitions';
import type { DriverEvent } from './driver-events';
import { failedTask, reasonOf } from './task-failure';

type Of<K extends DriverEvent['kind']> = DriverEvent & { readonly kind: K };

/** A running job as its engine knows it. */
export interface WatchedJob {
  readonly record: JobRecord & { readonly stageIds: number[] };
  readonly view: NodeView;
  readonly properties: Readonly<Record<string, string>>;
  /** The partitions that were asked for: Spark numbers them from 0. */
  readonly partitions: readonly number[];
}

/** Counts of a stage of a running job. */
interface Stage {
  readonly stageId: number;
  readonly jobId: number;
  readonly title: string;
  readonly isLast: boolean;
  tasks: number;
  attempt: number;
  submitted: boolean;
  running: number;
  done: number;
  failed: number;
}

interface StatusSources {
  readonly sharesFolder: boolean;
  readonly bus: ListenerBus;
  readonly clock: Clock;
  readonly definition: (key: number) => Definition | undefined;
}

export class SparkStatus implements EngineStatus {
  readonly #sources: StatusSources;
  readonly #history: JobRecord[] = [];
  readonly #jobs = new Map<number, WatchedJob>();
  readonly #stages = new Map<number, Stage>();
  readonly #tasks = new Map<number, TaskStart>();
  /** What tasks have read that have ended well, until Spark tells of their end. */
  readonly #records = new Map<number, number>();
  readonly #executors = new Map<string, { readonly host: string; readonly slots: number }>();
  readonly #blocks = new BlockTracker();

  foreign: ForeignEngine | undefined;
  readonly sharesFolder: boolean;

  constructor(sources: StatusSources) {
    this.#sources = sources;
    this.sharesFolder = sources.sharesFolder;
  }

  // What the engine asks and tells.

  readonly jobs = (): readonly JobRecord[] => this.#history;
  readonly active = (): readonly JobRecord[] => [...this.#jobs.values()].map(({ record }) => record);
  readonly stored = (rddId: number) => this.#blocks.summary(rddId);
  /** Where a persisted partition is, as Spark names executors among the places that a task prefers. */
  readonly placesOf = (rddId: number, partition: number): readonly string[] =>
    this.#blocks.holders(rddId, partition).flatMap((id) => {
      const executor = this.#executors.get(id);
      return executor ? [`executor_${executor.host}_${id}`] : [];
    });
  readonly readSoFar = (jobId: number): number => this.#jobs.get(jobId)?.record.records ?? 0;

  get executorCount(): number {
    return this.#executors.size;
  }

  readonly executors = (): readonly ExecutorStatus[] => {
    const running = [...this.#tasks.values()];
    return [...this.#executors].map(([id, { host, slots }]) => {
      const busy = running.filter(({ executorId }) => executorId === id).length;
      return { id, host, slots, free: Math.max(0, slots - busy), excluded: false };
    });
  };

  readonly running = (): DagStatus => ({
    jobs: [...this.#jobs.values()].map((job) => this.#jobStatus(job)),
    executors: this.executors(),
  });

  readonly progress = (): JobProgress | undefined => {
    for (const job of this.#jobs.values()) {
      const { jobId, title, started, output, background, records } = job.record;
      const status = this.#jobStatus(job);
      if (output !== undefined || background !== undefined || !status.stages.some((stage) => stage.submitted)) continue;
      return { jobId, ...progressOf(status), title, records, seconds: (this.#sources.clock.now() - started) / 1000 };
    }
    return undefined;
  };

  #jobStatus({ record }: WatchedJob): JobStatus {
    const stages = [...this.#stages.values()].filter(({ jobId }) => jobId === record.jobId);
    const running = stages.reduce((sum, stage) => sum + stage.running, 0);
    return { jobId: record.jobId, pool: record.pool ?? 'default', running, stages: stages.map(statusOf) };
  }

  began(job: WatchedJob, kept: number): void {
    this.#history.push(job.record);
    if (this.#history.length > kept) this.#history.shift();
    this.#jobs.set(job.record.jobId, job);
  }

  ended(jobId: number): void {
    this.#jobs.delete(jobId);
    for (const [id, stage] of this.#stages) if (stage.jobId === jobId) this.#stages.delete(id);
  }

  /** A task that runs has ended well: Spark will tell of it. */
  read(taskId: number, records: number): void {
    this.#records.set(taskId, records);
  }

  forgetDataset(rddId: number): void {
    this.#blocks.forget(rddId);
  }

  // What Spark tells.

  jobStarted({ jobId, stages }: Of<'jobStarted'>): void {
    const job = this.#jobs.get(jobId);
    if (!job) return;
    const { record, view, properties } = job;
    const bare: BareStage[] = [];
    for (const { stageId, key, numTasks, parents } of [...stages].sort((a, b) => a.stageId - b.stageId)) {
      const definition = this.#sources.definition(key);
      if (!definition) continue;
      const { title, dataset, shuffleId } = definition;
      record.stageIds.push(stageId);
      bare.push({ stageId, title, numTasks, parents, dataset, shuffleId });
      const counts = { attempt: 0, submitted: false, running: 0, done: 0, failed: 0 };
      this.#stages.set(stageId, { stageId, jobId, title, isLast: shuffleId === undefined, tasks: numTasks, ...counts });
    }
    const { bus } = this.#sources;
    const { title, stageIds, callSite, started } = record;
    if (bus.isHeard)
      bus.post('onJobStart', { jobId, title, stageIds, callSite, stages: graphOf(bare, view), properties, time: started });
  }

  stageSubmitted({ stageId, attempt, numTasks }: Of<'stageSubmitted'>): void {
    const stage = this.#stages.get(stageId);
    if (!stage) return;
    Object.assign(stage, { attempt, submitted: true, tasks: numTasks, done: 0 });
    const { jobId, title } = stage;
    this.#sources.bus.post('onStageSubmitted', { jobId, stageId, attempt, title, numTasks, time: this.#sources.clock.now() });
  }

  stageCompleted({ stageId, attempt, failure }: Of<'stageCompleted'>): void {
    const stage = this.#stages.get(stageId);
    if (!stage) return;
    const told = { jobId: stage.jobId, stageId, attempt, time: this.#sources.clock.now() };
    this.#sources.bus.post('onStageCompleted', { ...told, failure: failure ? shown(failure) : undefined });
  }

  taskStarted({ index, taskId, stageId, stageAttempt, attempt, executorId, speculative }: Of<'taskStarted'>): void {
    const stage = this.#stages.get(stageId);
    if (!stage) return;
    stage.running++;
    const { jobId, isLast } = stage;
    const partition = (isLast ? this.#jobs.get(jobId)?.partitions[index] : undefined) ?? index;
    const numbers = { taskId, jobId, stageId, stageAttempt, partition, attempt };
    const task = { ...numbers, executorId, speculative, time: this.#sources.clock.now() };
    this.#tasks.set(taskId, task);
    this.#sources.bus.post('onTaskStart', task);
  }

  taskEnded({ taskId, failure, runMs, shuffleBytesWritten, shuffleBytesRead }: Of<'taskEnded'>): void {
    const task = this.#tasks.get(taskId);
    const recordsRead = this.#records.get(taskId) ?? 0;
    this.#records.delete(taskId);
    if (!task) return;
    this.#tasks.delete(taskId);
    const stage = this.#stages.get(task.stageId);
    if (stage) {
      stage.running--;
      if (failure) stage.failed++;
      else stage.done++;
    }
    const { bus, clock } = this.#sources;
    const time = clock.now();
    if (!failure) {
      const metrics = { runMs, recordsRead, shuffleBytesWritten, shuffleBytesRead };
      return bus.post('onTaskEnd', { ...task, end: 'success', metrics, time });
    }
    const end = failedTask(failure)?.end;
    const place = end?.kind === 'userError' ? end.error.frames[0] : undefined;
    bus.post('onTaskEnd', { ...task, end: end?.kind ?? 'lost', reason: shown(failure), place, time });
  }

  executorAdded({ executorId, host, slots }: Of<'executorAdded'>): void {
    this.#executors.set(executorId, { host, slots });
    this.#sources.bus.post('onExecutorAdded', { executorId, host, slots, time: this.#sources.clock.now() });
  }

  executorRemoved({ executorId, reason }: Of<'executorRemoved'>): void {
    this.#executors.delete(executorId);
    this.#blocks.removeExecutor(executorId, false);
    this.#sources.bus.post('onExecutorRemoved', { executorId, reason, time: this.#sources.clock.now() });
  }

  block({ key, partition, executorId, bytes, diskBytes }: Of<'block'>): void {
    const rddId = this.#sources.definition(key)?.dataset;
    if (rddId === undefined) return;
    if (bytes + diskBytes > 0) this.#blocks.add(executorId, { rddId, partition, bytes, diskBytes });
    else this.#blocks.remove(executorId, { rddId, partition });
    this.#sources.bus.post('onBlockUpdated', { executorId, rddId, partition, bytes, diskBytes });
  }
}

const statusOf = ({ stageId, title, attempt, submitted, tasks, running, done, failed }: Stage): StageStatus => {
  const waiting = Math.max(0, tasks - running - done);
  return { stageId, title, attempt, submitted, tasks, running, done, failed, waiting };
};

/** A failure of Spark for people: what our tasks report, else Spark's own sentence. */
function shown(text: string): string {
  const end = failedTask(text)?.end;
  if (end?.kind === 'userError') return `${end.error.name}: ${end.error.message}`;
  return end?.kind === 'lost' ? end.reason : reasonOf(text);
}
