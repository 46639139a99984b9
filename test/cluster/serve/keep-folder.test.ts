// The folder of a server that keeps: whose it is, what is left in it, and how scripts wait for what is written there.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { KeptFolder } from '../../../cluster/serve/keep/kept-folder';
import { ownerOf } from '../../../runtime/base/process-owner';
import { cancelWork } from '../../../runtime/context/running-work';
import { errorOf } from '../../helpers/errors';
import { filesIn, holds, killed, newFolder, sees, withServer } from '../../helpers/keeping-server';
import { Server } from '../../helpers/server';
import { until } from '../../helpers/within';

const test = suite('folders that keep');

/** What users have in folders: names that look like ours, and their file modes. */
function usersFiles(folder: string): string[] {
  for (const name of ['2024/01', '2025', '30'].map((name) => path.join(folder, name))) fs.mkdirSync(name, { recursive: true });
  for (const name of ['2023.csv', '2024/01/a.csv', '2024/1', '30/0', '7', '07.begun', 'lock.txt', 'lock.1', '9.kept.txt'])
    fs.writeFileSync(path.join(folder, name), 'a,b\n');
  return filesIn(folder);
}

test('a folder of the user that is no folder of ours is refused and stays as it is', async () => {
  const folder = newFolder();
  const before = usersFiles(folder);
  fs.chmodSync(folder, 0o755);
  const idle = new Server();
  const { status, output } = await idle.command('serve', '--master', 'local[1]', '--socket', `${folder}-s`, '--keep', folder);
  assert.is(status, 1, output);
  assert.match(output, /must be an empty folder, or one in which a server has kept datasets before/);
  assert.equal([filesIn(folder), fs.statSync(folder).mode & 0o777], [before, 0o755]);
});

test('in a folder of ours, what a publication has not begun is left alone, also by publications and the next server', async () => {
  const folder = newFolder();
  const before = usersFiles(folder);
  fs.writeFileSync(path.join(folder, 'kept-by-millrace'), '');
  await withServer(async (server) => {
    const sc = await server.session();
    await sc.range(0, 3, 1, 2).cache().publish('numbers');
    await killed(server, folder);
    const next = await server.session();
    await sees(next, 'numbers');
    await next.unpublish('numbers');
  }, folder);
  assert.equal(filesIn(folder), before);
});

test('a folder without its mark is taken where a dataset is kept in it', async () => {
  await withServer(async (server, folder) => {
    const sc = await server.session();
    await sc.range(0, 3, 1, 2).cache().publish('numbers');
    server.signal('SIGKILL');
    await server.ended();
    fs.rmSync(path.join(folder, 'kept-by-millrace'));
    await server.run('--keep', folder);
    const next = await server.session();
    await sees(next, 'numbers');
  });
});

test('what was taken back while others read it goes with the next server, where this one is killed', async () => {
  await withServer(async (server, folder) => {
    const first = await server.session();
    await first.range(0, 3, 1, 2).cache().publish('numbers');
    await killed(server, folder);
    const sc = await server.session();
    await sees(sc, 'numbers');
    const read = sc.dataset<number>('numbers');
    await sc.publishedUses();
    await sc.unpublish('numbers');
    assert.is(await read.sum(), 3);
    assert.equal(
      filesIn(folder)
        .filter((file) => /^1\b/.test(file))
        .slice(0, 4),
      ['1', '1.begun', '1/0', '1/1'],
    );
    await killed(server, folder);
    assert.match(server.output, /kept\/1: left by a publication that was not finished, or was taken back; it is removed\./);
    await holds(folder, ['lock']);
  });
});

test('what a killed executor has left beside the partitions is not kept, and the next server finds the dataset', async () => {
  await withServer(async (server, folder) => {
    const sc = await server.session();
    const published = sc
      .range(0, 4, 1, 2)
      .map(async (x) => {
        await new Promise((resolve) => setTimeout(resolve, 300));
        return x;
      })
      .cache()
      .publish('numbers');
    await until(20_000, () => fs.existsSync(path.join(folder, '1')), 'its folder');
    fs.writeFileSync(path.join(folder, '1/1.2.tmp'), 'half');
    await published;
    assert.not(filesIn(folder).includes('1/1.2.tmp'));
    await killed(server, folder);
    const next = await server.session();
    await sees(next, 'numbers');
    assert.is(await next.dataset<number>('numbers').sum(), 6);
  });
});

const dead = { ...ownerOf(process.pid), started: '1' };

/** A folder with a lock, as somebody has left it. */
function lockedBy(owner: unknown): string {
  const folder = newFolder();
  fs.mkdirSync(path.join(folder, 'lock'), { recursive: true });
  fs.writeFileSync(path.join(folder, 'kept-by-millrace'), '');
  fs.writeFileSync(path.join(folder, 'lock/1-0'), typeof owner === 'string' ? owner : JSON.stringify(owner));
  return folder;
}

test('one server has the lock; that of a dead process goes, and that of one whose life cannot be seen stays', async () => {
  const folder = lockedBy(dead);
  const first = KeptFolder.open(folder);
  await errorOf('KEEP_TAKEN', () => KeptFolder.open(folder));
  assert.equal(filesIn(folder), ['lock']);
  first.close();
  assert.equal(filesIn(folder), []);
  for (const owner of ['', '{"pid":', { ...dead, namespace: 'another machine' }]) {
    const error = await errorOf('KEEP_TAKEN', () => KeptFolder.open(lockedBy(owner)));
    assert.match(error.message, typeof owner === 'string' ? /process unknown/ : new RegExp(`process ${process.pid}`));
  }
});

test('a lock that is empty is free, a file of its name is nobody we know, and what a dead process made aside goes', async () => {
  const folder = lockedBy(dead);
  fs.rmSync(path.join(folder, 'lock/1-0'));
  const ended = spawnSync(process.execPath, ['-e', '']).pid;
  fs.mkdirSync(path.join(folder, `lock.${ended}-0123456789abcdef`));
  const first = KeptFolder.open(folder);
  assert.equal(filesIn(folder), ['lock']);
  first.close();
  fs.writeFileSync(path.join(folder, 'lock'), '');
  await errorOf('KEEP_TAKEN', () => KeptFolder.open(folder));
});

test('of many servers that find the lock of a dead one at the same time, one takes it', async () => {
  const program = `
    const { KeptFolder } = require('./cluster/serve/keep/kept-folder');
    process.stdin.once('data', () => {
      try { KeptFolder.open(process.argv[1]); console.log('has it'); } catch (e) { console.log(e.code); }
    });
    process.stdin.once('end', () => process.exit());
    console.log('ready');
  `;
  const args = ['-r', './test/helpers/compile-once.js', '-e', program];
  for (let round = 0; round < 3; round++) {
    const folder = lockedBy(dead);
    const all = Array.from({ length: 6 }, () =>
      spawn(process.execPath, [...args, folder], { stdio: ['pipe', 'pipe', 'inherit'] }),
    );
    const said = all.map(() => '');
    for (const [i, { stdout }] of all.entries()) stdout.on('data', (text) => (said[i] += text));
    try {
      await until(60_000, () => said.every((text) => text === 'ready\n'), 'all to be ready');
      for (const { stdin } of all) stdin.write('go\n');
      await until(20_000, () => said.every((text) => text.length > 6), 'what became of them');
      assert.equal(said.map((text) => text.split('\n')[1]).sort(), [...Array(5).fill('KEEP_TAKEN'), 'has it']);
    } finally {
      for (const child of all) child.kill('SIGKILL');
    }
  }
});

test('publications that are under way at the same time are jobs of their session, and hold up no question; each can be cancelled', async () => {
  await withServer(async (server, folder) => {
    const sc = await server.session();
    const slow = () =>
      sc
        .range(0, 2, 1, 2)
        .map(async (x) => {
          await new Promise((resolve) => setTimeout(resolve, x * 60_000));
          return x;
        })
        .cache();
    const [first, second] = ['first', 'second'].map((name) => errorOf('JOB_CANCELLED', () => slow().publish(name)));
    await until(20_000, () => filesIn(folder).includes('1/0') && filesIn(folder).includes('2'), 'both');
    assert.equal(await sc.publishedUses(), []);
    const running = () => sc.jobs().filter(({ status }) => status === 'running');
    assert.equal(
      running().map(({ title }) => title),
      ['publish first', 'publish second'],
    );
    await until(10_000, () => sc.engine.status.progress() !== undefined, 'the progress of one');
    await until(10_000, async () => (await server.info()).sessions[0].running === 2, 'what the server says');
    // By its number, and by Ctrl-C.
    sc.cancelJob(running()[1].jobId);
    await second;
    assert.equal(
      running().map(({ title }) => title),
      ['publish first'],
    );
    cancelWork(sc);
    await first;
    assert.equal(
      sc.jobs().map(({ status }) => status),
      ['cancelled', 'cancelled'],
    );
    assert.equal(sc.published(), []);
    await holds(folder, ['lock']);
    // What is refused is over as well.
    await sc.range(3).cache().publish('quick');
    await errorOf('NAME_IN_USE', () => sc.range(4).cache().publish('quick'));
    assert.equal(running(), []);
    assert.is(sc.jobs().at(-1)!.status, 'failed');
  });
});

test('what a cancelled task still writes for a publication goes too', async () => {
  const folder = newFolder();
  const kept = KeptFolder.open(folder);
  const written = (number: number) => {
    fs.mkdirSync(kept.folderOf(number), { recursive: true });
    fs.writeFileSync(path.join(kept.folderOf(number), '0.1.tmp'), 'late');
  };
  const [first, second, third] = [kept.begin(), kept.begin(), kept.begin()];
  kept.abandon(first);
  written(first);
  assert.ok(filesIn(folder).includes('1.begun'), 'a server that is killed now tells the next one');
  await until(10_000, () => !filesIn(folder).some((file) => /^1\b/.test(file)), 'the end of its files');
  // At the latest when the folder is given back; a server that is killed before leaves it to the next one.
  kept.abandon(second);
  written(second);
  written(third);
  kept.close();
  assert.equal(filesIn(folder), ['3', '3.begun', '3/0.1.tmp']);
  const next = KeptFolder.open(folder);
  assert.equal(await next.load(() => {}), []);
  written(third);
  next.close();
  assert.equal(filesIn(folder), []);
});

test('a script waits for its publications: a slow one that is written, and many quick ones', async () => {
  await withServer(async (server, folder) => {
    const script = server.script(`
      await sc.range(0, 2, 1, 2).map(async x => { await new Promise(resolve => setTimeout(resolve, 4_000)); return x; }).cache().publish('slow');
      for (let i = 0; i < 60; i++) await sc.range(0, 10, 1, 2).map(x => x + i).cache().publish('quick', { replace: true });
      console.log('both', sc.published().map(({ name }) => name).sort().join());
    `);
    const status = await new Promise((resolve) => script.once('close', resolve));
    assert.equal([status, script.output], [0, 'both quick,slow\n']);
    assert.ok(filesIn(folder).some((file) => file.endsWith('.kept')));
  });
});

test.run();
