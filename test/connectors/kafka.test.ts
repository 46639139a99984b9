// Topics of a real Kafka as datasets: fields, codecs, transactions, gaps of compaction, logins, and what goes wrong.
// time limit: 400 s
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../cluster/connect';
import type { Context } from '../../runtime/index';
import { errorOf } from '../helpers/errors';
import { account, KafkaBroker, missingForKafka } from '../helpers/kafka-broker';
import { Topics } from '../helpers/kafka-topics';
import { until } from '../helpers/within';

const test = suite('topics of Kafka');
const missing = missingForKafka();
let broker: KafkaBroker;
let topics: Topics;
let sc: Context;

const range = (n: number) => Array.from({ length: n }, (_, i) => i);
const sorted = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b);

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
  });

  test('records have their fields, and values are read as asked', async () => {
    const topic = await topics.make(2);
    await topics.send(topic, [
      { partition: 1, key: 'a', value: '{"n":1}', headers: { kind: 'ü' }, timestamp: 1_700_000_000_123 },
      { partition: 1, value: '{"n":2}', timestamp: 1_700_000_000_001 },
      { partition: 1, key: 'b', value: null },
    ]);
    const brokers = broker.address;
    const [first, second, third] = await sc.kafka({ brokers, topic, value: 'json' }).collect();
    const { timestamp, ...rest } = first;
    assert.equal(rest, { topic, partition: 1, offset: 0, key: 'a', value: { n: 1 }, headers: { kind: 'ü' } });
    assert.equal([timestamp, second.timestamp], [1_700_000_000_123, 1_700_000_000_001]);
    assert.equal([second.key, second.headers, third.value], [null, {}, null]);
    const text = sc.kafka({ brokers, topic, value: 'text', key: 'bytes' });
    assert.equal(await text.map((r) => [r.key?.toString('hex'), r.value]).collect(), [
      ['61', '{"n":1}'],
      [undefined, '{"n":2}'],
      ['62', null],
    ]);
    const bytes = await sc.kafka({ brokers, topic }).collect();
    assert.is(bytes[0].value?.toString(), '{"n":1}');
    const factor = 10;
    const numbers = sc.kafka({
      brokers,
      topic,
      value: (value, record) => JSON.parse(value.toString()).n * factor + record.offset,
    });
    assert.equal(await numbers.map((r) => r.value).collect(), [10, 21, null]);
    const later = sc.kafka({ brokers, topic, value: async (value) => value.length });
    assert.equal(await later.map((r) => r.value).collect(), [7, 7, null]);
  });

  test('what is not read is not decoded', async () => {
    const topic = await topics.make(3);
    await topics.send(
      topic,
      range(300).map((i) => ({ partition: i % 3, value: `${i}` })),
    );
    const rows = sc.kafka({
      brokers: broker.address,
      topic,
      value: (): never => {
        throw new Error('decoded');
      },
    });
    assert.is(await rows.count(), 300);
    assert.is(await rows.map((r) => r.offset).sum(), 3 * 4950);
    const error = await errorOf('CONNECTOR_FAILED', () => rows.collect());
    assert.match(error.message, /topic \S+, partition \d, offset 0: the value could not be decoded: decoded/);
  });

  test('ranges of partitions', async () => {
    const topic = await topics.make(3);
    await topics.send(
      topic,
      range(300).map((i) => ({ partition: i % 3, value: `${i}` })),
    );
    const ranges = [
      { partition: 0, from: 5, to: 7 },
      { partition: 2, from: 98 },
    ];
    const rows = sc.kafka({ brokers: broker.address, topic, ranges, value: 'text' });
    assert.equal(sorted(await rows.map((r) => Number(r.value)).collect()), [15, 18, 296, 299]);
    const ask = (partition: number) => sc.kafka({ brokers: broker.address, topic, ranges: [{ partition }] }).count();
    assert.match((await errorOf('SOURCE_MISSING', () => ask(7))).message, /has no partition 7: it has 3/);
  });

  for (const codec of ['gzip', 'snappy', 'lz4', 'zstd'])
    test(`batches that the broker packed by ${codec}`, async () => {
      const topic = await topics.make(2, { 'compression.type': codec });
      const values = range(3000).map((i) => `${i} ${'x'.repeat(i % 200)} ${(i * 7919) % 1000}`);
      await topics.send(
        topic,
        values.map((value, i) => ({ partition: i % 2, key: `${i}`, value })),
      );
      const rows = await sc.kafka({ brokers: broker.address, topic, value: 'text' }).collect();
      assert.equal(
        rows.sort((a, b) => Number(a.key) - Number(b.key)).map((r) => r.value),
        values,
      );
    });

  test('a record of 10 MB', async () => {
    const topic = await topics.make(1, { 'max.message.bytes': `${20 << 20}` });
    const large = Buffer.alloc(10 << 20, 'ab');
    await topics.send(topic, [{ value: large }]);
    await topics.send(topic, [{ value: 'small' }]);
    const sizes = await sc
      .kafka({ brokers: broker.address, topic })
      .map((r) => r.value?.length)
      .collect();
    assert.equal(sizes, [10 << 20, 5]);
  });

  test('only what was committed is read, up to the first transaction that is open', async () => {
    const topic = await topics.make(1);
    const some = (name: string) => range(5).map((i) => ({ value: `${name}${i}` }));
    await topics.send(topic, some('plain'));
    const aborted = await topics.transaction(topic, some('aborted'));
    const committed = await topics.transaction(topic, some('committed'));
    await aborted.abort();
    await committed.commit();
    const open = await topics.transaction(topic, some('open'));
    await topics.send(topic, some('behind'));
    const read = () =>
      sc
        .kafka({ brokers: broker.address, topic, value: 'text' })
        .map((r) => r.value)
        .collect();
    const names = (...of: string[]) => of.flatMap((name) => some(name).map(({ value }) => value));
    // The markers of a transaction are written after its end was answered.
    const reads = async (...of: string[]) => {
      const wanted = names(...of);
      await until(20_000, async () => (await read()).length >= wanted.length, 'the end of a transaction');
      assert.equal(await read(), wanted);
    };
    await reads('plain', 'committed');
    await open.commit();
    await reads('plain', 'committed', 'open', 'behind');
    for (const { producer } of [aborted, committed, open]) await producer.close(true);
  });

  test('gaps that compaction leaves', async () => {
    const small = {
      'cleanup.policy': 'compact',
      'segment.ms': '100',
      'min.cleanable.dirty.ratio': '0.01',
      'delete.retention.ms': '0',
    };
    const topic = await topics.make(1, small);
    for (let round = 0; round < 4; round++)
      await topics.send(
        topic,
        range(50).map((i) => ({ key: `${i % 10}`, value: `${round} ${i}` })),
      );
    const rows = sc.kafka({ brokers: broker.address, topic, value: 'text' });
    let kept: number[] = [];
    await until(
      90_000,
      async () => {
        // Only segments that are closed are compacted.
        await topics.send(topic, [{ key: 'last', value: 'x' }]);
        kept = await rows.map((r) => r.offset).collect();
        return kept.length < 100;
      },
      'compaction',
    );
    assert.equal(kept, sorted(kept));
    const [first] = kept;
    const again = sc.kafka({ brokers: broker.address, topic, ranges: [{ partition: 0, from: first + 1 }] });
    assert.is(await again.map((r) => r.offset).min(), kept[1]);
  });

  test('logins by PLAIN and SCRAM, and TLS', async () => {
    const topic = await topics.make(1);
    await topics.send(topic, [{ value: 'x' }]);
    process.env.KAFKA_TEST_PASSWORD = account.password;
    for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512'] as const) {
      const sasl = { mechanism, username: account.username, password: { env: 'KAFKA_TEST_PASSWORD' } };
      const rows = sc.kafka({ brokers: broker.saslAddress, topic, sasl });
      assert.is(await rows.count(), 1, mechanism);
      assert.not.match(rows.explain(), new RegExp(account.password));
    }
    const ca = broker.certificate;
    assert.is(await sc.kafka({ brokers: broker.tlsAddress, topic, tls: { ca } }).count(), 1);
  });

  test('what goes wrong is told with what to do, and no password is in it', async () => {
    const topic = await topics.make(1);
    const told = async (code: Parameters<typeof errorOf>[0], options: object) => {
      const error = await errorOf(code, () => sc.kafka({ brokers: broker.address, topic, timeout: '2s', ...options }).count());
      const text = `${error.message} ${error.remedy} ${error.stack} ${JSON.stringify(error.details)}`;
      assert.not.match(text, /kfk-SECRET|wrong-SECRET/);
      return text;
    };
    assert.match(await told('SOURCE_UNREACHABLE', { brokers: '127.0.0.1:1' }), /Kafka at 127\.0\.0\.1:1 cannot be reached/);
    const { username } = account;
    for (const mechanism of ['plain', 'scram-sha-256']) {
      const sasl = { mechanism, username, password: 'wrong-SECRET' };
      assert.match(await told('SOURCE_REFUSED', { brokers: broker.saslAddress, sasl }), /refuses the login/);
    }
    assert.match(await told('SOURCE_REFUSED', { brokers: broker.tlsAddress, tls: true }), /TLS failed/);
    const ca = broker.certificate;
    assert.match(
      await told('SOURCE_REFUSED', { brokers: broker.tlsAddress.replace('localhost', '127.0.0.1'), tls: { ca } }),
      /TLS failed/,
    );
    assert.match(await told('SOURCE_MISSING', { topic: 'no-such-topic' }), /no such topic.*no-such-topic/);
    assert.match(await told('BAD_ARGUMENT', { brokers: `u:${account.password}@h:1` }), /'host:port'/);
    assert.match(await told('BAD_ARGUMENT', { sasl: { username, password: 17 } }), /sasl\.password/);
    assert.match(await told('BAD_ARGUMENT', { values: 'json' }), /values/);
  });

  test('offsets that retention has removed', async () => {
    const topic = await topics.make(1);
    await topics.send(
      topic,
      range(10).map((i) => ({ value: `${i}` })),
    );
    await topics.admin.deleteRecords({ topics: [{ name: topic, partitions: [{ partition: 0, offset: 6n }] }] } as never);
    const ranges = [{ partition: 0, from: 2, to: 8 }];
    const read = (onGone: 'fail' | 'skip') =>
      sc.kafka({ brokers: broker.address, topic, ranges, onGone, value: 'text' }).map((r) => r.value);
    const error = await errorOf('DATA_GONE', () => read('fail').collect());
    assert.match(error.message, /has lost offsets 2 to 5: it begins at 6/);
    assert.equal(await read('skip').collect(), ['6', '7']);
  });
}

test.run();
