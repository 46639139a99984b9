// Receiver processes: the messages between them and their driver, and that none of them survives a killed driver.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SessionFolder } from '../../cluster/driver/session-folder';
import { checkFromReceiver, checkToReceiver } from '../../cluster/receivers/protocol';
import { watchLeaks } from '../helpers/leaks';
import { instrumented } from '../helpers/preload';
import { isAlive } from '../helpers/processes';
import { until, within } from '../helpers/within';

const test = suite('security: receivers');
const leaks = watchLeaks();

const open = {
  kind: 'open',
  stream: 0,
  source: { kind: 'socket', host: 'localhost', port: 1 },
  folder: 'f',
  firstBlock: 0,
  isDurable: false,
  blockInterval: 200,
  maxLineBytes: 10,
  maxUnprocessedBytes: 10,
  unprocessedBytes: 0,
  silence: 10,
  rate: -1,
};

const good = {
  from: [
    { kind: 'block', stream: 0, block: 1, bytes: 2, records: 3 },
    { kind: 'report', stream: 0, event: 'error', message: 'x' },
    { kind: 'closed', stream: 0 },
  ],
  to: [
    open,
    { ...open, source: { kind: 'webSocket', url: 'ws://x' } },
    { ...open, source: { kind: 'socketListen', port: 0 } },
    { ...open, source: { kind: 'tail', paths: ['/x/*.log'], from: 'end' } },
    {
      ...open,
      source: { kind: 'webhookListen', host: '::1', port: 1, token: 't', tls: { cert: 'c', key: 'k' }, maxBodyBytes: 1 },
    },
    { ...open, source: { kind: 'custom', program: new Uint8Array(1), isText: false } },
    { kind: 'processed', stream: 0, bytes: 1 },
    { kind: 'known', stream: 0, block: 1 },
    { kind: 'limit', stream: 0, perSecond: -1 },
    { kind: 'close', stream: 0, graceful: true },
  ],
};

const wrongValues = [undefined, null, -2, 1.5, Number.NaN, 'x'.repeat(10_000), [], {}, true, () => {}];

/** Every message with one field wrong, missing or unknown. */
function* spoiled(message: Record<string, unknown>): Generator<Record<string, unknown>> {
  yield { ...message, more: 1 };
  for (const field of Object.keys(message)) {
    if (field === 'graceful') continue;
    for (const value of wrongValues) if (!(field === 'isDurable' && value === true)) yield { ...message, [field]: value };
  }
}

test('valid messages are read unchanged, and messages with any wrong field are refused', () => {
  let refused = 0;
  for (const [check, messages] of [
    [checkFromReceiver, good.from],
    [checkToReceiver, good.to],
  ] as const) {
    for (const message of messages) {
      assert.equal(check(message), message);
      for (const bad of spoiled(message)) {
        assert.throws(
          () => check(bad),
          (error: { code?: string }) => error.code === 'PROTOCOL',
          JSON.stringify(bad),
        );
        refused++;
      }
    }
  }
  assert.ok(refused > 300, `${refused}`);
  for (const nothing of [undefined, null, 'block', [], 5]) assert.throws(() => checkFromReceiver(nothing));
});

test('the receivers and files of a killed driver are gone soon', async () => {
  const program = path.join(__dirname, '../helpers/stream-driver.ts');
  const driver = spawn(process.execPath, [...instrumented, program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, DISABLE_V8_COMPILE_CACHE: '1' },
  });
  const line = await within(90_000, new Promise<string>((resolve) => createInterface(driver.stdout).once('line', resolve)), 'it');
  const { pids, folder } = JSON.parse(line) as { pids: number[]; folder: string };
  assert.is(pids.length, 2);
  for (const pid of pids) assert.ok(isAlive(pid));
  assert.ok(existsSync(folder));
  driver.kill('SIGKILL');
  await until(15_000, () => !pids.some(isAlive) && !existsSync(folder), 'the end of the receivers and their files');
});

test('leaves nothing behind', async () => {
  // The next session removes what a killed driver left of its folder.
  await SessionFolder.make().remove();
  await leaks.check();
});

test.run();
