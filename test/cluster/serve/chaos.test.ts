// Many sessions at once while executors are killed: all exact, and nothing is left of them. What is shared is there once.
// time limit: 900 s
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { mixedJobs } from '../../helpers/mixed-jobs';
import { parentOf, processesOf } from '../../helpers/processes';
import { Server } from '../../helpers/server';
import { long, size } from '../../helpers/sizes';
import { until } from '../../helpers/within';

const test = suite('chaos');
let server: Server;

test.before(async () => {
  server = await Server.start('--metrics', '0');
});

test.after(() => server.stop());

const executors = (): number[] => processesOf('executor.js').filter((one) => parentOf(one) === server.pid);

const residentBytes = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024;

/** Nothing of a session is left: none attached, no job, no blob. */
async function isClean(): Promise<void> {
  for (const name of ['sessions', 'jobs_running', 'blobs', 'blob_bytes'])
    await until(20_000, async () => (await server.figure(name)) === 0, `no ${name}`);
}

test('eight sessions of mixed jobs at once, executors killed: all exact, and nothing is left', async () => {
  const kinds = mixedJobs(size(2000, 4000));
  const [jobs, kills] = [size(6, 200), size(3, 30)];
  let isOver = false;
  let killed = 0;
  const killer = (async () => {
    while (!isOver && killed < kills) {
      // One that has joined: a death before that is no loss.
      await until(20_000, async () => isOver || (await server.figure('executors')) === 2, 'two executors');
      const lost = (await server.figure('executors_lost_total')) ?? 0;
      const pids = executors();
      process.kill(pids[killed % pids.length], 'SIGKILL');
      killed++;
      await until(20_000, async () => isOver || ((await server.figure('executors_lost_total')) ?? 0) > lost, 'its loss');
    }
  })();
  const work = Array.from({ length: 8 }, async (_, session) => {
    const sc = await server.session({ name: `session ${session}` });
    for (let job = 0; job < jobs; job++) {
      const { name, run, model } = kinds[(job + session) % kinds.length];
      assert.equal(await run(sc, session * 1000 + job), model(session * 1000 + job), `${name} ${job} of session ${session}`);
    }
    await sc.stop();
  });
  await Promise.all(work).finally(() => {
    isOver = true;
  });
  await killer;
  assert.ok(killed >= (long ? kills : 1), `${killed} kills`);
  await isClean();
});

test('a published dataset that five sessions use is in memory once', async () => {
  const publisher = await server.session();
  const rows = size(400_000, 2_000_000);
  const kept = publisher
    .range(0, rows, 1, 4)
    .map((x) => ({ x, text: `row ${x}` }))
    .cache();
  await kept.publish('large', {}, '{ x: number; text: string }');
  await kept.count();
  const stored = () => server.figure('published_bytes{name="large",where="memory"}');
  const bytes = (await stored())!;
  assert.ok(bytes > rows * 8, String(bytes));
  const sum = () => executors().reduce((all, pid) => all + residentBytes(pid), 0);
  const readers = await Promise.all(Array.from({ length: 5 }, () => server.session()));
  const count = async (sc: (typeof readers)[0]) => {
    await until(10_000, () => sc.published().length > 0, 'the name');
    assert.is(
      await sc
        .dataset<{ x: number }>('large')
        .filter((row) => row.x % 2 === 0)
        .count(),
      rows / 2,
    );
  };
  await count(readers[0]);
  const before = sum();
  for (const sc of readers) await count(sc);
  assert.is(await stored(), bytes);
  // Four more copies would be four times the rows; what a job leaves to the collector of garbage is less than two.
  assert.ok(sum() - before < 2 * bytes + (64 << 20), `${before} ${sum()} ${bytes}`);
  assert.ok((await server.figure('published_users{name="large"}'))! >= 5);
  await publisher.unpublish('large');
  for (const sc of [publisher, ...readers]) await sc.stop();
  await isClean();
});

test('sessions of one job leave nothing, and the memory of the server stays flat', async () => {
  const visit = async () => {
    const sc = await server.session();
    assert.is(
      await sc
        .parallelize([1, 2, 3], 2)
        .map((x) => x * 2)
        .sum(),
      12,
    );
    await sc.stop();
  };
  const [all, first] = [size(60, 10_000), size(30, 2000)];
  let early = 0;
  for (let n = 0; n < all; n++) {
    await visit();
    if (n === first) early = residentBytes(server.pid);
  }
  await isClean();
  const grown = residentBytes(server.pid) - early;
  // Its heap has no more than the collector of garbage left: 8,000 sessions of 10 KB would be more.
  assert.ok(grown < 80 << 20, `${grown} bytes after ${all} sessions`);
});

test.run();
