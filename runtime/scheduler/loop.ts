// The one effectful place of the scheduler: feeds events to the state machine and carries its commands out.
import type { CallStack } from '../base/call';
import type { Config } from '../base/config';
import { asError, lineageError, MillraceError } from '../base/errors';
import type { CallSite } from '../base/flow';
import { keptJobs } from '../base/limits';
import type { Clock } from '../base/time';
import { bytesText } from '../base/units';
import { noteClassesOfRows } from '../closure/classes/session-classes';
import type { AccumulatorUpdate, TaskEnd } from '../plan/end';
import { graphOf } from '../planner/job-graph';
import { type PlannedJob, planJob, type SinkMaker } from '../planner/stages';
import type { RDD } from '../rdd/rdd';
import type { ExecutorInfo, TaskBackend, TaskListener } from './backend';
import { BlobStore } from './blobs';
import { Dag } from './dag';
import { type DagStatus, progressOf } from './dag-status';
import type { Command, SchedulerEvent, TaskRequest } from './events';
import type { ExecutorStatus } from './executor-table';
import { calledFrom, errorOf, failureInfo } from './failures';
import { type JobProgress, type JobRecord, labelsOf } from './job-record';
import type { StoredSize } from './kept-blocks';
import type { JobEnd, ListenerBus } from './listener-bus';
import { TaskMaker } from './task-maker';
import { StuckWatch, TaskWatch } from './task-watch';

interface ActiveJob {
  readonly record: JobRecord;
  readonly tasks: TaskMaker;
  /** Bytes of the answer of each partition. */
  readonly answers: Map<number, number>;
  /** Records read by tasks that run, by task. */
  readonly reading: Map<number, number>;
  readonly take: (partition: number, value: Uint8Array) => void;
  readonly call: CallStack;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  resultBytes: number;
}

export interface JobRequest {
  readonly rdd: RDD<unknown>;
  readonly sink: SinkMaker;
  readonly partitions: readonly number[];
  readonly title: string;
  /** Called for each partition, in the order in which they end; again where a stage runs again as a whole. */
  readonly take: (partition: number, value: Uint8Array) => void;
  /** Made where the user called: its stack tells the line, where the job fails. */
  readonly call: CallStack;
  /** Stops the job from outside; the promise rejects with JOB_CANCELLED. */
  readonly signal?: AbortSignal;
  /** The local properties at the time of the call: job group, description, tags, pool, and the user's own. */
  readonly properties: Readonly<Record<string, string>>;
  /** Added files by name, with the blobs that hold them. */
  readonly files: Readonly<Record<string, string>>;
  /** The text of the user's that starts it. */
  readonly callSite?: CallSite;
}

export interface SchedulerHooks {
  mergeAccumulators(updates: readonly AccumulatorUpdate[]): void;
  /** Task slots of the master. */
  readonly slots: number;
  readonly bus: ListenerBus;
  /** Something that the user should know, in a sentence. */
  notice(text: string): void;
}

export class Scheduler implements TaskListener {
  readonly #backend: TaskBackend;
  readonly #config: Config;
  readonly #clock: Clock;
  readonly #hooks: SchedulerHooks;
  readonly #dag: Dag;
  readonly #jobs = new Map<number, ActiveJob>();
  readonly #ends = new Set<Promise<void>>();
  readonly #history: JobRecord[] = [];
  readonly #taskJobs = new Map<number, number>();
  readonly #queue: SchedulerEvent[] = [];
  readonly blobs: BlobStore;
  readonly #watch: TaskWatch;
  readonly #stuck: StuckWatch;
  #handling = false;
  #nextJob = 0;
  #nextStage = 0;
  #failed: string | undefined;

  constructor(backend: TaskBackend, config: Config, clock: Clock, hooks: SchedulerHooks) {
    this.#backend = backend;
    this.#config = config;
    this.#clock = clock;
    this.#hooks = hooks;
    this.#dag = new Dag({ ...config, slots: hooks.slots });
    this.#watch = new TaskWatch(hooks.bus, clock);
    this.#stuck = new StuckWatch(clock, () => this.#dag.status(), hooks.notice);
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
    const planned = this.#plan(jobId, request);
    const { take, signal, properties, files, title, callSite, call } = request;
    const stageIds = planned.spec.stages.map((stage) => stage.stageId);
    const started = this.#clock.now();
    const origin = { title, stageIds, callSite };
    const record: JobRecord = { jobId, started, status: 'running', records: 0, ...origin, ...labelsOf(properties) };
    const environment = { properties: Object.entries(properties), files: Object.entries(files) };
    const promise = new Promise<void>((resolve, reject) => {
      const tasks = new TaskMaker(planned, environment, this.blobs, this.#config.maxResultBytes);
      const empty = { reading: new Map(), answers: new Map(), resultBytes: 0, call };
      this.#jobs.set(jobId, { record, tasks, ...empty, take, resolve, reject });
    });
    this.#history.push(record);
    const { bus } = this.#hooks;
    if (bus.isHeard) bus.post('onJobStart', { jobId, ...origin, stages: graphOf(planned), properties, time: started });
    if (this.#history.length > keptJobs) this.#history.shift();
    const cancel = () => this.cancelJob(jobId, typeof signal?.reason === 'string' ? signal.reason : '');
    signal?.addEventListener('abort', cancel, { once: true });
    this.#handle({ kind: 'jobSubmitted', job: { ...planned.spec, pool: record.pool } });
    if (signal?.aborted) cancel();
    this.#ends.add(promise);
    return promise.finally(() => {
      this.#ends.delete(promise);
      signal?.removeEventListener('abort', cancel);
    });
  }

  #plan(jobId: number, { rdd, sink, partitions }: JobRequest): PlannedJob {
    try {
      return planJob(jobId, rdd, sink, partitions, () => this.#nextStage++);
    } catch (e) {
      throw lineageError(e, rdd);
    }
  }

  /** Resolves when the jobs that run now have ended, well or not. */
  endOfRunningJobs(): Promise<unknown> {
    return Promise.allSettled(this.#ends);
  }

  cancelJob(jobId: number, reason: string): void {
    this.#handle({ kind: 'jobCancelled', jobId, reason });
  }

  cancelAllJobs(reason: string): void {
    for (const jobId of [...this.#jobs.keys()]) this.cancelJob(jobId, reason);
  }

  /** Cancels the running jobs that fit; answers how many. */
  cancelWhere(fits: (job: JobRecord) => boolean, reason: string): number {
    const ids = [...this.#jobs].flatMap(([jobId, { record }]) => (fits(record) ? [jobId] : []));
    for (const jobId of ids) this.cancelJob(jobId, reason);
    return ids.length;
  }

  forgetDataset(rddId: number): void {
    this.#handle({ kind: 'datasetForgotten', rddId });
    this.#backend.forget({ kind: 'rdd', rddId });
    this.#hooks.bus.post('onUnpersist', { rddId });
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

  executors(): readonly ExecutorStatus[] {
    return this.#dag.executors();
  }

  status(): DagStatus {
    return this.#dag.status();
  }

  /** The last jobs, oldest first. */
  jobs(): readonly JobRecord[] {
    return this.#history;
  }

  /** Records that the tasks of a running job have read so far, those that run now included. */
  readSoFar(jobId: number): number {
    const { record, reading } = this.#jobs.get(jobId) ?? {};
    return [...(reading?.values() ?? [])].reduce((a, b) => a + b, record?.records ?? 0);
  }

  /** The oldest running job that somebody waits for, for the progress line: none of a stream, none in the background. */
  progress(): JobProgress | undefined {
    for (const status of this.#dag.status().jobs) {
      const { jobId } = status;
      const { record } = this.#jobs.get(jobId) ?? {};
      if (!record || record.output !== undefined || record.background !== undefined) continue;
      const state = progressOf(status);
      const records = this.readSoFar(jobId);
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
    const { id: executorId, host, slots, pid, storageBytes } = executor;
    this.#hooks.bus.post('onExecutorAdded', { executorId, host, slots, pid, storageBytes, time: this.#clock.now() });
    this.#handle({ kind: 'executorJoined', executor });
  }

  executorLost(executorId: string, reason: string): void {
    this.#watch.executorLost(executorId, reason);
    this.#hooks.bus.post('onExecutorRemoved', { executorId, reason, time: this.#clock.now() });
    this.#handle({ kind: 'executorLost', executorId, reason });
  }

  taskEnded(executorId: string, taskId: number, end: TaskEnd): void {
    this.#watch.ended(taskId, end);
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
        for (const command of this.#dag.handle(next, this.#clock.now())) this.#carryOut(command);
      }
      this.#stuck.look(this.#dag.isStuck);
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
      case 'noteBlocks':
        return this.#watch.noteBlocks(command);
      case 'dropBlocks':
        return this.#backend.forget({ kind: 'rdd', rddId: command.rddId });
      case 'dropCopies': {
        const { rddId, partition, keeper } = command;
        return this.#backend.forget({ kind: 'copies', rddId, partition, keeper });
      }
      case 'noteStageSubmitted':
      case 'noteStageCompleted':
        return this.#watch.note(command);
      case 'finishJob':
        return this.#end(command.jobId, 'done', () => undefined);
      case 'failJob': {
        const { failure } = command;
        const status = failure.kind === 'cancelled' ? 'cancelled' : 'failed';
        return this.#end(command.jobId, status, (job) =>
          calledFrom(
            job.call,
            errorOf(failure, (stageId) => job.tasks.stepsOf(stageId)),
          ),
        );
      }
      case 'startLocalityTimer':
        this.#clock.after(command.ms, () => this.#handle({ kind: 'localityExpired' }));
        return;
      case 'startSpeculationTimer':
        this.#clock.after(this.#config.speculationIntervalMs, () => this.#handle({ kind: 'speculationDue' }));
    }
  }

  #launch(executorId: string, request: TaskRequest): void {
    const job = this.#jobs.get(request.jobId);
    const { taskId } = request;
    const notLaunched = () => this.#handle({ kind: 'taskEnded', executorId, taskId, end: { kind: 'cancelled' } });
    // The job ended by a command before this one: the state machine still waits for the end of the task, which frees the slot.
    if (!job) return notLaunched();
    try {
      const spec = job.tasks.make(request, this.#dag.outputs);
      this.#taskJobs.set(taskId, request.jobId);
      this.#watch.started(executorId, request);
      this.#backend.launch(executorId, spec);
    } catch (e) {
      // The program cannot be made (a capture that cannot travel): no task of the job can run.
      this.#fail(request.jobId, lineageError(e, job.record.title));
      notLaunched();
    }
  }

  #report(jobId: number, partition: number, value: Uint8Array): void {
    const job = this.#jobs.get(jobId);
    if (!job) return;
    job.resultBytes += value.length - (job.answers.get(partition) ?? 0);
    job.answers.set(partition, value.length);
    const { maxResultBytes } = this.#config;
    if (job.resultBytes > maxResultBytes)
      return this.#fail(
        jobId,
        calledFrom(
          job.call,
          new MillraceError('RESULT_TOO_BIG', { bytes: bytesText(job.resultBytes), limit: bytesText(maxResultBytes) }),
        ),
      );
    try {
      job.take(partition, value);
    } catch (e) {
      this.#fail(jobId, asError(e));
    }
  }

  /** Rejects a job with an error of the driver's own and takes it from the state machine. */
  #fail(jobId: number, error: Error): void {
    this.#end(jobId, 'failed', () => error);
    this.#handle({ kind: 'jobCancelled', jobId, reason: '' });
  }

  /** Ends a job with its answer, or with an error. */
  #end(jobId: number, status: JobEnd['status'], errorOf: (job: ActiveJob) => Error | undefined): void {
    const job = this.#jobs.get(jobId);
    if (!job) return;
    this.#jobs.delete(jobId);
    job.record.status = status;
    job.record.ended = this.#clock.now();
    const error = errorOf(job);
    job.tasks.release();
    const failure = error && status === 'failed' ? failureInfo(error) : undefined;
    this.#hooks.bus.post('onJobEnd', { jobId, status, failure, time: job.record.ended });
    if (error) job.reject(error);
    else job.resolve();
  }
}
