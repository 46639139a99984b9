// What executors do to write a partition to a topic: one transaction, which also notes in a group that this partition of this job is written.

import { connectorError } from '../../../runtime/base/declared/connector-failure';
import type { SinkTask } from '../../../runtime/index';
import { BatchWriter, mostBytes, type NewRecord } from './batch-writer';
import type { KafkaClient } from './client';
import type { KafkaCompression } from './compression';
import { idOf } from './failures';
import { partitionOfKey } from './partition-of-key';
import { clientFor } from './read';
import { addressText, type KafkaAddress, type KafkaSecret } from './settings';

/** What a record can be made of: text, numbers and dates as text, bytes as they are, anything else as JSON. */
export type Field = (row: never) => unknown;

export interface WriteSettings {
  readonly address: KafkaAddress;
  /** A broadcast. */
  readonly secret: { readonly value: KafkaSecret };
  readonly topic: string;
  /** Names the transactions of this writer. Streams that go on from a checkpoint have the same again. */
  readonly id: string;
  readonly key: Field | undefined;
  readonly value: Field | undefined;
  readonly headers: Field | undefined;
  readonly partition: Field | undefined;
  readonly timestamp: Field | undefined;
  readonly compression: KafkaCompression;
}

/** A batch is sent before it grows beyond this size; brokers take 1 MB by default. */
const batchBytes = 512 << 10;
/** While the rows of a partition are computed its transaction is open: as long as brokers allow by default. */
const transactionMs = 900_000;
const ackAll = -1;
const produceMs = 30_000;

const fenced = new Set([
  'INVALID_PRODUCER_EPOCH',
  'PRODUCER_FENCED',
  'INVALID_PRODUCER_ID_MAPPING',
  'INVALID_TXN_STATE',
  'UNKNOWN_PRODUCER_ID',
]);

function bytesOf(what: string, value: unknown): Uint8Array | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'string') return Buffer.from(value);
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return Buffer.from(String(value));
  if (value instanceof Date) return Buffer.from(value.toISOString());
  try {
    const text = JSON.stringify(value);
    if (text !== undefined) return Buffer.from(text);
  } catch {
    // Told below.
  }
  throw new TypeError(`saveToKafka: the ${what} of a record is no text, no bytes, and nothing that JSON can say`);
}

/** The records of the rows, and which partition of the topic each belongs to. */
class RecordMaker {
  readonly #settings: WriteSettings;
  readonly #partitions: number;
  readonly #now = Date.now();
  /** Records without a key go to one partition until a batch is full. */
  #sticky: number;

  constructor(settings: WriteSettings, partitions: number, task: SinkTask) {
    this.#settings = settings;
    this.#partitions = partitions;
    this.#sticky = task.partition % partitions;
  }

  batchFull(): void {
    this.#sticky = (this.#sticky + 1) % this.#partitions;
  }

  of(row: never): readonly [partition: number, record: NewRecord] {
    const { key: keyOf, value: valueOf, headers: headersOf, partition: chosen, timestamp: timeOf, topic } = this.#settings;
    const key = keyOf ? bytesOf('key', keyOf(row)) : null;
    const value = bytesOf('value', valueOf ? valueOf(row) : row);
    const names = Object.entries((headersOf?.(row) ?? {}) as Record<string, unknown>);
    const headers = names.map(([name, header]) => [name, bytesOf(`header ${name}`, header) ?? Buffer.alloc(0)] as const);
    const time = timeOf ? Number(timeOf(row)) : this.#now;
    if (!Number.isSafeInteger(time)) throw new TypeError(`saveToKafka: a timestamp is no time in milliseconds: ${time}`);
    const partition = chosen ? Number(chosen(row)) : key ? partitionOfKey(key, this.#partitions) : this.#sticky;
    if (!Number.isInteger(partition) || partition < 0 || partition >= this.#partitions)
      throw new RangeError(`saveToKafka: ${topic} has no partition ${partition}: it has ${this.#partitions}`);
    return [partition, { key, value, headers, timestamp: time }];
  }
}

interface Committed {
  readonly groups: readonly {
    readonly topics: readonly {
      readonly partitions: readonly { readonly committedOffset: bigint; readonly metadata: string | null }[];
    }[];
  }[];
}

/** One transaction of one partition of a job. */
class Transaction {
  readonly #client: KafkaClient;
  readonly #settings: WriteSettings;
  readonly #name: string;
  readonly #sequences = new Map<number, number>();
  #author = { producerId: -1n, producerEpoch: -1 };

  constructor(client: KafkaClient, settings: WriteSettings, { partition }: SinkTask) {
    this.#client = client;
    this.#settings = settings;
    // A writer of several topics has a name for each: no colon is in an id or a topic.
    this.#name = `millrace-${settings.id}:${settings.topic}:${partition}`;
  }

  async #coordinated<T>(what: string, kind: 0 | 1, api: Parameters<KafkaClient['sendTo']>[1], ...args: unknown[]): Promise<T> {
    return await this.#client.trying(what, async () => {
      const node = await this.#client.coordinator(kind, this.#name);
      return await this.#client.sendTo<T>(node, api, ...args);
    });
  }

  /** Ends what an earlier try of this partition has left open. Whoever still writes for it is fenced off from now on. */
  async begin(): Promise<void> {
    const args = [this.#name, transactionMs, -1n, -1];
    this.#author = await this.#coordinated('begin a transaction', 1, this.#client.package.initProducerIdV4, ...args);
  }

  /** Whether this partition of this job, or of a later one of a stream, is written. */
  async isWritten({ id, time }: SinkTask): Promise<boolean> {
    const { topic } = this.#settings;
    const group = { groupId: this.#name, memberId: null, memberEpoch: -1, topics: [{ name: topic, partitionIndexes: [0] }] };
    const { groups } = await this.#coordinated<Committed>(
      'ask what is written',
      0,
      this.#client.package.offsetFetchV8,
      [group],
      true,
    );
    const noted = groups[0]?.topics[0]?.partitions[0];
    if (!noted || noted.committedOffset < 0n) return false;
    return time === undefined ? noted.metadata === id : noted.committedOffset >= BigInt(time);
  }

  async addPartition(partition: number): Promise<void> {
    const topics = [{ name: this.#settings.topic, partitions: [partition] }];
    const transaction = { transactionalId: this.#name, ...this.#author, verifyOnly: false, topics };
    await this.#coordinated(`write to ${this.#settings.topic}`, 1, this.#client.package.addPartitionsToTxnV3, [transaction]);
  }

  async send(partition: number, batch: BatchWriter): Promise<void> {
    const { topic, compression } = this.#settings;
    const { package: client } = this.#client;
    if (!this.#sequences.has(partition)) await this.addPartition(partition);
    const sequence = this.#sequences.get(partition) ?? 0;
    this.#sequences.set(partition, sequence + batch.count);
    const size = batch.size;
    const bytes = batch.take(client, compression, this.#author, sequence);
    const request = () =>
      client.Writer.create()
        .appendString(this.#name)
        .appendInt16(ackAll)
        .appendInt32(produceMs)
        .appendArray([topic], (topics, name) => {
          topics.appendString(name).appendArray([partition], (partitions, index) => {
            partitions
              .appendInt32(index)
              .appendUnsignedVarInt(bytes.length + 1)
              .append(bytes);
          });
        })
        .appendTaggedFields();
    const { parseResponse, api } = client.produceV9;
    await this.#client.trying(`write ${size} bytes to ${topic}, partition ${partition}`, async () => {
      const { leaders } = await this.#client.topic(topic);
      try {
        await this.#client.sendTo(leaders[partition], { createRequest: request, parseResponse, api });
      } catch (error) {
        // A try before this one has arrived, and only its answer was lost.
        if (idOf(error) !== 'DUPLICATE_SEQUENCE_NUMBER') throw error;
      }
    });
  }

  /** Notes in the same transaction that the partition is written, and commits both. */
  async commit({ id, time = 0 }: SinkTask): Promise<void> {
    const { producerId, producerEpoch } = this.#author;
    const { addOffsetsToTxnV3, txnOffsetCommitV3, endTxnV3 } = this.#client.package;
    const name = this.#name;
    await this.#coordinated('note what is written', 1, addOffsetsToTxnV3, name, producerId, producerEpoch, name);
    const noted = { partitionIndex: 0, committedOffset: BigInt(time), committedLeaderEpoch: -1, committedMetadata: id };
    const topics = [{ name: this.#settings.topic, partitions: [noted] }];
    await this.#coordinated(
      'note what is written',
      0,
      txnOffsetCommitV3,
      name,
      name,
      producerId,
      producerEpoch,
      -1,
      '',
      null,
      topics,
    );
    await this.#coordinated('commit a transaction', 1, endTxnV3, name, producerId, producerEpoch, true);
  }

  async abort(): Promise<void> {
    const { producerId, producerEpoch } = this.#author;
    await this.#coordinated(
      'abort a transaction',
      1,
      this.#client.package.endTxnV3,
      this.#name,
      producerId,
      producerEpoch,
      false,
    );
  }
}

/** Writes the rows of a partition once, however often it is tried. Answers how many. */
export async function writePart(settings: WriteSettings, rows: Iterator<never>, task: SinkTask): Promise<number> {
  const client = clientFor(settings.address, settings.secret.value);
  const transaction = new Transaction(client, settings, task);
  let isBegun = false;
  let count = 0;
  try {
    let next = rows.next();
    if (next.done) return 0;
    await transaction.begin();
    if (await transaction.isWritten(task)) return 0;
    isBegun = true;
    const { leaders } = await client.topic(settings.topic);
    const maker = new RecordMaker(settings, leaders.length, task);
    const batches = new Map<number, BatchWriter>();
    for (; !next.done; next = rows.next(), count++) {
      const [partition, record] = maker.of(next.value);
      let batch = batches.get(partition);
      if (!batch) {
        batch = new BatchWriter();
        batches.set(partition, batch);
      }
      if (batch.count > 0 && batch.size + mostBytes(record) > batchBytes) {
        await transaction.send(partition, batch);
        maker.batchFull();
      }
      batch.add(record);
    }
    for (const [partition, batch] of batches) if (batch.count > 0) await transaction.send(partition, batch);
    await transaction.commit(task);
    return count;
  } catch (error) {
    if (fenced.has(idOf(error) ?? '')) throw fencedFailure(settings, task, error);
    if (isBegun) await transaction.abort().catch(() => undefined);
    throw error;
  }
}

const fencedFailure = ({ address, topic, id }: WriteSettings, { partition }: SinkTask, cause: unknown): Error =>
  connectorError(
    'unreachable',
    `${addressText(address)}: another try or another program writes to ${topic} as ${id}, partition ${partition}, or its rows took longer than the ${transactionMs / 60_000} minutes of a transaction`,
    'Give each program that writes an id of its own: saveToKafka(topic, { id }). Of rows that take so long make more partitions, or persist them first.',
    cause,
  );
