// The checkpoint files of streams: the progress after one batch, written whole or not at all. The last two stay.
//
//   magic 'MRK1' | version u32 | bytes of the text f64 | checksum of these and of the text u32 | text: JSON
import fs from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { asError, MillraceError } from '../../base/errors';
import { closeQuietly, damaged, diskError, makeFolders, removeQuietly } from '../../base/files';
import { checkedCheckpoint } from './checked-checkpoint';
import type { StreamCheckpoint } from './checkpoint';

const magic = 0x314b524d;
const version = 2;
const headBytes = 20;
const filesThatStay = 2;
/** More than one program writes: a file each millisecond for eleven days. */
const filesOfOwner = 1e9;

const nameOf = (number: number) => String(number);

function bytesOf(checkpoint: StreamCheckpoint): Buffer {
  const text = Buffer.from(JSON.stringify(checkpoint));
  const head = Buffer.alloc(headBytes);
  head.writeUInt32LE(magic, 0);
  head.writeUInt32LE(version, 4);
  head.writeDoubleLE(text.length, 8);
  head.writeUInt32LE(crc32(text, crc32(head.subarray(0, 16))), 16);
  return Buffer.concat([head, text]);
}

/** Throws CORRUPT_FILE. */
function checkpointOf(path: string, bytes: Buffer): StreamCheckpoint {
  if (bytes.length < headBytes) damaged(path, 'it ends too early');
  if (bytes.readUInt32LE(0) !== magic) damaged(path, 'it does not begin as one');
  if (bytes.readUInt32LE(4) !== version) damaged(path, `it is of version ${bytes.readUInt32LE(4)}, not ${version}`);
  const text = bytes.subarray(headBytes);
  if (text.length !== bytes.readDoubleLE(8)) damaged(path, 'it ends too early');
  if (crc32(text, crc32(bytes.subarray(0, 16))) !== bytes.readUInt32LE(16)) damaged(path, 'its checksum is wrong');
  try {
    return checkedCheckpoint(JSON.parse(text.toString('utf8')));
  } catch (e) {
    return damaged(path, asError(e).message);
  }
}

/** The newest intact checkpoint, and the damage of newer ones. */
export interface FoundCheckpoint {
  readonly checkpoint: StreamCheckpoint;
  readonly path: string;
  readonly damage: readonly Error[];
}

/** The checkpoint files of one context. */
export class CheckpointFiles {
  readonly #folder: string;
  #next: number | undefined;

  /** They lie below the checkpoint folder of the context. */
  constructor(folder: string) {
    this.#folder = join(folder, 'batches');
  }

  /** The newest intact checkpoint; undefined if there is no file. Throws CHECKPOINT_UNREADABLE if no file is intact. */
  read(): FoundCheckpoint | undefined {
    const damage: Error[] = [];
    for (const number of this.#numbers().reverse()) {
      const path = join(this.#folder, nameOf(number));
      try {
        return { checkpoint: checkpointOf(path, fs.readFileSync(path)), path, damage };
      } catch (e) {
        damage.push(asError(e));
      }
    }
    if (damage.length === 0) return undefined;
    throw new MillraceError('CHECKPOINT_UNREADABLE', { folder: this.#folder, reasons: damage.map((e) => e.message).join(' ') });
  }

  /** The files of an owner of a later number come after those of all before, also after what one of them writes too late. */
  beginAfter(owner: number): void {
    this.#next = Math.max((this.#numbers().at(-1) ?? -1) + 1, owner * filesOfOwner);
  }

  /** Writes the next file so that it survives a crash of the machine, then removes all but the last two. Throws DISK. */
  async write(checkpoint: StreamCheckpoint): Promise<void> {
    const number = this.#next ?? (this.#numbers().at(-1) ?? -1) + 1;
    const path = join(this.#folder, nameOf(number));
    try {
      makeFolders(this.#folder, 0o700);
      await writeDurably(path, bytesOf(checkpoint));
    } catch (e) {
      diskError(path, e);
    }
    this.#next = number + 1;
    for (const old of this.#numbers().slice(0, -filesThatStay)) removeQuietly(join(this.#folder, nameOf(old)));
  }

  /** Oldest first. */
  #numbers(): number[] {
    let names: string[];
    try {
      names = fs.readdirSync(this.#folder);
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw new MillraceError('UNREADABLE_FILE', { path: this.#folder, reason: asError(e).message });
    }
    const numbers = names.filter((name) => /^\d+$/.test(name)).map(Number);
    return numbers.sort((a, b) => a - b);
  }
}

/** Writes under a temporary name, syncs, renames, and syncs the folder. Does not block the session meanwhile. */
async function writeDurably(path: string, bytes: Buffer): Promise<void> {
  const temporary = `${path}.tmp`;
  const { O_CREAT, O_TRUNC, O_NOFOLLOW, O_WRONLY, O_RDONLY } = fs.constants;
  try {
    const fd = await promisify(fs.open)(temporary, O_CREAT | O_TRUNC | O_NOFOLLOW | O_WRONLY, 0o600);
    await useAndClose(fd, async () => {
      for (let done = 0; done < bytes.length; ) done += (await promisify(fs.write)(fd, bytes, done)).bytesWritten;
      await promisify(fs.fsync)(fd);
    });
    await promisify(fs.rename)(temporary, path);
  } catch (e) {
    removeQuietly(temporary);
    throw e;
  }
  const folder = await promisify(fs.open)(join(path, '..'), O_RDONLY);
  await useAndClose(folder, () => promisify(fs.fsync)(folder));
}

async function useAndClose(fd: number, use: () => Promise<void>): Promise<void> {
  try {
    await use();
  } catch (e) {
    closeQuietly(fd);
    throw e;
  }
  await promisify(fs.close)(fd);
}
