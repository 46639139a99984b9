// The write-ahead log of receivers: lines read from a socket survive the driver, and each is in one batch, once.
// time limit: 300 s
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { childrenOf } from '../../helpers/leaks';
import { instrumented } from '../../helpers/preload';
import { size } from '../../helpers/sizes';
import { LineServer } from '../../helpers/streams';
import { until } from '../../helpers/within';

const test = suite('logs of receivers');

/** The distinct lines in the log and in batches. */
function linesSeen(folder: string): number {
  const lines = new Set([...batchesOf(folder).values()].flat());
  const received = join(folder, 'checkpoint', 'received');
  const files = existsSync(received) ? readdirSync(received, { recursive: true, encoding: 'utf8' }) : [];
  for (const name of files.filter((file) => /\/\d+\/\d+$/.test(file))) {
    // A block whose batch is done may be removed at any time.
    if (existsSync(join(received, name)))
      for (const line of readFileSync(join(received, name), 'utf8').split('\n')) lines.add(line);
  }
  lines.delete('');
  return lines.size;
}

/** The contents of the batches; of a batch that came twice, the last. */
function batchesOf(folder: string): Map<number, string[]> {
  const text = existsSync(join(folder, 'log')) ? readFileSync(join(folder, 'log'), 'utf8') : '';
  const entries = text.split('\n').slice(0, -1);
  return new Map(entries.map((line) => JSON.parse(line)).map(({ time, lines }) => [time, lines]));
}

function start(folder: string, port: number, ...options: string[]): ChildProcess {
  const args = [...instrumented, 'test/helpers/log-driver.ts', folder, String(port), ...options];
  return spawn(process.execPath, args, { stdio: 'inherit' });
}

async function kill(child: ChildProcess): Promise<boolean> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
  return child.signalCode === 'SIGKILL';
}

const told = (folder: string) => (existsSync(join(folder, 'told')) ? readFileSync(join(folder, 'told'), 'utf8') : '');

/** The receiver of a driver: its child that runs the receiver program. */
function receiverOf({ pid = 0 }: ChildProcess): number {
  const line = childrenOf(pid).find((process) => process.includes('receiver')) ?? '';
  return Number(/^process (\d+)/.exec(line)?.[1]);
}

/** A driver that has read some lines and the beginning of one, and no batch; `end` ends it, and the next one's words are waited for. */
async function restarted(
  options: readonly string[],
  end: (driver: ChildProcess, folder: string) => Promise<unknown>,
  words: RegExp,
): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'log-'));
  const server = await LineServer.open();
  let driver = start(folder, server.port, ...options);
  try {
    await server.connected();
    await until(60_000, () => batchesOf(folder).size > 0, 'a batch');
    server.send('one\ntwo\nbegun');
    await end(driver, folder);
    await until(60_000, () => server.connections.size === 0, 'the end of the connection');
    driver = start(folder, server.port);
    await until(60_000, () => words.test(told(folder)), `${words} to be told`);
    // The notice comes with the batch that has the recovered lines.
    const had = batchesOf(folder).size;
    await until(60_000, () => batchesOf(folder).size > had + 1, 'batches');
    return [...batchesOf(folder).values()].flat();
  } finally {
    await kill(driver);
    await server.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

const logFiles = (folder: string) => readdirSync(join(folder, 'checkpoint', 'received'), { recursive: true, encoding: 'utf8' });
const partOf = (folder: string) => logFiles(folder).find((name) => name.endsWith('.part'));

test('a line that was incomplete when the driver was killed is counted, and reported after the restart', async () => {
  const end = async (driver: ChildProcess, folder: string) => {
    await until(60_000, () => linesSeen(folder) === 2, 'the lines');
    await kill(driver);
  };
  const lines = await restarted([], end, /5 bytes of lines that had not ended when an earlier run died are lost/);
  assert.equal(lines, ['one', 'two']);
});

test('lines written by a receiver that is killed with its driver are recovered, and an incomplete line is counted', async () => {
  const end = async (driver: ChildProcess, folder: string) => {
    // The file is there before its lines are.
    const bytes = () =>
      statSync(join(folder, 'checkpoint', 'received', partOf(folder) ?? ''), { throwIfNoEntry: false })?.size ?? 0;
    await until(60_000, () => partOf(folder) && bytes() >= 'one\ntwo\n'.length, 'a block with the lines');
    const receiver = receiverOf(driver);
    // It must not notice the end of its driver before its own.
    process.kill(receiver, 'SIGSTOP');
    const part = join(folder, 'checkpoint', 'received', partOf(folder) ?? '');
    appendFileSync(part, 'cut');
    await kill(driver);
    process.kill(receiver, 'SIGKILL');
  };
  const lines = await restarted(['1h'], end, /3 bytes of lines that had not ended when an earlier run died are lost/);
  assert.equal(lines, ['one', 'two']);
});

test('without a log a notice says that received lines were lost uncounted', async () => {
  const end = (driver: ChildProcess) => kill(driver);
  await restarted(['200ms', 'no log'], end, /the last run kept no log: elements that it had received and no batch had read/);
});

test('nothing that was read is lost or doubled when the driver is killed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'log-'));
  const kills = size(2, 10);
  const each = 500;
  let sent = 0;
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    for (let i = 0; i < each; i++) socket.write(`line ${sent++}\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  let struck = 0;
  try {
    for (let run = 0; run <= kills; run++) {
      const driver = start(folder, port);
      const inBatches = () => [...batchesOf(folder).values()].reduce((n, lines) => n + lines.length, 0);
      const target = (run + 1) * each;
      // As soon as the log has everything, which is usually before a batch has it; at the end when batches have everything.
      const logged = () => linesSeen(folder) >= target;
      const enough = run < kills ? logged : () => inBatches() >= target;
      await until(60_000, enough, `the lines of run ${run}`);
      if (run < kills) await until(10_000, () => sent === target, 'the server to send all');
      if (await kill(driver)) struck++;
    }
    assert.is(struck, kills + 1);
    const got = [...batchesOf(folder).values()].flat().sort();
    assert.equal(got, Array.from({ length: sent }, (_, i) => `line ${i}`).sort());
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
});

test.run();
