// `npm run bench:kafka -- [--records N] [--seconds N]`: records a second of a topic, beside the bare client in the same run, and the latency of a stream.
import { parseArgs } from 'node:util';
import { Consumer, Producer } from '@platformatic/kafka';
import { connect } from '../../cluster/connect';
import { type BatchInfo, StreamingContext } from '../../runtime/index';
import { KafkaBroker } from '../helpers/kafka-broker';
import { Topics } from '../helpers/kafka-topics';
import { until } from '../helpers/within';

const partitions = 4;
const recordBytes = 100;
const perSend = 10_000;
const rounds = 3;

const seconds = async (f: () => Promise<unknown>): Promise<number> => {
  const begun = performance.now();
  await f();
  return (performance.now() - begun) / 1000;
};

const best = async (f: () => Promise<number>): Promise<number> => {
  const times: number[] = [];
  for (let i = 0; i < rounds; i++) times.push(await f());
  return Math.min(...times);
};

const print = (entry: object) => console.log(JSON.stringify(entry));

async function fill(address: string, topic: string, records: number): Promise<void> {
  const producer = new Producer({ clientId: 'bench', bootstrapBrokers: [address] });
  const body = 'x'.repeat(recordBytes - 20);
  for (let sent = 0; sent < records; sent += perSend) {
    const messages = Array.from({ length: perSend }, (_, i) => ({
      topic,
      partition: i % partitions,
      value: Buffer.from(`${String(sent + i).padStart(12, '0')} ${i % 7 === 0 ? 'error  ' : 'info   '}${body}`),
    }));
    await producer.send({ messages, acks: 1 });
  }
  await producer.close();
}

/** The bare client: its consumer's own fetch of batches, an object for each record, and nothing done with them. */
async function bare(address: string, topic: string, records: number): Promise<void> {
  const consumer = new Consumer({ clientId: 'bench', groupId: 'bench', bootstrapBrokers: [address] });
  const { topics } = await consumer.metadata({ topics: [topic] });
  const found = topics.get(topic)!;
  const offsets = new Array<bigint>(partitions).fill(0n);
  for (let read = 0; read < records; ) {
    const asked = offsets.map((fetchOffset, partition) => ({
      partition,
      currentLeaderEpoch: -1,
      fetchOffset,
      lastFetchedEpoch: -1,
      partitionMaxBytes: 4 << 20,
    }));
    const { responses } = await consumer.fetch({
      node: found.partitions[0].leader,
      minBytes: 1,
      maxBytes: 16 << 20,
      maxWaitTime: 100,
      isolationLevel: 1,
      topics: [{ topicId: found.id, partitions: asked }],
    } as never);
    for (const response of responses)
      for (const { partitionIndex, records: batches = [] } of response.partitions)
        for (const { firstOffset, lastOffsetDelta, records: some } of batches) {
          read += some.length;
          offsets[partitionIndex] = firstOffset + BigInt(lastOffsetDelta) + 1n;
        }
  }
  await consumer.close(true);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { records: { type: 'string', default: '2000000' }, seconds: { type: 'string', default: '20' } },
  });
  const records = Math.ceil(Number(values.records) / perSend) * perSend;
  const broker = await KafkaBroker.start();
  const topics = new Topics(broker);
  const sc = await connect('local[2]');
  try {
    const topic = await topics.make(partitions);
    await fill(broker.address, topic, records);
    const brokers = broker.address;
    const data = () => sc.kafka({ brokers, topic, value: 'text' });
    const perSecond = (s: number) => Math.round(records / s);
    await bare(brokers, topic, records);
    const bareTime = await best(() => seconds(() => bare(brokers, topic, records)));
    const countTime = await best(() => seconds(() => data().count()));
    const filterTime = await best(() =>
      seconds(() =>
        data()
          .filter((r) => r.value!.includes('error'))
          .count(),
      ),
    );
    print({ work: 'bare client', recordsPerSecond: perSecond(bareTime) });
    print({ work: 'count', recordsPerSecond: perSecond(countTime), ofBare: bareTime / countTime });
    print({ work: 'filter and count', recordsPerSecond: perSecond(filterTime), ofBare: bareTime / filterTime });
    const windowTime = await seconds(() => windowed(topic, records));
    print({ work: 'stream: filter, windowed count', recordsPerSecond: perSecond(windowTime), ofBare: bareTime / windowTime });
    print({ work: 'stream: latency', ...(await latency(Number(values.seconds))) });
  } finally {
    await sc.stop();
    await topics.close();
    await broker.stop();
  }

  /** All of the topic by a stream with batches of a second, until the last record is counted. */
  async function windowed(topic: string, all: number): Promise<void> {
    const ssc = new StreamingContext(sc, '1s');
    let read = 0;
    let counted = 0;
    ssc.addStreamingListener({
      onBatchCompleted: (batch) => {
        read += batch.records;
      },
    });
    ssc
      .kafkaStream({ brokers: broker.address, topics: topic, from: 'earliest', value: 'text' })
      .filter((r) => r.value!.includes('error'))
      .window('10s')
      .foreachRDD(async (rdd) => {
        counted = Math.max(counted, await rdd.count());
      });
    await ssc.start();
    await until(600_000, () => read >= all, 'the end of the topic');
    await ssc.stop();
    if (counted === 0) throw new Error('nothing was counted');
  }

  /** From the timestamp of a record to the end of the output of its batch. */
  async function latency(forSeconds: number): Promise<object> {
    const topic = await topics.make(partitions);
    const ssc = new StreamingContext(sc, '1s');
    const waits: number[] = [];
    let batch: readonly number[] = [];
    ssc.addStreamingListener({ onBatchCompleted: (_: BatchInfo) => void waits.push(...batch.map((at) => Date.now() - at)) });
    ssc.kafkaStream({ brokers: broker.address, topics: topic, from: 'earliest' }).foreachRDD(async (rdd) => {
      batch = await rdd.map((r) => r.timestamp).collect();
    });
    await ssc.start();
    const end = performance.now() + forSeconds * 1000;
    while (performance.now() < end)
      await topics.send(
        topic,
        Array.from({ length: 100 }, (_, i) => ({ partition: i % partitions, value: 'x'.repeat(recordBytes) })),
      );
    await ssc.stop();
    const sorted = waits.sort((a, b) => a - b);
    const at = (q: number) => sorted[Math.floor((sorted.length - 1) * q)];
    return { p50Ms: at(0.5), p99Ms: at(0.99), records: sorted.length };
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
