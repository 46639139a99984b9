// Topics of a real Kafka as streams, and streams into topics: restarts, new partitions, lag, groups, a broker that dies.
// time limit: 400 s
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../cluster/connect';
import { type BatchInfo, type Context, type DStream, type FailureOptions, StreamingContext } from '../../runtime/index';
import { errorOf } from '../helpers/errors';
import { account, KafkaBroker, missingForKafka } from '../helpers/kafka-broker';
import { Topics } from '../helpers/kafka-topics';
import { until } from '../helpers/within';

const test = suite('streams of Kafka');
const missing = missingForKafka();
let broker: KafkaBroker;
let topics: Topics;
let sc: Context;
const folders: string[] = [];

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const numbers = (from: number, to: number, partitions = 2) =>
  range(from, to).map((i) => ({ partition: i % partitions, key: `${i % 10}`, value: `${i}` }));
const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b);
const limitMs = 60_000;

function folder(): string {
  folders.push(mkdtempSync(join(tmpdir(), 'kafka-stream-')));
  return folders[folders.length - 1];
}

/** A context whose batches are noted. */
function streaming(build: (ssc: StreamingContext) => void, checkpoint?: string) {
  const batches: BatchInfo[] = [];
  const create = (ssc: StreamingContext) => {
    ssc.addStreamingListener({ onBatchCompleted: (batch) => void batches.push(batch) });
    build(ssc);
  };
  const options = { sc, interval: '250ms' };
  const ssc =
    checkpoint === undefined ? new StreamingContext(sc, '250ms') : StreamingContext.getOrCreate(checkpoint, create, options);
  if (checkpoint === undefined) create(ssc);
  return { ssc, batches };
}

/** What batches had, by their time: a batch that is tried again after a restart takes the place of its first try. */
class Seen {
  readonly #batches = new Map<number, readonly number[]>();

  collect(stream: DStream<number>, options: FailureOptions = {}): void {
    stream.foreachRDD(async (rdd, time) => void this.#batches.set(time, await rdd.collect()), options);
  }

  get all(): number[] {
    return [...this.#batches.values()].flat().sort((a, b) => a - b);
  }
}

if (missing !== undefined) {
  test('is left out', () => console.log(missing));
} else {
  test.before(async () => {
    broker = await KafkaBroker.start();
    topics = new Topics(broker);
    sc = await connect('local[2]');
  });

  test.after(async () => {
    await sc?.stop();
    await topics?.close();
    await broker?.stop();
    for (const path of folders) rmSync(path, { recursive: true, force: true });
  });

  test('a restart from the checkpoint reads each record once; the group has the offsets; no password is in the checkpoint', async () => {
    const topic = await topics.make(2);
    await topics.send(topic, numbers(0, 100));
    const checkpoint = folder();
    const group = `group-${topic}`;
    const sasl = { username: account.username, password: account.password, mechanism: 'scram-sha-256' } as const;
    const options = {
      brokers: broker.saslAddress,
      sasl,
      topics: topic,
      groupId: group,
      from: 'earliest',
      value: 'text',
    } as const;
    const seen = new Seen();
    const totals: [string, number][] = [];
    const build = (ssc: StreamingContext) => {
      const values = ssc.kafkaStream(options).map((r): [string | null, number] => [r.key, Number(r.value)]);
      seen.collect(values.map(([, value]) => value));
      values
        .map(([key, value]): [string, number] => [key ?? '', value])
        .updateStateByKey((some: readonly number[], total: number | undefined) => (total ?? 0) + some.reduce((a, b) => a + b, 0))
        .foreachRDD(async (rdd) => {
          totals.splice(0, totals.length, ...(await rdd.collect()));
        });
    };
    const first = streaming(build, checkpoint);
    await first.ssc.start();
    await until(limitMs, () => seen.all.length >= 100, 'the first hundred');
    await first.ssc.stop();
    const read = seen.all;
    await topics.send(topic, numbers(100, 300));
    const second = streaming(build, checkpoint);
    await second.ssc.start();
    await until(
      limitMs,
      () => seen.all.length >= 300 && totals.reduce((sum, [, total]) => sum + total, 0) === (300 * 299) / 2,
      'all of it',
    );
    await second.ssc.stop();
    assert.equal(read, range(0, 100));
    assert.equal(seen.all, range(0, 300));
    const [offsets] = await topics.admin.listConsumerGroupOffsets({ groups: [group] });
    assert.equal(
      offsets.topics[0].partitions.map(({ committedOffset }) => Number(committedOffset)),
      [150, 150],
    );
    const files = readdirSync(checkpoint, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
    assert.ok(files.length > 0);
    for (const file of files) assert.not.match(readFileSync(join(file.parentPath, file.name), 'latin1'), /kfk-SECRET/);
    const third = new Seen();
    const rest = streaming((ssc) =>
      third.collect(ssc.kafkaStream({ ...options, from: 'committed' }).map((r) => Number(r.value))),
    );
    await rest.ssc.start();
    await topics.send(topic, numbers(300, 310));
    await until(limitMs, () => third.all.length >= 10, 'what came after the offsets of the group');
    await rest.ssc.stop();
    assert.equal(third.all, range(300, 310));
  });

  test('partitions and topics that are added while it runs', async () => {
    const name = await topics.make(1);
    await topics.send(name, numbers(0, 10, 1));
    const seen = new Seen();
    const pattern = new RegExp(`^${name}`);
    const options = { brokers: broker.address, topics: pattern, from: 'earliest', value: 'text' } as const;
    const { ssc } = streaming((s) => seen.collect(s.kafkaStream(options).map((r) => Number(r.value))));
    await ssc.start();
    await until(limitMs, () => seen.all.length >= 10, 'the first partition');
    await topics.admin.createPartitions({ topics: [{ name, count: 3 }] } as never);
    await topics.send(name, [{ partition: 2, value: '10' }]);
    const later = await topics.make(1, {}, `${name}-later`);
    await topics.send(later, [{ value: '11' }]);
    await until(limitMs, () => seen.all.length >= 12, 'the new ones');
    await ssc.stop();
    assert.equal(seen.all, range(0, 12));
  });

  test('a limit for each partition, the lag, and a partition for each of the topic', async () => {
    const topic = await topics.make(2);
    await topics.send(topic, numbers(0, 200));
    const seen = new Seen();
    const partitions: number[] = [];
    const options = { brokers: broker.address, topics: topic, from: 'earliest', value: 'text', maxRatePerPartition: 80 } as const;
    const { ssc, batches } = streaming((s) => {
      const stream = s.kafkaStream(options);
      stream.foreachRDD((rdd) => void partitions.push(rdd.numPartitions));
      seen.collect(stream.map((r) => Number(r.value)));
    });
    await ssc.start();
    await until(limitMs, () => seen.all.length >= 200, 'all of it');
    await ssc.stop();
    const inputs = batches.map(({ inputs: [input] }) => input).filter(({ records }) => records);
    assert.equal(
      inputs.map(({ records }) => records),
      [40, 40, 40, 40, 40],
    );
    assert.equal(
      inputs.map(({ behind }) => behind),
      [160, 120, 80, 40, 0],
    );
    assert.ok(partitions.filter((n) => n > 0).every((n) => n === 2));
  });

  test('by the time of the records, with slack', async () => {
    const topic = await topics.make(1);
    const seen = new Seen();
    const options = { brokers: broker.address, topics: topic, from: 'earliest', value: 'text' } as const;
    const { ssc } = streaming((s) =>
      seen.collect(
        s
          .kafkaStream(options)
          .slack('500ms', (r) => r.timestamp)
          .map((r) => Number(r.value)),
      ),
    );
    await ssc.start();
    await topics.send(topic, [{ value: '1', timestamp: Date.now() }]);
    await until(limitMs, () => seen.all.length >= 1, 'a record in its interval');
    await ssc.stop();
    assert.equal(seen.all, [1]);
  });

  test('offsets that are gone fail the batches, or are left out with a note', async () => {
    const topic = await topics.make(1);
    await topics.send(topic, numbers(0, 10, 1));
    await topics.admin.deleteRecords({ topics: [{ name: topic, partitions: [{ partition: 0, offset: 6n }] }] } as never);
    const from = { [topic]: [2] };
    const run = async (onGone: 'fail' | 'skip') => {
      const seen = new Seen();
      const options = { brokers: broker.address, topics: topic, from, value: 'text', onGone } as const;
      const { ssc, batches } = streaming((s) => {
        seen.collect(
          s.kafkaStream(options).map((r) => Number(r.value)),
          { onFailure: 'skip' },
        );
      });
      await ssc.start();
      await until(
        limitMs,
        () => seen.all.length > 0 || batches.some(({ outputs }) => outputs.some((o) => o.failure)),
        'an answer',
      );
      await ssc.stop();
      const failure = batches.flatMap(({ outputs }) => outputs.flatMap((o) => o.failure?.message ?? []))[0];
      const note = batches.flatMap(({ inputs }) => inputs.flatMap(({ notes }) => notes)).find((text) => /gone/.test(text));
      return { seen, failure, note };
    };
    assert.match((await run('fail')).failure ?? '', /has lost offsets 2 to 5: it begins at 6.*onGone: 'skip'/);
    const { seen, note } = await run('skip');
    assert.equal(seen.all, [6, 7, 8, 9]);
    assert.match(note ?? '', /partition 0: offsets 2 to 5 are gone/);
  });

  test('the broker dies and comes back: batches are empty meanwhile, and each record is read once', async () => {
    const topic = await topics.make(2);
    await topics.send(topic, numbers(0, 50));
    const seen = new Seen();
    const options = { brokers: broker.address, topics: topic, from: 'earliest', value: 'text' } as const;
    const { ssc, batches } = streaming((s) => seen.collect(s.kafkaStream(options).map((r) => Number(r.value))));
    await ssc.start();
    await until(limitMs, () => seen.all.length >= 50, 'the first records');
    await broker.kill();
    const away = () =>
      batches.some(({ inputs }) => inputs.some(({ notes }) => notes.some((note) => /cannot be reached/.test(note))));
    await until(limitMs, away, 'a note that the broker is away');
    await broker.resume();
    await topics.send(topic, numbers(50, 80));
    await until(limitMs, () => seen.all.length >= 80, 'the records after it came back');
    await ssc.stop();
    assert.equal(seen.all, range(0, 80));
    assert.ok(batches.every(({ outputs }) => outputs.every(({ failure }) => failure === undefined)));
  });

  test('rows are written with their keys to the partitions that Java chooses, and large ones are refused', async () => {
    const topic = await topics.make(3);
    const brokers = broker.address;
    const rows = range(0, 2000).map((id) => ({ id, text: 'x'.repeat(id % 50) }));
    for (const compression of ['none', 'gzip', 'lz4'] as const)
      await sc.parallelize(rows, 3).saveToKafka(topic, {
        brokers,
        compression,
        key: (row) => `k${row.id % 7}`,
        headers: (row) => ({ id: row.id }),
        timestamp: (row) => 1_700_000_000_000 + row.id,
      });
    const read = await sc.kafka({ brokers, topic, value: 'json' }).collect();
    assert.is(read.length, 6000);
    assert.equal(
      sorted(read.map(({ value }) => value.id)),
      range(0, 6000).map((i) => Math.floor(i / 3)),
    );
    for (const { value, headers, timestamp } of read)
      assert.equal([headers, timestamp], [{ id: `${value.id}` }, 1_700_000_000_000 + value.id]);
    const of = new Map(read.map(({ key, partition }) => [key, partition]));
    assert.ok(read.every(({ key, partition }) => of.get(key) === partition));
    const large = sc.parallelize(['x'.repeat(10 << 20)]).saveToKafka(topic, { brokers });
    assert.match((await errorOf('RECORD_TOO_LARGE', () => large)).remedy, /max\.message\.bytes/);
    await errorOf('SOURCE_MISSING', () => sc.range(3).saveToKafka('no-such-topic', { brokers }));
    assert.is(await sc.kafka({ brokers, topic }).count(), 6000);
  });

  test('a job that fails writes nothing of the partition that fails', async () => {
    const topic = await topics.make(1);
    const brokers = broker.address;
    const failing = sc.range(0, 100, 1, 1).map((i) => {
      if (i === 99) throw new Error('no more');
      return `${i}`;
    });
    await failing.saveToKafka(topic, { brokers }).catch(() => undefined);
    await sc.range(3).saveToKafka(topic, { brokers });
    const values = () =>
      sc
        .kafka({ brokers, topic, value: 'text' })
        .map((r) => r.value)
        .collect();
    await until(limitMs, async () => (await values()).length >= 3, 'the end of the transactions');
    // Two partitions, each in a transaction of its own: either may be first.
    assert.equal((await values()).sort(), ['0', '1', '2']);
  });

  test('one id for two topics writes both; for one topic twice it is refused', async () => {
    const [one, two] = [await topics.make(1), await topics.make(1)];
    const brokers = broker.address;
    const { ssc } = streaming((s) => {
      const ids = s.generatorStream(40, (i) => i);
      for (const topic of [one, two]) ids.saveToKafka(topic, { brokers, id: 'both' });
      assert.throws(() => ids.saveToKafka(two, { brokers, id: 'both' }), /no other output to the topic/);
    });
    await ssc.start();
    for (const topic of [one, two])
      await until(limitMs, async () => (await sc.kafka({ brokers, topic }).count()) >= 10, `records in ${topic}`);
    await ssc.stop();
  });
}

test.run();
