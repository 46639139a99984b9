// The context of a session, `sc`: submits and watches jobs, and keeps what its datasets tell it.

import { checkWhole, refuseArgument } from '../base/arguments';
import { CallStack, seekCallsAgain } from '../base/call';
import { type Config, makeConfig } from '../base/config';
import { MillraceError } from '../base/errors';
import { currentSignal, withCallSite } from '../base/flow';
import { maxPartitions } from '../base/limits';
import { driverOnly } from '../base/markers';
import type { UserPath } from '../base/paths';
import { type Clock, systemClock } from '../base/time';
import type { CaptureWarning } from '../closure';
import type { Engine, EngineFiles, JobHandlers, Release } from '../plan/engine';
import type { Job } from '../plan/job';
import type { DatasetNode } from '../plan/node';
import type { ReceiverBackend } from '../plan/receivers';
import type { SqlEngine } from '../plan/sql-engine';
import { timeZoneProperty } from '../plan/task-environment';
import { BlobTable } from '../rdd/blob-table';
import { makeCheckpointFolder, writeCheckpoints } from '../rdd/checkpoint';
import { describeLineage } from '../rdd/description';
import { FunctionTable } from '../rdd/function-table';
import type { DatasetHost, JobOptions, SinkMaker } from '../rdd/host';
import { InputCopies } from '../rdd/inputs/input-copies';
import { RDD, type ShuffleDependency } from '../rdd/rdd';
import type { StoredSize } from '../scheduler/block-tracker';
import type { ExecutorStatus } from '../scheduler/executor-table';
import type { JobProgress, JobRecord } from '../scheduler/job-record';
import { type EngineStatus, Scheduler, type SchedulerHooks } from '../scheduler/loop';
import { givenTimeZone, useTimeZone } from '../schema/time-zone';
import { AddedFiles } from '../shared/added-files';
import { AccumulatorTable } from '../shared/held-accumulators';
import { decode, decodeRows } from '../wire/codec';
import { JobControl } from './job-control';
import type { ContextOptions } from './options';

/** Makes datasets and runs their jobs: `sc` at the prompt, and what `connect(master)` answers. */
export class Context implements DatasetHost {
  /**
   * What this session was started with, and the defaults.
   * @example Object.keys(sc.config).length > 0
   */
  readonly config: Config;
  /**
   * Where tasks run: `local`, or `local[N]` for N executors.
   * @example sc.master // 'local'
   */
  readonly master: string;
  readonly clock: Clock;
  /** Behind the methods of ops/job-control.ts. @internal */
  readonly control: JobControl;
  /** Runs the jobs. @internal */
  readonly engine: Engine<EngineStatus>;
  /** What the blobs of datasets and jobs stand for. @internal */
  readonly blobs = new BlobTable();
  /** @internal */
  readonly inputs: InputCopies;
  readonly #receivers: ReceiverBackend | undefined;
  /** @internal */ readonly queries: SqlEngine | undefined;
  readonly #onWarning: (warning: CaptureWarning) => void;
  /** What tasks add is merged into these as long as they live. @internal */
  readonly accumulators = new AccumulatorTable();
  readonly #persisted = new Map<number, WeakRef<RDD<unknown>>>();
  /** Running jobs, each with the dataset that it runs on, which lives until the job has ended: its files must not go before. */
  readonly #running = new Map<Promise<void>, RDD<unknown>>();
  /** What goes when nobody refers to a dataset any more: what engines know of it, and the blobs that it named. */
  readonly #described = new FinalizationRegistry<{ readonly id: number; readonly blobs: readonly string[] }>(({ id, blobs }) => {
    for (const blob of blobs) this.blobs.remove(blob);
    this.#release({ kind: 'dataset', id });
  });
  /** Shuffle files live as long as the dependency that reads them. */
  readonly #shuffles = new FinalizationRegistry<number>((id) => this.#release({ kind: 'shuffle', id }));
  readonly #datasets = new FinalizationRegistry<number>((id) => this.#release({ kind: 'persisted', id }));
  readonly #localCheckpoints = new FinalizationRegistry<number>((id) => this.#release({ kind: 'checkpoint', id }));
  #checkpointDir: string | undefined;
  /** Some dataset was marked: jobs look for marks in their lineage. */
  #marksCheckpoints = false;
  #nextRdd: number;
  #nextShuffle: number;
  #nextShared: number;
  #stopped = false;

  /** @internal */ constructor(options: ContextOptions) {
    this.config = makeConfig(options.slots, options.config);
    if (this.config.timeZone !== 'local') useTimeZone(this.config.timeZone);
    const { firstId = 0 } = options;
    [this.#nextRdd, this.#nextShuffle, this.#nextShared] = [firstId, firstId, firstId];
    this.master = options.master;
    this.clock = options.clock ?? systemClock;
    this.#onWarning = options.onWarning ?? (() => {});
    this.control = new JobControl(new AddedFiles(this.blobs), options.onNotice ?? (() => {}));
    this.inputs = new InputCopies(options.folder, this.control.notice);
    this.#receivers = options.receivers;
    this.queries = options.queries;
    const { backend, slots } = options;
    const { bus, notice } = this.control;
    const mergeAccumulators: SchedulerHooks['mergeAccumulators'] = (updates) => this.accumulators.merge(updates);
    const hooks = { slots, bus, notice, mergeAccumulators };
    this.engine =
      typeof backend === 'function'
        ? backend(this.config, this.clock, hooks)
        : new Scheduler(backend, this.config, this.clock, hooks);
  }

  /** Lets executors come up. Jobs wait for the first of them. */
  start(): Promise<void> {
    return this.engine.start(this.blobs);
  }

  /** @internal */ get [driverOnly](): string {
    return 'the context sc';
  }

  /**
   * The context in a few words.
   * @example sc.toString()
   */
  toString(): string {
    return `Context(${this.master})`;
  }

  /**
   * Partitions of a dataset where none are asked for.
   * @example sc.parallelize([1, 2]).getNumPartitions() === sc.defaultParallelism
   */
  get defaultParallelism(): number {
    return this.config.defaultParallelism;
  }

  // Jobs.

  /**
   * Runs a sink on partitions of a dataset, all of them by default; `take` gets each decoded answer as it comes, and the answer of a
   * partition again where an indeterminate or barrier stage runs again as a whole: the last one counts. @internal
   */
  async runSink(
    rdd: RDD<unknown>,
    sink: SinkMaker,
    options: JobOptions,
    take: (partition: number, value: unknown) => void,
  ): Promise<void> {
    this.checkAlive();
    const call = new CallStack(); // Before the first await: it has the frames of who asked.
    const zone = givenTimeZone();
    const zoned: Record<string, string> = zone === undefined ? {} : { [timeZoneProperty]: zone };
    const labels = {
      properties: { ...this.control.snapshot(), ...zoned },
      files: this.control.files.blobs(),
      callSite: call.site,
    };
    seekCallsAgain();
    await withCallSite(labels.callSite, () => rdd.prepareLineage());
    if (this.#marksCheckpoints && options.writesCheckpoints !== false) await writeCheckpoints(rdd);
    this.#define(rdd);
    const functions = new FunctionTable();
    const { title, partitions: asked, signal = currentSignal() } = options;
    const wanted = asked && new Set(asked);
    const job: Job = {
      root: rdd.id,
      sink: sink(functions),
      functions: functions.nodes,
      partitions: wanted ? [...wanted] : Array.from({ length: rdd.numPartitions }, (_, i) => i),
      title,
      ...labels,
    };
    const blobs = functions.shipped.flatMap((f) => f.blobs);
    for (const [id, make] of blobs) this.blobs.add(id, make);
    const isRows = job.sink.kind === 'collect' || job.sink.kind === 'take';
    const read = (bytes: Uint8Array) => (isRows ? decodeRows(bytes, 'session') : decode(bytes));
    const done = this.#run(job, signal, {
      take: (p, bytes) => (wanted?.has(p) === false ? undefined : take(p, read(bytes))),
      blame: (error) => call.blame(clarifiedBy(rdd, error)),
    });
    this.#running.set(done, rdd);
    try {
      await done;
    } finally {
      this.#running.delete(done);
      this.control.jobEnded();
      for (const [id] of blobs) this.blobs.remove(id);
    }
  }

  async #run(job: Job, signal: AbortSignal | undefined, handlers: JobHandlers): Promise<void> {
    const { id, done } = this.engine.run(job, handlers);
    const cancel = () => this.engine.cancel(id, typeof signal?.reason === 'string' ? signal.reason : '');
    signal?.addEventListener('abort', cancel, { once: true });
    if (signal?.aborted) cancel();
    try {
      await done;
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }

  /** Has the engine know a dataset before a job needs it. @internal */
  async makeKnown(rdd: RDD<unknown>): Promise<void> {
    await rdd.prepareLineage();
    this.#define(rdd);
  }

  /** Nobody refers to a dataset of another session any more. @internal */
  letGo(id: number): void {
    this.#release({ kind: 'dataset', id });
  }

  /** Tells the engine of a dataset and of all it is made of, as far as it does not know them. */
  #define(rdd: RDD<unknown>): void {
    const nodes: DatasetNode[] = [];
    try {
      describeLineage(rdd, ({ node, blobs }, of) => {
        nodes.push(node);
        for (const [id, make] of blobs) this.blobs.add(id, make);
        this.#described.register(of, { id: node.id, blobs: blobs.map(([id]) => id) });
      });
    } finally {
      // Where one could not be described, those before it are known all the same.
      if (nodes.length > 0) this.engine.define(nodes);
    }
  }

  /**
   * The last jobs, oldest first.
   * @example sc.jobs().map(job => job.id)
   */
  jobs(): readonly JobRecord[] {
    return this.engine.status.jobs();
  }

  /**
   * The oldest running job as it stands; those of streams and in the background are left out.
   * @example sc.progress()
   */
  progress(): JobProgress | undefined {
    return this.engine.status.progress();
  }

  /**
   * Executors that are there, with their free slots.
   * @example sc.executors().length
   */
  executors(): readonly ExecutorStatus[] {
    return this.engine.status.executors();
  }

  /** Partitions of a persisted dataset that are kept now, with their bytes in memory and in files. */
  storageOf(rdd: RDD<unknown>): StoredSize {
    return this.engine.status.stored(rdd.id);
  }

  /**
   * The persisted datasets that are still referred to.
   * @example sc.persistedRdds().length
   */
  persistedRdds(): readonly RDD<unknown>[] {
    return [...this.#persisted.values()].flatMap((ref) => ref.deref() ?? []);
  }

  /**
   * Ends all jobs and executors.
   * @example const other = await connect('local'); await other.stop()
   */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    await Promise.all([this.#receivers?.stop(), this.queries?.stop()]);
    await this.engine.stop();
    if (this.config.timeZone !== 'local') useTimeZone(undefined);
  }

  /** Throws CONTEXT_STOPPED after `stop`. @internal */
  checkAlive(): void {
    if (this.#stopped) throw new MillraceError('CONTEXT_STOPPED');
  }

  // Checkpoints.

  /**
   * Where checkpoints are written: a folder of this session's own below `folder`, on a disk that outlives it. Throws DISK,
   * and BAD_ARGUMENT where it is a file.
   * @example const safe = () => sc.setCheckpointDir('checkpoints')
   */
  setCheckpointDir(folder: UserPath): void {
    this.checkAlive();
    this.#checkpointDir = makeCheckpointFolder(this, folder);
  }

  /**
   * The folder that `setCheckpointDir` made.
   * @example sc.getCheckpointDir()
   */
  getCheckpointDir(): string | undefined {
    return this.#checkpointDir;
  }

  /** @internal */ get engineFiles(): EngineFiles | undefined {
    return this.engine.files;
  }

  /** What runs the receivers of streams. Throws NO_RECEIVERS where there is nothing. @internal */
  get receivers(): ReceiverBackend {
    if (!this.#receivers) throw new MillraceError('NO_RECEIVERS');
    return this.#receivers;
  }

  #release(what: Release): void {
    if (!this.#stopped) this.engine.release(what);
  }

  /** A broadcast was destroyed. @internal */
  removeBlob(id: string): void {
    this.blobs.remove(id);
    this.#release({ kind: 'blob', id });
  }

  // What datasets tell their context.

  /** @internal */ redefine(node: DatasetNode): void {
    if (!this.#stopped) this.engine.define([node]);
  }

  /** @internal */ noteCheckpoint(rdd: RDD<unknown>, isLocal: boolean): void {
    this.#marksCheckpoints = true;
    if (isLocal) this.#localCheckpoints.register(rdd, rdd.id);
  }

  /** Resolves when the jobs that run now have ended, well or not. @internal */
  endOfRunningJobs(): Promise<unknown> {
    return Promise.allSettled(this.#running.keys());
  }

  /** Throws BAD_ARGUMENT unless `n` can be a number of partitions. @internal */
  checkPartitions(operation: string, n: number): number {
    const remedy = `Leave it out for ${this.defaultParallelism}, or take 2 to 4 for each core.`;
    return checkWhole(n, 1, maxPartitions, { operation, argument: 'the number of partitions', remedy });
  }

  /** Throws BAD_ARGUMENT unless `other` is a dataset of this context. @internal */
  checkDataset(operation: string, other: unknown): void {
    if (other instanceof RDD && other.context === this) return;
    const shown = other instanceof RDD ? `${other} of another context` : undefined;
    const wanted = { rule: 'an RDD of this context', remedy: 'Make one with sc.parallelize(values).' };
    refuseArgument({ operation, argument: 'the other dataset', value: other, shown, ...wanted });
  }

  /** @internal */ nextRddId(): number {
    return this.#nextRdd++;
  }

  /** Numbers broadcasts and accumulators. @internal */
  nextSharedId(): number {
    return this.#nextShared++;
  }

  /** @internal */ nextShuffleId(): number {
    return this.#nextShuffle++;
  }

  /** @internal */ noteShuffle(dependency: ShuffleDependency): void {
    this.#shuffles.register(dependency, dependency.shuffleId);
  }

  /** @internal */ notePersisted(rdd: RDD<unknown>): void {
    if (this.#persisted.has(rdd.id)) return;
    this.#persisted.set(rdd.id, new WeakRef(rdd));
    this.#datasets.register(rdd, rdd.id, rdd);
  }

  /** @internal */ forgetPersisted(rdd: RDD<unknown>): void {
    this.#persisted.delete(rdd.id);
    this.#datasets.unregister(rdd);
    this.#release({ kind: 'persisted', id: rdd.id });
  }

  /** Has executors drop the state of a stream that has ended. @internal */
  forgetState(id: number): void {
    this.#release({ kind: 'state', id });
  }

  /** @internal */ warn(warning: CaptureWarning): void {
    this.#onWarning(warning);
  }
}

/** The error of a job, in the words of the dataset whose file it is about. */
function clarifiedBy<E extends Error>(rdd: RDD<unknown>, error: E): E | MillraceError {
  if (!(error instanceof MillraceError)) return error;
  const left = [rdd];
  const seen = new Set(left);
  for (let at = left.pop(); at; at = left.pop()) {
    const clear = at.clarified(error);
    if (clear) return clear;
    for (const { rdd: parent } of at.lineage) {
      if (seen.has(parent)) continue;
      seen.add(parent);
      left.push(parent);
    }
  }
  return error;
}
