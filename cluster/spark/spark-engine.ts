// The engine whose jobs Apache Spark runs: it defines datasets there, submits jobs, and takes what Spark answers.
import type { Config } from '../../runtime/base/config';
import { asError, MillraceError } from '../../runtime/base/errors';
import { keptJobs } from '../../runtime/base/limits';
import { lineageError } from '../../runtime/base/lineage-error';
import type { Clock } from '../../runtime/base/time';
import { bytesText } from '../../runtime/base/units';
import { noteClassesOfRows } from '../../runtime/closure/classes/session-classes';
import type { BlobSource, Engine, JobHandlers, Release, StartedJob } from '../../runtime/plan/engine';
import type { Job } from '../../runtime/plan/job';
import type { DatasetNode } from '../../runtime/plan/node';
import { environmentBlob } from '../../runtime/plan/task-environment';
import { NodeTable } from '../../runtime/planner/node-table';
import { failureInfo } from '../../runtime/scheduler/job-error';
import { labelsOf } from '../../runtime/scheduler/job-record';
import type { JobEnd } from '../../runtime/scheduler/listener-bus';
import type { EngineStatus, SchedulerHooks } from '../../runtime/scheduler/loop';
import { readUpdates } from '../link/task-end';
import { type Definition, Definitions } from './definitions';
import { type DriverEvent, type Report, readEvent } from './driver-events';
import { DriverLink } from './driver-link';
import { CountedReports } from './reports';
import { SparkStatus, type WatchedJob } from './spark-status';
import { jobError } from './task-failure';

/** Starts Spark's driver; events come until it has exited. Rejects with NO_SPARK. */
export type StartSpark = (on: {
  readonly event: (event: Buffer) => void;
  readonly exit: (reason: string) => void;
}) => Promise<{ send(message: Buffer): void; stop(): Promise<void> }>;

interface ActiveJob extends WatchedJob {
  readonly definition: Definition;
  readonly environment: readonly string[];
  readonly handlers: JobHandlers;
  readonly answers: Map<number, number>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  resultBytes: number;
  /** Why it is cancelled. */
  cancelled?: Error;
}

/** Properties that Spark itself reads: pools and what its pages show. Others go to tasks only. */
const sparkProperties = ['spark.scheduler.pool', 'spark.jobGroup.id', 'spark.job.description', 'spark.job.tags'];

export class SparkEngine implements Engine<EngineStatus> {
  readonly status: SparkStatus;
  readonly #startSpark: StartSpark;
  readonly #config: Config;
  readonly #clock: Clock;
  readonly #hooks: SchedulerHooks;
  readonly #nodes = new NodeTable({ cutsAtPersisted: true });
  readonly #link = new DriverLink();
  readonly #reports = new CountedReports();
  readonly #jobs = new Map<number, ActiveJob>();
  #definitions!: Definitions;
  #blobs!: BlobSource;
  #spark: ReturnType<StartSpark> | undefined;
  #nextJob = 0;
  #failed: Error | undefined;
  #isStopped = false;
  readonly #onStop: () => Promise<void>;

  constructor(startSpark: StartSpark, config: Config, clock: Clock, hooks: SchedulerHooks, onStop: () => Promise<void>) {
    this.#onStop = onStop;
    this.#startSpark = startSpark;
    this.#config = config;
    this.#clock = clock;
    this.#hooks = hooks;
    this.status = new SparkStatus({ bus: hooks.bus, clock, definition: (key) => this.#definitions.of(key) });
    noteClassesOfRows();
  }

  async start(blobs: BlobSource): Promise<void> {
    this.#blobs = blobs;
    this.#definitions = new Definitions(this.#link, (id) => blobs.blob(id));
    const spark = this.#startSpark({
      event: (bytes) => this.#take(readEvent(bytes)),
      exit: (reason) => this.#fail(new MillraceError('NO_EXECUTORS', { reason: `Spark has ended: ${reason}` })),
    });
    this.#spark = spark;
    spark.then(
      (process) => this.#link.open((message) => process.send(message)),
      (error) => this.#fail(asError(error)),
    );
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
      default:
        // Files of the session's folder, which go with it.
        return;
    }
  }

  run(job: Job, handlers: JobHandlers): StartedJob {
    if (this.#failed) throw this.#failed;
    const jobId = this.#nextJob++;
    const view = this.#nodes.view();
    const { root, sink, functions, partitions, properties, files, title, callSite } = job;
    let definition: Definition;
    try {
      definition = this.#definitions.job(root, { sink, functions, partitions, within: `job ${jobId}` }, view);
    } catch (e) {
      view.close();
      throw lineageError(e, title);
    }
    const environment = this.#environmentOf(Object.entries(properties), Object.entries(files));
    const started = this.#clock.now();
    const state = { status: 'running' as const, records: 0, stageIds: [] };
    const record = { jobId, started, title, callSite, ...state, ...labelsOf(properties) };
    const done = new Promise<void>((resolve, reject) => {
      const active = { record, view, properties, partitions, definition, environment, handlers };
      this.#jobs.set(jobId, { ...active, answers: new Map(), resultBytes: 0, resolve, reject });
    });
    this.status.began(this.#jobs.get(jobId)!, keptJobs);
    const told = sparkProperties.flatMap((name): [string, string][] => (properties[name] ? [[name, properties[name]]] : []));
    this.#link.run({ jobId, key: definition.key, title, properties: told, environment, partitions: partitions.length });
    return { id: jobId, done };
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
    const spark = await this.#spark?.catch(() => undefined);
    await spark?.stop();
    await this.#onStop();
  }

  /** No job can run any more. */
  #fail(error: Error): void {
    if (this.#isStopped) return;
    this.#failed ??= error;
    this.#link.close();
    for (const jobId of [...this.#jobs.keys()]) this.#end(jobId, 'failed', this.#failed);
    this.#hooks.notice(`${error.message} No job can run in this session.`);
  }

  #take(event: DriverEvent): void {
    switch (event.kind) {
      case 'ready':
        return;
      case 'startFailed':
        return this.#fail(new MillraceError('NO_EXECUTORS', { reason: event.reason.split('\n')[0] }));
      case 'applicationEnded':
        return this.#fail(new MillraceError('NO_EXECUTORS', { reason: 'Spark has stopped; the page of its master says why' }));
      case 'answer':
        return this.#answer(event.jobId, event.index, event.value);
      case 'jobEnded':
        return this.#jobEnded(event.jobId, event.failure);
      case 'report':
        return this.#report(event);
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
    try {
      handlers.take(job.partitions[index], value);
    } catch (e) {
      this.#abort(jobId, asError(e));
    }
  }

  #report(report: Report): void {
    const job = this.#jobs.get(report.jobId);
    if (job && report.dataset < 0) job.record.records += report.records;
    if (!this.#reports.count(report) || report.updates.length === 0) return;
    this.#hooks.mergeAccumulators(readUpdates(report.updates));
  }

  #jobEnded(jobId: number, failure: string): void {
    const job = this.#jobs.get(jobId);
    if (!job) return;
    if (failure === '') return this.#end(jobId, 'done');
    this.#end(
      jobId,
      'failed',
      blamed(job, () => jobError(failure, (id) => this.#definitions.ofProgram(id))),
    );
  }

  #end(jobId: number, status: JobEnd['status'], error?: Error): void {
    const job = this.#jobs.get(jobId);
    if (!job) return;
    this.#jobs.delete(jobId);
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

/** A job whose error cannot be made ends with the reason for that: it must end. */
function blamed({ handlers }: ActiveJob, make: () => Error): Error {
  try {
    return handlers.blame(make());
  } catch (e) {
    return asError(e);
  }
}
