// Streams of folders and generated streams, under a clock that stands still.
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { type Context, type FileStreamOptions, ManualClock, StreamingContext } from '../../../runtime/index';
import { masterOf } from '../../helpers/master';
import { fresh, Watched } from '../../helpers/watched-folder';

const test = suite('file streams');
let sc: Context;
let root: string;

test.before(async () => {
  sc = await connect(masterOf('local'));
  root = mkdtempSync(join(tmpdir(), 'millrace-files-'));
});

test.after(async () => {
  await sc.stop();
  rmSync(root, { recursive: true });
});

const lines = (options?: FileStreamOptions) => (s: StreamingContext, folder: string) => s.textFileStream(folder, options);

test('files that are moved in are read in the next batch, once; those that were there are not', async () => {
  const watched = new Watched(sc, root, lines(), (folder) => writeFileSync(join(folder, 'old'), 'old\n'));
  assert.equal(await watched.next(), []);
  await watched.moveIn('a', 'one\ntwo\n');
  await watched.moveIn('b', 'three');
  assert.equal(await watched.next(), ['one', 'two', 'three']);
  assert.equal(await watched.next(), []);
  await watched.streaming.stop();
});

test('what is there at the start is read where that is wanted', async () => {
  const watched = new Watched(sc, root, lines({ newFilesOnly: false }), (folder) => writeFileSync(join(folder, 'old'), 'old\n'));
  await watched.next();
  await watched.next();
  assert.equal(
    watched.streaming.batches().flatMap((b) => b.inputs[0].bytes),
    [0, 4],
  );
  await watched.streaming.stop();
});

test('a file that is written in place is read when it has settled; until then it is told', async () => {
  const watched = new Watched(sc, root, lines({ settle: '2s' }));
  const file = join(watched.folder, 'log');
  writeFileSync(file, 'one\n');
  assert.equal(await watched.next(), []);
  assert.equal(watched.notes, ['still being written: log']);
  appendFileSync(file, 'two\n');
  assert.equal(await watched.next(), []);
  assert.equal(await watched.next(), []);
  assert.equal(await watched.next(), ['one', 'two']);
  assert.equal(watched.notes, []);
  appendFileSync(file, 'three\n');
  assert.equal(await watched.next(), []);
  assert.equal(watched.notes, ['log grew by 6 bytes after it had been read; they are left out']);
  assert.equal(await watched.next(), []);
  assert.equal(watched.notes, []);
  await watched.streaming.stop();
});

test('names of other things are skipped; packed files are unpacked; a filter chooses', async () => {
  const watched = new Watched(sc, root, lines({ filter: (name) => !name.endsWith('.bak') }));
  for (const name of ['.hidden', '_SUCCESS', 'x.tmp', 'x.part', 'x.bak']) await watched.moveIn(name, `${name}\n`);
  mkdirSync(join(watched.folder, 'folder'));
  await watched.moveIn('packed.gz', gzipSync('zwölf\n'));
  assert.equal(await watched.next(), ['zwölf']);
  await watched.streaming.stop();
});

test('a name that comes again is another file', async () => {
  const watched = new Watched(sc, root, lines());
  await watched.moveIn('a', 'one\n');
  assert.equal(await watched.next(), ['one']);
  unlinkSync(join(watched.folder, 'a'));
  assert.equal(await watched.next(), []);
  await watched.moveIn('a', 'two\n');
  assert.equal(await watched.next(), ['two']);
  await watched.streaming.stop();
});

test('a file that takes the name of one that was read is another file, however it came', async () => {
  const watched = new Watched(sc, root, lines());
  const path = join(watched.folder, 'current.txt');
  const beside = (text: string) => {
    const other = fresh(root, 'beside');
    writeFileSync(other, text);
    return other;
  };
  await watched.moveIn('current.txt', 'one\n');
  assert.equal(await watched.next(), ['one']);
  // Each way in which files come, in the batches in which the next one must be read.
  const ways: Record<string, () => void | Promise<void>> = {
    'mv new current.txt': () => watched.moveIn('current.txt', 'moved\n'),
    'mv of the same length': () => watched.moveIn('current.txt', 'MOVED\n'),
    'cp new current.txt': () => copyFileSync(beside('copied and longer\n'), path),
    'cp -p old current.txt': () => {
      const old = beside('older than what it replaces\n');
      utimesSync(old, new Date(5e8), new Date(5e8));
      execFileSync('cp', ['-p', old, path]);
    },
    'echo text > current.txt': () => writeFileSync(path, 'short\n'),
    'rm current.txt; echo text > current.txt': () => {
      rmSync(path);
      writeFileSync(path, 'removed and written\n');
    },
    'ln -f new current.txt': () => {
      rmSync(path);
      linkSync(beside('linked\n'), path);
    },
    'ln -sf new current.txt': () => {
      rmSync(path);
      symlinkSync(beside('a link to it\n'), path);
    },
    'ln -sf another current.txt': () => {
      rmSync(path);
      symlinkSync(beside('a link to another\n'), path);
    },
    'truncate -s 0; echo text >> current.txt': () => {
      truncateSync(path, 0);
      appendFileSync(path, 'from the start\n');
    },
  };
  for (const [way, make] of Object.entries(ways)) {
    await make();
    const expected = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    const rows = [...(await watched.next()), ...(await watched.next()), ...(await watched.next())];
    assert.equal(rows, expected, way);
  }
  // None of these is a new text.
  appendFileSync(path, 'more\n');
  assert.equal(await watched.next(), []);
  assert.equal(watched.notes, ['current.txt grew by 5 bytes after it had been read; they are left out']);
  utimesSync(path, new Date(), new Date());
  chmodSync(path, 0o600);
  for (let i = 0; i < 3; i++) assert.equal(await watched.next(), []);
  await watched.streaming.stop();
});

test('what was rewritten while nothing ran is read by the next run', async () => {
  const watched = new Watched(sc, root, lines({ newFilesOnly: false }));
  await watched.moveIn('a', 'one\n');
  await watched.moveIn('b', 'two\n');
  assert.equal(await watched.next(), ['one', 'two']);
  const [input] = watched.streaming.streams as unknown as import('../../../runtime/streaming/graph/input').InputDStream<string>[];
  const position = JSON.parse(JSON.stringify(input.position()));
  await watched.streaming.stop();
  await watched.moveIn('b', 'another\n');
  const again = new StreamingContext(sc, '1s', { clock: new ManualClock(0) });
  const stream = again.textFileStream(watched.folder) as unknown as typeof input;
  stream.resume(position);
  const seen: string[][] = [];
  stream.foreachRDD(async (rdd) => {
    seen.push((await rdd.collect()) as string[]);
  });
  again.start();
  (again.clock as ManualClock).advance('1s');
  await again.idle();
  assert.equal(seen, [['another']]);
  await again.stop();
});

test('links that lead nowhere, pipes and what is no text are reported, and hide no other file', async () => {
  const watched = new Watched(sc, root, lines());
  symlinkSync('gone', join(watched.folder, 'broken'));
  symlinkSync('circle', join(watched.folder, 'circle'));
  execFileSync('mkfifo', [join(watched.folder, 'pipe')]);
  await watched.moveIn('good', 'row\n');
  symlinkSync('good', join(watched.folder, 'a-second-name'));
  assert.equal(await watched.next(), ['row']);
  assert.equal(watched.notes, [
    'a-second-name is not read: it is a link to good, which is',
    'broken is not read: it is a link to gone, where there is nothing',
    'circle is not read: it is a link that leads in a circle',
    'pipe is not read: it is a pipe',
  ]);
  await watched.moveIn('packed.bz2', 'BZh91AY&SY');
  assert.equal(await watched.next(), []);
  assert.match(watched.notices.join(), /packed by bzip2/);
  await watched.moveIn('mark.txt', '\ufeffafter\n');
  assert.equal(await watched.next(), ['after'], 'the next batches go on');
  // What is in it is seen by a task, whose error comes back as plain data.
  await watched.moveIn('packed-twice.gz', gzipSync('BZh91AY&SY'));
  assert.equal(await watched.next(), []);
  await watched.moveIn('last.txt', 'last\n');
  assert.equal(await watched.next(), ['last'], 'and after a failure in a task');
  await watched.streaming.stop();
});

test('whole files with their paths', async () => {
  const watched = new Watched(sc, root, (s, folder) => s.fileStream(folder));
  await watched.moveIn('a', 'one\ntwo');
  assert.equal(await watched.next(), [[join(watched.folder, 'a'), 'one\ntwo']]);
  assert.is(watched.streaming.batches().at(-1)!.records, 1);
  await watched.streaming.stop();
});

test('a batch reads the same files again, in another run too', async () => {
  const watched = new Watched(sc, root, lines());
  await watched.moveIn('a', 'one\n');
  await watched.next();
  const [input] = watched.streaming.streams as unknown as import('../../../runtime/streaming/graph/input').InputDStream<string>[];
  const [position, read] = [input.position(), input.inputOf(1000)];
  await watched.streaming.stop();
  const again = new StreamingContext(sc, '1s', { clock: new ManualClock(1000) });
  const stream = again.textFileStream(watched.folder) as unknown as typeof input;
  stream.resume(JSON.parse(JSON.stringify(position)));
  stream.restoreBatch(2000, JSON.parse(JSON.stringify(read)));
  const seen: string[][] = [];
  stream.foreachRDD(async (rdd) => {
    seen.push((await rdd.collect()) as string[]);
  });
  again.start();
  assert.equal(await stream.getOrCompute(2000)!.collect(), ['one']);
  (again.clock as ManualClock).advance('2s');
  await again.idle();
  assert.equal(seen.at(-1), [], 'what was read before is not new');
  await again.stop();
});

test('a generated stream is the same whenever it is run', async () => {
  const run = async (position?: unknown) => {
    const clock = new ManualClock(0);
    const streaming = new StreamingContext(sc, '1s', { clock });
    const batches: number[][] = [];
    const stream = streaming.generatorStream(2.5, (i) => i * i);
    const input = stream as unknown as { position(): unknown; resume(p: unknown): void };
    if (position) input.resume(position);
    stream.foreachRDD(async (rdd) => batches.push(await rdd.collect()));
    streaming.start();
    for (let i = 0; i < 4; i++) {
      clock.advance('1s');
      await streaming.idle();
    }
    await streaming.stop();
    return { batches, position: input.position() };
  };
  const first = await run();
  assert.equal(first.batches, [
    [0, 1],
    [4, 9, 16],
    [25, 36],
    [49, 64, 81],
  ]);
  assert.equal(await run(), first);
  assert.equal((await run(first.position)).batches[0], [100, 121]);
});

test('wrong arguments are refused where they are written', async () => {
  const streaming = new StreamingContext(sc, '1s');
  assert.throws(() => streaming.textFileStream(''), /the folder is ""/);
  assert.throws(() => streaming.fileStream('x', { filter: 5 as never }), /the filter is 5/);
  assert.throws(() => streaming.textFileStream('x', { settle: 'soon' }), /settle is "soon"/);
  assert.throws(() => streaming.generatorStream(0, (i) => i), /the rate is 0/);
  assert.throws(() => streaming.generatorStream(1, 5 as never), /the function is 5/);
  await streaming.stop();
});

test.run();
