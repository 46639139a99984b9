// The published streams of a server: each a window of batches, which stay when their publisher has ended.
import fs from 'node:fs';
import { MillraceError } from '../../../runtime/base/errors';
import type { JobCode } from '../../../runtime/plan/job';
import type {
  PublishedDataset,
  PublishedWindow,
  WindowBatch,
  WindowPublication,
} from '../../../runtime/plan/sharing/shared-datasets';
import { checkpointPath } from '../../../runtime/storage/frame-file';
import { maxWindows, windowLagMs } from '../../base/limits';
import { refuse } from '../../link/fields';
import type { PublishedTable, Publisher } from '../published-table';

interface Window {
  info: PublishedWindow;
  batches: WindowBatch[];
}

/** Who hears of changes. */
export interface WindowListener {
  /** The list has changed. */
  windows(): void;
  batch(window: number, batch: WindowBatch): void;
}

export class PublishedWindows {
  readonly #table: PublishedTable;
  /** Where the batches lie. */
  readonly #folder: string;
  readonly #listener: WindowListener;
  readonly #named = new Map<string, Window>();
  #lastId = 0;

  constructor(table: PublishedTable, folder: string, listener: WindowListener) {
    this.#table = table;
    this.#folder = folder;
    this.#listener = listener;
  }

  list(): PublishedWindow[] {
    return [...this.#named.values()].map(({ info }) => info);
  }

  /** All batches that can be read, by window, oldest first. */
  *batches(): Iterable<readonly [window: number, batch: WindowBatch]> {
    for (const { info, batches } of this.#named.values()) for (const batch of batches) yield [info.id, batch];
  }

  has(name: string): boolean {
    return this.#named.has(name);
  }

  /** Names a stream for a session; one of that name that has ended goes on. Throws NAME_IN_USE, NOT_THE_PUBLISHER or SESSION_FULL. */
  begin({ replace, ...what }: WindowPublication, publisher: Publisher): number {
    const { name, type } = what;
    const dataset = this.#table.list().find((one) => one.name === name);
    if (dataset) throw new MillraceError('NAME_IN_USE', { name, owner: dataset.owner });
    const before = this.#named.get(name);
    if (before && !before.info.hasEnded && !replace) throw new MillraceError('NAME_IN_USE', { name, owner: before.info.owner });
    if (before && !before.info.hasEnded) this.#checkPublisher('publish', before, publisher.number);
    if (!before && this.#named.size >= maxWindows)
      throw new MillraceError('SESSION_FULL', { what: `${this.#named.size} published streams`, limit: maxWindows });
    const goesOn = before !== undefined && !replace && before.info.type === type;
    if (before && !goesOn) this.#empty(before);
    const id = goesOn ? before.info.id : ++this.#lastId;
    const info = { ...what, id, owner: publisher.label, session: publisher.number, hasEnded: false };
    this.#named.set(name, { info, batches: goesOn ? before.batches : [] });
    this.#listener.windows();
    return id;
  }

  /** Publishes the last batch of a stream that an earlier server has kept: the stream has ended. */
  restore({ time, slide, last, rows }: Pick<PublishedWindow, 'slide' | 'last'> & WindowBatch): void {
    const { name, type, description, owner } = rows;
    const info = { name, type, description, owner, slide, last, id: ++this.#lastId, session: 0, hasEnded: true };
    this.#named.set(name, { info, batches: [{ time, rows }] });
  }

  /**
   * Adds a batch of the publisher; answers it, unless its window is gone or has it. Throws PROTOCOL for the window of another session, or
   * NOT_PUBLISHABLE or QUOTA_FULL.
   */
  add(
    id: number,
    { time, dataset, code }: { time: number; dataset: number; code: JobCode },
    publisher: Publisher,
  ): { readonly window: PublishedWindow; readonly batch: WindowBatch } | undefined {
    const window = this.#own(id, publisher.number);
    // It was replaced or taken back meanwhile, or was told before its publisher was restarted.
    if (!window || time <= (window.batches.at(-1)?.time ?? 0)) return undefined;
    const { name } = window.info;
    const what = { name, dataset, type: '', description: '', replace: false, code };
    const bytes = this.#bytesOf(dataset, publisher);
    this.#table.checkRoom({ name: '', dataset }, publisher, bytes);
    const rows: PublishedDataset = this.#table.hold(what, publisher, bytes);
    const batch = { time, rows };
    window.batches.push(batch);
    this.#listener.batch(id, batch);
    // Who has not heard of this batch yet may still begin to read the oldest one.
    const { last, slide } = window.info;
    const gone = window.batches.findIndex((one) => one.time > time - last - Math.max(2 * slide, windowLagMs));
    for (const { rows: old } of window.batches.splice(0, gone)) this.#table.letGo(old.dataset);
    return { window: window.info, batch };
  }

  /** Bytes of the files of a batch. */
  #bytesOf(dataset: number, publisher: Publisher): number {
    let bytes = 0;
    for (let i = publisher.node(dataset)?.partitions ?? 0; i-- > 0; )
      bytes += fs.statSync(checkpointPath(this.#folder, { rddId: dataset }, i), { throwIfNoEntry: false })?.size ?? 0;
    return bytes;
  }

  /** No more batches come from its publisher. Throws PROTOCOL for the window of another session. */
  end(id: number, session: number): void {
    const window = this.#own(id, session);
    if (!window || window.info.hasEnded) return;
    window.info = { ...window.info, hasEnded: true };
    this.#listener.windows();
  }

  /** A session is over. */
  leave(session: number): void {
    for (const { info } of [...this.#named.values()]) if (info.session === session) this.end(info.id, session);
  }

  /** Takes a name back. Throws NOT_THE_PUBLISHER. */
  remove(name: string, session: number): void {
    const window = this.#named.get(name);
    if (!window) return;
    if (!window.info.hasEnded) this.#checkPublisher('unpublish', window, session);
    this.#named.delete(name);
    this.#empty(window);
    this.#listener.windows();
  }

  #empty({ batches }: Window): void {
    for (const { rows } of batches.splice(0)) this.#table.letGo(rows.dataset);
  }

  #own(id: number, session: number): Window | undefined {
    if (id > this.#lastId) refuse(`window ${id} of ${this.#lastId}`);
    const window = [...this.#named.values()].find(({ info }) => info.id === id);
    if (window && window.info.session !== session) refuse(`window ${id} is not of this session`);
    return window;
  }

  #checkPublisher(operation: string, { info: { name, owner, session } }: Window, by: number): void {
    if (session !== by) throw new MillraceError('NOT_THE_PUBLISHER', { operation, name, owner });
  }
}
