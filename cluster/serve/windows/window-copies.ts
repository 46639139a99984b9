// The published streams of a server as one of its sessions knows them.
import { MillraceError } from '../../../runtime/base/errors';
import type {
  PublishedDataset,
  PublishedWindow,
  SharedStreams,
  WindowBatch,
} from '../../../runtime/plan/sharing/shared-datasets';

/** Sends what the publisher of a stream says. */
export type WindowSender = Pick<SharedStreams, 'begin' | 'add' | 'end'>;

export class WindowCopies implements SharedStreams {
  readonly begin: SharedStreams['begin'];
  readonly add: SharedStreams['add'];
  readonly end: SharedStreams['end'];
  readonly #batches = new Map<number, WindowBatch[]>();
  readonly #listeners = new Set<() => void>();
  #windows: readonly PublishedWindow[] = [];

  constructor({ begin, add, end }: WindowSender) {
    this.begin = begin;
    this.add = add;
    this.end = end;
  }

  list(): readonly PublishedWindow[] {
    return this.#windows;
  }

  batches(window: number): readonly WindowBatch[] {
    return this.#batches.get(window) ?? [];
  }

  listen(changed: () => void): () => void {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  }

  // What the server tells.

  takeList(windows: readonly PublishedWindow[]): void {
    this.#windows = windows;
    const ids = new Set(windows.map(({ id }) => id));
    for (const id of this.#batches.keys()) if (!ids.has(id)) this.#batches.delete(id);
    this.#changed();
  }

  /** Throws PROTOCOL for a batch of no window. */
  takeBatch(window: number, time: number, [rows]: readonly PublishedDataset[]): void {
    const info = this.#windows.find(({ id }) => id === window);
    if (!info || !rows) throw new MillraceError('PROTOCOL', { reason: `a batch of window ${window}` });
    const batches = [...this.batches(window), { time, rows }];
    this.#batches.set(
      window,
      batches.filter((batch) => batch.time > time - info.last),
    );
    this.#changed();
  }

  /** There is no server any more. */
  lost(): void {
    this.#windows = this.#windows.map((window) => ({ ...window, hasEnded: true }));
    this.#changed();
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
