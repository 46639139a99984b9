// The published datasets of a server: each holds its lineage, the persisted rows and the blobs that it is computed from.
//
// A dataset stays as long as it has a name, a session uses it, or a published dataset is made of it. Until then what its publisher releases
// is held back here; afterwards everything goes that the publisher no longer has itself.
import { MillraceError } from '../../runtime/base/errors';
import type { Engine, Release } from '../../runtime/plan/engine';
import type { JobCode } from '../../runtime/plan/job';
import type { DatasetNode } from '../../runtime/plan/node';
import type { Sink } from '../../runtime/plan/program';
import type { PublicationWithCode, PublishedDataset, PublishedUse } from '../../runtime/plan/sharing/shared-datasets';
import type { LevelFlags } from '../../runtime/plan/storage-level';
import type { EngineStatus } from '../../runtime/scheduler/loop';
import { maxPublished } from '../base/limits';
import { blobsOfNode } from './held-blobs';
import type { ServerBlobs } from './server-blobs';
import { sessionOf } from './session/own-ids';
import { overQuota } from './session/quotas';

type Held = Exclude<Release['kind'], 'blob' | 'state'>;

/** What a published dataset keeps for itself. */
interface Entry {
  readonly info: PublishedDataset;
  /** The dataset as its publisher has defined it. */
  readonly node?: DatasetNode;
  readonly code: JobCode;
  /** What is released with it, by kind. */
  readonly held: readonly (readonly [kind: Held, id: number])[];
  /** Published datasets that it is made of. */
  readonly below: readonly Entry[];
  /** Bytes of its files, where it is a batch of a stream. */
  readonly bytes: number;
  /** How often each session uses it. */
  readonly users: Map<number, number>;
  readonly owner: string;
  isNamed: boolean;
  /** Published datasets that are made of it. */
  above: number;
}

/** A publisher, as the table needs it. */
export interface Publisher {
  readonly number: number;
  readonly label: string;
  /** A dataset that it has defined. */
  node(id: number): DatasetNode | undefined;
}

/** How a dataset is written before it is published. */
export interface Writing {
  /** Writes its partitions, by a job of its session. */
  write(what: PublicationWithCode, sink: Sink): Promise<void>;
  /** Aborts with a reason where it is not to be published any more. */
  readonly signal: AbortSignal;
}

export interface PublishedSources {
  readonly engine: () => Engine<EngineStatus>;
  readonly blobs: () => ServerBlobs;
  /** Whether the session that made it still has it. */
  isOwned(kind: Held, id: number): boolean;
  isAttached(session: number): boolean;
  /** The name of a session. */
  labelOf(session: number): string;
  now(): number;
  /** Nobody names or uses a dataset any more. */
  settled(dataset: number): void;
  /** Bytes that one session may publish. */
  readonly mostBytes: number;
}

/** The level of rows that a checkpoint has written: they are not persisted besides. */
const inFiles: LevelFlags = { useMemory: false, useDisk: false, serialized: false, replication: 1 };

/** Published rows make room after those of sessions, and before the states of streams. */
export const publishedPriority = 500_000;

const keyOf = (kind: string, id: number): string => `${kind} ${id}`;

export class PublishedTable {
  readonly #sources: PublishedSources;
  readonly #named = new Map<string, Entry>();
  /** All that are still there, by the number of the dataset. */
  readonly #entries = new Map<number, Entry>();
  /** How many entries hold each dataset, shuffle and so on. */
  readonly #holders = new Map<string, number>();
  #published = 0;

  constructor(sources: PublishedSources) {
    this.#sources = sources;
  }

  list(): PublishedDataset[] {
    return [...this.#named.values()].map(({ info }) => info);
  }

  uses(): PublishedUse[] {
    const { status } = this.#sources.engine();
    return [...this.#named.values()].map(({ info: { name, dataset }, users }) => {
      const { partitions: stored, bytes, diskBytes } = status.stored(dataset);
      return { name, stored, bytes, diskBytes, users: [...users.keys()].map((session) => this.#sources.labelOf(session)) };
    });
  }

  /** Bytes of what a session has published, in memory and on disk; without what goes when something else takes a name. */
  bytesOf(session: number, replaced?: string): number {
    const { status } = this.#sources.engine();
    const before = replaced === undefined ? undefined : this.#named.get(replaced);
    let sum = 0;
    for (const entry of this.#entries.values()) {
      const { info, bytes, users, above } = entry;
      // Replaced versions stay while others read them.
      if (sessionOf(info.dataset) !== session || (entry === before && users.size + above === 0)) continue;
      const stored = status.stored(info.dataset);
      sum += bytes + stored.bytes + stored.diskBytes;
    }
    return sum;
  }

  /** Throws QUOTA_FULL where a session would have published too much, with so many bytes besides what is persisted. */
  checkRoom({ name, dataset }: Pick<PublicationWithCode, 'name' | 'dataset'>, publisher: Publisher, fileBytes: number): void {
    const { bytes, diskBytes } = this.#sources.engine().status.stored(dataset);
    const wanted = this.bytesOf(publisher.number, name) + Math.max(bytes + diskBytes, fileBytes);
    const { mostBytes } = this.#sources;
    if (wanted > mostBytes) throw overQuota('sessionPublishedBytes', wanted, mostBytes);
  }

  /** Throws NAME_IN_USE, NOT_THE_PUBLISHER of what is replaced, or NOT_PUBLISHABLE, as `publish` would. */
  check(what: PublicationWithCode, publisher: Publisher): void {
    const { name, dataset, replace } = what;
    const before = this.#named.get(name);
    if (before && !replace) throw new MillraceError('NAME_IN_USE', { name, owner: before.info.owner });
    if (before) this.#checkPublisher('publish', before, publisher.number);
    if (!before && this.#named.size >= maxPublished)
      throw new MillraceError('SESSION_FULL', { what: `${this.#named.size} published datasets`, limit: maxPublished });
    const isAgain = before?.info.dataset === dataset;
    if (isAgain && before.users.size + before.above > 0) refuseToPublish(name, 'it is published already, and in use');
    this.infoOf(what, publisher);
    if (!isAgain) this.#checkUnnamed(what);
  }

  /** A dataset has one entry. Throws NOT_PUBLISHABLE. */
  #checkUnnamed({ name, dataset }: PublicationWithCode): void {
    const known = this.#entries.get(dataset);
    if (known) refuseToPublish(name, `it is published as ${known.info.name} already`);
  }

  /** Publishes a dataset of a session, as `check` allows. */
  publish(what: PublicationWithCode, publisher: Publisher, info = this.infoOf(what, publisher)): void {
    this.check(what, publisher);
    const { name, dataset } = what;
    const before = this.#named.get(name);
    if (before?.info.dataset === dataset) this.#rename(before);
    const entry = this.#entryOf(what, info, publisher);
    this.#named.set(name, entry);
    if (before && before !== entry) {
      before.isNamed = false;
      this.#settle(before);
    }
  }

  /** Holds a batch of a stream, with files of so many bytes, until `letGo`. Throws NOT_PUBLISHABLE. */
  hold(what: PublicationWithCode, publisher: Publisher, bytes: number): PublishedDataset {
    return this.#entryOf(what, this.infoOf(what, publisher), publisher, bytes).info;
  }

  letGo(dataset: number): void {
    const entry = this.#entries.get(dataset);
    if (!entry) return;
    entry.isNamed = false;
    this.#settle(entry);
  }

  /** A dataset that is published again under its own name gives its first entry up. */
  #rename(entry: Entry): void {
    entry.isNamed = false;
    this.#named.delete(entry.info.name);
    this.#settle(entry);
  }

  /** What others see of a publication. Throws NOT_PUBLISHABLE. */
  infoOf({ name, dataset, type, description }: PublicationWithCode, publisher: Publisher): PublishedDataset {
    const node = publisher.node(dataset);
    const level = node?.persistence?.level ?? (node?.splits.kind === 'checkpoint' ? inFiles : undefined);
    if (!node || !level) refuseToPublish(name, 'the server does not know it as a persisted dataset');
    const { operation, partitions, partitioner, schema } = node;
    return {
      name,
      dataset,
      operation,
      partitions,
      partitioner: partitioner?.kind === 'custom' ? undefined : partitioner,
      schema,
      type,
      description,
      owner: publisher.label,
      level,
      since: this.#sources.now(),
    };
  }

  #entryOf(what: PublicationWithCode, info: PublishedDataset, publisher: Publisher, bytes = 0): Entry {
    this.#checkUnnamed(what);
    const { code } = what;
    const held: [Held, number][] = [];
    const below = new Set<Entry>();
    const blobs = new Set([code.modules, ...code.classes]);
    const seen = new Set([info.dataset]);
    for (const id of seen) {
      const node = publisher.node(id);
      const published = this.#entries.get(id);
      if (published && id !== info.dataset) below.add(published);
      if (!node || (published && id !== info.dataset)) continue;
      held.push(['dataset', id]);
      if (node.persistence) held.push(['persisted', id]);
      if (node.splits.kind === 'checkpoint' && node.splits.folder === undefined) held.push(['checkpoint', id]);
      for (const blob of blobsOfNode(node)) blobs.add(blob);
      for (const d of node.dependencies) {
        seen.add(d.dataset);
        if (d.kind === 'shuffle') held.push(['shuffle', d.shuffleId]);
      }
    }
    const node = publisher.node(info.dataset);
    if (node) this.#define(node, publishedPriority);
    return this.#enter({ info, node, code, held, below: [...below], bytes }, blobs);
  }

  /** The rows of a dataset that is persisted have at least this priority from now on. */
  #define(node: DatasetNode, atLeast = Number.NEGATIVE_INFINITY): void {
    const { persistence } = node;
    if (!persistence) return;
    const priority = Math.max(persistence.priority, atLeast);
    this.#sources.engine().define([{ ...node, persistence: { ...persistence, priority } }]);
  }

  /** Publishes a dataset that an earlier server has kept, and that the engine knows; it has its name unless it is a batch of a stream. */
  restore(info: PublishedDataset, code: JobCode, isNamed: boolean): void {
    const held: [Held, number][] = [['dataset', info.dataset]];
    if (info.level.useMemory || info.level.useDisk) held.push(['persisted', info.dataset]);
    const entry = this.#enter({ info, code, held, below: [], bytes: 0 }, [code.modules, ...code.classes]);
    if (isNamed) this.#named.set(info.name, entry);
  }

  #enter(made: Pick<Entry, 'info' | 'node' | 'code' | 'held' | 'below' | 'bytes'>, blobs: Iterable<string>): Entry {
    const { info, held, below } = made;
    const owner = `published ${++this.#published}`;
    this.#sources.blobs().hold(owner, blobs);
    for (const [kind, id] of held) this.#holders.set(keyOf(kind, id), (this.#holders.get(keyOf(kind, id)) ?? 0) + 1);
    for (const one of below) one.above++;
    const entry = { ...made, users: new Map(), owner, isNamed: true, above: 0 };
    this.#entries.set(info.dataset, entry);
    return entry;
  }

  /** What a session published is its own to change, as long as it is there. */
  #checkPublisher(operation: string, { info: { name, dataset, owner } }: Entry, session: number): void {
    const publisher = sessionOf(dataset);
    if (publisher !== session && this.#sources.isAttached(publisher))
      throw new MillraceError('NOT_THE_PUBLISHER', { operation, name, owner });
  }

  /** Takes a name back for a session. Throws NOT_PUBLISHED or NOT_THE_PUBLISHER. */
  unpublish(name: string, session: number): void {
    const entry = this.#named.get(name);
    if (!entry) throw new MillraceError('NOT_PUBLISHED', { name, remedy: 'See .datasets for what is.' });
    this.#checkPublisher('unpublish', entry, session);
    this.#named.delete(name);
    entry.isNamed = false;
    this.#settle(entry);
  }

  /** A session begins to use a dataset; false where it is gone. */
  open(dataset: number, session: number): boolean {
    const entry = this.#entries.get(dataset);
    entry?.users.set(session, (entry.users.get(session) ?? 0) + 1);
    return entry !== undefined;
  }

  /** A session ends one use. */
  close(dataset: number, session: number): void {
    const entry = this.#entries.get(dataset);
    const uses = entry?.users.get(session) ?? 0;
    if (!entry || uses === 0) return;
    if (uses > 1) entry.users.set(session, uses - 1);
    else entry.users.delete(session);
    this.#settle(entry);
  }

  /** A session is over. */
  leave(session: number): void {
    for (const entry of [...this.#entries.values()]) if (entry.users.delete(session)) this.#settle(entry);
  }

  isUsedBy(dataset: number, session: number): boolean {
    return this.#entries.get(dataset)?.users.has(session) === true;
  }

  /** Whether a published dataset needs it: its publisher cannot release or change it. */
  holds(kind: Release['kind'], id: number | string): boolean {
    return typeof id === 'number' && this.#holders.has(keyOf(kind, id));
  }

  /** The code that a published dataset and what it is made of need. */
  codeOf(dataset: number): readonly { readonly name: string; readonly code: JobCode }[] {
    const found = new Set<Entry>();
    const entry = this.#entries.get(dataset);
    if (entry) found.add(entry);
    for (const one of found) for (const below of one.below) found.add(below);
    return [...found].map(({ info: { name }, code }) => ({ name, code }));
  }

  /** Releases what nobody names or uses any more. */
  #settle(entry: Entry): void {
    const { info, node, held, below, users, owner, isNamed, above } = entry;
    if (isNamed || users.size > 0 || above > 0 || this.#entries.get(info.dataset) !== entry) return;
    this.#entries.delete(info.dataset);
    // Rows and outputs before the datasets that they belong to.
    for (const [kind, id] of [...held].reverse()) {
      const holders = this.#holders.get(keyOf(kind, id))! - 1;
      if (holders > 0) this.#holders.set(keyOf(kind, id), holders);
      else {
        this.#holders.delete(keyOf(kind, id));
        if (!this.#sources.isOwned(kind, id)) this.#sources.engine().release({ kind, id });
      }
    }
    if (node && this.#sources.isOwned('dataset', node.id)) this.#define(node);
    this.#sources.blobs().letGoAll(owner);
    this.#sources.settled(info.dataset);
    for (const one of below) {
      one.above--;
      this.#settle(one);
    }
  }
}

function refuseToPublish(name: string, reason: string): never {
  throw new MillraceError('NOT_PUBLISHABLE', {
    name,
    reason,
    remedy: 'Publish a dataset that you make of it, such as .map(x => x).cache().',
  });
}
