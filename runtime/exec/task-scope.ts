// The runtime of one task: its compiled loops call it as `rt`. It opens files, stores and tables and closes them when the task ends.
import { MillraceError } from '../base/errors';
import { addAllExactly } from '../base/exact-sum';
import { showElement } from '../base/show-element';
import { Random } from '../base/time';
import { orNull, rowAt } from '../columns/batch';
import { StoredRows } from '../columns/stored-rows';
import { textLines, wholeText } from '../formats/read-lines';
import { KeyTable } from '../keys/key';
import { partitionerOf } from '../keys/partitioner';
import { checkVersion } from '../plan/file-version';
import type { Plan, Sink, Split } from '../plan/program';
import { type NamedStep, StepFailure } from '../plan/step-failure';
import type { TaskSpec } from '../plan/task';
import { rowsOfPart, rowsOfParts, type StoredPart } from '../storage/block-chunks';
import { checkpointPath, FrameFileWriter } from '../storage/frame-file';
import { RowFile } from '../storage/row-file';
import type { PairFrame } from '../storage/shuffle-file';
import { ShuffleWriter } from '../storage/shuffle-writer';
import { SpillFile, spillFolder } from '../storage/spill-file';
import { decode } from '../wire/codec';
import { Awaiting } from './awaiting';
import { cartesian } from './cartesian';
import { branchesOf } from './chosen-inputs';
import { CollectedRows } from './collected-rows';
import { type Compiled, compileChunks } from './compile';
import { copiesOf } from './copies';
import { ExternalCombine, tableRoom } from './external/combine';
import { ExternalGroups } from './external/group';
import { joined } from './external/join';
import { sorted } from './external/sort';
import type { SpillSpace } from './external/sorted-runs';
import { bucketOutput, FedRows, fedParts, framesOf, withPieces } from './files/exchange';
import { groupingOf } from './files/grouping';
import { LineCounts, textRanges } from './files/line-counts';
import { readObjects } from './files/object-file';
import { Piping } from './files/pipe';
import { readCheckpoint } from './files/read-checkpoint';
import { partOf, type SavedPart } from './files/saved-part';
import { TableSource } from './files/table-source';
import { firstPart } from './first-part';
import { poisson } from './library/sampling';
import { PersistedPartitions } from './persisted';
import { isThenable, promised, refusePromise } from './promises';
import type { ScopeHost } from './scope-host';
import { readState, type StateHost, updateState } from './state/state-tasks';
import { VersionUpdates } from './state/version-updates';
import { collecting } from './task-accumulator';
import {
  ChunkIterator,
  Chunks,
  customData,
  inputOf,
  isNoFaultOfStep,
  noElement,
  notAPair,
  type Pulse,
  TimeUp,
} from './task-runtime';

export class TaskScope {
  readonly pulse: Pulse;
  readonly none = noElement;
  readonly poisson = poisson;
  readonly notAPair = notAPair;
  readonly rowAt = rowAt;
  readonly rowsOfPart = rowsOfPart;
  readonly grouping = groupingOf;
  readonly addNumbers = addAllExactly;
  /** The columns of a part, where it has all of these. */
  readonly columnsOf = (part: StoredPart, names: readonly string[]) =>
    part instanceof StoredRows ? (part.batch(names) ?? null) : null;
  readonly orNull = orNull;
  readonly decode = (bytes: Uint8Array) => decode(bytes, 'executor');
  bytesRead = 0;
  readonly #task: TaskSpec;
  readonly #host: ScopeHost;
  /** Closes what the task opened, whether it succeeds or fails. */
  readonly #cleanups: (() => void)[] = [];
  readonly persisted: PersistedPartitions;
  readonly awaiting: Awaiting;
  readonly tables: TableSource;
  readonly counts: LineCounts;
  readonly promised = promised;
  /** The user's iterators that have not ended. */
  readonly #open = new Set<Chunks>();
  readonly #compiled = new Map<Plan, Map<string, Compiled>>();
  readonly #groups: ExternalGroups[] = [];
  readonly #space: SpillSpace;

  constructor(task: TaskSpec, pulse: Pulse, host: ScopeHost) {
    this.#task = task;
    this.pulse = pulse;
    this.#host = host;
    this.tables = new TableSource(host.updates, pulse);
    const file = new SpillFile(spillFolder(host.folder, host.executorId), task.taskId);
    this.#cleanups.push(() => file.close());
    // Groups on disk are deleted with their task: a copy is persisted of rows that hold one.
    const endsWithTask = () => this.#groups.some((groups) => groups.hasSpilledGroups);
    this.persisted = new PersistedPartitions(task, { ...host, cleanups: this.#cleanups, endsWithTask });
    this.#space = { budget: host.gatherBytes, file, tick: () => pulse.tick(0) };
    const { persisted } = this;
    this.counts = new LineCounts(pulse, host.gatherBytes, persisted, host.exchange);
    const [chunks, pull] = [this.chunks.bind(this), this.pull.bind(this)];
    this.awaiting = new Awaiting({ ...this.#space, pulse, persisted, resolve: host.resolve, chunks, pull });
  }

  close(): void {
    for (const chunks of this.#open) this.#quietly(() => chunks.close());
    for (const cleanup of this.#cleanups.splice(0)) this.#quietly(cleanup);
  }

  /** The task has already ended: what the user's generator throws while it closes changes nothing. */
  #quietly(close: () => void): void {
    try {
      close();
    } catch {
      // Nobody waits for it.
    }
  }

  *values(split: Split & { kind: 'values' }): Generator<unknown[]> {
    yield decode(split.bytes, 'executor') as unknown[];
  }

  *textLines(split: Split, areStored = false): Generator<string[]> {
    for (const range of textRanges(split, this.#host.exchange)) yield* textLines(range, areStored);
  }

  *wholeFiles(split: Split & { kind: 'files' }): Generator<unknown[]> {
    for (const file of split.files) yield [[file.name ?? file.path, wholeText(withPieces(file, this.#host.exchange))]];
  }

  random(seed: number, split: Split): Random {
    return new Random(seed * 31 + split.index);
  }

  keyTable(): KeyTable {
    return new KeyTable();
  }

  /** The chunks of a sub-plan, pulled; gathered where they are persisted, else one element each if the user's iterables make them. */
  chunks(plan: Plan, split: Split, gathers = false): Generator<unknown[]> {
    const gathered = this.awaiting.gathered(plan, split);
    if (gathered) return gathered;
    // Sources that already give chunks need no copy.
    if (plan.op === 'text') return this.textLines(split, gathers);
    if (plan.op === 'table') return this.tables.rows(plan, split);
    if (plan.op === 'values') return this.values(split as Split & { kind: 'values' });
    if (plan.op === 'cached') return this.cached(plan, split);
    const branch = `${branchesOf(plan, split)}${gathers}`;
    const variants = this.#compiled.get(plan) ?? new Map<string, Compiled>();
    this.#compiled.set(plan, variants);
    const compiled = variants.get(branch) ?? compileChunks(plan, split, this.#host.sources, gathers);
    variants.set(branch, compiled);
    return this.run(compiled, split) as Generator<unknown[]>;
  }

  /** Calls compiled loops with the functions and nodes that they name. */
  run(compiled: Compiled, split: Split): unknown {
    return compiled.run(this, split, compiled.functions.map(this.#host.resolve), compiled.nodes);
  }

  firstPart(plan: Plan & { op: 'firstPart' }, split: Split): Generator<unknown[]> {
    const { updates } = this.#host;
    const tell = (share: number) => updates.accumulator(plan.shares, () => collecting(plan.shares)).add(share);
    return firstPart(plan, split, this.chunks(plan.input, split), tell);
  }

  *concat(plan: Plan, split: Split & { kind: 'node' }): Generator<unknown[]> {
    for (const input of split.inputs) yield* this.chunks(plan, input);
  }

  pull(plan: Plan, split: Split): ChunkIterator {
    const pulled = new ChunkIterator(this.#ticking(this.chunks(plan, split)));
    // The function need not read everything: close the files that are still open below.
    this.#cleanups.push(() => pulled.return());
    return pulled;
  }

  /** One iterator for each input. */
  pullAll(plan: Plan & { op: 'zipPartitions' }, split: Split): ChunkIterator[] {
    return plan.inputs.map((input, i) => this.pull(input, inputOf(split, i)));
  }

  *merge(plan: Plan & { op: 'merge' }, split: Split): Generator<unknown[]> {
    for (let i = 0; i < plan.inputs.length; i++) yield* this.chunks(plan.inputs[i], inputOf(split, i));
  }

  cartesian(plan: Plan & { op: 'cartesian' }, split: Split): Generator<unknown[]> {
    return cartesian(this.chunks(plan.inputs[0], inputOf(split)), this.chunks(plan.inputs[1], inputOf(split, 1)));
  }

  pipe(plan: Plan & { op: 'pipe' }, split: Split): Generator<string[]> {
    const piping = new Piping(plan.command, { startCommand: this.#host.startCommand, tick: () => this.pulse.tick(0) });
    this.#cleanups.push(() => piping.close());
    return piping.run(this.chunks(plan.input, split));
  }

  *objects(split: Split & { kind: 'files' }): Generator<unknown[]> {
    for (const file of split.files) {
      const { path, version } = file;
      checkVersion(path, undefined, version, false);
      yield* readObjects(withPieces(file, this.#host.exchange));
      checkVersion(path, undefined, version, false);
    }
  }

  /** Calls the compute function of a CustomRDD with its data and the parent partitions that it reads. */
  custom(f: Function, plan: Plan & { op: 'custom' }, split: Split & { kind: 'node' }): unknown {
    const [own, ...parents] = split.inputs;
    const [data, which] = customData(own);
    const inputs = parents.map((parent, i) => this.pull(plan.inputs[which[i]], parent));
    return f(data, inputs, split.index);
  }

  stateUpdate({ step, inputs }: Plan & { op: 'stateUpdate' }, split: Split): Generator<unknown[]> {
    const host = this.#stateHost(split, (i) => this.#ticking(this.chunks(inputs[i], inputOf(split, i))));
    return this.#unshared(updateState(step, host));
  }

  stateRead({ read, input }: Plan & { op: 'stateRead' }, split: Split): Generator<unknown[]> {
    const host = this.#stateHost(split, () => this.#ticking(this.chunks(input, split)));
    return this.#unshared(readState(read, host));
  }

  /** Rows of a state, which stays in memory as it is. */
  #unshared(rows: Generator<unknown[]>): Generator<unknown[]> {
    return this.#host.changes.emitted ? copiesOf(rows) : rows;
  }

  #stateHost({ index: partition }: Split, pull: StateHost['pull']): StateHost {
    const { state: store, folder, resolve, updates, store: persisted } = this.#host;
    const own = new VersionUpdates(updates, persisted.updates, partition);
    return { store, updates: own, folder, taskId: this.#task.taskId, partition, resolve, pull };
  }

  /** Compiled chunks tick at their source; arrays that are ready tick here. */
  *#ticking(chunks: Generator<unknown[]>): Generator<unknown[]> {
    for (const chunk of chunks) {
      this.pulse.tick(0);
      yield chunk;
    }
  }

  chunksOf(value: unknown, operation: string): Chunks {
    const make = value === null || value === undefined ? undefined : (value as Iterable<unknown>)[Symbol.iterator];
    if (typeof make !== 'function') {
      refusePromise(operation, value);
      throw new MillraceError('NOT_ITERABLE', { operation, value: showElement(value) });
    }
    const chunks = new Chunks(make.call(value), (ended) => this.#open.delete(ended));
    this.#open.add(chunks);
    return chunks;
  }

  /** Whether a predicate's answer that is neither true nor false holds. */
  holds(answer: unknown, operation: string): boolean {
    if (isThenable(answer)) promised(operation, answer);
    return Boolean(answer);
  }

  /** Ends the loops of a task whose time limit was reached. */
  endInTime(thrown: unknown): void {
    if (!(thrown instanceof TimeUp)) throw thrown;
  }

  cached(plan: Plan & { op: 'cached' }, split: Split): Generator<unknown[]> {
    const rows = this.persisted.rows(plan, split, () => this.chunks(plan.input, split, true));
    return this.#host.changes.rows ? copiesOf(rows) : rows;
  }

  /** The parts of a persisted partition as they are stored; values that functions may change as copies. */
  *cachedParts(plan: Plan & { op: 'cached' }, split: Split): Generator<StoredPart> {
    for (const part of this.persisted.parts(plan, split, () => this.chunks(plan.input, split, true)))
      if (this.#host.changes.rows && Array.isArray(part)) yield* copiesOf([part]);
      else yield part;
  }

  frames(split: Split): Generator<PairFrame> {
    return framesOf(this.#host, split, (bytes) => {
      this.bytesRead += bytes;
    });
  }

  /** A persisted partition of the engine as it is fed, or as a copy of it is held; functions that change rows get rows of their own. */
  readonly storedParts = (split: Split) => fedParts(this.#host.exchange, split, !this.#host.changes.rows);
  readonly stored = (split: Split) => rowsOfParts(this.storedParts(split));
  readonly storedRows = () => new FedRows(this.#host.exchange);

  /** Pairs by columns, from shuffle frames as they are or from rows. */
  *pairFrames(plan: Plan, split: Split, operation: string): Generator<PairFrame> {
    if (plan.op === 'shuffleRead') return yield* this.frames(split);
    for (const chunk of this.chunks(plan, split)) {
      const keys = new Array<unknown>(chunk.length);
      const values = new Array<unknown>(chunk.length);
      for (let i = 0; i < chunk.length; i++) {
        const pair = chunk[i];
        if (!Array.isArray(pair) || pair.length !== 2) notAPair(operation, pair);
        [keys[i], values[i]] = pair as [unknown, unknown];
      }
      yield { keys, values };
    }
  }

  *group(plan: Plan & { op: 'group' }, split: Split): Generator<unknown[]> {
    const groups = this.#newGroups(1);
    this.#fill(groups, 0, plan.input, split, 'groupByKey');
    yield* groups.rows();
  }

  *cogroup(plan: Plan & { op: 'cogroup' }, split: Split): Generator<unknown[]> {
    const groups = this.#newGroups(plan.inputs.length);
    plan.inputs.forEach((input, j) => {
      this.#fill(groups, j, input, inputOf(split, j), 'cogroup');
    });
    yield* groups.rows();
  }

  #newGroups(inputs: number): ExternalGroups {
    const groups = new ExternalGroups(this.#space, inputs);
    this.#groups.push(groups);
    return groups;
  }

  #fill(groups: ExternalGroups, input: number, plan: Plan, split: Split, operation: string): void {
    for (const { keys, values } of this.#tickingFrames(plan, split, operation)) groups.add(input, keys, values);
  }

  sort(plan: Plan & { op: 'sort' }, split: Split): Generator<unknown[]> {
    return sorted(this.#tickingFrames(plan.input, split, plan.name), plan.ascending, this.#space);
  }

  /** Combines by key and spills to disk; `merge` joins two combined values. */
  combiner(name: string, merge: (a: unknown, b: unknown) => unknown): ExternalCombine {
    return new ExternalCombine(this.#space, (a, b) => {
      try {
        return merge(a, b);
      } catch (thrown) {
        throw new StepFailure(thrown, name, showElement(b));
      }
    });
  }

  /** How many rows a map-side table takes until the next check of its size; 0 if it is full. */
  room(table: KeyTable, values: readonly unknown[]): number {
    return tableRoom(table, values, this.#space.budget);
  }

  /** The rows of a checkpoint, whose lineage was dropped. */
  checkpoint(split: Split & { kind: 'checkpoint' }): Generator<unknown[]> {
    return readCheckpoint(checkpointPath(this.#host.folder, split, split.index), this.#cleanups);
  }

  checkpointFile(sink: Sink & { kind: 'checkpoint' }): RowFile {
    const path = checkpointPath(this.#host.folder, sink, this.#task.partition);
    const file = new RowFile(new FrameFileWriter(path, this.#task.taskId));
    this.#cleanups.push(() => file.abandon());
    return file;
  }

  /** Streams the right side past the left one if that fits into memory: then no groups are made. */
  join(plan: Plan & { op: 'join' }, split: Split): Generator<unknown[]> {
    const [left, right] = plan.inputs.map((input, j) => this.#tickingFrames(input, inputOf(split, j), 'join'));
    const { budget } = this.#space;
    return joined(left, right, { left: plan.left, right: plan.right, budget, newGroups: () => this.#newGroups(2) });
  }

  *#tickingFrames(plan: Plan, split: Split, operation: string): Generator<PairFrame> {
    for (const frame of this.pairFrames(plan, split, operation)) {
      this.pulse.tick(frame.keys.length);
      yield frame;
    }
  }

  shuffleWriter(sink: Sink & { kind: 'shuffle' }): ShuffleWriter {
    const { budget } = this.#space;
    const partitioner = partitionerOf(sink.partitioner, this.#host.resolve, sink.operation);
    const output = bucketOutput(this.#host, sink, this.#task, partitioner.numPartitions, budget);
    const writer = new ShuffleWriter(output, partitioner, budget);
    this.#cleanups.push(() => writer.abandon());
    return writer;
  }

  readonly collectedRows = () => new CollectedRows(this.#task.maxResultBytes);

  savedPart(sink: Sink & { kind: 'save' }): SavedPart {
    const file = partOf(sink, this.#task, this.#host.exchange);
    this.#cleanups.push(() => file.close());
    return file;
  }

  /** Rethrows what a step threw, with its step and element. What the user did not cause passes unchanged. */
  fail(thrown: unknown, steps: readonly NamedStep[], at: number, element: unknown): never {
    if (isNoFaultOfStep(thrown) || at < 0) throw thrown;
    const step = steps[at];
    throw new StepFailure(thrown, step.name, element === noElement ? undefined : showElement(element), step);
  }
}
