// However a driver ends, its session leaves no executor and no folder.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs, { existsSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { socketPathBytes } from '../../../cluster/base/limits';
import { SessionFolder } from '../../../cluster/driver/session-folder';
import type { MillraceError } from '../../../runtime/base/errors';
import type { Forget } from '../../../runtime/plan/task';
import { watchLeaks } from '../../helpers/leaks';
import { ToyPool, toyExecutor } from '../../helpers/pool';
import { typescript } from '../../helpers/preload';
import { isAlive } from '../../helpers/processes';
import { until, within } from '../../helpers/within';

const test = suite('pool: leftovers');
let leaks: ReturnType<typeof watchLeaks>;
let program: string;

test.before(async () => {
  program = await toyExecutor();
  leaks = watchLeaks();
});

interface Session {
  readonly driver: ChildProcess;
  readonly pids: number[];
  readonly folder: string;
}

const driverCommand = (...args: string[]) => {
  const script = path.join(__dirname, '../../helpers/pool-driver.ts');
  return [process.execPath, ...typescript, script, program, ...args];
};

const session = (...args: string[]) => sessionOf(driverCommand(...args));

async function sessionOf([command, ...args]: string[]): Promise<Session> {
  const env = { ...process.env, DISABLE_V8_COMPILE_CACHE: '1' };
  const driver = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], env });
  const [line] = (await within(20_000, once(driver.stdout!, 'data'), 'the start of a driver')) as [Buffer];
  return { driver, ...JSON.parse(line.toString()) };
}

async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await within(5000, once(child, 'exit'), 'the exit');
}

test('a killed driver leaves no executor after 3 s, idle or busy, and the next session removes its folder', async () => {
  const { driver, pids, folder } = await session();
  assert.ok(pids.every(isAlive));
  assert.ok(existsSync(folder));
  driver.kill('SIGKILL');
  await until(3000, () => !pids.some(isAlive), 'the end of the executors');
  await endOf(driver);
  const next = SessionFolder.make();
  await until(2000, () => !existsSync(folder), 'the removal of the folder');
  await next.remove();
});

test('a driver that ends without stopping its pool leaves neither executors nor folder', async () => {
  const { driver, pids, folder } = await session('exit');
  await endOf(driver);
  await until(1000, () => !pids.some(isAlive), 'the end of the executors');
  assert.is(existsSync(folder), false);
});

test('the hang-up of a driver (SIGTERM) leaves no executor', async () => {
  const { driver, pids, folder } = await session();
  driver.kill('SIGTERM');
  await until(3000, () => !pids.some(isAlive), 'the end of the executors');
  await endOf(driver);
  const next = SessionFolder.make();
  await until(2000, () => !existsSync(folder), 'the removal of the folder');
  await next.remove();
});

test('the next session removes the folder of a driver that is a zombie', async () => {
  // The shell becomes a program that never reads the exit status of its child.
  const { driver: parent, pids, folder } = await sessionOf(['sh', '-c', '"$@" & exec sleep 60', 'sh', ...driverCommand()]);
  const driver = Number(/^millrace-(\d+)-/.exec(path.basename(folder))![1]);
  process.kill(driver, 'SIGKILL');
  await until(3000, () => ![driver, ...pids].some(isAlive), 'the end of the driver and of its executors');
  process.kill(driver, 0);
  const next = SessionFolder.make();
  await until(2000, () => !existsSync(folder), 'the removal of the folder');
  await next.remove();
  parent.kill('SIGKILL');
  await endOf(parent);
});

test('the folder is private, and removed when the pool stops', async () => {
  const pool = await ToyPool.start('local[1]');
  const { folder } = pool.started;
  assert.is(statSync(folder).mode & 0o777, 0o700);
  assert.ok(path.basename(folder).startsWith(`millrace-${process.pid}-`));
  assert.is(await pool.run('e1', 'return options.folder'), folder);
  await pool.run('e1', 'require("node:fs").writeFileSync(options.folder + "/7", "x")');
  await pool.stop();
  assert.is(existsSync(folder), false);
});

test('folders of living sessions, of other machines and of other users stay', async () => {
  const living = SessionFolder.make();
  const elsewhere = path.join(tmpdir(), 'millrace-1-abcdef');
  mkdirSync(elsewhere);
  writeFileSync(path.join(elsewhere, 'owner'), JSON.stringify({ pid: 999_999_999, namespace: 'another machine', started: '1' }));
  const unowned = path.join(tmpdir(), 'millrace-999999999-abcdef');
  mkdirSync(unowned);
  const pool = await ToyPool.start('local[1]');
  await pool.stop();
  assert.ok(existsSync(living.path) && existsSync(elsewhere) && existsSync(unowned));
  await living.remove();
  for (const folder of [elsewhere, unowned]) rmSync(folder, { recursive: true });
});

/** Runs `f` with another temporary folder. */
async function withTmpdir<T>(folder: string, f: () => Promise<T>): Promise<T> {
  const { TMPDIR } = process.env;
  process.env.TMPDIR = folder;
  try {
    return await f();
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  }
}

/** Folders of this process where sockets go whose own path is too long. */
const shortFolders = () => readdirSync('/tmp').filter((name) => name.startsWith(`millrace-${process.pid}-`));

test('a temporary folder with a path too long for a socket gets a short one beside it, private and removed at the end', async () => {
  const before = shortFolders();
  // From the longest path of a socket that fits to one that does not.
  for (const length of [socketPathBytes - 1, socketPathBytes, 250]) {
    const socket = path.join(`millrace-${process.pid}-abcdef`, 'driver');
    const folder = path.join(tmpdir(), 'é'.repeat(8)).padEnd(length - socket.length - 9, 'x');
    mkdirSync(folder);
    await withTmpdir(folder, async () => {
      const pool = await ToyPool.start('local[1]');
      const fits = Buffer.byteLength(path.join(pool.started.folder, 'driver')) <= socketPathBytes;
      assert.is(fits, length < 250);
      const short = shortFolders().filter((name) => !before.includes(name));
      assert.is(short.length, fits ? 0 : 1);
      for (const name of short) assert.is(statSync(path.join('/tmp', name)).mode & 0o777, 0o700);
      assert.is(await pool.run('e1', 'return 1'), 1);
      await pool.stop();
    });
    assert.equal(readdirSync(folder), []);
    assert.equal(shortFolders(), before);
    rmSync(folder, { recursive: true });
  }
});

test('a temporary folder that is missing, a file, or a link to itself is named, with what to do', async () => {
  const file = path.join(tmpdir(), `millrace-test-file-${process.pid}`);
  const link = `${file}-link`;
  writeFileSync(file, '');
  symlinkSync(link, link);
  const cases = [
    [`${file}-missing`, /cannot put its files into .*-missing: there is no such folder/],
    [file, /it is no folder/],
    [link, /a link that leads to itself/],
  ] as const;
  for (const [folder, wanted] of cases) {
    await withTmpdir(folder, async () => {
      assert.throws(
        () => SessionFolder.make(),
        (e: MillraceError) => e.code === 'NO_TEMPORARY_FOLDER' && wanted.test(e.message) && /TMPDIR=/.test(e.remedy),
      );
    });
  }
  rmSync(file);
  rmSync(link);
});

test('a folder that cannot name its owner is not left behind', async () => {
  const { writeFileSync: write } = fs;
  fs.writeFileSync = () => {
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  };
  try {
    assert.throws(() => SessionFolder.make(), /Writing .*millrace-.* failed: ENOSPC/);
  } finally {
    fs.writeFileSync = write;
  }
  const old = path.join(tmpdir(), 'millrace-999999999-ghijkl');
  mkdirSync(old);
  utimesSync(old, new Date(0), new Date(0));
  const next = SessionFolder.make();
  await until(2000, () => !existsSync(old), 'the removal of a folder that got no owner');
  await next.remove();
});

test('stopping while tasks run leaves nothing', async () => {
  const pool = await ToyPool.start('local[2]');
  const pids = await Promise.all([pool.pid('e1'), pool.pid('e2')]);
  pool.launch('e1', 'for (;;) {}');
  process.kill(pids[1], 'SIGKILL');
  await pool.stop();
  assert.ok(!pids.some(isAlive));
});

test('stopping while executors are still starting leaves nothing', async () => {
  const pool = await ToyPool.start('local[2]', {}, 0);
  await pool.stop();
  assert.equal(pool.joined, []);
});

/** The files of everything that has files, as tasks write them. */
function writeAll(folder: string): readonly string[] {
  const paths = ['7/0.12', '7/1.13', 'blocks/8/0', 'checkpoint/9/0', 'state/10/0/3.whole'].map((name) => path.join(folder, name));
  for (const file of paths) {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, 'x');
  }
  return paths;
}

const releases: readonly Forget[] = [
  { kind: 'shuffle', shuffleId: 7 },
  { kind: 'rdd', rddId: 8 },
  { kind: 'checkpoint', rddId: 9 },
  { kind: 'state', id: 10 },
];

test('what is released while no executor lives is removed by the driver', async () => {
  const pool = await ToyPool.start('local[2]');
  const { backend, folder } = pool.started;
  const files = writeAll(folder);
  for (const pid of await Promise.all([pool.pid('e1'), pool.pid('e2')])) process.kill(pid, 'SIGKILL');
  await until(5000, () => pool.lost.length === 2, 'the loss of both executors');
  for (const what of releases) backend.forget(what);
  await until(2000, () => !files.some((file) => existsSync(file)), 'the removal of the files');
  await pool.stop();
});

test('what an executor left that ended before it heard of a release, or wrote after it, is removed when it ends', async () => {
  // These executors remove nothing, like one that was stopped.
  const pool = await ToyPool.start('local[2]');
  const { backend, folder } = pool.started;
  const files = writeAll(folder);
  for (const what of releases) backend.forget(what);
  assert.is(await pool.run('e1', 'return 1'), 1);
  assert.ok(files.every((file) => existsSync(file)));
  process.kill(await pool.pid('e2'), 'SIGKILL');
  await until(5000, () => !files.some((file) => existsSync(file)), 'the removal of the files');
  await pool.stop();
});

test('leaves nothing behind', () => leaks.check());

test.run();
