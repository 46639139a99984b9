// Followed files and webhooks with a checkpoint, whose driver is killed: every line is in one batch, once; every answered request is there.
// time limit: 300 s
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { childrenOf } from '../../helpers/leaks';
import { instrumented } from '../../helpers/preload';
import { size } from '../../helpers/sizes';
import { until } from '../../helpers/within';

const test = suite('kills of drivers that follow files');
const kills = size(6, 30);

function start(folder: string, kind: string, where: string): ChildProcess {
  return spawn(process.execPath, [...instrumented, 'test/helpers/tail-driver.ts', folder, kind, where], { stdio: 'inherit' });
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
  assert.is(child.signalCode, 'SIGKILL');
}

/** The elements of the batches; of a batch that came twice, the last. */
function elementsOf(folder: string): unknown[] {
  const text = existsSync(join(folder, 'log')) ? readFileSync(join(folder, 'log'), 'utf8') : '';
  const entries = text.split('\n').slice(0, -1);
  return [...new Map(entries.map((line) => JSON.parse(line)).map(({ time, lines }) => [time, lines])).values()].flat();
}

/** The receiver of a driver: its child that runs the receiver program. */
function receiverOf({ pid = 0 }: ChildProcess): number {
  const line = childrenOf(pid).find((process) => process.includes('receiver')) ?? '';
  return Number(/^process (\d+)/.exec(line)?.[1]);
}

test(`the driver is killed ${kills} times, with its receiver or without, while the file grows and rotates: each line once`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tail-kills-'));
  const log = join(folder, 'app.log');
  writeFileSync(log, '');
  let written = 0;
  let struck = 0;
  let rotations = 0;
  const write = (n: number) => {
    let text = '';
    for (let i = 0; i < n; i++) text += `line ${written++}\n`;
    appendFileSync(log, text);
  };
  let driver: ChildProcess | undefined;
  try {
    for (let run = 0; run <= kills; run++) {
      driver = start(folder, 'tail', log);
      write(300);
      // Somewhere in the middle: some lines of this run are in batches, others in the log alone, others in the file.
      const had = elementsOf(folder).length;
      await until(60_000, () => elementsOf(folder).length > had, `lines of run ${run}`);
      write(300);
      if (run === kills) break;
      const receiver = receiverOf(driver);
      if (run % 3 === 1) process.kill(receiver, 'SIGSTOP');
      await kill(driver);
      struck++;
      if (run % 3 === 1) process.kill(receiver, run % 2 === 0 ? 'SIGCONT' : 'SIGKILL');
      if (run % 2 === 0) {
        write(100);
        renameSync(log, `${log}.${rotations++}`);
      }
      write(100);
    }
    await until(60_000, () => elementsOf(folder).length >= written, 'all lines');
    assert.is(struck, kills);
    assert.ok(rotations >= kills / 2);
    const expected = Array.from({ length: written }, (_, i) => `line ${i}`);
    assert.equal((elementsOf(folder) as string[]).sort(), expected.sort());
  } finally {
    if (driver) await kill(driver);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
});

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('the driver of a webhook is killed: every answered request is in a batch', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'webhook-kills-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let answered = 0;
  let isOver = false;
  const headers = { 'content-type': 'application/json' };
  const send = async (n: number) => {
    for (;;) {
      const answer = await fetch(url, { method: 'POST', headers, body: `${n}` }).catch(() => undefined);
      if (answer?.status === 200) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    answered++;
  };
  const clients = Array.from({ length: 4 }, async (_, client) => {
    let sent = 0;
    for (; !isOver; sent++) await send(client * 1_000_000 + sent);
    return sent;
  });
  const rounds = Math.ceil(kills / 2);
  let driver: ChildProcess | undefined;
  try {
    for (let run = 0; run <= rounds; run++) {
      driver = start(folder, 'webhook', String(port));
      const had = answered;
      await until(60_000, () => answered > had + 20, `answers of run ${run}`);
      if (run < rounds) await kill(driver);
    }
    isOver = true;
    const sent = await Promise.all(clients);
    const expected = sent.flatMap((n, client) => Array.from({ length: n }, (_, i) => client * 1_000_000 + i));
    await until(60_000, () => new Set(elementsOf(folder)).size >= expected.length, 'all requests');
    const got = elementsOf(folder) as number[];
    assert.equal(
      [...new Set(got)].sort((a, b) => a - b),
      expected.sort((a, b) => a - b),
    );
    // One request of each client may have lost its answer with each kill.
    assert.ok(got.length - expected.length <= 4 * rounds, `${got.length - expected.length} came twice`);
  } finally {
    isOver = true;
    if (driver) await kill(driver);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
});

test.run();
