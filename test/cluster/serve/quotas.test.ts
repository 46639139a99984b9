// What one session of a server may have, and the share of the slots that it gets: settings of the server, held against one session only.
// time limit: 180 s
import v8 from 'node:v8';
import { runInNewContext } from 'node:vm';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Line } from '../../../cluster/serve/line/line';
import { defaultQuotas, quotaNames, readQuotas } from '../../../cluster/serve/session/quotas';
import { SessionPools } from '../../../cluster/serve/session/session-pools';
import { type Context, type RDD, StreamingContext } from '../../../runtime/index';
import { errorOf } from '../../helpers/errors';
import { Server } from '../../helpers/server';
import { until } from '../../helpers/within';

const test = suite('quotas');

function collectGarbage(): void {
  v8.setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

/** Waits until what nobody refers to has been let go of, so that a condition holds. */
const collected = (condition: () => Promise<boolean>): Promise<boolean> =>
  until(
    20_000,
    async () => {
      collectGarbage();
      return await condition();
    },
    'room',
  );

/** A server with these settings, and what is done with it; afterwards another session works on it. */
async function withServer(
  conf: readonly string[],
  use: (server: Server, sc: Context) => Promise<void>,
  master = 'local[2]',
): Promise<void> {
  const server = await Server.start('--master', master, ...conf.flatMap((one) => ['--conf', one]));
  try {
    await use(server, await server.session());
    const other = await server.session();
    assert.is(await other.range(0, 10, 1, 2).count(), 10);
  } finally {
    await server.stop();
  }
}

const refusedWith = async (quota: string, job: () => unknown, message: RegExp): Promise<void> => {
  const error = await errorOf('QUOTA_FULL', job as () => Promise<unknown>);
  assert.match(error.message, message);
  assert.ok(error.remedy.endsWith(`Whoever starts the server sets the quota: millrace serve --conf ${quota}=…`), error.remedy);
};

test('jobs at the same time', () =>
  withServer(['sessionJobs=2'], async (_, sc) => {
    const slow = () =>
      sc
        .parallelize([1], 1)
        .map(async () => {
          await new Promise((resolve) => setTimeout(resolve, 60_000));
          return 1;
        })
        .count()
        .catch(() => 'cancelled');
    const running = [slow(), slow()];
    await until(10_000, () => sc.jobs().filter(({ status }) => status === 'running').length === 2, 'two jobs');
    await refusedWith(
      'sessionJobs',
      () => sc.range(3).count(),
      /^This session would have 3 running jobs on its server, but its quota is 2\.$/,
    );
    sc.cancelAllJobs();
    await Promise.all(running);
    assert.is(await sc.range(3).count(), 3);
  }));

test('values and functions: what needs them fails, again too, until there is room', () =>
  withServer(['sessionValueBytes=2000000'], async (server, sc) => {
    const text = 'x'.repeat(1_000_000);
    let small: RDD<string> | undefined = sc.parallelize([text], 1);
    assert.is(await small.count(), 1);
    const big = sc.parallelize([`${text}${text}`], 1);
    for (let i = 0; i < 2; i++)
      await refusedWith(
        'sessionValueBytes',
        () => big.count(),
        /would have 2\.\d+ MiB of values and functions on its server, but its quota is 1\.9 MiB/,
      );
    const made = big.map((one) => one.length);
    await refusedWith('sessionValueBytes', () => made.collect(), /values and functions/);
    assert.is(await small!.count(), 1);
    // One that fits once there is room.
    const next = sc.parallelize([`${text}${text.slice(1)}`.slice(0, 1_500_000)], 1);
    await refusedWith('sessionValueBytes', () => next.count(), /values and functions/);
    small = undefined;
    await collected(async () => (await server.info()).sessions[0].bytes < 1_000_000);
    assert.is(await next.map((one) => one.length).sum(), 1_500_000);
  }));

test('plans of datasets: what needs them fails until others are let go of', () =>
  withServer(['sessionPlanBytes=60000'], async (server, sc) => {
    const held: RDD<number>[] = [];
    const fill = async () => {
      for (let i = 0; i < 1_000; i++) {
        const rdd = sc.range(0, i, 1, 2).setName(`${'a long name '.repeat(20)}${i}`);
        held.push(rdd);
        await rdd.count();
      }
    };
    await refusedWith(
      'sessionPlanBytes',
      fill,
      /would have \d+(\.\d)? KiB of plans of datasets on its server, but its quota is 58\.6 KiB/,
    );
    assert.ok(held.length > 10);
    const last = held.at(-1)!;
    await refusedWith('sessionPlanBytes', () => last.map((x) => x + 1).count(), /plans of datasets/);
    assert.is(await held[3].count(), 3);
    const made = last.map((x) => x + 1);
    await refusedWith('sessionPlanBytes', () => made.count(), /plans of datasets/);
    const wanted = held.length - 1;
    held.length = 0;
    await collected(async () => (await server.info()).sessions[0].bytes < 30_000);
    assert.equal([await last.count(), await made.count()], [wanted, wanted]);
  }));

test('plans of what was published are given back when the session lets go of them: a stream goes on', () =>
  withServer(['sessionPlanBytes=60000'], async (_, sc) => {
    const failures: string[] = [];
    let batches = 0;
    const streaming = new StreamingContext(sc, '50ms');
    streaming.generatorStream(1, () => 1).publish('st', { last: '50ms' });
    streaming.addStreamingListener({
      onOutputOperationCompleted: (_, { failure }) => {
        batches++;
        if (failure) failures.push(String(failure));
        // What is not used any more is let go of when its garbage is collected.
        if (batches % 10 === 0) collectGarbage();
      },
    });
    streaming.start();
    await until(60_000, () => batches > 200 || failures.length > 0, 'batches');
    await streaming.stop();
    assert.equal(failures, []);
  }));

test('answers that a session has not read', () =>
  withServer(['sessionUnreadBytes=3000000'], async (_, sc) => {
    const texts = sc.range(0, 40, 1, 40).map((x) => `${x}`.padEnd(100_000, 'x'));
    await refusedWith(
      'sessionUnreadBytes',
      () =>
        sc
          .range(0, 1, 1, 1)
          .map(() => 'x'.repeat(4_000_000))
          .collect(),
      /would have 3\.8 MiB of answers that it has not read on its server, but its quota is 2\.9 MiB/,
    );
    assert.is((await texts.map((text) => text.length).collect()).length, 40);
  }));

test('published rows', () =>
  withServer(['sessionPublishedBytes=1000000'], async (server, sc) => {
    const rows = (n: number) => sc.range(0, n, 1, 2).map((x) => `${x}`.padEnd(1000, 'x'));
    const first = rows(500).cache();
    await first.count();
    await first.publish('first');
    const second = rows(800).cache();
    await second.count();
    await refusedWith(
      'sessionPublishedBytes',
      () => second.publish('second'),
      /of published rows on its server, but its quota is 97[67](\.\d)? KiB/,
    );
    assert.match((await server.command('serve', '--status', '--socket', server.socket)).output, /has published \d+/);
    // In its place there is room, unless others still read what stands there.
    const reader = await server.session();
    await until(10_000, () => reader.published().length === 1, 'the list');
    let read: RDD<unknown> | undefined = reader.dataset('first');
    assert.is(await read.count(), 500);
    await refusedWith('sessionPublishedBytes', () => second.publish('first', { replace: true }), /of published rows/);
    await reader.stop();
    read = undefined;
    await until(10_000, async () => (await sc.publishedUses())[0].users.length === 0, 'the end of the reader');
    await second.publish('first', { replace: true });
    await sc.unpublish('first');
    await first.publish('first again');
    // A batch of a stream counts too; the stream goes on when there is room again.
    await sc.unpublish('first again');
    const failures: string[] = [];
    const streaming = new StreamingContext(sc, '100ms');
    let size = 2_000;
    const stream = streaming
      .generatorStream(1, () => 1)
      .mapPartitions(() => Array.from({ length: size }, () => 'y'.repeat(1000)));
    stream.publish('stream', { last: '100ms' });
    streaming.addStreamingListener({
      onOutputOperationCompleted: (_, { failure }) => {
        if (failure) failures.push(String(failure));
      },
    });
    streaming.start();
    await until(20_000, () => failures.length > 0, 'a batch without room');
    assert.match(failures[0], /of published rows/);
    await streaming.stop();
    size = 1;
  }));

test('settings that are none', async () => {
  const server = new Server();
  const told = async (conf: string) =>
    (await server.command('serve', '--master', 'local[1]', '--socket', server.socket, '--conf', conf)).output;
  assert.is(
    await told('sessionJobs=0'),
    'error: sessionJobs is 0, but must be a whole number from 1 to 9007199254740991.\nChoose a value in that range.\n',
  );
  assert.match(await told('sessionPlanBytes=1.5'), /sessionPlanBytes is 1\.5, but must be a whole number of bytes from 1 to/);
  assert.match(
    await told('sessionJob=3'),
    /There is no option sessionJob\.\nDid you mean sessionJobs\? There are sessionJobs, sessionPlanBytes,/,
  );
  const help = (await server.command('serve', '--help')).output;
  for (const name of quotaNames) assert.ok(help.includes(`${name}=${defaultQuotas[name]}`), name);
  const { quotas, rest } = readQuotas([' sessionJobs = 7 ', 'taskMaxFailures=2']);
  assert.equal([quotas.sessionJobs, quotas.sessionPlanBytes, rest], [7, defaultQuotas.sessionPlanBytes, ['taskMaxFailures=2']]);
});

test('what waits for a connection is bounded by the quota', () => {
  let full = '';
  const line = new Line((reason) => (full = reason), 100);
  line.send({}, new Uint8Array(100));
  assert.is(full, '');
  line.send({}, new Uint8Array(1));
  assert.is(full, '101 B wait for a connection');
});

test('sessions get slots by the weight of their name', () =>
  withServer(
    ['pools.heavy.weight=3'],
    async (server) => {
      // Beside each other for a while: each task takes as long as all others.
      const [heavy, light] = [await server.session({ name: 'heavy' }), await server.session({ name: 'light' })];
      const ended: string[] = [];
      const load = (sc: Context, name: string) => {
        const done = sc
          .range(0, 120, 1, 120)
          .map(async (x) => {
            await new Promise((resolve) => setTimeout(resolve, 20));
            return x;
          })
          .count();
        sc.addListener({ onTaskEnd: () => ended.push(name) });
        return done;
      };
      const both = Promise.all([load(heavy, 'heavy'), load(light, 'light')]).catch((e) => e);
      await until(30_000, () => ended.filter((name) => name === 'heavy').length >= 100, 'most tasks of the heavy session');
      const count = (name: string) => ended.filter((one) => one === name).length;
      const share = count('heavy') / (count('heavy') + count('light'));
      assert.ok(share > 0.6 && share < 0.9, `${share}`);
      assert.equal(await both, [120, 120]);
    },
    'local[4]',
  ));

test('each session has a pool of its own with the weight of its name; a prompt by its first word', () => {
  const pools = new SessionPools({ prompt: { weight: 2 }, 'etl.ts': { weight: 5 } });
  assert.equal(
    [pools.take(1, 'prompt 1'), pools.take(2, 'prompt 7'), pools.take(3, 'etl.ts'), pools.take(4, 'other')],
    ['prompt (1)', 'prompt (2)', 'etl.ts (1)', 'session 4'],
  );
  pools.leave(1);
  assert.is(pools.take(5, 'prompt'), 'prompt (1)');
  for (let n = 6; n < 80; n++) pools.take(n, 'etl.ts');
  assert.is(pools.take(80, 'etl.ts'), 'etl.ts (32)');
});

test.run();
