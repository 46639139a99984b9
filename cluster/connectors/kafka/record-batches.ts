// Batches of records as brokers store them: checked, unpacked, and without what aborted transactions wrote. No object is made for a record.
import type { Client } from './client-package';
import { unpacked } from './compression';

/** A transaction that was aborted, from an offset on. */
export interface Aborted {
  readonly pid: bigint;
  readonly first: bigint;
}

/** A batch whose records can be walked. */
export interface RecordBatch {
  readonly baseOffset: number;
  /** Behind its last record, also where compaction has removed that. */
  readonly nextOffset: number;
  readonly baseTimestamp: number;
  /** Set where the broker wrote the time: all records have it. */
  readonly appendTime: number | undefined;
  readonly count: number;
  readonly records: Buffer;
}

/** A batch whose checksum is wrong. */
export class DamagedBatch extends Error {}

const headBytes = 61;
const isTransactional = 16;
const isControl = 32;
const isAppendTime = 8;
const codecBits = 7;
const magicAt = 16;
const crcAt = 17;
const checkedAt = 21;

/** Follows which producers are in an aborted transaction, batch by batch of one partition. */
export class AbortedProducers {
  readonly #waiting: Aborted[];
  readonly #inside = new Set<bigint>();

  constructor(aborted: readonly Aborted[]) {
    this.#waiting = [...aborted].sort((a, b) => (a.first < b.first ? -1 : 1));
  }

  /** Whether the transactional batch at an offset belongs to one. */
  has(pid: bigint, baseOffset: bigint): boolean {
    while (this.#waiting.length > 0 && this.#waiting[0].first <= baseOffset) this.#inside.add(this.#waiting.shift()!.pid);
    return this.#inside.has(pid);
  }

  /** A marker ends a producer's transaction. */
  ends(pid: bigint, baseOffset: bigint): void {
    this.has(pid, baseOffset);
    this.#inside.delete(pid);
  }
}

/**
 * The batches of an answer, and where the next fetch begins. The last batch of an answer may be cut off: it comes whole in the next. Batches
 * without records for readers, such as markers, have `count` 0.
 */
export function* recordBatches(data: Buffer, aborted: AbortedProducers, client: Client): Generator<RecordBatch> {
  for (let at = 0; data.length - at >= headBytes; ) {
    const base = data.readBigInt64BE(at);
    const end = at + 12 + data.readInt32BE(at + 8);
    if (end > data.length) return;
    if (data[at + magicAt] !== 2)
      throw new DamagedBatch(`a batch at offset ${base} has the unknown format ${data[at + magicAt]}`);
    if (client.crc32c(data.subarray(at + checkedAt, end)) !== data.readUInt32BE(at + crcAt))
      throw new DamagedBatch(`the checksum of the batch at offset ${base} is wrong`);
    const attributes = data.readInt16BE(at + checkedAt);
    const pid = data.readBigInt64BE(at + 43);
    let isSkipped = false;
    if (attributes & isControl) {
      aborted.ends(pid, base);
      isSkipped = true;
    } else if (attributes & isTransactional) isSkipped = aborted.has(pid, base);
    const count = isSkipped ? 0 : data.readInt32BE(at + 57);
    yield {
      baseOffset: Number(base),
      nextOffset: Number(base) + data.readInt32BE(at + 23) + 1,
      baseTimestamp: Number(data.readBigInt64BE(at + 27)),
      appendTime: attributes & isAppendTime ? Number(data.readBigInt64BE(at + 35)) : undefined,
      count,
      records: count === 0 ? data.subarray(0, 0) : unpacked(attributes & codecBits, data.subarray(at + headBytes, end), client),
    };
    at = end;
  }
}

/** The bytes and the place of a cursor in them: one object for all numbers that are read. */
export class Cursor {
  readonly bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** A signed number of up to 32 bits, in zigzag. */
  int(): number {
    const { bytes } = this;
    let byte = bytes[this.at++];
    // Most lengths and deltas fit into one byte.
    if (byte < 128) return (byte >>> 1) ^ -(byte & 1);
    let value = byte & 127;
    for (let shift = 7; shift < 35; shift += 7) {
      byte = bytes[this.at++];
      value |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    return (value >>> 1) ^ -(value & 1);
  }

  /** A signed number of up to 53 bits, in zigzag. */
  long(): number {
    const { bytes } = this;
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = bytes[this.at++];
      value += (byte & 127) * scale;
      if (byte < 128) break;
      scale *= 128;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  skipNumber(): void {
    while (this.bytes[this.at++] > 127);
  }
}
