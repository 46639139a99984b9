// Objects of an S3 server: each reader and each save gives what it gives of files on this machine; keys are shown nowhere.
// time limit: 300 s
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../cluster/connect';
import type { Context } from '../../runtime/index';
import { errorOf } from '../helpers/errors';
import { keys, S3Server } from '../helpers/s3-server';
import { file, folder, millrace } from '../helpers/scripts';

const test = suite('objects of S3');
let server: S3Server;
let sc: Context;

test.before(async () => {
  server = await S3Server.start();
  Object.assign(process.env, server.environment);
  sc = await connect('local[2]');
});

test.after(async () => {
  await sc.stop();
  server.stop();
});

const lines = Array.from({ length: 100_000 }, (_, i) => `line ${i} ${'x'.repeat(i % 50)}`);
const sorted = (rows: readonly string[]) => [...rows].sort();

test('texts are read in parts, by name, by folder and by pattern', async () => {
  await server.put('logs/a.txt', `${lines.join('\n')}\n`);
  await server.put('logs/b c+ü.txt', 'ü\n');
  await server.put('logs/_SUCCESS', '');
  await server.put('logs/2026/deep.txt', 'deep\n');
  const a = sc.textFile('s3://data/logs/a.txt', 4);
  assert.is(a.numPartitions, 4);
  assert.equal(await a.collect(), lines);
  assert.is(await sc.textFile('s3://data/logs').count(), lines.length + 1);
  assert.is(await sc.textFile('s3://data/logs/**/*.txt').count(), lines.length + 2);
  assert.equal(await sc.textFile('s3://data/logs/{b,d}*.txt').collect(), ['ü']);
  assert.equal(await sc.wholeTextFiles('s3://data/logs/b c+ü.txt').collect(), [['s3://data/logs/b c+ü.txt', 'ü\n']]);
});

test('a folder of more keys than a page has', async () => {
  const all = Array.from({ length: 1100 }, (_, i) => `k${String(i).padStart(5, '0')}`);
  for (let at = 0; at < all.length; at += 20)
    await Promise.all(all.slice(at, at + 20).map((key) => server.put(`many/${key}`, `${key}\n`)));
  assert.equal(sorted(await sc.textFile('s3://data/many').collect()), all);
});

interface Row {
  id: number;
  name: string;
}

test('what is saved is read again: texts, tables, objects; _SUCCESS is there', async () => {
  const rows = Array.from({ length: 3000 }, (_, id): Row => ({ id, name: `n${id % 7}` }));
  const data = sc.parallelize(rows, 3);
  await data.map((row) => row.name).saveAsTextFile('s3://data/out/text');
  assert.equal(
    await sc.textFile('s3://data/out/text').collect(),
    rows.map((row) => row.name),
  );
  await data.saveAsTextFile('s3://data/out/packed', { compression: 'gzip' });
  assert.equal(await sc.textFile('s3://data/out/packed').fromText().collect(), rows);
  await data.saveAsCsv('s3://data/out/csv');
  assert.equal(await sc.csv<Row>('s3://data/out/csv').collect(), rows);
  await data.saveAsJsonLines('s3://data/out/json');
  assert.equal(await sc.jsonLines<Row>('s3://data/out/json/*.jsonl').collect(), rows);
  await data.saveAsParquet('s3://data/out/parquet');
  assert.is(
    await sc
      .parquet<Row>('s3://data/out/parquet')
      .filter((row) => row.id < 10)
      .count(),
    10,
  );
  await data.saveAsArrow('s3://data/out/arrow');
  assert.equal(await sc.arrow<Row>('s3://data/out/arrow').collect(), rows);
  await data.saveAsObjectFile('s3://data/out/objects');
  assert.equal(await sc.objectFile('s3://data/out/objects').collect(), rows);
  assert.equal(await sc.textFile('s3://data/out/text/_SUCCESS').collect(), []);
});

test('a save of many pieces, and one whose partitions are empty', async () => {
  const wide = 'y'.repeat(1000);
  await sc
    .range(0, 30_000, 1, 1)
    .map((i) => `${i} ${wide}`)
    .saveAsTextFile('s3://data/out/wide');
  assert.is(
    await sc
      .textFile('s3://data/out/wide')
      .map((line) => line.length)
      .sum(),
    30_000 * 1001 + 138_890,
  );
  await sc.range(0, 1, 1, 3).saveAsTextFile('s3://data/out/few');
  assert.equal(await sc.textFile('s3://data/out/few').collect(), ['0']);
});

test('a folder that is there is refused; overwrite replaces it, also what is read from it', async () => {
  const twice = 's3://data/out/twice';
  await sc.range(0, 4, 1, 4).saveAsTextFile(twice);
  await errorOf('OUTPUT_EXISTS', () => sc.range(2).saveAsTextFile(twice));
  await sc
    .textFile(twice)
    .coalesce(2)
    .map((line) => `${line}!`)
    .saveAsTextFile(twice, { overwrite: true });
  assert.equal(sorted(await sc.textFile(twice).collect()), ['0!', '1!', '2!', '3!']);
});

test('a save that fails leaves nothing, and the old one as it was', async () => {
  const failing = sc.range(0, 4, 1, 2).map((i) => {
    if (i === 3) throw new Error('no more');
    return i;
  });
  await failing.saveAsTextFile('s3://data/out/none').then(
    () => assert.unreachable(),
    () => undefined,
  );
  await errorOf('NO_SUCH_PATH', () => sc.textFile('s3://data/out/none').count());
  await sc.range(0, 2, 1, 1).saveAsTextFile('s3://data/out/kept');
  await failing.saveAsTextFile('s3://data/out/kept', { overwrite: true }).catch(() => undefined);
  assert.equal(await sc.textFile('s3://data/out/kept').collect(), ['0', '1']);
});

test('an executor that dies in the middle of a save changes nothing: each row is there once', async () => {
  const flag = join(folder, 'has-died');
  const dying = sc.range(0, 400, 1, 4).map((i) => {
    if (i === 150 && !existsSync(flag)) {
      writeFileSync(flag, '');
      process.kill(process.pid, 'SIGKILL');
    }
    return `${i} ${'z'.repeat(100_000)}`;
  });
  await dying.saveAsTextFile('s3://data/out/survived');
  const found = await sc
    .textFile('s3://data/out/survived')
    .map((line) => Number(line.slice(0, line.indexOf(' '))))
    .collect();
  assert.equal(
    found,
    Array.from({ length: 400 }, (_, i) => i),
  );
});

test('an object that changes under its dataset is FILE_CHANGED, whatever its length', async () => {
  await server.put('changing.txt', 'a\nb\n');
  const rows = sc.textFile('s3://data/changing.txt');
  assert.is(await rows.count(), 2);
  await server.put('changing.txt', 'c\nd\n');
  assert.match((await errorOf('FILE_CHANGED', () => rows.count())).message, /it was written to/);
});

test('buckets, keys and stores that are not there are told', async () => {
  const told = async (code: Parameters<typeof errorOf>[0], f: () => unknown) => {
    const error = await errorOf(code, f);
    return `${error.message} ${error.remedy}`;
  };
  assert.match(await told('UNREADABLE_FILE', () => sc.textFile('s3://nobody/a').count()), /NoSuchBucket.*AWS_ENDPOINT_URL_S3/);
  assert.match(await told('NO_SUCH_PATH', () => sc.textFile('s3://data/none').count()), /nothing at s3:\/\/data\/none/);
  assert.match(await told('NO_FILES', () => sc.textFile('s3://data/none*').count()), /matches no file/);
  assert.match(await told('DISK', () => sc.range(2).saveAsTextFile('s3://nobody/out')), /NoSuchBucket/);
});

test('executors sign, and user code and texts have no key', async () => {
  const script = file(
    's3.ts',
    `const lines = sc.textFile('s3://data/logs/*.txt')
console.log(await lines.count())
console.log(lines.explain(), lines.toDebugString(), String(lines))
console.log(await sc.range(1).map(() => JSON.stringify(process.env)).first())
await sc.textFile('s3://nobody/a').count().catch(e => console.log(e.message, e.stack, JSON.stringify(e)))
await sc.textFile('s3://data/none').count()
`,
  );
  const { out, err } = await millrace(['--master', 'local[2]', script], { input: null, env: server.environment });
  assert.match(out, new RegExp(`^${lines.length + 1}\n`));
  assert.match(err, /nothing at s3:\/\/data\/none/);
  for (const secret of [keys.secret, keys.id]) assert.not.match(out + err, new RegExp(secret));
});

test.run();
