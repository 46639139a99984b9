// The folder of a stream of files: not there at the start, not readable, gone for a while.
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import type { Context, FileStreamOptions, StreamingContext } from '../../../runtime/index';
import type { InputDStream } from '../../../runtime/streaming/graph/input';
import { masterOf } from '../../helpers/master';
import { checkSaves, fresh, Watched } from '../../helpers/watched-folder';
import { until } from '../../helpers/within';

const test = suite('folders of file streams');
let sc: Context;
let root: string;

test.before(async () => {
  sc = await connect(masterOf('local'));
  root = mkdtempSync(join(tmpdir(), 'millrace-folders-'));
});

test.after(async () => {
  await sc.stop();
  rmSync(root, { recursive: true });
});

const lines = (options?: FileStreamOptions) => (s: StreamingContext, folder: string) => s.textFileStream(folder, options);

test('a folder that is not there is told at the start; one that goes away, with the batch', async () => {
  const missing = new Watched(sc, root, (s) => s.textFileStream(join(root, 'nowhere')));
  await until(
    5000,
    () => missing.notices.some((n) => /starting textFileStream#0 failed: There is nothing at/.test(n)),
    'a notice',
  );
  await missing.streaming.stop();
  const file = join(root, 'a-file');
  writeFileSync(file, '');
  const noFolder = new Watched(sc, root, (s) => s.textFileStream(file));
  await until(5000, () => noFolder.notices.some((n) => /a-file is a file, but a folder is needed/.test(n)), 'a notice');
  await noFolder.streaming.stop();
  const watched = new Watched(sc, root, lines());
  rmSync(watched.folder, { recursive: true });
  assert.equal(await watched.next(), []);
  assert.match(watched.notes[0], /cannot be read now/);
  await watched.streaming.stop();
});

test('a folder that was not there at the start holds new files alone, however it came', async () => {
  // Each way in which a folder comes, with two files that had settled long ago or have the times of now.
  const ways: Record<string, (folder: string) => void> = {
    mkdir: (folder) => {
      mkdirSync(folder);
      fill(folder);
    },
    'mv of a whole folder': (folder) => {
      mkdirSync(`${folder}.tmp`);
      fill(`${folder}.tmp`);
      renameSync(`${folder}.tmp`, folder);
    },
    'mv of an old folder': (folder) => {
      mkdirSync(`${folder}.old`);
      fill(`${folder}.old`);
      for (const name of ['a', 'b']) utimesSync(join(`${folder}.old`, name), new Date(1e9), new Date(1e9));
      renameSync(`${folder}.old`, folder);
    },
    'a folder in the place of a file': (folder) => {
      rmSync(folder);
      mkdirSync(folder);
      fill(folder);
    },
  };
  const fill = (folder: string) => {
    writeFileSync(join(folder, 'a'), 'one\n');
    writeFileSync(join(folder, 'b'), 'two\n');
  };
  for (const [way, come] of Object.entries(ways)) {
    const folder = fresh(root, 'later');
    if (way.endsWith('file')) writeFileSync(folder, '');
    const watched = new Watched(sc, root, (s) => s.textFileStream(folder));
    assert.equal(await watched.next(), []);
    assert.match(watched.notes[0], /There is nothing at|but a folder is needed/, way);
    come(folder);
    assert.equal(await watched.several(3), ['one', 'two'], way);
    await watched.streaming.stop();
  }
});

test('a folder that cannot be read at the start: files that are there once it can are left out, which is told; in the next run too', async () => {
  const link = fresh(root, 'link');
  symlinkSync(link, link);
  const real = fresh(root, 'real');
  mkdirSync(real);
  writeFileSync(join(real, 'old'), 'old\n');
  const mend = () => {
    unlinkSync(link);
    symlinkSync(real, link);
  };
  const check = async (watched: Watched<string>) => {
    assert.equal(await watched.next(), []);
    assert.match(watched.notices.join(), /starting textFileStream#0 failed: .*ELOOP/);
    mend();
    assert.equal(await watched.next(), []);
    assert.match(watched.notes[0], 'left out: one file was there when the folder could first be read');
    writeFileSync(fresh(real, 'new'), 'new\n');
    assert.equal(await watched.several(3), ['new']);
    assert.equal(watched.notes, []);
    await watched.streaming.stop();
  };
  const never = new Watched(sc, root, (s) => s.textFileStream(link));
  assert.equal(await never.next(), []);
  const position = JSON.parse(JSON.stringify(never.input.position()));
  await never.streaming.stop();
  await check(
    new Watched(sc, root, (s) => {
      const stream = s.textFileStream(link);
      (stream as unknown as InputDStream<string>).resume(position);
      return stream;
    }),
  );
});

test('a folder that a save makes after the stream began is read whole, and what takes its place', () =>
  checkSaves(sc, fresh(root, 'saved')));

test.run();
