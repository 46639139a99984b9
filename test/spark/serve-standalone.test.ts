// A server on a standalone cluster of Apache Spark: executors see no folder of the server or of its sessions, and what lies there reaches them.
// time limit: 300 s
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Context, StreamingContext } from '../../runtime/index';
import { errorOf } from '../helpers/errors';
import { Server } from '../helpers/server';
import { type Standalone, startStandalone } from '../helpers/standalone';
import { LineServer, Listening, quietDisplay } from '../helpers/streams';
import { until } from '../helpers/within';

const test = suite('a server on a standalone cluster');
const keep = path.join(fs.mkdtempSync(path.join(tmpdir(), 'standalone-keep-')), 'kept');
let cluster: Standalone;
let server: Server;
let sc: Context;

const start = () => {
  const conf = ['spark.executor.memory=512m', 'spark.executor.cores=1'].flatMap((one) => ['--spark-conf', one]);
  return ['--master', cluster.master, '--keep', keep, ...conf];
};

test.before(async () => {
  cluster = await startStandalone(2, 1);
  server = await Server.start(...start());
  sc = await server.session();
  await sc.range(0, 2, 1, 2).count();
  await until(60_000, () => sc.executors().length === 2, 'both executors');
});

test.after(async () => {
  await server?.stop();
  await cluster?.stop();
  fs.rmSync(path.dirname(keep), { recursive: true, force: true });
});

test('an input that can be read only once lies with its session, and a copy of it with the executors', async () => {
  const own = fs.readFileSync('/proc/version', 'utf8').trimEnd();
  const read = await sc
    .textFile('/proc/version')
    .mapPartitions((lines) => {
      const files: typeof import('node:fs') = require('node:fs');
      const placed = files.readdirSync('millrace', { recursive: true, encoding: 'utf8' });
      return [...lines].map((line): [string, boolean] => [line, placed.some((name) => name.startsWith('of-sessions/'))]);
    })
    .collect();
  assert.equal(read, [[own, true]]);
});

test('a query reads datasets of the executors, and they its answer, which lies with its session', async () => {
  const pairs = sc.range(0, 1000, 1, 4).map((x) => ({ key: x % 3, x }));
  const sums = sc.sql<{ key: number; sum: number }>`select key, sum(x) as sum from ${pairs} group by key order by key`;
  assert.equal(await sums.map(({ key, sum }) => [key, Number(sum)]).collect(), [
    [0, 166_833],
    [1, 166_167],
    [2, 166_500],
  ]);
});

test('lines that a receiver of a session read reach the executors, also after one of them was killed', async () => {
  const lines = await LineServer.open();
  const seen = new Listening(sc, (s) => s.socketTextStream('127.0.0.1', lines.port));
  await lines.connected(1);
  const all = Array.from({ length: 300 }, (_, i) => `line ${i}`);
  for (const line of all.slice(0, 150)) lines.send(`${line}\n`);
  await seen.count(150);
  process.kill(cluster.executorPids()[0], 'SIGKILL');
  for (const line of all.slice(150)) lines.send(`${line}\n`);
  assert.equal([...(await seen.count(300))].sort(), [...all].sort());
  await seen.stop();
  await lines.close();
});

test('state in the folder of a session is refused, as in a session of its own', async () => {
  const streaming = new StreamingContext(sc, '1s', { display: quietDisplay() });
  const pairs = streaming.queueStream([[['a', 1] as [string, number]]]);
  pairs
    .reduceByKeyAndWindow(
      (a, b) => a + b,
      (a, b) => a - b,
      '2s',
    )
    .print();
  await errorOf('WINDOW_NEEDS_CHECKPOINT', () => streaming.start());
  await streaming.stop();
});

test('sessions share what is published; it outlives publisher and executors, and is kept', async () => {
  const publisher = await server.session({ name: 'the publisher' });
  const squares = publisher.range(0, 100, 1, 4).map((x): [number, number] => [x % 10, x * x]);
  await squares
    .reduceByKey((a, b) => a + b, 3)
    .cache()
    .publish('squares', {}, '[number, number]');
  await until(10_000, () => sc.published().length === 1, 'the name');
  await publisher.stop();
  const total = (of: Context) => of.dataset<[number, number]>('squares').values().sum();
  assert.is(await total(sc), 328_350);
  for (const pid of cluster.executorPids()) process.kill(pid, 'SIGKILL');
  assert.is(await total(sc), 328_350);
  server.signal('SIGKILL');
  await server.ended();
  await server.run(...start());
  const next = await server.session();
  await until(10_000, () => next.published().length === 1, 'the name');
  assert.is(await total(next), 328_350);
});

test.run();
