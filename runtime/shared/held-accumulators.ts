// The accumulators of a session by their ids, as long as somebody holds them.

/** What the updates of an accumulator are merged into. */
export interface Merging {
  readonly id: string;
  mergeUpdate(value: unknown): void;
}

export class AccumulatorTable {
  readonly #accumulators = new Map<string, WeakRef<Merging>>();
  readonly #forgotten = new FinalizationRegistry<string>((id) => this.#accumulators.delete(id));

  add(accumulator: Merging): void {
    this.#accumulators.set(accumulator.id, new WeakRef(accumulator));
    this.#forgotten.register(accumulator, accumulator.id);
  }

  merge(updates: readonly { readonly id: string; readonly value: unknown }[]): void {
    for (const { id, value } of updates) this.#accumulators.get(id)?.deref()?.mergeUpdate(value);
  }
}
