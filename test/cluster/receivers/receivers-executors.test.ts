// Socket streams on real executors: exact while executors are killed, bounded while the source is far too fast.
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import type { Receivers } from '../../../cluster/receivers/receiver-pool';
import type { Context } from '../../../runtime/index';
import { childrenOf, watchLeaks } from '../../helpers/leaks';
import { size } from '../../helpers/sizes';
import { LineServer, Listening } from '../../helpers/streams';
import { until } from '../../helpers/within';

const test = suite('receivers and executors');
const limitMs = 60_000;
let leaks: ReturnType<typeof watchLeaks>;
let sc: Context;

test.before(async () => {
  leaks = watchLeaks();
  sc = await connect('local[2]');
});

const executorPids = () =>
  childrenOf(process.pid)
    .filter((child) => /executor\.js/.test(child))
    .map((child) => Number(/process (\d+)/.exec(child)![1]));

test('blocks survive executors: each line counts once although executors are killed', async () => {
  const server = await LineServer.open();
  const listening = new Listening(sc, (s) =>
    s
      .socketTextStream('127.0.0.1', server.port)
      .map((line) => [line.split(' ')[0], 1] as [string, number])
      .reduceByKey((a, b) => a + b),
  );
  await server.connected();
  let kills = 0;
  const perRound = 2000;
  const rounds = 6;
  for (let round = 0; round < rounds; round++) {
    server.send(Array.from({ length: perRound }, (_, i) => `${i % 7} of ${round}\n`).join(''));
    if (round % 2 === 0) {
      await until(limitMs, () => executorPids().length === 2, 'two executors');
      process.kill(executorPids()[0], 'SIGKILL');
      kills++;
    }
    const sum = () => listening.elements.reduce((n, [, count]) => n + count, 0);
    await until(limitMs, () => sum() >= perRound * (round + 1), `round ${round}`);
  }
  const totals = new Map<string, number>();
  for (const [key, n] of listening.elements) totals.set(key, (totals.get(key) ?? 0) + n);
  const expected = Array.from({ length: 7 }, (_, k) => [
    String(k),
    rounds * Array.from({ length: perRound }, (_, i) => i % 7).filter((x) => x === k).length,
  ]);
  assert.equal([...totals].sort(), expected);
  assert.is(kills, 3);
  await listening.stop();
  await server.close();
});

test('what cannot be written is lost, and counts as nothing that waits: the source is read on', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lost-'));
  const server = await LineServer.open();
  const maxUnprocessedBytes = 100_000;
  const listening = new Listening(sc, (s) => {
    s.checkpoint(join(folder, 'checkpoint'));
    return s.socketTextStream('127.0.0.1', server.port, { maxUnprocessedBytes });
  });
  await server.connected();
  server.send('first\n');
  await listening.count(1);
  const received = join(folder, 'checkpoint', 'received');
  const blocks = join(received, readdirSync(received)[0], '0');
  // Without its folder, no block can be written: more is lost than may wait, in large and small pieces.
  renameSync(blocks, `${blocks}-away`);
  for (let i = 0; i < 3; i++) server.send('a line that is lost\n'.repeat(10_000));
  const lost = () =>
    listening.notices.reduce((n, notice) => n + Number(/(\d+) elements are lost: ENOENT/.exec(notice)?.[1] ?? 0), 0);
  await until(limitMs, () => lost() === 30_000, 'the loss of all');
  renameSync(`${blocks}-away`, blocks);
  server.send('last\n');
  await until(limitMs, () => listening.elements.at(-1) === 'last', 'the last line');
  await listening.stop();
  await server.close();
  rmSync(folder, { recursive: true });
});

const residentMb = (pid: number) => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;

test('a source many times faster than its batches: memory and files stay bounded, and the delay is reported', async () => {
  const server = await LineServer.open();
  const maxUnprocessedBytes = 4 << 20;
  const listening = new Listening(sc, (s) =>
    s.socketTextStream('127.0.0.1', server.port, { maxUnprocessedBytes }).mapPartitions((lines) => {
      const count = [...lines].length;
      // Ten thousand lines a second on each executor.
      const end = performance.now() + count / 10;
      while (performance.now() < end);
      return [count];
    }),
  );
  await server.connected();
  const portion = Buffer.from(`${'x'.repeat(99)}\n`.repeat(10_000));
  const [receiver] = (sc.receivers as Receivers).pids;
  const before = residentMb(receiver);
  let sent = 0;
  let most = before;
  let behind = 0;
  const started = performance.now();
  while (performance.now() - started < size(5_000, 60_000)) {
    const [socket] = server.connections;
    if (socket.writableLength < 1 << 20) {
      server.send(portion);
      sent += 10_000;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
    most = Math.max(most, residentMb(receiver));
    behind = Math.max(behind, listening.streaming.behind);
  }
  await listening.told(/reading paused/);
  assert.ok(most - before < 64, `the receiver grew from ${before} to ${most} MB`);
  assert.ok(behind > 0);
  assert.ok(sent > 50_000, `${sent} lines were sent`);
  const inOneBatch = Math.max(...listening.streaming.batches().map((b) => b.inputs[0].bytes ?? 0));
  assert.ok(inOneBatch <= maxUnprocessedBytes + (2 << 20), `${inOneBatch} bytes in a batch`);
  await listening.stop();
  await server.close(true);
});

test('leaves nothing behind', async () => {
  await sc.stop();
  await leaks.check();
});

test.run();
