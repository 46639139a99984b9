// Which files paths lead to: links, loops, pipes and files that the system makes; each row once, and nothing left out without a word.
import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { globSync } from 'tinyglobby';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { type Context, TaskContext } from '../../../runtime/index';
import { groupsOfFiles } from '../../../runtime/rdd/inputs/cut-files';
import { errorOf } from '../../helpers/errors';
import { masterOf, onSpark } from '../../helpers/master';
import { within } from '../../helpers/within';

const test = suite('inputs');
let sc: Context;
let root: string;
let folder: string;
let folders = 0;
let notices: string[] = [];

test.before(async () => {
  sc = await connect(masterOf('local'), { onNotice: (text) => notices.push(text) });
  root = mkdtempSync(join(tmpdir(), 'inputs-'));
});

test.before.each(() => {
  notices = [];
  folder = join(root, `data ${folders++}`);
  mkdirSync(folder);
});

test.after(async () => {
  await sc.stop();
  rmSync(root, { recursive: true });
});

const write = (name: string, text = `${name}\n`) => writeFileSync(join(folder, name), text);
const rows = async (path: string) => (await sc.textFile(path).collect()).sort();

// ---- links

test('** enters no linked folder: links to a parent, in a circle, and out of the folder give no row twice', async () => {
  mkdirSync(join(folder, 'sub'));
  mkdirSync(join(root, 'outside'), { recursive: true });
  writeFileSync(join(root, 'outside', 'far.txt'), 'far\n');
  write('a.txt');
  write('sub/b.txt');
  symlinkSync('..', join(folder, 'sub', 'up'));
  symlinkSync('.', join(folder, 'here'));
  symlinkSync(join(root, 'outside'), join(folder, 'out'));
  for (const pattern of ['**/*.txt', '**', 'sub/../**/*.txt', '**/{a,b}.txt'])
    assert.equal(await rows(join(folder, pattern)), ['a.txt', 'sub/b.txt'], pattern);
  assert.match(notices[0], /out: it is a link to a folder, which \*\* does not enter/);
  // Where a pattern names the depth, links are followed, as by a shell.
  assert.equal(await rows(join(folder, '*', 'far.txt')), ['far']);
  assert.equal(await rows(join(folder, 'out', '**')), ['far']);
  assert.equal(await rows(join(folder, 'sub', 'up', '*.txt')), ['a.txt']);
  const pairs = await sc.wholeTextFiles(join(folder, '**/*.txt')).keys().collect();
  assert.equal(pairs.sort(), [join(folder, 'a.txt'), join(folder, 'sub/b.txt')]);
});

test('a file with several names by links is read once; a hard link is a file of its own', async () => {
  write('app-1.log');
  symlinkSync('app-1.log', join(folder, 'app.log'));
  symlinkSync('app.log', join(folder, 'latest.log'));
  for (const path of [folder, join(folder, '*.log'), join(folder, '**')]) assert.equal(await rows(path), ['app-1.log'], path);
  assert.equal(await sc.wholeTextFiles(folder).keys().collect(), [join(folder, 'app-1.log')]);
  assert.match(notices[0], /app\.log: it is a link to .*app-1\.log, which is read once\n.*latest\.log/);
  assert.equal(await rows(join(folder, 'latest.log')), ['app-1.log'], 'by its own name');
  assert.equal(
    await rows(`${folder}/app.log,${folder}/latest.log`),
    ['app-1.log', 'app-1.log'],
    'what is named twice is read twice',
  );
  linkSync(join(folder, 'app-1.log'), join(folder, 'hard.log'));
  assert.equal(await rows(folder), ['app-1.log', 'app-1.log']);
});

test('broken links and circles of links are told, and hide no other file', async () => {
  write('good.txt');
  symlinkSync('gone.txt', join(folder, 'broken.txt'));
  symlinkSync('b.txt', join(folder, 'a.txt'));
  symlinkSync('a.txt', join(folder, 'b.txt'));
  for (const path of [folder, join(folder, '*'), join(folder, '**/*.txt')]) {
    notices = [];
    assert.equal(await rows(path), ['good.txt'], path);
    assert.is(notices.length, 1);
    assert.match(notices[0], /Not all of .* is read:/);
    assert.match(notices[0], /a\.txt: it is a link that leads in a circle/);
    assert.match(notices[0], /broken\.txt: it is a link to gone\.txt, where there is nothing/);
  }
  const { message, remedy } = await errorOf('UNREADABLE_FILE', () => rows(join(folder, 'broken.txt')));
  assert.match(message, /a link to gone\.txt, where there is nothing/);
  assert.match(remedy, /Correct the link/);
  await errorOf('UNREADABLE_FILE', () => rows(join(folder, 'a.txt')));
  rmSync(join(folder, 'good.txt'));
  notices = [];
  assert.equal(await rows(folder), []);
  assert.is(notices.length, 1);
});

// ---- nothing to read

test('a folder without files has no rows, and what an empty dataset was saved as comes back', async () => {
  const at = (name: string) => join(folder, name);
  mkdirSync(at('bare'));
  await sc.emptyRDD().saveAsTextFile(at('text'));
  await sc.emptyRDD().saveAsTextFile(at('packed'), { compression: 'gzip' });
  await sc.emptyRDD().saveAsObjectFile(at('objects'));
  for (const name of ['bare', 'text', 'packed', `bare,${folder}/text`]) {
    assert.is(await sc.textFile(at(name)).count(), 0, name);
    assert.equal(await sc.wholeTextFiles(at(name)).collect(), [], name);
  }
  assert.equal(await sc.objectFile(at('objects')).collect(), []);
  const lines = sc.textFile(at('bare'));
  assert.is(await lines.isEmpty(), true);
  const words = lines.map((w): [string, number] => [w, 1]).reduceByKey((a, b) => a + b);
  assert.equal(await words.sortByKey().collect(), []);
  assert.equal(
    await lines
      .repartition(2)
      .union(sc.parallelize(['x']))
      .collect(),
    ['x'],
  );
  assert.is((await lines.preview(5, 1_000)).complete, true);
  // As in Spark each pattern must match something, a path must be there.
  await errorOf('NO_FILES', () => rows(at('*.none')));
  write('a.txt');
  await errorOf('NO_FILES', () => rows(`${folder}/*.txt,${folder}/*.none`));
  await errorOf('NO_SUCH_PATH', () => rows(at('none')));
});

// ---- how paths are written

test('names with commas, spaces and characters of patterns: as they are, behind backslashes, or in an array', async () => {
  for (const name of ['a,b.txt', 'a', 'b.txt', ' x ', 'y*', '{z},w']) write(name);
  const at = (name: string) => join(folder, name);
  assert.equal(await rows(at('a,b.txt')), ['a,b.txt'], 'what is there as it is written');
  assert.equal(await rows(`${at('a\\,b.txt')},${at('a')}`), ['a', 'a,b.txt']);
  assert.equal(await rows(`${at('a')} , ${at('b.txt')}`), ['a', 'b.txt']);
  assert.equal(await rows(at(' x ')), [' x ']);
  assert.equal(await rows(`${at(' x ')},${at('a')}`), [' x ', 'a']);
  assert.equal(await rows(at('y\\*')), ['y*']);
  assert.equal(await rows(at('{a,b.txt}')), ['a', 'b.txt']);
  assert.equal(await rows(at('a\\,*')), ['a,b.txt']);
  const several = [at('a,b.txt'), at(' x '), at('{z},w'), at('[b].txt')];
  assert.equal(await sc.textFile(several).collect(), ['a,b.txt', ' x ', '{z},w', 'b.txt']);
  assert.is(await sc.wholeTextFiles(several).count(), 4);
  await errorOf('NO_SUCH_PATH', () => sc.textFile([`${at('a')},${at('b.txt')}`]).count());
  await sc.range(3).saveAsObjectFile(at('s,t'));
  assert.is(await sc.objectFile([at('s,t')]).count(), 3);
  for (const none of [[], [''], ['a', 5], ' , ']) await errorOf('BAD_ARGUMENT', () => sc.textFile(none as string));
});

test('~ and file: URLs, wherever a path is given; other URLs are refused', async () => {
  const home = process.env.HOME;
  process.env.HOME = folder;
  try {
    await sc.parallelize(['x'], 1).saveAsTextFile('~/out put');
    const url = pathToFileURL(join(folder, 'out put'));
    for (const path of ['~/out put', '~/out*', `file://${folder}/out put`, `file:${folder}/out*`, url.href, url])
      assert.equal(await sc.textFile(path).collect(), ['x'], String(path));
    assert.equal(await sc.textFile([url, '~/out put']).collect(), ['x', 'x']);
    await sc.parallelize([1], 1).saveAsObjectFile(pathToFileURL(join(folder, 'objects')));
    assert.equal(await sc.objectFile('~/objects').collect(), [1]);
    sc.setCheckpointDir('~/checkpoints');
    assert.ok(sc.getCheckpointDir()?.startsWith(join(folder, 'checkpoints')));
    write('added', 'y');
    sc.addFile('~/added');
    assert.equal(await sc.parallelize([1], 1).pipe(['pwd'], { cwd: '~' }).collect(), [realpathSync(folder)]);
    await errorOf('NO_SUCH_PATH', () => sc.textFile('./~').count());
    // Spark reads some by Hadoop: test/spark/hadoop-paths.test.ts.
    await errorOf('BAD_ARGUMENT', () => sc.range(1).saveAsTextFile('https://example.org/x'));
    await errorOf('BAD_ARGUMENT', async () => sc.addFile('https://example.org/x'));
    for (const other of ['file:x', ...(onSpark ? [] : ['gs://host/x', 'file://host/x'])]) {
      const { remedy } = await errorOf('BAD_ARGUMENT', () => sc.textFile(`${folder}, ${other}`));
      assert.match(remedy, /copied or mounted first/);
      await errorOf('BAD_ARGUMENT', () => sc.range(1).saveAsTextFile(other));
      await errorOf('BAD_ARGUMENT', async () => sc.addFile(other));
    }
  } finally {
    process.env.HOME = home;
  }
});

test('the ending .GZ is that of a packed file too', async () => {
  writeFileSync(join(folder, 'A.TXT.GZ'), gzipSync('x\ny\n'));
  assert.equal(await rows(folder), ['x', 'y']);
  assert.equal(await sc.wholeTextFiles(folder).values().collect(), ['x\ny\n']);
});

// ---- overwrite

test('overwrite replaces an earlier save once the new one is whole, and nothing else', async () => {
  const out = join(folder, 'out');
  const lines = () => readdirSync(out).filter((name) => name.startsWith('part-')).length;
  await sc.range(0, 4, 1, 4).saveAsTextFile(out, { overwrite: true });
  assert.is(lines(), 4);
  await errorOf('OUTPUT_EXISTS', () => sc.range(1).saveAsTextFile(out));
  // The dataset reads what it replaces.
  await sc
    .textFile(out)
    .map((x) => `${x}!`)
    .coalesce(1)
    .saveAsTextFile(out, { overwrite: true });
  assert.equal(await rows(out), ['0!', '1!', '2!', '3!']);
  assert.is(lines(), 1);
  const failing = sc.range(0, 4, 1, 2).map((x) => {
    if (x === 3) throw new Error('no');
    return x;
  });
  await errorOf('TASK_FAILED', () => failing.saveAsTextFile(out, { overwrite: true }));
  assert.equal(await rows(out), ['0!', '1!', '2!', '3!'], 'the old one stays');
  assert.equal(readdirSync(folder), ['out'], 'and nothing is left of the new one');
  await sc.range(0, 2, 1, 1).saveAsObjectFile(out, { overwrite: true });
  assert.equal(await sc.objectFile(out).collect(), [0, 1]);
  // A link leads to the new one.
  symlinkSync('out', join(folder, 'latest'));
  await sc.parallelize(['new'], 1).saveAsTextFile(join(folder, 'latest'), { overwrite: true, compression: 'gzip' });
  assert.equal(await rows(out), ['new']);
  assert.equal(readdirSync(folder).sort(), ['latest', 'out']);
  // What is no save stays: a folder with something else in it, a save that is not whole, a file.
  writeFileSync(join(out, 'notes.txt'), 'mine');
  const { message } = await errorOf('OUTPUT_EXISTS', () => sc.range(1).saveAsTextFile(out, { overwrite: true }));
  assert.match(message, /notes\.txt in it is of no save/);
  rmSync(join(out, 'notes.txt'));
  rmSync(join(out, '_SUCCESS'));
  await errorOf('OUTPUT_EXISTS', () => sc.range(1).saveAsTextFile(out, { overwrite: true }));
  write('file');
  for (const path of ['file', 'broken']) {
    if (path === 'broken') symlinkSync('nowhere', join(folder, path));
    await errorOf('OUTPUT_EXISTS', () => sc.range(1).saveAsTextFile(join(folder, path), { overwrite: true }));
  }
  mkdirSync(join(folder, 'bare'));
  await sc.range(1).saveAsTextFile(join(folder, 'bare'), { overwrite: true });
  assert.equal(await rows(join(folder, 'bare')), ['0']);
});

// ---- partitions

test('small files share partitions, in order; large ones are cut, and enough partitions stay for all slots', async () => {
  const names = Array.from({ length: 900 }, (_, i) => `f${String(i).padStart(4, '0')}`);
  for (const name of names) write(name);
  const lines = sc.textFile(folder);
  assert.ok(lines.numPartitions <= 5, `${lines.numPartitions} partitions`);
  assert.equal(await lines.collect(), names);
  assert.is(await lines.count(), 900);
  assert.is(sc.textFile(folder, 900).numPartitions, 900, 'where they are asked for');
  for (const name of names.slice(0, 300)) write(name, `${name}\n${'x'.repeat(30_000)}\n`);
  const larger = sc.textFile(folder);
  assert.ok(larger.numPartitions > 2 && larger.numPartitions < 12, `${larger.numPartitions} partitions`);
  assert.is(await larger.count(), 1200);
  write('f0500', 'y\n'.repeat(10_000_000));
  const cut = sc.textFile(folder, 4);
  assert.is(await cut.count(), 10_001_199);
  assert.ok(cut.numPartitions >= 5 && cut.numPartitions < 20, `${cut.numPartitions} partitions`);
});

test('groups of files keep their order, reach their goal, and are enough', () => {
  const file = (size: number, form: 'plain' | 'gzip' = 'plain') => ({
    path: 'x',
    form,
    version: { size, mtimeMs: 0, ctimeMs: 0, ino: 0, sample: 0 },
  });
  const sizes = (files: readonly ReturnType<typeof file>[], least: number) =>
    groupsOfFiles(files, least).map((group) => group.length);
  assert.equal(sizes([], 2), []);
  assert.equal(sizes([file(10), file(10)], 2), [1, 1]);
  assert.equal(sizes([file(10), file(10), file(10)], 8), [1, 1, 1]);
  assert.equal(sizes(Array(8).fill(file(10)), 2), [4, 4]);
  assert.equal(sizes([file(1e9), file(10), file(10), file(1e9)], 2), [1, 2, 1]);
  assert.equal(sizes(Array(10).fill(file(2 << 20)), 2), Array(10).fill(1), 'two would pass the goal');
  assert.equal(sizes(Array(10).fill(file(1 << 20, 'gzip')), 2), Array(10).fill(1), 'a packed file becomes a larger text');
});

// ---- what is no regular file

/** A pipe with a name, and a program that writes to it once it is opened. */
function pipe(name: string, script: string): string {
  const path = join(folder, name);
  execFileSync('mkfifo', [path]);
  spawn('sh', ['-c', `exec >"$0"; ${script}`, path], { stdio: 'ignore' });
  return path;
}

test('a pipe is read once, and all jobs, partitions and attempts see the same', async () => {
  const path = pipe('numbers', 'seq 1 50000; sleep 0.05; seq 50001 100000');
  const numbers = sc.textFile(path, 4);
  assert.is(await within(20_000, numbers.map(Number).sum(), 'the pipe'), 5000050000);
  assert.is(numbers.numPartitions, 4);
  assert.is(await numbers.count(), 100_000);
  const failing = numbers.mapPartitions((lines) => {
    if (TaskContext.get()!.attemptNumber() < 2) throw new Error('again');
    return lines;
  });
  assert.is(await failing.count(), 100_000);
  const whole = await within(20_000, sc.wholeTextFiles(pipe('text', 'echo whole')).collect(), 'the text');
  assert.equal(whole, [[join(folder, 'text'), 'whole\n']]);
  const asked = sc.textFile(pipe('asked', 'seq 5'), 2);
  assert.is(asked.numPartitions, 2, 'before any job');
  assert.is(await asked.count(), 5);
});

test('files that the system makes when they are read', async () => {
  const cpus = await sc.textFile('/proc/cpuinfo').collect();
  assert.ok(cpus.some((line) => line.startsWith('processor')));
  assert.match((await sc.wholeTextFiles('/proc/version').values().collect())[0], /Linux/);
  assert.equal(await sc.textFile('/dev/null').collect(), []);
  write('empty', '');
  assert.equal(await rows(join(folder, 'empty')), []);
});

test('what has no end, and sockets, are refused by name', async () => {
  const server = createServer();
  const socket = join(folder, 'socket');
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  write('plain');
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  try {
    for (const path of ['/dev/zero', '/dev/urandom', socket])
      for (const make of [() => sc.textFile(path), () => sc.wholeTextFiles(path), () => sc.objectFile(path)])
        assert.match((await errorOf('UNREADABLE_FILE', () => make().count())).message, /it is a (device|socket)/);
    assert.equal(await rows(folder), ['plain\n'.trim()], 'a pipe in a folder is not read');
    assert.match(notices[0], /pipe: it is a pipe\n.*socket: it is a socket/);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

test('copies are private, and go with the session', async () => {
  const copies = () =>
    readdirSync(tmpdir())
      .filter((name) => name.startsWith(`millrace-${process.pid}-`))
      .flatMap((name) => globSync('inputs/*', { cwd: join(tmpdir(), name), absolute: true }));
  const before = new Set(copies());
  const own = await connect('local');
  assert.is(await own.textFile('/proc/version').count(), 1);
  const made = copies().filter((path) => !before.has(path));
  assert.equal(
    made.map((path) => statSync(path).mode & 0o777),
    [0o600],
  );
  await own.stop();
  assert.not.ok(existsSync(made[0]));
});

test.run();
