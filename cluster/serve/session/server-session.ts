// One session on the side of its server: what it sends goes to the engine, what concerns it comes back, and its end clears up behind it.
import { isAbsolute } from 'node:path';
import { asError } from '../../../runtime/base/errors';
import { processNamespace } from '../../../runtime/base/process-owner';
import type { AccumulatorUpdate } from '../../../runtime/plan/end';
import type { Engine, JobHandlers, Release, StartedJob } from '../../../runtime/plan/engine';
import type { Job } from '../../../runtime/plan/job';
import type { DatasetNode } from '../../../runtime/plan/node';
import type { Sink } from '../../../runtime/plan/program';
import type {
  PublicationWithCode,
  PublishedDataset,
  PublishedWindow,
  SessionInfo,
  WindowBatch,
} from '../../../runtime/plan/sharing/shared-datasets';
import { decodeDatasets, decodeJob, encodePublished } from '../../../runtime/plan/transfer';
import type { DagStatus } from '../../../runtime/scheduler/dag-status';
import { type JobRecord, propertyNames } from '../../../runtime/scheduler/job-record';
import type { ListenerEvents } from '../../../runtime/scheduler/listener-bus';
import type { EngineStatus } from '../../../runtime/scheduler/loop';
import { encode } from '../../../runtime/wire/codec';
import { refuse } from '../../link/fields';
import { type EventName, numbered } from '../events';
import { encodeFailure } from '../failure';
import { joinedCode } from '../job-code';
import type { Question, SessionJob, ToServer, ToSession, Visitor } from '../protocol';
import type { PublishedTable, Publisher, Writing } from '../published-table';
import type { ServerBlobs } from '../server-blobs';
import { encodeState } from '../state';
import { encodeWindows } from '../windows/window-wire';
import { OpenQuestions } from './open-questions';
import { OwnIds, sessionOf } from './own-ids';
import { SessionPublications } from './publications';
import { overQuota, type Quotas } from './quotas';
import { SessionPlans } from './session-plans';

/** What all sessions of a server share. */
export interface SharedEngine {
  readonly engine: Engine<EngineStatus>;
  readonly blobs: ServerBlobs;
  readonly published: PublishedTable;
  readonly quotas: Quotas;
  /** A job of a session has begun in the engine, and is over. */
  began(engineJob: number, session: ServerSession, job: number): void;
  over(engineJob: number): void;
  /** Answers a question, at once or later; what it throws is the refusal. */
  answer(question: Question, session: ServerSession): unknown;
}

interface RunningJob {
  readonly engineJob: number;
  readonly record: JobRecord | undefined;
  readonly heard: boolean;
}

/** How a session's messages leave. */
export type SendToSession = (message: ToSession, tail?: Uint8Array) => void;

/** What a server gives each session. */
export interface SessionParts {
  /** When it attached, in milliseconds since the epoch. */
  readonly since: number;
  /** The pool of its jobs. */
  readonly pool: string;
  readonly send: SendToSession;
  /** Bytes that it has not read yet. */
  unreadBytes(): number;
}

export class ServerSession implements Publisher {
  readonly number: number;
  readonly visitor: Visitor;
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly #shared: SharedEngine;
  readonly #send: SendToSession;
  readonly #ids: OwnIds;
  readonly #questions: OpenQuestions;
  readonly #plans: SessionPlans;
  readonly #pool: string;
  readonly #unreadBytes: () => number;
  #isDetached = false;
  readonly #jobs = new Map<number, RunningJob>();
  /** The session's numbers of stages, by those of the engine. */
  readonly #stages = new Map<number, number>();
  readonly #publications = new SessionPublications();
  #lastJob = -1;
  #jobsSoFar = 0;
  #ended = false;
  /** Why what it sent cannot be used: its next job fails with it. */
  #mistake: Error | undefined;

  constructor(number: number, visitor: Visitor, shared: SharedEngine, { since, pool, send, unreadBytes }: SessionParts) {
    this.#pool = pool;
    this.#unreadBytes = unreadBytes;
    this.#plans = new SessionPlans(number, shared.quotas.sessionPlanBytes);
    this.number = number;
    this.visitor = visitor;
    this.since = since;
    this.#shared = shared;
    this.#send = send;
    this.#questions = new OpenQuestions((question) => shared.answer(question, this), send);
    this.#ids = new OwnIds(number, (id) => shared.published.isUsedBy(id, number) || this.#plans.isAbsent(id));
  }

  /** Its name for others. */
  get label(): string {
    return `${this.visitor.name} (process ${this.visitor.pid})`;
  }

  /** The folder of its files, where this machine has it. */
  get folder(): string | undefined {
    const { folder, namespace } = this.visitor;
    return isAbsolute(folder) && namespace === processNamespace() ? folder : undefined;
  }

  node(id: number): DatasetNode | undefined {
    return this.#plans.node(id);
  }

  /** Whether it has made something and has not released it. */
  owns(kind: 'dataset' | 'persisted' | 'shuffle' | 'checkpoint', id: number): boolean {
    const { datasets, persisted, shuffles, checkpoints } = this.#ids.footprint;
    return !this.#ended && { dataset: datasets, persisted, shuffle: shuffles, checkpoint: checkpoints }[kind].has(id);
  }

  /** For `.sessions`. */
  get summary(): Pick<SessionInfo, 'running' | 'jobs' | 'bytes' | 'published' | 'isDetached'> {
    const { blobs, published } = this.#shared;
    return {
      running: this.#jobs.size,
      jobs: this.#jobsSoFar,
      bytes: blobs.bytesOf(this.number) + Math.round(this.#plans.bytes),
      published: published.bytesOf(this.number),
      isDetached: this.#isDetached,
    };
  }

  get isBusy(): boolean {
    return this.#jobs.size > 0;
  }

  /** Takes a message. Throws PROTOCOL or BAD_NODE for one that no session of this version sends: the connection ends. */
  take(message: ToServer, tail: Uint8Array): void {
    switch (message.kind) {
      case 'attach':
      case 'resume':
      case 'read':
        return refuse(`${message.kind} within a session`);
      case 'blob':
        return this.#blob(message.id, tail);
      case 'dropBlobs':
        this.#plans.dropBlobs(message.ids);
        return this.#shared.blobs.letGo(this.number, message.ids);
      case 'define':
        return this.#define(decodeDatasets(tail), tail.length);
      case 'run':
        return this.#run(message.job, message.heard, decodeJob(tail));
      case 'cancel':
        return this.#cancel(message.job, message.reason);
      case 'release':
        return this.#release(message.what);
      case 'open':
        return this.#open(message.dataset, message.name);
      case 'terminal':
        this.#isDetached = !message.isThere;
        return;
      case 'ask':
        return this.#questions.take(message.number, message.question);
    }
  }

  /** What goes wrong here is told by the next job. */
  #attempt(f: () => void): void {
    try {
      f();
    } catch (e) {
      this.#mistake ??= asError(e);
    }
  }

  #blob(id: string, bytes: Uint8Array): void {
    this.#ids.blob(id, bytes);
    let refusal: Error | undefined;
    try {
      this.#shared.blobs.put(this.number, id, bytes);
    } catch (e) {
      refusal = asError(e);
      this.#send({ kind: 'noRoom', datasets: [], blobs: [id] });
    }
    this.#plans.blobArrived(id, refusal);
  }

  #open(dataset: number, name: string): void {
    this.#plans.open(dataset, this.#shared.published.open(dataset, this.number) ? undefined : name);
  }

  #define(nodes: readonly DatasetNode[], bytes: number): void {
    const { published, engine } = this.#shared;
    // A published dataset stays as it was published, whatever its publisher does with it.
    const changed = this.#ids.nodes(nodes).filter(({ id }) => !published.holds('dataset', id));
    const known = this.#plans.define(changed, bytes);
    const refused = changed.map(({ id }) => id).filter((id) => this.#plans.isRefused(id));
    if (refused.length > 0) this.#send({ kind: 'noRoom', datasets: refused, blobs: [] });
    this.#attempt(() => engine.define(known));
  }

  #release(what: Release): void {
    const { published, engine } = this.#shared;
    if (what.kind === 'dataset' && sessionOf(what.id) !== this.number) return published.close(what.id, this.number);
    this.#ids.release(what);
    // What is published stays, and counts as that.
    if (what.kind === 'dataset') this.#plans.release(what.id);
    if (published.holds(what.kind, what.id)) return;
    engine.release(what);
  }

  #run(number: number, heard: boolean, given: Job): void {
    this.#count(number);
    const job = this.#ids.job(given);
    try {
      const mistake = this.#mistake;
      this.#mistake = undefined;
      if (mistake) throw mistake;
      const take = (partition: number, value: Uint8Array) => {
        this.#checkUnread(value.length);
        this.#send({ kind: 'answer', job: number, partition }, value);
      };
      // Its end is told by itself.
      this.#start({ job: number, heard }, job, take).catch(() => {});
    } catch (e) {
      this.#finish(number, asError(e));
    }
  }

  /** Numbers of jobs only rise: an answer can belong to one job only. Throws PROTOCOL. */
  #count(job: number): void {
    if (job <= this.#lastJob) refuse(`job ${job} after job ${this.#lastJob}`);
    this.#lastJob = job;
    this.#jobsSoFar++;
  }

  #cancel(number: number, reason: string): void {
    this.#publications.cancel(number, reason);
    const job = this.#jobs.get(number);
    if (job) this.#shared.engine.cancel(job.engineJob, reason);
  }

  /** Runs a job in the pool of the session. Throws QUOTA_FULL or NOT_PUBLISHED. */
  #inPool(job: Job, handlers: JobHandlers): StartedJob {
    const { engine, blobs, published, quotas } = this.#shared;
    if (this.#jobs.size >= quotas.sessionJobs) throw overQuota('sessionJobs', this.#jobs.size + 1, quotas.sessionJobs);
    this.#plans.check(job);
    const others = [...this.#plans.publishedIn(job.root)].flatMap((dataset) => published.codeOf(dataset));
    const code = job.code && others.length > 0 ? joinedCode(job.code, others, blobs, this.number) : job.code;
    // Sessions share the slots: each is a pool.
    const properties = { ...job.properties, [propertyNames.pool]: this.#pool };
    return engine.run({ ...job, code, properties }, handlers);
  }

  /** Begins a job, whose end is told to the session and by the promise. Throws what `#inPool` does. */
  #start({ job: number, heard }: SessionJob, job: Job, take: JobHandlers['take']): Promise<void> {
    const { engine } = this.#shared;
    const { id, done } = this.#inPool(job, { take, blame: (error) => error });
    const record = engine.status.active().find(({ jobId }) => jobId === id);
    this.#jobs.set(number, { engineJob: id, record, heard });
    this.#shared.began(id, this, number);
    return done.then(
      () => this.#finish(number),
      (error) => {
        this.#finish(number, asError(error));
        throw error;
      },
    );
  }

  /** Throws QUOTA_FULL where a session that does not read has too much to read already. */
  #checkUnread(bytes: number): void {
    const wanted = this.#unreadBytes() + bytes;
    const { sessionUnreadBytes } = this.#shared.quotas;
    if (wanted > sessionUnreadBytes) throw overQuota('sessionUnreadBytes', wanted, sessionUnreadBytes);
  }

  /** A job is over: the session gets the last state with it, so that it knows what the job has persisted. */
  #finish(number: number, error?: Error): void {
    const job = this.#jobs.get(number);
    this.#jobs.delete(number);
    if (job) this.#shared.over(job.engineJob);
    if (this.#ended) return;
    if (job) this.tellState(this.#shared.engine.status.running());
    const { records = 0, stageIds = [] } = job?.record ?? {};
    const failure = error && encodeFailure(error, (stage) => this.#stage(stage));
    this.#send({ kind: 'ended', job: number, records, stageIds: stageIds.map((stage) => this.#stage(stage)) }, failure);
    for (const stage of stageIds) this.#stages.delete(stage);
  }

  /**
   * Publishes a dataset whose files are written first. The signal aborts with a reason when the session cancels the job or ends. Throws
   * PROTOCOL for the number of a job that was there already.
   */
  publishing(by: SessionJob, publish: (writing: Writing) => Promise<void>): Promise<void> {
    this.#count(by.job);
    return this.#publications.publish(by.job, (what, sink) => this.#write(by, what, sink), publish);
  }

  #write(by: SessionJob, { name, dataset, code }: PublicationWithCode, sink: Sink): Promise<void> {
    const partitions = Array.from({ length: this.node(dataset)?.partitions ?? 0 }, (_, i) => i);
    const job = { root: dataset, sink, functions: [], partitions, title: `publish ${name}`, properties: {}, files: {}, code };
    return this.#start(by, job, () => {});
  }

  #nextStage = 0;

  #stage(engineStage: number): number {
    const known = this.#stages.get(engineStage);
    if (known !== undefined) return known;
    const number = this.#nextStage++;
    this.#stages.set(engineStage, number);
    return number;
  }

  // What the engine tells.

  /** Something happened to a job of this session. */
  tellOfJob<K extends EventName>(number: number, name: K, event: ListenerEvents[K]): void {
    if (!this.#jobs.get(number)?.heard) return;
    this.tell(name, numbered(event, { job: () => number, stage: (stage) => this.#stage(stage) }));
  }

  tell<K extends EventName>(name: K, event: ListenerEvents[K]): void {
    this.#send({ kind: 'event', name }, encode({ ...event }));
  }

  tellUpdates(updates: readonly AccumulatorUpdate[]): void {
    this.#send({ kind: 'updates' }, encode(updates));
  }

  tellPublished(list: readonly PublishedDataset[]): void {
    this.#send({ kind: 'published' }, encodePublished(list));
  }

  tellWindows(list: readonly PublishedWindow[]): void {
    this.#send({ kind: 'windows' }, encodeWindows(list));
  }

  tellBatch(window: number, { time, rows }: WindowBatch): void {
    this.#send({ kind: 'batch', window, time }, encodePublished([rows]));
  }

  tellNotice(text: string): void {
    this.#send({ kind: 'notice', text });
  }

  tellOutput(line: string, stream: 'stdout' | 'stderr'): void {
    this.#send({ kind: 'output', line, stream });
  }

  /** Tells of the session's running jobs, of the executors, and of what it has persisted. */
  tellState({ jobs, executors }: DagStatus): void {
    const { status } = this.#shared.engine;
    const numbers = new Map([...this.#jobs].map(([number, { engineJob }]) => [engineJob, number]));
    const own = jobs.flatMap((job) => {
      const number = numbers.get(job.jobId);
      if (number === undefined) return [];
      return [{ ...job, jobId: number, stages: job.stages.map((stage) => ({ ...stage, stageId: this.#stage(stage.stageId) })) }];
    });
    const records = [...numbers].map(([engineJob, number]) => [number, status.readSoFar(engineJob)] as const);
    const used = this.#shared.published.list().filter(({ dataset }) => this.#shared.published.isUsedBy(dataset, this.number));
    const stored = [...this.#ids.footprint.persisted, ...used.map(({ dataset }) => dataset)].map((id) => {
      const { partitions, bytes, diskBytes } = status.stored(id);
      return [id, partitions, bytes, diskBytes] as const;
    });
    this.#send({ kind: 'state' }, encodeState({ jobs: own, executors, records, stored }));
  }

  // The end.

  /** The session is over: its jobs are cancelled, and all that it made is released. */
  end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#questions.end();
    const { engine, blobs, published } = this.#shared;
    this.#publications.cancelAll(reason);
    for (const { engineJob } of this.#jobs.values()) engine.cancel(engineJob, reason);
    const { datasets, persisted, shuffles, checkpoints, states } = this.#ids.footprint;
    const release = (kind: Exclude<Release['kind'], 'blob'>, ids: Iterable<number>) => {
      for (const id of ids) if (!published.holds(kind, id)) engine.release({ kind, id });
    };
    release('state', states);
    release('checkpoint', checkpoints);
    release('persisted', persisted);
    release('shuffle', shuffles);
    release('dataset', datasets);
    blobs.letGoAll(this.number);
    published.leave(this.number);
  }
}
