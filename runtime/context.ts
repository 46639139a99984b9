// The context of a session, `sc`: makes datasets and shared variables, and runs jobs.
import { AccumulatorTable, type Merging } from './accumulator-table';
import { AddedFiles } from './added-files';
import { type Config, makeConfig } from './config';
import { MillraceError } from './errors';
import { Accumulator } from './exec/accumulator';
import { Broadcast } from './exec/broadcast';
import type { CaptureWarning } from './exec/closure';
import { driverOnly } from './exec/closure/markers';
import { type AccumulatorV2, RegisteredAccumulator } from './exec/custom-accumulator';
import { currentSignal, siteOfCall, withCallSite } from './flow';
import { JobControl } from './job-control';
import { maxPartitions } from './limits';
import { checkWhole, refuseArgument } from './ops/arguments';
import { makeCheckpointFolder, writeCheckpoints } from './rdd/checkpoint';
import type { ShuffleDependency } from './rdd/dependency';
import { ObjectFileRDD } from './rdd/object-files';
import { RDD } from './rdd/rdd';
import { EmptyRDD, lengthOfRange, ParallelizedRDD, RangeRDD } from './rdd/sources';
import { TextFileRDD, WholeTextFilesRDD } from './rdd/text';
import { unionOf } from './rdd/union';
import type { TaskBackend } from './scheduler/backend';
import type { ExecutorStatus } from './scheduler/executor-table';
import { runsTogether, type SinkMaker } from './scheduler/job';
import type { JobProgress, JobRecord } from './scheduler/job-record';
import { Scheduler } from './scheduler/loop';
import type { StoredSize } from './scheduler/outputs';
import type { ReceiverBackend } from './streaming/receiver-backend';
import { type Clock, systemClock } from './time';
import { decode, encode } from './wire/codec';

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

export class Context {
  readonly config: Config;
  readonly master: string;
  readonly clock: Clock;
  /** Behind the methods of ops/control.ts. */
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

  constructor(options: ContextOptions) {
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

  get [driverOnly](): string {
    return 'the context sc';
  }

  toString(): string {
    return `Context(${this.master})`;
  }

  /** Partitions of a dataset where none are asked for. */
  get defaultParallelism(): number {
    return this.config.defaultParallelism;
  }

  // Datasets.

  /**
   * A dataset of the session's values, cut into slices: 1..10 in 3 slices are 3, 3 and 4.
   * Throws BAD_ARGUMENT for a number of slices below 1 or above 1,000,000.
   * @example await sc.parallelize([1, 2, 3, 4], 2).map(x => x * 2).collect() // [2, 4, 6, 8]
   */
  parallelize<T>(values: Iterable<T>, numSlices: number = this.defaultParallelism): RDD<T> {
    this.#checkAlive();
    if (values === null || values === undefined || typeof values[Symbol.iterator] !== 'function')
      throw new MillraceError('NOT_ITERABLE', { operation: 'parallelize', value: String(values) });
    return new ParallelizedRDD(this, [...values], this.checkPartitions('parallelize', numSlices));
  }

  /**
   * Numbers from `start` to before `end`; with one argument from 0. The numbers are made on the executors.
   * @example await sc.range(0, 10, 3).collect() // [0, 3, 6, 9]
   */
  range(start: number, end?: number, step = 1, numSlices: number = this.defaultParallelism): RDD<number> {
    this.#checkAlive();
    const { from, length } = lengthOfRange(start, end, step);
    return new RangeRDD(this, from, step, length, this.checkPartitions('range', numSlices));
  }

  /** A dataset without partitions. */
  emptyRDD<T = never>(): RDD<T> {
    this.#checkAlive();
    return new EmptyRDD<T>(this);
  }

  /**
   * The lines of a file, of the files of a folder, of what a pattern matches, or of a list of these separated by commas; files that
   * end in .gz are unpacked. `minPartitions` is a wish: large files are cut into pieces of 32 MiB at most.
   * Throws NO_SUCH_PATH, NO_FILES or UNREADABLE_FILE when its partitions are first asked for.
   */
  textFile(path: string, minPartitions: number = Math.min(this.defaultParallelism, 2)): RDD<string> {
    this.#checkAlive();
    return new TextFileRDD(this, this.#checkPath('textFile', path), this.checkPartitions('textFile', minPartitions));
  }

  /** Pairs [path, whole text] of small files; paths as for `textFile`. */
  wholeTextFiles(path: string, minPartitions: number = this.defaultParallelism): RDD<[string, string]> {
    this.#checkAlive();
    return new WholeTextFilesRDD(
      this,
      this.#checkPath('wholeTextFiles', path),
      this.checkPartitions('wholeTextFiles', minPartitions),
    );
  }

  /**
   * The rows that `saveAsObjectFile` wrote; paths as for `textFile`, a partition for each file.
   * Throws NO_SUCH_PATH or NO_FILES when its partitions are first asked for, BAD_OBJECT_FILE in a job.
   */
  objectFile<T = unknown>(path: string): RDD<T> {
    this.#checkAlive();
    return new ObjectFileRDD<T>(this, this.#checkPath('objectFile', path));
  }

  /** All elements of several datasets, duplicates kept. */
  union<T>(...rdds: (RDD<T> | readonly RDD<T>[])[]): RDD<T> {
    this.#checkAlive();
    const inputs = rdds.flat() as RDD<T>[];
    for (const rdd of inputs) this.checkDataset('union', rdd);
    return inputs.length === 0 ? this.emptyRDD<T>() : unionOf(this, inputs);
  }

  // Shared variables.

  /** Sends a value to each executor once; closures read `.value`. The value is copied now. */
  broadcast<T>(value: T): Broadcast<T> {
    this.#checkAlive();
    const id = `broadcast-${this.#nextShared++}`;
    const bytes = encode(value);
    this.#scheduler.blobs.put(id, bytes);
    return new Broadcast(id, decode(bytes) as T, () => this.#scheduler.blobs.remove(id));
  }

  /** A sum of whole numbers that closures add to. */
  longAccumulator(name?: string): Accumulator<number> {
    return this.#accumulator<number, number>('sum', 0, name);
  }

  /** A sum of numbers that closures add to. */
  doubleAccumulator(name?: string): Accumulator<number> {
    return this.#accumulator<number, number>('sum', 0, name);
  }

  /** A list that closures add elements to; their order is that in which tasks end. */
  collectionAccumulator<T>(name?: string): Accumulator<T, T[]> {
    return this.#accumulator<T, T[]>('collection', [], name);
  }

  /**
   * A value that closures merge others into, from `zero` on; without `merge` a sum of numbers.
   * `merge` must be commutative and associative, for tasks end in any order.
   */
  accumulator<T>(zero: T, merge?: (a: T, b: T) => T, name?: string): Accumulator<T> {
    return this.#accumulator<T, T>(merge ? 'custom' : 'sum', zero, name, merge as never);
  }

  #accumulator<In, Out>(
    kind: 'sum' | 'collection' | 'custom',
    zero: unknown,
    name?: string,
    merge?: (a: unknown, b: unknown) => unknown,
  ) {
    this.#checkAlive();
    const accumulator = new Accumulator<In, Out>(this, `accumulator-${this.#nextShared++}`, kind, zero, name, merge);
    this.noteAccumulator(accumulator);
    return accumulator;
  }

  /**
   * Registers an accumulator of a class of yours, with `reset`, `add`, `merge` and `value`; answers it. Closures add to copies of its zero, which
   * are merged into it as tasks end. Throws BAD_ARGUMENT for an object without these.
   */
  register<A extends AccumulatorV2<never, unknown>>(accumulator: A): A {
    this.#checkAlive();
    new RegisteredAccumulator(this, `accumulator-${this.#nextShared++}`, accumulator);
    return accumulator;
  }

  // Jobs.

  /**
   * Runs a sink on partitions of a dataset, all of them by default; `take` gets each decoded answer as it comes, and the answer of a
   * partition again where an indeterminate or barrier stage runs again as a whole: the last one counts.
   */
  async runSink(
    rdd: RDD<unknown>,
    sink: SinkMaker,
    options: JobOptions,
    take: (partition: number, value: unknown) => void,
  ): Promise<void> {
    this.#checkAlive();
    const labels = { properties: this.control.snapshot(), files: this.control.files.blobs(), callSite: siteOfCall() };
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
      ...labels,
      take: (p, bytes) => (wanted?.has(p) === false ? undefined : take(p, decode(bytes))),
    });
  }

  /** The last jobs, oldest first. */
  jobs(): readonly JobRecord[] {
    return this.#scheduler.jobs();
  }

  /** The oldest running job as it stands; those of streams are left out. */
  progress(): JobProgress | undefined {
    return this.#scheduler.progress();
  }

  /** Executors that are there, with their free slots. */
  executors(): readonly ExecutorStatus[] {
    return this.#scheduler.executors();
  }

  /** Partitions of a persisted dataset that are kept now, with their bytes in memory and in files. */
  storageOf(rdd: RDD<unknown>): StoredSize {
    return this.#scheduler.cached(rdd.id);
  }

  /** The persisted datasets that are still referred to. */
  persistedRdds(): readonly RDD<unknown>[] {
    return [...this.#persisted.values()].flatMap((ref) => ref.deref() ?? []);
  }

  /** Ends all jobs and executors. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    await this.#receivers?.stop();
    await this.#scheduler.stop();
  }

  #checkAlive(): void {
    if (this.#stopped) throw new MillraceError('CONTEXT_STOPPED');
  }

  // Checkpoints.

  /** Where checkpoints are written: a folder of this session's own below `folder`, on a disk that outlives it. Throws DISK. */
  setCheckpointDir(folder: string): void {
    this.#checkAlive();
    this.#checkpointDir = makeCheckpointFolder(this.#checkPath('setCheckpointDir', folder));
  }

  /** The folder that `setCheckpointDir` made. */
  getCheckpointDir(): string | undefined {
    return this.#checkpointDir;
  }

  /** What runs the receivers of streams. Throws NO_RECEIVERS where there is nothing. */
  get receivers(): ReceiverBackend {
    if (!this.#receivers) throw new MillraceError('NO_RECEIVERS');
    return this.#receivers;
  }

  // What datasets tell their context.

  noteCheckpoint(rdd: RDD<unknown>, isLocal: boolean): void {
    this.#marksCheckpoints = true;
    if (isLocal) this.#localCheckpoints.register(rdd, rdd.id);
  }

  get nextJobId(): number {
    return this.#scheduler.nextJobId;
  }

  /** Resolves when the jobs that run now have ended, well or not. */
  endOfRunningJobs(): Promise<unknown> {
    return this.#scheduler.endOfRunningJobs();
  }

  /** Throws BAD_ARGUMENT unless `n` can be a number of partitions. */
  checkPartitions(operation: string, n: number): number {
    const remedy = `Leave it out for ${this.defaultParallelism}, or take 2 to 4 for each core.`;
    return checkWhole(n, 1, maxPartitions, { operation, argument: 'the number of partitions', remedy });
  }

  /** Throws BAD_ARGUMENT unless `other` is a dataset of this context. */
  checkDataset(operation: string, other: unknown): void {
    if (other instanceof RDD && other.context === this) return;
    const shown = other instanceof RDD ? `${other} of another context` : undefined;
    const wanted = { rule: 'an RDD of this context', remedy: 'Make one with sc.parallelize(values).' };
    refuseArgument({ operation, argument: 'the other dataset', value: other, shown, ...wanted });
  }

  #checkPath(operation: string, path: unknown): string {
    if (typeof path === 'string' && path.trim() !== '') return path;
    const remedy = `Write ${operation}('folder/*.txt').`;
    return refuseArgument({ operation, argument: 'the path', value: path, rule: 'a text that names files', remedy });
  }

  nextRddId(): number {
    return this.#nextRdd++;
  }

  nextShuffleId(): number {
    return this.#nextShuffle++;
  }

  noteShuffle(dependency: ShuffleDependency): void {
    this.#shuffles.register(dependency, dependency.shuffleId);
  }

  /** What tasks add is merged into it as long as it lives. */
  noteAccumulator(accumulator: Merging): void {
    this.#accumulators.add(accumulator);
  }

  notePersisted(rdd: RDD<unknown>): void {
    if (this.#persisted.has(rdd.id)) return;
    this.#persisted.set(rdd.id, new WeakRef(rdd));
    this.#datasets.register(rdd, rdd.id, rdd);
  }

  forgetPersisted(rdd: RDD<unknown>): void {
    this.#persisted.delete(rdd.id);
    this.#datasets.unregister(rdd);
    this.#scheduler.forgetDataset(rdd.id);
  }

  /** Has executors drop the state of a stream that has ended. */
  forgetState(id: number): void {
    if (!this.#stopped) this.#scheduler.forgetState(id);
  }

  warn(warning: CaptureWarning): void {
    this.#onWarning(warning);
  }
}
