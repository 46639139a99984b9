// The wire of a kernel: frames of ZMTP, signatures, the connection file, and what strangers on this machine may not do.
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pointsAt, unitsAt } from '../../../shell/kernel/code-points';
import { readConnectionFile } from '../../../shell/kernel/connection-file';
import { historyOf } from '../../../shell/kernel/history-reply';
import { Kernel } from '../../../shell/kernel/kernel';
import { install, uninstall } from '../../../shell/kernel/kernelspec';
import { Messages } from '../../../shell/kernel/messages';
import { FrameReader, greeting, messageBytes, readCommand, readProperties, readyBytes } from '../../../shell/kernel/zmtp/frames';
import { ServerSocket } from '../../../shell/kernel/zmtp/server-socket';
import { errorOf } from '../../helpers/errors';
import { freePort } from '../../helpers/free-port';
import { millrace as program } from '../../helpers/server';
import { long } from '../../helpers/sizes';
import { until, within } from '../../helpers/within';

const test = suite('the wire of a kernel');
const folder = mkdtempSync(path.join(tmpdir(), 'kernel-wire-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

const bytes = () => fc.uint8Array({ maxLength: 600 });

test('frames arrive whole however they are cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(bytes(), { minLength: 1, maxLength: 4 }), { maxLength: 5 }),
      fc.array(fc.nat(40)),
      (messages, cuts) => {
        const wire = Buffer.concat([greeting, readyBytes('DEALER'), ...messages.map((parts) => messageBytes(parts))]);
        const reader = new FrameReader(1 << 20);
        const frames = [];
        for (let at = 0, i = 0; at < wire.length; i++) {
          const end = at + 1 + (cuts[i % (cuts.length || 1)] ?? 30);
          frames.push(...reader.take(wire.subarray(at, end))!);
          at = end;
        }
        const [ready, ...rest] = frames;
        assert.is(readProperties(readCommand(ready.body)!.data)?.get('socket-type')?.toString(), 'DEALER');
        assert.equal(
          rest.map(({ body, more }) => [[...body], more]),
          messages.flatMap((parts) => parts.map((part, i) => [[...part], i < parts.length - 1])),
        );
      },
    ),
  );
});

test('what is no greeting, a frame that is too long, and unknown flags end a connection', () => {
  const greeted = () => {
    const reader = new FrameReader(100);
    assert.equal(reader.take(greeting), []);
    return reader;
  };
  assert.is(new FrameReader(100).take(Buffer.from('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'.padEnd(80))), undefined);
  assert.is(greeted().take(Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 101])), undefined);
  assert.is(greeted().take(Buffer.from([2, 255, 255, 255, 255, 255, 255, 255, 255])), undefined);
  assert.is(greeted().take(Buffer.from([8, 1, 0])), undefined);
  // Whatever a command holds, reading it throws nothing.
  fc.assert(
    fc.property(bytes(), (body) => {
      const command = readCommand(Buffer.from(body));
      if (command) readProperties(command.data);
    }),
  );
});

test('a message counts only with its signature, and reads as it was written', () => {
  const messages = new Messages('the key');
  const parts = messages
    .write('execute_request', { code: '1' }, undefined, [Buffer.from('who')])
    .map((part) => Buffer.from(part));
  const read = messages.read(parts)!;
  assert.equal([read.header.msg_type, read.content, String(read.route)], ['execute_request', { code: '1' }, 'who']);
  assert.is(new Messages('another key').read(parts), undefined);
  for (const i of parts.keys()) {
    if (i === 0) continue;
    const changed = parts.map((part, j) => (i === j ? Buffer.concat([part.subarray(1), Buffer.from('x')]) : part));
    assert.is(messages.read(changed), undefined, `part ${i}`);
    assert.is(messages.read(parts.filter((_, j) => j !== i)), undefined, `without part ${i}`);
  }
  const signed = (...texts: string[]) => {
    const hmac = createHmac('sha256', 'the key');
    for (const text of texts) hmac.update(text);
    return ['<IDS|MSG>', hmac.digest('hex'), ...texts].map((text) => Buffer.from(text));
  };
  assert.is(messages.read(signed('[]', '{}', '{}', '{}')), undefined);
  assert.is(messages.read(signed('{"msg_id": 1, "msg_type": "x"}', '{}', '{}', '{}')), undefined);
  assert.is(messages.read(signed('{"msg_id": "1", "msg_type": "x"}', '{}', '{}', 'null')), undefined);
  assert.ok(messages.read(signed('{"msg_id": "1", "msg_type": "x"}', '{}', '{}', '{}')));
});

const whole = { transport: 'tcp', ip: '127.0.0.1', key: 'k', signature_scheme: 'hmac-sha256' };
const ipc = (ip: string) => ({ transport: 'ipc', ip });
const ports = { shell_port: 1001, control_port: 1002, iopub_port: 1003, stdin_port: 1004, hb_port: 1005 };

for (const [what, fields, reason] of [
  ['without a key', { ...whole, ...ports, key: '' }, 'it has no key, so anybody on this machine could run code'],
  ['beyond loopback', { ...whole, ...ports, ip: '0.0.0.0' }, 'its ip is 0.0.0.0, but a kernel listens on this machine only'],
  ['of another transport', { ...whole, ...ports, transport: 'inproc' }, 'its transport is inproc, but must be tcp or ipc'],
  [
    'whose sockets have no absolute path',
    { ...whole, ...ports, ...ipc('kernel-ipc') },
    'its sockets kernel-ipc have no absolute path',
  ],
  [
    'whose sockets others reach',
    { ...whole, ...ports, ...ipc(path.join(tmpdir(), 'k')) },
    'is not for you alone: it must be yours, with mode 0700',
  ],
  [
    'whose sockets have no folder',
    { ...whole, ...ports, ...ipc('/nowhere/k') },
    'the folder of its sockets, /nowhere, is not there',
  ],
  [
    'whose sockets have long names',
    { ...whole, ...ports, ...ipc(`/${'k'.repeat(97)}`) },
    'is longer than the 103 bytes that systems take',
  ],
  [
    'of another scheme',
    { ...whole, ...ports, signature_scheme: 'hmac-md5' },
    'its signature_scheme is hmac-md5, but must be hmac-sha256',
  ],
  ['without a port', { ...whole, ...ports, hb_port: undefined }, 'its hb_port is undefined'],
] as const)
  test(`a connection file ${what} is refused`, async () => {
    const file = path.join(folder, 'connection.json');
    writeFileSync(file, JSON.stringify(fields));
    assert.match((await errorOf('BAD_CONNECTION_FILE', () => readConnectionFile(file))).message, reason);
  });

test('a connection file that is missing or torn is refused', async () => {
  await errorOf('BAD_CONNECTION_FILE', () => readConnectionFile(path.join(folder, 'nowhere')));
  const file = path.join(folder, 'torn.json');
  writeFileSync(file, '{"ip": ');
  await errorOf('BAD_CONNECTION_FILE', () => readConnectionFile(file));
});

test('over ipc the sockets are named after the ports, in a folder of the user alone', () => {
  const file = path.join(folder, 'ipc.json');
  writeFileSync(file, JSON.stringify({ ...whole, ...ports, ...ipc(path.join(folder, 'kernel-ipc')) }));
  assert.equal(readConnectionFile(file).places.iopub, { path: `${folder}/kernel-ipc-1003` });
});

test('positions in code points and in UTF-16 are the same places', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(30), (text, n) => {
      const points = Math.min(n, [...text].length);
      const units = unitsAt(text, points);
      assert.is(text.slice(0, units), [...text].slice(0, points).join(''));
      assert.is(pointsAt(text, units), points);
    }),
  );
});

test('the history: the last ones, a range of the own cells, those that fit a pattern', () => {
  const asked = (request: object) => historyOf(request, ['old', 'a1'], ['a2', 'b', 'a2']).map(([, , entry]) => entry);
  assert.equal(asked({ hist_access_type: 'tail', n: 2 }), ['b', 'a2']);
  assert.equal(asked({ hist_access_type: 'tail', n: 0 }), []);
  assert.equal(asked({ hist_access_type: 'range', start: 1, stop: 3 }), ['a2', 'b']);
  assert.equal(asked({ hist_access_type: 'range', session: 4 }), []);
  assert.equal(asked({ hist_access_type: 'search', pattern: 'a?' }), ['a1', 'a2', 'a2']);
  assert.equal(asked({ hist_access_type: 'search', pattern: '*a*', unique: true, n: 5 }), ['a1', 'a2']);
  assert.equal(asked({ hist_access_type: 'search', pattern: 'a' }), []);
  // A pattern that would take a naive matcher for ever.
  assert.equal(historyOf({ hist_access_type: 'search', pattern: `${'*a'.repeat(40)}b` }, ['a'.repeat(10_000)], []), []);
});

test('the entry of Jupyter: installed, replaced, removed; a kernel of others stays', async () => {
  const data = path.join(folder, 'data');
  const entry = { name: 'millrace', displayName: 'Millrace', folder: data };
  await errorOf('NO_JUPYTER', () => install(entry, []));
  mkdirSync(data);
  const place = install(entry, ['node', 'x']);
  install({ ...entry, displayName: 'Again' }, ['node', 'y']);
  // Settings of Spark may be secrets.
  assert.equal(
    [place, path.join(place, 'kernel.json')].map((file) => statSync(file).mode & 0o777),
    [0o700, 0o600],
  );
  const spec = JSON.parse(readFileSync(path.join(place, 'kernel.json'), 'utf8'));
  assert.equal(
    [spec.display_name, spec.argv, spec.interrupt_mode, spec.language],
    ['Again', ['node', 'y'], 'message', 'typescript'],
  );
  assert.is(uninstall(entry), place);
  assert.not(existsSync(place));
  await errorOf('NO_KERNEL', () => uninstall(entry));
  const others = path.join(data, 'kernels', 'python3');
  mkdirSync(others, { recursive: true });
  writeFileSync(path.join(others, 'kernel.json'), '{"argv": []}');
  await errorOf('BAD_ARGUMENT', () => install({ ...entry, name: 'python3' }, []));
  await errorOf('NO_KERNEL', () => uninstall({ ...entry, name: 'python3' }));
  await errorOf('BAD_ARGUMENT', () => install({ ...entry, name: '..' }, []));
});

/** A peer that has said hello as a DEALER; `answers` grows with the frames it gets. */
async function dealer(port: number): Promise<{ socket: Socket; answers: Buffer[]; isClosed: () => boolean }> {
  const socket = connect(port, '127.0.0.1');
  const reader = new FrameReader(1 << 20);
  const answers: Buffer[] = [];
  let closed = false;
  socket.on('error', () => {});
  socket.on('close', () => {
    closed = true;
  });
  socket.on('data', (data) => answers.push(...(reader.take(data as Buffer) ?? []).map(({ body }) => body)));
  socket.write(Buffer.concat([greeting, readyBytes('DEALER')]));
  await until(5_000, () => answers.length > 0, 'READY');
  return { socket, answers, isClosed: () => closed };
}

test('a stranger gets no answer: what is not signed is dropped before it is read', async () => {
  const file = path.join(folder, 'own.json');
  const own = Object.fromEntries(await Promise.all(Object.keys(ports).map(async (name) => [name, await freePort()] as const)));
  writeFileSync(file, JSON.stringify({ ...whole, ...own, key: 'secret' }));
  const child = spawn(process.execPath, [program, 'kernel', '--connection-file', file, '--master', 'local'], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('close', resolve));
  try {
    await until(
      20_000,
      () =>
        dealer(own['shell_port']).then(
          ({ socket }) => socket.destroy() !== undefined,
          () => false,
        ),
      'the kernel',
    );
    const stranger = await dealer(own['shell_port']);
    const forged = new Messages('guessed').write('execute_request', { code: 'process.exit(1)' }, undefined, []);
    stranger.socket.write(messageBytes(forged));
    // The answer to a signed one comes after it, so the forged one has been read by then.
    const asked = new Messages('secret').write('kernel_info_request', {}, undefined, []);
    stranger.socket.write(messageBytes(asked));
    await until(10_000, () => stranger.answers.length >= 7, 'the reply');
    const types = stranger.answers.flatMap((body) => /"msg_type":"(\w+)"/.exec(String(body))?.[1] ?? []);
    assert.equal([...new Set(types)], ['kernel_info_reply', 'kernel_info_request']);
    // A web page cannot speak to it.
    const page = connect(own['shell_port'], '127.0.0.1');
    page.on('error', () => {});
    page.resume();
    const gone = new Promise((resolve) => page.once('close', resolve));
    page.write('POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n'.padEnd(200));
    await within(5_000, gone, 'the end of a connection that speaks HTTP');
    stranger.socket.write(messageBytes(new Messages('secret').write('shutdown_request', { restart: false }, undefined, [])));
    await within(20_000, ended, 'the end of the kernel');
    assert.is(child.exitCode, 0);
  } finally {
    child.kill('SIGKILL');
  }
});

// Three sessions start.
if (long)
  test('a session that cannot be started fails its cell, and the kernel answers the next one', async () => {
    const file = path.join(folder, 'failing.json');
    const own = Object.fromEntries(await Promise.all(Object.keys(ports).map(async (name) => [name, await freePort()] as const)));
    writeFileSync(file, JSON.stringify({ ...whole, ...own, key: 'secret' }));
    let starts = 0;
    const engine = {
      master: 'local',
      get config(): undefined {
        if (++starts === 2) throw new Error('no more processes');
        return undefined;
      },
    };
    const kernel = new Kernel(readConnectionFile(file), engine);
    try {
      await kernel.listen();
      const { socket, answers } = await dealer(own['shell_port']);
      const replies = () =>
        answers.map(String).filter((body) => body.startsWith('{"status"') || body.startsWith('{"execution_count"'));
      const run = async (code: string) => {
        const before = replies().length;
        const content = { code, stop_on_error: false };
        socket.write(messageBytes(new Messages('secret').write('execute_request', content, undefined, [])));
        await until(30_000, () => replies().length > before, `the reply to ${code}`);
        return replies().at(-1)!;
      };
      assert.match(await run('process.exit(3)'), '"ename":"SessionEnded"');
      assert.match(await run('1'), '"evalue":"no more processes"');
      assert.match(await run('1'), '"status":"ok"');
      socket.destroy();
    } finally {
      await kernel.stop();
    }
  });

test('a socket refuses peers of the wrong kind, and publishes by topic', async () => {
  const socket = new ServerSocket('PUB');
  const port = await freePort();
  await socket.listen({ port, host: '127.0.0.1' });
  const wrong = await dealer(port);
  await until(5_000, wrong.isClosed, 'the end of a DEALER at PUB');
  await socket.close();
});

test('a peer that has proved nothing gives way when the socket is full, sends 1 MiB at most, and is not found before it greets', async () => {
  const socket = new ServerSocket('ROUTER', (_, peer) => peer.trust());
  const port = await freePort();
  await socket.listen({ port, host: '127.0.0.1' });
  const silent = connect(port, '127.0.0.1');
  await within(5_000, new Promise((resolve) => silent.once('data', resolve)), 'the greeting');
  assert.is(socket.peer(''), undefined);
  silent.destroy();
  const message = messageBytes([Buffer.alloc((1 << 20) + 1)]);
  const known = await dealer(port);
  known.socket.write(messageBytes([Buffer.from('signed')]));
  known.socket.write(Buffer.concat([Buffer.from([4, 8]), Buffer.from('\x04PING\0\0!', 'latin1')]));
  await until(5_000, () => known.answers.length === 2, 'PONG');
  known.socket.write(message);
  const stranger = await dealer(port);
  stranger.socket.write(message);
  await until(5_000, stranger.isClosed, 'the end of a stranger that sends too much');
  const oldest = await dealer(port);
  const others = await Promise.all(Array.from({ length: 255 }, () => dealer(port)));
  await until(5_000, oldest.isClosed, 'the end of the oldest stranger');
  assert.not(known.isClosed());
  for (const { socket: one } of others) one.destroy();
  await socket.close();
});

test.run();
