// Datasets as Spark gets them: one for each shuffle, each persisted dataset and each job, cut where another one begins.
//
// A program runs from what it is fed (`stored`, `shuffleRead`) or reads by itself, to its sink. What it is fed are partitions of other
// definitions, so that Spark knows the lineage: it computes what is missing, skips what is there, and recomputes what was lost.

import { MillraceError } from '../../runtime/base/errors';
import { partSuffix } from '../../runtime/exec/files/saved-part';
import { encodeSplit } from '../../runtime/plan/encode';
import type { JobCode } from '../../runtime/plan/job';
import type { FunctionNode, ShuffleNode } from '../../runtime/plan/node';
import type { Sink, Split } from '../../runtime/plan/program';
import type { LevelFlags } from '../../runtime/plan/storage-level';
import type { NodeView } from '../../runtime/planner/node-table';
import { programOf, type StageSource } from '../../runtime/planner/program';
import { codeOf, type UserCode } from '../../runtime/planner/session-code';
import type { StageSteps } from '../../runtime/planner/stage-steps';
import { SplitMaker } from '../../runtime/planner/task-inputs';
import { checkpointFolder } from '../../runtime/storage/frame-file';
import type { DriverLink } from './driver-link';
import { hadoopPath } from './files/hadoop-files';
import type { SessionFile, SessionFiles } from './files/session-files';

/** A stage whose tasks must all run at the same time. */
export interface BarrierStage {
  readonly title: string;
  readonly partitions: number;
}

/** A definition that Spark has. */
export interface Definition {
  /** Its number between session and Spark. */
  readonly key: number;
  readonly dataset: number;
  /** The shuffle that it writes, if it writes one. */
  readonly shuffleId?: number;
  /** Its persisted dataset is this one. */
  readonly isStored: boolean;
  readonly title: string;
  readonly programId: string;
  /** What errors of its tasks are about. */
  readonly steps: StageSteps;
  /** All of its tasks run at the same time. */
  readonly isBarrier: boolean;
  /** The widest stage of that kind in it and what feeds it. */
  readonly widest?: BarrierStage;
  /** A file of each task for the session's folder is part of its answer: the checkpoint of this dataset. */
  readonly leaves?: number;
  readonly blobs: readonly string[];
}

/** What ends a definition. */
type End =
  | {
      readonly kind: 'answer';
      readonly sink: Sink;
      readonly functions: readonly FunctionNode[];
      readonly partitions: readonly number[];
      readonly within: string;
    }
  | { readonly kind: 'shuffle'; readonly writes: ShuffleNode }
  | { readonly kind: 'store'; readonly level: LevelFlags };

const kinds = { answer: 0, shuffle: 1, store: 2 } as const;

const nothing: LevelFlags = { useMemory: false, useDisk: false, serialized: true, replication: 1 };

/** What belongs to one job: the datasets as it sees them, and the user's code. */
interface Within {
  readonly view: NodeView;
  readonly code: UserCode;
}

/** What definitions are made with. */
export interface DefinitionSources {
  readonly link: DriverLink;
  readonly blob: (id: string) => Uint8Array;
  /** The session's files; undefined where tasks see its folder. */
  readonly files: SessionFiles | undefined;
  /** The tasks that can run at once, where this cannot change: else any number. */
  readonly slots: number;
  /** Where a partition of a persisted dataset is, as Spark names places. */
  readonly placesOf: (dataset: number, partition: number) => readonly string[];
}

export class Definitions {
  readonly #link: DriverLink;
  readonly #blob: (id: string) => Uint8Array;
  readonly #files: SessionFiles | undefined;
  readonly #slots: number;
  readonly #placesOf: DefinitionSources['placesOf'];
  /** Numbers of datasets and states as Spark has them: sessions of a server have numbers beyond its 32 bits. */
  readonly #numbers = new SmallNumbers();
  /** By shuffle and by persisted dataset. */
  readonly #shuffles = new Map<number, Definition>();
  readonly #stored = new Map<number, Definition>();
  readonly #byKey = new Map<number, Definition>();
  readonly #byProgram = new Map<string, Definition>();
  /** Blobs of the user's code, which the session makes when they are asked for. */
  readonly #made = new Map<string, Uint8Array>();
  #nextKey = 0;

  constructor({ link, blob, files, slots, placesOf }: DefinitionSources) {
    this.#link = link;
    this.#slots = slots;
    this.#files = files;
    this.#placesOf = placesOf;
    this.#blob = (id) => this.#made.get(id) ?? blob(id);
  }

  /** Defines the dataset of a job, and what it is made of as far as Spark does not know it. `code` is that of the job, if it brings any. */
  job(root: number, end: Omit<End & { kind: 'answer' }, 'kind'>, view: NodeView, code?: JobCode): Definition {
    const used = codeOf({ code }, (id, bytes) => this.#made.set(id, bytes));
    return this.#define(root, { kind: 'answer', ...end }, { view, code: used });
  }

  /** The dataset that Spark knows by a number. */
  datasetOf(number: number): number {
    return this.#numbers.back(number);
  }

  of(key: number): Definition | undefined {
    return this.#byKey.get(key);
  }

  ofProgram(id: string): Definition | undefined {
    return this.#byProgram.get(id);
  }

  /** The blobs that all tasks of a job need beside those of their programs. */
  needs(ids: readonly string[]): void {
    for (const id of ids) this.#link.provide(id, () => this.#blob(id));
  }

  drop(definition: Definition): void {
    const { key, programId, shuffleId, isStored, dataset, blobs } = definition;
    this.#byKey.delete(key);
    if (this.#byProgram.get(programId) === definition) this.#byProgram.delete(programId);
    if (shuffleId !== undefined) this.#shuffles.delete(shuffleId);
    if (isStored && this.#stored.delete(dataset)) this.#numbers.forget(dataset);
    this.#link.drop(key);
    for (const id of blobs) this.#link.release(id);
  }

  /** The session needs a shuffle no longer. */
  dropShuffle(id: number): void {
    const definition = this.#shuffles.get(id);
    if (definition) this.drop(definition);
  }

  /** The state of a stream is gone. */
  dropState(id: number): void {
    this.#numbers.forget(id);
  }

  dropStored(dataset: number): void {
    const definition = this.#stored.get(dataset);
    if (definition) this.drop(definition);
  }

  #shuffle(writes: ShuffleNode, within: Within): Definition {
    return this.#shuffles.get(writes.shuffleId) ?? this.#define(writes.dataset, { kind: 'shuffle', writes }, within);
  }

  #persisted(dataset: number, within: Within): Definition {
    const known = this.#stored.get(dataset);
    return known ?? this.#define(dataset, { kind: 'store', level: within.view.node(dataset).persistence!.level }, within);
  }

  #define(dataset: number, end: End, job: Within): Definition {
    const { view, code } = job;
    const within = end.kind === 'store' ? dataset : undefined;
    const { barrier: isBarrier, indeterminate } = view.facts(dataset);
    const parents = this.#parentsOf(dataset, within, job);
    const node = view.node(dataset);
    const title = node.name ?? node.operation;
    const wanted = end.kind === 'answer' ? end.partitions : Array.from({ length: node.partitions }, (_, i) => i);
    const barriers = [...parents.values()].flatMap((parent) => parent.widest ?? []);
    if (isBarrier) barriers.push({ title, partitions: wanted.length });
    const widest = barriers.sort((a, b) => b.partitions - a.partitions).at(0);
    if (widest && widest.partitions > this.#slots) throw tooWide(widest, this.#slots);
    const program = programOf(sourceOf(dataset, end), view, { blob: this.#blob, modules: code.modules });
    for (const { id, bytes } of program.parts) this.#made.set(id, bytes);
    const blobs = [...program.needs.slice(1), ...code.classes()];
    this.needs(blobs);
    for (const id of blobs) this.#link.retain(id);
    for (const { id } of program.parts) this.#made.delete(id);
    const shuffleId = end.kind === 'shuffle' ? end.writes.shuffleId : undefined;
    const level = end.kind === 'store' ? end.level : nothing;
    const leaves = this.#files && leftBy(end);
    const saved = savedBy(end);
    const key = this.#nextKey++;
    const message = this.#link
      .define()
      .int(key)
      .byte(kinds[end.kind])
      .text(title)
      .text(end.kind === 'answer' ? end.within : shuffleId === undefined ? '' : `shuffle ${shuffleId}`)
      .int(end.kind === 'store' ? this.#numbers.of(dataset) : -1)
      .flag(indeterminate)
      .flag(isBarrier)
      .int(this.#numbers.of(stateIn(dataset, within, view)))
      .text(leaves === undefined ? '' : checkpointFolder('', { rddId: leaves }))
      .flag(saved !== undefined);
    if (saved) message.text(hadoopPath(saved.folder)).text(saved.jobTag).text(partSuffix(saved.format));
    message
      .int(end.kind === 'shuffle' ? end.writes.partitioner.partitions : 0)
      .flag(level.useDisk)
      .flag(level.useMemory)
      .flag(!level.serialized)
      .int(level.replication)
      .text(program.id)
      .bytes(program.bytes)
      .texts(blobs)
      .ints([...parents.values()].map((parent) => parent.key))
      .int(wanted.length);
    const slots = new Map([...parents.keys()].map((name, slot) => [name, slot]));
    for (const partition of wanted) {
      const [from, read]: [number[], number[]] = [[], []];
      const feed = (name: string, index: number): Split => {
        from.push(slots.get(name)!);
        read.push(index);
        return { kind: 'feed', index, feed: from.length - 1 };
      };
      const splits = new SplitMaker(
        view,
        {
          shuffle: (id, index) => feed(shuffleName(id), index),
          stored: (id, index) => feed(storedName(id), index),
          blob: this.#blob,
        },
        within,
      );
      const split = splits.split(dataset, partition);
      const files = this.#filesOf(split, blobs);
      message
        .int(partition)
        .bytes(encodeSplit(split))
        .ints(from)
        .ints(read)
        .texts(files.map(({ name }) => name))
        .texts(files.map(({ blob }) => blob))
        .texts(node.locations?.[partition] ?? (node.besides === undefined ? [] : this.#placesOf(node.besides, partition)));
    }
    this.#link.send(message);
    const definition: Definition = {
      key,
      dataset,
      shuffleId,
      isStored: end.kind === 'store',
      title,
      programId: program.id,
      steps: program.steps,
      isBarrier,
      widest,
      leaves,
      blobs,
    };
    this.#byKey.set(key, definition);
    this.#byProgram.set(program.id, definition);
    if (shuffleId !== undefined) this.#shuffles.set(shuffleId, definition);
    if (end.kind === 'store') this.#stored.set(dataset, definition);
    return definition;
  }

  /** The session's files that a split reads: Spark gets them, and `blobs` names them too. */
  #filesOf(split: Split, blobs: string[]): readonly SessionFile[] {
    const files = this.#files?.of(split) ?? [];
    for (const { blob, bytes } of files) {
      this.#link.provide(blob, bytes);
      this.#link.retain(blob);
      blobs.push(blob);
    }
    return files;
  }

  /** The definitions that feed one, by name; those that Spark does not have are defined. */
  #parentsOf(dataset: number, within: number | undefined, job: Within): Map<string, Definition> {
    const { view } = job;
    const parents = new Map<string, Definition>();
    const seen = new Set([dataset]);
    for (const id of seen) {
      const node = view.node(id);
      if (id !== within && view.isCut(node)) {
        parents.set(storedName(id), this.#persisted(id, job));
        continue;
      }
      for (const dependency of node.dependencies) {
        if (dependency.kind === 'narrow') seen.add(dependency.dataset);
        else parents.set(shuffleName(dependency.shuffleId), this.#shuffle(dependency, job));
      }
    }
    return parents;
  }
}

export const tooWide = ({ title, partitions }: BarrierStage, slots: number): MillraceError =>
  new MillraceError('BARRIER_TOO_WIDE', { stage: title, asked: partitions, slots });

/** The checkpoint that the tasks of a job write into the session's folder. */
const leftBy = (end: End): number | undefined =>
  end.kind === 'answer' && end.sink.kind === 'checkpoint' && end.sink.folder === undefined ? end.sink.rddId : undefined;

/** What the tasks of a job save through Hadoop. */
const savedBy = (end: End): (Sink & { readonly kind: 'save' }) | undefined =>
  end.kind === 'answer' && end.sink.kind === 'save' && end.sink.byEngine ? end.sink : undefined;

/** The state of a stream whose tables the tasks of a definition hold; -1 where there is none. */
function stateIn(dataset: number, within: number | undefined, view: NodeView): number {
  const seen = new Set([dataset]);
  for (const id of seen) {
    const node = view.node(id);
    if (id !== within && view.isCut(node)) continue;
    const { fragment, dependencies } = node;
    if (fragment.op === 'stateUpdate') return fragment.step.place.id;
    if (fragment.op === 'stateRead') return fragment.read.place.id;
    for (const { kind, dataset: parent } of dependencies) if (kind === 'narrow') seen.add(parent);
  }
  return -1;
}

const shuffleName = (id: number): string => `shuffle ${id}`;
const storedName = (id: number): string => `stored ${id}`;

function sourceOf(dataset: number, end: End): StageSource {
  switch (end.kind) {
    case 'answer':
      return { dataset, sink: end.sink, functions: end.functions };
    case 'store':
      return { dataset, sink: { kind: 'store' }, functions: [] };
    case 'shuffle': {
      const { shuffleId, partitioner, operation, combine, functions } = end.writes;
      return { dataset, sink: { kind: 'shuffle', shuffleId, partitioner, operation, combine }, functions, writes: end.writes };
    }
  }
}

const largestNumber = 2 ** 31 - 1;
/** Numbers below this stand for themselves. */
const firstSmall = 2 ** 30;

/** Numbers of 32 bits for larger ones: Spark's part counts datasets and states in those, sessions of a server beyond. */
class SmallNumbers {
  readonly #small = new Map<number, number>();
  readonly #large = new Map<number, number>();
  #next = firstSmall;

  /** The small number of any number; that of a small one is itself. */
  of(number: number): number {
    if (number < firstSmall) return number;
    const known = this.#small.get(number);
    if (known !== undefined) return known;
    const small = this.#next;
    this.#next = small === largestNumber ? firstSmall : small + 1;
    // After a billion of them the oldest is long gone.
    const old = this.#large.get(small);
    if (old !== undefined) this.#small.delete(old);
    this.#small.set(number, small);
    this.#large.set(small, number);
    return small;
  }

  /** The number that a small one stands for. */
  back(small: number): number {
    return this.#large.get(small) ?? small;
  }

  /** Nobody uses a number any more. */
  forget(number: number): void {
    const small = this.#small.get(number);
    if (small === undefined) return;
    this.#small.delete(number);
    this.#large.delete(small);
  }
}
