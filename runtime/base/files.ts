// What the engine's files have in common: private to their owner, written under a temporary name, and removed when unfinished.
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { asError, MillraceError } from './errors';
import { readRemedy, writeRemedy } from './file-remedies';

/** Raises DISK with what the system said, and what to do about that. */
export const diskError = (path: string, thrown: unknown): never => {
  throw new MillraceError('DISK', { path, reason: withoutPath(asError(thrown).message), remedy: writeRemedy(thrown) });
};

/** What the system said without the path that it adds: often a temporary name, while the error names the user's. */
const withoutPath = (message: string): string => message.replace(/, \w+ '[^']*'(?: -> '[^']*')?$/, '');

/** Raises CORRUPT_FILE. */
export const damaged = (path: string, reason: string): never => {
  throw new MillraceError('CORRUPT_FILE', { path, reason });
};

/** Raises UNREADABLE_FILE with what the system said, and what to do about that. */
export const unreadable = (path: string, thrown: unknown): never => {
  throw new MillraceError('UNREADABLE_FILE', { path, reason: asError(thrown).message, remedy: readRemedy(thrown) });
};

/**
 * Raises UNREADABLE_FILE for what is wrong with the file itself: it is `lasting`, since the next try finds the same. The presence of this
 * detail counts, since the details of a task's error arrive as texts.
 */
export const notReadable = (path: string, reason: string, remedy: string): never => {
  throw new MillraceError('UNREADABLE_FILE', { path, reason, remedy, lasting: true });
};

/** Opens a user's file to read it. Never waits, as a pipe would have it. Throws UNREADABLE_FILE, also for what is no regular file. */
export function openInput(path: string): number {
  let fd = -1;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (fstatSync(fd).isFile()) return fd;
  } catch (e) {
    if (fd >= 0) closeQuietly(fd);
    return unreadable(path, e);
  }
  closeQuietly(fd);
  return notReadable(path, 'it is no regular file', 'Name a file; pipes and standard input are read by sc.textFile.');
}

/** Closes a file that was read or abandoned: an error of the close changes nothing. */
export function closeQuietly(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // The descriptor is free all the same.
  }
}

/** Waits until a file, or the list of a folder, is on the disk. Throws what the system does. */
export function syncFile(path: string): void {
  const fd = openSync(path, constants.O_RDONLY);
  try {
    fsyncSync(fd);
  } finally {
    closeQuietly(fd);
  }
}

/** Removes what nobody needs any more; what the system keeps goes with the folder of the session. */
export function removeQuietly(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // It cannot be removed, or a part of its path is a file.
  }
}

/** Makes a folder with those above it, unless it is there. Node's own way never returns below `/proc`, where nothing can be made. */
export function makeFolders(path: string, mode?: number): void {
  try {
    makeFolder(path, mode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error;
    makeFolders(dirname(path), mode);
    makeFolder(path, mode);
  }
}

function makeFolder(path: string, mode: number | undefined): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

/** Makes a file that nobody made before, for its owner only. */
export function createPrivate(path: string): number {
  makeFolders(dirname(path), 0o700);
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDWR } = constants;
  return openSync(path, O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR, 0o600);
}

/** Writes all bytes at a place of a file. */
export function writeAt(fd: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, position + done);
}

/** Reads so many bytes at a place of a file. Throws CORRUPT_FILE where it ends before, UNREADABLE_FILE where the system cannot. */
export function readAt(fd: number, path: string, bytes: number, position: number): Buffer {
  const buffer = Buffer.allocUnsafe(bytes);
  for (let done = 0; done < bytes; ) {
    const n = readSome(fd, path, buffer, done, position + done);
    if (n === 0) return damaged(path, 'it ends too early');
    done += n;
  }
  return buffer;
}

function readSome(fd: number, path: string, into: Buffer, from: number, position: number): number {
  try {
    return readSync(fd, into, from, into.length - from, position);
  } catch (e) {
    return unreadable(path, e);
  }
}

/** A file that is appended to, and has its name once it is whole. */
export class TemporaryFile {
  readonly #path: string;
  readonly #temporary: string;
  #fd = -1;
  /** It is there, under its temporary name. */
  #there = false;
  #position = 0;

  /** Throws DISK. */
  constructor(path: string, temporary: string) {
    this.#path = path;
    this.#temporary = temporary;
    this.#orAbandon(() => {
      this.#fd = createPrivate(temporary);
      this.#there = true;
    });
  }

  /** Bytes that were written. */
  get position(): number {
    return this.#position;
  }

  /** Throws DISK; nothing is left of the file then. */
  write(bytes: Uint8Array): void {
    this.#orAbandon(() => writeAt(this.#fd, bytes, this.#position));
    this.#position += bytes.length;
  }

  /** Gives the file its name. `durable` files outlive a crash of the machine. Throws DISK; nothing is left of the file then. */
  commit(durable: boolean): void {
    this.#orAbandon(() => {
      if (durable) fsyncSync(this.#fd);
      const fd = this.#fd;
      this.#fd = -1;
      // Before the file has its name: some systems tell of a write that failed at the close only.
      closeSync(fd);
      renameSync(this.#temporary, this.#path);
      this.#there = false;
    });
  }

  #orAbandon(write: () => void): void {
    try {
      write();
    } catch (e) {
      this.abandon();
      diskError(this.#path, e);
    }
  }

  /** Leaves no file behind, unless it is whole. */
  abandon(): void {
    if (this.#fd >= 0) closeQuietly(this.#fd);
    this.#fd = -1;
    if (this.#there) removeQuietly(this.#temporary);
    this.#there = false;
  }
}
