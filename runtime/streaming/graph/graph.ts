// The streams of a context: which outputs there are, which sources they read, and what each batch has to do.

import type { Time } from '../../base/duration';
import { MillraceError } from '../../base/errors';
import type { RDD } from '../../rdd/rdd';
import type { DStream } from './dstream';
import type { InputDStream } from './input';
import type { Output } from './output';
import { StatefulDStream } from './stateful';
import { inputsOf, lineageOf, noteReach } from './stream-lineage';

/** One output's work on one batch: its dataset, or the error that making it raised. */
export interface Work {
  readonly output: Output;
  readonly rdd?: RDD<unknown>;
  readonly failure?: unknown;
}

/**
 * Throws STATE_NEEDS_CHECKPOINT for a stream with state if there is no checkpoint folder, and WINDOW_NEEDS_CHECKPOINT for an incremental
 * window whose files would lie in a session's folder that executors do not see.
 */
export function checkStateFolders(streams: readonly DStream<unknown>[], folder: string | undefined): void {
  if (folder !== undefined) return;
  const folderless = streams.find((stream) => stream.needsCheckpoint);
  if (folderless) throw new MillraceError('STATE_NEEDS_CHECKPOINT', { stream: folderless.toString() });
  const apart = streams.find(
    (stream) => stream instanceof StatefulDStream && stream.host.sc.engine.status.sharesFolder === false,
  );
  if (apart) throw new MillraceError('WINDOW_NEEDS_CHECKPOINT', { stream: apart.toString(), operation: apart.operation });
}

/** The streams that batches are made of. */
interface Needed {
  readonly streams: readonly DStream<unknown>[];
  readonly inputs: readonly InputDStream<unknown>[];
  /** What must have a dataset in each batch: the streams of outputs, and those that are kept up to date without one. */
  readonly roots: readonly DStream<unknown>[];
}

export class DStreamGraph {
  readonly #outputs = new Set<Output>();
  readonly #kept = new Set<DStream<unknown>>();
  /** States and windows, whether an output needs them or not. */
  readonly #carrying = new Set<WeakRef<StatefulDStream<unknown>>>();
  /** Streams that were needed and are not any more; their past is dropped as it would have been. */
  readonly #retired = new Set<DStream<unknown>>();
  readonly #names = new Map<string, WeakRef<DStream<unknown>>>();
  /** Cached until an output is added or removed: every tick asks several times. */
  #needed: Needed | undefined;
  #nextId = 0;

  nextId(): number {
    return this.#nextId++;
  }

  claimName(name: string, stream: DStream<unknown>): void {
    const holder = this.#names.get(name)?.deref();
    if (holder && holder !== stream && this.streams.includes(holder)) throw new MillraceError('NAME_TAKEN', { name });
    this.#names.set(name, new WeakRef(stream));
  }

  get outputs(): readonly Output[] {
    return [...this.#outputs];
  }

  add(output: Output): void {
    this.#needed = undefined;
    this.#outputs.add(output);
  }

  remove(output: Output): boolean {
    const before = this.streams;
    this.#needed = undefined;
    const isGone = this.#outputs.delete(output);
    const after = new Set(this.streams);
    for (const stream of before) if (!after.has(stream)) this.#retired.add(stream);
    return isGone;
  }

  /** Registers a stream that carries something over from batch to batch. */
  carries(stream: StatefulDStream<unknown>): void {
    this.#carrying.add(new WeakRef(stream));
  }

  /** Makes a dataset of this stream for each batch even if no output asks for it: its past can be queried then. */
  keep(stream: DStream<unknown>): void {
    this.#needed = undefined;
    this.#kept.add(stream);
  }

  /** Makes the datasets again that queries on the past may ask for, after a restart: those of batches until `time`. */
  remake(time: Time): void {
    for (const stream of this.#kept) {
      try {
        stream.datasetsOf(time - stream.remembers, time);
      } catch {
        // A query fails with the same error.
      }
    }
  }

  /** Every stream that an output or a query on the past needs, and states that have begun; parents before children. */
  get streams(): readonly DStream<unknown>[] {
    return this.#walk().streams;
  }

  get inputs(): readonly InputDStream<unknown>[] {
    return this.#walk().inputs;
  }

  /** The states and windows among the streams, in the order in which the program made them. */
  get stateful(): readonly StatefulDStream<unknown>[] {
    const stateful = this.streams.filter((s): s is StatefulDStream<unknown> => s instanceof StatefulDStream);
    return stateful.sort((a, b) => a.id - b.id);
  }

  #walk(): Needed {
    if (this.#needed) return this.#needed;
    const roots = new Set([...[...this.#outputs].map((o) => o.stream), ...this.#kept]);
    let streams = lineageOf(roots);
    // A state that has begun misses no batch while something else reads its sources: its output may be added again.
    const begun = this.#alive().filter((stream) => stream.needsCheckpoint && stream.hasBegun);
    for (let grown = true; grown; ) {
      const read = new Set<unknown>(inputsOf(streams));
      const more = begun.filter((state) => !roots.has(state) && inputsOf(lineageOf([state])).some((input) => read.has(input)));
      grown = more.length > 0;
      for (const state of more) roots.add(state);
      streams = lineageOf(roots);
    }
    this.#needed = { streams, inputs: inputsOf(streams), roots: [...roots] };
    return this.#needed;
  }

  #alive(): StatefulDStream<unknown>[] {
    return [...this.#carrying].flatMap((ref) => {
      const stream = ref.deref();
      if (!stream) this.#carrying.delete(ref);
      return stream ?? [];
    });
  }

  /**
   * The work of the batch of `time`. Making datasets runs no job; an error fails its output only. `report` gets those of streams that no output
   * reads.
   */
  generate(time: Time, report: (stream: DStream<unknown>, error: unknown) => void): Work[] {
    for (const stream of this.#walk().roots) {
      try {
        stream.getOrCompute(time);
      } catch (error) {
        const isRead = lineageOf(this.outputs.map((output) => output.stream)).includes(stream);
        if (!isRead) report(stream, error);
      }
    }
    return this.outputs.flatMap((output): Work[] => {
      try {
        const rdd = output.stream.getOrCompute(time);
        return rdd ? [{ output, rdd }] : [];
      } catch (failure) {
        return [{ output, failure }];
      }
    });
  }

  /** The batch of `time` is done: drops what no later batch needs. */
  forgetBefore(time: Time): void {
    const { streams } = this;
    const needed = new Set(streams);
    const reach = this.#reachOfIdle(needed);
    for (const stream of new Set([...streams, ...this.#retired])) {
      stream.keeps = reach.get(stream) ?? 0;
      stream.forgetBefore(time);
    }
    for (const stream of this.#retired) if (needed.has(stream) || stream.isForgotten) this.#retired.delete(stream);
  }

  /** How long streams must hold their past so that windows without an output have theirs when they get one. */
  #reachOfIdle(needed: ReadonlySet<DStream<unknown>>): Map<DStream<unknown>, number> {
    const reach = new Map<DStream<unknown>, number>();
    for (const stream of this.#alive()) {
      const length = needed.has(stream) ? undefined : stream.reachOfWindow;
      if (length === undefined) continue;
      for (const parent of stream.dependencies) noteReach(parent, stream.remembers + length, reach);
    }
    return reach;
  }
}
