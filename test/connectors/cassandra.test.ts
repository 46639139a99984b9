// Tables of a real Cassandra as datasets and back: types, what reaches it, ranges of tokens, joins by key, streams, and what goes wrong.
// time limit: 420 s
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../cluster/connect';
import { restrictionsOf } from '../../cluster/connectors/cassandra/read';
import { type Context, type Row, StreamingContext } from '../../runtime/index';
import { TypeServiceClient } from '../../shell/types/client';
import { account, CassandraNode, missingForCassandra } from '../helpers/cassandra-node';
import { errorOf } from '../helpers/errors';
import { until } from '../helpers/within';

const test = suite('tables of Cassandra');
const wrongPassword = 'wr0ng-password';
const missing = missingForCassandra();
let node: CassandraNode;
let sc: Context;

if (missing !== undefined) {
  test('are left out', () => console.log(missing));
} else {
  test.before(async () => {
    node = await CassandraNode.start();
    sc = await connect('local[2]');
    await node.run(
      "create keyspace shop with replication = { 'class': 'SimpleStrategy', 'replication_factor': 1 }",
      'create type shop.address (street text, number int)',
      `create table shop.things (id int primary key, u uuid, tu timeuuid, big bigint, huge varint, price decimal, ratio double, name text,
        ok boolean, raw blob, day date, clock time, at timestamp, host inet, small smallint, tags set<text>, list list<int>,
        counts map<text, bigint>, pair frozen<tuple<int, text>>, home frozen<address>)`,
      'create table shop.events (user text, at bigint, kind text, n int, primary key (user, at))',
      'create table shop.clicks (page text primary key, n counter)',
    );
  });

  test.after(async () => {
    await sc?.stop();
    await node?.stop();
  });

  const whole = {
    id: 1,
    u: '123e4567-e89b-12d3-a456-426614174000',
    tu: '58e0a7d7-eebc-11d8-9669-0800200c9a66',
    big: 9007199254740993n,
    huge: 123456789012345678901234567890n,
    price: '12.500',
    ratio: 0.1,
    name: "ü 'x'",
    ok: true,
    raw: Uint8Array.from([1, 2, 255]),
    day: '2026-03-01',
    clock: '23:59:59.5',
    at: new Date('2026-03-01T10:20:30.456Z'),
    host: '127.0.0.1',
    small: -3,
    tags: ['a', 'b'],
    list: [3, 1],
    counts: new Map([['x', 5n]]),
    pair: [7, 'seven'],
    home: { street: 'Main', number: 5 },
  };

  test('types are kept, in both directions', async () => {
    await sc.parallelize([whole, { id: 2 }] as Row[]).saveToCassandra('shop', 'things', node.options);
    const rows = await sc.cassandra('shop', 'things', node.options).collect();
    const [first, second] = rows.sort((a, b) => Number(a.id) - Number(b.id));
    assert.equal(first, whole);
    assert.equal(
      Object.entries(second).filter(([, value]) => value !== null),
      [['id', 2]],
    );
    const plain = sc.cassandra('shop', 'things', { ...node.options, columns: ['id', 'ok'] });
    const counted = await sc.sql<Row>`select count(*) as n from ${plain} where ok`.collect();
    assert.is(Number(counted[0].n), 1);
  });

  const users = Array.from({ length: 40 }, (_, i) => `user ${i}`);
  const events = users.flatMap((user, u) =>
    Array.from({ length: 50 }, (_, i) => ({ user, at: BigInt(i), kind: i % 5 === 0 ? 'buy' : 'view', n: u * 50 + i })),
  );
  const numbers = (rows: readonly Row[]) => rows.map(({ n }) => Number(n)).sort((a, b) => a - b);

  test('rows come once, by ranges of tokens that know their hosts; columns and conditions reach Cassandra', async () => {
    await sc.parallelize(events, 4).saveToCassandra('shop', 'events', { ...node.options, maxInFlight: 8 });
    for (const numPartitions of [1, 7, 50]) {
      const read = sc.cassandra('shop', 'events', { ...node.options, numPartitions });
      assert.equal(
        numbers(await read.collect()),
        Array.from({ length: 2000 }, (_, i) => i),
      );
      assert.is(read.numPartitions, numPartitions);
      assert.ok(read.preferredLocations(0).includes('127.0.0.1'));
    }
    const bought = sc
      .cassandra('shop', 'events', node.options)
      .filter((e) => e.kind === 'buy')
      .map((e) => e.n);
    assert.match(await bought.explain(), /reads n, kind; asks for kind === "buy"/);
    assert.is((await bought.collect()).length, 400);
    await node.run("update shop.clicks set n = n + 5 where page = 'a'");
    const clicks = sc.cassandra<{ page: string; n: bigint }>('shop', 'clicks', node.options);
    assert.equal(await clicks.filter((c) => c.n === 5n).collect(), [{ page: 'a', n: 5n }]);
    const late = sc.cassandra('shop', 'events', node.options).filter((e) => (e.at as bigint) >= 40n);
    assert.is(await late.count(), 400);
    const some = sc.cassandra('shop', 'events', { ...node.options, columns: ['n'], where: 'at < 2' });
    assert.equal((await some.collect()).map((row) => Object.keys(row).join())[0], 'n');
    assert.is(await some.count(), 80);
  });

  test('a filter by the partition key reads that partition, and scans nothing', async () => {
    const scans = async () => {
      const [row] = await node.run(
        "select count from system_views.local_scan_latency where keyspace_name = 'shop' and table_name = 'events'",
      );
      return Number(row?.count ?? 0);
    };
    const table = () => sc.cassandra('shop', 'events', { ...node.options, numPartitions: 7 });
    await table().count();
    const before = await scans();
    assert.ok(before > 0);
    const one = table().filter((e) => e.user === 'user 3' && (e.at as bigint) >= 10n);
    assert.equal(
      numbers(await one.collect()),
      Array.from({ length: 40 }, (_, i) => 160 + i),
    );
    assert.is(await scans(), before);
  });

  test('of rows with one key the last one is there, whole; partitions that differ by milliseconds are not one batch', async () => {
    await node.run(
      'create table shop.latest (id int primary key, a text, b text)',
      'create table shop.instants (at timestamp, n int, text text, primary key (at, n))',
    );
    // The larger text would win where two changes have one time.
    const rows = Array.from({ length: 200 }, (_, i) => ({ id: i % 5, a: `a ${999 - i}`, b: `b ${i + 100}` }));
    await sc.parallelize(rows, 1).saveToCassandra('shop', 'latest', node.options);
    const read = await sc.cassandra<(typeof rows)[number]>('shop', 'latest', node.options).collect();
    assert.equal(
      read.sort((a, b) => a.id - b.id),
      rows.slice(195),
    );
    // Together they are more than Cassandra takes in a batch of several partitions.
    const instants = Array.from({ length: 100 }, (_, i) => ({
      at: new Date(1_700_000_000_000 + i),
      n: 0,
      text: 'x'.repeat(3000),
    }));
    await sc.parallelize(instants, 1).saveToCassandra('shop', 'instants', node.options);
    assert.is(await sc.cassandra('shop', 'instants', node.options).count(), 100);
  });

  test('only what Cassandra sees as JavaScript does is asked of it', () => {
    const column = (name: string, code: number) => ({ name, type: { code } });
    const table = {
      columns: [column('id', 9), column('at', 2), column('n', 9), column('ratio', 7), column('name', 10), column('u', 12)],
      partitionKeys: [column('id', 9)],
      clusteringKeys: [column('at', 2)],
    };
    const compare = (field: string, by: '===' | '<' | '>' | '!==', value: string | number | bigint | null) =>
      ({ kind: 'compare', field, by, value }) as const;
    let where: string | undefined;
    const all = (...of: ReturnType<typeof compare>[]) =>
      restrictionsOf({ kind: 'all', of }, table, where).map(({ text }) => text);
    assert.equal(all(compare('at', '>', 3n), compare('at', '<', 9n), compare('at', '<', 5n)), ['"at" > ?', '"at" < ?']);
    assert.equal(all(compare('name', '===', 'x'), compare('n', '===', 5)), ['"name" = ?', '"n" = ?']);
    assert.equal(all(compare('n', '<', 5), compare('n', '===', 1.5), compare('ratio', '===', 1)), []);
    assert.equal(all(compare('id', '===', 1), compare('at', '>', 3n)), ['"id" = ?', '"at" > ?'], 'a partition');
    assert.equal(all(compare('id', '>', 1)), [], 'an order of keys');
    assert.equal(all(compare('id', '===', 1.5)), [], 'no key of this type');
    assert.equal(all(compare('n', '===', 2 ** 31), compare('u', '===', 'x')), []);
    where = 'at > 5';
    assert.equal(all(compare('at', '>', 3n)), [], 'restricted by the user');
    where = 'id = 1';
    assert.equal(all(compare('id', '===', 2)), [], 'a key that the user restricts');
    where = undefined;
    const [id, at] = table.columns;
    const wide = { ...table, partitionKeys: [id, at] };
    const both = [compare('id', '===', 1), compare('at', '===', 2n)];
    assert.is(restrictionsOf({ kind: 'all', of: both }, wide).length, 2);
    assert.equal(restrictionsOf(both[0], wide), [], 'half of a key');
    assert.equal(all(compare('name', '===', null), compare('name', '!==', 'x'), compare('name', '>', 'x')), []);
  });

  test('rows under keys are joined without a scan, in the order of the keys', async () => {
    const keys = sc.parallelize(['user 3', 'nobody', 'user 5'], 2);
    const joined = await keys.joinWithCassandra('shop', 'events', node.options).collect();
    assert.equal(
      joined.map(([key, row]) => `${key} ${row.user} ${row.n}`),
      ['user 3', 'user 5'].flatMap((user) => events.filter((e) => e.user === user).map((e) => `${user} ${user} ${e.n}`)),
    );
    const of = 7n;
    const one = sc.parallelize([{ who: 'user 1' }, { who: 'user 2' }]).joinWithCassandra<{ n: number }>('shop', 'events', {
      ...node.options,
      key: ({ who }) => ({ user: who, at: of }),
      columns: ['n'],
    });
    assert.equal(await one.collect(), [
      [{ who: 'user 1' }, { n: 57 }],
      [{ who: 'user 2' }, { n: 107 }],
    ]);
  });

  test('a stream writes its batches, and a window of it is joined with a table', async () => {
    await node.run('create table shop.totals (user text primary key, n int)');
    const folder = mkdtempSync(join(tmpdir(), 'cassandra-stream-'));
    const streaming = new StreamingContext(sc, '200ms');
    streaming.checkpoint(folder);
    const counts = streaming
      .queueStream([['user 1', 'user 2'], ['user 1']], true)
      .map((user): [string, number] => [user, 1])
      .runningReduce((a, b) => a + b);
    counts.map(([user, n]) => ({ user, n })).saveToCassandra('shop', 'totals', node.options);
    streaming.start();
    const seen = () => node.run("select n from shop.totals where user = 'user 1'");
    await until(60_000, async () => (await seen())[0]?.n === 2, 'the totals');
    await streaming.stop();
    const joined = await sc.parallelize(['user 2']).joinWithCassandra('shop', 'totals', node.options).collect();
    assert.equal(joined, [['user 2', { user: 'user 2', n: 1 }]]);
    rmSync(folder, { recursive: true, force: true });
  });

  test('the columns of a table are known while it is typed', async () => {
    const { hosts, user } = node.options;
    const call = `sc.cassandra('shop', 'events', { hosts: '${hosts}', user: '${user}', password: '${account.password}', columns: ['at', 'kind'] })`;
    const client = new TypeServiceClient({ cwd: process.cwd() });
    const found = await client.typeOf(call).finally(() => client.stop());
    assert.equal(found, { type: 'RDD<{ at: bigint; kind: string | null; }>' });
  });

  test('what goes wrong is told with the cluster, and without the password', async () => {
    const told = async (code: Parameters<typeof errorOf>[0], f: () => unknown) => {
      const { message, remedy } = await errorOf(code, async () => await f());
      assert.not(`${message} ${remedy}`.includes(wrongPassword));
      return `${message} ${remedy}`;
    };
    const { options } = node;
    assert.match(
      await told('SOURCE_MISSING', () => sc.cassandra('shop', 'nothing', options).count()),
      /no table nothing in the keyspace shop/,
    );
    assert.match(await told('SOURCE_MISSING', () => sc.cassandra('nowhere', 'x', options).count()), /no keyspace nowhere/);
    assert.match(
      await told('SOURCE_MISSING', () => sc.cassandra('shop', 'events', { ...options, columns: ['nix'] }).count()),
      /no column nix/,
    );
    const wrong = { ...options, password: wrongPassword };
    assert.match(await told('SOURCE_REFUSED', () => sc.cassandra('shop', 'events', wrong).count()), /does not allow/);
    assert.match(
      await told('SOURCE_UNREACHABLE', () => sc.cassandra('shop', 'events', { hosts: '127.0.0.1:1' }).count()),
      /127\.0\.0\.1:1/,
    );
    const save = (row: Row, table = 'events') => sc.parallelize([row]).saveToCassandra('shop', table, options);
    assert.match(await told('SOURCE_MISSING', () => save({ user: 'a', at: 1n, extra: 1 })), /no column extra/);
    assert.match(await told('CONNECTOR_FAILED', () => save({ user: 'a' })), /has no at, which is a part of its key/);
    assert.match(await told('CONNECTOR_FAILED', () => save({ page: 'a', n: 1 }, 'clicks')), /is a counter/);
    const keyless = () =>
      sc
        .parallelize([{ x: 1 }])
        .joinWithCassandra('shop', 'events', options)
        .collect();
    assert.match(await told('CONNECTOR_FAILED', keyless), /has no user/);
    const user = sc
      .parallelize([1])
      .joinWithCassandra('shop', 'events', { ...options, key: (x) => (x as never as { y: { z: 1 } }).y.z });
    assert.match(await told('TASK_FAILED', () => user.collect()), /TypeError/);
    for (const bad of [{ hosts: 'a:1, b:2' }, { hosts: [] }, { host: 'a' }, { numPartitions: 0 }, { columns: [] }])
      await told('BAD_ARGUMENT', () => sc.cassandra('shop', 'events', bad as never));
    await told('BAD_ARGUMENT', () => sc.cassandra('shop"', 'events'));
    await told('BAD_ARGUMENT', () => sc.parallelize([1]).saveToCassandra('shop', 'events', { ttl: 0 }));
    await told('BAD_ARGUMENT', () => sc.parallelize([1]).joinWithCassandra('shop', 'events', { key: 3 as never }));
  });
}

test.run();
