// The lock of a folder: one process has it at a time, and what a dead process left is taken over.
//
// The lock is a folder with one file, which names its process and has a name that no other has. Such a folder is made aside and renamed:
// the system refuses that where a lock with a file is there, and replaces an empty one. So a lock is never half written, needs no hard
// links, and who takes over removes the file of the dead process only, whatever others do meanwhile.
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { asError, MillraceError } from '../../../runtime/base/errors';
import { removeQuietly, syncFile } from '../../../runtime/base/files';
import { hasEnded, isAlive, ownerOf, type ProcessOwner } from '../../../runtime/base/process-owner';

const lockName = 'lock';

export class FolderLock {
  readonly #file: string;

  /** Takes the lock. Whether a process in another container or on another machine lives cannot be seen. Throws KEEP_TAKEN or DISK. */
  static take(folder: string): FolderLock {
    const lock = path.join(folder, lockName);
    const name = `${process.pid}-${randomBytes(8).toString('hex')}`;
    const aside = `${lock}.${name}`;
    try {
      fs.mkdirSync(aside, { mode: 0o700 });
      const file = path.join(aside, name);
      fs.writeFileSync(file, JSON.stringify(ownerOf(process.pid)), { mode: 0o600 });
      syncFile(file);
      if (!isMoved(aside, lock)) {
        removeDead(folder, lock);
        // Another server may have been faster.
        if (!isMoved(aside, lock)) throw taken(folder, lock);
      }
      removeAsides(folder);
      return new FolderLock(path.join(lock, name));
    } catch (e) {
      removeQuietly(aside);
      if (e instanceof MillraceError) throw e;
      throw new MillraceError('DISK', { path: lock, reason: asError(e).message });
    }
  }

  private constructor(file: string) {
    this.#file = file;
  }

  /** Gives the folder back. */
  release(): void {
    removeQuietly(this.#file);
    removeEmpty(path.dirname(this.#file));
  }
}

/** Gives a lock its name, unless another one has it. */
function isMoved(aside: string, lock: string): boolean {
  try {
    fs.renameSync(aside, lock);
    return true;
  } catch (e) {
    if (['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes((e as NodeJS.ErrnoException).code ?? '')) return false;
    throw e;
  }
}

/** Removes what a dead process has left in a lock. Throws KEEP_TAKEN where one may live. */
function removeDead(folder: string, lock: string): void {
  for (const name of namesIn(lock)) {
    const owner = readOwner(path.join(lock, name));
    // Its lock is gone meanwhile.
    if (owner === 'gone') continue;
    if (owner === undefined || !hasEnded(owner)) throw taken(folder, lock, owner);
    removeQuietly(path.join(lock, name));
  }
}

/** Removes what was made aside by processes that died before it had its name. */
function removeAsides(folder: string): void {
  for (const name of namesIn(folder)) {
    const [, pid] = /^lock\.(\d+)-[0-9a-f]{16}$/.exec(name) ?? [];
    if (pid !== undefined && !isAlive(Number(pid))) removeQuietly(path.join(folder, name));
  }
}

function namesIn(lock: string): string[] {
  try {
    return fs.readdirSync(lock);
  } catch {
    return [];
  }
}

function readOwner(file: string): ProcessOwner | 'gone' | undefined {
  try {
    const { pid, namespace, started } = JSON.parse(fs.readFileSync(file, 'utf8')) as ProcessOwner;
    const isOne = Number.isSafeInteger(pid) && typeof namespace === 'string' && typeof started === 'string';
    return isOne ? { pid, namespace, started } : undefined;
  } catch (e) {
    return (e as NodeJS.ErrnoException).code === 'ENOENT' ? 'gone' : undefined;
  }
}

function removeEmpty(folder: string): void {
  try {
    fs.rmdirSync(folder);
  } catch {
    // The next server has it already.
  }
}

function taken(folder: string, lock: string, owner?: ProcessOwner): MillraceError {
  const other = owner ?? namesIn(lock).map((name) => readOwner(path.join(lock, name)))[0];
  const pid = other === undefined || other === 'gone' ? 'unknown' : other.pid;
  return new MillraceError('KEEP_TAKEN', { folder, pid, lock });
}
