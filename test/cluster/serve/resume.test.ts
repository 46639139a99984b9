// A connection to a server that breaks is made again within the grace time: jobs go on, and nothing is lost or comes twice.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { attach } from '../../../cluster/serve/attach';
import { enter } from '../../../cluster/serve/line/enter';
import { placeOf } from '../../../cluster/serve/place';
import { BrokenWay } from '../../helpers/broken-way';
import { errorOf } from '../../helpers/errors';
import { Server } from '../../helpers/server';
import { size } from '../../helpers/sizes';
import { until } from '../../helpers/within';

const test = suite('resume');
let server: Server;
let way: BrokenWay;

test.before(async () => {
  server = await Server.start('--grace', '20');
  way = await BrokenWay.to(server.socket);
});

test.after(async () => {
  await way.close();
  await server.stop();
});

test('a job that runs goes on, once, and its answer arrives over the next connection', async () => {
  const sc = await connect(way.master);
  const runs = sc.longAccumulator('runs');
  const answer = sc
    .range(0, 4, 1, 4)
    .map(async (x) => {
      runs.add(1);
      await new Promise((resolve) => setTimeout(resolve, 200));
      return x;
    })
    .collect();
  await until(10_000, () => sc.progress() !== undefined, 'the start of the job');
  const before = way.passed;
  way.cut();
  assert.equal(await answer, [0, 1, 2, 3]);
  assert.is(runs.value, 4);
  assert.is(way.passed, before + 1);
  assert.is(sc.jobs().length, 1);
  await sc.stop();
});

test('jobs are exact while connections break again and again', async () => {
  const sessions = await Promise.all(['a', 'b'].map((name) => connect(way.master, { name })));
  let cuts = 0;
  let isOver = false;
  const rounds = size(30, 300);
  const work = sessions.map(async (sc, n) => {
    const added = sc.longAccumulator('added');
    for (let round = 0; round < rounds; round++) {
      const values = Array.from({ length: 2000 }, (_, i) => i + n);
      const sums = await sc
        .parallelize(values, 4)
        .map((x): [number, number] => {
          added.add(1);
          return [x % 7, x];
        })
        .reduceByKey((a, b) => a + b)
        .collect();
      assert.is(sums.length, 7);
      assert.is(
        sums.reduce((sum, [, value]) => sum + value, 0),
        1_999_000 + 2000 * n,
      );
    }
    assert.is(added.value, 2000 * rounds);
  });
  const breaker = (async () => {
    while (!isOver) {
      const before = way.passed;
      way.cut();
      cuts++;
      await until(20_000, () => isOver || way.passed > before, 'the next connection');
    }
  })();
  await Promise.all(work).finally(() => {
    isOver = true;
  });
  await breaker;
  assert.ok(cuts > 2, String(cuts));
  for (const sc of sessions) {
    assert.ok(sc.jobs().every(({ status }) => status === 'done'));
    await sc.stop();
  }
  await until(10_000, async () => (await server.info()).sessions.length === 0, 'the end of the sessions');
});

test('the user is told that the connection is lost, and that it is there again', async () => {
  const notices: string[] = [];
  const sc = await connect(way.master, { onNotice: (text) => notices.push(text) });
  way.isShut = true;
  way.cut();
  await until(10_000, () => notices.length > 0, 'the notice');
  assert.is(notices[0], 'The connection to the server is lost. It is tried again for 20.0 s.');
  const waits = sc.range(5).count();
  way.isShut = false;
  assert.is(await waits, 5);
  assert.is(notices[1], 'The connection to the server is there again.');
  await sc.stop();
});

test('after the grace time the session is over on both sides', async () => {
  const strict = await Server.start('--grace', '0.2');
  const other = await BrokenWay.to(strict.socket);
  const sc = await connect(other.master);
  const running = errorOf('SERVER_GONE', () => sc.parallelize([1], 1).foreach(() => new Promise(() => {})));
  await until(10_000, () => sc.progress() !== undefined, 'the start of the job');
  other.isShut = true;
  other.cut();
  await until(10_000, async () => (await strict.info()).sessions.length === 0, 'the end of the session');
  assert.match(strict.output, /session 1: no connection for 0 s/);
  other.isShut = false;
  await running;
  await errorOf('SERVER_GONE', () => sc.range(3).count());
  await sc.stop();
  await other.close();
  await strict.stop();
});

test('nobody goes on with the session of another one', async () => {
  const link = await attach(placeOf(server.socket), { name: 'mine', holds: true });
  const resume = (session: number, key: string) =>
    enter(placeOf(server.socket), {
      holds: true,
      first: { kind: 'resume', session, key, read: 0 },
      accept: () => {
        throw new Error('it goes on');
      },
    });
  const { session, key } = link.welcome;
  await errorOf('SERVER_GONE', () => resume(session, '0'.repeat(key.length)));
  await errorOf('SERVER_GONE', () => resume(session + 1, key));
  await link.ask({ kind: 'sessions' });
  link.close();
});

test('a grace time that is none is refused', async () => {
  const { output, status } = await server.command('serve', '--grace', 'long', '--socket', way.socket);
  assert.is(status, 1);
  assert.match(output, /^error: --grace is long, but must be a number of seconds/);
});

test.run();
