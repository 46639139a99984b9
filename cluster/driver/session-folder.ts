// The session's folder for shuffle and spill files and its socket: private, and removed at the end, or by the next session.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { asError, MillraceError } from '../../runtime/base/errors';
import { hasEnded, ownerOf, type ProcessOwner } from '../../runtime/base/process-owner';
import { socketPathBytes } from '../base/limits';

const prefix = 'millrace-';
const ownerFile = 'owner';
const pattern = /^millrace-(\d+)-[A-Za-z0-9]{6}$/;

/** Where a session whose own path is too long puts the folder of its socket. */
const shortRoots = ['/tmp', '/var/tmp', '/dev/shm'];
const socketName = 'driver';

/** A folder without the name of its owner is nobody's after this time: its session writes it in the same step. */
const unownedMs = 3_600_000;

export class SessionFolder {
  readonly path: string;
  readonly #atExit = () => this.#removeNow();
  /** A second folder, for the socket alone. */
  #short: string | undefined;

  private constructor(folder: string) {
    this.path = folder;
    process.once('exit', this.#atExit);
  }

  /**
   * Makes a folder of mode 0700 below the machine's temporary folder, and starts to remove those of dead sessions. Throws
   * NO_TEMPORARY_FOLDER, or DISK where there is no room.
   */
  static make(): SessionFolder {
    return new SessionFolder(makeBelow(path.resolve(os.tmpdir())));
  }

  /** A path for a Unix socket in the folder; undefined where it has more bytes than systems take. */
  socketPath(): string | undefined {
    const own = path.join(this.path, socketName);
    return Buffer.byteLength(own) <= socketPathBytes ? own : undefined;
  }

  /** A path for a Unix socket in a folder like this one, but with a short path. Throws NO_EXECUTORS. */
  shortSocketPath(): string {
    let reason = '';
    for (const root of shortRoots) {
      try {
        this.#short = makeBelow(root);
        return path.join(this.#short, socketName);
      } catch (e) {
        reason = asError(e).message;
      }
    }
    throw new MillraceError('NO_EXECUTORS', {
      reason: `the path of a socket in ${this.path} would be too long, and no shorter folder can be made (${reason}); set TMPDIR`,
    });
  }

  async remove(): Promise<void> {
    process.off('exit', this.#atExit);
    // Retries, because an executor that was just killed may have made one more file.
    for (const folder of this.#folders) await fs.promises.rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }

  #removeNow(): void {
    for (const folder of this.#folders) fs.rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }

  get #folders(): string[] {
    return this.#short === undefined ? [this.path] : [this.path, this.#short];
  }
}

/** Makes a folder of mode 0700 that names its owner, and starts to remove those of dead sessions beside it. */
function makeBelow(root: string): string {
  let folder: string | undefined;
  try {
    removeStale(root);
    folder = fs.mkdtempSync(path.join(root, `${prefix}${process.pid}-`));
    fs.writeFileSync(path.join(folder, ownerFile), JSON.stringify(ownerOf(process.pid)), { mode: 0o600, flag: 'wx' });
    return folder;
  } catch (e) {
    // A full disk may have room for a folder but not for a file.
    if (folder !== undefined) fs.rmSync(folder, { recursive: true, force: true });
    const rule = unusable[(e as NodeJS.ErrnoException).code ?? ''];
    if (rule !== undefined) throw new MillraceError('NO_TEMPORARY_FOLDER', { folder: root, rule });
    throw new MillraceError('DISK', { path: folder ?? root, reason: asError(e).message });
  }
}

/** What is wrong with a temporary folder, by what the system said. */
const unusable: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder',
  ENOTDIR: 'it is no folder',
  ELOOP: 'it is a link that leads to itself',
  EACCES: 'you may not write there',
  EPERM: 'you may not write there',
  EROFS: 'its file system is read-only',
};

/** A folder that may be written but not listed keeps what dead sessions left. */
function namesIn(root: string): string[] {
  try {
    return fs.readdirSync(root);
  } catch {
    return [];
  }
}

function removeStale(root: string): void {
  for (const name of namesIn(root)) {
    const folder = path.join(root, name);
    if (pattern.test(name) && isStale(folder)) fs.rm(folder, { recursive: true, force: true }, () => {});
  }
}

/** True only for a folder of this user whose process has certainly ended: one of this machine and namespace, or one that got no owner. */
function isStale(folder: string): boolean {
  try {
    const stat = fs.lstatSync(folder);
    if (!stat.isDirectory() || stat.uid !== process.getuid?.()) return false;
    const owner = ownerIn(folder);
    // It is just being made, or whoever made it ended meanwhile.
    if (owner === undefined) return Date.now() - stat.mtimeMs > unownedMs;
    return hasEnded(owner);
  } catch {
    // It is gone already.
    return false;
  }
}

function ownerIn(folder: string): ProcessOwner | undefined {
  try {
    const owner = JSON.parse(fs.readFileSync(path.join(folder, ownerFile), 'utf8')) as ProcessOwner;
    return Number.isInteger(owner.pid) ? owner : undefined;
  } catch {
    return undefined;
  }
}
