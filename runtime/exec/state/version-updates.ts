// What is added to accumulators while a version of a state is made: stored with its file, and told once, whichever try made it.
import type { AccumulatorUpdate } from '../../plan/end';
import { computationsOf, type StatePlace } from '../../plan/state-spec';
import type { BlockUpdates } from '../../storage/block-updates';
import { decode, encode } from '../../wire/codec';
import type { TaskUpdates } from '../task-updates';

/** Ends the work on a version: what was added, as its file keeps it; undefined where that is nothing. */
export type EndOfWork = () => Uint8Array | undefined;

export class VersionUpdates {
  readonly #updates: TaskUpdates;
  readonly #told: BlockUpdates;
  readonly #partition: number;

  constructor(updates: TaskUpdates, told: BlockUpdates, partition: number) {
    this.#updates = updates;
    this.#told = told;
    this.#partition = partition;
  }

  /** Runs `make`, which calls the user's functions, then `added`, and writes what that answers with the file of the version. */
  making<R>({ id }: StatePlace, version: number, make: (added: EndOfWork) => R): R {
    const reader = this.#updates.current;
    const work = reader.begin();
    const added: EndOfWork = () => {
      const list = work.end({ rddId: computationsOf(id), partition: this.#partition, within: `version ${version}` });
      this.#tell(list);
      return list.length > 0 ? encode(list) : undefined;
    };
    return this.#updates.inside(work, () => make(added));
  }

  /** An earlier try has made the version: its task may not have told what was added. */
  found(stored: Uint8Array | undefined): void {
    if (stored) this.#tell(decode(stored, 'executor') as AccumulatorUpdate[]);
  }

  #tell(list: readonly AccumulatorUpdate[]): void {
    this.#updates.current.read(this.#told.note(list));
  }
}
