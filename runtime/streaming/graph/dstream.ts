// The discretized stream: a dataset for each batch interval, made from the datasets of its parents.
import { inspect } from 'node:util';
import { refuseArgument } from '../../base/arguments';
import { callOf } from '../../base/call';
import { checkMultiple, type Duration, durationText, milliseconds, type Time } from '../../base/duration';
import { type Call, withCall } from '../../base/flow';
import { driverOnly } from '../../base/markers';
import { StorageLevel } from '../../plan/storage-level';
import type { RDD } from '../../rdd/rdd';
import type { StreamHost } from './host';

/**
 * A stream of elements of type T: a series of datasets, one each `slide` (Zaharia et al., Discretized Streams, SOSP 2013). Operators
 * make new streams; outputs (`print`, `foreachRDD`, `save`, `watch`) say what to do with each batch. A stream has three properties: its
 * slide, its parent streams, and how it computes the dataset of one time.
 */
export abstract class DStream<T> {
  /** What it needs of its streaming context. @internal */
  readonly host: StreamHost;
  /**
   * Its number in its streaming context.
   * @example const numberOf = (s) => s.id
   */
  readonly id: number;
  /** The operation that made it, for graphs: `map`, `socketTextStream`. */
  readonly operation: string;
  /** The user's call that made it, if its text is known. @internal */
  readonly call: Call | undefined;
  /** Keeps T in the type. */
  declare protected readonly element: T;
  readonly #datasets = new Map<Time, RDD<T> | undefined>();
  #name: string | undefined;
  #level: StorageLevel = StorageLevel.NONE;
  #remembers = 0;
  #keeps = 0;

  /** @internal */ constructor(host: StreamHost, operation: string) {
    this.host = host;
    this.operation = operation;
    this.call = callOf(new.target);
    this.id = host.register();
  }

  // The three properties.

  /** Milliseconds between two of its datasets. */
  abstract get slide(): number;
  abstract get dependencies(): readonly DStream<unknown>[];
  /** The dataset of batch `time`; undefined where there is none. Runs no job. */
  protected abstract compute(time: Time): RDD<T> | undefined;

  /** How much longer than itself its parents must remember, in milliseconds: the length of a window. @internal */
  get lookBack(): number {
    return 0;
  }

  /** True if it needs a checkpoint folder: its state cannot be recomputed. @internal */
  get needsCheckpoint(): boolean {
    return false;
  }

  // Datasets by time.

  /** Whether there can be a dataset at `time`: a multiple of the slide after the start. @internal */
  isValid(time: Time): boolean {
    const zero = this.host.zeroTime;
    return zero !== undefined && time > zero && (time - zero) % this.slide === 0;
  }

  /** The dataset of batch `time`, made once. Undefined before the start, between slides, and after it was forgotten. @internal */
  getOrCompute(time: Time): RDD<T> | undefined {
    if (!this.isValid(time)) return undefined;
    if (!this.#datasets.has(time)) {
      const rdd = withCall(this.call, () => this.compute(time));
      if (rdd && this.#level.isKept && !rdd.storageLevel.isKept) rdd.persist(this.#level);
      this.#datasets.set(time, rdd);
    }
    return this.#datasets.get(time);
  }

  /** The datasets of the times in (from, to], oldest first. @internal */
  datasetsOf(from: Time, to: Time): RDD<T>[] {
    const zero = this.host.zeroTime ?? to;
    const rdds: RDD<T>[] = [];
    const first = Math.max(zero, zero + Math.floor((from - zero) / this.slide) * this.slide) + this.slide;
    for (let time = first; time <= to; time += this.slide) {
      const rdd = time > from ? this.getOrCompute(time) : undefined;
      if (rdd) rdds.push(rdd);
    }
    return rdds;
  }

  /** How long it remembers its datasets, in milliseconds. @internal */
  get remembers(): number {
    return Math.max(this.#remembers, this.slide);
  }

  /** Remembers its datasets for at least `ms`; the parents remember theirs for as long as that needs. @internal */
  rememberFor(ms: number): void {
    this.#remembers = Math.max(this.#remembers, ms);
    for (const parent of this.dependencies) parent.rememberFor(this.remembers + this.lookBack);
  }

  /** How long it holds its past just now, in milliseconds: longer where windows that nothing reads need it to go on later. @internal */
  get keeps(): number {
    return Math.max(this.#keeps, this.remembers);
  }

  set keeps(ms: number) {
    this.#keeps = ms;
  }

  /** Drops the datasets that it need not hold at `time`. @internal */
  forgetBefore(time: Time): void {
    for (const [at, rdd] of this.#datasets) {
      if (at > time - this.keeps) continue;
      this.#datasets.delete(at);
      if (rdd && this.#level.isKept) rdd.unpersist();
    }
  }

  /** The time after which its sources were read without a gap. @internal */
  get since(): Time {
    return Math.max(...this.dependencies.map((parent) => parent.since));
  }

  /** The time of the first batch for which all windows that it is made of are full; -Infinity without a window. @internal */
  get fullFrom(): Time {
    return Math.max(Number.NEGATIVE_INFINITY, ...this.dependencies.map((parent) => parent.fullFrom));
  }

  /** True if nothing of its past is held. @internal */
  get isForgotten(): boolean {
    return this.#datasets.size === 0;
  }

  /** The times of the datasets that it remembers, oldest first. @internal */
  get times(): readonly Time[] {
    return [...this.#datasets.keys()].sort((a, b) => a - b);
  }

  // Settings by the user.

  /**
   * Persists the dataset of each batch on executors, for streams that are read more than once.
   * @example await check.outputOf([[1]], s => s.persist(StorageLevel.MEMORY_ONLY)) // [[1]]
   */
  persist(level: StorageLevel = StorageLevel.MEMORY_ONLY): this {
    if (!(level instanceof StorageLevel))
      refuseArgument({
        operation: 'persist',
        argument: 'the level',
        value: level,
        rule: 'a StorageLevel',
        remedy: 'Write persist(), or persist(StorageLevel.MEMORY_AND_DISK).',
      });
    this.#level = level;
    return this;
  }

  /**
   * `persist()` in memory.
   * @example await check.outputOf([[1]], s => s.cache()) // [[1]]
   */
  cache(): this {
    return this.persist(StorageLevel.MEMORY_ONLY);
  }

  /**
   * The level at which the datasets of its batches are persisted.
   * @example const isPersisted = (s) => s.storageLevel.isKept
   */
  get storageLevel(): StorageLevel {
    return this.#level;
  }

  /**
   * Remembers the datasets of the last `duration`, for queries on the past by `latest`, `between` and `slice`.
   * Throws NOT_A_MULTIPLE unless it is a multiple of the slide.
   * @example await check.outputOf([[1]], s => s.remember('5s')) // [[1]]
   */
  remember(duration: Duration): this {
    const ms = milliseconds('remember', 'the duration', duration);
    checkMultiple('remember', 'the duration', ms, this.slide);
    this.rememberFor(ms);
    this.host.keep(this);
    return this;
  }

  /**
   * Its name: the one that was set, else its operation and number, `map#3`. A restart finds its state by this name.
   * @example const nameOf = (s) => s.name
   */
  get name(): string {
    return this.#name ?? `${this.operation}#${this.id}`;
  }

  /**
   * Names the stream in panes, messages and checkpoints. Throws NAME_TAKEN for the name of another stream.
   * @example await check.outputOf([[1]], s => s.setName('numbers')) // [[1]]
   */
  setName(name: string): this {
    if (typeof name !== 'string' || name.trim() === '')
      refuseArgument({
        operation: 'setName',
        argument: 'the name',
        value: name,
        rule: 'a text',
        remedy: "Write setName('counts').",
      });
    this.host.claimName(name, this);
    this.#name = name;
    return this;
  }

  /** True if `setName` was called. @internal */
  get isNamed(): boolean {
    return this.#name !== undefined;
  }

  /**
   * `counts (reduceByKey) every 1s`.
   * @example const head = (s) => String(s)
   */
  toString(): string {
    return `${this.#name ? `${this.#name} (${this.operation})` : this.name} every ${durationText(this.slide)}`;
  }

  /** How it shows inside other values, at the prompt and in `console.log`. @internal */
  [inspect.custom](): string {
    return `DStream ${this.toString()}`;
  }

  /** How errors name it when a closure captures it by mistake. @internal */
  get [driverOnly](): string {
    return `a DStream (${this.toString()})`;
  }
}
