// The type service as a process: restart with what was committed, and the startup snapshot, fresh, stale and broken.
// time limit: 240 s
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../../shell/base/package-root';
import { TypeServiceClient } from '../../../shell/types/client';
import { freshSnapshot, snapshotFile, snapshotStamp, stampFile } from '../../../shell/types/files';
import { buildSnapshot } from '../../../shell/types/snapshot';
import { userFolder } from '../../helpers/entries';
import { until, within } from '../../helpers/within';

const limitMs = 30_000;
const { folder } = userFolder({ 'local.ts': 'export const twice = (x: number) => x * 2;' });

async function enter(client: TypeServiceClient, text: string): Promise<string | undefined> {
  const result = await within(limitMs, client.compile(text), text);
  assert.is(result.status, 'ok', JSON.stringify(result));
  if (result.status !== 'ok') return undefined;
  await client.commit(result.cell.id);
  return result.cell.result && `${result.cell.result.name}: ${result.cell.result.type}`;
}

const restart = suite('restart');
let client: TypeServiceClient;
restart.before(() => {
  client = new TypeServiceClient({ cwd: folder });
});
restart.after(() => client.stop());

restart('names are as before when the process has died', async () => {
  await enter(client, "import { twice } from './local'; const a = 1; class K { v = a }; interface Shape { k: K }");
  assert.is(await enter(client, 'twice(a)'), 'res0: number');
  const first = client.pid;
  process.kill(first!, 'SIGKILL');
  assert.is(await enter(client, '({ k: new K() }) as Shape'), 'res1: Shape');
  assert.is(await enter(client, 'twice(_.k.v) + res0'), 'res2: number');
  assert.is.not(client.pid, first);
  assert.ok(client.fromSnapshot, 'the snapshot is not blamed for what killed a process that had answered');
});

restart('a request that was being worked on is answered by the next process', async () => {
  const answer = client.compile('a + 1');
  process.kill(client.pid!, 'SIGKILL');
  assert.is((await within(limitMs, answer, 'the answer')).status, 'ok');
});

restart('an entry that ran while the process died keeps its names, whatever was compiled meanwhile', async () => {
  const running = await client.compile('const slow = 7; interface Late { n: number }');
  assert.is(running.status, 'ok');
  process.kill(client.pid!, 'SIGKILL');
  const other = await within(limitMs, client.compile('const quick = "q"'), 'another entry');
  for (const result of [other, running]) if (result.status === 'ok') await client.commit(result.cell.id);
  await enter(client, 'const both: [number, string, Late] = [slow, quick, { n: slow }]');
});

restart('a script that ran while the process died keeps the names of the statements that ran', async () => {
  const script = await client.compileScript('const one = 1\nconst two = one + 1\nconst three = 3', {
    label: 's.ts',
    folder,
    firstLine: 1,
  });
  assert.is(script.status, 'ok');
  process.kill(client.pid!, 'SIGKILL');
  if (script.status === 'ok') await client.commitScript(script.cells.slice(0, 2).map(({ id }) => ({ cellId: id })));
  await enter(client, 'const sum = one + two');
  assert.is((await client.compile('three')).status, 'error');
});

restart('a death is reported, once for each process', async () => {
  const told: string[] = [];
  const own = new TypeServiceClient({ cwd: folder, onRestart: (reason) => told.push(reason) });
  try {
    await enter(own, 'const kept = 1');
    process.kill(own.pid!, 'SIGKILL');
    await enter(own, 'kept + 1');
    assert.equal(told, ['SIGKILL']);
  } finally {
    await own.stop();
  }
});

restart('Ctrl-C is not for it', async () => {
  const pid = client.pid!;
  process.kill(pid, 'SIGINT');
  await enter(client, 'a');
  assert.is(client.pid, pid);
});

restart('nothing is left after stop', async () => {
  const own = new TypeServiceClient({ cwd: folder });
  const pid = own.pid!;
  await own.stop();
  await until(limitMs, () => !isRunning(pid), 'its end');
  const refused = await own.compile('1').then(
    () => 'answered',
    (error: Error) => error.message,
  );
  assert.match(refused, /stopped/);
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

restart.run();

const snapshot = suite('snapshot');
const dist = mkdtempSync(path.join(tmpdir(), 'millrace-test-dist-'));
process.on('exit', () => rmSync(dist, { recursive: true, force: true }));
const root = packageRoot();
const service = path.join(dist, 'types-service.js');
const whole = path.join(dist, 'whole.blob');

// The build has made a snapshot; the tests damage a copy of it.
snapshot.before(() => {
  const built = path.join(root, 'dist');
  const blob = snapshotFile(root, built);
  assert.ok(freshSnapshot(root, built), 'the build has made one');
  for (const file of [blob, path.join(built, 'types-service.js')]) copyFileSync(file, path.join(dist, path.basename(file)));
  writeFileSync(stampFile(snapshotFile(root, dist)), snapshotStamp(root, dist));
  copyFileSync(blob, whole);
});

snapshot('answers the first line much sooner than a plain start, with the user folder of the session', async () => {
  const timed = async (options: { snapshot: boolean }) => {
    const start = performance.now();
    const own = new TypeServiceClient({ cwd: folder, dist, ...options });
    try {
      assert.is(own.fromSnapshot, options.snapshot);
      assert.is(await enter(own, "import { twice } from './local'; twice(2)"), 'res0: number');
      const ms = performance.now() - start;
      const { status } = await own.compile('nothing');
      assert.is(status, 'error');
      return ms;
    } finally {
      await own.stop();
    }
  };
  const warm = await timed({ snapshot: true });
  const plain = await timed({ snapshot: false });
  assert.ok(warm < plain, `${warm.toFixed(0)} ms from the snapshot, ${plain.toFixed(0)} ms without`);
});

/** Each damages a whole snapshot in its own way. */
const damages: Readonly<Record<string, (blob: Buffer) => Buffer>> = {
  'of another Node': (blob) => {
    const at = blob.indexOf(process.version);
    assert.ok(at > 0, 'the snapshot says which Node made it');
    blob.write('v1', at, 'latin1');
    return blob;
  },
  'cut off': (blob) => blob.subarray(0, blob.length / 2),
  empty: () => Buffer.alloc(0),
};

for (const [damage, apply] of Object.entries(damages)) {
  snapshot(`${damage} is left for a plain start, silently`, async () => {
    const blob = freshSnapshot(root, dist)!;
    const whole = readFileSync(blob);
    writeFileSync(blob, apply(Buffer.from(whole)));
    const own = new TypeServiceClient({ cwd: folder, dist });
    try {
      assert.is(await enter(own, '1 + 1'), 'res0: number');
      assert.is(own.fromSnapshot, false);
    } finally {
      await own.stop();
      writeFileSync(blob, whole);
    }
  });
}

snapshot('that is broken is left for a plain start, silently', async () => {
  const blob = freshSnapshot(root, dist)!;
  writeFileSync(blob, 'not a snapshot at all');
  const own = new TypeServiceClient({ cwd: folder, dist });
  try {
    assert.is(own.fromSnapshot, true);
    assert.is(await enter(own, '1 + 1'), 'res0: number');
    assert.is(own.fromSnapshot, false);
  } finally {
    await own.stop();
  }
});

snapshot('that does not answer is written again, and never left behind', async () => {
  const blob = snapshotFile(root, dist);
  rmSync(stampFile(blob));
  let tries = 0;
  const garbage = (file: string) => {
    tries++;
    writeFileSync(file, 'not a snapshot at all');
    return Promise.resolve();
  };
  assert.is(await within(60_000, buildSnapshot(dist, garbage), 'the tries'), undefined);
  assert.ok(tries > 1, `${tries} tries`);
  assert.is(freshSnapshot(root, dist), undefined);
  const twice = (file: string) => {
    if (tries++ > 1) copyFileSync(whole, file);
    else writeFileSync(file, '');
    return Promise.resolve();
  };
  tries = 0;
  assert.is(await within(60_000, buildSnapshot(dist, twice), 'the third try'), blob);
  assert.is(tries, 3);
  assert.is(freshSnapshot(root, dist), blob);
});

snapshot('of older code is not used', () => {
  assert.ok(freshSnapshot(root, dist));
  writeFileSync(service, '// newer');
  assert.is(freshSnapshot(root, dist), undefined);
});

snapshot.run();
