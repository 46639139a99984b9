// The one effectful place of the scheduler: feeds events to the state machine and carries its commands out.
import type { Config } from '../base/config';
import { asError, MillraceError } from '../base/errors';
import { keptJobs } from '../base/limits';
import { lineageError } from '../base/lineage-error';
import type { Clock } from '../base/time';
import { bytesText } from '../base/units';
import { noteClassesOfRows } from '../closure/classes/session-classes';
import type { AccumulatorUpdate, TaskEnd } from '../plan/end';
import type { BlobSource, Engine, JobHandlers, Release, StartedJob } from '../plan/engine';
import type { Job } from '../plan/job';
import type { DatasetNode } from '../plan/node';
import { computationsOf } from '../plan/state-spec';
import { graphOf, plannedStages } from '../planner/job-graph';
import { NodeTable, type NodeView } from '../planner/node-table';
import { codeOf } from '../planner/session-code';
import { PlannedJob, type Present } from '../planner/stages';
import type { ExecutorInfo, TaskBackend, TaskListener } from './backend';
import { BlobStore } from './blob-store';
import type { StoredSize } from './block-tracker';
import { Dag } from './dag';
import { type DagStatus, progressOf } from './dag-status';
import type { Command, SchedulerEvent, TaskRequest } from './events';
import type { ExecutorStatus } from './executor-table';
import { errorOf, failureInfo } from './job-error';
import { type JobProgress, type JobRecord, labelsOf } from './job-record';
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
  readonly handlers: JobHandlers;
  readonly view: NodeView;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  resultBytes: number;
}

export interface SchedulerHooks {
  mergeAccumulators(updates: readonly AccumulatorUpdate[]): void;
  /** Task slots of the master. */
  readonly slots: number;
  readonly bus: ListenerBus;
  /** Something that the user should know, in a sentence. */
  notice(text: string): void;
  /** Folders of sessions whose files tasks read too, where the engine has several. */
  sessionFolders?(): readonly string[];
}

/** What the engine tells of its state. */
export interface EngineStatus {
  /** The last jobs, oldest first. */
  jobs(): readonly JobRecord[];
  /** Those that run now. */
  active(): readonly JobRecord[];
  /** Jobs and stages that run now, and the executors. */
  running(): DagStatus;
  executors(): readonly ExecutorStatus[];
  /** Partitions of a dataset that are persisted, and their bytes. */
  stored(rddId: number): StoredSize;
  /** Records that the tasks of a running job have read so far, those that run now included. */
  readSoFar(jobId: number): number;
  /** The oldest running job that somebody waits for, for the progress line: none of a stream, none in the background. */
  progress(): JobProgress | undefined;
  /** Of an engine of others, once it is there: what it is, and the address of its own pages. */
  readonly foreign?: ForeignEngine;
  /** Whether executors see the session's folder: left out where they do. */
  readonly sharesFolder?: boolean;
}

export interface ForeignEngine {
  /** `Spark 4.3.0`. */
  readonly name: string;
  /** Undefined where it has no pages. */
  readonly pages?: string;
}

/** Our own engine: cuts jobs into stages and runs their tasks on the executors of a backend. */
export class Scheduler implements Engine<EngineStatus>, TaskListener {
  readonly #backend: TaskBackend;
  readonly #config: Config;
  readonly #clock: Clock;
  readonly #hooks: SchedulerHooks;
  readonly #dag: Dag;
  readonly #jobs = new Map<number, ActiveJob>();
  readonly #history: JobRecord[] = [];
  readonly #taskJobs = new Map<number, number>();
  readonly #queue: SchedulerEvent[] = [];
  readonly #nodes = new NodeTable();
  #blobs: BlobStore | undefined;
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
  }

  start(blobs: BlobSource): Promise<void> {
    this.#blobs = new BlobStore(blobs, (id) => this.#backend.forget({ kind: 'blob', id }));
    return this.#backend.start(this, this.#blobs);
  }

  define(nodes: readonly DatasetNode[]): void {
    for (const { id, persistence } of nodes) {
      const before = this.#nodes.persistenceOf(id);
      // What is persisted already keeps its place in memory by the new one too.
      if (before && persistence && before.priority !== persistence.priority)
        this.#backend.forget({ kind: 'priority', rddId: id, priority: persistence.priority });
    }
    this.#nodes.define(nodes);
  }

  release(what: Release): void {
    switch (what.kind) {
      case 'dataset':
        return this.#nodes.release(what.id);
      case 'persisted':
        this.#handle({ kind: 'datasetForgotten', rddId: what.id });
        this.#backend.forget({ kind: 'rdd', rddId: what.id });
        return this.#hooks.bus.post('onUnpersist', { rddId: what.id });
      case 'shuffle':
        this.#handle({ kind: 'shuffleForgotten', shuffleId: what.id });
        return this.#backend.forget({ kind: 'shuffle', shuffleId: what.id });
      case 'checkpoint':
        return this.#backend.forget({ kind: 'checkpoint', rddId: what.id });
      case 'state':
        this.#handle({ kind: 'datasetForgotten', rddId: computationsOf(what.id) });
        return this.#backend.forget(what);
      case 'blob':
        return this.#blobs!.remove(what.id);
    }
  }

  run(job: Job, handlers: JobHandlers): StartedJob {
    if (this.#failed) throw new MillraceError('NO_EXECUTORS', { reason: this.#failed });
    const jobId = this.#nextJob++;
    const view = this.#nodes.view();
    const planned = this.#plan(job, view);
    const { properties, files, title, callSite } = job;
    const stageIds = planned.stages.map((stage) => stage.stageId);
    const started = this.#clock.now();
    const origin = { title, stageIds, callSite };
    const record: JobRecord = { jobId, started, status: 'running', records: 0, ...origin, ...labelsOf(properties) };
    const environment = { properties: Object.entries(properties), files: Object.entries(files) };
    const blobs = this.#blobs!;
    const code = codeOf(job, (id, bytes) => blobs.put(id, bytes));
    const tasks = new TaskMaker(planned, view, environment, blobs, code);
    const done = new Promise<void>((resolve, reject) => {
      const empty = { reading: new Map(), answers: new Map(), resultBytes: 0 };
      this.#jobs.set(jobId, { record, tasks, view, ...empty, handlers, resolve, reject });
    });
    this.#history.push(record);
    const { bus } = this.#hooks;
    if (bus.isHeard)
      bus.post('onJobStart', { jobId, ...origin, stages: graphOf(plannedStages(planned), view), properties, time: started });
    if (this.#history.length > keptJobs) this.#history.shift();
    this.#handle({
      kind: 'jobSubmitted',
      job: { jobId, stages: planned.stages, behind: (stage, all) => planned.behind(stage, all), pool: record.pool },
    });
    return { id: jobId, done };
  }

  /** What jobs find there already. */
  readonly #present: Present = {
    isComplete: (shuffleId) => this.#dag.outputs.complete(shuffleId),
    isWhole: ([rddId, partitions]) => this.#dag.blocks.complete(rddId, partitions),
  };

  #plan(job: Job, view: NodeView): PlannedJob {
    try {
      return new PlannedJob(job, view, this.#present, () => this.#nextStage++);
    } catch (e) {
      view.close();
      throw lineageError(e, job.title);
    }
  }

  cancel(jobId: number, reason: string): void {
    this.#handle({ kind: 'jobCancelled', jobId, reason });
  }

  readonly status: EngineStatus = {
    jobs: () => this.#history,
    active: () => [...this.#jobs.values()].map(({ record }) => record),
    running: () => this.#dag.status(),
    executors: () => this.#dag.executors(),
    stored: (rddId) => this.#dag.blocks.summary(rddId),
    readSoFar: (jobId) => {
      const { record, reading } = this.#jobs.get(jobId) ?? {};
      return [...(reading?.values() ?? [])].reduce((a, b) => a + b, record?.records ?? 0);
    },
    progress: () => this.#progress(),
  };

  #progress(): JobProgress | undefined {
    for (const status of this.#dag.status().jobs) {
      const { jobId } = status;
      const { record } = this.#jobs.get(jobId) ?? {};
      if (!record || record.output !== undefined || record.background !== undefined) continue;
      const state = progressOf(status);
      const records = this.status.readSoFar(jobId);
      return { jobId, ...state, title: record.title, records, seconds: (this.#clock.now() - record.started) / 1000 };
    }
    return undefined;
  }

  async stop(): Promise<void> {
    for (const jobId of [...this.#jobs.keys()]) this.cancel(jobId, ': the context was stopped');
    await this.#backend.stop();
  }

  // What the backend tells.

  executorJoined(executor: ExecutorInfo): void {
    const { id: executorId, host, slots, pid, storageBytes } = executor;
    this.#failed = undefined;
    this.#stuck.joined();
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

  startFailed(reason: string): void {
    this.#stuck.startFailed(reason);
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
        return this.#end(command.jobId, status, ({ tasks, handlers, resultBytes }) =>
          handlers.blame(
            failure.kind === 'tooBig'
              ? this.#tooBig(resultBytes + failure.bytes)
              : errorOf(failure, (stageId) => tasks.stepsOf(stageId)),
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
      // An answer that comes again takes the place of the first.
      const others = job.resultBytes - (job.answers.get(request.partition) ?? 0);
      const spec = job.tasks.make(request, this.#dag.outputs, Math.max(0, this.#config.maxResultBytes - others));
      this.#taskJobs.set(taskId, request.jobId);
      this.#backend.launch(executorId, spec);
      this.#watch.started(executorId, request);
    } catch (e) {
      // The program cannot be made: no task of the job can run.
      this.#fail(request.jobId, lineageError(e, job.record.title));
      notLaunched();
    }
  }

  #report(jobId: number, partition: number, value: Uint8Array): void {
    const job = this.#jobs.get(jobId);
    if (!job) return;
    job.resultBytes += value.length - (job.answers.get(partition) ?? 0);
    job.answers.set(partition, value.length);
    if (job.resultBytes > this.#config.maxResultBytes)
      return this.#fail(jobId, job.handlers.blame(this.#tooBig(job.resultBytes)));
    try {
      job.handlers.take(partition, value);
    } catch (e) {
      this.#fail(jobId, asError(e));
    }
  }

  /** The error of a job whose answers have so many bytes so far. */
  #tooBig(bytes: number): MillraceError {
    const { maxResultBytes } = this.#config;
    return new MillraceError('RESULT_TOO_BIG', { bytes: bytesText(bytes), limit: bytesText(maxResultBytes) });
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
    const error = errorIn(job, errorOf);
    job.tasks.release();
    job.view.close();
    const failure = error && status === 'failed' ? failureInfo(error) : undefined;
    this.#hooks.bus.post('onJobEnd', { jobId, status, failure, time: job.record.ended });
    if (error) job.reject(error);
    else job.resolve();
  }
}

/** What a job ends with. A job whose error cannot be made ends with the reason for that: it must end. */
function errorIn(job: ActiveJob, errorOf: (job: ActiveJob) => Error | undefined): Error | undefined {
  try {
    return errorOf(job);
  } catch (e) {
    return asError(e);
  }
}
