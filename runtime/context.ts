// The context of a session, `sc`: submits and watches jobs, and keeps what its datasets tell it.

import { checkNoFile, checkPath, checkWhole, refuseArgument } from './base/arguments';
import { CallStack, seekCallsAgain } from './base/call';
import { type Config, makeConfig } from './base/config';
import { MillraceError } from './base/errors';
import { currentSignal, withCallSite } from './base/flow';
import { maxPartitions } from './base/limits';
import { driverOnly } from './base/markers';
import { type Clock, systemClock } from './base/time';
import type { CaptureWarning } from './closure';
import { JobControl } from './job-control';
import type { ReceiverBackend } from './plan/receivers';
import { runsTogether, type SinkMaker } from './planner/stages';
import { makeCheckpointFolder, writeCheckpoints } from './rdd/checkpoint';
import type { ShuffleDependency } from './rdd/dependency';
import { RDD } from './rdd/rdd';
import type { TaskBackend } from './scheduler/backend';
import type { ExecutorStatus } from './scheduler/executor-table';
import type { JobProgress, JobRecord } from './scheduler/job-record';
import type { StoredSize } from './scheduler/kept-blocks';
import { Scheduler } from './scheduler/loop';
import { AccumulatorTable, type Merging } from './shared/accumulator-table';
import { AddedFiles } from './shared/added-files';
import { decode } from './wire/codec';

/** What a context is made of, by `connect`. */
export interface ContextOptions {
  readonly backend: TaskBackend;
  /** Task slots of the master. */
  readonly slots: number;
  /** What the user named it, for heads: `local[2]`. */
  readonly master: string;
  readonly config?: Partial<Config>;
  readonly clock?: Clock;
  /** What runs the receivers of streams; without it, streams read no sockets. */
  readonly receivers?: ReceiverBackend;
  /** Told of what a closure does that will not do what it seems to; the shell prints it. */
  readonly onWarning?: (warning: CaptureWarning) => void;
  /** Told in a sentence of what the user should know of running jobs: nothing can run, a listener threw; the shell prints it. */
  readonly onNotice?: (text: string) => void;
}

/** How a job is run: on which partitions, under which name, and what stops it. */
export interface JobOptions {
  readonly title: string;
  readonly partitions?: readonly number[];
  readonly signal?: AbortSignal;
  /** False for a job that must not write the checkpoints of its datasets first: a sample at the prompt, and the writing itself. */
  readonly writesCheckpoints?: boolean;
}

/** Makes datasets and runs their jobs: `sc` at the prompt, and what `connect(master)` answers. */
export class Context {
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
  /** Behind the methods of ops/control.ts. @internal */
  readonly control: JobControl;
  readonly #scheduler: Scheduler;
  readonly #receivers: ReceiverBackend | undefined;
  readonly #onWarning: (warning: CaptureWarning) => void;
  readonly #accumulators = new AccumulatorTable();
  readonly #persisted = new Map<number, WeakRef<RDD<unknown>>>();
  /** Shuffle files live as long as the dependency that reads them. */
  readonly #shuffles = new FinalizationRegistry<number>((id) => this.#stopped || this.#scheduler.forgetShuffle(id));
  readonly #datasets = new FinalizationRegistry<number>((id) => this.#stopped || this.#scheduler.forgetDataset(id));
  readonly #localCheckpoints = new FinalizationRegistry<number>((id) => this.#stopped || this.#scheduler.forgetCheckpoint(id));
  #checkpointDir: string | undefined;
  /** Some dataset was marked: jobs look for marks in their lineage. */
  #marksCheckpoints = false;
  #nextRdd = 0;
  #nextShuffle = 0;
  #nextShared = 0;
  #stopped = false;

  /** @internal */ constructor(options: ContextOptions) {
    this.config = makeConfig(options.slots, options.config);
    this.master = options.master;
    this.clock = options.clock ?? systemClock;
    this.#onWarning = options.onWarning ?? (() => {});
    this.control = new JobControl(options.onNotice ?? (() => {}));
    this.#receivers = options.receivers;
    this.#scheduler = new Scheduler(options.backend, this.config, this.clock, {
      slots: options.slots,
      bus: this.control.bus,
      notice: this.control.notice,
      mergeAccumulators: (updates) => this.#accumulators.merge(updates),
    });
    this.control.attach(this.#scheduler, new AddedFiles(this.#scheduler.blobs));
  }

  /** Lets executors come up. Jobs wait for the first of them. */
  start(): Promise<void> {
    return this.#scheduler.start();
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
    const labels = { properties: this.control.snapshot(), files: this.control.files.blobs(), callSite: call.site };
    seekCallsAgain();
    await withCallSite(labels.callSite, () => rdd.prepareLineage());
    if (this.#marksCheckpoints && options.writesCheckpoints !== false) await writeCheckpoints(rdd);
    const all = () => Array.from({ length: rdd.numPartitions }, (_, i) => i);
    const wanted = options.partitions && new Set(options.partitions);
    // The tasks of a barrier stage wait for each other: all run, whatever is asked.
    const partitions = wanted && !runsTogether(rdd) ? [...wanted] : all();
    const { title, signal = currentSignal() } = options;
    return this.#scheduler.runJob({
      rdd,
      sink,
      partitions,
      title,
      signal,
      call,
      ...labels,
      take: (p, bytes) => (wanted?.has(p) === false ? undefined : take(p, decode(bytes))),
    });
  }

  /**
   * The last jobs, oldest first.
   * @example sc.jobs().map(job => job.id)
   */
  jobs(): readonly JobRecord[] {
    return this.#scheduler.jobs();
  }

  /**
   * The oldest running job as it stands; those of streams and in the background are left out.
   * @example sc.progress()
   */
  progress(): JobProgress | undefined {
    return this.#scheduler.progress();
  }

  /**
   * Executors that are there, with their free slots.
   * @example sc.executors().length
   */
  executors(): readonly ExecutorStatus[] {
    return this.#scheduler.executors();
  }

  /** Partitions of a persisted dataset that are kept now, with their bytes in memory and in files. */
  storageOf(rdd: RDD<unknown>): StoredSize {
    return this.#scheduler.cached(rdd.id);
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
    await this.#receivers?.stop();
    await this.#scheduler.stop();
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
  setCheckpointDir(folder: string): void {
    this.checkAlive();
    checkNoFile('setCheckpointDir', checkPath('setCheckpointDir', folder));
    this.#checkpointDir = makeCheckpointFolder(folder);
  }

  /**
   * The folder that `setCheckpointDir` made.
   * @example sc.getCheckpointDir()
   */
  getCheckpointDir(): string | undefined {
    return this.#checkpointDir;
  }

  /** What runs the receivers of streams. Throws NO_RECEIVERS where there is nothing. @internal */
  get receivers(): ReceiverBackend {
    if (!this.#receivers) throw new MillraceError('NO_RECEIVERS');
    return this.#receivers;
  }

  // What datasets tell their context.

  /** @internal */ noteCheckpoint(rdd: RDD<unknown>, isLocal: boolean): void {
    this.#marksCheckpoints = true;
    if (isLocal) this.#localCheckpoints.register(rdd, rdd.id);
  }

  /** @internal */ get nextJobId(): number {
    return this.#scheduler.nextJobId;
  }

  /** Resolves when the jobs that run now have ended, well or not. @internal */
  endOfRunningJobs(): Promise<unknown> {
    return this.#scheduler.endOfRunningJobs();
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

  /** What tasks add is merged into it as long as it lives. @internal */
  noteAccumulator(accumulator: Merging): void {
    this.#accumulators.add(accumulator);
  }

  /** @internal */ notePersisted(rdd: RDD<unknown>): void {
    if (this.#persisted.has(rdd.id)) return;
    this.#persisted.set(rdd.id, new WeakRef(rdd));
    this.#datasets.register(rdd, rdd.id, rdd);
  }

  /** @internal */ forgetPersisted(rdd: RDD<unknown>): void {
    this.#persisted.delete(rdd.id);
    this.#datasets.unregister(rdd);
    this.#scheduler.forgetDataset(rdd.id);
  }

  /** Has executors drop the state of a stream that has ended. @internal */
  forgetState(id: number): void {
    if (!this.#stopped) this.#scheduler.forgetState(id);
  }

  /** @internal */ warn(warning: CaptureWarning): void {
    this.#onWarning(warning);
  }
}
