// Streams with state: each batch makes a new version of a table by key, from the previous version and the batch's pairs.
import { createHash } from 'node:crypto';
import { type Time, timeText } from '../../base/duration';
import { asError, MillraceError } from '../../base/errors';
import { below, isElsewhere, type RemoteFolders } from '../../base/remote/remote-folders';
import { removeVersion, removeVersionsAfter } from '../../exec/state/version-file';
import { HashPartitioner, type Partitioner } from '../../keys/partitioner';
import type { StateRule } from '../../plan/state-spec';
import type { FunctionTable } from '../../rdd/function-table';
import type { RDD } from '../../rdd/rdd';
import { DStream } from './dstream';
import { isLasting } from './lasting-failures';
import { StateReadRDD, StateUpdateRDD } from './state-rdds';
import { oldestRemembered } from './stream-lineage';
import { type Link, type SavedLink, Versions } from './version-links';

/** What an operator defines of its state. */
export interface StateKind {
  readonly operation: string;
  readonly partitioner: Partitioner;
  /** Shuffles a batch's pairs to the state of their keys, grouped or reduced as the rule needs them. */
  readonly arrange: (pairs: RDD<unknown>, partitioner: Partitioner) => RDD<unknown>;
  /** `first` is the first version of the table. */
  readonly rule: (functions: FunctionTable, first: Time) => StateRule;
  /** The content of the table before the first batch. */
  readonly initial?: RDD<unknown>;
  /** The stream's datasets: the pairs of the table, or what the function returned for the batch. */
  readonly emits: 'pairs' | 'made';
  /** Set for a window: its length and slide in milliseconds. Its table can be rebuilt from the window's batches. */
  readonly window?: { readonly length: number; readonly slide: number };
}

/** What a restart needs to resume a state. */
export interface StateVersion {
  /** The last version that was made or has failed. */
  readonly version: Time;
  readonly first: Time;
  readonly numPartitions: number;
  /** The folder of its files below `state/` in the checkpoint folder. */
  readonly folder: string;
  /** The versions that can still be read. */
  readonly past?: readonly SavedLink[];
  /** Batches that failed for good, and why. */
  readonly failed?: readonly (readonly [Time, string])[];
  /** The length and step of a window: one of others starts anew. */
  readonly window?: readonly [length: number, step: number];
}

export class StatefulDStream<T> extends DStream<T> {
  readonly #parent: DStream<unknown>;
  readonly #kind: StateKind;
  readonly #versions: Versions;
  readonly #updates = new Map<Time, StateUpdateRDD>();
  #last: StateUpdateRDD | undefined;
  /** A version was completed: none starts from the initial state any more. */
  #isProven = false;
  /** All versions until then are complete, or have failed for good. */
  #settled = Number.NEGATIVE_INFINITY;
  #partitioner: Partitioner;
  /** Unique in the session. */
  #stateId: number | undefined;
  #folderName: string | undefined;

  /** @internal */ constructor(parent: DStream<unknown>, kind: StateKind) {
    super(parent.host, kind.operation);
    this.#parent = parent;
    this.#kind = kind;
    this.#partitioner = kind.partitioner;
    this.#versions = new Versions(kind.window !== undefined);
    this.rememberFor(this.slide);
    this.host.carries(this);
    const self = new WeakRef(this);
    // The context must not hold a stream that nothing reads any more.
    this.host.onStop(() => {
      const stream = self.deref();
      if (stream) stream.#forgetState();
    });
  }

  get slide(): number {
    return this.#kind.window?.slide ?? this.#parent.slide;
  }

  get dependencies(): readonly DStream<unknown>[] {
    return [this.#parent];
  }

  /** The sources do not remember enough to rebuild the table. @internal */
  override get needsCheckpoint(): boolean {
    return this.#kind.window === undefined;
  }

  /** What its sources must remember while no output needs it, so that it can go on: the length of a window. @internal */
  get reachOfWindow(): number | undefined {
    return this.#kind.window?.length;
  }

  /** @internal */ override get fullFrom(): Time {
    const { newest } = this.#versions;
    const first = newest === undefined ? undefined : this.#versions.link(newest)?.first;
    if (!this.#kind.window || first === undefined) return super.fullFrom;
    return Math.max(first - this.#parent.slide, super.fullFrom) + this.#kind.window.length;
  }

  /** True once a batch was added to it. @internal */
  get hasBegun(): boolean {
    return this.#versions.newest !== undefined;
  }

  get numPartitions(): number {
    return this.#partitioner.numPartitions;
  }

  // For checkpoints.

  /** What is to be saved of the versions until `time`; undefined before the first. @internal */
  stateVersion(time: Time): StateVersion | undefined {
    const { past, failed } = this.#versions.saved(Math.min(time, this.#settled));
    const [version, , first] = past.at(-1) ?? [];
    if (version === undefined || first === undefined) return undefined;
    return { version, first, numPartitions: this.numPartitions, folder: this.#folder(), past, failed, window: this.#shape };
  }

  get #shape(): readonly [number, number] | undefined {
    const { window } = this.#kind;
    return window && [window.length, this.#parent.slide];
  }

  /** Whether it can go on from a saved version: a window must have the same length and step. @internal */
  fits({ window }: StateVersion): boolean {
    return String(window) === String(this.#shape);
  }

  /**
   * Resumes from a version in the checkpoint folder. Removes later versions, which interrupted batches wrote. Called before the start.
   * Returns notices for the user. Throws STATE_PARTITIONS if this program partitions the keys in another way. @internal
   */
  restoreState({ version, first, numPartitions, folder, past = [], failed = [] }: StateVersion): string[] {
    const notes: string[] = [];
    if (numPartitions !== this.numPartitions) {
      const sizes = { stream: this.toString(), saved: numPartitions, asked: this.numPartitions };
      if (!(this.#partitioner instanceof HashPartitioner)) throw new MillraceError('STATE_PARTITIONS', sizes);
      notes.push(
        `the state of ${sizes.stream} keeps its ${sizes.saved} partitions, although the program asks for ${sizes.asked}`,
      );
      this.#partitioner = new HashPartitioner(numPartitions);
    }
    const errorOf = ([time, reason]: readonly [Time, string]) =>
      [time, new MillraceError('FAILED_BEFORE', { stream: this.name, time: timeText(time), reason })] as const;
    this.#versions.restore(version, first, past, new Map(failed.map(errorOf)));
    this.#folderName = folder;
    this.#settled = version;
    const path = this.#path();
    if (path !== undefined) removeVersionsAfter(path, version, this.#foldersOf(path));
    return notes;
  }

  /** Starts anew beside the states of an earlier run, whose folders are `taken`. Called before the start. @internal */
  startAnew(taken: ReadonlySet<string>): void {
    for (let n = 1; taken.has(this.#folder()); n++) this.#folderName = stateFolderName(`${this.name} ${n}`);
    const path = this.#path();
    if (path !== undefined) removeVersionsAfter(path, Number.NEGATIVE_INFINITY, this.#foldersOf(path));
  }

  /**
   * Completes the version of a batch, even if no job has read all of it. A batch whose records make it fail has no version: later ones
   * go on without it. Throws what another try may not end with. @internal
   */
  async settle(time: Time): Promise<void> {
    const update = this.#updates.get(time);
    if (!update) return;
    await this.#complete(update);
    this.#settled = Math.max(time, this.#settled);
  }

  // Versions.

  protected compute(time: Time): RDD<T> | undefined {
    const update = this.updateAt(time);
    if (!update) return undefined;
    return (this.#kind.emits === 'pairs' ? this.readOf(update) : update) as RDD<unknown> as RDD<T>;
  }

  /** The pairs of a version; its job fails as a batch of its window did. @internal */
  readOf(update: StateUpdateRDD): RDD<[unknown, unknown]> {
    const { version } = update;
    const read = new StateReadRDD(update);
    return read.beforeFirstJob(async () => {
      const failure = this.#failureBefore(version);
      // The file of this batch is needed when the failed one has left.
      if (failure) await this.#complete(update);
      const error = failure ?? this.#versions.failure(version);
      if (error) throw error;
    });
  }

  #failureBefore(version: Time): Error | undefined {
    const { window } = this.#kind;
    return window && this.#versions.failureIn(version, window.length);
  }

  /** The dataset that makes the version of `time`; undefined if that time was forgotten. Throws why its batch failed. @internal */
  updateAt(time: Time): StateUpdateRDD | undefined {
    if (time > (this.#versions.newest ?? Number.NEGATIVE_INFINITY)) this.#makeUntil(time);
    else if (!this.#updates.has(time)) this.#makeAgain(time);
    const update = this.#updates.get(time);
    if (update) return update;
    const failure = this.#versions.failure(time);
    if (failure) throw failure;
    return undefined;
  }

  /** Every batch of the parent makes a version, even one for which this stream has no dataset. */
  #makeUntil(time: Time): void {
    const step = this.#parent.slide;
    const { newest } = this.#versions;
    const oldest = this.#oldestUntil(time);
    const next = newest === undefined ? oldest : newest + step;
    const start = Math.max(oldest, next);
    for (let at = start; at <= time; at += step) this.#make(at, at === start && at > next ? at : undefined);
  }

  /** The first batch that counts for the version of `time`. */
  #oldestUntil(time: Time): Time {
    const step = this.#parent.slide;
    const zero = this.host.zeroTime ?? time;
    // No stream remembers anything older.
    const reach = this.#kind.window?.length ?? Math.max(this.#parent.remembers, this.slide, step);
    const known = this.hasBegun ? zero : (oldestRemembered(this) ?? time) - step;
    const steps = Math.ceil((Math.max(zero, time - reach, known) - zero) / step);
    return Math.min(time, zero + (steps + 1) * step);
  }

  /** `first` is given after a gap. */
  #make(version: Time, first: Time | undefined): void {
    const before = this.#last;
    this.#versions.add(version, first);
    try {
      this.#last = this.#update(version, before);
    } catch (error) {
      // The user's function that makes the dataset of this batch threw: the next batches go on without it.
      this.#versions.fail(version, asError(error));
    }
  }

  /** A version of the time before the restart: read from its files, or made again from what its batch had read. */
  #makeAgain(version: Time): void {
    const link = this.#versions.link(version);
    const isKnown = link && (link.previous !== undefined || version === link.first);
    if (isKnown && !this.#versions.failure(version)) this.#update(version, undefined);
  }

  #update(version: Time, last: StateUpdateRDD | undefined): StateUpdateRDD {
    const { sc } = this.host;
    const { arrange, initial, operation, rule } = this.#kind;
    const step = this.#parent.slide;
    const partitioner = this.#partitioner;
    this.#stateId ??= sc.nextRddId();
    const { previous, first } = this.#versions.link(version) as Link;
    const inputs = [arrange(this.#parent.getOrCompute(version) ?? sc.emptyRDD(), partitioner)];
    // Where all earlier batches fail, it is this one that starts.
    const mayStart = !this.#kind.window && (previous === undefined || !this.#isProven);
    if (mayStart) inputs.push(initial ?? arrange(sc.emptyRDD(), partitioner));
    const definition = {
      place: { id: this.#stateId, folder: this.#path() },
      operation,
      partitioner,
      rule: (functions: FunctionTable) => rule(functions, first),
      keepFrom: () => this.#versions.oldest - step,
    };
    const update = new StateUpdateRDD(definition, inputs, {
      version,
      previous: () => this.#versions.link(version)?.previous,
      start: version - step,
      alone: () => this.#failureBefore(version) !== undefined,
      besides: last,
    });
    let before = last;
    // The previous version must be complete, even if no job has read all of it.
    update.beforeFirstJob(async () => {
      if (before) await this.#complete(before);
      before = undefined;
    });
    this.#updates.set(version, update);
    return update;
  }

  async #complete(update: StateUpdateRDD): Promise<void> {
    const { version } = update;
    if (this.#versions.failure(version)) return;
    try {
      const options = { title: `state of ${update.operation}`, writesCheckpoints: false };
      if (!update.isMade)
        await update.context.runSink(
          update,
          () => ({ kind: 'count' }),
          options,
          () => {},
        );
      this.#isProven = true;
    } catch (error) {
      if (!isLasting(error)) throw error;
      this.#fail(version, asError(error));
    }
  }

  #fail(version: Time, error: Error): void {
    this.#versions.fail(version, error);
    if (this.#kind.window) return;
    const path = this.#path();
    if (path !== undefined) removeVersion(path, version, this.#foldersOf(path));
    this.host.display.notice(`${this.name} leaves the batch of ${timeText(version)} out of its state`, error);
  }

  /** The folder of its files in the checkpoint folder; undefined: they lie in the session's folder. */
  #path(): string | undefined {
    const folder = this.host.checkpointFolder;
    return folder && below(folder, 'state', this.#folder());
  }

  #foldersOf(path: string): RemoteFolders | undefined {
    return isElsewhere(path) ? this.host.sc.engineFiles?.folders : undefined;
  }

  /** Below `state/`. */
  #folder(): string {
    return this.#folderName ?? stateFolderName(this.name);
  }

  /** @internal */ override forgetBefore(time: Time): void {
    super.forgetBefore(time);
    const until = time - this.keeps;
    this.#versions.forget(until, until - (this.#kind.window?.length ?? 0));
    for (const [at, update] of this.#updates) {
      if (at > until || update === this.#last) continue;
      this.#updates.delete(at);
      update.unpersist();
    }
  }

  #forgetState(): void {
    for (const update of this.#updates.values()) update.unpersist();
    this.#updates.clear();
    if (this.#stateId !== undefined) this.host.sc.forgetState(this.#stateId);
    this.#stateId = undefined;
  }
}

/** The folder of a stream's state below `state/` in the checkpoint folder. */
const stateFolderName = (stream: string): string => createHash('sha256').update(stream).digest('hex').slice(0, 32);

/** `stateSnapshots`: all keys with their state, after each batch. */
export class SnapshotsDStream<T> extends DStream<T> {
  readonly #states: StatefulDStream<unknown>;

  constructor(states: StatefulDStream<unknown>) {
    super(states.host, 'stateSnapshots');
    this.#states = states;
    this.rememberFor(this.slide);
  }

  get slide(): number {
    return this.#states.slide;
  }

  get dependencies(): readonly DStream<unknown>[] {
    return [this.#states];
  }

  protected compute(time: Time): RDD<T> | undefined {
    const update = this.#states.updateAt(time);
    return update && (this.#states.readOf(update) as RDD<unknown> as RDD<T>);
  }
}
