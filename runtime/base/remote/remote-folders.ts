// Small files of folders that lie elsewhere, such as those of a checkpoint: calls wait for their answers.
import { join } from 'node:path';
import { MillraceError } from '../errors';

/** What is in a folder. */
export interface RemoteEntry {
  readonly name: string;
  readonly isFolder: boolean;
  readonly bytes: number;
  /** Since its last change, by the clock of who answers. */
  readonly ageMs: number;
  /** When that was, by the clock of the file system. */
  readonly modifiedMs: number;
}

/** How a file was made: it was there before, or it is this one, unless another program has made it at the same time where no store prevents it. */
export type Creation = 'made' | 'there' | 'unsure';

/** What reads and writes such folders. It throws UNREADABLE_FILE and DISK. */
export interface RemoteFolders {
  /** Makes a folder that its owner alone enters, unless it is there. */
  makePrivate(folder: string): void;
  /** By name; nothing where there is no such folder. */
  entries(folder: string): readonly RemoteEntry[];
  readWhole(path: string): Buffer;
  /** Whole or not at all. */
  writeWhole(path: string, bytes: Uint8Array): void;
  /** The same, and only where there is no such file. */
  create(path: string, bytes: Uint8Array): Creation;
  /** Files, and folders with all that is in them. */
  remove(paths: readonly string[]): void;
  /** The file counts as changed now. */
  touch(path: string): void;
}

let installed: RemoteFolders | undefined;

/** Sets what reads such folders for the tasks of this process. */
export function installRemoteFolders(folders: RemoteFolders): void {
  installed = folders;
}

/** What reads such folders for the tasks of this process. Throws DISK where nothing does. */
export function remoteFolders(path: string): RemoteFolders {
  if (installed) return installed;
  throw new MillraceError('DISK', {
    path,
    reason: 'what runs this task writes no such folder',
    remedy: 'Name a folder of this machine.',
  });
}

/** Whether a folder lies elsewhere. */
export const isElsewhere = (folder: string): boolean => /^[a-z][a-z0-9+.-]+:\/\//i.test(folder);

/** A path below a folder, wherever it lies. */
export const below = (folder: string, ...names: readonly string[]): string =>
  isElsewhere(folder) ? [folder, ...names].join('/') : join(folder, ...names);

/** The folder that has what lies elsewhere, and the name in it. */
export const placeOf = (path: string): readonly [folder: string, name: string] => [
  path.slice(0, path.lastIndexOf('/')),
  path.slice(path.lastIndexOf('/') + 1),
];
