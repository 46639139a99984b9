// Writes record batches as the protocol has them.
import type { Client } from './client-package';
import { type KafkaCompression, packed } from './compression';

/** A record to write. */
export interface NewRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly (readonly [name: string, value: Uint8Array])[];
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
}

/** Who writes, in a transaction. */
export interface Author {
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

const headBytes = 61;
const firstBytes = 64 << 10;
const transactional = 16;
/** The longest number of a record. */
const mostOfNumber = 10;
const magicTwo = 2;

/** What a record adds to a batch, at most. */
export function mostBytes({ key, value, headers }: NewRecord): number {
  const fields = [key, value, ...headers.map(([, bytes]) => bytes)];
  const names = headers.reduce((sum, [name]) => sum + mostOfNumber + 3 * name.length, 0);
  return fields.reduce((sum, bytes) => sum + mostOfNumber + (bytes?.length ?? 0), names + 5 * mostOfNumber);
}

/** A batch that grows; its bytes are taken when it is full. */
export class BatchWriter {
  #bytes = Buffer.allocUnsafe(firstBytes);
  #at = 0;
  #count = 0;
  #firstTime = 0;
  #lastTime = 0;

  get count(): number {
    return this.#count;
  }

  get size(): number {
    return this.#at;
  }

  add({ key, value, headers, timestamp }: NewRecord): void {
    if (this.#count === 0) {
      this.#firstTime = timestamp;
      this.#lastTime = timestamp;
    }
    this.#lastTime = Math.max(this.#lastTime, timestamp);
    const delta = timestamp - this.#firstTime;
    const names = headers.map(([name]) => Buffer.from(name));
    let length = 1 + longBytes(delta) + longBytes(this.#count) + fieldBytes(key) + fieldBytes(value) + longBytes(headers.length);
    for (const [i, [, bytes]] of headers.entries()) length += fieldBytes(names[i]) + fieldBytes(bytes);
    this.#reserve(length + 10);
    this.#long(length);
    this.#bytes[this.#at++] = 0;
    this.#long(delta);
    this.#long(this.#count);
    this.#field(key);
    this.#field(value);
    this.#long(headers.length);
    for (const [i, [, bytes]] of headers.entries()) {
      this.#field(names[i]);
      this.#field(bytes);
    }
    this.#count++;
  }

  /** The batch, whose first record has this sequence number; empty from then on. */
  take(client: Client, compression: KafkaCompression, { producerId, producerEpoch }: Author, sequence: number): Buffer {
    const [codec, records] = packed(compression, this.#bytes.subarray(0, this.#at), client);
    const batch = Buffer.alloc(headBytes + records.length);
    batch.writeInt32BE(batch.length - 12, 8);
    batch.writeInt32BE(-1, 12);
    batch[16] = magicTwo;
    batch.writeInt16BE(codec | transactional, 21);
    batch.writeInt32BE(this.#count - 1, 23);
    batch.writeBigInt64BE(BigInt(this.#firstTime), 27);
    batch.writeBigInt64BE(BigInt(this.#lastTime), 35);
    batch.writeBigInt64BE(producerId, 43);
    batch.writeInt16BE(producerEpoch, 51);
    batch.writeInt32BE(sequence, 53);
    batch.writeInt32BE(this.#count, 57);
    records.copy(batch, headBytes);
    batch.writeUInt32BE(client.crc32c(batch.subarray(21)), 17);
    this.#at = 0;
    this.#count = 0;
    return batch;
  }

  #reserve(more: number): void {
    if (this.#at + more <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#at + more));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }

  /** A signed number in zigzag. */
  #long(value: number): void {
    let rest = value < 0 ? -2 * value - 1 : 2 * value;
    while (rest > 127) {
      this.#bytes[this.#at++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#at++] = rest;
  }

  #field(bytes: Uint8Array | null): void {
    this.#long(bytes === null ? -1 : bytes.length);
    if (bytes === null) return;
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }
}

function longBytes(value: number): number {
  let bytes = 1;
  for (let rest = value < 0 ? -2 * value - 1 : 2 * value; rest > 127; rest = Math.floor(rest / 128)) bytes++;
  return bytes;
}

const fieldBytes = (bytes: Uint8Array | null): number => (bytes === null ? 1 : longBytes(bytes.length) + bytes.length);
