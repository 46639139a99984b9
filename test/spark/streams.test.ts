// Streams whose batches Apache Spark runs: windows and state, receivers, accumulators, the end.
// time limit: 300 s
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../cluster/connect';
import { type Context, StreamingContext } from '../../runtime/index';
import { masterOf } from '../helpers/master';
import { unordered } from '../helpers/model';
import { batches, checkAll, operations, through } from '../helpers/stream-batches';
import { windowSums } from '../helpers/stream-model';
import { LineServer, Listening, quietDisplay } from '../helpers/streams';
import { until, within } from '../helpers/within';

const add = (a: number, b: number) => a + b;
const subtract = (a: number, b: number) => a - b;

const test = suite('streams on Spark');
let sc: Context;
let folder: string;

test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spark-streams-'));
  sc = await connect(masterOf('spark-local[2]'));
  // Spark comes up, and its workers load what streams need.
  await sc.range(0, 2, 1, 2).count();
});

test.after(async () => {
  await sc.stop();
  rmSync(folder, { recursive: true, force: true });
});

const note = (name: string) => join(folder, name);

test('windows and state are exact', async () => {
  checkAll(await through(sc, operations, () => {}));
});

test('workers that die while they make the state, and functions that throw once: exact, and added to accumulators once', async () => {
  const counted = sc.longAccumulator('values');
  const strikes = note('strikes');
  const once = (name: string, strike: () => void) => {
    const fs: typeof import('node:fs') = require('node:fs');
    try {
      fs.writeFileSync(`${strikes}-${name}`, '', { flag: 'wx' });
    } catch {
      return;
    }
    strike();
  };
  const out = await through(
    sc,
    (pairs) => ({
      sums: pairs.updateStateByKey<unknown, number, number>((values, state, key, time) => {
        counted.add(values.length);
        if (values.length > 0 && time % 5000 === 3000) once(`die-${time}`, () => process.kill(process.pid, 'SIGKILL'));
        if (key === 'key 3' && time === 2000)
          once('throw', () => {
            throw new Error('once');
          });
        return values.reduce((a, b) => a + b, state ?? 0);
      }),
    }),
    () => {},
  );
  assert.equal(out.sums.map(unordered), windowSums(batches, batches.length, 1).map(unordered));
  assert.ok(existsSync(`${strikes}-throw`) && existsSync(`${strikes}-die-3000`));
  assert.is(counted.value, batches.flat().length);
});

test('the table of a state stays with the worker that holds it', async () => {
  const out = await through(
    sc,
    (pairs) => ({
      where: pairs
        .map(([key, n]) => [Number(String(key).slice(4)) % 2, n] as [number, number])
        .mapWithState<number, number, number, [number, number]>(
          (parity, _n, state) => {
            state.update((state.get() ?? 0) + 1);
            return [parity, process.pid];
          },
          { numPartitions: 2 },
        ),
    }),
    () => {},
  );
  for (const parity of [0, 1]) {
    const pids = out.where.flatMap((rows) => (rows as [number, number][]).find(([p]) => p === parity)?.[1] ?? []);
    const moves = pids.filter((pid, i) => i > 0 && pid !== pids[i - 1]).length;
    assert.ok(pids.length > 10 && moves <= 2, `${moves} moves in ${pids.length} batches`);
  }
});

test('lines of a socket: each in one batch, once, and a window over them without a checkpoint', async () => {
  const server = await LineServer.open();
  const listening = new Listening(sc, (s) => s.socketTextStream('127.0.0.1', server.port));
  await server.connected();
  const lines = Array.from({ length: 500 }, (_, i) => `line ${i}`);
  for (const line of lines) server.send(`${line}\n`);
  assert.equal([...(await listening.count(500))].sort(), [...lines].sort());
  await listening.stop(true);
  await until(30_000, () => server.connections.size === 0, 'the end of the connection');
  const streaming = new StreamingContext(sc, '200ms', { display: quietDisplay() });
  const sums: Map<string, number>[] = [];
  streaming
    .socketTextStream('127.0.0.1', server.port)
    .map((word): [string, number] => [word, 1])
    .reduceByKeyAndWindow(add, subtract, '1s')
    .foreachRDD(async (rdd) => void sums.push(await rdd.collectAsMap()));
  streaming.start();
  await server.connected(1);
  server.send('to be or not to be\n'.replaceAll(' ', '\n'));
  await until(30_000, () => sums.some((counts) => counts.get('to') === 2 && counts.get('not') === 1), 'the counts');
  await until(30_000, () => sums.at(-1)?.size === 0, 'the window to pass');
  await streaming.stop();
  await server.close();
});

test('files of a folder are read where they lie', async () => {
  const [watched, moved] = [note('watched'), note('moved')];
  for (const path of [watched, moved]) require('node:fs').mkdirSync(path);
  const listening = new Listening(sc, (s) => s.textFileStream(watched));
  writeFileSync(join(moved, 'a'), 'one\ntwo\n');
  require('node:fs').renameSync(join(moved, 'a'), join(watched, 'a'));
  assert.equal([...(await listening.count(2))].sort(), ['one', 'two']);
  await within(30_000, listening.stop(), 'the end');
});

test.run();
