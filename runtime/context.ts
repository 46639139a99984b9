// The context of a session, `sc`: makes datasets and shared variables, and runs jobs.
import { AccumulatorTable, type Merging } from './accumulator-table';
import { AddedFiles } from './added-files';
import { CallStack, seekCallsAgain } from './call';
import { type Config, makeConfig } from './config';
import { MillraceError } from './errors';
import { Accumulator } from './exec/accumulator';
import { Broadcast } from './exec/broadcast';
import type { CaptureWarning } from './exec/closure';
import { driverOnly } from './exec/closure/markers';
import { type AccumulatorV2, RegisteredAccumulator } from './exec/custom-accumulator';
import { currentSignal, withCallSite } from './flow';
import { JobControl } from './job-control';
import { maxPartitions } from './limits';
import { checkPath, checkWhole, refuseArgument } from './ops/arguments';
import { makeCheckpointFolder, writeCheckpoints } from './rdd/checkpoint';
import type { ShuffleDependency } from './rdd/dependency';
import { ObjectFileRDD } from './rdd/object-files';
import { type OnlyAny, RDD } from './rdd/rdd';
import { EmptyRDD, lengthOfRange, ParallelizedRDD, RangeRDD } from './rdd/sources';
import { TextFileRDD, WholeTextFilesRDD } from './rdd/text';
import { unionOf } from './rdd/union';
import type { TaskBackend } from './scheduler/backend';
import type { ExecutorStatus } from './scheduler/executor-table';
import { runsTogether, type SinkMaker } from './scheduler/job';
import type { JobProgress, JobRecord } from './scheduler/job-record';
import type { StoredSize } from './scheduler/kept-blocks';
import { Scheduler } from './scheduler/loop';
import type { ReceiverBackend } from './streaming/receiver-backend';
import { type Clock, systemClock } from './time';
import { decode, encode } from './wire/codec';

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
  /** What this session was started with, and the defaults. @example Object.keys(sc.config).length > 0 */
  readonly config: Config;
  /** Where tasks run: `local`, or `local[N]` for N executors. @example sc.master // 'local' */
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

  /** The context in a few words. @example sc.toString() */
  toString(): string {
    return `Context(${this.master})`;
  }

  /** Partitions of a dataset where none are asked for. @example sc.parallelize([1, 2]).getNumPartitions() === sc.defaultParallelism */
  get defaultParallelism(): number {
    return this.config.defaultParallelism;
  }

  // Datasets.

  /**
   * A dataset of the session's values, cut into slices: 1..10 in 3 slices are 3, 3 and 4. Arrays of two are pairs.
   * Throws BAD_ARGUMENT for a number of slices below 1 or above 1,000,000.
   * @example await sc.parallelize([1, 2, 3, 4], 2).map(x => x * 2).collect() // [2, 4, 6, 8]
   */
  parallelize<A>(values: Iterable<OnlyAny<A>>, numSlices?: number): RDD<A>;
  parallelize<K, V>(values: Iterable<[K, V]>, numSlices?: number): RDD<[K, V]>;
  parallelize<T>(values: Iterable<T>, numSlices?: number): RDD<T>;
  parallelize<T>(values: Iterable<T>, numSlices: number = this.defaultParallelism): RDD<T> {
    this.#checkAlive();
    if (typeof values?.[Symbol.iterator] !== 'function')
      throw new MillraceError('NOT_ITERABLE', { operation: 'parallelize', value: String(values) });
    return new ParallelizedRDD(this, [...values], this.checkPartitions('parallelize', numSlices));
  }

  /** Numbers from `start` to before `end`, made on the executors; with one argument from 0. @example await sc.range(0, 10, 3).collect() // [0, 3, 6, 9] */
  range(start: number, end?: number, step = 1, numSlices: number = this.defaultParallelism): RDD<number> {
    this.#checkAlive();
    const { from, length } = lengthOfRange(start, end, step);
    return new RangeRDD(this, from, step, length, this.checkPartitions('range', numSlices));
  }

  /** A dataset without partitions. @example await sc.emptyRDD().count() // 0 */
  emptyRDD<T = never>(): RDD<T> {
    this.#checkAlive();
    return new EmptyRDD<T>(this);
  }

  /**
   * The lines of a file, of the files of a folder, of what a pattern matches, or of a list of these separated by commas; files that
   * end in .gz are unpacked. `minPartitions` is a wish: large files are cut into pieces of 32 MiB at most.
   * Throws NO_SUCH_PATH, NO_FILES or UNREADABLE_FILE when its partitions are first asked for. @example sc.textFile('logs/*.txt').filter(line => line.includes('ERROR'))
   */
  textFile(path: string, minPartitions: number = Math.min(this.defaultParallelism, 2)): RDD<string> {
    this.#checkAlive();
    return new TextFileRDD(this, checkPath('textFile', path), this.checkPartitions('textFile', minPartitions));
  }

  /** Pairs [path, whole text] of small files; paths as for `textFile`. @example sc.wholeTextFiles('logs').mapValues(text => text.length) */
  wholeTextFiles(path: string, minPartitions: number = this.defaultParallelism): RDD<[string, string]> {
    this.#checkAlive();
    return new WholeTextFilesRDD(this, checkPath('wholeTextFiles', path), this.checkPartitions('wholeTextFiles', minPartitions));
  }

  /**
   * The rows that `saveAsObjectFile` wrote; paths as for `textFile`, a partition for each file.
   * Throws NO_SUCH_PATH or NO_FILES when its partitions are first asked for, BAD_OBJECT_FILE in a job. @example sc.objectFile('saved')
   */
  objectFile<T = unknown>(path: string): RDD<T> {
    this.#checkAlive();
    return new ObjectFileRDD<T>(this, checkPath('objectFile', path));
  }

  /** All elements of several datasets, duplicates kept. @example await sc.union([sc.range(2), sc.range(3)]).count() // 5 */
  union<T>(...rdds: (RDD<T> | readonly RDD<T>[])[]): RDD<T> {
    this.#checkAlive();
    const inputs = rdds.flat() as RDD<T>[];
    for (const rdd of inputs) this.checkDataset('union', rdd);
    return inputs.length === 0 ? this.emptyRDD<T>() : unionOf(this, inputs);
  }

  // Shared variables.

  /** Sends a value to each executor once; closures read `.value`. The value is copied now. @example sc.broadcast(['a', 'b']).value // ['a', 'b'] */
  broadcast<T>(value: T): Broadcast<T> {
    this.#checkAlive();
    const id = `broadcast-${this.#nextShared++}`;
    const bytes = encode(value);
    this.#scheduler.blobs.put(id, bytes);
    return new Broadcast(id, decode(bytes) as T, () => this.#scheduler.blobs.remove(id));
  }

  /** A sum of whole numbers that closures add to. @example sc.longAccumulator().value // 0 */
  longAccumulator(name?: string): Accumulator<number> {
    return this.#accumulator<number, number>('sum', 0, name);
  }

  /** A sum of numbers that closures add to. @example sc.doubleAccumulator().value // 0 */
  doubleAccumulator(name?: string): Accumulator<number> {
    return this.#accumulator<number, number>('sum', 0, name);
  }

  /** A list that closures add elements to; their order is that in which tasks end. @example sc.collectionAccumulator('bad lines').value // [] */
  collectionAccumulator<T>(name?: string): Accumulator<T, T[]> {
    return this.#accumulator<T, T[]>('collection', [], name);
  }

  /**
   * A value that closures merge others into, from `zero` on; without `merge` a sum of numbers.
   * `merge` must be commutative and associative, for tasks end in any order. @example sc.accumulator(1, (a, b) => a * b, 'product').value // 1
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
   * are merged into it as tasks end. Throws BAD_ARGUMENT for an object without these. @example class Longest { value = ''; reset() { this.value = ''; } add(w) { if (w.length > this.value.length) this.value = w; } merge(other) { this.add(other.value); } }
   */
  register<A extends AccumulatorV2<never, unknown>>(accumulator: A): A {
    this.#checkAlive();
    new RegisteredAccumulator(this, `accumulator-${this.#nextShared++}`, accumulator);
    return accumulator;
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
    this.#checkAlive();
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

  /** The last jobs, oldest first. @example sc.jobs().map(job => job.id) */
  jobs(): readonly JobRecord[] {
    return this.#scheduler.jobs();
  }

  /** The oldest running job as it stands; those of streams and in the background are left out. @example sc.progress() */
  progress(): JobProgress | undefined {
    return this.#scheduler.progress();
  }

  /** Executors that are there, with their free slots. @example sc.executors().length */
  executors(): readonly ExecutorStatus[] {
    return this.#scheduler.executors();
  }

  /** Partitions of a persisted dataset that are kept now, with their bytes in memory and in files. */
  storageOf(rdd: RDD<unknown>): StoredSize {
    return this.#scheduler.cached(rdd.id);
  }

  /** The persisted datasets that are still referred to. @example sc.persistedRdds().length */
  persistedRdds(): readonly RDD<unknown>[] {
    return [...this.#persisted.values()].flatMap((ref) => ref.deref() ?? []);
  }

  /** Ends all jobs and executors. @example const other = await connect('local'); await other.stop() */
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

  /** Where checkpoints are written: a folder of this session's own below `folder`, on a disk that outlives it. Throws DISK. @example const safe = () => sc.setCheckpointDir('checkpoints') */
  setCheckpointDir(folder: string): void {
    this.#checkAlive();
    this.#checkpointDir = makeCheckpointFolder(checkPath('setCheckpointDir', folder));
  }

  /** The folder that `setCheckpointDir` made. @example sc.getCheckpointDir() */
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
