// The driver's door: who is admitted, and how the others are refused.
import { createHmac, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ClientOptions, WebSocket } from 'ws';
import { executorPath } from '../../cluster/base/limits';
import { DriverDoor } from '../../cluster/driver/driver-door';
import { dial } from '../../cluster/link/dial';
import { DriverHandshake, ExecutorHandshake, freshToken } from '../../cluster/link/handshake';
import { watchLeaks } from '../helpers/leaks';
import { until, within } from '../helpers/within';

const test = suite('security: handshake');
const token = freshToken();
const entered: string[] = [];
let leaks: ReturnType<typeof watchLeaks>;
let door: DriverDoor;
let folder: string;

test.before(async () => {
  leaks = watchLeaks();
  const admits = (id: string) => id.startsWith('e');
  folder = mkdtempSync(join(tmpdir(), 'door-'));
  door = await DriverDoor.open(join(folder, 'door'), {
    token,
    holds: true,
    awaited: () => 2,
    admits,
    entered: (id) => void entered.push(id),
  });
});

test.before.each(() => {
  entered.length = 0;
});

function client(options: ClientOptions = {}, path = executorPath): WebSocket {
  return dial(door.path, options, path);
}

/** How the door treats a client that does `talk`: the status of the refused upgrade, or the close of the connection. */
function treatment(ws: WebSocket, talk: (ws: WebSocket) => void = () => {}): Promise<string> {
  const treated = new Promise<string>((resolve) => {
    ws.on('unexpected-response', (_, response) => {
      response.resume();
      resolve(`status ${response.statusCode}`);
      ws.terminate();
    });
    ws.on('error', () => {});
    ws.on('close', () => resolve('closed'));
    ws.on('open', () => talk(ws));
  });
  return within(12_000, treated, 'the treatment');
}

const hello = (more: object = {}) =>
  JSON.stringify({ kind: 'hello', version: 1, executorId: 'e1', nonce: randomBytes(32).toString('hex'), ...more });

test('an executor that knows the token enters', async () => {
  const ws = client();
  const handshake = new ExecutorHandshake(token, 'e1');
  ws.on('open', () => ws.send(handshake.hello()));
  ws.on('message', (challenge) => ws.send(handshake.answer(challenge.toString())));
  await until(2000, () => entered.length > 0, 'the entry');
  assert.equal(entered, ['e1']);
  ws.terminate();
});

const refusedUpgrades: Record<string, [ClientOptions, string?]> = {
  'an Origin, even its own': [{ origin: 'http://127.0.0.1' }],
  'the Origin null of a sandboxed page': [{ origin: 'null' }],
  'a foreign Host': [{ headers: { host: 'attacker.example' } }],
  'the Host localhost': [{ headers: { host: 'localhost' } }],
  'another path': [{}, '/'],
  'a path with a query': [{}, `${executorPath}?token=1`],
};

for (const [name, [options, path]] of Object.entries(refusedUpgrades)) {
  test(`an upgrade with ${name} is refused`, async () => {
    assert.is(await treatment(client(options, path)), 'status 403');
    assert.equal(entered, []);
  });
}

test('plain HTTP gets nothing', async () => {
  const status = new Promise((resolve, reject) => {
    http
      .get({ socketPath: door.path, path: executorPath }, (response) => resolve(response.resume().statusCode))
      .on('error', reject);
  });
  assert.is(await within(2000, status, 'an answer'), 404);
});

const firstMessages: Record<string, string | Buffer> = {
  'no JSON': 'open sesame',
  'JSON that is no object': '[]',
  'a binary frame': Buffer.from('{}'),
  'a message from after the handshake': JSON.stringify({ kind: 'ready', pid: 1 }),
  'a hello of another version': hello({ version: 2 }),
  'a hello with a short nonce': hello({ nonce: 'ab' }),
  'a hello with an unknown field': hello({ admin: true }),
  'an id that is no text': hello({ executorId: 7 }),
  'a flood': Buffer.alloc(1 << 20),
};

for (const [name, message] of Object.entries(firstMessages)) {
  test(`${name} as the first message closes`, async () => {
    const silent = treatment(client()).then(() => 'the deadline came first');
    assert.is(await Promise.race([silent, treatment(client(), (ws) => ws.send(message))]), 'closed');
    assert.equal(entered, []);
  });
}

test('a wrong token is refused, and the proof that the stranger got from the driver is of no use to it', async () => {
  const ws = client();
  const wrong = freshToken();
  const treated = treatment(ws, () => ws.send(hello()));
  ws.on('message', (text) => {
    const { nonce, proof } = JSON.parse(text.toString());
    assert.is(proof.length, 64);
    ws.send(JSON.stringify({ kind: 'answer', proof: createHmac('sha256', wrong).update(nonce).digest('hex') }));
  });
  assert.is(await treated, 'closed');
  assert.equal(entered, []);
});

test('the driver’s own proof, sent back, is refused', async () => {
  const ws = client();
  const treated = treatment(ws, () => ws.send(hello()));
  ws.on('message', (text) => ws.send(JSON.stringify({ kind: 'answer', proof: JSON.parse(text.toString()).proof })));
  assert.is(await treated, 'closed');
  assert.equal(entered, []);
});

test('an answer replayed in another handshake is refused', () => {
  const executor = new ExecutorHandshake(token, 'e1');
  const first = new DriverHandshake(token, () => true);
  const opened = first.take(executor.hello());
  const answer = executor.answer('reply' in opened ? opened.reply : '');
  assert.equal(first.take(answer), { executorId: 'e1' });
  const second = new DriverHandshake(token, () => true);
  second.take(executor.hello());
  assert.throws(() => second.take(answer), /does not know the token/);
});

test('proofs of any wrong length or alphabet are refused', () => {
  for (const proof of ['', 'zz', 'ab', 'a'.repeat(63), 'a'.repeat(65), '0'.repeat(64)]) {
    const driver = new DriverHandshake(token, () => true);
    driver.take(hello());
    assert.throws(() => driver.take(JSON.stringify({ kind: 'answer', proof })), /PROTOCOL|token|text/);
  }
});

test('an executor refuses a driver that does not know the token', () => {
  const executor = new ExecutorHandshake(token, 'e1');
  const impostor = new DriverHandshake(freshToken(), () => true);
  const challenge = impostor.take(executor.hello());
  assert.throws(() => executor.answer('reply' in challenge ? challenge.reply : ''), /driver does not know the token/);
});

test('an id that nobody waits for is refused after the proof', async () => {
  const ws = client();
  const handshake = new ExecutorHandshake(token, 'x1');
  const treated = treatment(ws, () => ws.send(handshake.hello()));
  ws.on('message', (challenge) => ws.send(handshake.answer(challenge.toString())));
  assert.is(await treated, 'closed');
  assert.equal(entered, []);
});

for (const [name, open] of [
  ['a WebSocket', () => treatment(client())],
  ['a handshake left half-way', () => treatment(client(), (ws) => ws.send(hello()))],
  ['a bare connection', () => closeOf(net.connect(door.path))],
] as const) {
  test(`${name} that does not authenticate is closed after 2 s`, async () => {
    const start = performance.now();
    assert.is(await open(), 'closed');
    const ms = performance.now() - start;
    assert.ok(ms > 1500 && ms < 10_000, `${ms} ms`);
  });
}

function closeOf(socket: net.Socket): Promise<string> {
  socket.resume();
  return within(
    4000,
    new Promise<string>((resolve) => socket.on('error', () => {}).on('close', () => resolve('closed'))),
    'the close',
  );
}

test('only the user of the session can reach the door', () => {
  assert.is(statSync(folder).mode & 0o777, 0o700);
  assert.is(statSync(door.path).mode & 0o777, 0o600);
});

test('strangers are limited in number, the oldest are dropped first, and an executor enters between them', async () => {
  const strangersOf = (n: number) =>
    Array.from({ length: n }, () =>
      net
        .connect(door.path)
        .resume()
        .on('error', () => {}),
    );
  const first = strangersOf(30);
  await until(1500, () => first.slice(0, 12).every(({ destroyed }) => destroyed), 'the end of the oldest');
  assert.equal(
    first.slice(12).filter(({ destroyed }) => destroyed),
    [],
    '16 strangers, and as many as there are awaited executors',
  );
  let flooding = true;
  const flood = (async () => {
    const sockets: net.Socket[] = [];
    while (flooding) {
      sockets.push(...strangersOf(20));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    for (const socket of [...sockets, ...first]) socket.destroy();
  })();
  const ws = client();
  const handshake = new ExecutorHandshake(token, 'e1');
  ws.on('error', () => {});
  ws.on('open', () => ws.send(handshake.hello()));
  ws.on('message', (challenge) => ws.send(handshake.answer(challenge.toString())));
  await until(2000, () => entered.length > 0 || ws.readyState === ws.CLOSED, 'the entry');
  flooding = false;
  await flood;
  ws.terminate();
});

test('leaves nothing behind', async () => {
  await door.close();
  rmSync(folder, { recursive: true });
  await leaks.check();
});

test.run();
