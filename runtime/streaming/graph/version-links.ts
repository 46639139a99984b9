// The versions of a stream's state that can still be read: which follows which, and which batches failed for good.
import type { Time } from '../../base/duration';
import { MillraceError } from '../../base/errors';

/** How a version is made. */
export interface Link {
  /** The version that it is made from; undefined at the start. */
  readonly previous: Time | undefined;
  /** Of a window: the first of the batches before it without a gap. */
  readonly first: Time;
}

/** A version with what it is made from, for a checkpoint. */
export type SavedLink = readonly [version: Time, previous: Time | null, first: Time];

/** A function that undoes nothing gives no window, whatever leaves it; another program may have mended it. */
const isFinal = (error: Error) => error instanceof MillraceError && error.code === 'NOT_INVERSE';

export class Versions {
  readonly #links = new Map<Time, Link>();
  readonly #failed = new Map<Time, Error>();
  readonly #isWindow: boolean;
  #newest: Time | undefined;

  constructor(isWindow: boolean) {
    this.#isWindow = isWindow;
  }

  /** The last version that was asked for. */
  get newest(): Time | undefined {
    return this.#newest;
  }

  /** The oldest version that may be read. */
  get oldest(): Time {
    return Math.min(...this.#links.keys());
  }

  link(version: Time): Link | undefined {
    return this.#links.get(version);
  }

  /** A new version, the next one. `first` is that of the version before, unless there is a gap. */
  add(version: Time, first?: Time): void {
    const before = this.#newest;
    this.#newest = version;
    const link = before === undefined ? undefined : this.#links.get(before);
    // A window after a gap has nothing of what was before it.
    if (before === undefined || (this.#isWindow && first !== undefined)) {
      this.#links.set(version, { previous: undefined, first: first ?? version });
      return;
    }
    const skipped = !this.#isWindow && this.#failed.has(before);
    this.#links.set(version, { previous: skipped ? link?.previous : before, first: link?.first ?? version });
  }

  /** The batch of a version failed for good. Windows without it go on; a state goes on from the version before. */
  fail(version: Time, error: Error): void {
    this.#failed.set(version, error);
    if (this.#isWindow) return;
    const previous = this.#links.get(version)?.previous;
    for (const [at, link] of this.#links) if (link.previous === version) this.#links.set(at, { ...link, previous });
  }

  failure(version: Time): Error | undefined {
    return this.#failed.get(version);
  }

  /** Why the window of `length` that ends with `version` has no value: the failure of a batch in it before the last. */
  failureIn(version: Time, length: number): Error | undefined {
    for (const [at, error] of this.#failed) {
      if (at < version && (at > version - length || isFinal(error))) return error;
    }
    return undefined;
  }

  /** Drops versions until `time`, and failures until `failuresTo`. The newest stays. */
  forget(time: Time, failuresTo: Time): void {
    for (const at of this.#links.keys()) if (at <= time && at !== this.#newest) this.#links.delete(at);
    for (const [at, error] of this.#failed) {
      if (at <= failuresTo && !isFinal(error) && !this.#links.has(at)) this.#failed.delete(at);
    }
  }

  /** The versions until `time`, and what of them failed, as plain data. */
  saved(time: Time): { readonly past: SavedLink[]; readonly failed: (readonly [Time, string])[] } {
    const past = [...this.#links].filter(([at]) => at <= time).sort(([a], [b]) => a - b);
    const failed = [...this.#failed].filter(([at, error]) => at <= time && !isFinal(error));
    return {
      past: past.map(([at, { previous, first }]) => [at, previous ?? null, first]),
      failed: failed.map(([at, { message }]) => [at, message]),
    };
  }

  /** Goes on from `version`, which needs no link to be gone on from. */
  restore(version: Time, first: Time, past: readonly SavedLink[], failed: ReadonlyMap<Time, Error>): void {
    this.#newest = version;
    this.#links.set(version, { previous: undefined, first });
    for (const [at, previous, first] of past) this.#links.set(at, { previous: previous ?? undefined, first });
    for (const [at, error] of failed) this.#failed.set(at, error);
  }
}
