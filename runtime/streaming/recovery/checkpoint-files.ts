// The checkpoint files of streams: the progress after one batch, written whole or not at all. The last two stay.
//
//   magic 'MRK1' | version u32 | bytes of the text f64 | checksum of these and of the text u32 | text: JSON
import { crc32 } from 'node:zlib';
import { asError, MillraceError } from '../../base/errors';
import { damaged } from '../../base/files';
import { below, type RemoteFolders } from '../../base/remote/remote-folders';
import { checkedCheckpoint } from './checked-checkpoint';
import type { StreamCheckpoint } from './checkpoint';
import { type CheckpointFolder, checkpointFolderAt } from './checkpoint-folder';

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
  readonly #folder: CheckpointFolder;
  #next: number | undefined;

  /** They lie below the checkpoint folder of the context, which `folders` reach if it lies elsewhere. */
  constructor(folder: string, folders?: RemoteFolders) {
    this.#folder = checkpointFolderAt(below(folder, 'batches'), folders);
  }

  /** The newest intact checkpoint; undefined if there is no file. Throws CHECKPOINT_UNREADABLE if no file is intact. */
  read(): FoundCheckpoint | undefined {
    const damage: Error[] = [];
    for (const number of this.#numbers().reverse()) {
      const path = below(this.#folder.path, nameOf(number));
      try {
        return { checkpoint: checkpointOf(path, this.#folder.read(nameOf(number))), path, damage };
      } catch (e) {
        damage.push(asError(e));
      }
    }
    if (damage.length === 0) return undefined;
    throw new MillraceError('CHECKPOINT_UNREADABLE', {
      folder: this.#folder.path,
      reasons: damage.map((e) => e.message).join(' '),
    });
  }

  /** The files of an owner of a later number come after those of all before, also after what one of them writes too late. */
  beginAfter(owner: number): void {
    this.#next = Math.max((this.#numbers().at(-1) ?? -1) + 1, owner * filesOfOwner);
  }

  /** Writes the next file so that it survives a crash of the machine, then removes all but the last two. Throws DISK. */
  async write(checkpoint: StreamCheckpoint): Promise<void> {
    const number = this.#next ?? (this.#numbers().at(-1) ?? -1) + 1;
    await this.#folder.write(nameOf(number), bytesOf(checkpoint));
    this.#next = number + 1;
    this.#folder.remove(this.#numbers().slice(0, -filesThatStay).map(nameOf));
  }

  /** Oldest first. */
  #numbers(): number[] {
    const numbers = this.#folder
      .names()
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
    return numbers.sort((a, b) => a - b);
  }
}
