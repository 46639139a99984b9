// Who may write in a checkpoint folder: one program at a time, by a numbered file. A later program takes the next number, and only once the
// owner has ended. Where hosts share the folder, an owner of another host counts as ended when it has not renewed its file for a while.
import { closeSync, openSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MillraceError } from '../../base/errors';
import { diskError, makeFolders, removeQuietly } from '../../base/files';
import { countIn, fieldsIn, textIn } from '../../base/plain-data';
import { isAlive, ownerOf, type ProcessOwner, processNamespace } from '../../base/process-owner';
import { systemClock } from '../../base/time';

/** Between two renewals, and the age at which the file of an owner on another host is void: it missed eleven of them. */
const renewMs = 5000;
const leaseMs = 60_000;

interface Held extends ProcessOwner {
  /** The number of the folder in its file system: a copy of the folder is another one, and free. */
  readonly place: number;
  readonly isReleased: boolean;
}

export class Lease {
  /** Greater than that of each earlier owner: what an owner wrote too late can be told from what its follower wrote. */
  readonly number: number;
  readonly #checkpointFolder: string;
  readonly #folder: string;
  #cancel = () => {};

  private constructor(checkpointFolder: string, folder: string, number: number) {
    this.#checkpointFolder = checkpointFolder;
    this.#folder = folder;
    this.number = number;
    this.#renew();
  }

  /** Throws CHECKPOINT_IN_USE while its owner lives, and DISK. */
  static take(checkpointFolder: string): Lease {
    const folder = join(checkpointFolder, 'owner');
    try {
      makeFolders(folder, 0o700);
      for (;;) {
        const last = numbersIn(folder).at(-1) ?? 0;
        if (last > 0) refuseHeld(checkpointFolder, folder, last);
        if (!create(checkpointFolder, folder, last + 1)) continue;
        for (const old of numbersIn(folder)) if (old <= last) removeQuietly(join(folder, String(old)));
        return new Lease(checkpointFolder, folder, last + 1);
      }
    } catch (e) {
      if (e instanceof MillraceError) throw e;
      return diskError(folder, e);
    }
  }

  /** Throws CHECKPOINT_TAKEN_OVER if another program has taken the folder: this one may write no more. */
  check(): void {
    const last = numbersIn(this.#folder).at(-1) ?? 0;
    if (last <= this.number) return;
    const owner = ownerText(heldBy(join(this.#folder, String(last))));
    throw new MillraceError('CHECKPOINT_TAKEN_OVER', { folder: this.#checkpointFolder, owner });
  }

  #renew(): void {
    this.#cancel = systemClock.after(renewMs, () => {
      try {
        const now = systemClock.now() / 1_000;
        utimesSync(this.#path, now, now);
      } catch {
        // It was taken over, or the disk fails: the next write says so.
      }
      this.#renew();
    });
  }

  get #path(): string {
    return join(this.#folder, String(this.number));
  }

  /** The next program need not wait. */
  release(): void {
    this.#cancel();
    try {
      writeFileSync(this.#path, textOf(this.#checkpointFolder, true), { flag: 'r+' });
    } catch {
      // It was taken over or removed; else the owner counts as ended when its process has.
    }
  }
}

const numbersIn = (folder: string): number[] =>
  readdirSync(folder)
    .filter((name) => /^\d{1,15}$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);

/** Padded, so that it can be overwritten in place. */
const textOf = (checkpointFolder: string, isReleased: boolean): string =>
  JSON.stringify({ ...ownerOf(process.pid), place: statSync(checkpointFolder).ino, isReleased }).padEnd(1024);

/** False if another program was faster. */
function create(checkpointFolder: string, folder: string, number: number): boolean {
  let fd: number;
  try {
    fd = openSync(join(folder, String(number)), 'wx', 0o600);
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw e;
  }
  try {
    writeFileSync(fd, textOf(checkpointFolder, false));
  } finally {
    closeSync(fd);
  }
  return true;
}

/** Undefined where the file does not say: it is being written, or damaged. */
function heldBy(path: string): Held | undefined {
  try {
    const fields = fieldsIn(JSON.parse(readFileSync(path, 'utf8')), 'the owner');
    return {
      pid: countIn(fields.pid, 'pid'),
      namespace: textIn(fields.namespace, 'namespace'),
      started: textIn(fields.started, 'started'),
      place: countIn(fields.place, 'place'),
      isReleased: fields.isReleased === true,
    };
  } catch {
    return undefined;
  }
}

const ownerText = (held: Held | undefined): string =>
  held ? `process ${held.pid} on ${held.namespace.split(' ')[0]}` : 'one that has just begun';

function refuseHeld(checkpointFolder: string, folder: string, number: number): void {
  const path = join(folder, String(number));
  const held = heldBy(path);
  if (held?.isReleased || (held && held.place !== statSync(checkpointFolder).ino)) return;
  const isHere = held?.namespace === processNamespace();
  const stats = statSync(path, { throwIfNoEntry: false });
  const isHeld = isHere ? isAlive(held.pid, held.started) : stats !== undefined && systemClock.now() - stats.mtimeMs < leaseMs;
  if (isHeld) throw new MillraceError('CHECKPOINT_IN_USE', { folder: checkpointFolder, owner: ownerText(held) });
}
