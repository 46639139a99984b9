// Texts persisted as bytes: what goes in comes out, and what bytes cannot hold stays as it is; memory is about that of the file.
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { Random } from '../../../runtime/base/time';
import { storedLines } from '../../../runtime/columns/stored-lines';
import { size } from '../../helpers/sizes';

const test = suite('stored lines');
let folder: string;

test.before(() => {
  folder = mkdtempSync(join(tmpdir(), 'stored-lines-'));
});

test.after(() => rmSync(folder, { recursive: true, force: true }));

const pieces = ['', 'a', 'word', 'é', '😀', '\r', '\r\n', '\0', '\u2028', '\ufeff', '\ufffd'];
const hostile = ['\n', '\ud800', '\udc00x'];

test('texts are what they were, or are left as they are', () => {
  const rounds = size(500, 20_000);
  let stored = 0;
  for (let seed = Number(process.env.SEED ?? 0), end = seed + rounds; seed < end; seed++) {
    const random = new Random(seed);
    const all = random.below(4) === 0 ? [...pieces, ...hostile] : pieces.filter((piece) => !piece.includes('\n'));
    const text = () => Array.from({ length: random.below(4) }, () => all[random.below(all.length)]).join('');
    const texts: unknown[] = Array.from({ length: 64 + random.below(100) }, text);
    if (random.below(10) === 0) texts[random.below(texts.length)] = [5, null, undefined, {}][random.below(4)];
    const lines = storedLines(texts);
    if (lines) {
      stored++;
      assert.equal(lines.rows(), texts, `SEED=${seed}`);
      assert.is(lines.count, texts.length);
      assert.is(lines.areLines, !texts.join('\n').includes('\r'));
    } else
      assert.ok(
        texts.some((one) => typeof one !== 'string' || /[\n\ud800-\udfff]/.test(one)),
        `SEED=${seed}`,
      );
  }
  assert.ok(stored > rounds / 2);
});

test('a persisted text takes about the bytes of its file, also of what is made of lines', async () => {
  const path = join(folder, 'text');
  writeFileSync(path, Array.from({ length: 40_000 }, (_, i) => `line ${i} of a text with words of some length, é\n`).join(''));
  const sc = await connect('local');
  try {
    const bytes = statSync(path).size;
    const lines = sc.textFile(path, 2).cache();
    const shorter = sc
      .textFile(path, 2)
      .map((line) => line.slice(5))
      .cache();
    assert.is(await lines.count(), 40_000);
    assert.ok(sc.storageOf(lines).bytes < bytes * 1.02);
    assert.is(await shorter.count(), 40_000);
    assert.ok(sc.storageOf(shorter).bytes < bytes);
    assert.is(await lines.count(), 40_000);
    assert.equal(await lines.filter((line) => line.startsWith('line 39999 ')).collect(), [
      'line 39999 of a text with words of some length, é',
    ]);
    assert.equal(await shorter.first(), '0 of a text with words of some length, é');
  } finally {
    await sc.stop();
  }
});

test.run();
