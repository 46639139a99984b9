// A file of frames, each an encoded array with its length and checksum: persisted partitions, checkpoints, states, what tasks spill.
//
//   magic 'MRB1' | frame … frame | trailer: frames u32 | bytes of the frames f64 | checksum of these u32 | magic
//   frame: bytes that follow the head u32, the highest bit set where they are no rows but a note | checksum of the length and the
//          bytes u32 | bytes
import { constants, fstatSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { closeQuietly, damaged, readAt, TemporaryFile } from '../base/files';
import { decodeRows, encode } from '../wire/codec';

const magic = 0x3142524d;
const headBytes = 4;
const frameHead = 8;
const trailerBytes = 20;
const noteBit = 0x80000000;

/** Where a partition of a checkpoint lies: names of numbers only. */
export function checkpointPath(session: string, place: { rddId: number; folder?: string }, partition: number): string {
  return join(checkpointFolder(session, place), String(partition));
}

/** The folder of one dataset's checkpoint: where the user wants it, or in the session's own. */
export function checkpointFolder(session: string, { rddId, folder }: { rddId: number; folder?: string }): string {
  return join(folder ?? join(session, 'checkpoint'), String(rddId));
}

/** An array as a frame. */
export function frameOf(rows: readonly unknown[]): Buffer {
  return framed(encode(rows), 0);
}

function framed(bytes: Uint8Array, mark: number): Buffer {
  const frame = Buffer.allocUnsafe(frameHead + bytes.length);
  frame.writeUInt32LE(bytes.length + mark, 0);
  frame.set(bytes, frameHead);
  frame.writeUInt32LE(checksumOf(frame), 4);
  return frame;
}

const checksumOf = (frame: Buffer): number => crc32(frame.subarray(frameHead), crc32(frame.subarray(0, 4)));

/** Whether a frame is what was written. */
const isWhole = (frame: Buffer): boolean =>
  frame.length >= frameHead && bytesOf(frame) === frame.length - frameHead && checksumOf(frame) === frame.readUInt32LE(4);

const bytesOf = (head: Buffer): number => head.readUInt32LE(0) & ~noteBit;
const isNote = (frame: Buffer): boolean => frame.readUInt32LE(0) >= noteBit;

/** The array of a frame. Throws CORRUPT_FILE. */
export function rowsOf(path: string, frame: Buffer): unknown[] {
  if (!isWhole(frame)) damaged(path, 'the checksum of a frame is wrong');
  return decodeRows(frame.subarray(frameHead), 'executor');
}

/** Writes a file under a temporary name; it has its name once it is whole. */
export class FrameFileWriter {
  readonly #file: TemporaryFile;
  #frames = 0;

  /** `attempt` keeps the temporary files of two tasks apart that write the same file. Throws DISK. */
  constructor(path: string, attempt: number) {
    this.#file = new TemporaryFile(path, `${path}.${attempt}.tmp`);
    const head = Buffer.alloc(headBytes);
    head.writeUInt32LE(magic);
    this.#file.write(head);
  }

  /** Throws DISK. */
  add(frame: Buffer): void {
    this.#file.write(frame);
    this.#frames++;
  }

  /** Adds encoded values that are no rows. Throws DISK. */
  addNote(bytes: Uint8Array): void {
    this.add(framed(bytes, noteBit));
  }

  /** Gives the file its name; answers its bytes. `durable` files outlive a crash of the machine. Throws DISK. */
  end(durable = false): number {
    const trailer = Buffer.alloc(trailerBytes);
    trailer.writeUInt32LE(this.#frames, 0);
    trailer.writeDoubleLE(this.#file.position - headBytes, 4);
    trailer.writeUInt32LE(crc32(trailer.subarray(0, 12)), 12);
    trailer.writeUInt32LE(magic, 16);
    this.#file.write(trailer);
    this.#file.commit(durable);
    return this.#file.position;
  }

  /** Leaves no file behind, unless it is whole. */
  abandon(): void {
    this.#file.abandon();
  }
}

/** A whole file that was opened to be read. */
export class FrameFile {
  readonly bytes: number;
  /** What was written with `addNote`. */
  note: Uint8Array | undefined;
  readonly #path: string;
  #fd: number;
  readonly #end: number;

  /**
   * Opens a file and checks every frame, so that no row is given on of a damaged one. `shown`: its name in errors, where it is a copy.
   * Throws CORRUPT_FILE, or what the system says.
   */
  static open(path: string, shown = path): FrameFile {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const file = new FrameFile(shown, fd);
      file.#checkFrames();
      return file;
    } catch (e) {
      closeQuietly(fd);
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
      if (isNote(frame)) this.note = frame.subarray(frameHead);
      frames++;
    }
    if (frames !== trailer.readUInt32LE(0)) damaged(this.#path, 'frames are missing');
  }

  *#frames(): Generator<Buffer> {
    for (let at = headBytes; at < this.#end; ) {
      const bytes = at + frameHead <= this.#end ? bytesOf(readAt(this.#fd, this.#path, 4, at)) : Number.POSITIVE_INFINITY;
      if (at + frameHead + bytes > this.#end) damaged(this.#path, 'a frame is longer than the file');
      yield readAt(this.#fd, this.#path, frameHead + bytes, at);
      at += frameHead + bytes;
    }
  }

  /** The arrays as they were written; closes the file at the end, also where nobody reads that far. */
  *rows(): Generator<unknown[]> {
    try {
      for (const frame of this.#frames()) if (!isNote(frame)) yield rowsOf(this.#path, frame);
    } finally {
      this.close();
    }
  }

  close(): void {
    if (this.#fd >= 0) closeQuietly(this.#fd);
    this.#fd = -1;
  }
}
