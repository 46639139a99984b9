// `sc.kafka`, `ssc.kafkaStream` and `saveToKafka`: topics as datasets and streams, and back.

import { checkOptions } from '../../../runtime/base/arguments';
import {
  Context,
  DStream,
  type FailureOptions,
  type JobPromise,
  type OutputHandle,
  RDD,
  type Sink,
  StreamingContext,
} from '../../../runtime/index';
import { bundled } from '../../base/program-path';
import { checkedId, checkOnlyWriter } from '../writer-id';
import {
  checkedCompression,
  checkedConnection,
  checkedDecoders,
  checkedFields,
  checkedOnGone,
  checkedRanges,
  checkedRate,
  checkedStart,
  checkedTopics,
  checkNames,
  connectionNames,
  decodeNames,
  type KafkaDecodeOptions,
  type KafkaKey,
  type KafkaReadOptions,
  type KafkaStreamOptions,
  type KafkaValue,
  type KafkaWriteOptions,
  textOption,
  writeNames,
} from './options';
import type { ReadSettings } from './read';
import type { KafkaRecord } from './rows';
import { type SessionSide, streamSource, topicSource } from './source';
import type { WriteSettings } from './write';

declare module '../../../runtime/context/context' {
  interface Context {
    /**
     * The records of a topic of Kafka, or of ranges of its partitions, as `{ topic, partition, offset, timestamp, key, value, headers }`: those of
     * committed transactions only. What is not read of them is not decoded. `docs/kafka.md` has the options. Throws BAD_ARGUMENT, and in a job
     * SOURCE_UNREACHABLE, SOURCE_REFUSED, SOURCE_MISSING or DATA_GONE.
     * @example const orders = (sc) => sc.kafka({ brokers: 'localhost:9092', topic: 'orders', value: 'json' }).map(r => r.value.sum)
     */
    kafka<const O extends KafkaReadOptions>(options: O): RDD<KafkaRecord<KafkaValue<O>, KafkaKey<O>>>;
  }
}

declare module '../../../runtime/streaming/context' {
  interface StreamingContext {
    /**
     * The records of topics of Kafka as they come, of committed transactions only. Each partition of a topic is one of the batch. The checkpoint
     * holds the offsets: a restart goes on where the last batch ended. `docs/kafka.md` has the options. Throws BAD_ARGUMENT.
     * @example const orders = (ssc) => ssc.kafkaStream({ brokers: 'localhost:9092', topics: 'orders', value: 'json' }).map(r => r.value.sum)
     */
    kafkaStream<const O extends KafkaStreamOptions>(options: O): DStream<KafkaRecord<KafkaValue<O>, KafkaKey<O>>>;
  }
}

declare module '../../../runtime/rdd/rdd' {
  interface RDD<T> {
    /**
     * Writes a record of a topic for each row, each partition in a transaction: readers of committed records see all of a partition, once, or
     * nothing. `docs/kafka.md` has the options. Throws BAD_ARGUMENT, and in its job SOURCE_UNREACHABLE, SOURCE_REFUSED, SOURCE_MISSING or
     * RECORD_TOO_LARGE.
     * @example const save = (totals) => totals.saveToKafka('totals', { brokers: 'localhost:9092', key: t => t.id })
     */
    saveToKafka(topic: string, options: KafkaWriteOptions<T>): JobPromise<void>;
  }
}

declare module '../../../runtime/streaming/graph/dstream' {
  interface DStream<T> {
    /**
     * Writes a record of a topic for each row of each batch. Each partition of a batch is written once, whatever dies and however often it is
     * tried: its transaction also notes in a group of Kafka that it is written. With a checkpoint, `id` must be given.
     * @example const save = (totals) => totals.saveToKafka('totals', { brokers: 'localhost:9092', id: 'shop-totals', key: t => t.id })
     */
    saveToKafka(topic: string, options: KafkaWriteOptions<T> & FailureOptions): OutputHandle;
  }
}

/** What executors run of this: a bundle that they load by its path. */
type OnExecutors = typeof import('./on-executors');

const onExecutors = (): OnExecutors => require(bundled('kafka.js')) as OnExecutors;

/** `read` of a source: a function of the bundle, with what it needs. The secret is a broadcast: no plan and no page has it. */
function readOf(sc: Context, operation: string, { address, secret }: SessionSide, options: KafkaDecodeOptions) {
  const settings: ReadSettings = {
    address,
    secret: sc.broadcast(secret),
    ...checkedDecoders(operation, options),
    skipsGone: checkedOnGone(operation, options),
  };
  return onExecutors().readPart.bind(null, settings) as never;
}

Context.prototype.kafka = function (this: Context, options) {
  checkOptions('kafka', options, "Write sc.kafka({ brokers: 'localhost:9092', topic: 'orders' }).");
  checkNames('kafka', options, [...connectionNames, ...decodeNames, 'topic', 'ranges']);
  const side = checkedConnection('kafka', options);
  const topic = textOption('kafka', 'topic', options.topic);
  const ranges = checkedRanges('kafka', options.ranges);
  return this.source(topicSource(side, topic, ranges, readOf(this, 'kafka', side, options))) as never;
};

StreamingContext.prototype.kafkaStream = function (this: StreamingContext, options) {
  const operation = 'kafkaStream';
  checkOptions(operation, options, "Write ssc.kafkaStream({ brokers: 'localhost:9092', topics: 'orders' }).");
  checkNames(operation, options, [...connectionNames, ...decodeNames, 'topics', 'groupId', 'from', 'maxRatePerPartition']);
  const side = checkedConnection(operation, options);
  const groupId = options.groupId === undefined ? undefined : textOption(operation, 'groupId', options.groupId);
  const settings = {
    ...side,
    topics: checkedTopics(operation, options.topics),
    groupId,
    from: checkedStart(operation, options.from ?? 'latest', groupId),
    perPartition: Math.max(1, Math.floor((checkedRate(operation, options.maxRatePerPartition) * this.interval) / 1000)),
    skipsGone: checkedOnGone(operation, options),
  };
  return this.directStream(streamSource(settings, readOf(this.sc, operation, side, options))) as never;
};

/** `topic` as a sink: what executors run is a function of the bundle. */
function topicSink<T>(sc: Context, topic: string, options: KafkaWriteOptions<T>, isRestarted: boolean): Sink<T> {
  const operation = 'saveToKafka';
  const { address, secret } = checkedConnection(operation, options);
  const settings: WriteSettings = {
    address,
    secret: sc.broadcast(secret),
    topic: textOption(operation, 'the topic', topic),
    id: checkedId(operation, options.id, isRestarted),
    ...checkedFields(operation, options),
    compression: checkedCompression(operation, options.compression),
  };
  return { name: `the topic ${topic}`, operation, write: onExecutors().writePart.bind(null, settings) as never };
}

RDD.prototype.saveToKafka = function (topic, options) {
  checkNames('saveToKafka', options, [...connectionNames, ...writeNames]);
  return this.saveTo(topicSink(this.context, topic, options, false));
};

DStream.prototype.saveToKafka = function (topic, options) {
  checkOptions('saveToKafka', options, "Write saveToKafka('orders', { brokers: 'localhost:9092' }).");
  const { onFailure, attempts, backoff, ...rest } = options;
  checkNames('saveToKafka', rest, [...connectionNames, ...writeNames]);
  const { streaming } = this;
  const sink = topicSink(streaming.sc, topic, rest, streaming.checkpointFolder !== undefined);
  checkOnlyWriter('saveToKafka', streaming, rest.id, sink.name ?? topic);
  return this.saveTo(sink, { onFailure, attempts, backoff });
};
