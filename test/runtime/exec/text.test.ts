// Lines of byte ranges: together they are the lines of the file, each once, wherever the ranges are cut.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { textChunkBytes } from '../../../runtime/base/limits';
import { Random } from '../../../runtime/base/time';
import { countLines, textLines, wholeText } from '../../../runtime/formats/read-lines';
import type { Context } from '../../../runtime/index';
import { errorOf } from '../../helpers/errors';
import { masterOf } from '../../helpers/master';

const test = suite('text');
let folder: string;
let sc: Context;

test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'text-'));
  sc = await connect(masterOf('local'));
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
    const range = { path, start: cuts[i], end: cuts[i + 1], form: 'plain' as const };
    const own = [...textLines(range)].flat();
    assert.is(
      countLines([range], () => {}),
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

// ---- forms

const utf16 = (text: string, mark = '\ufeff') => Buffer.from(mark + text, 'utf16le');
const bigEndian = (bytes: Buffer) => Buffer.from(bytes).swap16();

test('marks, UTF-16, and gzip by its first bytes, whatever the name', async () => {
  const text = `zwölf\n${'😀 und mehr\r\n'.repeat(40_000)}end`;
  const lines = expectedLines(text);
  const plain = 'mostly Latin letters, and an Ω\nwithout a mark';
  const forms: Record<string, [Buffer, readonly string[]]> = {
    'mark.txt': [Buffer.from(`\ufeff${text}`), lines],
    'mark-only.txt': [Buffer.from('\ufeff'), []],
    'mark-line.txt': [Buffer.from('\ufeff\n'), ['']],
    'utf16le.txt': [utf16(text), lines],
    'utf16be.txt': [bigEndian(utf16(text)), lines],
    'utf16-unmarked.txt': [utf16(plain, ''), plain.split('\n')],
    'utf16be-unmarked.txt': [bigEndian(utf16(plain, '')), plain.split('\n')],
    'packed.GZ': [gzipSync(text), lines],
    'packed.log': [gzipSync(text), lines],
    'two-members.gz': [Buffer.concat([gzipSync('a\nb'), gzipSync('c\nd')]), ['a', 'bc', 'd']],
    'packed-mark.gz': [gzipSync(`\ufeff${text}`), lines],
    'packed-utf16.gz': [gzipSync(utf16(text)), lines],
  };
  for (const [name, [bytes, expected]] of Object.entries(forms)) {
    const path = fileOf(bytes, name);
    const rows = sc.textFile(path, 3);
    assert.equal(await rows.collect(), expected, name);
    assert.is(await rows.count(), expected.length, name);
    const counted = await rows
      .flatMap((line) => line.split(' '))
      .map((w) => [w, 1] as [string, number])
      .reduceByKey((a, b) => a + b)
      .keys()
      .collect();
    assert.equal(counted.sort(), [...new Set(expected.flatMap((line) => line.split(' ')))].sort(), name);
    const [whole] = await sc.wholeTextFiles(path).values().collect();
    assert.equal(expectedLines(whole), expected, name);
  }
});

test('what is no text is refused by its name', async () => {
  const others: Record<string, [Buffer | string, RegExp]> = {
    'a.bz2': ['BZh91AY&SY\x00', /packed by bzip2/],
    'text-named': ['BZh91AY&SY\x00', /packed by bzip2/],
    'a.xz': [Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0]), /packed by xz/],
    'a.zst': [Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0]), /its packed bytes are damaged/],
    'a.zip': ['PK\x03\x04\x14', /a zip archive/],
    'a.tar': [`name${'\0'.repeat(253)}ustar\0`, /a tar archive/],
    'a.tgz': [gzipSync(`name${'\0'.repeat(253)}ustar\0`), /a tar archive/],
    'a.parquet': ['PAR1\x15\x04\x15', /a Parquet file/],
    'a.avro': ['Obj\x01\x04', /an Avro file/],
    'utf32.txt': [Buffer.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0]), /UTF-32/],
  };
  for (const [name, [bytes, reason]] of Object.entries(others)) {
    const path = fileOf(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes, name);
    for (const make of [() => sc.textFile(path), () => sc.wholeTextFiles(path)])
      assert.match((await errorOf('UNREADABLE_FILE', () => make().collect())).message, reason);
  }
  await sc.range(3).saveAsObjectFile(join(folder, 'objects'));
  const { remedy } = await errorOf('UNREADABLE_FILE', () => sc.textFile(join(folder, 'objects')).count());
  assert.match(remedy, /sc\.objectFile/);
  // Texts that only look like one of these.
  for (const text of ['PK is short', 'BZh is no word', 'PAR1 is a gene\nand more', 'Object', 'ORC, a creature'])
    assert.equal(await sc.textFile(fileOf(text, 'looks.txt')).collect(), text.split('\n'));
});

test('a few lines of a packed file cost a piece of it; a damaged end is met where it is read', async () => {
  const whole = gzipSync(Array.from({ length: 400_000 }, (_, i) => `line ${(i * 7919) % 1e6}`).join('\n'));
  const path = fileOf(whole.subarray(0, whole.length - 1000), 'cut.gz');
  const lines = sc.textFile(path);
  assert.equal(await lines.take(2), ['line 0', 'line 7919'], 'the end is not looked at');
  assert.match((await errorOf('UNREADABLE_FILE', () => lines.count())).message, /unexpected end of file/);
  writeFileSync(path, whole);
  await errorOf('FILE_CHANGED', () => lines.take(1));
});

test('a whole text has a limit, packed or not', async () => {
  const text = (path: string, form: 'plain' | 'gzip') => wholeText({ path, form }, 1000);
  for (const bytes of [999, 1000]) assert.is(text(fileOf('x'.repeat(bytes)), 'plain').length, bytes);
  await errorOf('UNREADABLE_FILE', () => text(fileOf('x'.repeat(1001)), 'plain'));
  assert.is(text(fileOf(gzipSync('é'.repeat(500)), 'limit.gz'), 'gzip').length, 500);
  // A bomb: three gigabytes of zeros in three megabytes.
  const zeros = gzipSync(Buffer.alloc(1 << 24));
  const bomb = fileOf(Buffer.concat(Array.from({ length: 192 }, () => zeros)), 'bomb.gz');
  await errorOf('UNREADABLE_FILE', () => text(bomb, 'gzip'));
  const sparse = fileOf('', 'sparse.txt');
  truncateSync(sparse, 3 * 2 ** 30);
  const { message, remedy } = await errorOf('UNREADABLE_FILE', () => sc.wholeTextFiles(sparse).count());
  assert.match(message, /sparse\.txt cannot be read: its text has more than 268435456 bytes/);
  assert.match(remedy, /textFile/);
  rmSync(sparse);
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
    '[1,{"b":{"$bigint":"2"}}]',
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
