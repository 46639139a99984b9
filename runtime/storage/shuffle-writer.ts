// Writes the output of a map task: puts each row into the bucket of its reducer, and the buckets into one shuffle file.
import { crc32 } from 'node:zlib';
import { TemporaryFile } from '../base/files';
import { shuffleBufferBytes, shuffleFrameRows } from '../base/limits';
import type { KeyTable } from '../keys/key';
import { HashPartitioner, type Partitioner } from '../keys/partitioner';
import { encode } from '../wire/codec';
import { type Frame, frameHead, headBytes, magic, trailerBytes } from './shuffle-file';
import { sizeOf } from './size-of';

/** One row in so many is measured. */
const sampledRows = 64;

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
