// Real executors on a disk that is really full: one clear error, no incomplete file left, and the next job that fits is exact.
// time limit: 240 s
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startBackend } from '../../../cluster/index';
import { Context, StorageLevel } from '../../../runtime/index';
import { temporaryFiles } from '../../helpers/disk-jobs';
import { errorOf } from '../../helpers/errors';
import { watchLeaks } from '../../helpers/leaks';
import { unordered } from '../../helpers/model';
import { engineExecutor } from '../../helpers/pool';
import { processesOf } from '../../helpers/processes';
import { until, within } from '../../helpers/within';

const test = suite('full disk');
const diskMb = 6;
let leaks: ReturnType<typeof watchLeaks>;
let program: string;
let folder: string;
/** Why this machine cannot give the test a small disk. */
let refused = '';

test.before(async () => {
  program = await engineExecutor();
  leaks = watchLeaks();
  folder = mkdtempSync(join(tmpdir(), 'full-disk-'));
  mkdirSync(join(folder, 'disk'));
  const { status, stderr, error } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${diskMb}m`, 'tmpfs', join(folder, 'disk')]);
  if (status !== 0) refused = error?.message ?? stderr.toString().trim();
});

/** A session whose files are in the test's folder, with 100 kB for each part of a task that gathers. */
async function session<T>(place: string, use: (sc: Context, own: string) => Promise<T>): Promise<T> {
  const before = process.env.TMPDIR;
  process.env.TMPDIR = place;
  const started = await startBackend('local[2]', { storageBytes: 1 << 20, executionBytes: 200_000, program });
  process.env.TMPDIR = before;
  const sc = new Context({ ...started, master: 'local[2]' });
  await sc.start();
  try {
    await until(20_000, () => sc.executors().length === 2, 'both executors');
    return await within(100_000, use(sc, started.folder), 'the session');
  } finally {
    await sc.stop();
  }
}

const pairs = (sc: Context, n: number) =>
  sc.range(0, n, 1, 4).map((i) => [i % 1000, `${i}`.padEnd(100, 'x')] as [number, string]);

/** Jobs that write more than the disk can hold; a job that fits follows each of them. */
async function fillAndGoOn(sc: Context, own: string, reason: RegExp): Promise<void> {
  const small = async () => assert.is(await pairs(sc, 1000).groupByKey(2).count(), 1000);
  await small();
  const executors = processesOf(program);
  const checkedError = async (job: () => Promise<unknown>) => {
    const error = await errorOf('DISK', job);
    assert.match(error.message, reason);
    await until(5000, () => temporaryFiles(own, join(own, 'output')).length === 0, 'the removal of what is not whole');
    await small();
  };
  await checkedError(() => pairs(sc, 200_000).groupByKey(1).count());
  await checkedError(() =>
    sc
      .parallelize([1], 1)
      .flatMap(() => Array.from({ length: 100_000 }, (_, i) => [i % 10, `${i}`.padEnd(100)] as [number, string]))
      .sortByKey(true, 1)
      .count(),
  );
  await checkedError(() => pairs(sc, 200_000).map(String).saveAsTextFile(join(own, 'output')));
  await checkedError(() => pairs(sc, 200_000).localCheckpoint().count());
  // A persisted partition that does not fit is not stored; the job succeeds.
  const persisted = pairs(sc, 200_000).persist(StorageLevel.DISK_ONLY);
  assert.is(await persisted.count(), 200_000);
  assert.ok(sc.storageOf(persisted).partitions < 4);
  assert.equal(unordered(await persisted.keys().distinct().collect()).length, 1000);
  persisted.unpersist();
  assert.equal(processesOf(program), executors, 'no executor died of it');
}

test('a small disk', async () => {
  if (refused !== '') return console.log(`skipped: ${refused}`);
  await session(join(folder, 'disk'), (sc, own) => fillAndGoOn(sc, own, /ENOSPC/));
});

test('a limit on the size of files', async () => {
  await session(folder, async (sc, own) => {
    for (const pid of processesOf(program)) {
      const { status, stderr } = spawnSync('prlimit', ['--pid', String(pid), `--fsize=${1 << 20}`]);
      assert.is(status, 0, stderr?.toString());
    }
    await fillAndGoOn(sc, own, /EFBIG/);
  });
});

test('leaves nothing behind', async () => {
  if (refused === '') assert.is(spawnSync('umount', [join(folder, 'disk')]).status, 0);
  rmSync(folder, { recursive: true });
  await leaks.check();
});

test.run();
