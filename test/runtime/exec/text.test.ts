// Lines of byte ranges: together they are the lines of the file, each once, wherever the ranges are cut.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { textChunkBytes } from '../../../runtime/base/limits';
import { Random } from '../../../runtime/base/time';
import { countLines, textLines } from '../../../runtime/exec/files/text';
import type { Context } from '../../../runtime/index';

const test = suite('text');
let folder: string;
let sc: Context;

test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'text-'));
  sc = await connect('local');
});

function fileOf(text: string | Buffer, name = 'file.txt'): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** What a reader of the whole file would say. */
function expectedLines(text: string): string[] {
  const lines = text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  if (lines.at(-1) === '' && text.at(-1) !== '\r') lines.pop();
  return lines;
}

function linesIn(path: string, cuts: readonly number[]): string[] {
  const lines: string[] = [];
  for (let i = 0; i + 1 < cuts.length; i++) {
    const range = { path, start: cuts[i], end: cuts[i + 1], gzip: false };
    const own = [...textLines(range)].flat();
    assert.is(
      [...countLines(range)].reduce((a, b) => a + b, 0),
      own.length,
      'counted lines',
    );
    lines.push(...own);
  }
  return lines;
}

const pieces = ['a', '', 'word', 'é', '😀', '\r', '\u2028', '\0', 'x'.repeat(50), ' ', '\t', 'a\rb'];

test('random texts cut at random bytes', () => {
  for (let seed = 0; seed < 300; seed++) {
    const random = new Random(seed);
    let text = '';
    for (let n = random.below(30); n > 0; n--)
      text += pieces[random.below(pieces.length)] + ['', '\n', '\n', '\r\n'][random.below(4)];
    const path = fileOf(text);
    const size = Buffer.byteLength(text);
    const cuts = [0, size, ...Array.from({ length: random.below(6) }, () => random.below(size + 1))].sort((a, b) => a - b);
    assert.equal(linesIn(path, cuts), expectedLines(text), `seed ${seed}: ${JSON.stringify(text)} cut at ${cuts}`);
  }
});

test('every cut of a small text', () => {
  const text = 'one\r\ntwo\n\n\nthrée\r\n😀\nend';
  const path = fileOf(text);
  const size = Buffer.byteLength(text);
  for (let a = 0; a <= size; a++)
    for (let b = a; b <= size; b++) assert.equal(linesIn(path, [0, a, b, size]), expectedLines(text), `${a} ${b}`);
});

test('lines longer than a chunk, and cuts inside of them', () => {
  const long = 'é'.repeat(textChunkBytes);
  const text = `short\n${long}\nmiddle\n${'y'.repeat(textChunkBytes - 1)}\n${long}x`;
  const path = fileOf(text);
  const size = Buffer.byteLength(text);
  for (const cuts of [
    [0, size],
    [0, 6, size],
    [0, 7, 100, textChunkBytes, textChunkBytes * 2 + 6, textChunkBytes * 2 + 8, size],
    [0, size - 1, size],
  ]) {
    const lines = linesIn(path, cuts);
    assert.equal(
      lines.map((line) => line.length),
      [5, long.length, 6, textChunkBytes - 1, long.length + 1],
    );
    assert.ok(lines[1] === long);
  }
});

test('line ends at the very end of a chunk', () => {
  for (const length of [textChunkBytes - 2, textChunkBytes - 1, textChunkBytes, textChunkBytes + 1]) {
    const text = `${'a'.repeat(length)}\nb\n`;
    assert.equal(
      linesIn(fileOf(text), [0, length, length + 1, length + 3]).map((line) => line.length),
      [length, 1],
    );
  }
});

test('textFile over any number of partitions, and gz', async () => {
  const text = Array.from({ length: 5000 }, (_, i) => `line ${i} ${'é'.repeat(i % 7)}`).join('\n');
  const path = fileOf(text);
  for (const n of [1, 2, 7, 64]) {
    assert.equal(await sc.textFile(path, n).collect(), text.split('\n'));
    assert.is(await sc.textFile(path, n).count(), 5000);
  }
  const packed = fileOf(gzipSync(text), 'file.gz');
  const lines = sc.textFile(packed, 4);
  assert.is(lines.numPartitions, 1);
  assert.equal(await lines.collect(), text.split('\n'));
  assert.is(await lines.count(), 5000);
  assert.equal(await sc.wholeTextFiles(packed).values().collect(), [text]);
});

test('a packed file is not unpacked again for what is cached of it', async () => {
  const path = fileOf(gzipSync('a\nb\n'), 'goes.gz');
  const kept = sc
    .textFile(path)
    .map((line) => line + line)
    .cache();
  const twice = kept
    .union(sc.parallelize(['c'], 1))
    .zipWithIndex()
    .coalesce(1);
  assert.is(await twice.count(), 3);
  rmSync(path);
  assert.equal(await kept.collect(), ['aa', 'bb']);
  assert.equal(await twice.keys().collect(), ['aa', 'bb', 'c']);
});

test('empty files', async () => {
  const path = fileOf('', 'empty.txt');
  assert.equal(await sc.textFile(path).collect(), []);
  assert.equal(await sc.textFile(fileOf(gzipSync(''), 'empty.gz')).collect(), []);
  assert.equal(await sc.wholeTextFiles(path).collect(), [[path, '']]);
  assert.equal(await sc.textFile(fileOf('\n', 'one.txt')).collect(), ['']);
});

test('folders, patterns, lists; hidden files and marks are no data', async () => {
  const data = join(folder, 'data [1]');
  mkdirSync(join(data, 'sub'), { recursive: true });
  for (const [name, text] of Object.entries({
    'a.txt': 'a',
    'b.txt': 'b',
    'c.log': 'c',
    _SUCCESS: 'no',
    '.hidden': 'no',
    'sub/d.txt': 'd',
  }))
    writeFileSync(join(data, name), text);
  const rows = async (path: string) => (await sc.textFile(path).collect()).join('');
  assert.is(await rows(data), 'abc');
  assert.is(await rows(`${data}/a.txt,${data}/sub`), 'ad');
  const here = process.cwd();
  process.chdir(data);
  try {
    assert.is(await rows('*.txt'), 'ab');
    assert.is(await rows('{a,b}.txt, c.log'), 'abc');
    assert.is(await rows('*'), 'abcd');
    assert.is(await rows('**/*.txt'), 'abd');
  } finally {
    process.chdir(here);
  }
});

test('what is saved is read again', async () => {
  const out = join(folder, 'out');
  await sc
    .parallelize<unknown>(['a', 1, null, [1, { b: 2n }], new Date(0), new Date(Number.NaN), undefined], 3)
    .saveAsTextFile(out);
  assert.equal(await sc.textFile(out).collect(), [
    'a',
    '1',
    'null',
    '[1,{"b":"2"}]',
    '1970-01-01T00:00:00.000Z',
    'Invalid Date',
    'undefined',
  ]);
  assert.is(readFileSync(join(out, '_SUCCESS'), 'utf8'), '');
  await sc.emptyRDD<string>().saveAsTextFile(join(folder, 'nothing'));
});

test.after(async () => {
  await sc.stop();
  rmSync(folder, { recursive: true, force: true });
});

test.run();
