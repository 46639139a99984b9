// Clusters that do not take a session, and what is too large for them: one message with the remedy, and the next session runs.
// time limit: 600 s
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type ConnectOptions, connect } from '../../cluster/connect';
import type { Context } from '../../runtime/index';
import { errorOf } from '../helpers/errors';
import { smallDisk } from '../helpers/small-disk';
import { startStandalone } from '../helpers/standalone';
import { until, within } from '../helpers/within';

const test = suite('clusters that refuse');
const limitMs = 120_000;
const small = { 'spark.executor.memory': '512m' };
const secret = (of: string) => ({ 'spark.authenticate': 'true', 'spark.authenticate.secret': of });

/** How the first job of a session ends, and its next one: nothing more is told when Spark itself ends. */
async function refusal(master: string, conf: Readonly<Record<string, string>>) {
  const notices: string[] = [];
  const sc = await connect(master, { spark: { conf: { ...small, ...conf } }, onNotice: (text) => notices.push(text) });
  try {
    const first = await within(
      limitMs,
      errorOf('NO_EXECUTORS', () => sc.range(3).count()),
      'the refusal',
    );
    assert.is((await errorOf('NO_EXECUTORS', () => sc.range(3).count())).message, first.message);
    assert.equal(notices, [`${first.message} No job can run in this session.`]);
    return first;
  } finally {
    await sc.stop();
  }
}

async function runs(master: string, spark: ConnectOptions['spark'], body: (sc: Context) => Promise<void>): Promise<void> {
  const sc = await connect(master, { spark: { ...spark, conf: { ...small, ...spark?.conf } } });
  try {
    await within(limitMs, body(sc), 'the jobs');
  } finally {
    await sc.stop();
  }
}

test('a master that asks for a secret: none, a wrong one, and the right one', async () => {
  const cluster = await startStandalone(1, 1, { conf: secret('of the cluster') });
  try {
    for (const conf of [{}, secret('another')]) {
      const { message, remedy } = await refusal(cluster.master, conf);
      assert.match(
        message,
        /the master at 127\.0\.0\.1:\d+ does not take this session: the secrets of the two differ, or only one/,
      );
      assert.match(remedy, /^Set spark\.authenticate, and spark\.authenticate\.secret/);
      assert.not.match(message + remedy, /another/);
    }
    await runs(cluster.master, { conf: secret('of the cluster') }, async (sc) => assert.is(await sc.range(3).count(), 3));
  } finally {
    await cluster.stop();
  }
});

test('a port at which something else answers', async () => {
  const server = createServer((_, answer) => answer.end('hello')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { message, remedy } = await refusal(`spark://127.0.0.1:${(server.address() as AddressInfo).port}`, {});
    assert.match(message, /what answers there is no master of Spark/);
    assert.match(remedy, /^Check the port/);
  } finally {
    server.close();
  }
});

test('executors that cannot reach the driver end before they join: the user learns of it, and how to name this machine', async () => {
  const cluster = await startStandalone(1, 1);
  const notices: string[] = [];
  const conf = { ...small, 'spark.driver.host': 'no-such-host.invalid' };
  const sc = await connect(cluster.master, { spark: { conf }, onNotice: (text) => notices.push(text) });
  try {
    const waiting = sc.range(3).countAsync();
    await until(limitMs, () => notices.length > 0, 'the notice');
    assert.match(
      notices[0],
      /^Nothing can run: 1 job waits.*the master has started .* ended before it joined.*set spark\.driver\.host to a name/,
    );
    waiting.cancel();
    await errorOf('JOB_CANCELLED', () => waiting);
    await sc.stop();
    await runs(cluster.master, {}, async (next) => assert.is(await next.range(3).count(), 3));
  } finally {
    await sc.stop();
    await cluster.stop();
  }
});

test('an archive that does not fit on the disk of an executor', async () => {
  const disk = smallDisk(64 << 10);
  if (disk === undefined) return console.log('  not run: this machine mounts no small disk');
  const cluster = await startStandalone(1, 1, { disk });
  try {
    // A Node has over 80 MB.
    await runs(cluster.master, { shipNode: true }, async (sc) => {
      for (let i = 0; i < 2; i++) {
        const { message, remedy } = await errorOf('NO_WORKER', () => sc.range(3).count());
        assert.match(
          message,
          /^Spark on 127\.0\.0\.1 cannot run functions: its executor could not be made: No space left on device\.$/,
        );
        assert.match(remedy, /^Make room on the disk of that executor.*--spark-ship-node/);
      }
    });
    await runs(cluster.master, {}, async (sc) => assert.is(await sc.range(3).count(), 3));
  } finally {
    await cluster.stop();
  }
});

test('an archive that is not there', async () => {
  const { message, remedy } = await refusal('spark-local[1]', { 'spark.files': '/no/such/archive.zip' });
  assert.match(message, /\/no\/such\/archive\.zip/);
  assert.match(remedy, /^Mend what it names: settings come from spark-defaults\.conf and --spark-conf/);
});

test("what is captured is too large for the driver's memory: the job fails by its size, or Spark ends and says why", async () => {
  const conf = { 'spark.driver.memory': '512m' };
  await runs('spark-local[1]', { conf }, async (sc) => {
    assert.is(await sc.range(3).count(), 3);
    const large = sc.broadcast(Buffer.alloc(200 << 20, 7));
    for (let i = 0; i < 2; i++) {
      const { message, remedy } = await errorOf('TOO_LARGE_TO_SEND', () =>
        sc
          .range(3)
          .map((x) => x + large.value[0])
          .count(),
      );
      assert.match(
        message,
        /^The blob \S+ is too large for an executor: it has 200(\.\d)? MiB, and the limit is 1\d\d(\.\d)? MiB\.$/,
      );
      assert.match(remedy, /--spark-conf spark\.driver\.memory=4g/);
    }
    const less = sc.broadcast(Buffer.alloc(40 << 20, 7));
    assert.is(
      await sc
        .range(3)
        .map((x) => x + less.value[0])
        .sum(),
      24,
    );
  });
  const notices: string[] = [];
  const sc = await connect('spark-local[1]', { spark: { conf }, onNotice: (text) => notices.push(text) });
  try {
    // Before Spark is there, nobody knows how much memory it has.
    const large = sc.broadcast(Buffer.alloc(400 << 20, 7));
    const job = errorOf('NO_EXECUTORS', () =>
      sc
        .range(3)
        .map((x) => x + large.value[0])
        .count(),
    );
    const { message, remedy } = await within(limitMs, job, 'the end of Spark');
    assert.match(message, /Spark has ended: its driver ran out of memory/);
    assert.match(remedy, /^Give it more by --spark-conf spark\.driver\.memory=4g/);
  } finally {
    await sc.stop();
  }
});

test.run();
