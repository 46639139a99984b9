// The one effectful place of the scheduler: feeds events to the state machine and carries its commands out.
import type { Config } from '../config';
import { asError, MillraceError } from '../errors';
import type { AccumulatorUpdate, TaskEnd } from '../exec/end';
import { moduleBlob } from '../exec/modules';
import { classBlob, noteClassesOfRows } from '../exec/session-classes';
import type { TaskSpec } from '../exec/task';
import { keptJobs } from '../limits';
import { SplitBuilder } from '../rdd/plan-builder';
import type { RDD } from '../rdd/rdd';
import type { Clock } from '../time';
import { encode } from '../wire/codec';
import type { ExecutorInfo, TaskBackend, TaskListener } from './backend';
import { BlobStore } from './blobs';
import { Dag } from './dag';
import type { Command, JobFailure, SchedulerEvent, TaskRequest } from './events';
import { type PlannedJob, planJob, programOf, type SinkMaker, type StageProgram } from './job';
import type { JobProgress, JobRecord } from './job-record';
import type { StoredSize } from './outputs';

interface ActiveJob {
  readonly planned: PlannedJob;
  readonly record: JobRecord;
  readonly programs: Map<number, StageProgram>;
  /** Records read by tasks that run, by task. */
  readonly reading: Map<number, number>;
  readonly take: (partition: number, value: Uint8Array) => void;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  resultBytes: number;
}

export interface JobRequest {
  readonly rdd: RDD<unknown>;
  readonly sink: SinkMaker;
  readonly partitions: readonly number[];
  readonly title: string;
  /** Called once for each partition, in the order in which they end. */
  readonly take: (partition: number, value: Uint8Array) => void;
  /** Stops the job from outside; the promise rejects with JOB_CANCELLED. */
  readonly signal?: AbortSignal;
}

export interface SchedulerHooks {
  mergeAccumulators(updates: readonly AccumulatorUpdate[]): void;
}

export class Scheduler implements TaskListener {
  readonly #backend: TaskBackend;
  readonly #config: Config;
  readonly #clock: Clock;
  readonly #hooks: SchedulerHooks;
  readonly #dag: Dag;
  readonly #jobs = new Map<number, ActiveJob>();
  readonly #history: JobRecord[] = [];
  readonly #taskJobs = new Map<number, number>();
  readonly #queue: SchedulerEvent[] = [];
  readonly blobs: BlobStore;
  #handling = false;
  #nextJob = 0;
  #nextStage = 0;
  #failed: string | undefined;

  constructor(backend: TaskBackend, config: Config, clock: Clock, hooks: SchedulerHooks) {
    this.#backend = backend;
    this.#config = config;
    this.#clock = clock;
    this.#hooks = hooks;
    this.#dag = new Dag(config);
    noteClassesOfRows();
    this.blobs = new BlobStore((id) => backend.forget({ kind: 'blob', id }));
  }

  start(): Promise<void> {
    return this.#backend.start(this, this.blobs);
  }

  /** Runs a sink on some partitions; resolves when each has answered. */
  runJob(request: JobRequest): Promise<void> {
    if (this.#failed) return Promise.reject(new MillraceError('NO_EXECUTORS', { reason: this.#failed }));
    const jobId = this.#nextJob++;
    const record: JobRecord = { jobId, title: request.title, started: this.#clock.now(), status: 'running', records: 0 };
    const planned = planJob(jobId, request.rdd, request.sink, request.partitions, () => this.#nextStage++);
    const { take, signal } = request;
    const promise = new Promise<void>((resolve, reject) => {
      this.#jobs.set(jobId, { planned, record, programs: new Map(), reading: new Map(), take, resolve, reject, resultBytes: 0 });
    });
    this.#history.push(record);
    if (this.#history.length > keptJobs) this.#history.shift();
    const cancel = () => this.cancelJob(jobId, typeof signal?.reason === 'string' ? signal.reason : '');
    signal?.addEventListener('abort', cancel, { once: true });
    this.#handle({ kind: 'jobSubmitted', job: planned.spec });
    if (signal?.aborted) cancel();
    return promise.finally(() => signal?.removeEventListener('abort', cancel));
  }

  cancelJob(jobId: number, reason: string): void {
    this.#handle({ kind: 'jobCancelled', jobId, reason });
  }

  cancelAllJobs(reason: string): void {
    for (const jobId of [...this.#jobs.keys()]) this.cancelJob(jobId, reason);
  }

  forgetDataset(rddId: number): void {
    this.#handle({ kind: 'datasetForgotten', rddId });
    this.#backend.forget({ kind: 'rdd', rddId });
  }

  forgetShuffle(shuffleId: number): void {
    this.#handle({ kind: 'shuffleForgotten', shuffleId });
    this.#backend.forget({ kind: 'shuffle', shuffleId });
  }

  forgetCheckpoint(rddId: number): void {
    this.#backend.forget({ kind: 'checkpoint', rddId });
  }

  forgetState(id: number): void {
    this.#backend.forget({ kind: 'state', id });
  }

  /** The number that the next job will have. */
  get nextJobId(): number {
    return this.#nextJob;
  }

  /** Partitions of a dataset that are kept, and their bytes. */
  cached(rddId: number): StoredSize {
    return this.#dag.blocks.summary(rddId);
  }

  executors(): readonly { id: string; slots: number; free: number }[] {
    return this.#dag.executors();
  }

  /** The last jobs, oldest first. */
  jobs(): readonly JobRecord[] {
    return this.#history;
  }

  /** The oldest running job, for the progress line. */
  progress(): JobProgress | undefined {
    for (const [jobId, { record, reading }] of this.#jobs) {
      const state = this.#dag.progress(jobId);
      if (!state) continue;
      const records = record.records + [...reading.values()].reduce((a, b) => a + b, 0);
      return { jobId, ...state, title: record.title, records, seconds: (this.#clock.now() - record.started) / 1000 };
    }
    return undefined;
  }

  async stop(): Promise<void> {
    this.cancelAllJobs(': the context was stopped');
    await this.#backend.stop();
  }

  // What the backend tells.

  executorJoined(executor: ExecutorInfo): void {
    this.#handle({ kind: 'executorJoined', executor });
  }

  executorLost(executorId: string, reason: string): void {
    this.#handle({ kind: 'executorLost', executorId, reason });
  }

  taskEnded(executorId: string, taskId: number, end: TaskEnd): void {
    const job = this.#jobs.get(this.#taskJobs.get(taskId) ?? -1);
    this.#taskJobs.delete(taskId);
    if (job) {
      job.reading.delete(taskId);
      if (end.kind === 'success') job.record.records += end.metrics.recordsRead;
    }
    this.#handle({ kind: 'taskEnded', executorId, taskId, end });
  }

  taskProgress(taskId: number, records: number): void {
    this.#jobs.get(this.#taskJobs.get(taskId) ?? -1)?.reading.set(taskId, records);
  }

  backendFailed(reason: string): void {
    this.#failed = reason;
    this.#handle({ kind: 'backendFailed', reason });
  }

  /** Events that come while commands are carried out wait their turn. */
  #handle(event: SchedulerEvent): void {
    this.#queue.push(event);
    if (this.#handling) return;
    this.#handling = true;
    try {
      for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
        for (const command of this.#dag.handle(next)) this.#carryOut(command);
      }
    } finally {
      this.#handling = false;
    }
  }

  #carryOut(command: Command): void {
    switch (command.kind) {
      case 'launchTask':
        return this.#launch(command.executorId, command.task);
      case 'cancelTask':
        return this.#backend.cancel(command.executorId, command.taskId);
      case 'reportResult':
        return this.#report(command.jobId, command.partition, command.value);
      case 'mergeAccumulators':
        return this.#hooks.mergeAccumulators(command.updates);
      case 'noteCached':
        return;
      case 'finishJob':
        return this.#end(command.jobId, 'done', (job) => job.resolve());
      case 'failJob': {
        const { failure } = command;
        return this.#end(command.jobId, failure.kind === 'cancelled' ? 'cancelled' : 'failed', (job) =>
          job.reject(errorOf(failure)),
        );
      }
      case 'startLocalityTimer':
        this.#clock.after(this.#config.localityWaitMs, () => this.#handle({ kind: 'localityExpired' }));
    }
  }

  #launch(executorId: string, request: TaskRequest): void {
    const job = this.#jobs.get(request.jobId);
    const { taskId, stageId, partition } = request;
    const notLaunched = () => this.#handle({ kind: 'taskEnded', executorId, taskId, end: { kind: 'cancelled' } });
    // The job ended by a command before this one: the state machine still waits for the end of the task, which frees the slot.
    if (!job) return notLaunched();
    try {
      const program = this.#program(job, stageId);
      const source = job.planned.sources.get(stageId)!;
      const split = encode(this.#splits(request.jobId).split(source.rdd, partition));
      const needs = [...program.needs, ...this.#classes()];
      const spec: TaskSpec = {
        ...request,
        programId: program.id,
        split,
        needs,
        maxResultBytes: this.#config.maxResultBytes,
      };
      this.#taskJobs.set(taskId, request.jobId);
      this.#backend.launch(executorId, spec);
    } catch (e) {
      // The program cannot be made (a capture that cannot travel): no task of the job can run.
      this.#fail(request.jobId, asError(e));
      notLaunched();
    }
  }

  #splits(jobId: number): SplitBuilder {
    const { outputs } = this.#dag;
    return new SplitBuilder(
      jobId,
      (shuffleId) => outputs.of(shuffleId),
      (shuffleId) => outputs.complete(shuffleId),
    );
  }

  #modules = (): string => {
    const { id, bytes } = moduleBlob();
    this.blobs.put(id, bytes);
    return id;
  };

  /** The blobs with the classes that rows may be instances of. */
  #classes(): readonly string[] {
    const classes = classBlob(this.#modules);
    if (!classes) return [];
    this.blobs.put(classes.id, classes.bytes);
    return [...classes.needs, classes.id];
  }

  #program(job: ActiveJob, stageId: number): StageProgram {
    let program = job.programs.get(stageId);
    if (!program) {
      const bulk: string[] = [];
      const blob = (id: string, value: unknown) => {
        if (!bulk.includes(id)) bulk.push(id);
        if (!this.blobs.has(id)) this.blobs.put(id, encode(value));
      };
      program = programOf(job.record.jobId, job.planned.sources.get(stageId)!, blob, this.#modules);
      job.programs.set(stageId, program);
      this.blobs.pin(program.id, program.bytes, bulk);
    }
    return program;
  }

  #report(jobId: number, partition: number, value: Uint8Array): void {
    const job = this.#jobs.get(jobId);
    if (!job) return;
    job.resultBytes += value.length;
    const { maxResultBytes } = this.#config;
    if (job.resultBytes > maxResultBytes)
      return this.#fail(
        jobId,
        new MillraceError('RESULT_TOO_BIG', { bytes: showBytes(job.resultBytes), limit: showBytes(maxResultBytes) }),
      );
    try {
      job.take(partition, value);
    } catch (e) {
      this.#fail(jobId, asError(e));
    }
  }

  /** Rejects a job with an error of the driver's own and takes it from the state machine. */
  #fail(jobId: number, error: Error): void {
    this.#end(jobId, 'failed', (job) => job.reject(error));
    this.#handle({ kind: 'jobCancelled', jobId, reason: '' });
  }

  #end(jobId: number, status: JobRecord['status'], settle: (job: ActiveJob) => void): void {
    const job = this.#jobs.get(jobId);
    if (!job) return;
    this.#jobs.delete(jobId);
    job.record.status = status;
    job.record.ended = this.#clock.now();
    for (const { id } of job.programs.values()) this.blobs.unpin(id);
    settle(job);
  }
}

/** A number of bytes for people. */
function showBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  let n = bytes;
  while (n >= 1024 && unit < units.length - 1) {
    n /= 1024;
    unit++;
  }
  return `${unit === 0 ? n : n.toFixed(1)} ${units[unit]}`;
}

function errorOf(failure: JobFailure): MillraceError {
  switch (failure.kind) {
    case 'cancelled':
      return new MillraceError('JOB_CANCELLED', { reason: failure.reason });
    case 'backend':
      return new MillraceError('NO_EXECUTORS', { reason: failure.reason });
    case 'shuffleLost':
      return new MillraceError('SHUFFLE_LOST', { stage: failure.stageId, attempts: failure.attempts, reason: failure.reason });
    case 'task':
      return taskError(failure);
  }
}

function taskError({ end, stageId, partition, attempts }: JobFailure & { kind: 'task' }): MillraceError {
  const where = { stage: stageId, partition, attempts };
  switch (end.kind) {
    case 'lost':
      return new MillraceError('EXECUTORS_LOST', { ...where, reason: end.reason });
    case 'tooBig':
      return new MillraceError('RESULT_TOO_BIG', { bytes: showBytes(end.bytes), limit: showBytes(end.limit) });
    case 'userError': {
      const { error } = end;
      if (error.code) return new MillraceError(error.code as never, { ...error.details, ...where, remote: error });
      return new MillraceError('TASK_FAILED', { error: `${error.name}: ${error.message}`, remedy: '', remote: error, ...where });
    }
  }
}
