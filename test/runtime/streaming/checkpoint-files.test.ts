// Checkpoint files: each call to the file system that fails in a write leaves the old one or the new one, and never a half.
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { StreamCheckpoint } from '../../../runtime/streaming/recovery/checkpoint';
import { CheckpointFiles } from '../../../runtime/streaming/recovery/checkpoint-files';

const calls = ['open', 'write', 'fsync', 'rename', 'close', 'mkdirSync', 'readdirSync'] as const;
type Call = (...args: unknown[]) => unknown;
const functions = fs as unknown as Record<string, Call>;

/** Makes the Nth call fail, before or after it is done; answers how many there were, and gives node:fs its own functions back. */
async function failing(n: number, when: 'before' | 'after', f: () => Promise<void>): Promise<number> {
  const originals = calls.map((name) => functions[name]);
  let count = 0;
  for (const [i, name] of calls.entries()) {
    functions[name] = (...args) => {
      if (++count !== n) return originals[i](...args);
      const error = Object.assign(new Error('EIO: made to fail'), { code: 'EIO' });
      const done = args.at(-1);
      if (name.endsWith('Sync') || typeof done !== 'function') throw error;
      if (when === 'before') return (done as Call)(error);
      return originals[i](...args.slice(0, -1), () => (done as Call)(error));
    };
  }
  try {
    await f();
  } finally {
    for (const [i, name] of calls.entries()) functions[name] = originals[i];
  }
  return count;
}

const at = (lastDone: number): StreamCheckpoint => ({
  interval: 1000,
  zeroTime: 0,
  lastDone,
  lastMade: lastDone,
  unfinished: [],
  inputs: [],
  states: [],
});

test('the old one or the new one, never neither', async () => {
  let fired = 0;
  for (const when of ['before', 'after'] as const) {
    for (let n = 1, more = true; more; n++) {
      const folder = fs.mkdtempSync(join(tmpdir(), 'files-'));
      await new CheckpointFiles(folder).write(at(1));
      await new CheckpointFiles(folder).write(at(2));
      let failure: { code?: string } | undefined;
      const count = await failing(n, when, async () => {
        failure = await new CheckpointFiles(folder).write(at(3)).then(
          () => undefined,
          (e) => e,
        );
      });
      more = count >= n;
      if (more) fired++;
      const found = new CheckpointFiles(folder).read()?.checkpoint.lastDone;
      if (!failure) assert.is(found, 3);
      else assert.ok(found === 2 || found === 3, `call ${n} ${when}: ${found}`);
      // A later write makes up for it.
      await new CheckpointFiles(folder).write(at(4));
      assert.is(new CheckpointFiles(folder).read()?.checkpoint.lastDone, 4);
      const left = fs.readdirSync(join(folder, 'batches'));
      assert.is(left.length, 2, left.join());
      fs.rmSync(folder, { recursive: true });
    }
  }
  assert.ok(fired >= 16, `${fired} faults`);
});

test('each byte that is changed or missing is noticed', async () => {
  const folder = fs.mkdtempSync(join(tmpdir(), 'files-'));
  const files = new CheckpointFiles(folder);
  await files.write(at(1));
  await files.write(at(2));
  const path = join(folder, 'batches', '1');
  const bytes = fs.readFileSync(path);
  for (let i = 0; i < bytes.length; i++) {
    const damaged = Buffer.from(bytes);
    damaged[i] ^= 0x10;
    for (const wrong of [damaged, bytes.subarray(0, i)]) {
      fs.writeFileSync(path, wrong);
      const found = files.read();
      assert.is(found?.checkpoint.lastDone, 1, `byte ${i}`);
      assert.match(found?.damage[0].message ?? '', /batches\/1/);
    }
  }
  fs.rmSync(folder, { recursive: true });
});

test.run();
