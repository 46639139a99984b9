// Streams with state: each batch makes a new version of a table by key, from the previous version and the batch's pairs.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Time } from '../../base/duration';
import { MillraceError } from '../../base/errors';
import { removeVersionsAfter } from '../../exec/state/version-file';
import { HashPartitioner, type Partitioner } from '../../keys/partitioner';
import type { StateRule } from '../../plan/state-spec';
import type { FunctionTable } from '../../rdd/function-table';
import type { RDD } from '../../rdd/rdd';
import { DStream } from './dstream';
import { StateReadRDD, StateUpdateRDD } from './state-rdds';

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
  readonly version: Time;
  readonly first: Time;
  readonly numPartitions: number;
  /** The folder of its files below `state/` in the checkpoint folder. */
  readonly folder: string;
}

export class StatefulDStream<T> extends DStream<T> {
  readonly #parent: DStream<unknown>;
  readonly #kind: StateKind;
  readonly #updates = new Map<Time, StateUpdateRDD>();
  #last: StateUpdateRDD | undefined;
  #restored: StateVersion | undefined;
  #partitioner: Partitioner;
  /** Unique in the session; a table that is rebuilt gets a new one. */
  #stateId: number | undefined;
  #first: Time | undefined;

  /** @internal */ constructor(parent: DStream<unknown>, kind: StateKind) {
    super(parent.host, kind.operation);
    this.#parent = parent;
    this.#kind = kind;
    this.#partitioner = kind.partitioner;
    this.rememberFor(this.slide);
    this.host.onStop(() => this.#forgetState());
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

  get numPartitions(): number {
    return this.#partitioner.numPartitions;
  }

  // For checkpoints.

  /** The newest version until `time`; undefined before the first. @internal */
  stateVersion(time: Time): StateVersion | undefined {
    const made = [...this.#updates.keys(), this.#last?.version ?? Number.POSITIVE_INFINITY].filter((at) => at <= time);
    if (made.length === 0 || this.#first === undefined) return this.#restored;
    return {
      version: Math.max(...made),
      first: this.#first,
      numPartitions: this.numPartitions,
      folder: this.#folderName(),
    };
  }

  /**
   * Resumes from a version in the checkpoint folder. Removes later versions, which interrupted batches wrote. Called before the start.
   * Returns notices for the user. Throws STATE_PARTITIONS if this program partitions the keys in another way. @internal
   */
  restoreState({ version, first, numPartitions, folder }: StateVersion): string[] {
    const notes: string[] = [];
    if (numPartitions !== this.numPartitions) {
      const sizes = { stream: this.toString(), saved: numPartitions, asked: this.numPartitions };
      if (!(this.#partitioner instanceof HashPartitioner)) throw new MillraceError('STATE_PARTITIONS', sizes);
      notes.push(
        `the state of ${sizes.stream} keeps its ${sizes.saved} partitions, although the program asks for ${sizes.asked}`,
      );
      this.#partitioner = new HashPartitioner(numPartitions);
    }
    this.#restored = { version, first, numPartitions, folder };
    this.#first = first;
    const folderPath = this.#folder();
    if (folderPath !== undefined) removeVersionsAfter(folderPath, version);
    return notes;
  }

  /** Removes its files of an earlier run: a window is rebuilt from its batches. Called before the start. @internal */
  removeFiles(): void {
    const folderPath = this.#folder();
    if (folderPath !== undefined) removeVersionsAfter(folderPath, Number.NEGATIVE_INFINITY);
  }

  /** Completes the version of a batch, even if no job has read all of it. @internal */
  async settle(time: Time): Promise<void> {
    const update = this.#updates.get(time);
    if (update) await complete(update);
  }

  // Versions.

  protected compute(time: Time): RDD<T> | undefined {
    const update = this.updateAt(time);
    if (!update) return undefined;
    return (this.#kind.emits === 'pairs' ? new StateReadRDD(update) : update) as RDD<unknown> as RDD<T>;
  }

  /** The dataset that makes the version of `time`; undefined if that time was forgotten. @internal */
  updateAt(time: Time): StateUpdateRDD | undefined {
    if (!this.#updates.has(time) && time > (this.#last?.version ?? Number.NEGATIVE_INFINITY)) this.#makeUntil(time);
    return this.#updates.get(time);
  }

  /** Every batch of the parent makes a version, even one for which this stream has no dataset. */
  #makeUntil(time: Time): void {
    const step = this.#parent.slide;
    const zero = this.host.zeroTime ?? time;
    // No stream remembers anything older.
    const reach = Math.max(this.#parent.remembers, this.slide, step);
    const oldest = Math.max(zero, time - Math.floor(reach / step) * step) + step;
    const before = this.#last?.version ?? this.#restored?.version;
    if (this.#kind.window && before !== undefined && before + step < oldest) this.#rebuild();
    const known = this.#last?.version ?? this.#restored?.version;
    for (let at = known === undefined ? oldest : Math.max(oldest, known + step); at <= time; at += step) this.#make(at, step);
  }

  /** The window lacks batches: they were not read while no output needed this stream. */
  #rebuild(): void {
    this.#forgetState();
    this.#last = undefined;
    this.#restored = undefined;
    this.#first = undefined;
  }

  #make(version: Time, step: number): void {
    const { sc } = this.host;
    const { arrange, initial, operation, rule } = this.#kind;
    const partitioner = this.#partitioner;
    this.#first ??= version;
    this.#stateId ??= sc.nextRddId();
    const first = this.#first;
    const inputs = [arrange(this.#parent.getOrCompute(version) ?? sc.emptyRDD(), partitioner)];
    const previous = this.#last?.version ?? this.#restored?.version;
    if (previous === undefined && !this.#kind.window) inputs.push(initial ?? arrange(sc.emptyRDD(), partitioner));
    const definition = {
      place: { id: this.#stateId, folder: this.#folder() },
      operation,
      partitioner,
      rule: (functions: FunctionTable) => rule(functions, first),
      keepFrom: () => Math.min(...this.#updates.keys()) - step,
    };
    const last = this.#last;
    const update = new StateUpdateRDD(definition, inputs, { version, previous, start: version - step, besides: last });
    let before = last;
    // The previous version must be complete, even if no job has read all of it.
    update.beforeFirstJob(async () => {
      if (before) await complete(before);
      before = undefined;
    });
    this.#updates.set(version, update);
    this.#last = update;
  }

  /** The folder of its files below the checkpoint folder; undefined: they lie in the session's folder. */
  #folder(): string | undefined {
    const folder = this.host.checkpointFolder;
    return folder && join(folder, 'state', this.#folderName());
  }

  #folderName(): string {
    return this.#restored?.folder ?? stateFolderName(this.name);
  }

  /** @internal */ override forgetBefore(time: Time): void {
    super.forgetBefore(time);
    for (const [at, update] of this.#updates) {
      if (at > time - this.remembers || update === this.#last) continue;
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

async function complete(update: StateUpdateRDD): Promise<void> {
  if (update.isMade) return;
  await update.context.runSink(
    update,
    () => ({ kind: 'count' }),
    { title: `state of ${update.operation}`, writesCheckpoints: false },
    () => {},
  );
}

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
    return update && (new StateReadRDD(update) as RDD<unknown> as RDD<T>);
  }
}
