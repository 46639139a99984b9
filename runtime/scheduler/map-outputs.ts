// Which map outputs of which shuffles are there, and what was derived from them.
import type { MapOutput } from '../plan/end';

export class OutputTracker {
  readonly #shuffles = new Map<number, (MapOutput | undefined)[]>();
  readonly #missing = new Map<number, number>();
  /** Shuffles that tasks have begun to read. */
  readonly #consumed = new Set<number>();
  /** The shuffles that are written by stages that read a shuffle. */
  readonly #derived = new Map<number, Set<number>>();
  /** The persisted datasets that stages make of a shuffle. */
  readonly #kept = new Map<number, Set<number>>();
  /** How often outputs were taken back, one or all. */
  readonly #losses = new Map<number, number>();
  /** How often all outputs were taken back. */
  readonly #generations = new Map<number, number>();

  /** Declares a shuffle of so many map tasks; known ones stay as they are. */
  declare(shuffleId: number, maps: number): void {
    if (this.#shuffles.has(shuffleId)) return;
    this.#shuffles.set(
      shuffleId,
      Array.from({ length: maps }, () => undefined),
    );
    this.#missing.set(shuffleId, maps);
  }

  /** Keeps an output. The first of several stays: readers of one shuffle must see the same rows. */
  add(output: MapOutput): void {
    const outputs = this.#shuffles.get(output.shuffleId);
    if (!outputs || outputs[output.mapIndex] !== undefined) return;
    this.#missing.set(output.shuffleId, this.#missing.get(output.shuffleId)! - 1);
    outputs[output.mapIndex] = output;
  }

  /** Whether it is declared, and not forgotten. */
  isKnown(shuffleId: number): boolean {
    return this.#shuffles.has(shuffleId);
  }

  /** A task that reads the shuffle begins. */
  consume(shuffleId: number): void {
    if (this.complete(shuffleId)) this.#consumed.add(shuffleId);
  }

  isConsumed(shuffleId: number): boolean {
    return this.#consumed.has(shuffleId);
  }

  /** A stage reads the shuffle `from` and writes `to`. */
  derive(from: number, to: number): void {
    this.#derived.set(from, (this.#derived.get(from) ?? new Set()).add(to));
  }

  /** A stage persists a dataset that it makes from the shuffle. */
  keep(shuffleId: number, rddId: number): void {
    this.#kept.set(shuffleId, (this.#kept.get(shuffleId) ?? new Set()).add(rddId));
  }

  keptOf(shuffleId: number): ReadonlySet<number> {
    return this.#kept.get(shuffleId) ?? new Set();
  }

  losses(shuffleId: number): number {
    return this.#losses.get(shuffleId) ?? 0;
  }

  generation(shuffleId: number): number {
    return this.#generations.get(shuffleId) ?? 0;
  }

  derivedOf(shuffleId: number): ReadonlySet<number> {
    return this.#derived.get(shuffleId) ?? new Set();
  }

  /** Takes all outputs of a shuffle back. */
  removeAll(shuffleId: number): void {
    const outputs = this.#shuffles.get(shuffleId);
    if (!outputs) return;
    outputs.fill(undefined);
    this.#missing.set(shuffleId, outputs.length);
    this.#consumed.delete(shuffleId);
    this.#losses.set(shuffleId, this.losses(shuffleId) + 1);
    this.#generations.set(shuffleId, this.generation(shuffleId) + 1);
  }

  /** Invalidates an output, if it still is that of the task `writer`. */
  remove(shuffleId: number, mapIndex: number, writer: number): void {
    const outputs = this.#shuffles.get(shuffleId);
    if (outputs?.[mapIndex]?.writer !== writer) return;
    outputs[mapIndex] = undefined;
    this.#losses.set(shuffleId, this.losses(shuffleId) + 1);
    this.#missing.set(shuffleId, this.#missing.get(shuffleId)! + 1);
  }

  /** Takes back all outputs of an executor whose files went with it. */
  removeExecutor(executorId: string): void {
    for (const outputs of this.#shuffles.values()) {
      for (const output of outputs)
        if (output?.executorId === executorId) this.remove(output.shuffleId, output.mapIndex, output.writer);
    }
  }

  complete(shuffleId: number): boolean {
    return this.#missing.get(shuffleId) === 0;
  }

  missing(shuffleId: number): number[] {
    const outputs = this.#shuffles.get(shuffleId) ?? [];
    return outputs.flatMap((output, i) => (output === undefined ? [i] : []));
  }

  /** The outputs in the order of the map tasks, those that are there. */
  of(shuffleId: number): readonly MapOutput[] {
    return (this.#shuffles.get(shuffleId) ?? []).filter((o): o is MapOutput => o !== undefined);
  }

  forget(shuffleId: number): void {
    this.#shuffles.delete(shuffleId);
    this.#missing.delete(shuffleId);
    this.#consumed.delete(shuffleId);
    this.#derived.delete(shuffleId);
    this.#kept.delete(shuffleId);
    this.#losses.delete(shuffleId);
    this.#generations.delete(shuffleId);
  }

  check(): void {
    for (const [shuffleId, outputs] of this.#shuffles) {
      const missing = outputs.filter((o) => o === undefined).length;
      if (missing !== this.#missing.get(shuffleId))
        throw new Error(`shuffle ${shuffleId} misses ${missing}, not ${this.#missing.get(shuffleId)}`);
    }
  }
}
