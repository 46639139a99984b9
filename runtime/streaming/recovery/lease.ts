// Who may write in a checkpoint folder: one program at a time, by a numbered file. A later program takes the next number, and only once the
// owner has ended. Where hosts share the folder, an owner of another host counts as ended when it has not renewed its file for a while.
import { MillraceError } from '../../base/errors';
import { diskError } from '../../base/files';
import { countIn, fieldsIn, textIn } from '../../base/plain-data';
import { isAlive, ownerOf, type ProcessOwner, processNamespace } from '../../base/process-owner';
import type { RemoteFolders } from '../../base/remote/remote-folders';
import { systemClock } from '../../base/time';
import { type OwnerFiles, ownerFilesIn } from './owner-files';

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
  readonly #files: OwnerFiles;
  #cancel = () => {};

  private constructor(checkpointFolder: string, files: OwnerFiles, number: number) {
    this.#checkpointFolder = checkpointFolder;
    this.#files = files;
    this.number = number;
    this.#renew();
  }

  /** `folders` reach the folder if it lies elsewhere. Throws CHECKPOINT_IN_USE while its owner lives, and DISK. */
  static take(checkpointFolder: string, folders?: RemoteFolders): Lease {
    const files = ownerFilesIn(checkpointFolder, folders);
    try {
      files.make();
      for (;;) {
        const last = files.numbers().at(-1) ?? 0;
        if (last > 0) refuseHeld(checkpointFolder, files, last);
        if (!files.create(last + 1, textOf(files, false))) continue;
        for (const old of files.numbers()) if (old <= last) files.remove(old);
        return new Lease(checkpointFolder, files, last + 1);
      }
    } catch (e) {
      if (e instanceof MillraceError) throw e;
      return diskError(files.folder, e);
    }
  }

  /** Throws CHECKPOINT_TAKEN_OVER if another program has taken the folder: this one may write no more. */
  check(): void {
    const last = this.#files.numbers().at(-1) ?? 0;
    if (last <= this.number && this.#files.isOwn(this.number)) return;
    const owner = ownerText(heldBy(this.#files, last));
    throw new MillraceError('CHECKPOINT_TAKEN_OVER', { folder: this.#checkpointFolder, owner });
  }

  #renew(): void {
    this.#cancel = systemClock.after(renewMs, () => {
      try {
        this.#files.renew(this.number);
      } catch {
        // It was taken over, or the disk fails: the next write says so.
      }
      this.#renew();
    });
  }

  /** The next program need not wait. */
  release(): void {
    this.#cancel();
    try {
      if (this.#files.isOwn(this.number)) this.#files.overwrite(this.number, textOf(this.#files, true));
    } catch {
      // It was taken over or removed; else the owner counts as ended when its process has.
    }
  }
}

/** Padded, so that it can be overwritten in place. */
const textOf = ({ place }: OwnerFiles, isReleased: boolean): string =>
  JSON.stringify({ ...ownerOf(process.pid), place, isReleased }).padEnd(1024);

/** Undefined where the file does not say: it is being written, or damaged. */
function heldBy(files: OwnerFiles, number: number): Held | undefined {
  try {
    const fields = fieldsIn(JSON.parse(files.read(number)), 'the owner');
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

function refuseHeld(checkpointFolder: string, files: OwnerFiles, number: number): void {
  const held = heldBy(files, number);
  if (held?.isReleased || (held && held.place !== files.place)) return;
  const isHere = held?.namespace === processNamespace();
  const age = files.ageMs(number);
  const isHeld = isHere ? isAlive(held.pid, held.started) : age !== undefined && age < leaseMs;
  if (isHeld) throw new MillraceError('CHECKPOINT_IN_USE', { folder: checkpointFolder, owner: ownerText(held) });
}
