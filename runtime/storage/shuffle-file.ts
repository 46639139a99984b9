// One map task's output: frames of encoded keys and values, bucket by bucket, each with its checksum, and an index at the end.
//
//   magic 'MRS1' | frame … frame | index: for each bucket (first frame u32, frames u32) … | for each frame (offset f64, bytes u32) … |
//   buckets u32 | frames u32 | checksum of the index u32 | magic
//   frame: checksum u32 of what follows | bytes of the keys u32 | keys | values
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { damaged, readAt, TemporaryFile } from '../base/files';
import { shuffleBufferBytes, shuffleFrameRows } from '../base/limits';
import type { KeyTable } from '../keys/key';
import { HashPartitioner, type Partitioner } from '../keys/partitioner';
import { decodeRows, encode } from '../wire/codec';
import { sizeOf } from './size-of';

const magic = 0x3153524d;
const headBytes = 4;
const trailerBytes = 16;
const frameHead = 8;
/** One row in so many is measured. */
const sampledRows = 64;

/** Where the file of a map task lies: names of numbers only. */
export function shufflePath(folder: string, shuffleId: number, mapIndex: number, writer: number): string {
  return join(folder, String(shuffleId), `${mapIndex}.${writer}`);
}

interface Frame {
  readonly offset: number;
  readonly bytes: number;
}

/** Writes rows into buckets; memory is bounded by spilling finished frames to the file in the order they come. */
export class ShuffleWriter {
  readonly #path: string;
  readonly #partitioner: Partitioner;
  readonly #keys: unknown[][];
  readonly #values: unknown[][];
  /** Finished frames of each bucket: in memory, or already in the file. */
  readonly #waiting: Buffer[][];
  readonly #written: Frame[][];
  #waitingBytes = 0;
  /** Bytes of rows that are not encoded yet, estimated from one row in `sampledRows`. */
  #pendingBytes = 0;
  #untilSample = 1;
  readonly #limit: number;
  #file: TemporaryFile | undefined;

  constructor(path: string, partitioner: Partitioner, memoryBytes: number = shuffleBufferBytes) {
    this.#path = path;
    this.#limit = Math.min(shuffleBufferBytes, memoryBytes / 2);
    this.#partitioner = partitioner;
    const lists = <T>() => Array.from({ length: partitioner.numPartitions }, (): T[] => []);
    this.#keys = lists();
    this.#values = lists();
    this.#waiting = lists();
    this.#written = lists();
  }

  add(key: unknown, value: unknown): void {
    this.#put(this.#partitioner.getPartition(key), key, value);
  }

  #put(bucket: number, key: unknown, value: unknown): void {
    const keys = this.#keys[bucket];
    keys.push(key);
    this.#values[bucket].push(value);
    if (keys.length >= shuffleFrameRows) this.#finish(bucket);
    if (--this.#untilSample === 0) this.#sample(key, value);
  }

  /** Many buckets of wide rows must not wait for all their frames to be full. */
  #sample(key: unknown, value: unknown): void {
    this.#untilSample = sampledRows;
    this.#pendingBytes += (16 + sizeOf(key) + sizeOf(value)) * sampledRows;
    if (this.#pendingBytes <= this.#limit) return;
    for (let bucket = 0; bucket < this.#keys.length; bucket++) this.#finish(bucket);
    this.#pendingBytes = 0;
  }

  /** Writes the entries of a table of combined values. */
  table(table: KeyTable, values: readonly unknown[]): void {
    const keys = table.keys;
    const hashed = this.#partitioner instanceof HashPartitioner;
    const n = this.#partitioner.numPartitions;
    for (let i = 0; i < keys.length; i++) {
      // The table has the hash at hand.
      const bucket = hashed ? table.hashOf(i) % n : this.#partitioner.getPartition(keys[i]);
      this.#put(bucket, keys[i], values[i]);
    }
  }

  #finish(bucket: number): void {
    if (this.#keys[bucket].length === 0) return;
    const keys = encode(this.#keys[bucket]);
    const values = encode(this.#values[bucket]);
    this.#keys[bucket] = [];
    this.#values[bucket] = [];
    const frame = Buffer.allocUnsafe(frameHead + keys.length + values.length);
    frame.writeUInt32LE(keys.length, 4);
    frame.set(keys, frameHead);
    frame.set(values, frameHead + keys.length);
    frame.writeUInt32LE(crc32(frame.subarray(4)), 0);
    this.#waiting[bucket].push(frame);
    this.#waitingBytes += frame.length;
    if (this.#waitingBytes > this.#limit) this.#spill();
  }

  #open(): TemporaryFile {
    const file = new TemporaryFile(this.#path, `${this.#path}.tmp`);
    const head = Buffer.alloc(headBytes);
    head.writeUInt32LE(magic);
    file.write(head);
    return file;
  }

  /** Throws DISK. */
  #spill(): TemporaryFile {
    this.#file ??= this.#open();
    for (let bucket = 0; bucket < this.#waiting.length; bucket++) {
      for (const frame of this.#waiting[bucket]) {
        this.#written[bucket].push({ offset: this.#file.position, bytes: frame.length });
        this.#file.write(frame);
      }
      this.#waiting[bucket] = [];
    }
    this.#waitingBytes = 0;
    return this.#file;
  }

  /** Finishes the file under its name; answers the bytes of each bucket. Throws DISK. */
  end(): number[] {
    for (let bucket = 0; bucket < this.#keys.length; bucket++) this.#finish(bucket);
    const file = this.#spill();
    file.write(this.#index());
    file.commit(false);
    return this.#written.map((frames) => frames.reduce((sum, f) => sum + f.bytes, 0));
  }

  #index(): Buffer {
    const frames = this.#written.flat();
    const index = Buffer.alloc(this.#written.length * 8 + frames.length * 12 + trailerBytes);
    let at = 0;
    let first = 0;
    for (const bucket of this.#written) {
      index.writeUInt32LE(first, at);
      index.writeUInt32LE(bucket.length, at + 4);
      first += bucket.length;
      at += 8;
    }
    for (const frame of frames) {
      index.writeDoubleLE(frame.offset, at);
      index.writeUInt32LE(frame.bytes, at + 8);
      at += 12;
    }
    index.writeUInt32LE(this.#written.length, at);
    index.writeUInt32LE(frames.length, at + 4);
    index.writeUInt32LE(crc32(index.subarray(0, at + 8)), at + 8);
    index.writeUInt32LE(magic, at + 12);
    return index;
  }

  /** Leaves no file behind: for a task that failed or was cancelled. */
  abandon(): void {
    this.#file?.abandon();
  }
}

/** The rows of one frame, by columns. */
export interface PairFrame {
  readonly keys: readonly unknown[];
  readonly values: readonly unknown[];
}

function framesOf(fd: number, path: string, size: number, bucket: number): Frame[] {
  if (size < trailerBytes + headBytes) return damaged(path, 'it ends too early');
  if (readAt(fd, path, headBytes, 0).readUInt32LE() !== magic) return damaged(path, 'it does not begin as one');
  const trailer = readAt(fd, path, trailerBytes, size - trailerBytes);
  const buckets = trailer.readUInt32LE(0);
  const frames = trailer.readUInt32LE(4);
  const bytes = buckets * 8 + frames * 12;
  if (trailer.readUInt32LE(12) !== magic || bytes + trailerBytes + headBytes > size) return damaged(path, 'its index is not one');
  const index = readAt(fd, path, bytes, size - trailerBytes - bytes);
  if (crc32(trailer.subarray(0, 8), crc32(index)) !== trailer.readUInt32LE(8))
    return damaged(path, 'the checksum of its index is wrong');
  if (bucket >= buckets) return damaged(path, `it has ${buckets} buckets, not ${bucket + 1}`);
  const first = index.readUInt32LE(bucket * 8);
  const count = index.readUInt32LE(bucket * 8 + 4);
  return Array.from({ length: count }, (_, i) => {
    const at = buckets * 8 + (first + i) * 12;
    return { offset: index.readDoubleLE(at), bytes: index.readUInt32LE(at + 8) };
  });
}

/** The frames of one bucket, checked. Throws CORRUPT_FILE, or what the file system says. */
export function* readBucket(path: string, fd: number, size: number, bucket: number): Generator<PairFrame, void, undefined> {
  for (const frame of framesOf(fd, path, size, bucket)) {
    const bytes = readAt(fd, path, frame.bytes, frame.offset);
    if (crc32(bytes.subarray(4)) !== bytes.readUInt32LE(0)) damaged(path, 'the checksum of a frame is wrong');
    const values = frameHead + bytes.readUInt32LE(4);
    const read = (part: Uint8Array) => decodeRows(part, 'executor');
    yield { keys: read(bytes.subarray(frameHead, values)), values: read(bytes.subarray(values)) };
  }
}
