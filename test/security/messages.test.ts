// What an authenticated peer may send: every message is checked field by field, and a wrong message ends the connection.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stringify } from 'superjson';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { WebSocket } from 'ws';
import { dial } from '../../cluster/link/dial';
import type { Handover } from '../../cluster/link/handover';
import { ExecutorHandshake } from '../../cluster/link/handshake';
import { checkToDriver, checkToExecutor } from '../../cluster/link/protocol';
import { packEnd, unpackEnd } from '../../cluster/link/task-end';
import {
  maxErrorDetails,
  maxErrorFrames,
  maxErrorName,
  maxErrorPath,
  maxErrorText,
  maxFetchReason,
} from '../../runtime/base/limits';
import type { RemoteError } from '../../runtime/plan/end';
import { encode } from '../../runtime/wire/codec';
import { frameHead, readFrame } from '../../runtime/wire/frame';
import { watchLeaks } from '../helpers/leaks';
import { ToyPool, tellingExecutor, toyExecutor } from '../helpers/pool';
import { processesOf } from '../helpers/processes';
import { until } from '../helpers/within';

const test = suite('security: messages');
let leaks: ReturnType<typeof watchLeaks>;

test.before(async () => {
  await toyExecutor();
  leaks = watchLeaks();
});

const metrics = { runMs: 1, recordsRead: 1, shuffleBytesWritten: 0, shuffleBytesRead: 0 };
const output = { shuffleId: 1, mapIndex: 0, executorId: 'e1', writer: 0, sizes: [1] };
const success = {
  kind: 'success',
  accumulatorBytes: 0,
  cached: [{ rddId: 1, partition: 0, bytes: 8, diskBytes: 9 }],
  evicted: [{ rddId: 1, partition: 1 }],
  output,
  metrics,
};
const ended = { kind: 'ended', taskId: 1, end: success };
const task = {
  taskId: 1,
  jobId: 1,
  stageId: 1,
  stageAttempt: 0,
  partition: 0,
  attempt: 0,
  programId: 'p',
  needs: ['p'],
  maxResultBytes: 10,
};

const good = {
  toDriver: [
    { kind: 'ready', pid: 1 },
    { kind: 'progress', taskId: 1, records: 5 },
    { kind: 'exhausted' },
    ended,
    { kind: 'ended', taskId: 1, end: { kind: 'cancelled' } },
    { kind: 'ended', taskId: 1, end: { kind: 'userError' } },
    { kind: 'ended', taskId: 1, end: { kind: 'tooBig', bytes: 2, limit: 1 } },
    { kind: 'ended', taskId: 1, end: { kind: 'fetchFailed', shuffleId: 1, mapIndex: -1, writer: -1, reason: 'gone' } },
  ],
  toExecutor: [
    { kind: 'launch', task },
    { kind: 'blob', id: 'b' },
    { kind: 'cancel', taskId: 1 },
    { kind: 'forget', what: { kind: 'rdd', rddId: 1 } },
    { kind: 'forget', what: { kind: 'copies', rddId: 1, partition: 2, keeper: 'e1' } },
    { kind: 'forget', what: { kind: 'shuffle', shuffleId: 1 } },
    { kind: 'forget', what: { kind: 'blob', id: 'b' } },
  ],
};

const toDriver = (message: unknown) => checkToDriver(message, 'e1', 0);

/** Values that are wrong in any place where another kind is expected. */
const wrongValues = [
  undefined,
  null,
  true,
  -2,
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 60,
  1n,
  [],
  ['x', 7],
  {},
  new Date(0),
  'x'.repeat(20_000),
];

/** All copies of `message` with one field, at any depth, replaced by a wrong value, left out, or added. */
function* mutants(message: object): Generator<unknown> {
  yield { ...message, extra: 1 };
  for (const [key, value] of Object.entries(message)) {
    for (const wrong of wrongValues) if (!sameKind(wrong, value)) yield { ...message, [key]: wrong };
    if (typeof value === 'string') yield { ...message, [key]: 7 };
    if (typeof value === 'number') yield { ...message, [key]: String(value) };
    if (Array.isArray(value)) {
      if (typeof value[0] === 'object') for (const inner of mutants(value[0])) yield { ...message, [key]: [inner] };
    } else if (typeof value === 'object') for (const inner of mutants(value)) yield { ...message, [key]: inner };
  }
}

/** Where the "wrong" value happens to be valid: an empty list for a list, an optional output, a fraction of a time. */
function sameKind(wrong: unknown, right: unknown): boolean {
  if (Array.isArray(wrong) && wrong.length === 0) return Array.isArray(right);
  if (wrong === undefined) return right === output;
  if (wrong === 1.5) return right === metrics.runMs;
  return false;
}

test('valid messages are read unchanged', () => {
  for (const message of good.toDriver) assert.equal(toDriver(message), message);
  for (const message of good.toExecutor) assert.equal(checkToExecutor(message), message);
});

for (const [name, messages, check] of [
  ['the driver', good.toDriver, toDriver],
  ['an executor', good.toExecutor, checkToExecutor],
] as const) {
  test(`${name} refuses each message in which any one field is wrong`, () => {
    let refused = 0;
    for (const message of messages) {
      for (const mutant of mutants(message)) {
        // A time may be a fraction and an id any text: those mutants are valid.
        if (isRight(mutant)) continue;
        assert.throws(
          () => check(mutant),
          (error: Error & { code?: string }) => error.code === 'PROTOCOL',
          JSON.stringify(mutant, bigints),
        );
        refused++;
      }
    }
    assert.ok(refused > 50, `${refused} mutants`);
  });
}

const bigints = (_: string, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value);

/** `runMs: 2 ** 60` is a long time, but a time. */
function isRight(mutant: any): boolean {
  return mutant?.end?.metrics?.runMs === 2 ** 60 || mutant?.end?.metrics?.runMs === 1.5;
}

test('values that are no message at all are refused', () => {
  for (const wrong of [
    null,
    undefined,
    7,
    'ready',
    [],
    [ended],
    { kind: 'lost' },
    { kind: '__proto__' },
    Object.create({ kind: 'ready', pid: 1 }),
  ]) {
    assert.throws(
      () => toDriver(wrong),
      (error: Error & { code?: string }) => error.code === 'PROTOCOL',
    );
  }
});

test('an executor cannot speak for another, nor claim more bytes than it sent', () => {
  const foreign = { ...ended, end: { ...success, output: { ...output, executorId: 'e2' } } };
  assert.throws(() => toDriver(foreign), /map output of e2/);
  assert.throws(() => toDriver({ ...ended, end: { ...success, accumulatorBytes: 1 } }), /accumulatorBytes/);
});

test('errors and accumulator updates in the tail are checked as well', () => {
  const error = { name: 'E', message: 'm', stack: '', frames: [{ file: 'f', line: 1, column: 1 }] };
  assert.equal(unpackEnd({ kind: 'userError' }, encode(error)).kind, 'userError');
  for (const wrong of [
    7,
    null,
    [],
    { ...error, name: 7 },
    { ...error, frames: [{}] },
    { ...error, details: 7 },
    { ...error, fields: { a: {} } },
    { ...error, more: 1 },
  ]) {
    assert.throws(() => unpackEnd({ kind: 'userError' }, encode(wrong)), /invalid message/);
  }
  for (const wrong of [7, {}, [{ id: 7, value: 1 }], [{ id: 'a', value: 1, more: 1 }]]) {
    const tail = encode(wrong);
    const sent = { kind: 'success', accumulatorBytes: tail.length, cached: [], evicted: [], metrics } as const;
    assert.throws(() => unpackEnd(sent, tail), /invalid message/);
  }
  const hollow = encode(new Array(4_000_000_000));
  const sent = { kind: 'success', accumulatorBytes: hollow.length, cached: [], evicted: [], metrics } as const;
  assert.throws(() => unpackEnd(sent, hollow), /invalid message/);
  assert.throws(() => unpackEnd({ kind: 'userError' }, encode({ ...error, frames: new Array(3) })), /invalid message/);
});

/** An error whose field has so many characters, or so many frames or details. */
const sized: Record<string, [limit: number, make: (n: number) => Partial<RemoteError>, read: (error: RemoteError) => number]> = {
  name: [maxErrorName, (n) => ({ name: 'x'.repeat(n) }), (e) => e.name.length],
  message: [maxErrorText, (n) => ({ message: '\u20ac'.repeat(n) }), (e) => e.message.length],
  stack: [maxErrorText, (n) => ({ stack: 'x'.repeat(n) }), (e) => e.stack.length],
  operator: [maxErrorName, (n) => ({ operator: 'x'.repeat(n) }), (e) => e.operator!.length],
  element: [maxErrorText, (n) => ({ element: 'x'.repeat(n) }), (e) => e.element!.length],
  frames: [maxErrorFrames, (n) => ({ frames: Array(n).fill({ file: 'f', line: 1, column: 1 }) }), (e) => e.frames.length],
  'file of a frame': [
    maxErrorPath,
    (n) => ({ frames: [{ file: 'f'.repeat(n), line: 1, column: 1 }] }),
    (e) => e.frames[0].file.length,
  ],
  'text of a detail': [
    maxErrorText,
    (n) => ({ code: 'DISK', details: { path: 'x'.repeat(n) } }),
    (e) => String(e.details!.path).length,
  ],
  fields: [
    maxErrorDetails,
    (n) => ({ fields: Object.fromEntries(Array.from({ length: n }, (_, i) => [`k${i}`, i])) }),
    (e) => Object.keys(e.fields!).length,
  ],
  details: [
    maxErrorDetails,
    (n) => ({ code: 'DISK', details: Object.fromEntries(Array.from({ length: n }, (_, i) => [`k${i}`, i])) }),
    (e) => Object.keys(e.details!).length,
  ],
};

for (const [field, [limit, make, read]] of Object.entries(sized)) {
  test(`an error whose ${field} is at the limit arrives, a larger one is cut by the sender and refused by the receiver`, () => {
    const plain = { name: 'E', message: 'm', stack: '', frames: [] };
    for (const n of [limit - 1, limit, limit + 1, 2 * limit]) {
      const error = { ...plain, ...make(n) };
      const { end, tail } = packEnd({ kind: 'userError', error });
      const received = unpackEnd(end, tail);
      assert.ok(received.kind === 'userError');
      assert.is(read(received.error), Math.min(n, limit));
      const uncut = () => unpackEnd({ kind: 'userError' }, encode(error));
      if (n <= limit) uncut();
      else assert.throws(uncut, /invalid message/);
    }
  });
}

test('the reason of a failed fetch is cut by the sender, and a longer one is refused', () => {
  const fetch = (n: number) => ({ kind: 'fetchFailed', shuffleId: 1, mapIndex: 0, writer: 0, reason: 'x'.repeat(n) }) as const;
  for (const n of [maxFetchReason, maxFetchReason + 1]) {
    const { end } = packEnd(fetch(n));
    assert.is((toDriver({ kind: 'ended', taskId: 1, end }) as { end: { reason: string } }).end.reason.length, maxFetchReason);
  }
  assert.throws(() => toDriver({ kind: 'ended', taskId: 1, end: fetch(maxFetchReason + 1) }), /invalid message/);
});

test('the end of a task that is larger than a frame says so', () => {
  const end = (bytes: number) =>
    ({
      kind: 'success',
      value: Buffer.alloc(bytes),
      cached: [],
      evicted: [],
      accumulators: [{ id: 'a', value: 'xyz' }],
      metrics,
    }) as const;
  const updates = packEnd(end(0)).tail.length;
  assert.is(packEnd(end(100 - updates), 100).end.kind, 'success');
  assert.equal(packEnd(end(101 - updates), 100).end, { kind: 'tooBig', bytes: 101, limit: 100 });
});

test('only codes of declared errors travel: any other makes an error of the user', () => {
  for (const code of ['__proto__', 'constructor', 'CANCELLED', '', 7]) {
    const error = { name: 'E', message: 'm', stack: '', frames: [], code: code as string, details: { path: 'x' } };
    const { end, tail } = packEnd({ kind: 'userError', error });
    const received = unpackEnd(end, tail);
    assert.ok(received.kind === 'userError');
    assert.equal([received.error.code, received.error.details], [undefined, undefined]);
    assert.throws(() => unpackEnd({ kind: 'userError' }, encode(error)), /invalid message/);
  }
});

test('frames whose lengths contradict each other are refused', () => {
  const whole = frameHead('{}');
  assert.is(readFrame(whole).control, '{}');
  for (const wrong of [Buffer.alloc(0), Buffer.alloc(3), whole.subarray(0, 5), Buffer.from([255, 255, 255, 255, 0])]) {
    assert.throws(() => readFrame(wrong), /invalid message/);
  }
});

interface Rogue {
  readonly pool: ToyPool;
  readonly ws: WebSocket;
  readonly folder: string;
  pid(): number;
}

/** An executor whose token has been stolen: the test speaks in its place, from the handshake on. */
async function rogue(): Promise<Rogue> {
  const folder = mkdtempSync(path.join(tmpdir(), 'rogue-'));
  const program = await tellingExecutor(folder, true);
  const pool = await ToyPool.start('local[1]', { program }, 0);
  await until(5000, () => existsSync(path.join(folder, 'e1')), 'the handover');
  const handover = JSON.parse(readFileSync(path.join(folder, 'e1'), 'utf8')) as Handover;
  const ws = dial(handover.socket);
  const handshake = new ExecutorHandshake(Buffer.from(handover.token, 'hex'), 'e1');
  let answered = false;
  ws.on('error', () => {});
  ws.on('open', () => ws.send(handshake.hello()));
  ws.once('message', (challenge) => {
    ws.send(handshake.answer(challenge.toString()));
    answered = true;
  });
  await until(5000, () => answered, 'the handshake');
  return { pool, ws, folder, pid: () => processesOf(program)[0] };
}

const say = (ws: WebSocket, message: unknown) => ws.send(frameHead(stringify(message)));

const rogueDeeds: Record<string, (it: Rogue) => void> = {
  'a message of an unknown kind': ({ ws }) => say(ws, { kind: 'evaluate', code: 'process.exit()' }),
  'an end of a task that it does not run': ({ ws }) => say(ws, { kind: 'ended', taskId: 77, end: { kind: 'cancelled' } }),
  'a second joining': ({ ws, pid }) => say(ws, { kind: 'ready', pid: pid() }),
  'a text frame': ({ ws }) => ws.send('{}'),
  'control text that is no JSON': ({ ws }) => ws.send(frameHead('{')),
  'a truncated frame': ({ ws }) => ws.send(Buffer.from([9, 0, 0, 0, 1])),
  'keys that pollute prototypes': ({ ws }) =>
    ws.send(frameHead('{"json":{"kind":"ready"},"meta":{"values":{"__proto__.polluted":["undefined"]}}}')),
};

for (const [name, deed] of Object.entries(rogueDeeds)) {
  test(`an executor that sends ${name} is dropped, and the driver goes on`, async () => {
    const it = await rogue();
    const { pool, ws, folder, pid } = it;
    const process = pid();
    say(ws, { kind: 'ready', pid: process });
    await until(5000, () => pool.joined.length === 1, 'the joining');
    deed(it);
    await until(2000, () => pool.lost.length === 1, 'the loss');
    await until(2000, () => ws.readyState === WebSocket.CLOSED, 'the close');
    await until(2000, () => !processesOf(folder).includes(process), 'the end of its process');
    assert.is(({} as Record<string, unknown>).polluted, undefined);
    assert.equal(pool.failed, []);
    await pool.stop();
    rmSync(folder, { recursive: true });
  });
}

test('a peer that joins for another process is dropped before it gets a task', async () => {
  const { pool, ws, folder } = await rogue();
  say(ws, { kind: 'ready', pid: process.pid });
  await until(2000, () => ws.readyState === WebSocket.CLOSED, 'the close');
  assert.equal(pool.joined, []);
  await pool.stop();
  rmSync(folder, { recursive: true });
});

test('an id is used once: a second connection for a joined executor is refused', async () => {
  const { pool, ws, folder, pid } = await rogue();
  say(ws, { kind: 'ready', pid: pid() });
  await until(5000, () => pool.joined.length === 1, 'the joining');
  const handover = JSON.parse(readFileSync(path.join(folder, 'e1'), 'utf8')) as Handover;
  const second = dial(handover.socket);
  const handshake = new ExecutorHandshake(Buffer.from(handover.token, 'hex'), 'e1');
  second.on('error', () => {});
  second.on('open', () => second.send(handshake.hello()));
  second.on('message', (challenge) => second.send(handshake.answer(challenge.toString())));
  await until(2000, () => second.readyState === WebSocket.CLOSED, 'the refusal');
  assert.equal(pool.lost, []);
  await pool.stop();
  rmSync(folder, { recursive: true });
});

test('an executor that gets no instructions ends with its own exit code', async () => {
  const program = await toyExecutor();
  for (const input of ['', '{}\n', '{"executorId":"e1"', 'x'.repeat(30_000)]) {
    assert.is(spawnSync(process.execPath, [program], { input, timeout: 10_000 }).status, 71, input.slice(0, 20));
  }
});

test('leaves nothing behind', () => leaks.check());

test.run();
