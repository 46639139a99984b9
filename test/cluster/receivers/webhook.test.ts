// Requests of HTTP as a stream: what becomes an element, who is refused and why, and that an answer means it is stored.
// time limit: 300 s
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import type { Receivers } from '../../../cluster/receivers/receiver-pool';
import { type Context, ManualClock, StreamingContext, type WebhookListen } from '../../../runtime/index';
import { errorOf } from '../../helpers/errors';
import { watchLeaks } from '../../helpers/leaks';
import { boundAddresses } from '../../helpers/processes';
import { Listening } from '../../helpers/streams';
import { until } from '../../helpers/within';

const test = suite('webhooks');
let leaks: ReturnType<typeof watchLeaks>;
let sc: Context;

test.before(async () => {
  leaks = watchLeaks();
  sc = await connect('local');
});

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
}

const json = 'application/json';

function post(
  port: number,
  type: string,
  body: string | Buffer,
  headers = {},
  options: https.RequestOptions = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { request } = options.ca ? https : http;
    const sent = request({
      host: '127.0.0.1',
      port,
      method: 'POST',
      headers: { 'content-type': type, ...headers },
      agent: false,
      ...options,
    });
    sent.once('error', reject);
    sent.once('response', (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part) => parts.push(part));
      response.once('end', () => resolve({ status: response.statusCode, body: Buffer.concat(parts).toString() }));
    });
    sent.end(body);
  });
}

const hooked = (listen: Partial<WebhookListen> = {}, options = {}) =>
  new Listening<unknown>(sc, (s) => s.webhookStream({ listen: 0, ...listen }), options);

const stored = (records: number): Answer => ({ status: 200, body: `{"records":${records}}\n` });

test('JSON is an element, an array its items; lines of JSON and of text are one each', async () => {
  const hook = hooked();
  const port = await hook.port();
  assert.equal(await post(port, json, '{"user":"ada","n":[1,{"x":null}]}'), stored(1));
  assert.equal(await post(port, 'application/vnd.github+json; charset=utf-8', '[1,"two",{"three":3}]'), stored(3));
  assert.equal(await post(port, 'application/x-ndjson', '{"a":1}\n\n{"a":2}\r\n'), stored(2));
  assert.equal(await post(port, 'text/plain', 'zwölf\n😀\r\n'), stored(2));
  assert.equal(await post(port, 'text/plain', ''), stored(0));
  assert.equal(await hook.count(8), [
    { user: 'ada', n: [1, { x: null }] },
    1,
    'two',
    { three: 3 },
    { a: 1 },
    { a: 2 },
    'zwölf',
    '😀',
  ]);
  await hook.stop();
});

test('what is refused has a reason, and stores nothing: not even the lines before the one that is wrong', async () => {
  const hook = hooked({ maxBodyBytes: 1000 });
  const port = await hook.port();
  const refused = async (
    status: number,
    reason: RegExp,
    ...[type, body, headers, options]: [string, string | Buffer, object?, object?]
  ) => {
    const answer = await post(port, type, body, headers, options);
    assert.is(answer.status, status, answer.body);
    assert.match(JSON.parse(answer.body).error, reason);
  };
  await refused(400, /the body is not JSON/, json, '{"a":');
  await refused(400, /line 2 is not JSON/, 'application/x-ndjson', '{"a":1}\n{a}\n');
  await refused(400, /not UTF-8/, 'text/plain', Buffer.from([0x62, 0xff]));
  await refused(413, /the body is larger than 1000 B/, 'text/plain', 'x'.repeat(1001));
  await refused(413, /larger/, 'text/plain', 'x'.repeat(1001), { 'transfer-encoding': 'chunked' });
  await refused(415, /Content-Type must be one of application\/json/, 'application/x-www-form-urlencoded', 'a=1');
  await refused(415, /compressed/, json, '1', { 'content-encoding': 'gzip' });
  await refused(403, /web pages/, json, '1', { origin: 'http://evil.example' });
  await refused(403, /Host must name this machine/, json, '1', { host: 'evil.example' });
  await refused(405, /only POST/, json, '', {}, { method: 'PUT' });
  await hook.told(/refused a request: the body is not JSON/);
  assert.equal(await post(port, json, '"after"'), stored(1));
  assert.equal(await hook.count(1), ['after']);
  await hook.stop();
});

test('what is nested too deeply is refused for good: 503 would have it sent again and again', async () => {
  const hook = hooked();
  const port = await hook.port();
  const answer = await post(port, json, '['.repeat(600) + ']'.repeat(600));
  assert.is(answer.status, 400, answer.body);
  assert.match(answer.body, /cannot be stored: .*nested too deeply/);
  await hook.stop();
});

test('who is refused hears why, also in the middle of a large body', async () => {
  const hook = hooked({ token: 'a-token-of-some-length', maxBodyBytes: 100_000 });
  const port = await hook.port();
  const authorization = 'Bearer a-token-of-some-length';
  const large = Buffer.alloc(30 << 20, 'x');
  for (let turn = 0; turn < 5; turn++) {
    assert.is((await post(port, 'text/plain', large)).status, 401);
    assert.is((await post(port, 'text/plain', large, { authorization })).status, 413);
    assert.is((await post(port, 'text/plain', large, { authorization, 'transfer-encoding': 'chunked' })).status, 413);
  }
  assert.equal(await post(port, json, '1', { authorization }), stored(1));
  await hook.stop();
});

test('a stream that cannot start says why, and its end is not that of the others', async () => {
  const hook = hooked();
  await hook.port();
  const { pids } = sc.receivers as Receivers;
  const none = hooked({ tls: { cert: '/nowhere/cert.pem', key: '/nowhere/key.pem' } });
  await none.told(/cannot start: ENOENT.*cert\.pem/);
  await none.stop();
  assert.equal(
    none.notices.filter((n) => /did not stop/.test(n)),
    [],
  );
  assert.equal((sc.receivers as Receivers).pids, pids);
  await post(await hook.port(), json, '"still here"');
  assert.equal(await hook.count(1), ['still here']);
  await hook.stop();
});

test('with a token nothing is taken, and nothing else said, without it', async () => {
  const token = 'a-token-of-some-length';
  const hook = hooked({ token });
  const port = await hook.port();
  for (const authorization of [undefined, 'Bearer wrong', `Basic ${token}`, `Bearer ${token}x`]) {
    const answer = await post(port, 'nonsense', '1', authorization ? { authorization } : {}, { method: 'PUT' });
    assert.is(answer.status, 401);
  }
  assert.equal(await post(port, json, '1', { authorization: `Bearer ${token}` }), stored(1));
  await hook.count(1);
  assert.not(hook.notices.join().includes(token));
  await hook.stop();
});

test('it listens on this machine alone, or with a token and a certificate', async () => {
  const folder = fs.mkdtempSync(join(tmpdir(), 'webhook-'));
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, '-days', '2', ...subject],
    { stdio: 'ignore' },
  );
  const plain = hooked();
  await plain.port();
  const bound = (sc.receivers as Receivers).pids.flatMap(boundAddresses).filter(({ listens }) => listens);
  assert.equal(
    bound.map(({ address }) => address),
    ['0100007F'],
  );
  await plain.stop();
  const token = 'a-token-of-some-length';
  const open = hooked({ host: '0.0.0.0', token, tls: { cert, key } });
  const wide = await open.port();
  const options = { ca: fs.readFileSync(cert) };
  assert.equal(await post(wide, json, '1', { authorization: `Bearer ${token}` }, options), stored(1));
  assert.is((await post(wide, json, '1', {}, options)).status, 401);
  // Who does not even greet is cut off.
  const silent = net.connect({ host: '127.0.0.1', port: wide });
  let isCut = false;
  silent.once('close', () => (isCut = true)).on('error', () => {});
  await until(20_000, () => isCut, 'the end of a silent connection');
  await open.stop();
  fs.rmSync(folder, { recursive: true });
  const ssc = new StreamingContext(sc, '1s', { clock: new ManualClock(0) });
  const alone = await errorOf('BAD_ARGUMENT', () => ssc.webhookStream({ listen: 9000, host: '0.0.0.0', token }));
  assert.match(alone.message, /an address of this machine alone where no token and no certificate are given/);
  const short = await errorOf('BAD_ARGUMENT', () => ssc.webhookStream({ listen: 9000, token: 'too short' }));
  assert.not(short.message.includes('too short'));
  for (const listen of [
    undefined,
    9000,
    { listen: 70_000 },
    { listen: 1, host: 'example.com' },
    { listen: 1, maxBodyBytes: 0 },
    { listen: 1, tls: 3 },
  ])
    await errorOf('BAD_ARGUMENT', () => ssc.webhookStream(listen as never));
});

test('requests wait while too much waits to be processed, and are told to come again', async () => {
  const clock = new ManualClock(1_000_000);
  const hook = new Listening<unknown>(sc, (s) => s.webhookStream({ listen: 0 }, { maxUnprocessedBytes: 1000 }), { clock });
  const port = await hook.port();
  assert.equal(await post(port, 'text/plain', 'x'.repeat(2000)), stored(1));
  const answer = await post(port, 'text/plain', 'later');
  assert.is(answer.status, 503);
  assert.match(answer.body, /send it again later/);
  clock.advance('100ms');
  await hook.count(1);
  clock.advance('100ms');
  await until(60_000, async () => (await post(port, 'text/plain', 'later')).status === 200, 'room');
  await hook.stop();
});

test('requests that arrive at the same time pass no limit: not that of what waits, nor that of their bodies', async () => {
  const clock = new ManualClock(1_000_000);
  const hook = new Listening<unknown>(
    sc,
    (s) => s.webhookStream({ listen: 0, maxBodyBytes: 64 << 20 }, { maxUnprocessedBytes: 1000 }),
    { clock },
  );
  const port = await hook.port();
  /** Sends a part of a body; the answer comes when `rest` was called, or before. */
  const begin = (bytes: number) => {
    let rest = () => {};
    const answer = new Promise<number | undefined>((resolve, reject) => {
      const headers = { 'content-type': 'text/plain', 'content-length': bytes + 1 };
      const sent = http.request({ host: '127.0.0.1', port, method: 'POST', headers, agent: false });
      sent.once('error', reject);
      sent.once('response', (response) => resolve(response.resume().statusCode));
      sent.write(Buffer.alloc(bytes, 'x'));
      rest = () => sent.end('x');
    });
    return { answer, rest };
  };
  const early = begin(10);
  const large = Array.from({ length: 3 }, () => begin(48 << 20));
  // Two of them have room.
  const [status, which] = await Promise.race(large.map(async ({ answer }, i) => [await answer, i] as const));
  assert.is(status, 503);
  for (const [i, { rest }] of large.entries()) if (i !== which) rest();
  const statuses = await Promise.all(large.map(({ answer }) => answer));
  // The first one fills what may wait.
  assert.equal(statuses.sort(), [200, 503, 503]);
  early.rest();
  assert.is(await early.answer, 503);
  await hook.stop();
});

test('an answer is given only for what is stored: a block that cannot be ended is refused', async () => {
  const folder = fs.mkdtempSync(join(tmpdir(), 'webhook-'));
  const hook = new Listening<unknown>(
    sc,
    (s) => {
      s.checkpoint(join(folder, 'checkpoint'));
      return s.webhookStream({ listen: 0 });
    },
    { blockInterval: '300ms' },
  );
  const port = await hook.port();
  assert.equal(await post(port, json, '1'), stored(1));
  const [home] = fs.readdirSync(join(folder, 'checkpoint', 'received'));
  const blocks = join(folder, 'checkpoint', 'received', home, '0');
  const asked = post(port, json, '2');
  // The block that has it loses its name before it is ended.
  await until(60_000, () => fs.readdirSync(blocks).some((name) => name.endsWith('.part')), 'a block');
  for (const name of fs.readdirSync(blocks)) if (name.endsWith('.part')) fs.rmSync(join(blocks, name));
  const answer = await asked;
  assert.is(answer.status, 503, answer.body);
  assert.match(answer.body, /cannot be stored/);
  assert.equal(await post(port, json, '3'), stored(1));
  assert.equal(await hook.count(2), [1, 3]);
  await hook.stop();
  fs.rmSync(folder, { recursive: true });
});

test('a receiver that is killed: what was answered is there once, what was not is sent again', async () => {
  const hook = hooked();
  const port = await hook.port();
  await hook.stop();
  const fixed = hooked({ listen: port });
  await fixed.port();
  let kills = 0;
  let answered = 0;
  const send = async (n: number): Promise<void> => {
    for (;;) {
      const answer = await post(port, json, `{"n":${n}}`).catch(() => undefined);
      if (answer?.status === 200) {
        answered++;
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  for (let turn = 0; turn < 4; turn++) {
    const sent = Array.from({ length: 25 }, (_, i) => send(turn * 25 + i));
    await until(60_000, () => answered > turn * 25, 'an answer');
    process.kill((sc.receivers as Receivers).pids[0], 'SIGKILL');
    kills++;
    await Promise.all(sent);
    await until(60_000, () => fixed.notices.filter((n) => /process was lost/.test(n)).length === kills, 'the restart');
  }
  assert.is(answered, 100);
  await fixed.count(100);
  await fixed.stop(true);
  const got = (fixed.elements as { n: number }[]).map(({ n }) => n);
  assert.equal(
    [...new Set(got)].sort((a, b) => a - b),
    Array.from({ length: 100 }, (_, i) => i),
  );
  // A request whose answer was lost is there twice: its sender could not know.
  assert.ok(got.length - 100 <= 25 * kills, `${got.length - 100} came twice`);
  assert.is(kills, 4);
});

test('leaves nothing behind', async () => {
  await sc.stop();
  await leaks.check();
});

test.run();
