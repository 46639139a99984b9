// Whether a user's file is still what it was when its dataset was cut into partitions: another text must not pass for it.
import { fstatSync, type Stats, statSync } from 'node:fs';
import { MillraceError } from '../base/errors';
import { unreadable } from '../base/files';

/** What tells a file from another one, and from itself after a change. */
export interface FileVersion {
  /** Bytes. */
  readonly size: number;
  readonly mtimeMs: number;
  /** Its number in the file system: another one after it was replaced. */
  readonly ino: number;
}

export const versionOf = ({ size, mtimeMs, ino }: Stats): FileVersion => ({ size, mtimeMs, ino });

/**
 * Looks at a file by its descriptor or its path. One that `mayGrow` may have more bytes behind those that it had: a log that is written to
 * is read as it was; a file without a version, such as the engine's own, is not checked. Throws FILE_CHANGED, UNREADABLE_FILE.
 */
export function checkVersion(path: string, fd: number | undefined, known: FileVersion | undefined, mayGrow: boolean): void {
  if (!known) return;
  const reason = difference(statsOf(path, fd), known, mayGrow);
  if (reason !== '') throw new MillraceError('FILE_CHANGED', { path, reason });
}

function statsOf(path: string, fd: number | undefined): Stats {
  try {
    return fd === undefined ? statSync(path) : fstatSync(fd);
  } catch (e) {
    return unreadable(path, e);
  }
}

function difference(now: Stats, known: FileVersion, mayGrow: boolean): string {
  if (now.ino !== known.ino) return 'another file has its name now';
  if (now.size < known.size || (now.size > known.size && !mayGrow)) return `it had ${known.size} bytes, and has ${now.size}`;
  return now.size === known.size && now.mtimeMs !== known.mtimeMs ? 'it was written to' : '';
}
