// A server on Apache Spark: sessions share its driver, and what they publish lies in its executors.
// time limit: 300 s
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Context } from '../../runtime/index';
import { errorOf } from '../helpers/errors';
import { millrace } from '../helpers/scripts';
import { Server } from '../helpers/server';
import { until, within } from '../helpers/within';

const test = suite('a server on Spark');
let server: Server;
let sc: Context;

test.before(async () => {
  server = await Server.start('--master', 'spark-local[2]');
  sc = await server.session();
});

test.after(() => server.stop());

test('sessions run their jobs on one driver, with closures, shuffles and accumulators of their own', async () => {
  const other = await server.session({ name: 'another' });
  const run = async (of: Context, factor: number) => {
    const seen = of.accumulator(0);
    const sums = of
      .range(0, 1_000, 1, 4)
      .map((x): [number, number] => {
        seen.add(1);
        return [x % 3, x * factor];
      })
      .reduceByKey((a, b) => a + b, 2);
    return { sums: (await sums.collect()).sort(([a], [b]) => a - b), seen: seen.value };
  };
  const expected = (factor: number) => ({
    sums: [
      [0, 166_833],
      [1, 166_167],
      [2, 166_500],
    ].map(([k, n]) => [k, n * factor]),
    seen: 1_000,
  });
  const [first, second] = await Promise.all([run(sc, 1), run(other, 7)]);
  assert.equal(first, expected(1));
  assert.equal(second, expected(7));
  const error = await errorOf('TASK_FAILED', () =>
    sc
      .range(4)
      .map((x) => {
        if (x === 3) throw new RangeError('three');
        return x;
      })
      .collect(),
  );
  assert.match(error.message, 'three');
  await other.stop();
});

test('a published dataset is read by others, outlives its publisher, and its rows are of one computation', async () => {
  const publisher = await server.session({ name: 'the publisher' });
  const computed = publisher.accumulator(0);
  const squares = publisher
    .range(0, 100, 1, 4)
    .map((x): [number, number] => {
      computed.add(1);
      return [x % 10, x * x];
    })
    .reduceByKey((a, b) => a + b, 3)
    .cache();
  await squares.publish('squares', {}, '[number, number]');
  await until(10_000, () => sc.published().some(({ name }) => name === 'squares'), 'the name');
  const total = () => sc.dataset<[number, number]>('squares').values().sum();
  assert.is(await total(), 328_350);
  assert.is(
    await sc
      .dataset<[number, number]>('squares')
      .filter(([, n]) => n > 0)
      .count(),
    10,
  );
  assert.is(computed.value, 100);
  assert.is(sc.storageOf(sc.dataset('squares')).partitions, 3);
  await publisher.stop();
  await until(10_000, async () => (await server.info()).sessions.length === 1, 'the end of the publisher');
  assert.is(await total(), 328_350);
  await sc.unpublish('squares');
  await errorOf('NOT_PUBLISHED', () => sc.dataset('squares'));
});

test('code of the user goes along: a script with a module and a class', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spark-serve-'));
  writeFileSync(
    join(folder, 'point.ts'),
    'export class Point { constructor(readonly x: number) {} get twice() { return this.x * 2; } }\n',
  );
  writeFileSync(
    join(folder, 'main.ts'),
    "import { Point } from './point';\nconst points = sc.range(5).map(x => new Point(x));\nconsole.log(await points.map(p => p.twice).sum(), (await points.collect())[4].twice);\n",
  );
  const { status, out, err } = await millrace(['--master', server.master, join(folder, 'main.ts')]);
  rmSync(folder, { recursive: true, force: true });
  assert.is(status, 0, err);
  assert.equal(out, '20 8\n');
});

test('a stream is published and read', async () => {
  const script = server.script(
    `const ssc = stream('300ms'); const n = ssc.generatorStream(100, i => i % 5).map(x => [x, 1] as [number, number]).reduceByKey((a, b) => a + b);
     n.publish('fives', { last: '3s' }); ssc.start(); await ssc.awaitTermination();`,
  );
  await until(60_000, () => sc.publishedStreams().some(({ name }) => name === 'fives'), 'the stream');
  const fives = sc.stream<[number, number]>('fives');
  await until(60_000, async () => (await fives.latest()?.count()) === 5, 'a batch');
  script.kill('SIGKILL');
  await until(30_000, () => fives.endedAt !== undefined, 'the end of the stream');
  assert.is(await fives.latest()!.count(), 5);
});

test('a session that ends has its jobs cancelled; a killed one leaves nothing running', async () => {
  const script = server.script('console.log("here"); await sc.range(4).map(x => { for (;;) {} }).count()');
  await until(60_000, async () => (await server.info()).sessions.some(({ running }) => running > 0), 'its job');
  script.kill('SIGKILL');
  await until(30_000, async () => (await server.info()).sessions.length === 1, 'the end of the session');
  assert.is(await within(60_000, sc.range(10).count(), 'a count after it'), 10);
});

test.run();
