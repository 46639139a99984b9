// What executors do to read a part of a topic: fetch batches of records ahead, check them, and hand their rows on.

import { connectorError } from '../../../runtime/base/declared/connector-failure';
import type { Asked } from '../../../runtime/index';
import { KafkaClient } from './client';
import type { Reader } from './client-package';
import { BrokerError, toldFailure } from './failures';
import { type Aborted, AbortedProducers, DamagedBatch, type RecordBatch, recordBatches } from './record-batches';
import { type Decoders, RowMaker } from './rows';
import { addressText, type KafkaAddress, type KafkaSecret } from './settings';

/** A range of offsets of a partition, from the first to before the last. */
export interface OffsetRange {
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/** What all parts of a source have in common. */
export interface ReadSettings extends Decoders {
  readonly address: KafkaAddress;
  /** A broadcast. */
  readonly secret: { readonly value: KafkaSecret };
  /** Offsets that retention has removed are left out, and not a failure. */
  readonly skipsGone: boolean;
}

const clients = new Map<string, KafkaClient>();
const maxClients = 8;

/** One client a process for the same address and login: tasks that follow each other share connections. */
export function clientFor(address: KafkaAddress, secret: KafkaSecret): KafkaClient {
  const key = JSON.stringify([address, secret]);
  let client = clients.get(key);
  if (client) return client;
  client = new KafkaClient(address, secret);
  clients.set(key, client);
  if (clients.size > maxClients) {
    const [oldest] = clients;
    clients.delete(oldest[0]);
    void oldest[1].close();
  }
  return client;
}

const fetchBytes = 2 << 20;
const waitMs = 500;
const readCommitted = 1;
/** Rows are handed on in arrays of about this many. */
const rowsAtOnce = 1_024;
/** A batch whose checksum is wrong is fetched again: it may be the connection's fault. */
const damagedTries = 3;
/** The number of OFFSET_OUT_OF_RANGE. */
const outOfRange = 1;

interface Fetched {
  readonly error: number;
  readonly start: number;
  readonly aborted: readonly Aborted[];
  readonly data: Buffer;
}

/** The first partition of an answer: one is asked for at a time. Its records stay bytes. */
function fetchedIn(reader: Reader): Fetched {
  reader.readInt32();
  const failure = reader.readInt16();
  reader.readInt32();
  const empty = { start: 0, aborted: [], data: Buffer.alloc(0) };
  if (failure !== 0) return { ...empty, error: failure };
  const topics = reader.readArray((r) => {
    r.readUUID();
    return r.readArray((p) => {
      p.readInt32();
      const error = p.readInt16();
      p.readInt64();
      p.readInt64();
      const start = Number(p.readInt64());
      const aborted = p.readArray((t) => ({ pid: t.readInt64(), first: t.readInt64() }));
      p.readInt32();
      const length = p.readUnsignedVarInt() - 1;
      if (length <= 0) return { error, start, aborted, data: empty.data };
      const data = p.buffer.slice(p.position, p.position + length);
      p.skip(length);
      return { error, start, aborted, data };
    });
  });
  return topics[0]?.[0] ?? { ...empty, error: 0 };
}

/** Fetches from an offset on, whoever leads the partition. */
async function fetchFrom(client: KafkaClient, { topic, partition }: OffsetRange, offset: number): Promise<Fetched> {
  const what = `read ${topic}, partition ${partition}`;
  return await client.trying(what, async () => {
    const { id, leaders } = await client.topic(topic);
    if (leaders[partition] === undefined) throw new BrokerError('UNKNOWN_TOPIC_OR_PARTITION', what);
    const one = {
      partition,
      currentLeaderEpoch: -1,
      fetchOffset: BigInt(offset),
      lastFetchedEpoch: -1,
      partitionMaxBytes: fetchBytes,
    };
    const topics = [{ topicId: id, partitions: [one] }];
    const args = [waitMs, 1, fetchBytes, readCommitted, 0, -1, topics, [], ''];
    const fetched = await client.sendParsed(leaders[partition], client.package.fetchV13, fetchedIn, ...args);
    if (fetched.error !== 0 && fetched.error !== outOfRange)
      throw new BrokerError(client.package.protocolErrorsCodesById[fetched.error] ?? `error ${fetched.error}`, what);
    return fetched;
  });
}

/** The first offset that a partition still has. */
async function firstOffset(client: KafkaClient, topic: string, partition: number): Promise<number> {
  const found = await offsetsAt(client, topic, [partition], -2n);
  return found[0];
}

interface Listed {
  readonly topics: readonly { readonly partitions: readonly { readonly partitionIndex: number; readonly offset: bigint }[] }[];
}

/** The offsets of partitions at a time: -2 the first, -1 behind the last that readers may see, else the first record from that time on. */
export async function offsetsAt(
  client: KafkaClient,
  name: string,
  partitions: readonly number[],
  time: bigint,
): Promise<number[]> {
  return await client.trying(`ask for offsets of ${name}`, async () => {
    const { leaders } = await client.topic(name);
    const byLeader = new Map<number, number[]>();
    for (const partition of partitions) {
      const leader = leaders[partition];
      if (leader === undefined) throw new BrokerError('UNKNOWN_TOPIC_OR_PARTITION', `${name}, partition ${partition}`);
      byLeader.set(leader, [...(byLeader.get(leader) ?? []), partition]);
    }
    const offsets = new Map<number, number>();
    const asking = [...byLeader].map(async ([leader, some]) => {
      const asked = some.map((partitionIndex) => ({ partitionIndex, currentLeaderEpoch: -1, timestamp: time }));
      const args = [-1, readCommitted, [{ name, partitions: asked }]];
      const { topics } = await client.sendTo<Listed>(leader, client.package.listOffsetsV7, ...args);
      for (const { partitionIndex, offset } of topics[0].partitions) offsets.set(partitionIndex, Number(offset));
    });
    await Promise.all(asking);
    return partitions.map((partition) => offsets.get(partition) ?? -1);
  });
}

export function goneFailure(address: KafkaAddress, { topic, partition, from }: OffsetRange, first: number): Error {
  if (from >= first)
    return connectorError(
      'gone',
      `${addressText(address)}: topic ${topic}, partition ${partition} ends before offset ${from}, up to which it was read: it was made anew, or has lost its end`,
      "Begin without the checkpoint, or read it anew from where it begins now: onGone: 'skip'.",
    );
  return connectorError(
    'gone',
    `${addressText(address)}: topic ${topic}, partition ${partition} has lost offsets ${from} to ${first - 1}: it begins at ${first}`,
    "Retention removed them before they were read. Raise retention.ms of the topic, or go on without them: onGone: 'skip'.",
  );
}

const damagedFailure = (address: KafkaAddress, { topic, partition }: OffsetRange, { message }: Error): Error =>
  connectorError(
    'failed',
    `${addressText(address)}: topic ${topic}, partition ${partition}: ${message}`,
    'The log of the broker is damaged, or something between changes bytes; kafka-dump-log.sh tells which.',
  );

const silentFailure = (address: KafkaAddress, { topic, partition, from, to }: OffsetRange): Error =>
  connectorError(
    'unreachable',
    `${addressText(address)}: topic ${topic}, partition ${partition} gives nothing from offset ${from} on, and should go up to ${to}`,
    'Look at the log of the broker; raise timeout if it is slow.',
  );

/** The rows of a range, in arrays, in the order of their offsets. The next batches are fetched while these are worked on. */
async function* readRange(settings: ReadSettings, range: OffsetRange, asked: Asked): AsyncGenerator<object[]> {
  const { address, secret } = settings;
  const client = clientFor(address, secret.value);
  const rowMaker = new RowMaker(range.topic, range.partition, settings, asked.wanted);
  if (range.from >= range.to) return;
  let from = range.from;
  let fetching = fetchFrom(client, range, from);
  let damaged = 0;
  let moved = performance.now();
  while (from < range.to) {
    const fetched = await fetching;
    if (fetched.error === outOfRange) {
      const first = await firstOffset(client, range.topic, range.partition);
      if (!settings.skipsGone || first <= from) throw goneFailure(address, { ...range, from }, first);
      from = first;
      fetching = fetchFrom(client, range, from);
      continue;
    }
    let batches: RecordBatch[];
    try {
      batches = [...recordBatches(fetched.data, new AbortedProducers(fetched.aborted), client.package)];
    } catch (error) {
      if (!(error instanceof DamagedBatch)) throw error;
      if (++damaged === damagedTries) throw damagedFailure(address, range, error);
      fetching = fetchFrom(client, range, from);
      continue;
    }
    const begin = from;
    from = batches.at(-1)?.nextOffset ?? from;
    if (from > begin) moved = performance.now();
    else if (performance.now() - moved > address.timeoutMs) throw silentFailure(address, { ...range, from });
    if (from < range.to) {
      fetching = fetchFrom(client, range, from);
      // Who waits for it hears of it.
      fetching.catch(() => {});
    }
    let rows: object[] = [];
    const later: Promise<void>[] = [];
    for (const batch of batches) {
      rowMaker.add(batch, begin, range.to, rows, later);
      if (rows.length < rowsAtOnce) continue;
      await Promise.all(later);
      yield rows;
      rows = [];
      later.length = 0;
    }
    await Promise.all(later);
    if (rows.length > 0) yield rows;
  }
}

/** What a part of a source is read by. What goes wrong says what to do. */
export async function* readPart(settings: ReadSettings, range: OffsetRange, asked: Asked): AsyncGenerator<object[]> {
  try {
    yield* readRange(settings, range, asked);
  } catch (error) {
    throw toldFailure(error, `read ${range.topic}, partition ${range.partition}`, settings.address);
  }
}
