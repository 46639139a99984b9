// A server at a port: who knows the token of its file gets in, nobody else; beyond loopback only with TLS; and a group at its socket.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { WebSocket } from 'ws';
import { sessionPath } from '../../../cluster/base/limits';
import { connect } from '../../../cluster/connect';
import { addressOfUrl, parseAddress } from '../../../cluster/serve/line/address';
import { errorOf } from '../../helpers/errors';
import { Server } from '../../helpers/server';
import { until, within } from '../../helpers/within';

const test = suite('port');
let server: Server;
let token: string;
let url: string;
const { MILLRACE_TOKEN_FILE: given } = process.env;

const portIn = (output: string): string => /Listening at [\w.]+:(\d+);/.exec(output)![1];

test.before(async () => {
  server = new Server();
  token = path.join(server.folder, 'config', 'token');
  await server.run('--listen', '127.0.0.1:0', '--token-file', token);
  await until(10_000, () => server.output.includes('Listening at'), 'its port');
  url = `millrace://127.0.0.1:${portIn(server.output)}`;
  process.env['MILLRACE_TOKEN_FILE'] = token;
});

test.after(async () => {
  if (given === undefined) delete process.env['MILLRACE_TOKEN_FILE'];
  else process.env['MILLRACE_TOKEN_FILE'] = given;
  await server.stop();
});

test('a program attaches at a port, and shares what others at the socket publish', async () => {
  const [near, far] = [await server.session(), await connect(url)];
  assert.is(await far.range(0, 100, 1, 4).sum(), 4950);
  await near.range(0, 10, 1, 2).cache().publish('ten', {}, 'number');
  while (far.published().length === 0) await far.range(1).count();
  assert.is(await far.dataset<number>('ten').sum(), 45);
  const big = far.parallelize(
    Array.from({ length: 200_000 }, (_, i) => i),
    4,
  );
  assert.is((await big.collect()).length, 200_000);
  await far.stop();
  const script = await server.command('--master', url, '--no-rc', '-e', 'console.log(await sc.range(4).sum())');
  assert.equal(script, { output: '6\n', status: 0 });
});

test('the token is made for its owner alone; a wrong or open one is refused', async () => {
  assert.is(statSync(token).mode & 0o777, 0o600);
  assert.match(readFileSync(token, 'utf8'), /^[0-9a-f]{64}\n$/);
  const attempt = async (text: string, mode: number): Promise<string> => {
    const file = path.join(server.folder, `token-${mode}-${text.length}`);
    writeFileSync(file, text);
    chmodSync(file, mode);
    process.env['MILLRACE_TOKEN_FILE'] = file;
    try {
      return (await errorOf('SERVER_REFUSED', () => connect(url))).message;
    } finally {
      process.env['MILLRACE_TOKEN_FILE'] = token;
    }
  };
  assert.match(await attempt('0'.repeat(64), 0o600), /does not know the token/);
  assert.match(await attempt(readFileSync(token, 'utf8'), 0o640), /not private to you/);
  assert.match(await attempt('secret', 0o600), /holds no token/);
  process.env['MILLRACE_TOKEN_FILE'] = path.join(server.folder, 'none');
  const none = await errorOf('SERVER_REFUSED', () => connect(url));
  assert.match(none.remedy, /Copy the token file of the server here/);
  process.env['MILLRACE_TOKEN_FILE'] = token;
});

test('nobody speaks before the proof, and no page of a browser gets in', async () => {
  const at = `ws://127.0.0.1:${new URL(url.replace('millrace', 'http')).port}${sessionPath}`;
  const closed = (ws: WebSocket) =>
    within(10_000, new Promise<void>((resolve) => ws.on('close', () => resolve()).on('error', () => {})), 'the end');
  const browser = new WebSocket(at, { origin: 'https://example.org' });
  await closed(browser);
  const rebound = new WebSocket(at);
  await closed(rebound);
  const early = new WebSocket(at, { headers: { host: 'millrace' } });
  early.on('open', () => early.send(JSON.stringify({ kind: 'attach' })));
  await closed(early);
  assert.equal(
    (await server.info()).sessions.map(({ name }) => name),
    ['a test'],
  );
});

test('beyond loopback TLS is demanded, and a certificate that is not trusted is refused', async () => {
  const open = await server.command('serve', '--listen', '0.0.0.0:7070', '--socket', path.join(server.folder, 'x'));
  assert.match(open.output, /^error: --listen is 0\.0\.0\.0:7070, but must be an address of this machine alone/);
  const folder = path.join(server.folder, 'tls');
  mkdirSync(folder);
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => path.join(folder, name));
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject, '-keyout', key, '-out', cert],
    {
      stdio: 'ignore',
    },
  );
  const secure = new Server();
  await secure.run('--listen', '0.0.0.0:0', '--token-file', token, '--tls-cert', cert, '--tls-key', key);
  await until(10_000, () => secure.output.includes('Listening at'), 'its port');
  const at = `millrace+tls://127.0.0.1:${portIn(secure.output)}`;
  const distrusted = await errorOf('SERVER_REFUSED', () => connect(at));
  assert.match(distrusted.message, /self-signed|certificate/);
  process.env['MILLRACE_CA_FILE'] = cert;
  const sc = await connect(at);
  assert.is(await sc.range(0, 10, 1, 2).sum(), 45);
  await sc.stop();
  delete process.env['MILLRACE_CA_FILE'];
  const plain = at.replace('+tls', '');
  await errorOf('SERVER_REFUSED', () => connect(plain));
  await secure.stop();
});

test('addresses', async () => {
  assert.equal(parseAddress('[::1]:80'), { host: '::1', port: 80 });
  for (const text of ['7070', 'host', 'host:99999', 'a b:1']) await errorOf('BAD_OPTION', () => parseAddress(text));
  const isSecure = (text: string) => addressOfUrl(text).isSecure;
  assert.equal(['millrace://localhost:1', 'millrace://127.0.0.1:1', 'millrace://[::1]:1'].map(isSecure), [false, false, false]);
  assert.equal(['millrace://example.org:1', 'millrace://10.0.0.1:1', 'millrace+tls://localhost:1'].map(isSecure), [
    true,
    true,
    true,
  ]);
  await errorOf('BAD_OPTION', () => connect('millrace://nowhere'));
});

test('--group opens the socket and its card to a group, and to nobody else', async () => {
  const groups = readFileSync('/etc/group', 'utf8').split('\n');
  const gids = process.getgroups!();
  const group = groups.find((line) => gids.includes(Number(line.split(':')[2])))!.split(':');
  const shared = await Server.start('--group', group[0]);
  for (const [file, mode] of [
    [shared.socket, 0o660],
    [`${shared.socket}.card`, 0o640],
  ] as const) {
    const stat = statSync(file);
    assert.equal([stat.mode & 0o777, stat.gid], [mode, Number(group[2])]);
  }
  const sc = await shared.session();
  assert.is(await sc.range(3).count(), 3);
  await shared.stop();
  const unknown = await server.command('serve', '--group', 'nobody-has-this', '--socket', path.join(server.folder, 'y'));
  assert.match(unknown.output, /error: --group is nobody-has-this, but must be a group of this machine/);
});

test.run();
