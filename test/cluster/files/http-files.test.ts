// Files of a web server: each reader gives what it gives of the same files on this machine, and what goes wrong is told.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import type { Context } from '../../../runtime/index';
import { errorOf } from '../../helpers/errors';
import { within } from '../../helpers/within';

const test = suite('files of a web server');
const folder = mkdtempSync(join(tmpdir(), 'millrace-http-'));
const server = spawn(process.execPath, [join(__dirname, '../../helpers/file-server.js'), folder], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
let sc: Context;
let base = '';

const control = async (query = ''): Promise<string[][]> => (await (await fetch(`${base}/control?${query}`)).json()) as string[][];

test.before(async () => {
  const port = await within(10_000, new Promise((resolve) => server.stdout.once('data', resolve)), 'the port of the server');
  base = `http://127.0.0.1:${String(port).trim()}`;
  sc = await connect('local[2]');
});

test.after(async () => {
  await sc.stop();
  server.stdin.end();
  rmSync(folder, { recursive: true, force: true });
});

const put = (name: string, bytes: string | Uint8Array): string => {
  writeFileSync(join(folder, name), bytes);
  return `${base}/${encodeURIComponent(name)}`;
};

const manyLines = Array.from({ length: 200_000 }, (_, i) => `line ${i} ${'x'.repeat(i % 70)}`);

test('the lines of a text are read by parts, each byte about once', async () => {
  const text = `${manyLines.join('\n')}\n`;
  const url = put('lines.txt', text);
  await control();
  const lines = sc.textFile(url, 4);
  assert.is(lines.numPartitions, 4);
  assert.equal(await lines.collect(), manyLines);
  const ranges = (await control()).map(([, , range]) => /(\d+)-(\d+)/.exec(range)!.slice(1).map(Number));
  const bytes = ranges.reduce((sum, [from, to]) => sum + Math.min(to, text.length - 1) - from + 1, 0);
  assert.ok(bytes < text.length * 1.5, `${bytes} bytes were fetched of ${text.length}`);
  assert.is(
    await sc
      .textFile(url)
      .filter((line) => line.includes('line 7'))
      .count(),
    manyLines.filter((l) => l.includes('line 7')).length,
  );
});

test('packed texts, whole files, names with spaces, empty files', async () => {
  const packed = put('packed.gz', gzipSync('a\nb\n'));
  assert.equal(await sc.textFile(packed).collect(), ['a', 'b']);
  const spaced = put('a b+ü.txt', 'ü\n');
  assert.equal(await sc.wholeTextFiles(spaced).collect(), [[spaced, 'ü\n']]);
  assert.equal(await sc.textFile(put('empty.txt', '')).collect(), []);
  assert.equal(await sc.textFile([packed, spaced]).collect(), ['a', 'b', 'ü']);
  assert.equal(await sc.textFile(`${packed},${spaced}`).count(), 3);
});

test('tables: CSV, JSON lines, Parquet, Arrow and object files', async () => {
  const rows = Array.from({ length: 5000 }, (_, i) => ({ id: i, name: `n${i % 7}`, half: i / 2 }));
  const data = sc.parallelize(rows, 1);
  const out = join(folder, 'out');
  const saved = {
    csv: () => data.saveAsCsv(`${out}-csv`),
    jsonLines: () => data.saveAsJsonLines(`${out}-jsonLines`),
    parquet: () => data.saveAsParquet(`${out}-parquet`),
    arrow: () => data.saveAsArrow(`${out}-arrow`),
  };
  const endings = { csv: '.csv', jsonLines: '.jsonl', parquet: '.parquet', arrow: '.arrow' };
  for (const kind of ['csv', 'jsonLines', 'parquet', 'arrow'] as const) {
    await saved[kind]();
    const table = sc[kind]<{ id: number; name: string; half: number }>(`${base}/out-${kind}/part-00000${endings[kind]}`);
    assert.equal(await table.collect(), rows, kind);
    assert.is(
      await table
        .filter((row) => row.id < 10)
        .map((row) => row.half)
        .sum(),
      22.5,
    );
  }
  await data.saveAsObjectFile(`${out}-objects`);
  assert.equal(await sc.objectFile(`${base}/out-objects/part-00000`).collect(), rows);
});

test('a server without parts is read by a copy', async () => {
  put('some.txt', `${manyLines.slice(0, 5000).join('\n')}\n`);
  await control();
  assert.is(await sc.textFile(`${base}/whole/some.txt`, 3).count(), 5000);
  assert.ok((await control()).length <= 2);
  const [[name]] = await sc.wholeTextFiles(`${base}/whole/some.txt`).collect();
  assert.is(name, `${base}/whole/some.txt`);
});

test('a server that is busy is asked again; redirects are followed', async () => {
  const url = put('busy.txt', 'a\nb\n');
  await control('fail=3');
  assert.equal(await sc.textFile(url).collect(), ['a', 'b']);
  assert.equal(await sc.textFile(`${base}/moved/busy.txt`).collect(), ['a', 'b']);
});

test('a file that changes under its dataset is FILE_CHANGED', async () => {
  const url = put('log.txt', 'a\nb\n');
  const lines = sc.textFile(url);
  assert.is(await lines.count(), 2);
  await control('change=log.txt');
  const error = await errorOf('FILE_CHANGED', () => lines.count());
  assert.match(error.message, /log\.txt has changed since its dataset was made: it had 4 bytes, and has 8/);
  assert.equal(await sc.textFile(url).collect(), ['new', 'a', 'b']);
});

test('what is not there, not allowed, or names a password is told once and clearly', async () => {
  const told = async (code: Parameters<typeof errorOf>[0], url: string) => {
    const error = await errorOf(code, () => sc.textFile(url).count());
    return `${error.message} ${error.remedy}`;
  };
  assert.match(await told('NO_SUCH_PATH', `${base}/none.txt`), /There is nothing at http:.*none\.txt\. Check the spelling/);
  assert.match(await told('UNREADABLE_FILE', `${base}/closed/a`), /the server answers 403/);
  assert.match(await told('UNREADABLE_FILE', 'http://127.0.0.1:1/a.txt'), /nothing listens at 127\.0\.0\.1:1/);
  const secret = 'hunter2';
  const withPassword = await told('BAD_ARGUMENT', `${base.replace('//', `//me:${secret}@`)}/a.txt`);
  assert.match(withPassword, /a URL without a name or password/);
  assert.not.match(withPassword, new RegExp(secret));
});

test('what stands behind a question mark, such as a signature, is never shown', async () => {
  put('signed.txt', 'a\nb\n');
  const secret = 'c0ffee42';
  const lines = sc.textFile([`${base}/signed.txt?sig=${secret}`, `${base}/signed.txt?sig=${secret}&v=2`]);
  assert.equal(await lines.collect(), ['a', 'b', 'a', 'b']);
  const mapped = lines.map((line) => line.length).setName('lengths');
  const texts = [
    String(lines),
    lines.explain(),
    mapped.toDebugString(),
    JSON.stringify(await sc.wholeTextFiles(`${base}/signed.txt?sig=${secret}`).collect()),
  ];
  await control('change=signed.txt');
  texts.push((await errorOf('FILE_CHANGED', () => lines.count())).message);
  texts.push((await errorOf('NO_SUCH_PATH', () => sc.textFile(`${base}/gone?sig=${secret}`).count())).message);
  for (const text of texts) assert.not.match(text, new RegExp(secret));
  assert.match(texts[0], /signed\.txt\?…/);
});

test.run();
