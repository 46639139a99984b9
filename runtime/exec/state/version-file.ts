// The files of a partition's state: what changed with each batch, and now and then all of it.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { asError, MillraceError } from '../../base/errors';
import { below, type RemoteFolders } from '../../base/remote/remote-folders';
import type { StatePlace } from '../../plan/state-spec';
import { type FrameFile, FrameFileWriter, frameOf } from '../../storage/frame-file';
import type { Columns } from './state-table';
import { type VersionPlace, versionPlace } from './version-place';

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

/** The folder of a stream's state in the session's folder, or in that of the user's checkpoint. */
export const stateFolder = (session: string, { id, folder }: StatePlace): string => folder ?? join(session, 'state', String(id));

/** The files of one partition. */
export class VersionFiles {
  readonly folder: string;
  readonly #place: VersionPlace;
  readonly #isDurable: boolean;
  readonly #taskId: number;

  constructor(session: string, place: StatePlace, partition: number, taskId: number) {
    this.folder = below(stateFolder(session, place), String(partition));
    this.#isDurable = place.folder !== undefined;
    this.#place = versionPlace(this.folder, this.#isDurable, join(session, 'state-copies'));
    this.#taskId = taskId;
  }

  path(version: number, kind: FileKind): string {
    return below(this.folder, nameOf(version, kind));
  }

  has(version: number, kind: FileKind): boolean {
    return this.#place.has(nameOf(version, kind));
  }

  /**
   * Writes a file whole or not at all; one that is there already is replaced by the same. `more`: keys that lost their state, and what was
   * added to accumulators. Answers its bytes. Throws DISK.
   */
  write(kind: FileKind, head: FileHead, columns: Iterable<Columns>, { removed = [], added }: MoreOfVersion = {}): number {
    return this.#place.write(nameOf(head.version, kind), (path) => {
      const file = new FrameFileWriter(path, this.#taskId);
      try {
        file.add(frameOf([head]));
        for (const rows of columns) file.add(frameOf(rows));
        if (removed.length > 0) file.add(frameOf([removed]));
        if (added) file.addNote(added);
        return file.end(this.#isDurable);
      } finally {
        file.abandon();
      }
    });
  }

  /** Opens a file, every frame of it checked. Throws STATE_LOST, which names it. */
  open(version: number, kind: FileKind): Contents {
    try {
      return contentsOf(this.#place.open(nameOf(version, kind)));
    } catch (e) {
      const reason = e instanceof MillraceError && e.code === 'CORRUPT_FILE' ? e.details.reason : asError(e).message;
      throw new MillraceError('STATE_LOST', { path: this.path(version, kind), reason });
    }
  }

  /** The versions that there are files of a kind of, oldest first. */
  versions(kind: FileKind): number[] {
    const end = `.${kind}`;
    return this.#place
      .names()
      .filter((name) => name.endsWith(end))
      .map((name) => Number(name.slice(0, -end.length)))
      .sort((a, b) => a - b);
  }

  /** Removes the files of versions before `version`. */
  removeBefore(version: number): void {
    this.#place.remove(this.#place.names().filter((name) => Number.parseInt(name, 10) < version));
  }

  remove(version: number, kind: FileKind): void {
    this.#place.remove([nameOf(version, kind)]);
  }
}

const nameOf = (version: number, kind: FileKind): string => `${version}.${kind}`;

/** Removes all files of versions after `version` below the folder of a state: batches that are run again make them anew. */
export const removeVersionsAfter = (folder: string, version: number, folders?: RemoteFolders): void =>
  removeVersions(folder, (at) => at > version, folders);

/** Removes the files of a version that has failed: no later one builds on them. */
export const removeVersion = (folder: string, version: number, folders?: RemoteFolders): void =>
  removeVersions(folder, (at) => at === version, folders);

/** `folders` reach the folder if it lies elsewhere. */
function removeVersions(folder: string, which: (version: number) => boolean, folders: RemoteFolders | undefined): void {
  const namesIn = (path: string): readonly string[] => {
    if (folders) return folders.entries(path).map(({ name }) => name);
    return existsSync(path) ? readdirSync(path) : [];
  };
  const found = namesIn(folder).flatMap((partition) =>
    namesIn(below(folder, partition))
      .filter((name) => which(Number.parseInt(name, 10)))
      .map((name) => below(folder, partition, name)),
  );
  if (folders) folders.remove(found);
  else for (const path of found) rmSync(path, { force: true });
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
