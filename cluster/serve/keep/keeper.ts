// What a server keeps for the next one: writes what is published into its folder, and publishes again what it finds there.
//
// A kept dataset is read from its files, as from a checkpoint: they are its lineage then. Its number is below those of all sessions, so
// that nobody owns it: any session may take its name back.
import fs from 'node:fs';
import path from 'node:path';
import { asError, MillraceError } from '../../../runtime/base/errors';
import type { JobCode } from '../../../runtime/plan/job';
import type { DatasetNode } from '../../../runtime/plan/node';
import type {
  PublicationWithCode,
  PublishedDataset,
  PublishedWindow,
  WindowBatch,
} from '../../../runtime/plan/sharing/shared-datasets';
import { checkpointPath } from '../../../runtime/storage/frame-file';
import { type PublishedTable, type Publisher, publishedPriority, type Writing } from '../published-table';
import type { ServerBlobs } from '../server-blobs';
import type { PublishedWindows } from '../windows/published-windows';
import type { KeptFolder } from './kept-folder';
import { isCodeName, type KeptFile, type Manifest } from './manifest';

/** What a keeper needs of its server. */
export interface KeeperSources {
  readonly blobs: ServerBlobs;
  readonly published: PublishedTable;
  readonly windows: PublishedWindows;
  /** The folder of the engine, where batches of streams lie. */
  readonly folder: string;
  define(node: DatasetNode): void;
  tell(line: string): void;
}

/** What was written and is not found again yet. */
export interface Written {
  readonly number: number;
  readonly files: readonly KeptFile[];
  readonly bytes: number;
}

interface WaitingBatch {
  readonly window: PublishedWindow;
  readonly batch: WindowBatch;
  readonly code: JobCode;
}

export class Keeper {
  readonly #folder: KeptFolder;
  readonly #sources: KeeperSources;
  /** The number of what is kept by each name. */
  readonly #named = new Map<string, number>();
  /** Those whose files are read here. */
  readonly #read = new Set<number>();
  /** The batch of each stream that is written next; undefined while one is written and none waits. */
  readonly #batches = new Map<string, WaitingBatch | undefined>();
  readonly #writing = new Set<Promise<void>>();
  /** Streams whose last batch could not be written, which was told. */
  readonly #failing = new Set<string>();

  constructor(folder: KeptFolder, sources: KeeperSources) {
    this.#folder = folder;
    this.#sources = sources;
  }

  /** Publishes what is in the folder; what is not whole is told and left out. */
  async restore(): Promise<void> {
    const { tell } = this.#sources;
    for (const { number, manifest } of await this.#folder.load(tell)) {
      const { name } = manifest.dataset;
      try {
        this.#publish(number, manifest);
        this.#read.add(number);
        this.#named.set(name, number);
      } catch (e) {
        tell(`${this.#folder.folderOf(number)}: ${asError(e).message} ${name} is not published; its files are left as they are.`);
      }
    }
  }

  #publish(number: number, { dataset: written, code, stream }: Manifest): void {
    const { blobs, published, windows, define } = this.#sources;
    const dataset = { ...written, dataset: number };
    const owner = `kept ${number}`;
    for (const id of [code.modules, ...code.classes]) {
      const bytes = fs.readFileSync(path.join(this.#folder.folderOf(number), id));
      blobs.put(owner, id, bytes);
    }
    define(this.#nodeOf(dataset));
    published.restore(dataset, code, stream === undefined);
    if (stream) windows.restore({ ...stream, rows: dataset });
    blobs.letGoAll(owner);
  }

  #nodeOf({ dataset: id, operation, name, partitions, partitioner, schema, level }: PublishedDataset): DatasetNode {
    return {
      id,
      operation,
      name,
      dependencies: [],
      partitions,
      schema,
      partitioner,
      splits: { kind: 'checkpoint', folder: this.#folder.path },
      fragment: { op: 'checkpoint' },
      functions: [],
      persistence: level.useMemory || level.useDisk ? { level, priority: publishedPriority } : undefined,
    };
  }

  /** Writes the partitions of a dataset. Rejects with NOT_KEPT, or with what its job fails with. */
  write(what: PublicationWithCode, publisher: Publisher, writing: Writing): Promise<Written> {
    const written = this.#write(what, publisher, writing);
    const over = written.then(
      () => {},
      () => {},
    );
    this.#writing.add(over);
    void over.then(() => this.#writing.delete(over));
    return written;
  }

  async #write(what: PublicationWithCode, publisher: Publisher, { write }: Writing): Promise<Written> {
    const number = this.#begin(what.name);
    try {
      await write(what, { kind: 'checkpoint', rddId: number, folder: this.#folder.path });
      const partitions = publisher.node(what.dataset)?.partitions ?? 0;
      const written = await this.#withCode(number, what.code, partitions);
      const found = written.files.filter(({ name }) => /^\d+$/.test(name)).length;
      // Executors of Apache Spark may be on other machines.
      if (found < partitions)
        throw new MillraceError('DISK', {
          path: this.#folder.path,
          reason: `its executors have written ${found} of ${partitions} partitions there: it must be a folder that all of them share`,
        });
      return written;
    } catch (e) {
      this.#folder.abandon(number);
      throw this.#notKept(what.name, e);
    }
  }

  #begin(name: string): number {
    try {
      return this.#folder.begin();
    } catch (e) {
      throw this.#notKept(name, e);
    }
  }

  async #withCode(number: number, code: JobCode, partitions: number): Promise<Written> {
    for (const id of new Set([code.modules, ...code.classes]))
      if (isCodeName(id)) this.#folder.write(number, id, this.#sources.blobs.blob(id));
    const files = await this.#folder.filesOf(number, partitions);
    return { number, files, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
  }

  #notKept(name: string, error: unknown): unknown {
    const { code, message, details } = error as NodeJS.ErrnoException & { details?: Record<string, unknown> };
    const isOfFiles = error instanceof MillraceError ? error.code === 'DISK' : code !== undefined;
    if (!isOfFiles) return error;
    return new MillraceError('NOT_KEPT', { name, folder: this.#folder.path, reason: String(details?.['reason'] ?? message) });
  }

  /** Has what was written be found again, in the place of what was kept by that name. Throws NOT_KEPT. */
  commit({ number, files }: Written, manifest: Omit<Manifest, 'files'>): void {
    const { name } = manifest.dataset;
    try {
      this.#folder.commit(number, { ...manifest, files });
    } catch (e) {
      this.#folder.abandon(number);
      throw this.#notKept(name, e);
    }
    const before = this.#named.get(name);
    this.#named.set(name, number);
    if (before !== undefined) this.#drop(before);
  }

  /** What was written is not wanted any more. */
  discard({ number }: Written): void {
    this.#folder.abandon(number);
  }

  /** A name was taken back. */
  forget(name: string): void {
    const number = this.#named.get(name);
    this.#named.delete(name);
    if (number !== undefined) this.#drop(number);
  }

  #drop(number: number): void {
    if (this.#read.has(number)) this.#folder.forget(number);
    else this.#folder.remove(number);
  }

  /** Nobody reads a dataset of the folder any more. */
  settled(dataset: number): void {
    if (!this.#read.delete(dataset)) return;
    // The last batch of a stream is found again although a later one may be read by now.
    if (![...this.#named.values()].includes(dataset)) this.#folder.remove(dataset);
  }

  /** Keeps a batch of a stream in the place of the one before, while the stream goes on: of several that wait the last. */
  keepBatch(window: PublishedWindow, batch: WindowBatch, code: JobCode): void {
    const { name } = window;
    const isBusy = this.#batches.has(name);
    this.#batches.set(name, { window, batch, code });
    if (isBusy) return;
    const writing = this.#writeBatches(name).finally(() => this.#writing.delete(writing));
    this.#writing.add(writing);
  }

  /** Waits until all that is being written is whole, or given up. */
  async finish(): Promise<void> {
    await Promise.all(this.#writing);
  }

  async #writeBatches(name: string): Promise<void> {
    for (;;) {
      const next = this.#batches.get(name);
      if (!next) break;
      this.#batches.set(name, undefined);
      await this.#writeBatch(next);
    }
    this.#batches.delete(name);
  }

  async #writeBatch({ window, batch, code }: WaitingBatch): Promise<void> {
    const { name, type, description, slide, last, id } = window;
    const { time, rows } = batch;
    // Its name may be taken back meanwhile, and the files of its batch with it.
    const isWanted = () => this.#sources.windows.list().some((one) => one.id === id);
    let number: number | undefined;
    try {
      number = this.#folder.begin();
      for (let i = 0; i < rows.partitions; i++) {
        const from = checkpointPath(this.#sources.folder, { rddId: rows.dataset }, i);
        await copyWhole(from, path.join(this.#folder.folderOf(number), String(i)));
      }
      const written = await this.#withCode(number, code, rows.partitions);
      if (!isWanted()) return this.discard(written);
      this.commit(written, { dataset: { ...rows, type, description, owner: window.owner }, code, stream: { time, slide, last } });
      this.#failing.delete(name);
    } catch (e) {
      if (number !== undefined) this.#folder.abandon(number);
      // A later batch will tell whether it is the disk.
      if (this.#batches.get(name) || this.#failing.has(name) || !isWanted()) return;
      this.#failing.add(name);
      const { message, details } = asError(e) as Error & { details?: Record<string, unknown> };
      const reason = String(details?.['reason'] ?? message);
      this.#sources.tell(
        `The last batch of ${name} cannot be kept in ${this.#folder.path}: ${reason}. The one before it stays there; make room for later ones.`,
      );
    }
  }

  /** Gives the folder back. */
  close(): void {
    this.#folder.close();
  }
}

/** A copy that is on the disk when this resolves: the batch before it goes then. */
async function copyWhole(from: string, to: string): Promise<void> {
  await fs.promises.copyFile(from, to, fs.constants.COPYFILE_FICLONE);
  const file = await fs.promises.open(to, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
