// The shuffle file of one map task: frames as they come, bucket by bucket between two spills, and an index at its end.
import { crc32 } from 'node:zlib';
import { TemporaryFile } from '../base/files';
import { shuffleBufferBytes } from '../base/limits';
import { type Frame, headBytes, magic, trailerBytes } from './shuffle-file';
import type { BucketOutput } from './shuffle-writer';

/** Memory is bounded by spilling finished frames to the file in the order they come. */
export class ShuffleOutput implements BucketOutput {
  readonly #path: string;
  /** Finished frames of each bucket: in memory, or already in the file. */
  readonly #waiting: Buffer[][];
  readonly #written: Frame[][];
  #waitingBytes = 0;
  readonly #limit: number;
  #file: TemporaryFile | undefined;

  constructor(path: string, buckets: number, memoryBytes: number = shuffleBufferBytes) {
    this.#path = path;
    this.#limit = Math.min(shuffleBufferBytes, memoryBytes / 2);
    const lists = <T>() => Array.from({ length: buckets }, (): T[] => []);
    this.#waiting = lists();
    this.#written = lists();
  }

  add(bucket: number, frame: Buffer): void {
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

  abandon(): void {
    this.#file?.abandon();
  }
}
