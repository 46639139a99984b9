// The streams of a context: which outputs there are, which sources they read, and what each batch has to do.

import type { Time } from '../../base/duration';
import { MillraceError } from '../../base/errors';
import type { RDD } from '../../rdd/rdd';
import type { DStream } from './dstream';
import { InputDStream } from './input';
import type { Output } from './output';

/** One output's work on one batch: its dataset, or the error that making it raised. */
export interface Work {
  readonly output: Output;
  readonly rdd?: RDD<unknown>;
  readonly failure?: unknown;
}

/** `roots` and all their ancestors, parents before children. */
export function lineageOf(roots: Iterable<DStream<unknown>>): DStream<unknown>[] {
  const seen = new Set<DStream<unknown>>();
  const visit = (stream: DStream<unknown>) => {
    if (seen.has(stream)) return;
    for (const parent of stream.dependencies) visit(parent);
    seen.add(stream);
  };
  for (const root of roots) visit(root);
  return [...seen];
}

/** Throws STATE_NEEDS_CHECKPOINT for a stream with state if there is no checkpoint folder. */
export function checkStateFolders(streams: readonly DStream<unknown>[], folder: string | undefined): void {
  const folderless = streams.find((stream) => stream.needsCheckpoint);
  if (folderless && folder === undefined) throw new MillraceError('STATE_NEEDS_CHECKPOINT', { stream: folderless.toString() });
}

export class DStreamGraph {
  readonly #outputs = new Set<Output>();
  readonly #kept = new Set<DStream<unknown>>();
  readonly #names = new Map<string, WeakRef<DStream<unknown>>>();
  /** Cached until an output is added or removed: every tick asks several times. */
  #needed: { readonly streams: readonly DStream<unknown>[]; readonly inputs: readonly InputDStream<unknown>[] } | undefined;
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
    this.#needed = undefined;
    return this.#outputs.delete(output);
  }

  /** Makes a dataset of this stream for each batch even if no output asks for it: its past can be queried then. */
  keep(stream: DStream<unknown>): void {
    this.#needed = undefined;
    this.#kept.add(stream);
  }

  /** Every stream that an output or a query on the past needs, parents before children. */
  get streams(): readonly DStream<unknown>[] {
    return this.#walk().streams;
  }

  get inputs(): readonly InputDStream<unknown>[] {
    return this.#walk().inputs;
  }

  #walk(): { readonly streams: readonly DStream<unknown>[]; readonly inputs: readonly InputDStream<unknown>[] } {
    if (this.#needed) return this.#needed;
    const streams = lineageOf([...[...this.#outputs].map((o) => o.stream), ...this.#kept]);
    const inputs = streams.filter((s): s is InputDStream<unknown> => s instanceof InputDStream);
    this.#needed = { streams, inputs };
    return this.#needed;
  }

  /**
   * The work of the batch of `time`. Making datasets runs no job; an error fails its output only. `report` gets those of streams that no output
   * reads.
   */
  generate(time: Time, report: (stream: DStream<unknown>, error: unknown) => void): Work[] {
    for (const stream of this.#kept) {
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
    for (const stream of this.streams) stream.forgetBefore(time);
  }
}
