// Puts each row of a map task into the bucket of its reducer, and rows of a bucket into frames.
import { shuffleBufferBytes, shuffleFrameRows } from '../base/limits';
import type { KeyTable } from '../keys/key';
import { HashPartitioner, type Partitioner } from '../keys/partitioner';
import { pairFrame } from './shuffle-file';
import { sizeOf } from './size-of';

/** Where the frames of a map task go. */
export interface BucketOutput {
  /** Takes the next frame of a bucket. */
  add(bucket: number, frame: Buffer): void;
  /** All frames are there; answers the bytes of each bucket. */
  end(): number[];
  /** Leaves nothing behind: for a task that failed or was cancelled. */
  abandon(): void;
}

/** One row in so many is measured. */
const sampledRows = 64;

/** Gathers rows by bucket; memory is bounded by finishing the frames of wide rows early. */
export class ShuffleWriter {
  readonly #output: BucketOutput;
  readonly #partitioner: Partitioner;
  readonly #keys: unknown[][];
  readonly #values: unknown[][];
  /** Bytes of rows that are not encoded yet, estimated from one row in `sampledRows`. */
  #pendingBytes = 0;
  #untilSample = 1;
  readonly #limit: number;

  constructor(output: BucketOutput, partitioner: Partitioner, memoryBytes: number = shuffleBufferBytes) {
    this.#output = output;
    this.#limit = Math.min(shuffleBufferBytes, memoryBytes / 2);
    this.#partitioner = partitioner;
    const lists = () => Array.from({ length: partitioner.numPartitions }, (): unknown[] => []);
    this.#keys = lists();
    this.#values = lists();
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
    this.#finishAll();
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
    const frame = pairFrame(this.#keys[bucket], this.#values[bucket]);
    this.#keys[bucket] = [];
    this.#values[bucket] = [];
    this.#output.add(bucket, frame);
  }

  #finishAll(): void {
    for (let bucket = 0; bucket < this.#keys.length; bucket++) this.#finish(bucket);
  }

  /** Hands on what is left; answers the bytes of each bucket. Throws DISK. */
  end(): number[] {
    this.#finishAll();
    return this.#output.end();
  }

  /** Leaves no file behind: for a task that failed or was cancelled. */
  abandon(): void {
    this.#output.abandon();
  }
}
