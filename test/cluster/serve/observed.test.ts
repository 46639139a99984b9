// What a server tells of itself: figures for Prometheus, its health, a log in files of bounded size; and the scripts that it runs.
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EventLog } from '../../../cluster/serve/observe/event-log';
import { errorOf } from '../../helpers/errors';
import { parentOf, processesOf } from '../../helpers/processes';
import { Server } from '../../helpers/server';
import { until } from '../../helpers/within';

const test = suite('observed');
let server: Server;
let log: string;
let port: number;

test.before(async () => {
  server = new Server();
  log = path.join(server.folder, 'log');
  await server.run('--metrics', '0', '--log', log);
  port = Number(/Figures at http:\/\/127\.0\.0\.1:(\d+)\/metrics/.exec(server.output)![1]);
});

test.after(() => server.stop());

interface Got {
  readonly status: number;
  readonly text: string;
}

const get = (where: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Got> =>
  new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path: where, headers, method }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode!, text }));
    })
      .on('error', reject)
      .end();
  });

const figure = (text: string, name: string): number => Number(new RegExp(`^millrace_${name} (.*)$`, 'm').exec(text)?.[1]);

const events = (): { event: string; [field: string]: unknown }[] =>
  readFileSync(log, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

test('/metrics and /health tell of sessions, jobs, tasks, executors and what is published', async () => {
  const sc = await server.session();
  await sc.range(0, 10, 1, 4).cache().publish('a "name"', {}, 'number');
  await sc.range(0, 10, 1, 4).count();
  await errorOf('TASK_FAILED', () =>
    sc.range(2).foreach(() => {
      throw new Error('no');
    }),
  );
  const all = await until(
    10_000,
    async () => {
      const { text } = await get('/metrics');
      // An executor may come after the jobs were done by the other one.
      return figure(text, 'jobs_total\\{status="failed"\\}') === 1 && figure(text, 'executors') === 2 && text;
    },
    'the failed job, and both executors',
  );
  const { text } = all ? { text: all } : (assert.unreachable('no text') as never);
  assert.match(text, /^# TYPE millrace_executors gauge\nmillrace_executors 2$/m);
  assert.is(figure(text, 'sessions'), 1);
  assert.ok(figure(text, 'jobs_total\\{status="done"\\}') >= 1);
  assert.ok(figure(text, 'tasks_total\\{end="[a-z]*"\\}') >= 1, text);
  assert.match(text, /^millrace_published_users\{name="a \\"name\\""\} 0$/m);
  const health = await get('/health');
  assert.equal([health.status, JSON.parse(health.text)], [200, { status: 'ok', executors: 2, sessions: 1 }]);
  await sc.stop();
});

test('other addresses, methods and hosts get nothing', async () => {
  assert.is((await get('/')).status, 404);
  assert.is((await get('/metrics', {}, 'POST')).status, 405);
  assert.equal(await get('/metrics', { host: 'example.org' }), { status: 403, text: '' });
  assert.equal(await get('/metrics', { origin: 'http://127.0.0.1' }), { status: 403, text: '' });
});

test('the log has what happened, one event a line', async () => {
  const sc = await server.session({ name: 'logged' });
  await sc.range(5).count();
  await sc.stop();
  await until(
    10_000,
    () => events().some(({ event, session }) => event === 'sessionEnded' && session === 2),
    'the end in the log',
  );
  const own = events().filter(({ session }) => session === 2);
  assert.equal(
    own.map(({ event }) => event),
    ['sessionAttached', 'jobStarted', 'jobEnded', 'sessionEnded'],
  );
  assert.is(own[0].name, 'logged');
  assert.equal([own[2].status, typeof own[2].ms, own[1].title], ['done', 'number', own[1].title]);
  assert.match(String(own[0].time), /^\d{4}-\d\d-\d\dT/);
  assert.is(statSync(log).mode & 0o777, 0o600);
  assert.is(events()[0].event, 'serverStarted');
});

test('the log begins a new file at its size, and the oldest goes', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'log-'));
  const file = path.join(folder, 'log');
  const failures: string[] = [];
  const small = new EventLog(file, 500, (reason) => failures.push(reason));
  for (let i = 0; i < 100; i++) small.write({ event: 'notice', text: `number ${i}` }, 0);
  small.close();
  const files = [file, ...[1, 2, 3, 4].map((n) => `${file}.${n}`)];
  assert.not(existsSync(`${file}.5`));
  const lines = files.reverse().flatMap((one) => readFileSync(one, 'utf8').trim().split('\n'));
  const numbers = lines.map((line) => Number(/number (\d+)/.exec(line)![1]));
  // Whole lines without a gap, up to the last one.
  assert.equal(
    numbers,
    numbers.map((_, i) => 100 - numbers.length + i),
  );
  assert.ok(files.every((one) => statSync(one).size <= 500));
  // A closed file takes nothing: told once.
  for (let i = 0; i < 3; i++) small.write({ event: 'notice', text: 'late' }, 0);
  assert.is(failures.length, 1);
  rmSync(folder, { recursive: true });
});

test('a script that the server runs starts again from its checkpoint when it was killed, and ends with the server', async () => {
  const own = new Server();
  const file = path.join(own.folder, 'ticks.ts');
  const sums = path.join(own.folder, 'sums');
  writeFileSync(
    file,
    `import { appendFileSync } from 'node:fs';
    const ssc = StreamingContext.getOrCreate(${JSON.stringify(path.join(own.folder, 'checkpoint'))}, streaming => {
      const total = streaming.generatorStream(100, i => ['all', 1] as [string, number]).setName('ticks')
        .updateStateByKey((values: number[], n: number = 0) => values.reduce((a, b) => a + b, n)).setName('total');
      total.publish('total', { last: '60s' });
      total.foreachRDD(async (rdd, time) => {
        for (const [, n] of await rdd.collect()) appendFileSync(${JSON.stringify(sums)}, time + ' ' + n + '\\n');
      }, 'write');
    }, { sc, interval: '200ms' });
    ssc.start();
    console.log('it runs');
    await ssc.awaitTermination();\n`,
  );
  await own.run('--run', file);
  const lines = () => (existsSync(sums) ? readFileSync(sums, 'utf8').trim().split('\n') : []);
  await until(30_000, () => lines().length > 5, 'some batches');
  assert.match(own.output, /ticks\.ts: it runs/);
  const [{ pid }] = (await own.info()).sessions;
  const before = lines().length;
  process.kill(pid, 'SIGKILL');
  await until(30_000, () => /it is started again/.test(own.output), 'the word about it');
  await until(60_000, () => lines().length > before + 5, 'batches of the next run');
  // Each batch adds the records of its interval: the state went on, and no batch was lost.
  const sumsByTime = new Map(lines().map((line) => line.split(' ').map(Number) as [number, number]));
  const times = [...sumsByTime.keys()].sort((a, b) => a - b);
  const values = times.map((time) => sumsByTime.get(time)!);
  assert.ok(
    values.every((value, i) => i === 0 || value > values[i - 1]),
    String(values),
  );
  const reader = await own.session();
  await until(10_000, () => reader.publishedStreams().some(({ hasEnded }) => !hasEnded), 'the stream');
  assert.ok(reader.stream('total').times.length > 5);
  await reader.stop();
  const scripts = processesOf('ticks.ts').filter((one) => parentOf(one) === own.pid);
  assert.is(scripts.length, 1);
  await own.stop();
  assert.is(processesOf('ticks.ts').filter((one) => scripts.includes(one)).length, 0);
});

test('options that are wrong have one message each', async () => {
  const socket = path.join(server.folder, 'z');
  for (const [args, wanted] of [
    [['--metrics', 'x'], /error: --metrics is x, but must be a whole number/],
    [['--metrics', String(port)], /error: --metrics is \d+, but must be a free port/],
    [['--log', path.join(server.folder, 'no', 'log')], /error: .*no\/log/],
    [['--log-size', '0'], /error: --log-size is 0, but must be/],
  ] as const) {
    const { output, status } = await server.command('serve', '--master', 'local[1]', '--socket', socket, ...args);
    assert.is(status, 1);
    assert.match(output, wanted);
    assert.not(existsSync(socket));
  }
});

test.run();
