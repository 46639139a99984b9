// Receivers on real sockets: every whole line once, whatever happens to the connection; and what went wrong is told.
import { existsSync, readdirSync } from 'node:fs';
import net from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { WebSocket, WebSocketServer } from 'ws';
import { connect } from '../../../cluster/connect';
import type { Receivers } from '../../../cluster/receivers/receivers';
import type { Context } from '../../../runtime/index';
import { watchLeaks } from '../../helpers/leaks';
import { boundAddresses } from '../../helpers/processes';
import { size } from '../../helpers/sizes';
import { LineServer, Listening } from '../../helpers/streams';
import { until, within } from '../../helpers/within';

const test = suite('receivers');
const limitMs = 60_000;
let leaks: ReturnType<typeof watchLeaks>;
let sc: Context;

test.before(async () => {
  leaks = watchLeaks();
  sc = await connect('local');
});

const pids = () => (sc.receivers as Receivers).pids;

/** Numbers that look random and are the same each time. */
function draws(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state % bound;
  };
}

test('lines cut anywhere, in multibyte characters and in CRLF too, arrive whole, once, and in order', async () => {
  const server = await LineServer.open();
  const listening = new Listening(sc, (s) => s.socketTextStream('127.0.0.1', server.port));
  await server.connected();
  const draw = draws(7);
  const words = ['', 'a', 'zwölf', '日本語', '😀😀', 'x'.repeat(300)];
  const expected = Array.from({ length: 3000 }, (_, i) => `${i} ${words[draw(words.length)]}`);
  const bytes = Buffer.from(expected.map((line) => line + (draw(2) === 0 ? '\r\n' : '\n')).join(''));
  for (let at = 0; at < bytes.length; ) {
    const to = at + 1 + draw(draw(3) === 0 ? 5000 : 9);
    server.send(bytes.subarray(at, to));
    at = to;
    if (draw(40) === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(await listening.count(expected.length), expected);
  const batches = listening.streaming.batches();
  assert.ok(batches.reduce((sum, b) => sum + b.records, 0) <= expected.length);
  await listening.stop();
  await server.close();
});

test('a server that goes away and comes back is connected again; a last line without a line end counts', async () => {
  const first = await LineServer.open();
  const { port } = first;
  const listening = new Listening(sc, (s) => s.socketTextStream('127.0.0.1', port));
  await first.connected();
  first.send('one\ntwo');
  await first.close();
  assert.equal(await listening.count(2), ['one', 'two']);
  await listening.told(/127.0.0.1:\d+ ended the connection; next attempt in \d+ ms/);
  const second = await LineServer.open(port);
  await second.connected();
  await listening.told(/is connected again/);
  second.send('three\n');
  assert.equal(await listening.count(3), ['one', 'two', 'three']);
  await listening.stop();
  await second.close();
});

test('a connection that is lost in the middle of a line: the line is lost, and counted', async () => {
  const server = await LineServer.open();
  const listening = new Listening(sc, (s) => s.socketTextStream('127.0.0.1', server.port));
  await server.connected();
  server.send('whole\nhalf a li');
  await listening.count(1);
  await server.close(true);
  await listening.told(/reset the connection, in the middle of a line, of which 9 bytes are lost/);
  assert.equal(listening.elements, ['whole']);
  await listening.stop();
});

test('a source that refuses is told, with when it is tried again, and tried until it is there', async () => {
  const free = await LineServer.open();
  const { port } = free;
  await free.close();
  const started = performance.now();
  const listening = new Listening(sc, (s) => s.socketTextStream('127.0.0.1', port));
  await listening.told(new RegExp(`source: 127.0.0.1:${port} refused the connection; next attempt in \\d+ ms`));
  const server = await LineServer.open(port);
  await server.connected();
  server.send('here\n');
  assert.equal(await listening.count(1), ['here']);
  const most = 1 + Math.floor((performance.now() - started) / 10_000);
  assert.ok(listening.notices.filter((n) => /refused/.test(n)).length <= most, 'at most every ten seconds');
  await listening.stop();
  await server.close();
});

test('a silent source is told once', async () => {
  const server = await LineServer.open();
  const listening = new Listening(sc, (s) => s.socketTextStream('127.0.0.1', server.port, { silence: '100ms' }));
  await listening.told(/has sent nothing for 100 ms/);
  server.send('at last\n');
  await listening.told(/is sending again/);
  await listening.count(1);
  await listening.stop();
  await server.close();
});

test('a line without end is left out and told, and the stream goes on', async () => {
  const server = await LineServer.open();
  const listening = new Listening(sc, (s) => s.socketTextStream('127.0.0.1', server.port, { maxLineBytes: 1000 }));
  await server.connected();
  server.send('before\n');
  for (let i = 0; i < 50; i++) server.send('x'.repeat(1000));
  server.send(`\nbetween\n${'y'.repeat(1001)}\n${'z'.repeat(1000)}\nafter\n`);
  assert.equal(await listening.count(4), ['before', 'between', 'z'.repeat(1000), 'after']);
  await listening.told(/a line was left out: it is longer than 1000 B/);
  await listening.stop();
  await server.close();
});

test('lines that are not UTF-8 are counted and kept', async () => {
  const server = await LineServer.open();
  const listening = new Listening(sc, (s) => s.socketTextStream('127.0.0.1', server.port));
  await server.connected();
  server.send(Buffer.concat([Buffer.from('gut\n'), Buffer.from([0x62, 0xff, 0x0a, 0xc3, 0x0a]), Buffer.from('ü\n')]));
  assert.equal(await listening.count(4), ['gut', 'b\ufffd', '\ufffd', 'ü']);
  await listening.told(/source: 2 lines are not UTF-8/);
  await listening.stop();
  await server.close();
});

test('listening: on loopback only, several clients at once, lines of each stay whole', async () => {
  const listening = new Listening(sc, (s) => s.socketTextStream({ listen: 0 }));
  const port = await listening.port();
  const bound = pids()
    .flatMap(boundAddresses)
    .filter(({ listens }) => listens);
  assert.equal(
    bound.map(({ address }) => address),
    ['0100007F'],
  );
  const clients = await Promise.all(
    [0, 1, 2].map(
      () =>
        new Promise<net.Socket>((resolve) => {
          const socket = net.connect(port, '127.0.0.1', () => resolve(socket));
        }),
    ),
  );
  for (let i = 0; i < 100; i++)
    for (const [c, client] of clients.entries()) {
      client.write(`${c} li`);
      client.write(`ne ${i}\n`);
    }
  for (const client of clients) client.end();
  const lines = await listening.count(300);
  for (const c of [0, 1, 2]) {
    const own = lines.filter((line) => line.startsWith(`${c} `));
    assert.equal(
      own,
      Array.from({ length: 100 }, (_, i) => `${c} line ${i}`),
    );
  }
  await listening.stop();
});

test('a port that is taken is told, and listened on as soon as it is free', async () => {
  for (const operation of ['socketTextStream', 'webSocketStream'] as const) {
    const server = await LineServer.open();
    const { port } = server;
    const listening = new Listening(sc, (s) => s[operation]({ listen: port }));
    await listening.told(new RegExp(`127.0.0.1:${port} is in use by another process; next attempt in \\d+ ms`));
    await server.close();
    await listening.told(new RegExp(`listening on .*127.0.0.1:${port}`));
    await listening.stop();
  }
});

test('clients that are cut off are told together', async () => {
  const listening = new Listening(sc, (s) => s.socketTextStream({ listen: 0 }));
  const port = await listening.port();
  const started = performance.now();
  for (let i = 1; i <= 5; i++) {
    const socket = net.connect(port, '127.0.0.1');
    socket.write('whole\nhalf');
    await listening.count(i);
    socket.resetAndDestroy();
  }
  await listening.told(/was lost|reset the connection, in the middle of a line, of which 4 bytes are lost/);
  const most = 1 + Math.floor((performance.now() - started) / 10_000);
  assert.ok(listening.notices.filter((n) => /middle of a line/.test(n)).length <= most, String(listening.notices));
  await listening.stop();
});

test('ten sockets in one process', async () => {
  const servers = await Promise.all(Array.from({ length: 10 }, () => LineServer.open()));
  const listening = new Listening(sc, (s) => s.union(servers.map(({ port }) => s.socketTextStream('127.0.0.1', port))));
  await Promise.all(servers.map((server) => server.connected()));
  assert.is(pids().length, 1);
  for (const [i, server] of servers.entries()) server.send(`from ${i}\n`);
  const lines = [...(await listening.count(10))].sort();
  assert.equal(
    lines,
    Array.from({ length: 10 }, (_, i) => `from ${i}`),
  );
  await listening.stop();
  await Promise.all(servers.map((server) => server.close()));
});

test('messages of a WebSocket, as a client that connects again', async () => {
  let server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as net.AddressInfo;
  const listening = new Listening(sc, (s) => s.webSocketStream(`ws://127.0.0.1:${port}`, { maxLineBytes: 100 }));
  const send = async (...messages: string[]) => {
    await until(limitMs, () => server.clients.size === 1, 'a client');
    for (const client of server.clients) for (const message of messages) client.send(message);
  };
  await send('one', 'two\nthree\n', 'zwölf');
  assert.equal(await listening.count(4), ['one', 'two', 'three', 'zwölf']);
  await send('x'.repeat(101));
  await listening.told(/sent a message above 100 bytes; next attempt/);
  await listening.told(/is connected again/);
  for (const client of server.clients) client.terminate();
  await new Promise((resolve) => server.close(resolve));
  server = new WebSocketServer({ host: '127.0.0.1', port });
  await send('four');
  await listening.count(5);
  await listening.stop();
  for (const client of server.clients) client.terminate();
  await new Promise((resolve) => server.close(resolve));
});

test('a WebSocket that listens is on loopback and refuses web pages', async () => {
  const listening = new Listening(sc, (s) => s.webSocketStream({ listen: 0 }));
  const port = await listening.port();
  const bound = pids()
    .flatMap(boundAddresses)
    .filter(({ listens }) => listens);
  assert.equal(
    bound.map(({ address }) => address),
    ['0100007F'],
  );
  const page = new WebSocket(`ws://127.0.0.1:${port}`, { origin: 'http://example.com' });
  const refused = await within(limitMs, new Promise<Error>((resolve) => page.once('error', resolve)), 'the refusal');
  assert.match(refused.message, /401/);
  const client = new WebSocket(`ws://127.0.0.1:${port}`);
  await new Promise((resolve) => client.once('open', resolve));
  client.send('hello');
  assert.equal(await listening.count(1), ['hello']);
  client.close();
  await listening.stop();
});

test('a receiver process that is killed is started again; what it had written is taken over', async () => {
  const server = await LineServer.open();
  const listening = new Listening(sc, (s) => s.socketTextStream('127.0.0.1', server.port), { blockInterval: '1h' });
  await server.connected();
  server.send('first\nsecond\n');
  const folder = `${process.env.TMPDIR}`;
  const parts = () => (readdirSync(folder, { recursive: true }) as string[]).filter((name) => name.endsWith('.part'));
  await until(limitMs, () => parts().length === 1, 'a block that is being written');
  const [pid] = pids();
  process.kill(pid, 'SIGKILL');
  assert.equal(await listening.count(2), ['first', 'second']);
  await listening.told(/its process was lost: it was ended by SIGKILL; 2 lines that it had written are taken over/);
  await server.connected();
  await until(limitMs, () => pids()[0] !== pid && pids().length === 1, 'another process');
  await listening.stop();
  await server.close();
});

test('a source far faster than its batches: reading stops at the limit, nothing is lost, the delay is known', async () => {
  const server = await LineServer.open();
  const maxUnprocessedBytes = 200_000;
  const listening = new Listening(sc, (s) =>
    s.socketTextStream('127.0.0.1', server.port, { maxUnprocessedBytes }).mapPartitions((lines) => {
      const end = performance.now() + 250;
      while (performance.now() < end);
      return lines;
    }),
  );
  await server.connected();
  const total = size(20_000, 240_000);
  server.send(Array.from({ length: total }, (_, i) => `${i}`.padEnd(99, '.').concat('\n')).join(''));
  await listening.told(/reading stops: [\d.]+ KiB wait to be processed/);
  await until(limitMs, () => listening.streaming.behind > 0, 'being behind');
  const lines = await listening.count(total);
  assert.equal(
    lines.map((line) => Number.parseInt(line, 10)),
    Array.from({ length: total }, (_, i) => i),
  );
  for (const { inputs } of listening.streaming.batches()) assert.ok(inputs[0].bytes! <= maxUnprocessedBytes + (2 << 20));
  await listening.stop();
  await server.close();
});

test('a limited rate is kept', async () => {
  const server = await LineServer.open();
  const listening = new Listening(sc, (s) => s.socketTextStream('127.0.0.1', server.port, { maxRate: 1000 }));
  await server.connected();
  const started = performance.now();
  server.send('0123456789\n'.repeat(2000));
  await listening.count(2000);
  const seconds = (performance.now() - started) / 1000;
  assert.ok(seconds > 1, `2000 elements at 1000 a second took ${seconds} s`);
  await listening.stop();
  await server.close();
});

test('a stream that nothing reads any more is not received, and its blocks go', async () => {
  const server = await LineServer.open();
  const listening = new Listening(sc, (s) => s.queueStream([] as number[][]));
  const output = listening.streaming.socketTextStream('127.0.0.1', server.port).foreachRDD(() => {});
  await server.connected();
  server.send('x\n');
  await until(limitMs, () => listening.streaming.batches().some((b) => b.records === 1), 'a batch with the line');
  output.stop();
  await until(limitMs, () => server.connections.size === 0 && pids().length === 0, 'the end of the receiver');
  await listening.stop();
  await server.close();
});

test('stopping gracefully takes in what was read', async () => {
  const server = await LineServer.open();
  const listening = new Listening(sc, (s) => s.socketTextStream('127.0.0.1', server.port), { blockInterval: '1h' });
  await server.connected();
  server.send('a\nb\n');
  const parts = () => (readdirSync(`${process.env.TMPDIR}`, { recursive: true }) as string[]).filter((n) => n.endsWith('.part'));
  await until(limitMs, () => parts().length === 1, 'a block that is being written');
  await listening.stop(true);
  assert.equal(listening.elements, ['a', 'b']);
  await server.close();
});

test('wrong arguments are refused where they are written', async () => {
  const listening = new Listening(sc, (s) => s.queueStream([] as number[][]));
  const { streaming } = listening;
  const cases: [RegExp, () => unknown][] = [
    [/the host is 5/, () => streaming.socketTextStream(5 as never, 1)],
    [/the port is 0, but must be a whole number from 1/, () => streaming.socketTextStream('localhost', 0)],
    [/the port is 70000/, () => streaming.socketTextStream({ listen: 70_000 })],
    [/the address is "http:/, () => streaming.webSocketStream('http://localhost')],
    [/maxRate of socketTextStream is -1/, () => streaming.socketTextStream('localhost', 1, { maxRate: -1 })],
    [/the receiver is/, () => streaming.receiverStream({} as never)],
  ];
  for (const [says, f] of cases) assert.throws(f, says);
  await listening.stop();
});

test('leaves nothing behind', async () => {
  await sc.stop();
  assert.not.ok(existsSync(`${process.env.TMPDIR}/received`));
  await leaks.check();
});

test.run();
