// The watch over what tests leave behind sees each kind of it, and nothing where nothing is left.
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { watchLeaks } from './leaks';

const test = suite('leaks');
const machine = tmpdir();
let leaks: ReturnType<typeof watchLeaks>;
const once = (emitter: { once(event: string, then: () => void): unknown }, event: string) =>
  new Promise<void>((resolve) => void emitter.once(event, resolve));

test.before(() => {
  leaks = watchLeaks();
});

/** What is made is reported by one line that matches, and not any more once it is gone. */
function sees(what: string, pattern: RegExp, make: () => Promise<() => unknown> | (() => unknown)): void {
  test(what, async () => {
    const remove = await make();
    const error = await leaks.check(50).then(
      () => undefined,
      (e: Error) => e,
    );
    await remove();
    assert.match(error?.message ?? 'nothing was reported', pattern);
    await leaks.check();
  });
}

test('nothing', () => leaks.check(50));

sees('a process', /process \d+: .*sleep 60|process \d+: sleep 60/, async () => {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  await once(child, 'spawn');
  return () => {
    child.kill('SIGKILL');
    return once(child, 'exit');
  };
});

sees('a descriptor', /descriptor .*opened: 1, was 0/, () => {
  const folder = mkdtempSync(join(machine, 'leaks-'));
  const fd = openSync(join(folder, 'opened'), 'w');
  return () => {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  };
});

sees('a descriptor of a file that is gone', /descriptor .*removed \(deleted\): 1, was 0/, () => {
  const folder = mkdtempSync(join(machine, 'leaks-'));
  const fd = openSync(join(folder, 'removed'), 'w');
  rmSync(folder, { recursive: true });
  return () => closeSync(fd);
});

sees('a timer', /resource Timeout/, () => {
  const timer = setTimeout(() => {}, 60_000);
  return () => clearTimeout(timer);
});

sees('a port', /resource TCPServerWrap/, async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return () => {
    server.close();
    return once(server, 'close');
  };
});

sees('a thread', /^left behind:\n {2}thread$/m, async () => {
  const worker = new Worker('setInterval(() => {}, 1000)', { eval: true, execArgv: [] });
  await once(worker, 'online');
  return () => worker.terminate();
});

sees('a folder and a file', /temporary session-\w+[\s\S]*temporary text/, () => {
  const folder = mkdtempSync(join(tmpdir(), 'session-'));
  const file = join(tmpdir(), 'text');
  writeFileSync(file, '');
  return () => {
    rmSync(folder, { recursive: true });
    rmSync(file);
  };
});

test.run();
