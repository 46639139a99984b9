// A file of frames, each an encoded array with its length and checksum: kept partitions, checkpoints, and what tasks spill.
//
//   magic 'MRB1' | frame … frame | trailer: frames u32 | bytes of the frames f64 | checksum of these u32 | magic
//   frame: bytes that follow the head u32 | checksum of the length and the bytes u32 | bytes
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
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { asError, MillraceError } from '../errors';
import { decode, encode } from '../wire/codec';

const magic = 0x3142524d;
const headBytes = 4;
const frameHead = 8;
const trailerBytes = 20;

export const diskError = (path: string, thrown: unknown): never => {
  throw new MillraceError('DISK', { path, reason: asError(thrown).message });
};

/** Raises CORRUPT_FILE. */
export const damaged = (path: string, reason: string): never => {
  throw new MillraceError('CORRUPT_FILE', { path, reason });
};

/** Where a partition of a checkpoint lies: names of numbers only. */
export function checkpointPath(session: string, place: { rddId: number; folder?: string }, partition: number): string {
  return join(checkpointFolder(session, place), String(partition));
}

/** The folder of one dataset's checkpoint: where the user wants it, or in the session's own. */
export function checkpointFolder(session: string, { rddId, folder }: { rddId: number; folder?: string }): string {
  return join(folder ?? join(session, 'checkpoint'), String(rddId));
}

/** Makes a file that nobody made before, for its owner only. */
export function createPrivate(path: string): number {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDWR } = constants;
  return openSync(path, O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR, 0o600);
}

/** An array as a frame. */
export function frameOf(rows: readonly unknown[]): Buffer {
  const bytes = encode(rows);
  const frame = Buffer.allocUnsafe(frameHead + bytes.length);
  frame.writeUInt32LE(bytes.length, 0);
  frame.set(bytes, frameHead);
  frame.writeUInt32LE(checksumOf(frame), 4);
  return frame;
}

const checksumOf = (frame: Buffer): number => crc32(frame.subarray(frameHead), crc32(frame.subarray(0, 4)));

/** Whether a frame is what was written. */
const isWhole = (frame: Buffer): boolean =>
  frame.length >= frameHead && frame.readUInt32LE(0) === frame.length - frameHead && checksumOf(frame) === frame.readUInt32LE(4);

/** The array of a frame. Throws CORRUPT_FILE. */
export function rowsOf(path: string, frame: Buffer): unknown[] {
  if (!isWhole(frame)) damaged(path, 'the checksum of a frame is wrong');
  return decode(frame.subarray(frameHead), 'executor') as unknown[];
}

/** Writes all bytes at a place of a file. */
export function writeAt(fd: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, position + done);
}

/** Reads so many bytes at a place of a file. Throws CORRUPT_FILE where it ends before. */
export function readAt(fd: number, path: string, bytes: number, position: number): Buffer {
  const buffer = Buffer.allocUnsafe(bytes);
  for (let done = 0; done < bytes; ) {
    const n = readSync(fd, buffer, done, bytes - done, position + done);
    if (n === 0) return damaged(path, 'it ends too early');
    done += n;
  }
  return buffer;
}

/** Writes a file under a temporary name; it has its name once it is whole. */
export class FrameFileWriter {
  readonly #path: string;
  readonly #temporary: string;
  #fd = -1;
  #frames = 0;
  #position = headBytes;

  /** `attempt` keeps the temporary files of two tasks apart that write the same file. Throws DISK. */
  constructor(path: string, attempt: number) {
    this.#path = path;
    this.#temporary = `${path}.${attempt}.tmp`;
    const head = Buffer.alloc(headBytes);
    head.writeUInt32LE(magic);
    this.#orAbandon(() => {
      this.#fd = createPrivate(this.#temporary);
      writeAt(this.#fd, head, 0);
    });
  }

  add(frame: Buffer): void {
    this.#orAbandon(() => writeAt(this.#fd, frame, this.#position));
    this.#position += frame.length;
    this.#frames++;
  }

  /** Gives the file its name; answers its bytes. `durable` files outlive a crash of the machine. */
  end(durable = false): number {
    const trailer = Buffer.alloc(trailerBytes);
    trailer.writeUInt32LE(this.#frames, 0);
    trailer.writeDoubleLE(this.#position - headBytes, 4);
    trailer.writeUInt32LE(crc32(trailer.subarray(0, 12)), 12);
    trailer.writeUInt32LE(magic, 16);
    this.#orAbandon(() => {
      writeAt(this.#fd, trailer, this.#position);
      if (durable) fsyncSync(this.#fd);
      renameSync(this.#temporary, this.#path);
      closeSync(this.#fd);
      this.#fd = -1;
    });
    return this.#position + trailerBytes;
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
    if (this.#fd < 0) return;
    closeSync(this.#fd);
    this.#fd = -1;
    rmSync(this.#temporary, { force: true });
  }
}

/** A whole file that was opened to be read. */
export class FrameFile {
  readonly bytes: number;
  readonly #path: string;
  #fd: number;
  readonly #end: number;

  /** Opens a file and checks every frame, so that no row is given on of a damaged one. Throws CORRUPT_FILE, or what the system says. */
  static open(path: string): FrameFile {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const file = new FrameFile(path, fd);
      file.#checkFrames();
      return file;
    } catch (e) {
      closeSync(fd);
      throw e;
    }
  }

  private constructor(path: string, fd: number) {
    this.#path = path;
    this.#fd = fd;
    this.bytes = fstatSync(fd).size;
    this.#end = this.bytes - trailerBytes;
  }

  #checkFrames(): void {
    if (this.#end < headBytes) damaged(this.#path, 'it ends too early');
    if (readAt(this.#fd, this.#path, headBytes, 0).readUInt32LE() !== magic) damaged(this.#path, 'it does not begin as one');
    const trailer = readAt(this.#fd, this.#path, trailerBytes, this.#end);
    const checked = trailer.readUInt32LE(16) === magic && trailer.readUInt32LE(12) === crc32(trailer.subarray(0, 12));
    if (!checked || trailer.readDoubleLE(4) !== this.#end - headBytes) damaged(this.#path, 'its end is not one');
    let frames = 0;
    for (const frame of this.#frames()) {
      if (!isWhole(frame)) damaged(this.#path, 'the checksum of a frame is wrong');
      frames++;
    }
    if (frames !== trailer.readUInt32LE(0)) damaged(this.#path, 'frames are missing');
  }

  *#frames(): Generator<Buffer> {
    for (let at = headBytes; at < this.#end; ) {
      const bytes = at + frameHead <= this.#end ? readAt(this.#fd, this.#path, 4, at).readUInt32LE() : Number.POSITIVE_INFINITY;
      if (at + frameHead + bytes > this.#end) damaged(this.#path, 'a frame is longer than the file');
      yield readAt(this.#fd, this.#path, frameHead + bytes, at);
      at += frameHead + bytes;
    }
  }

  /** The arrays as they were written; closes the file at the end, also where nobody reads that far. */
  *rows(): Generator<unknown[]> {
    try {
      for (const frame of this.#frames()) yield rowsOf(this.#path, frame);
    } finally {
      this.close();
    }
  }

  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }
}
