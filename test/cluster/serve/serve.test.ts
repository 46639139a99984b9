// Sessions on a server: jobs give what they give anywhere, errors and events reach who caused them, and nobody gets in without the token.
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { attach } from '../../../cluster/serve/attach';
import { placeOf } from '../../../cluster/serve/place';
import { type Context, type ErrorCode, HashPartitioner, type Listener, type MillraceError } from '../../../runtime/index';
import { errorOf } from '../../helpers/errors';
import { parentOf, processesOf } from '../../helpers/processes';
import { Server } from '../../helpers/server';
import { until } from '../../helpers/within';

const test = suite('serve');
let server: Server;
let sc: Context;

test.before(async () => {
  server = await Server.start();
  sc = await server.session();
});

test.after(async () => {
  await server.stop();
});

const counts = (of: Context, words: readonly string[]) =>
  of
    .parallelize(words, 3)
    .map((w): [string, number] => [w, 1])
    .reduceByKey((a, b) => a + b)
    .sortByKey()
    .collect();

test('jobs with shuffles, joins, captured values, classes and big values', async () => {
  assert.equal(await counts(sc, ['b', 'a', 'b']), [
    ['a', 1],
    ['b', 2],
  ]);
  const offset = 10;
  const big = Array.from({ length: 100_000 }, (_, i) => i);
  const left = sc.range(0, 6, 1, 3).map((x): [number, number] => [x, x + offset]);
  const right = sc.range(0, 6, 1, 2).map((x): [number, number] => [x, big[x * 1000]]);
  const joined = await left.join(right, new HashPartitioner(2)).collect();
  assert.equal(
    joined.sort(([a], [b]) => a - b),
    Array.from({ length: 6 }, (_, x) => [x, [x + 10, x * 1000]]),
  );
  class Point {
    constructor(
      readonly x: number,
      readonly y: number,
    ) {}
    get sum(): number {
      return this.x + this.y;
    }
  }
  const points = await sc
    .parallelize([new Point(1, 2), new Point(3, 4)], 2)
    .map((p) => new Point(p.sum, 0))
    .collect();
  assert.ok(points.every((p) => p instanceof Point));
  assert.equal(
    points.map((p) => p.sum),
    [3, 7],
  );
});

test('broadcasts, accumulators and added files', async () => {
  const stop = sc.broadcast(new Set(['a']));
  const seen = sc.longAccumulator('seen');
  class Mark {
    constructor(readonly word: string) {}
  }
  const marks = sc.collectionAccumulator<Mark>('marks');
  const left = await sc
    .parallelize(['a', 'b', 'c'], 2)
    .filter((w) => {
      seen.add(1);
      marks.add(new Mark(w));
      return !stop.value.has(w);
    })
    .collect();
  assert.equal(left, ['b', 'c']);
  assert.is(seen.value, 3);
  assert.ok(marks.value.every((mark) => mark instanceof Mark));
  assert.equal(marks.value.map(({ word }) => word).sort(), ['a', 'b', 'c']);
});

test('queries read datasets of the executors, and they the answers; others make no use of them', async () => {
  const own = await server.session();
  const pairs = own.range(0, 1000, 1, 4).map((x) => ({ key: x % 3, x }));
  const sums = own.sql<{ key: number; sum: number }>`select key, sum(x)::int as sum from ${pairs} group by key order by key`;
  const expected = [
    [0, 166_833],
    [1, 166_167],
    [2, 166_500],
  ];
  assert.equal(await sums.map(({ key, sum }) => [key, sum]).collect(), expected);
  assert.equal((await own.sql`select max(sum) as most from ${sums}`.collect())[0], { most: 166_833 });
  await sums.cache().publish('sums');
  await own.stop();
  await until(5_000, () => sc.published().some(({ name }) => name === 'sums'), 'the name');
  for (const pid of processesOf('executor.js').filter((one) => parentOf(one) === server.pid)) process.kill(pid, 'SIGKILL');
  const read = sc.dataset<{ key: number; sum: number }>('sums');
  assert.equal(await read.map(({ key, sum }) => [key, sum]).collect(), expected);
  await sc.unpublish('sums');
});

test('the answer of a query goes with its session, also when that is killed', async () => {
  const link = await attach(placeOf(server.socket), { name: 'a question', holds: true });
  const answers = path.join(link.welcome.folder, 'checkpoint');
  link.close();
  const listed = () => (existsSync(answers) ? readdirSync(answers) : []);
  const before = listed();
  const script = server.script(`
    const answer = sc.sql<{ one: number }>\`select 1 as one\`;
    console.log('asked', await answer.map(({ one }) => one).collect());
    await new Promise(() => setInterval(() => {}, 1000));
  `);
  await until(30_000, () => script.output.includes('asked [ 1 ]') || script.exitCode !== null, 'the answer');
  const own = listed().filter((name) => !before.includes(name));
  assert.is(own.length, 1, script.output);
  const { pid } = (await server.info()).sessions.at(-1)!;
  process.kill(pid, 'SIGKILL');
  await until(20_000, () => !listed().includes(own[0]), 'the end of its files');
});

test('an error of a function has its code, its text and its place', async () => {
  const failing = sc.parallelize([1, 2, 3], 2).map((x) => {
    if (x === 2) throw new RangeError('two is too much');
    return x;
  });
  const error = await errorOf('TASK_FAILED', () => failing.collect());
  assert.match(error.message, /two is too much/);
  const { remote } = error.details as { remote: { element?: string; name: string } };
  assert.is(remote.name, 'RangeError');
  assert.is(remote.element, '2');
});

test('cancelling, and the session goes on', async () => {
  const job = sc.parallelize([1], 1).map(() => {
    for (;;);
  });
  const cancelled = errorOf('JOB_CANCELLED', () => job.collect());
  await until(10_000, () => sc.progress() !== undefined, 'the start of the job');
  sc.cancelAllJobs('enough');
  await cancelled;
  assert.is(await sc.range(5).count(), 5);
});

test('jobs, stages, executors and persisted partitions are seen as in any session', async () => {
  const other = await server.session();
  const heard: string[] = [];
  const note =
    (name: string) =>
    ({ jobId }: { readonly jobId: number }) =>
      heard.push(`${name} ${jobId}`);
  const listener: Listener = { onJobStart: note('start'), onJobEnd: note('end'), onStageSubmitted: note('stage') };
  other.addListener(listener);
  const kept = other.range(0, 10, 1, 4).cache();
  await kept.count();
  assert.is(other.storageOf(kept).partitions, 4);
  assert.ok(other.storageOf(kept).bytes > 0);
  const [record] = other.jobs();
  assert.equal([record.jobId, record.status, record.records, record.stageIds], [0, 'done', 20, [0]]);
  assert.is(other.executors().length, 2);
  assert.equal(heard, ['start 0', 'stage 0', 'end 0']);
  await counts(other, ['a']);
  assert.equal(
    other.jobs().map(({ jobId }) => jobId),
    Array.from({ length: other.jobs().length }, (_, i) => i),
  );
  kept.unpersist();
  assert.is(other.storageOf(kept).partitions, 0);
  // Those of the first session are not among them.
  assert.ok(sc.jobs().length > other.jobs().length);
});

test('what functions print goes to the session whose tasks they are', async () => {
  const lines: string[] = [];
  const other = await server.session({ onOutput: (line) => lines.push(line) });
  await other.parallelize(['only mine'], 1).foreach((word) => console.log(word));
  await until(5_000, () => lines.length > 0, 'the line');
  assert.equal(lines, ['only mine']);
});

test('the socket and its card are private', () => {
  assert.is(statSync(server.socket).mode & 0o777, 0o600);
  assert.is(statSync(`${server.socket}.card`).mode & 0o777, 0o600);
});

test('no server, a wrong token, another version, a card of others: one clear message each', async () => {
  await errorOf('NO_SERVER', () => connect(`serve:${path.join(server.folder, 'nobody')}`));
  const card = readFileSync(`${server.socket}.card`, 'utf8');
  const with_ = async (code: ErrorCode, changes: object, mode = 0o600): Promise<MillraceError> => {
    const folder = path.join(server.folder, `other ${Object.keys(changes).join()}${mode}`);
    mkdirSync(folder);
    const socket = path.join(folder, 's');
    // A card that leads to the real socket.
    symlinkSync(server.socket, socket);
    writeFileSync(`${socket}.card`, JSON.stringify({ ...JSON.parse(card), ...changes }), { mode });
    return errorOf(code, () => connect(`serve:${socket}`));
  };
  const token = await with_('SERVER_REFUSED', { token: '0'.repeat(64) });
  assert.match(token.message, /does not know the token/);
  const version = await with_('SERVER_REFUSED', { version: '0.0.1' });
  assert.match(version.message, /runs Millrace 0\.0\.1, and this is/);
  const open = await with_('SERVER_REFUSED', {}, 0o644);
  assert.match(open.message, /not private to you/);
  await with_('NO_SERVER', { pid: 2 ** 22 + 1, started: '1' });
});

test('options of the engine belong to the server', async () => {
  const error = await errorOf('BAD_OPTION', () => connect(server.master, { config: { taskMaxFailures: 2 } }));
  assert.match(error.message, /taskMaxFailures is 2, but must be set where the server is started/);
  const own = await server.session({ config: { defaultParallelism: 7 } });
  assert.is(own.range(9).numPartitions, 7);
});

test('a second server on the socket, status, stop, and a stale socket', async () => {
  const own = await Server.start();
  const second = await own.command('serve', '--socket', own.socket, '--master', 'local[1]');
  assert.is(second.status, 1);
  assert.match(second.output, /^error: Another server runs at .* in process \d+\.\n/);
  const session = await own.session();
  const status = await own.command('serve', '--socket', own.socket, '--status');
  assert.match(status.output, /^local\[2\], process \d+, up for .*; \d executors?, 1 session\n +1 {2}a test \(process \d+\)/);
  const notices: string[] = [];
  const told = await own.session({ onNotice: (text) => notices.push(text) });
  const running = errorOf('SERVER_GONE', () => told.parallelize([1], 1).foreach(() => new Promise(() => {})));
  await until(10_000, () => told.progress() !== undefined, 'the start of the job');
  const stopped = await own.command('serve', '--socket', own.socket, '--stop');
  assert.match(stopped.output, /^The server at .* has ended\.\n$/);
  assert.is(await own.ended(), 0);
  await running;
  assert.match(notices.join(), /The server at .* is gone: it was stopped/);
  await errorOf('SERVER_GONE', () => session.range(3).count());
  assert.not(existsSync(own.socket));
  // One that was killed leaves both files.
  await own.run();
  own.signal('SIGKILL');
  await own.ended();
  assert.ok(existsSync(own.socket));
  await own.run();
  assert.is(await (await own.session()).range(3).count(), 3);
  await own.stop();
});

test('a server needs executors of its own', async () => {
  for (const master of ['local', 'serve', 'yarn']) {
    const { output, status } = await server.command('serve', '--master', master, '--socket', path.join(server.folder, 'x'));
    assert.is(status, 1);
    assert.ok(
      output.startsWith(
        `error: The master of a server is ${master}, but must be local[N], local[*], spark-local[N] or spark://host:port`,
      ),
      output,
    );
  }
});

test.run();
