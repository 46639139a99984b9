// The files of a partition's state: what changed with each batch, and now and then all of it.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { asError, MillraceError } from '../../base/errors';
import type { StatePlace } from '../../plan/state-spec';
import { FrameFile, FrameFileWriter, frameOf } from '../../storage/frame-file';
import type { Columns } from './state-table';

/** A delta holds what changed since the version before it, a snapshot all keys; a verdict says why the version cannot be made. */
export type FileKind = 'delta' | 'snapshot' | 'verdict';

export interface FileHead {
  readonly version: number;
  /** What a delta is to be added to; a file that holds everything has none. */
  readonly previous?: number;
  readonly rows: number;
}

/** What a version file may hold besides rows. */
export interface MoreOfVersion {
  readonly removed?: readonly unknown[];
  readonly added?: Uint8Array;
}

/** What a version file holds, read a frame at a time. */
export interface Contents {
  readonly head: FileHead;
  columns(): Generator<Columns>;
  /** Keys that lost their state; known once the columns are read. */
  removed(): readonly unknown[];
  /** What was added to accumulators while the version was made. */
  readonly added: Uint8Array | undefined;
  close(): void;
}

const notSeen = 'the folder is not there on the machine of this executor';
const seeRemedy = 'Choose a checkpoint folder on a disk that the session and all its executors see.';

/** The folder of a stream's state in the session's folder, or in that of the user's checkpoint. */
export const stateFolder = (session: string, { id, folder }: StatePlace): string => folder ?? join(session, 'state', String(id));

/** The files of one partition. */
export class VersionFiles {
  readonly folder: string;
  readonly #isDurable: boolean;
  readonly #taskId: number;

  constructor(session: string, place: StatePlace, partition: number, taskId: number) {
    this.folder = join(stateFolder(session, place), String(partition));
    this.#isDurable = place.folder !== undefined;
    this.#taskId = taskId;
  }

  path(version: number, kind: FileKind): string {
    return join(this.folder, `${version}.${kind}`);
  }

  has(version: number, kind: FileKind): boolean {
    return existsSync(this.path(version, kind));
  }

  /**
   * Writes a file whole or not at all; one that is there already is replaced by the same. `more`: keys that lost their state, and what was
   * added to accumulators. Answers its bytes. Throws DISK.
   */
  write(kind: FileKind, head: FileHead, columns: Iterable<Columns>, more: MoreOfVersion = {}): number {
    const { removed = [], added } = more;
    if (this.#isDurable) this.#checkSeen();
    const file = new FrameFileWriter(this.path(head.version, kind), this.#taskId);
    try {
      file.add(frameOf([head]));
      for (const rows of columns) file.add(frameOf(rows));
      if (removed.length > 0) file.add(frameOf([removed]));
      if (added) file.addNote(added);
      return file.end(this.#isDurable);
    } finally {
      file.abandon();
    }
  }

  /** The session has made the checkpoint folder: an executor that does not see it would write where nobody reads. */
  #checkSeen(): void {
    const checkpoint = dirname(dirname(dirname(this.folder)));
    if (!existsSync(checkpoint)) throw new MillraceError('DISK', { path: checkpoint, reason: notSeen, remedy: seeRemedy });
  }

  /** Opens a file, every frame of it checked. Throws STATE_LOST, which names it. */
  open(version: number, kind: FileKind): Contents {
    const path = this.path(version, kind);
    try {
      return contentsOf(FrameFile.open(path));
    } catch (e) {
      const reason = e instanceof MillraceError && e.code === 'CORRUPT_FILE' ? e.details.reason : asError(e).message;
      throw new MillraceError('STATE_LOST', { path, reason });
    }
  }

  /** The versions that there are files of a kind of, oldest first. */
  versions(kind: FileKind): number[] {
    const end = `.${kind}`;
    return this.#names()
      .filter((name) => name.endsWith(end))
      .map((name) => Number(name.slice(0, -end.length)))
      .sort((a, b) => a - b);
  }

  /** Removes the files of versions before `version`. */
  removeBefore(version: number): void {
    for (const name of this.#names()) if (Number.parseInt(name, 10) < version) rmSync(join(this.folder, name), { force: true });
  }

  remove(version: number, kind: FileKind): void {
    rmSync(this.path(version, kind), { force: true });
  }

  #names(): string[] {
    return existsSync(this.folder) ? readdirSync(this.folder) : [];
  }
}

/** Removes all files of versions after `version` below the folder of a state: batches that are run again make them anew. */
export const removeVersionsAfter = (folder: string, version: number): void => removeVersions(folder, (at) => at > version);

/** Removes the files of a version that has failed: no later one builds on them. */
export const removeVersion = (folder: string, version: number): void => removeVersions(folder, (at) => at === version);

function removeVersions(folder: string, which: (version: number) => boolean): void {
  if (!existsSync(folder)) return;
  for (const partition of readdirSync(folder)) {
    for (const name of readdirSync(join(folder, partition)))
      if (which(Number.parseInt(name, 10))) rmSync(join(folder, partition, name), { force: true });
  }
}

function contentsOf(file: FrameFile): Contents {
  const frames = file.rows();
  const [head] = frames.next().value as [FileHead];
  let held: readonly unknown[] = [];
  return {
    head,
    *columns() {
      for (const frame of frames) {
        if (frame.length === 3) yield frame as unknown as Columns;
        else held = frame[0] as unknown[];
      }
    },
    removed: () => held,
    added: file.note,
    close: () => file.close(),
  };
}
