// Files that change under a dataset: appended bytes are no part of it, and any other change is an error and never a wrong row.
import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import type { Context } from '../../../runtime/index';
import { errorOf } from '../../helpers/errors';
import { masterOf } from '../../helpers/master';

const test = suite('changed files');
let sc: Context;
let folder: string;
let path: string;
let files = 0;
const longAgo = new Date(1e12);
const lines = (n: number, word = 'line') => Array.from({ length: n }, (_, i) => `${word} ${i}`);

test.before(async () => {
  sc = await connect(masterOf('local'));
  folder = mkdtempSync(join(tmpdir(), 'changed-'));
});

test.before.each(() => {
  path = join(folder, `file-${files++}`);
  writeFileSync(path, lines(1000).join('\n'));
  utimesSync(path, longAgo, longAgo);
});

test('a log that grows between jobs and within one stays what it was, its unfinished last line too', async () => {
  const log = sc.textFile(path, 3);
  assert.is(await log.count(), 1000);
  appendFileSync(path, '9\nmore\n'.repeat(500));
  assert.equal(await log.collect(), lines(1000));
  assert.is(await log.count(), 1000);
  const target = path;
  const grown = log.map((line) => {
    appendFileSync(target, 'again\n');
    return line;
  });
  assert.equal(await grown.collect(), lines(1000));
  assert.is(await sc.textFile(path).count(), 2999, 'a new dataset has what is there now');
});

/** Each change, and what the error says of it. */
const changes: Record<string, [RegExp, () => void]> = {
  cut: [/it had \d+ bytes, and has 500/, () => truncateSync(path, 500)],
  'written anew with as many bytes': [/it was written to/, () => writeFileSync(path, lines(1000, 'LINE').join('\n'))],
  'replaced by a larger one': [
    /another file has its name/,
    () => {
      writeFileSync(`${path}.new`, lines(5000, 'other').join('\n'));
      renameSync(`${path}.new`, path);
    },
  ],
};

for (const [change, [reason, make]] of Object.entries(changes)) {
  test(`a file that is ${change} between two jobs`, async () => {
    const text = sc.textFile(path, 3);
    const whole = sc.wholeTextFiles(path);
    await text.count();
    await whole.count();
    make();
    for (const job of [() => text.collect(), () => text.count(), () => whole.collect()])
      assert.match((await errorOf('FILE_CHANGED', job)).message, reason);
    const now = await sc.textFile(path).count();
    assert.ok(now > 0);
    rmSync(path);
    await errorOf('UNREADABLE_FILE', () => text.count());
  });
}

/** Rewrites the file, and sets its time of change back to what it was. */
function rewriteKeepingTimes(text: string): void {
  writeFileSync(path, text);
  utimesSync(path, longAgo, longAgo);
}

/** Changes after which the file is no shorter than before, and passes for a grown one by its length. */
const larger: Record<string, () => void> = {
  'rewritten in place to a longer text': () => writeFileSync(path, lines(3000, 'other').join('\n')),
  'truncated, and grew again': () => {
    truncateSync(path, 0);
    for (const line of lines(2000, 'again')) appendFileSync(path, `${line}\n`);
  },
  'overwritten at its start, and appended to': () => {
    writeFileSync(path, `LINE${readFileSync(path, 'utf8').slice(4)}\nmore`);
  },
  'rotated, its number given to a new file': () => {
    rmSync(path);
    writeFileSync(path, lines(3000, 'new').join('\n'));
  },
  'a longer copy with kept times': () => rewriteKeepingTimes(lines(3000, 'copy').join('\n')),
  'a copy with kept times of the same length': () => rewriteKeepingTimes(lines(1000, 'LINE').join('\n')),
};

for (const [change, make] of Object.entries(larger)) {
  test(`a file that is ${change} between two jobs`, async () => {
    const [text, head] = [sc.textFile(path, 3), sc.textFile(path, 1)];
    await text.count();
    await head.count();
    make();
    for (const job of [() => text.collect(), () => text.count(), () => head.take(1)]) await errorOf('FILE_CHANGED', job);
  });
}

test('a file that is renamed and back, made read-only, or linked is the same file', async () => {
  const text = sc.textFile(path, 3);
  await text.count();
  chmodSync(path, 0o600);
  renameSync(path, `${path}.other`);
  linkSync(`${path}.other`, path);
  assert.equal(await text.collect(), lines(1000));
});

test('a file that is rewritten while a task reads it gives no row of the new text', async () => {
  writeFileSync(path, `${'x'.repeat(99)}\n`.repeat(50_000));
  const target = path;
  let written = false;
  const rows = sc.textFile(path, 1).map((line) => {
    if (!written) writeFileSync(target, `${'y'.repeat(98)}\n`.repeat(90_000));
    written = true;
    return line;
  });
  await errorOf('FILE_CHANGED', () => rows.count());
});

test('packed files and object files may not even grow', async () => {
  const packed = `${path}.gz`;
  writeFileSync(packed, gzipSync(lines(10).join('\n')));
  const text = sc.textFile(packed);
  assert.is(await text.count(), 10);
  appendFileSync(packed, gzipSync('more\n'));
  await errorOf('FILE_CHANGED', () => text.count());
  assert.equal(await sc.textFile(packed).take(20), [...lines(9), 'line 9more']);
  await sc.range(0, 10, 1, 1).saveAsObjectFile(`${path}.o`);
  const objects = sc.objectFile<number>(`${path}.o`);
  assert.is(await objects.sum(), 45);
  await sc.range(0, 20, 1, 1).saveAsObjectFile(`${path}.p`);
  renameSync(join(`${path}.p`, 'part-00000'), join(`${path}.o`, 'part-00000'));
  await errorOf('FILE_CHANGED', () => objects.sum());
});

test('a file that is cut between two attempts of a task', async () => {
  const target = path;
  const tries = sc.longAccumulator();
  const failing = sc.textFile(path, 1).mapPartitions(function* (rows) {
    tries.add(1);
    for (const row of rows) yield row;
    truncateSync(target, 700);
    throw new Error('the first attempt fails');
  });
  await errorOf('FILE_CHANGED', () => failing.count());
});

test('a file that is cut while it is read gives no row twice and none that is wrong', async () => {
  const wide = `${'x'.repeat(99)}\n`;
  writeFileSync(path, wide.repeat(50_000));
  const target = path;
  let cut = false;
  const error = await errorOf('FILE_CHANGED', () =>
    sc
      .textFile(target, 1)
      .map((line) => {
        if (!cut) truncateSync(target, 2_000_050);
        cut = true;
        return line;
      })
      .collect(),
  );
  assert.match(error.message, /5000000 bytes, and has 2000050/);
});

test('kept rows do not need their file', async () => {
  const kept = sc.textFile(path, 2).cache();
  assert.is(await kept.count(), 1000);
  rmSync(path);
  assert.equal(await kept.collect(), lines(1000));
});

test('two jobs that save to one folder: one of them has it, and the other removes nothing', async () => {
  const output = join(folder, 'both');
  const results = await Promise.allSettled(
    [1, 2].map((k) =>
      sc
        .range(0, 10, 1, 1)
        .map((x) => x * k)
        .saveAsTextFile(output),
    ),
  );
  assert.equal(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  const refused = results.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
  assert.is(refused.reason.code, 'OUTPUT_EXISTS');
  assert.is(await sc.textFile(output).count(), 10);
});

test.after(async () => {
  await sc.stop();
  rmSync(folder, { recursive: true, force: true });
});

test.run();
