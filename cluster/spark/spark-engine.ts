// The engine whose jobs Apache Spark runs: it defines datasets there, submits jobs, and takes what Spark answers.
import type { Config } from '../../runtime/base/config';
import { asError, MillraceError } from '../../runtime/base/errors';
import { keptJobs } from '../../runtime/base/limits';
import { lineageError } from '../../runtime/base/lineage-error';
import type { Clock } from '../../runtime/base/time';
import { bytesText } from '../../runtime/base/units';
import { noteClassesOfRows } from '../../runtime/closure/classes/session-classes';
import { releasedFolder } from '../../runtime/exec/released-folder';
import type { BlobSource, Engine, JobHandlers, Release, StartedJob } from '../../runtime/plan/engine';
import type { Job } from '../../runtime/plan/job';
import type { DatasetNode } from '../../runtime/plan/node';
import { computationsOf } from '../../runtime/plan/state-spec';
import { environmentBlob } from '../../runtime/plan/task-environment';
import { NodeTable } from '../../runtime/planner/node-table';
import { failureInfo } from '../../runtime/scheduler/job-error';
import { labelsOf } from '../../runtime/scheduler/job-record';
import type { JobEnd } from '../../runtime/scheduler/listener-bus';
import type { EngineStatus, ForeignEngine, SchedulerHooks } from '../../runtime/scheduler/loop';
import { ReleasedFolders } from '../driver/released-folders';
import { readUpdates } from '../link/task-end';
import { type Definition, Definitions } from './definitions';
import { type DriverEvent, type Report, readEvent } from './driver-events';
import { DriverLink } from './driver-link';
import { type DriverLog, sparkEnded } from './driver-log';
import { ExecutorWatch } from './executor-watch';
import { HadoopFiles } from './files/hadoop-files';
import { HadoopHelper } from './files/hadoop-helper';
import { SessionFiles } from './files/session-files';
import { MessageReader } from './message';
import { CountedReports } from './reports';
import type { SparkCommand } from './spark-process';
import { SparkStatus, type WatchedJob } from './spark-status';
import { barrierGivenUp, blamed, failedTask, jobError } from './task-failure';

/** Starts Spark's driver; events come until it has exited. Rejects with NO_SPARK. */
export type StartSpark = (on: {
  readonly event: (event: Buffer) => void;
  readonly exit: (reason: string) => void;
}) => Promise<SparkDriver>;

interface SparkDriver {
  send(message: Buffer): void;
  /** Nothing that was sent waits for this thread. */
  readonly isIdle: boolean;
  stop(): Promise<void>;
}

interface ActiveJob extends WatchedJob {
  readonly definition: Definition;
  readonly environment: readonly string[];
  readonly handlers: JobHandlers;
  readonly answers: Map<number, number>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  resultBytes: number;
  /** How often Spark has run it before. */
  tries: number;
}

export interface SparkEngineOptions {
  readonly startSpark: StartSpark;
  /** The session's folder. */
  readonly folder: string;
  /** Whether tasks see that folder. */
  readonly sharesFolder: boolean;
  /** Runs what answers requests about files of Hadoop before Spark is there. */
  readonly helperCommand: () => SparkCommand;
  readonly log: DriverLog;
  readonly onStop: () => Promise<void>;
  /** Called when Spark is there. */
  readonly onReady: (spark: ForeignEngine) => void;
}

/** Between two looks into the log of a Spark that comes up. */
const lookMs = 500;

/** Properties that Spark itself reads: pools and what its pages show. Others go to tasks only. */
const sparkProperties = ['spark.scheduler.pool', 'spark.jobGroup.id', 'spark.job.description', 'spark.job.tags'];

export class SparkEngine implements Engine<EngineStatus> {
  readonly status: SparkStatus;
  readonly #config: Config;
  readonly #clock: Clock;
  readonly #hooks: SchedulerHooks;
  readonly #nodes = new NodeTable({ cutsAtPersisted: true });
  readonly #link = new DriverLink();
  readonly #reports = new CountedReports();
  readonly #files: SessionFiles;
  /** Those of Hadoop. */
  readonly files: HadoopFiles;
  readonly #released = new ReleasedFolders();
  readonly #executors: ExecutorWatch;
  readonly #jobs = new Map<number, ActiveJob>();
  #definitions!: Definitions;
  #blobs!: BlobSource;
  #spark: ReturnType<StartSpark> | undefined;
  #nextJob = 0;
  #failed: Error | undefined;
  #isStopped = false;
  readonly #options: SparkEngineOptions;

  constructor(options: SparkEngineOptions, config: Config, clock: Clock, hooks: SchedulerHooks) {
    this.#options = options;
    this.#files = new SessionFiles(options.folder, hooks.sessionFolders);
    const { folder, helperCommand } = options;
    this.files = new HadoopFiles({
      folder,
      send: (id, file, request) => this.#link.hadoop(id, file, request),
      isReady: () => this.status.foreign !== undefined && this.#link.isIdle && this.#failed === undefined,
      helper: new HadoopHelper(folder, helperCommand),
    });
    this.#config = config;
    this.#clock = clock;
    this.#hooks = hooks;
    this.#executors = new ExecutorWatch(
      clock,
      (text) => hooks.notice(text),
      () => options.log.endedExecutors(),
    );
    this.status = new SparkStatus({
      sharesFolder: options.sharesFolder,
      bus: hooks.bus,
      clock,
      definition: (key) => this.#definitions.of(key),
    });
    noteClassesOfRows();
  }

  async start(blobs: BlobSource): Promise<void> {
    this.#blobs = blobs;
    const { sharesFolder, startSpark } = this.#options;
    this.#definitions = new Definitions({
      link: this.#link,
      blob: (id) => blobs.blob(id),
      files: sharesFolder ? undefined : this.#files,
      slots: sharesFolder ? this.#hooks.slots : Number.POSITIVE_INFINITY,
      placesOf: (dataset, partition) => this.status.placesOf(dataset, partition),
    });
    const spark = startSpark({
      event: (bytes) => this.#take(readEvent(bytes)),
      exit: (reason) => this.#fail(sparkEnded(`Spark has ended: ${reason}`)),
    });
    this.#spark = spark;
    spark.then(
      (process) => {
        this.#link.open(process);
        this.#watchStart(process);
      },
      (error) => this.#fail(asError(error)),
    );
  }

  /** A master that refuses the session is asked again for a minute by Spark, and its refusal is only in the log. */
  #watchStart(process: SparkDriver): void {
    this.#clock.after(lookMs, () => {
      if (this.status.foreign || this.#failed || this.#isStopped) return;
      const refusal = this.#options.log.refusal();
      if (refusal === undefined) return this.#watchStart(process);
      this.#fail(refusal);
      void process.stop();
    });
  }

  define(nodes: readonly DatasetNode[]): void {
    this.#nodes.define(nodes);
  }

  release(what: Release): void {
    switch (what.kind) {
      case 'dataset':
        return this.#nodes.release(what.id);
      case 'persisted':
        this.#definitions.dropStored(what.id);
        this.#reports.forgetDataset(what.id);
        this.status.forgetDataset(what.id);
        return this.#hooks.bus.post('onUnpersist', { rddId: what.id });
      case 'shuffle':
        this.#definitions.dropShuffle(what.id);
        return this.#reports.forget(`shuffle ${what.id}`);
      case 'blob':
        return this.#link.forget(what.id);
      case 'state':
        this.#definitions.dropState(what.id);
        this.#reports.forgetDataset(computationsOf(what.id));
        return this.#removeFolder(what);
      case 'checkpoint':
        return this.#removeFolder(what);
    }
  }

  #removeFolder(what: Release & { readonly kind: 'state' | 'checkpoint' }): void {
    const folder = releasedFolder(this.#options.folder, what.kind === 'state' ? what : { kind: 'checkpoint', rddId: what.id });
    if (folder !== undefined) this.#released.add(folder, false);
  }

  run(job: Job, handlers: JobHandlers): StartedJob {
    if (this.#failed) throw this.#failed;
    const jobId = this.#nextJob++;
    const view = this.#nodes.view();
    const { root, sink, functions, properties, files, title, callSite, code } = job;
    let { partitions } = job;
    let definition: Definition | undefined;
    let environment: readonly string[];
    try {
      // The tasks of a barrier stage wait for each other.
      if (view.facts(root).barrier) partitions = Array.from({ length: view.node(root).partitions }, (_, i) => i);
      definition = this.#definitions.job(root, { sink, functions, partitions, within: `job ${jobId}` }, view, code);
      environment = this.#environmentOf(Object.entries(properties), Object.entries(files));
    } catch (e) {
      if (definition) this.#definitions.drop(definition);
      view.close();
      throw lineageError(e, title);
    }
    const started = this.#clock.now();
    const state = { status: 'running' as const, records: 0, stageIds: [] };
    const record = { jobId, started, title, callSite, ...state, ...labelsOf(properties) };
    const done = new Promise<void>((resolve, reject) => {
      const active = { record, view, properties, partitions, definition, environment, handlers };
      this.#jobs.set(jobId, { ...active, answers: new Map(), resultBytes: 0, tries: 0, resolve, reject });
    });
    this.status.began(this.#jobs.get(jobId)!, keptJobs);
    this.#submit(this.#jobs.get(jobId)!);
    this.#look();
    return { id: jobId, done };
  }

  #submit({ record, definition, properties, environment, partitions, tries }: ActiveJob): void {
    const { jobId, title } = record;
    const told = sparkProperties.flatMap((name): [string, string][] => (properties[name] ? [[name, properties[name]]] : []));
    this.#link.run({ jobId, tries, key: definition.key, title, properties: told, environment, partitions: partitions.length });
  }

  /** The blobs that tasks of a job see beside their programs, that of the environment first. */
  #environmentOf(properties: [string, string][], files: [string, string][]): string[] {
    if (properties.length === 0 && files.length === 0) return [];
    const { id, bytes } = environmentBlob({ properties, files });
    this.#link.provide(id, () => bytes);
    const ids = files.map(([, blob]) => blob);
    for (const blob of ids) this.#link.provide(blob, () => this.#blobs.blob(blob));
    const all = [id, ...ids];
    for (const blob of all) this.#link.retain(blob);
    return all;
  }

  cancel(jobId: number, reason: string): void {
    this.#abort(jobId, new MillraceError('JOB_CANCELLED', { reason }));
  }

  /** Has Spark stop a job; it ends at once for the session. */
  #abort(jobId: number, error: Error): void {
    if (!this.#jobs.has(jobId)) return;
    this.#link.cancel(jobId);
    const isCancelled = error instanceof MillraceError && error.code === 'JOB_CANCELLED';
    this.#end(jobId, isCancelled ? 'cancelled' : 'failed', error);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const jobId of [...this.#jobs.keys()]) this.cancel(jobId, ': the context was stopped');
    this.#link.close();
    this.files.stop();
    const spark = await this.#spark?.catch(() => undefined);
    await spark?.stop();
    await this.#options.onStop();
  }

  /** No job can run any more. */
  #fail(error: Error): void {
    // The end of a Spark that has said why it cannot run is no news.
    if (this.#isStopped || this.#failed) return;
    this.#failed = error;
    this.#link.close();
    this.files.fail(error);
    for (const jobId of [...this.#jobs.keys()]) this.#end(jobId, 'failed', error);
    this.#hooks.notice(`${error.message} No job can run in this session.`);
  }

  /** Looks whether jobs wait for executors; while Spark itself comes up, none are missing. */
  #look(): void {
    this.#executors.look(this.status.foreign && !this.#isStopped ? this.#jobs.size : 0, this.status.executorCount);
  }

  #take(event: DriverEvent): void {
    this.#obey(event);
    const unmade = this.#executors.unmade(event, this.#config.taskMaxFailures);
    if (unmade) for (const jobId of [...this.#jobs.keys()]) this.#abort(jobId, unmade);
    this.#look();
  }

  #obey(event: DriverEvent): void {
    switch (event.kind) {
      case 'ready':
        this.#link.limitTo(event.heapBytes);
        this.status.foreign = { name: `Spark ${event.version}`, pages: event.page || undefined };
        return this.#options.onReady(this.status.foreign);
      case 'startFailed':
        return this.#fail(this.#options.log.refusal() ?? sparkEnded(event.reason.split('\n')[0]));
      case 'applicationEnded':
        return this.#fail(this.#options.log.end(this.#executors.hadExecutors));
      case 'answer':
        return this.#answer(event.jobId, event.index, event.value);
      case 'hadoop':
        return this.files.answered(event.id, event.answer);
      case 'jobEnded':
        return this.#jobEnded(event.jobId, event.failure);
      case 'report':
        return this.#report({ ...event, dataset: this.#definitions.datasetOf(event.dataset) });
      default:
        // Each of the others is told by the method of its name.
        return (this.status[event.kind] as (told: typeof event) => void).call(this.status, event);
    }
  }

  #answer(jobId: number, index: number, value: Uint8Array): void {
    const job = this.#jobs.get(jobId);
    if (!job) return;
    const { answers, handlers } = job;
    job.resultBytes += value.length - (answers.get(index) ?? 0);
    answers.set(index, value.length);
    const { maxResultBytes } = this.#config;
    const { resultBytes } = job;
    if (resultBytes > maxResultBytes) {
      const details = { bytes: bytesText(resultBytes), limit: bytesText(maxResultBytes) };
      return this.#abort(jobId, handlers.blame(new MillraceError('RESULT_TOO_BIG', details)));
    }
    const partition = job.partitions[index];
    try {
      handlers.take(partition, this.#valueOf(job, partition, value));
    } catch (e) {
      this.#abort(jobId, asError(e));
    }
  }

  /** An answer may bring a file for the session's folder. */
  #valueOf({ definition: { leaves } }: ActiveJob, partition: number, answer: Uint8Array): Uint8Array {
    if (leaves === undefined) return answer;
    const message = new MessageReader(Buffer.from(answer));
    const value = message.bytes();
    this.#files.leave(leaves, partition, message.rest());
    return value;
  }

  #report(report: Report): void {
    const job = this.#jobs.get(report.jobId);
    if (report.dataset < 0) this.status.read(report.taskId, report.records);
    if (job && report.dataset < 0) job.record.records += report.records;
    if (!this.#reports.count(report) || report.updates.length === 0) return;
    this.#hooks.mergeAccumulators(this.#reports.uncounted(readUpdates(report.updates)));
  }

  #jobEnded(jobId: number, failure: string): void {
    const job = this.#jobs.get(jobId);
    if (!job) return;
    if (failure === '') return this.#end(jobId, 'done');
    if (this.#runsAgain(job, failure)) {
      job.tries++;
      return this.#submit(job);
    }
    const { widest } = job.definition;
    const slots = this.status.executors().reduce((sum, executor) => sum + executor.slots, 0);
    this.#end(
      jobId,
      'failed',
      blamed(job.handlers, () => jobError(failure, { widest, slots, definitionOf: (id) => this.#definitions.ofProgram(id) })),
    );
  }

  /** Spark itself runs a barrier stage again where it writes a shuffle, but not where it gives the answer. */
  #runsAgain({ definition, tries }: ActiveJob, failure: string): boolean {
    if (!definition.isBarrier || !failure.includes(barrierGivenUp) || tries + 1 >= this.#config.taskMaxFailures) return false;
    const end = failedTask(failure)?.end;
    return end?.kind === 'userError' || end?.kind === 'lost';
  }

  #end(jobId: number, status: JobEnd['status'], error?: Error): void {
    const job = this.#jobs.get(jobId);
    if (!job) return;
    this.#jobs.delete(jobId);
    this.#look();
    const { record, definition, environment, view, resolve, reject } = job;
    record.status = status;
    record.ended = this.#clock.now();
    this.#definitions.drop(definition);
    for (const blob of environment) this.#link.release(blob);
    this.#reports.forget(`job ${jobId}`);
    this.status.ended(jobId);
    view.close();
    const failure = error && status === 'failed' ? failureInfo(error) : undefined;
    this.#hooks.bus.post('onJobEnd', { jobId, status, failure, time: record.ended });
    if (error) reject(error);
    else resolve();
  }
}
