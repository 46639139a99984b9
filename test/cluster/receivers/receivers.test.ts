// Receivers on real sockets: every whole line arrives once, whatever happens to the connection, and every trouble is reported.
// time limit: 300 s
import { existsSync, statSync } from 'node:fs';
import net from 'node:net';
import { globSync } from 'tinyglobby';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { WebSocket, WebSocketServer } from 'ws';
import { connect } from '../../../cluster/connect';
import type { Receivers } from '../../../cluster/receivers/receiver-pool';
import { Random } from '../../../runtime/base/time';
import type { Context } from '../../../runtime/index';
import { watchLeaks } from '../../helpers/leaks';
import { masterOf } from '../../helpers/master';
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
  sc = await connect(masterOf('local'));
});

const pids = () => (sc.receivers as Receivers).pids;

/** The blocks that are being written. */
const parts = () => globSync('**/*.part', { cwd: process.env.TMPDIR, absolute: true, dot: true });

test('lines cut anywhere, in multibyte characters and in CRLF too, arrive whole, once, and in order', async () => {
  const server = await LineServer.open();
  const listening = new Listening(sc, (s) => s.socketTextStream('127.0.0.1', server.port));
  await server.connected();
  const random = new Random(7);
  const words = ['', 'a', 'zwölf', '日本語', '😀😀', 'x'.repeat(300)];
  const expected = Array.from({ length: 3000 }, (_, i) => `${i} ${words[random.below(words.length)]}`);
  const bytes = Buffer.from(expected.map((line) => line + (random.below(2) === 0 ? '\r\n' : '\n')).join(''));
  for (let at = 0; at < bytes.length; ) {
    const to = at + 1 + random.below(random.below(3) === 0 ? 5000 : 9);
    server.send(bytes.subarray(at, to));
    at = to;
    if (random.below(40) === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(await listening.count(expected.length), expected);
  assert.ok(listening.streaming.batches().reduce((sum, b) => sum + b.records, 0) <= expected.length);
  await listening.stop();
  await server.close();
});

test('the client reconnects to a server that comes back; a last line without a line end counts', async () => {
  const first = await LineServer.open();
  const { port } = first;
  const listening = new Listening(sc, (s) => s.socketTextStream('127.0.0.1', port));
  await first.connected();
  first.send('one\ntwo');
  await first.close();
  assert.equal(await listening.count(2), ['one', 'two']);
  await listening.told(/127.0.0.1:\d+ closed the connection; next attempt in \d+ ms/);
  const second = await LineServer.open(port);
  await second.connected();
  await listening.told(/reconnected/);
  second.send('three\n');
  assert.equal(await listening.count(3), ['one', 'two', 'three']);
  await listening.stop();
  await second.close();
});

test('a connection lost in the middle of a line loses that line, and its bytes are counted', async () => {
  const server = await LineServer.open();
  const listening = new Listening(sc, (s) => s.socketTextStream('127.0.0.1', server.port));
  await server.connected();
  server.send('whole\nhalf a li');
  await listening.count(1);
  await server.close(true);
  await listening.told(/reset the connection; 9 bytes of an incomplete line are lost/);
  assert.equal(listening.elements, ['whole']);
  await listening.stop();
});

test('a refused connection is reported with the time of the next attempt, and tried until it succeeds', async () => {
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

test('a silent source is reported once', async () => {
  const server = await LineServer.open();
  const listening = new Listening(sc, (s) => s.socketTextStream('127.0.0.1', server.port, { silence: '100ms' }));
  await listening.told(/has sent nothing for 100 ms/);
  server.send('at last\n');
  await listening.told(/is sending again/);
  await listening.count(1);
  await listening.stop();
  await server.close();
});

test('an endless line is dropped and reported, and the stream goes on', async () => {
  const server = await LineServer.open();
  const listening = new Listening(sc, (s) => s.socketTextStream('127.0.0.1', server.port, { maxLineBytes: 1000 }));
  await server.connected();
  server.send('before\n');
  for (let i = 0; i < 50; i++) server.send('x'.repeat(1000));
  server.send(`\nbetween\n${'y'.repeat(1001)}\n${'z'.repeat(1000)}\nafter\n`);
  assert.equal(await listening.count(4), ['before', 'between', 'z'.repeat(1000), 'after']);
  await listening.told(/dropped a line longer than 1000 B/);
  await listening.stop();
  await server.close();
});

test('lines that are not UTF-8 are counted and stay', async () => {
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

test('listening: an HTTP request, as a web page may send one, is refused, and lines like one are not', async () => {
  const listening = new Listening(sc, (s) => s.socketTextStream({ listen: 0 }));
  const port = await listening.port();
  const answer = await fetch(`http://127.0.0.1:${port}`, { method: 'POST', body: 'forged\n', mode: 'no-cors' }).catch((e) => e);
  assert.instance(answer, Error);
  await listening.told(/refused a client: the first line was an HTTP request, as a web page sends it/);
  const client = net.connect(port, '127.0.0.1');
  for (const piece of ['PO', 'ST', ' office\nGET / HTTP/1.1\n']) {
    client.write(piece);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  net.connect(port, '127.0.0.1').end('GET');
  assert.equal([...(await listening.count(3))].sort(), ['GET', 'GET / HTTP/1.1', 'POST office']);
  client.destroy();
  await listening.stop();
});

test('a WebSocket that listens: connections that never finish their request end, and make room', async () => {
  const listening = new Listening(sc, (s) => s.webSocketStream({ listen: 0 }));
  const port = await listening.port();
  const sockets = Array.from({ length: 300 }, () =>
    net
      .connect(port, '127.0.0.1')
      .on('error', () => {})
      .resume(),
  );
  for (const socket of sockets) socket.write('GET / HTTP/1.1\r\n');
  await listening.told(/refused .*: 256 clients are already connected/);
  await until(limitMs, () => sockets.every((socket) => socket.closed), 'the end of all');
  const client = new WebSocket(`ws://127.0.0.1:${port}`);
  client.on('open', () => client.send('a line'));
  assert.equal(await listening.count(1), ['a line']);
  client.terminate();
  await listening.stop();
});

test('a port in use is reported, and opened as soon as it is free', async () => {
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

test('clients that break off are reported together', async () => {
  const listening = new Listening(sc, (s) => s.socketTextStream({ listen: 0 }));
  const port = await listening.port();
  const started = performance.now();
  for (let i = 1; i <= 5; i++) {
    const socket = net.connect(port, '127.0.0.1');
    socket.write('whole\nhalf');
    await listening.count(i);
    socket.resetAndDestroy();
  }
  await listening.told(/(was lost|reset the connection); 4 bytes of an incomplete line are lost/);
  const most = 1 + Math.floor((performance.now() - started) / 10_000);
  assert.ok(listening.notices.filter((n) => /incomplete line/.test(n)).length <= most, String(listening.notices));
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

test('messages of a WebSocket arrive, and its client reconnects', async () => {
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
  // Like a line of TCP that is too long: it is left out, and the connection stays.
  await send('x'.repeat(101), `five\n${'y'.repeat(101)}\nsix`);
  assert.equal((await listening.count(6)).slice(4), ['five', 'six']);
  await listening.told(/dropped a line longer than 100 B/);
  assert.is(listening.notices.filter((text) => /next attempt/.test(text)).length, 0);
  for (const client of server.clients) client.terminate();
  await new Promise((resolve) => server.close(resolve));
  server = new WebSocketServer({ host: '127.0.0.1', port });
  await send('four');
  await listening.count(7);
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

test('a killed receiver process is restarted, and the lines that it had written are recovered', async () => {
  const server = await LineServer.open();
  const listening = new Listening(sc, (s) => s.socketTextStream('127.0.0.1', server.port), { blockInterval: '1h' });
  await server.connected();
  server.send('first\nsecond\n');
  const written = () => parts().reduce((bytes, path) => bytes + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0);
  // The file is there before its lines are.
  await until(limitMs, () => written() >= 'first\nsecond\n'.length && pids().length === 1, 'a block that is being written');
  const [pid] = pids();
  process.kill(pid, 'SIGKILL');
  assert.equal(await listening.count(2), ['first', 'second']);
  await listening.told(/its process was lost: it was killed by SIGKILL; recovered 2 lines that it had written/);
  await server.connected();
  await until(limitMs, () => pids()[0] !== pid && pids().length === 1, 'another process');
  await listening.stop();
  await server.close();
});

test('a source far faster than its batches: reading pauses at the limit, nothing is lost, the delay is reported', async () => {
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
  await listening.told(/reading paused: [\d.]+ KiB wait to be processed/);
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

test('a rate limit holds', async () => {
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

test('a stream without outputs is no longer received, and its blocks are removed', async () => {
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

test('a graceful stop processes everything that was read', async () => {
  const server = await LineServer.open();
  const listening = new Listening(sc, (s) => s.socketTextStream('127.0.0.1', server.port), { blockInterval: '1h' });
  await server.connected();
  server.send('a\nb\n');
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
    [/at most 8192 characters/, () => streaming.webSocketStream(`ws://localhost/${'x'.repeat(9000)}`)],
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
