// The folder of a server that keeps: whose it is, what is left in it, and how scripts wait for what is written there.
import fs from 'node:fs';
import path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { KeptFolder } from '../../../cluster/serve/keep/kept-folder';
import { ownerOf } from '../../../runtime/base/process-owner';
import { filesIn, killed, newFolder, sees, withServer } from '../../helpers/keeping-server';
import { Server } from '../../helpers/server';
import { until } from '../../helpers/within';

const test = suite('folders that keep');

test('a folder of the user that is no folder of ours is refused and stays as it is', async () => {
  const folder = newFolder();
  for (const file of ['2023/b.csv', '2024/a.csv', '7']) {
    fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    fs.writeFileSync(path.join(folder, file), 'a,b\n');
  }
  fs.chmodSync(folder, 0o755);
  const before = filesIn(folder);
  const idle = new Server();
  const { status, output } = await idle.command('serve', '--master', 'local[1]', '--socket', `${folder}-s`, '--keep', folder);
  assert.is(status, 1, output);
  assert.match(output, /must be an empty folder, or one in which a server has kept datasets before/);
  assert.equal([filesIn(folder), fs.statSync(folder).mode & 0o777], [before, 0o755]);
  // In a folder of ours, what a publication does not write is left alone too.
  fs.writeFileSync(path.join(folder, 'kept-by-millrace'), '');
  await withServer(async () => assert.equal(filesIn(folder), [...before, 'lock'].sort()), folder);
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

test('a lock of a dead process goes, and one that another server has taken meanwhile stays', async () => {
  const folder = newFolder();
  const first = KeptFolder.open(folder);
  assert.throws(() => KeptFolder.open(folder), /Another server keeps/);
  first.close();
  fs.writeFileSync(path.join(folder, 'lock'), JSON.stringify({ ...ownerOf(process.pid), started: '1' }));
  const second = KeptFolder.open(folder);
  assert.equal(filesIn(folder), ['lock']);
  second.close();
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
