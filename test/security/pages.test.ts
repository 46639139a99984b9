// The pages of a session: who is admitted, the headers of every response, and what requests cannot do.
// time limit: 120 s
import { connect, type Socket } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import WebSocket from 'ws';
import { livePages, pageConnections, pageStrangers } from '../../cluster/base/limits';
import { connect as connectTo } from '../../cluster/connect';
import { readAssets } from '../../cluster/ui/assets';
import { StatusPages } from '../../cluster/ui/pages';
import type { Context } from '../../runtime/index';
import { StatusStore } from '../../runtime/status/status-store';
import { errorOf } from '../helpers/errors';
import { watchLeaks } from '../helpers/leaks';
import { boundAddresses } from '../helpers/processes';
import { answerOf, request, sendRaw } from '../helpers/raw-http';
import { until, within } from '../helpers/within';

const test = suite('security: pages');
const leaks = watchLeaks();
let sc: Context;
let pages: StatusPages;
let port: number;
let cookie: string;

const tokenOf = (link: string): string => new URL(link).searchParams.get('token')!;

/** Logs in with a fresh link. */
async function logIn(): Promise<string> {
  const { status, headers } = await request(port, `GET /?token=${tokenOf(pages.link())}`);
  assert.is(status, 303);
  return headers['set-cookie'].split(';')[0];
}

test.before(async () => {
  sc = await connectTo('local');
  const status = new StatusStore();
  sc.addListener(status.listener);
  pages = await StatusPages.open({ sc, status, started: Date.now(), version: '0', streams: () => [] });
  port = Number(new URL(pages.link()).port);
  cookie = await logIn();
});

test('the pages listen on loopback only', () => {
  const listening = boundAddresses(process.pid).filter(({ listens }) => listens);
  assert.is(listening.length, 1);
  assert.is(listening[0].address, '0100007F');
});

test('a link is exchanged once for a cookie that scripts and other sites cannot read, and redirects to an address without the token', async () => {
  const token = tokenOf(pages.link());
  const first = await request(port, `GET /?token=${token}`);
  assert.is(first.status, 303);
  assert.is(first.headers['location'], '/');
  assert.match(first.headers['set-cookie'], /^millrace-\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
  assert.not.ok(first.headers['set-cookie'].includes(token));
  const again = await request(port, `GET /?token=${token}`);
  assert.is(again.status, 401);
  assert.is(again.headers['set-cookie'], undefined);
  assert.match(again.body, /\.ui/);
});

test('a logged-in browser that opens an old link gets the pages', async () => {
  const { status, headers } = await request(port, `GET /?token=${'0'.repeat(43)}`, { cookie });
  assert.is(status, 303);
  assert.is(headers['set-cookie'], undefined);
});

test('a link opened from another site continues through a page, because a redirect would not carry the cookie', async () => {
  const link = `GET /?token=${tokenOf(pages.link())}`;
  const { status, headers, body } = await request(port, link, { 'sec-fetch-site': 'cross-site' });
  assert.is(status, 200);
  assert.match(headers['set-cookie'], /HttpOnly/);
  assert.match(body, /http-equiv="refresh" content="0;url=\/"/);
});

test('only the latest links are valid', async () => {
  const oldest = tokenOf(pages.link());
  for (let i = 0; i < 16; i++) pages.link();
  assert.is((await request(port, `GET /?token=${oldest}`)).status, 401);
});

const wrongCookies = (): Record<string, string | undefined> => ({
  none: undefined,
  empty: `${cookie.split('=')[0]}=`,
  other: `${cookie.split('=')[0]}=${'0'.repeat(43)}`,
  'cut short': cookie.slice(0, -1),
  'with more': `${cookie}0`,
  'of another name': `x${cookie}`,
  'the token of a link': `${cookie.split('=')[0]}=${tokenOf(pages.link())}`,
});

test('without the cookie there is no page, no file and no WebSocket, whatever the token', async () => {
  for (const [name, wrong] of Object.entries(wrongCookies())) {
    for (const path of [
      '/',
      '/jobs/1',
      '/page.js',
      '/page.css',
      '/icon.svg',
      '/live',
      '/?token=x',
      `/?token=${'f'.repeat(43)}`,
    ]) {
      assert.is((await request(port, `GET ${path}`, { cookie: wrong })).status, 401, `${name}: ${path}`);
    }
    assert.is((await upgrade({ cookie: wrong })).status, 401, name);
  }
});

test('every answer keeps scripts, frames and caches out', async () => {
  for (const [line, status] of Object.entries({
    'GET /': 200,
    'GET /page.js': 200,
    'GET /none': 404,
    'POST /': 405,
    'HEAD /': 200,
  })) {
    const { status: answered, headers } = await request(port, line, { cookie });
    assert.is(answered, status, line);
    const policy = headers['content-security-policy'];
    assert.match(policy, /^default-src 'self';/);
    assert.not.match(policy, /unsafe|\*|data:|http/);
    for (const part of ["base-uri 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"])
      assert.ok(policy.includes(part));
    assert.is(headers['x-content-type-options'], 'nosniff');
    assert.is(headers['referrer-policy'], 'no-referrer');
    assert.is(headers['cache-control'], 'no-store');
    assert.is(headers['cross-origin-resource-policy'], 'same-origin');
    assert.is(headers['access-control-allow-origin'], undefined);
  }
});

test('the page itself has no script and no style of its own', async () => {
  const { body } = await request(port, 'GET /', { cookie });
  assert.not.match(body, /<script(?![^>]*\ssrc="\/page\.js")|<style|\son\w+=|javascript:/i);
});

test('rebound names and pages of other sites are refused', async () => {
  const hosts = [
    'evil.example',
    `evil.example:${port}`,
    '127.0.0.1',
    `127.0.0.1:${port + 1}`,
    `127.0.0.1.evil.example:${port}`,
    `[::1]:${port}`,
    '',
  ];
  for (const host of hosts) {
    assert.is((await request(port, 'GET /', { cookie, host })).status, 403, host);
    assert.is((await upgrade({ host, origin: `http://${host}` })).status, 403, host);
  }
  const origins = [
    'http://evil.example',
    'null',
    `https://127.0.0.1:${port}`,
    `http://127.0.0.1:${port + 1}`,
    `http://127.0.0.1:${port}.evil.example`,
    '',
  ];
  for (const origin of origins) {
    assert.is((await request(port, 'GET /', { cookie, origin })).status, 403, origin);
    assert.is((await upgrade({ origin })).status, 403, origin);
  }
  assert.is(
    (await request(port, 'GET /', { cookie, host: `localhost:${port}`, origin: `http://localhost:${port}` })).status,
    200,
  );
});

test('GET and HEAD only, and no body', async () => {
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND']) {
    const { status, headers } = await request(port, `${method} /`, { cookie, 'content-length': '0' });
    assert.is(status, 405, method);
    assert.is(headers['allow'], 'GET, HEAD');
  }
  assert.is((await request(port, 'GET /', { cookie, 'content-length': '5' })).status, 400);
  assert.is((await request(port, 'GET /', { cookie, 'transfer-encoding': 'chunked' })).status, 400);
  assert.is((await request(port, 'HEAD /', { cookie })).body, '');
  assert.not.match(
    await sendRaw(port, `CONNECT 127.0.0.1:${port} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncookie: ${cookie}\r\n\r\n`),
    / 200 /,
  );
});

test('a HEAD, as from a link preview, does not use up the link', async () => {
  const token = tokenOf(pages.link());
  assert.is((await request(port, `HEAD /?token=${token}`)).status, 401);
  assert.is((await request(port, `GET /?token=${token}`)).status, 303);
});

test('a path never names a file', async () => {
  const paths = [
    '/../package.json',
    '/..%2f..%2fpackage.json',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/..\\..\\package.json',
    '/ui/page.js',
    '/./page.js/..',
    '//127.0.0.1/page.js',
    '/page.js%00.html',
    '/index.html',
    '/jobs/../../etc/passwd',
    '/jobs/1e3',
    '/jobs/-1',
    `/jobs/${'9'.repeat(16)}`,
    '/__proto__',
    '/constructor',
    'http://127.0.0.1/page.js',
    '*',
  ];
  for (const path of paths) {
    const { status, body } = await request(port, `GET ${path}`, { cookie });
    // A browser resolves dots that lead from one page to another; no other file may come.
    assert.ok([400, 404].includes(status) || body.startsWith('<!doctype html>') || status === 200, `${path}: ${status}`);
    assert.not.match(body, /"dependencies"|root:/, path);
  }
});

test('pages that were not built give an error that says what to do', async () => {
  const error = await errorOf('NO_PAGES', () => readAssets('no/such/folder'));
  assert.match(error.remedy, /npm run build/);
});

test('heads that are too large and malformed requests end the connection', async () => {
  assert.match(
    await sendRaw(port, `GET / HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`),
    /^HTTP\/1\.1 431/,
  );
  assert.match(await sendRaw(port, `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n\r\n`), /^HTTP\/1\.1 431/);
  assert.match(await sendRaw(port, '\x16\x03\x01\x02\x00\x01\x00'), /^HTTP\/1\.1 400/);
  assert.match(await sendRaw(port, 'GET / HTTP/1.1\r\n\r\n'), /^HTTP\/1\.1 400/);
});

test('a client that sends a head byte by byte is cut off, and blocks nobody', async () => {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write('GET / HTTP/1.1\r\n');
  let sent = 0;
  const drip = setInterval(() => socket.write(`x${sent++}: y\r\n`), 200);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  assert.is((await request(port, 'GET /', { cookie })).status, 200);
  await within(15_000, closed, 'the end of the slow request').finally(() => clearInterval(drip));
});

test('connections of strangers shut nobody out: the oldest are closed for newer ones', async () => {
  const held: Socket[] = [];
  const hold = (n: number) => {
    for (let i = 0; i < n; i++)
      held.push(
        connect(port, '127.0.0.1')
          .on('error', () => {})
          .resume(),
      );
  };
  const closed = () => held.filter(({ destroyed }) => destroyed).length;
  hold(pageStrangers + 80);
  await until(5000, () => closed() === 80, 'the end of the oldest');
  assert.ok(held.slice(0, 80).every(({ destroyed }) => destroyed));
  assert.is((await request(port, 'GET /', { cookie })).status, 200);
  const flood = setInterval(() => hold(10), 10);
  for (let i = 0; i < 5; i++) {
    assert.is((await within(5000, request(port, 'GET /', { cookie }), 'a page')).status, 200);
    await within(5000, logIn(), 'a login');
  }
  clearInterval(flood);
  for (const socket of held) socket.destroy();
});

test('connections of a browser that is logged in are limited too, and the oldest is closed', async () => {
  const sockets = Array.from({ length: pageConnections + 5 }, () =>
    connect(port, '127.0.0.1')
      .on('error', () => {})
      .resume(),
  );
  for (const socket of sockets) {
    const answered = new Promise((resolve) => socket.once('data', resolve));
    socket.write(`GET /icon.svg HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nCookie: ${cookie}\r\n\r\n`);
    await within(2000, answered, 'an answer');
  }
  await until(2000, () => sockets.filter(({ destroyed }) => destroyed).length >= 5, 'the end of the oldest');
  assert.ok(sockets.slice(0, 5).every(({ destroyed }) => destroyed));
  for (const socket of sockets) socket.destroy();
});

interface Upgrade {
  readonly host?: string;
  readonly origin?: string;
  readonly cookie?: string;
  readonly path?: string;
}

/** The answer to an upgrade that is to be refused. */
async function upgrade({ host = `127.0.0.1:${port}`, origin = `http://${host}`, path = '/live', ...rest }: Upgrade) {
  const given = 'cookie' in rest ? rest.cookie : cookie;
  const handshake = {
    upgrade: 'websocket',
    connection: 'Upgrade',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  };
  return request(port, `GET ${path}`, { host, origin, cookie: given, ...handshake });
}

function openLive(): Promise<WebSocket> {
  const ws = new WebSocket(`ws://127.0.0.1:${port}/live`, { headers: { cookie }, origin: `http://127.0.0.1:${port}` });
  return within(
    5000,
    new Promise<WebSocket>((resolve, reject) => {
      ws.once('open', () => resolve(ws));
      ws.once('error', reject);
    }),
    'the WebSocket',
  );
}

const closeOf = (ws: WebSocket): Promise<number> => within(5000, new Promise((resolve) => ws.once('close', resolve)), 'its end');

test('a WebSocket needs the cookie, our origin, and the one path', async () => {
  assert.is((await upgrade({ path: '/' })).status, 404);
  assert.is((await upgrade({ path: '/live?x' })).status, 404);
  const noOrigin = `GET /live HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncookie: ${cookie}\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\r\n`;
  assert.is(answerOf(await sendRaw(port, noOrigin)).status, 403);
  const ws = await openLive();
  ws.close();
  await closeOf(ws);
});

test('anything but a view ends the WebSocket: other texts, bytes, long messages, too many', async () => {
  const wrong: readonly (string | Buffer)[] = [
    '',
    'x',
    '[]',
    'null',
    '{}',
    '{"page":"__proto__"}',
    '{"page":"job"}',
    '{"page":"job","id":"1"}',
    '{"page":"job","id":-1}',
    '{"page":"job","id":1.5}',
    '{"page":"job","id":1e300}',
    '{"page":"stage","id":{}}',
    '{"page":"toString"}',
    Buffer.from('{"page":"jobs"}'),
    `{"page":"jobs","x":"${'x'.repeat(500)}"}`,
  ];
  for (const text of wrong) {
    const ws = await openLive();
    ws.on('error', () => {});
    const end = closeOf(ws);
    ws.send(text);
    assert.ok([1008, 1009].includes(await end), String(text).slice(0, 40));
  }
  const ws = await openLive();
  const end = closeOf(ws);
  for (let i = 0; i < 50; i++) ws.send('{"page":"jobs"}');
  assert.is(await end, 1008);
});

test('the number of live pages is limited', async () => {
  const open = await Promise.all(Array.from({ length: livePages }, openLive));
  assert.is((await upgrade({})).status, 503);
  for (const ws of open) ws.terminate();
  await until(
    5000,
    async () =>
      (await openLive().then(
        (ws) => ws.terminate(),
        () => 'full',
      )) === undefined,
    'room',
  );
});

test('a page that does not read costs the memory of one state at most', async () => {
  const ws = await openLive();
  const text = 'x'.repeat(100_000);
  ws.send('{"page":"jobs"}');
  ws.pause();
  const before = process.memoryUsage().rss;
  for (let i = 0; i < 40; i++) {
    sc.setJobDescription(`${i} ${text}`);
    await sc.range(10).count();
  }
  assert.ok(process.memoryUsage().rss - before < 150e6, 'memory');
  sc.setJobDescription(undefined);
  ws.terminate();
});

test('leaves nothing behind', async () => {
  await pages.close();
  await sc.stop();
  await leaks.check();
});

test.run();
