// What a task adds to accumulators: for itself, and for each persisted partition that it computes, which counts apart.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { AccumulatorUpdate, Computation } from '../plan/end';
import type { TaskAccumulator } from './task-accumulator';

/** The work on one persisted partition, or all other work of the task. */
class Work {
  readonly accumulators = new Map<string, TaskAccumulator>();
  /** What was added while partitions below were computed, if the driver may not know it. */
  readonly #below: AccumulatorUpdate[] = [];
  readonly #parts: Work[] = [];
  #isStored = false;

  /** Work on a partition that this work reads. */
  begin(): Work {
    const part = new Work();
    this.#parts.push(part);
    return part;
  }

  /** Notes what a partition carries that this work reads. */
  read(updates: readonly AccumulatorUpdate[]): void {
    for (const update of updates) this.#below.push(update);
  }

  /** What was added here, and where a partition below was not read to its end. */
  *added(block?: Computation): Generator<AccumulatorUpdate> {
    for (const { touched, id, value } of this.accumulators.values())
      if (touched) yield block ? { id, value, block } : { id, value };
    for (const part of this.#parts) if (!part.#isStored) yield* part.added(block);
  }

  *#carried(): Generator<AccumulatorUpdate> {
    yield* this.#below;
    for (const part of this.#parts) if (!part.#isStored) yield* part.#carried();
  }

  /** The partition is whole: what is stored with it, so that nothing is lost where a later task reads it in place of computing it. */
  end(block: Computation): AccumulatorUpdate[] {
    const updates = [...this.added(block), ...this.#carried()];
    this.#isStored = true;
    return updates;
  }

  /** This work and that on the partitions below. */
  *all(): Generator<Work> {
    yield this;
    for (const part of this.#parts) yield* part.all();
  }
}

/** The work of code that awaits something: it may go on while other work is done, and behind the end of its task. */
const works = new AsyncLocalStorage<Work>();
let isUsed = false;

const asynchronousWork = (): Work | undefined => (isUsed ? works.getStore() : undefined);

function inWork<T>(work: Work, run: () => T): T {
  isUsed = true;
  return works.run(work, run);
}

export class TaskUpdates {
  readonly #task = new Work();
  /** The work that runs now: partitions are computed a chunk at a time, by turns with what reads them. */
  #current = this.#task;

  get current(): Work {
    return asynchronousWork() ?? this.#current;
  }

  /** Runs the whole task, which awaits something, so that what its calls add belongs to it, and to no task after it. */
  asynchronously<T>(run: () => T): T {
    return inWork(this.#task, run);
  }

  /** Awaits a part of the task on behalf of `work`. */
  awaitedIn<T>(work: Work, run: () => T): T {
    return inWork(work, run);
  }

  /** The accumulator that code adds to which runs now. */
  accumulator(id: string, make: () => TaskAccumulator): TaskAccumulator {
    const { accumulators } = this.current;
    const accumulator = accumulators.get(id) ?? make();
    accumulators.set(id, accumulator);
    return accumulator;
  }

  /** What the whole task added so far. */
  value(id: string, make: () => TaskAccumulator): unknown {
    const parts = [...this.#task.all()].flatMap(({ accumulators }) => accumulators.get(id) ?? []);
    if (parts.length === 1) return parts[0].value;
    const sum = make();
    for (const part of parts) sum.merge(part);
    return sum.value;
  }

  /** Runs a part of the task: what is added meanwhile belongs to `work`. */
  inside<T>(work: Work, run: () => T): T {
    return this.#within(work, run);
  }

  /** Pulls the chunks of a partition: what is added meanwhile belongs to `work`. */
  *during(work: Work, chunks: Generator<unknown[]>): Generator<unknown[]> {
    try {
      for (let next = this.#within(work, () => chunks.next()); !next.done; next = this.#within(work, () => chunks.next()))
        yield next.value;
    } finally {
      this.#within(work, () => chunks.return(undefined));
    }
  }

  #within<T>(work: Work, run: () => T): T {
    if (asynchronousWork()) return inWork(work, run);
    const outer = this.#current;
    this.#current = work;
    try {
      return run();
    } finally {
      this.#current = outer;
    }
  }

  /** What counts with the task. */
  own(): AccumulatorUpdate[] {
    return [...this.#task.added()];
  }
}
