// A folder whose files a stream reads, as it is at one look: on this machine, or where the engine reaches.
import { accessSync, constants, type Dirent, readdirSync, realpathSync, type Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { asError, MillraceError } from '../../base/errors';
import { unreadable } from '../../base/files';
import { placeOf, type RemoteEntry, type RemoteFolders } from '../../base/remote/remote-folders';
import { changeOf, type FileNumbers, type FileVersion, versionOf } from '../../plan/file-version';
import { aFolder, kindOf, lookAt } from '../../rdd/inputs/input-paths';

export type Entry = readonly [name: string, numbers: FileNumbers];

/** The files of a folder that was read: those with names that are wanted, in their order. Notes what is there and cannot be read. */
export type Found = (isWanted: (name: string) => unknown, notes: string[]) => Entry[];

export interface FolderView {
  readonly path: string;
  /** Throws NO_SUCH_PATH, NOT_A_FOLDER or UNREADABLE_FILE. */
  read(): Found;
  version(name: string, now: FileNumbers): FileVersion;
  /** What has become of a file under its name. */
  change(name: string, known: FileVersion, now: FileNumbers): ReturnType<typeof changeOf>;
}

export class OwnFolder implements FolderView {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  read(): Found {
    const entries = this.#entries();
    return (isWanted, notes) => this.#find(entries, isWanted, notes);
  }

  #entries(): Dirent[] {
    try {
      return readdirSync(this.path, { withFileTypes: true });
    } catch (e) {
      const { code } = e as NodeJS.ErrnoException;
      if (code === 'ENOENT') throw missing(this.path);
      if (code === 'ENOTDIR') throw noFolder(this.path, dirname(this.path), basename(this.path));
      return unreadable(this.path, e);
    }
  }

  #find(entries: readonly Dirent[], isWanted: (name: string) => unknown, notes: string[]): Entry[] {
    const wanted = entries.filter(({ name }) => isWanted(name));
    const names = new Set(wanted.map(({ name }) => name));
    const isLink = new Set(wanted.filter((entry) => entry.isSymbolicLink()).map(({ name }) => name));
    return [...names].sort().flatMap((name) => {
      const stats = this.#stat(name, notes);
      if (!stats) return [];
      const other = isLink.has(name) ? this.#otherName(name) : undefined;
      if (other === undefined || other === name || !names.has(other)) return [[name, stats] as const];
      notes.push(`${name} is not read: it is a link to ${other}, which is`);
      return [];
    });
  }

  /** The name in this folder of the file that a link leads to. */
  #otherName(name: string): string | undefined {
    try {
      const target = realpathSync(join(this.path, name));
      return dirname(target) === realpathSync(this.path) ? basename(target) : undefined;
    } catch {
      // It was removed meanwhile.
      return undefined;
    }
  }

  /** Undefined for a folder, for a file that was removed meanwhile, and for what cannot be read. */
  #stat(name: string, notes: string[]): Stats | undefined {
    const path = join(this.path, name);
    try {
      const stats = lookAt(path);
      if (stats === undefined) return undefined;
      const problem = typeof stats === 'string' ? stats : kindOf(stats);
      if (problem === undefined) {
        accessSync(path, constants.R_OK);
        return stats as Stats;
      }
      if (problem !== aFolder) notes.push(`${name} is not read: ${typeof stats === 'string' ? stats : `it is ${problem}`}`);
    } catch (e) {
      notes.push(`${name} cannot be read now: ${asError(e).message}`);
    }
    return undefined;
  }

  version(name: string, now: FileNumbers): FileVersion {
    return versionOf(join(this.path, name), now);
  }

  change(name: string, known: FileVersion, now: FileNumbers): ReturnType<typeof changeOf> {
    return changeOf(join(this.path, name), known, now);
  }
}

/** Such file systems tell a file from another one by its bytes and the time of its last change alone. */
export class EngineFolder implements FolderView {
  readonly path: string;
  readonly #folders: RemoteFolders;

  constructor(path: string, folders: RemoteFolders) {
    this.path = path;
    this.#folders = folders;
  }

  read(): Found {
    const entries = this.#folders.entries(this.path);
    this.#checkFolder(entries);
    // A file that is being written has no bytes at first, and one without any has no lines.
    const files = entries.filter(({ isFolder, bytes }) => !isFolder && bytes > 0);
    return (isWanted) => files.filter(({ name }) => isWanted(name)).map((file) => [file.name, numbersOf(file)] as const);
  }

  /** What is not there has no entries, and a file has itself. */
  #checkFolder(entries: readonly RemoteEntry[]): void {
    const [parent, own] = placeOf(this.path);
    if (entries.length > 1 || (entries.length === 1 && entries[0].name !== own) || own === '') return;
    const found = this.#folders.entries(parent).find(({ name }) => name === own);
    if (!found) throw missing(this.path);
    if (!found.isFolder) throw noFolder(this.path, parent, own);
  }

  version(_name: string, now: FileNumbers): FileVersion {
    const { size, mtimeMs, ctimeMs, ino } = now;
    return { size, mtimeMs, ctimeMs, ino, sample: 0, tag: String(mtimeMs) };
  }

  change(_name: string, known: FileVersion, now: FileNumbers): ReturnType<typeof changeOf> {
    if (now.size === known.size && now.mtimeMs === known.mtimeMs) return 'same';
    return now.size > known.size ? 'grown' : 'replaced';
  }
}

const numbersOf = ({ bytes, modifiedMs }: RemoteEntry): FileNumbers => ({
  size: bytes,
  mtimeMs: modifiedMs,
  ctimeMs: modifiedMs,
  ino: 0,
});

const missing = (path: string) => new MillraceError('NO_SUCH_PATH', { path, folder: process.cwd() });

const noFolder = (path: string, parent: string, name: string) => new MillraceError('NOT_A_FOLDER', { path, parent, name });
