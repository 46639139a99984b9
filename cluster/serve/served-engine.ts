// The engine of an attached session: datasets and jobs go to a server, whose engine runs them; answers, events and state come back.
import { asError, MillraceError } from '../../runtime/base/errors';
import type { Clock } from '../../runtime/base/time';
import { readForeignInstances } from '../../runtime/closure/classes/instances';
import { noteClassesOfRows } from '../../runtime/closure/classes/session-classes';
import type { BlobSource, Engine, JobHandlers, Release, StartedJob } from '../../runtime/plan/engine';
import type { Job, JobCode } from '../../runtime/plan/job';
import type { DatasetNode } from '../../runtime/plan/node';
import type { Publication, PublishedDataset, Publishing, SharedDatasets } from '../../runtime/plan/sharing/shared-datasets';
import { decodePublished, encodeDatasets, encodeJob } from '../../runtime/plan/transfer';
import { SessionCode } from '../../runtime/planner/session-code';
import { labelsOf } from '../../runtime/scheduler/job-record';
import type { EngineStatus, SchedulerHooks } from '../../runtime/scheduler/loop';
import { decode } from '../../runtime/wire/codec';
import type { OutputListener } from '../base/output-lines';
import { readUpdates } from '../link/task-end';
import { readServerInfo, readUses, readWindowId } from './answers';
import type { ServerLink } from './attach';
import { type EventName, readEvent } from './events';
import { decodeFailure } from './failure';
import { blobsOfJob, blobsOfNode, HeldBlobs } from './held-blobs';
import type { SessionJob, ToSession } from './protocol';
import { ServedStatus } from './served-status';
import { decodeState } from './state';
import { WindowCopies } from './windows/window-copies';
import { decodeWindows } from './windows/window-wire';

type JobLabels = Pick<Job, 'title' | 'callSite' | 'properties'>;

interface ActiveJob {
  readonly handlers: JobHandlers;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class ServedEngine implements Engine<EngineStatus> {
  readonly status: ServedStatus;
  readonly shared: SharedDatasets;
  readonly #link: ServerLink;
  readonly #hooks: SchedulerHooks;
  readonly #clock: Clock;
  readonly #onOutput: OutputListener;
  readonly #onStop: () => Promise<void>;
  readonly #windows: WindowCopies;
  readonly #jobs = new Map<number, ActiveJob>();
  /** Blobs of the user's code, by id, while they are sent. */
  readonly #code = new Map<string, Uint8Array>();
  /** Its datasets, and what the server had no room for when it was sent. */
  readonly #nodes = new Map<number, DatasetNode>();
  readonly #refused = { datasets: new Set<number>(), blobs: new Set<string>() };
  #published: readonly PublishedDataset[] = [];
  #blobs!: HeldBlobs;
  #nextJob = 0;

  constructor(
    link: ServerLink,
    clock: Clock,
    hooks: SchedulerHooks,
    { onOutput, onStop }: { readonly onOutput: OutputListener; readonly onStop: () => Promise<void> },
  ) {
    this.#link = link;
    this.#clock = clock;
    this.#hooks = hooks;
    this.#onOutput = onOutput;
    this.#onStop = onStop;
    this.status = new ServedStatus(clock, link.welcome.sharesFolder);
    this.#windows = new WindowCopies({
      begin: async (what) => readWindowId(await link.ask({ kind: 'beginWindow', what })),
      add: (window, time, dataset) =>
        this.#withCode(dataset, (code) => link.ask({ kind: 'addBatch', window, time, dataset, code })),
      end: async (window) => {
        await link.ask({ kind: 'endWindow', window });
      },
    });
    this.shared = {
      session: link.welcome.session,
      get isAsking() {
        return link.isAsking;
      },
      server: async () => readServerInfo(await link.ask({ kind: 'sessions' })),
      setTerminal: (isThere) => link.send({ kind: 'terminal', isThere }),
      list: () => this.#published,
      publish: (what, by) => this.#publish(what, by),
      unpublish: async (name) => {
        await link.ask({ kind: 'unpublish', name });
      },
      open: ({ dataset, name }) => link.send({ kind: 'open', dataset, name }),
      uses: async () => readUses(await link.ask({ kind: 'uses' })),
      streams: this.#windows,
    };
    noteClassesOfRows();
    readForeignInstances();
  }

  async start(blobs: BlobSource): Promise<void> {
    this.#blobs = new HeldBlobs((id) => this.#code.get(id) ?? blobs.blob(id), {
      send: (id, bytes) => this.#link.send({ kind: 'blob', id }, bytes),
      drop: (ids) => this.#link.send({ kind: 'dropBlobs', ids }),
    });
    this.#link.listen({
      message: (message, tail) => this.#take(message, tail),
      gone: (error) => this.#lose(error),
      notice: (text) => this.#hooks.notice(text),
    });
  }

  define(nodes: readonly DatasetNode[]): void {
    if (this.#link.gone) return;
    // Those may be made of what is refused.
    this.#sendRefused();
    for (const node of nodes) {
      this.#blobs.hold(ownerOf(node.id), blobsOfNode(node));
      this.#nodes.set(node.id, node);
    }
    this.#link.send({ kind: 'define' }, encodeDatasets(nodes));
  }

  /** Sends again what the server had no room for: there may be some now. */
  #sendRefused(): void {
    const { datasets, blobs } = this.#refused;
    if (datasets.size + blobs.size === 0) return;
    const again = [...datasets].sort((a, b) => a - b).flatMap((id) => this.#nodes.get(id) ?? []);
    const ids = [...blobs];
    datasets.clear();
    blobs.clear();
    this.#blobs.sendAgain(ids);
    if (again.length > 0) this.#link.send({ kind: 'define' }, encodeDatasets(again));
  }

  release(what: Release): void {
    if (this.#link.gone) return;
    this.#link.send({ kind: 'release', what });
    if (what.kind === 'dataset') {
      this.#nodes.delete(what.id);
      this.#blobs.letGo(ownerOf(what.id));
    }
    if (what.kind !== 'persisted') return;
    this.status.forgetDataset(what.id);
    this.#hooks.bus.post('onUnpersist', { rddId: what.id });
  }

  run(given: Job, handlers: JobHandlers): StartedJob {
    if (this.#link.gone) throw this.#link.gone;
    this.#sendRefused();
    const id = this.#nextJob++;
    const job = { ...given, code: this.#codeNow().code };
    this.#blobs.hold(jobOwner(id), blobsOfJob(job));
    this.#code.clear();
    const done = this.#begin(id, job, handlers);
    this.#link.send({ kind: 'run', job: id, heard: this.#hooks.bus.isHeard }, encodeJob(job));
    return { id, done };
  }

  #begin(id: number, { title, callSite, properties }: JobLabels, handlers: JobHandlers): Promise<void> {
    const state = { status: 'running' as const, records: 0, stageIds: [] };
    this.status.began({ jobId: id, started: this.#clock.now(), title, callSite, ...state, ...labelsOf(properties) });
    return new Promise<void>((resolve, reject) => this.#jobs.set(id, { handlers, resolve, reject }));
  }

  /** The user's code as it is now: rows that were encoded before may be instances of its classes. */
  #codeNow(): { readonly code: JobCode; readonly ids: readonly string[] } {
    const made = new SessionCode((id, bytes) => this.#code.set(id, bytes));
    const code = { modules: made.modules(), classes: made.classes() };
    return { code, ids: [code.modules, ...code.classes] };
  }

  async #publish(what: Publication, by: Publishing): Promise<void> {
    this.#sendRefused();
    const publish = (job?: SessionJob) =>
      this.#withCode(what.dataset, (code) => this.#link.ask({ kind: 'publish', what: { ...what, code }, by: job }));
    return this.#link.welcome.keeps ? this.#asJob(`publish ${what.name}`, by, publish) : publish();
  }

  /** Has the server do something by a job of this session, which is over when it has answered. */
  async #asJob(title: string, { signal, ...labels }: Publishing, ask: (job: SessionJob) => Promise<void>): Promise<void> {
    if (this.#link.gone) throw this.#link.gone;
    const job = this.#nextJob++;
    const cancel = () => this.#link.send({ kind: 'cancel', job, reason: String(signal.reason ?? '') });
    // Who asked hears of the end by the answer.
    this.#begin(job, { title, ...labels }, { take: () => {}, blame: (error) => error }).catch(() => {});
    signal.addEventListener('abort', cancel, { once: true });
    try {
      const answer = ask({ job, heard: this.#hooks.bus.isHeard });
      if (signal.aborted) cancel();
      await answer;
      this.#end(job);
    } catch (e) {
      this.#end(job, asError(e));
      throw e;
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  /** Asks with the user's code, which the server has by then. */
  async #withCode(dataset: number, ask: (code: JobCode) => Promise<unknown>): Promise<void> {
    const { code, ids } = this.#codeNow();
    const owner = `publication ${dataset}`;
    this.#blobs.hold(owner, ids);
    this.#code.clear();
    try {
      await ask(code);
    } finally {
      this.#blobs.letGo(owner);
    }
  }

  cancel(jobId: number, reason: string): void {
    if (this.#jobs.has(jobId)) this.#link.send({ kind: 'cancel', job: jobId, reason });
  }

  async stop(): Promise<void> {
    const stopped = new MillraceError('JOB_CANCELLED', { reason: ': the context was stopped' });
    for (const id of [...this.#jobs.keys()]) this.#end(id, stopped);
    this.#link.close();
    await this.#onStop();
  }

  #take(message: ToSession, tail: Uint8Array): void {
    switch (message.kind) {
      case 'answer':
        return this.#answer(message.job, message.partition, tail);
      case 'updates':
        return this.#hooks.mergeAccumulators(readUpdates(tail));
      case 'event':
        return this.#tell(message.name, tail);
      case 'state':
        return this.status.take(decodeState(tail));
      case 'ended':
        return this.#end(message.job, tail.length > 0 ? decodeFailure(tail) : undefined, message);
      case 'published':
        this.#published = decodePublished(tail);
        return;
      case 'windows':
        return this.#windows.takeList(decodeWindows(tail));
      case 'batch':
        return this.#windows.takeBatch(message.window, message.time, decodePublished(tail));
      case 'noRoom':
        for (const id of message.datasets) this.#refused.datasets.add(id);
        for (const id of message.blobs) this.#refused.blobs.add(id);
        return;
      case 'notice':
        return this.#hooks.notice(message.text);
      case 'output':
        return this.#onOutput(message.line, message.stream);
    }
  }

  #tell<K extends EventName>(name: K, tail: Uint8Array): void {
    this.#hooks.bus.post(name, readEvent(name, decode(tail)));
  }

  #answer(id: number, partition: number, value: Uint8Array): void {
    try {
      this.#jobs.get(id)?.handlers.take(partition, value);
    } catch (e) {
      this.cancel(id, '');
      this.#reject(id, asError(e));
    }
  }

  /** Ends a job with the error that its user sees, if it failed. */
  #end(id: number, failure?: Error, last?: { readonly records: number; readonly stageIds: readonly number[] }): void {
    const job = this.#jobs.get(id);
    if (!job) return;
    if (failure) return this.#reject(id, blamed(job, failure), last);
    this.#forget(id, 'done', last);
    job.resolve();
  }

  #reject(id: number, error: Error, last?: { readonly records: number; readonly stageIds: readonly number[] }): void {
    const job = this.#jobs.get(id);
    if (!job) return;
    const isCancelled = error instanceof MillraceError && error.code === 'JOB_CANCELLED';
    this.#forget(id, isCancelled ? 'cancelled' : 'failed', last);
    job.reject(error);
  }

  #forget(id: number, status: 'done' | 'failed' | 'cancelled', last?: { records: number; stageIds: readonly number[] }): void {
    this.#jobs.delete(id);
    this.#blobs.letGo(jobOwner(id));
    this.status.ended(id, status, last);
  }

  /** No job can run any more: the session's names are still there, its server is not. */
  #lose(error: MillraceError): void {
    for (const id of [...this.#jobs.keys()]) this.#end(id, error);
    this.status.lost();
    this.#windows.lost();
    this.#hooks.notice(`${error.message} ${error.remedy}`);
  }
}

const ownerOf = (dataset: number): string => `dataset ${dataset}`;
const jobOwner = (job: number): string => `job ${job}`;

/** A job whose error cannot be made ends with the reason for that: it must end. */
function blamed({ handlers }: ActiveJob, error: Error): Error {
  try {
    return handlers.blame(error);
  } catch (e) {
    return asError(e);
  }
}
