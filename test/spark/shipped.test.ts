// Executors that do not see the session's folder: what lies in it reaches them, and what they leave for it comes back.
// time limit: 300 s
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../cluster/connect';
import { type Context, StreamingContext } from '../../runtime/index';
import { errorOf } from '../helpers/errors';
import { type Standalone, startStandalone } from '../helpers/standalone';
import { checkAll, operations, through } from '../helpers/stream-batches';
import { LineServer, Listening, quietDisplay } from '../helpers/streams';
import { until } from '../helpers/within';

const add = (a: number, b: number) => a + b;
const subtract = (a: number, b: number) => a - b;

const test = suite('files of the session on a cluster');
let cluster: Standalone;
let sc: Context;

test.before(async () => {
  cluster = await startStandalone(2, 1);
  sc = await connect(cluster.master, { spark: { conf: { 'spark.executor.memory': '512m', 'spark.executor.cores': '1' } } });
  await sc.range(0, 2, 1, 2).count();
  await until(60_000, () => sc.executors().length === 2, 'both executors');
});

test.after(async () => {
  await sc?.stop();
  await cluster?.stop();
});

test('a local checkpoint comes back to the session, and is read anywhere', async () => {
  const rdd = sc.range(0, 100, 1, 4).map((x) => x * x);
  rdd.localCheckpoint();
  assert.is(await rdd.count(), 100);
  assert.ok(rdd.isCheckpointed);
  assert.is(await rdd.map((x) => x + 1).sum(), 328_450);
});

test('an input that can be read only once is copied to the session, and its copy to the executors', async () => {
  const own = readFileSync('/proc/version', 'utf8').trimEnd();
  const read = await sc
    .textFile('/proc/version')
    .mapPartitions((lines) => {
      const fs: typeof import('node:fs') = require('node:fs');
      const placed = fs.readdirSync('millrace', { recursive: true, encoding: 'utf8' });
      return [...lines].map((line): [string, boolean] => [line, placed.some((name) => name.includes('input'))]);
    })
    .collect();
  assert.equal(read, [[own, true]]);
});

test('a query reads datasets of the executors, and they its answer', async () => {
  const pairs = sc.range(0, 1000, 1, 4).map((x) => ({ key: x % 3, x }));
  const sums = sc.sql<{ key: number; sum: number }>`select key, sum(x) as sum from ${pairs} group by key order by key`;
  assert.equal(await sums.map(({ key, sum }) => [key, Number(sum)]).collect(), [
    [0, 166_833],
    [1, 166_167],
    [2, 166_500],
  ]);
});

test('windows and state are exact, with a checkpoint folder that all see', async () => {
  checkAll(await through(sc, operations, () => {}));
});

test('an incremental window without a checkpoint folder is refused at the start, with the ways out', async () => {
  const streaming = new StreamingContext(sc, '1s', { display: quietDisplay() });
  const pairs = streaming.queueStream([[['a', 1] as [string, number]]]);
  const window = pairs.reduceByKeyAndWindow(add, subtract, '2s');
  window.print();
  const error = await errorOf('WINDOW_NEEDS_CHECKPOINT', () => streaming.start());
  assert.match(error.message, 'reduceByKeyAndWindow');
  assert.match(error.remedy, 'give reduceByKeyAndWindow no inverse function');
  await streaming.stop();
});

test('lines that a receiver read reach the executors, also after one of them was killed', async () => {
  const server = await LineServer.open();
  const listening = new Listening(sc, (s) => s.socketTextStream('127.0.0.1', server.port).window('400ms'));
  const seen = new Listening(sc, (s) => s.socketTextStream('127.0.0.1', server.port));
  await server.connected(2);
  const lines = Array.from({ length: 300 }, (_, i) => `line ${i}`);
  for (const line of lines.slice(0, 150)) server.send(`${line}\n`);
  await seen.count(150);
  process.kill(cluster.executorPids()[0], 'SIGKILL');
  for (const line of lines.slice(150)) server.send(`${line}\n`);
  assert.equal([...(await seen.count(300))].sort(), [...lines].sort());
  // Each line is in four windows of 400 ms every 100 ms.
  assert.equal([...(await listening.count(1200))].sort(), lines.flatMap((line) => [line, line, line, line]).sort());
  await Promise.all([listening.stop(), seen.stop()]);
  await server.close();
});

test.run();
