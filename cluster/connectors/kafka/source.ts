// Topics as sources: ranges of offsets for batch jobs, and positions that move on for streams.

import { connectorError } from '../../../runtime/base/declared/connector-failure';
import type { DirectSource, Source, SourcePartition } from '../../../runtime/index';
import type { KafkaClient } from './client';
import type { KafkaRange, KafkaStart } from './options';
import { type KafkaOffsets, type KafkaPosition, positionIn, rangeBetween } from './positions';
import { clientFor, goneFailure, type OffsetRange, offsetsAt } from './read';
import type { KafkaRecord } from './rows';
import { addressText, type KafkaAddress, type KafkaSecret } from './settings';

/** What the session knows of a topic or of several. */
export interface SessionSide {
  readonly address: KafkaAddress;
  readonly secret: KafkaSecret;
}

/** What executors run, captured. */
type Read<V> = Source<KafkaRecord<V>, OffsetRange>['read'];

const earliest = -2n;
const latest = -1n;
/** The session asks anew while a stream runs: it need not wait long for one answer. */
const askMs = 5_000;

const indexes = (n: number) => Array.from({ length: n }, (_, i) => i);

/** `sc.kafka`: the records of ranges of a topic. */
export function topicSource<V>(
  side: SessionSide,
  topic: string,
  ranges: readonly KafkaRange[] | undefined,
  read: Read<V>,
): Source<KafkaRecord<V>, OffsetRange> {
  const partitions = async (): Promise<SourcePartition<OffsetRange>[]> => {
    const client = clientFor(side.address, side.secret);
    const { leaders } = await client.topic(topic);
    const asked = ranges ?? indexes(leaders.length).map((partition): KafkaRange => ({ partition }));
    const missing = asked.find(({ partition }) => leaders[partition] === undefined);
    if (missing)
      throw connectorError(
        'missing',
        `topic ${topic} at ${addressText(side.address)} has no partition ${missing.partition}: it has ${leaders.length}`,
        `Give partitions from 0 to ${leaders.length - 1}.`,
      );
    const numbers = asked.map(({ partition }) => partition);
    const [first, end] = await Promise.all([earliest, latest].map((time) => offsetsAt(client, topic, numbers, time)));
    return asked.map(
      ({ partition, from = first[partitionAt(numbers, partition)], to = end[partitionAt(numbers, partition)] }) => ({
        data: { topic, partition, from, to: Math.min(to, end[partitionAt(numbers, partition)]) },
        // Only how the parts compare matters.
        bytes: Math.max(1, to - from),
      }),
    );
  };
  return { name: `the topic ${topic} of ${addressText(side.address)}`, operation: 'kafka', partitions, read };
}

const partitionAt = (numbers: readonly number[], partition: number): number => numbers.indexOf(partition);

export interface StreamSettings extends SessionSide {
  readonly topics: readonly string[] | RegExp;
  readonly groupId: string | undefined;
  readonly from: KafkaStart;
  /** Records of a partition in a batch, at most. */
  readonly perPartition: number;
  readonly skipsGone: boolean;
}

/** `ssc.kafkaStream`: each batch is a range of offsets of each partition. */
export function streamSource<V>(
  settings: StreamSettings,
  read: Read<V>,
): DirectSource<KafkaRecord<V>, OffsetRange, KafkaPosition> {
  const { topics, groupId, from, perPartition } = settings;
  const address = { ...settings.address, timeoutMs: Math.min(askMs, settings.address.timeoutMs) };
  const client = () => clientFor(address, settings.secret);
  const shown = topics instanceof RegExp ? `topics like ${topics}` : topics.join(', ');
  return {
    name: `${shown} of ${addressText(address)}`,
    operation: 'kafkaStream',
    begin: async () => ({ at: await beginOffsets(client(), topics, from, groupId) }),
    latest: async (position) => await latestPosition(client(), settings, position),
    range: (position, end, total) => rangeBetween(position, end, { perPartition, total }),
    read,
    positionIn,
    commit: groupId === undefined ? undefined : async ({ at }) => await commitOffsets(client(), groupId, at),
  };
}

async function topicsOf(client: KafkaClient, topics: readonly string[] | RegExp) {
  if (!(topics instanceof RegExp)) return await client.topics(topics);
  const all = await client.topics(undefined);
  return all.filter(({ name }) => {
    topics.lastIndex = 0;
    return topics.test(name);
  });
}

async function beginOffsets(
  client: KafkaClient,
  asked: readonly string[] | RegExp,
  from: KafkaStart,
  groupId: string | undefined,
): Promise<KafkaOffsets> {
  const topics = await topicsOf(client, asked);
  const committed = from === 'committed' && groupId !== undefined ? await committedOffsets(client, groupId, topics) : {};
  const offsets = topics.map(async ({ name, leaders }): Promise<[string, readonly number[]]> => {
    const partitions = indexes(leaders.length);
    if (from === 'latest') return [name, await offsetsAt(client, name, partitions, latest)];
    const first = await offsetsAt(client, name, partitions, earliest);
    if (from === 'earliest') return [name, first];
    if (from === 'committed') return [name, partitions.map((p) => committed[name]?.[p] ?? first[p])];
    if (!(from instanceof Date)) return [name, partitions.map((p) => from[name]?.[p] ?? first[p])];
    const [found, end] = await Promise.all([
      offsetsAt(client, name, partitions, BigInt(from.getTime())),
      offsetsAt(client, name, partitions, latest),
    ]);
    return [name, partitions.map((p) => (found[p] < 0 ? end[p] : found[p]))];
  });
  return Object.fromEntries(await Promise.all(offsets));
}

async function latestPosition(client: KafkaClient, settings: StreamSettings, position: KafkaPosition): Promise<KafkaPosition> {
  const at: Record<string, number[]> = {};
  const begins: Record<string, Record<string, number>> = {};
  const topics = await topicsOf(client, settings.topics);
  const asking = topics.map(async ({ name, leaders }) => {
    const partitions = indexes(leaders.length);
    const [first, end] = await Promise.all([earliest, latest].map((time) => offsetsAt(client, name, partitions, time)));
    at[name] = end;
    for (const partition of partitions) {
      const from = position.at[name]?.[partition];
      const isGone = from !== undefined && (from < first[partition] || from > end[partition]);
      if (isGone && !settings.skipsGone)
        throw goneFailure(settings.address, { topic: name, partition, from, to: end[partition] }, first[partition]);
      if (from !== undefined && !isGone) continue;
      begins[name] ??= {};
      begins[name][partition] = first[partition];
    }
  });
  await Promise.all(asking);
  return Object.keys(begins).length > 0 ? { at, begins } : { at };
}

interface Committed {
  readonly groups: readonly {
    readonly topics: readonly {
      readonly name: string;
      readonly partitions: readonly { readonly partitionIndex: number; readonly committedOffset: bigint }[];
    }[];
  }[];
}

async function committedOffsets(
  client: KafkaClient,
  groupId: string,
  topics: readonly { readonly name: string; readonly leaders: readonly number[] }[],
): Promise<Record<string, Record<number, number>>> {
  return await client.trying(`read the offsets of the group ${groupId}`, async () => {
    const asked = topics.map(({ name, leaders }) => ({ name, partitionIndexes: indexes(leaders.length) }));
    const group = { groupId, memberId: null, memberEpoch: -1, topics: asked };
    const node = await client.coordinator(0, groupId);
    const { groups } = await client.sendTo<Committed>(node, client.package.offsetFetchV8, [group], true);
    const found: Record<string, Record<number, number>> = {};
    for (const { name, partitions } of groups[0]?.topics ?? []) {
      const known = partitions.filter(({ committedOffset }) => committedOffset >= 0n);
      found[name] = Object.fromEntries(
        known.map(({ partitionIndex, committedOffset }) => [partitionIndex, Number(committedOffset)]),
      );
    }
    return found;
  });
}

async function commitOffsets(client: KafkaClient, groupId: string, at: KafkaOffsets): Promise<void> {
  await client.trying(`commit the offsets of the group ${groupId}`, async () => {
    const topics = Object.entries(at).map(([name, offsets]) => ({
      name,
      partitions: offsets.map((offset, partitionIndex) => ({
        partitionIndex,
        committedOffset: BigInt(offset),
        committedLeaderEpoch: -1,
        committedMetadata: '',
      })),
    }));
    const node = await client.coordinator(0, groupId);
    await client.sendTo(node, client.package.offsetCommitV8, groupId, -1, '', null, topics);
  });
}
