// The write-ahead log of receivers: what was read of a socket outlives the driver, and is in one batch, once.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { size } from '../helpers/sizes';
import { until } from '../helpers/within';

const test = suite('logs of receivers');

/** The different lines in the log and in batches. */
function linesSeen(folder: string): number {
  const lines = new Set([...batchesOf(folder).values()].flat());
  const received = join(folder, 'checkpoint', 'received');
  const files = existsSync(received) ? readdirSync(received, { recursive: true, encoding: 'utf8' }) : [];
  for (const name of files.filter((file) => /\/\d+\/\d+$/.test(file))) {
    // A block whose batch is done goes at any time.
    if (existsSync(join(received, name)))
      for (const line of readFileSync(join(received, name), 'utf8').split('\n')) lines.add(line);
  }
  lines.delete('');
  return lines.size;
}

/** What the batches had; one that came twice counts as it came last. */
function batchesOf(folder: string): Map<number, string[]> {
  const text = existsSync(join(folder, 'log')) ? readFileSync(join(folder, 'log'), 'utf8') : '';
  const entries = text.split('\n').slice(0, -1);
  return new Map(entries.map((line) => JSON.parse(line)).map(({ time, lines }) => [time, lines]));
}

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
      const preload = ['-r', 'ts-node/register/transpile-only', '-r', './test/helpers/instrument.ts'];
      const args = [...preload, 'test/helpers/log-driver.ts', folder, String(port)];
      const driver = spawn(process.execPath, args, { stdio: 'inherit' });
      const gone = new Promise((resolve) => driver.once('exit', resolve));
      const inBatches = () => [...batchesOf(folder).values()].reduce((n, lines) => n + lines.length, 0);
      const target = (run + 1) * each;
      // As soon as all is in the log, which is before a batch has it as a rule; at the end when batches have all.
      const logged = () => linesSeen(folder) >= target;
      const enough = run < kills ? logged : () => inBatches() >= target;
      await until(60_000, enough, `the lines of run ${run}`);
      if (run < kills) await until(10_000, () => sent === target, 'the server to send all');
      driver.kill('SIGKILL');
      await gone;
      if (driver.signalCode === 'SIGKILL') struck++;
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
