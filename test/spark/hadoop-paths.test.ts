// Paths of Hadoop's file systems on masters of Spark: texts, whole files, object files, saves and checkpoints, on file:// and on a real HDFS.
// time limit: 600 s
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../cluster/connect';
import { findSpark } from '../../cluster/spark/installed-spark';
import type { Context } from '../../runtime/index';
import { errorOf } from '../helpers/errors';
import { type MiniHadoop, missingForHadoop, startHadoop } from '../helpers/mini-hadoop';
import { type Standalone, startStandalone } from '../helpers/standalone';

const add = (a: number, b: number) => a + b;

const local = suite('file:// through Hadoop');
let folder: string;
let sc: Context;

local.before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hadoop-paths-'));
  mkdirSync(join(folder, 'in', 'below'), { recursive: true });
  writeFileSync(join(folder, 'in', 'a.txt'), 'a b\nb c\r\nx\ry\n\nlast');
  writeFileSync(join(folder, 'in', 'b.txt.gz'), gzipSync('packed\n'));
  writeFileSync(join(folder, 'in', 'c.txt'), '');
  writeFileSync(join(folder, 'in', '_hidden'), 'no\n');
  sc = await connect('spark-local[2]');
});

local.after(async () => {
  await sc?.stop();
  rmSync(folder, { recursive: true, force: true });
});

local('lines are those of other masters: asked before Spark is there, and after', async () => {
  const lines = sc.textFile(`file://${folder}/in`);
  assert.ok(lines.numPartitions >= 2);
  const expected = await local$(`${folder}/in`);
  assert.equal(await lines.collect(), expected);
  assert.equal(await sc.textFile([`file://${folder}/in/a.txt`, `${folder}/in/b.txt.gz`]).collect(), expected);
  assert.is(await lines.count(), expected.length);
  assert.is(await lines.filter((line) => line.includes('b')).count(), 2);
  const words = lines.flatMap((line) => line.split(' ')).map((word): [string, number] => [word, 1]);
  assert.is((await words.reduceByKey(add).collectAsMap()).get('b'), 2);
});

/** What a worker reads by itself. */
const local$ = (path: string) => sc.textFile(path).collect();

local('large files are cut, and each line is read once', async () => {
  const rows = Array.from({ length: 50_000 }, (_, i) => `line ${i} ${'.'.repeat(i % 50)}`);
  writeFileSync(join(folder, 'large.txt'), rows.join('\n'));
  const lines = sc.textFile(`file://${folder}/large.txt`, 7);
  assert.ok(lines.numPartitions >= 7, `${lines.numPartitions} partitions`);
  assert.equal(await lines.collect(), rows);
  assert.equal(await lines.take(3), rows.slice(0, 3));
});

local('whole files, object files, and saves that replace each other', async () => {
  const whole = await sc.wholeTextFiles(`file://${folder}/in/*.txt*`).collect();
  assert.equal(
    whole.map(([path, text]) => [path.slice(path.lastIndexOf('/') + 1), text]),
    [
      ['a.txt', 'a b\nb c\r\nx\ry\n\nlast'],
      ['b.txt.gz', 'packed\n'],
      ['c.txt', ''],
    ],
  );
  const rows = sc.range(0, 100, 1, 4).map((x) => ({ x, at: new Date(x) }));
  await rows.saveAsObjectFile(`file://${folder}/rows`);
  assert.equal(await sc.objectFile(`file://${folder}/rows`).collect(), await rows.collect());
  const out = `file://${folder}/out`;
  await sc.range(0, 4, 1, 2).saveAsTextFile(out, { compression: 'gzip' });
  assert.equal(await sc.textFile(out).collect(), ['0', '1', '2', '3']);
  await errorOf('OUTPUT_EXISTS', () => sc.range(3).saveAsTextFile(out));
  await sc.emptyRDD().saveAsTextFile(out, { overwrite: true });
  assert.equal(await sc.textFile(out).collect(), []);
  await sc.range(0, 2, 1, 3).saveAsTextFile(out, { overwrite: true });
  assert.equal(
    readdirSync(join(folder, 'out')).filter((name) => !name.endsWith('.crc')),
    ['_SUCCESS', 'part-00000', 'part-00001', 'part-00002'],
  );
  const other = await errorOf('OUTPUT_EXISTS', () => sc.range(3).saveAsTextFile(`file://${folder}/in`, { overwrite: true }));
  assert.match(other.message, 'is of no save');
});

local('nothing is left of a save that failed', async () => {
  const bad = sc.range(0, 4, 1, 2).map((x) => {
    if (x === 3) throw new Error('three');
    return x;
  });
  await errorOf('TASK_FAILED', () => bad.saveAsTextFile(`file://${folder}/failed`));
  assert.not.ok(readdirSync(folder).some((name) => name.startsWith('failed')));
});

local('a checkpoint stands for its lineage', async () => {
  sc.setCheckpointDir(`file://${folder}/checkpoints`);
  const computed = sc.longAccumulator();
  const rows = sc.range(0, 100, 1, 3).map((x) => {
    computed.add(1);
    return x * 2;
  });
  rows.checkpoint();
  assert.is(await rows.count(), 100);
  assert.is(computed.value, 100);
  assert.is(await rows.map((x) => x + 1).sum(), 10_000);
  assert.is(computed.value, 100);
  assert.match(rows.getCheckpointFile() ?? '', /^file:\/\/.*checkpoint-/);
});

local('one message for each thing that is wrong', async () => {
  const wrong: [path: string, message: RegExp, remedy: RegExp][] = [
    ['file:///nowhere/at/all', /there is nothing/, /spelling/],
    ['hdfs:///data', /no host/, /fs\.defaultFS/],
    ['hdfs://127.0.0.1:1/data', /refused/, /host and port/],
    ['nofs://host/data', /No FileSystem for scheme "nofs"/, /client of that file system/],
    ['s3://bucket/data', /S3AFileSystem not found/, /hadoop-aws/],
  ];
  for (const [path, message, remedy] of wrong) {
    const error = await errorOf('UNREADABLE_FILE', () => sc.textFile(path).count());
    assert.match(error.message, message);
    assert.ok(error.message.includes(path), error.message);
    assert.match(error.remedy, remedy);
  }
  await errorOf('NO_FILES', () => sc.textFile(`file://${folder}/in/*.csv`).count());
  await errorOf('DISK', () => sc.range(3).saveAsTextFile('hdfs://127.0.0.1:1/out'));
});

local('web pages are read by workers, as on other masters', async () => {
  writeFileSync(join(folder, 'page.csv'), 'id,name\n1,a\n2,b\n');
  const server = spawn(process.execPath, [join(__dirname, '../helpers/file-server.js'), folder], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    const [port] = (await once(server.stdout, 'data')) as [Buffer];
    const url = `http://127.0.0.1:${Number(String(port))}/page.csv`;
    assert.equal(await sc.textFile(url).collect(), ['id,name', '1,a', '2,b']);
    assert.equal(await sc.csv(url).collect(), [
      { id: 1, name: 'a' },
      { id: 2, name: 'b' },
    ]);
  } finally {
    server.kill();
  }
});

local.run();

const real = suite('HDFS from a standalone cluster');
const missing = missingForHadoop();
if (missing !== undefined) console.log(`Not run on HDFS: ${missing}`);
const onHdfs = missing === undefined ? real : real.skip;
let hadoop: MiniHadoop | undefined;
let cluster: Standalone | undefined;
let remote: Context;
const userBefore = process.env.HADOOP_USER_NAME;

real.before(async () => {
  if (missing !== undefined) return;
  hadoop = await startHadoop(false);
  // Not the user who started HDFS, whom it refuses nothing.
  process.env.HADOOP_USER_NAME = 'alice';
  cluster = await startStandalone(1, 2);
  const conf = { 'spark.executor.memory': '512m', 'spark.hadoop.fs.defaultFS': hadoop.hdfs, 'spark.hadoop.dfs.replication': '1' };
  remote = await connect(cluster.master, { spark: { conf } });
});

real.after(async () => {
  if (userBefore === undefined) delete process.env.HADOOP_USER_NAME;
  else process.env.HADOOP_USER_NAME = userBefore;
  await remote?.stop();
  await cluster?.stop();
  await hadoop?.stop();
});

onHdfs('what executors write there they read again, also over WebHDFS, by block and by whole file', async () => {
  const { hdfs, web } = hadoop!;
  const rows = Array.from({ length: 40_000 }, (_, i) => `line ${i} ${'.'.repeat(i % 70)}`);
  await remote.parallelize(rows, 1).saveAsTextFile(`${hdfs}/open/lines`);
  const lines = remote.textFile(`${hdfs}/open/lines`);
  // Blocks of 1 MiB.
  assert.ok(lines.numPartitions >= 2);
  assert.ok(lines.preferredLocations(0).length > 0);
  assert.equal(await lines.collect(), rows);
  const overWeb = () => remote.textFile(`webhdfs://${web}/open/lines`).count();
  // The shaded Hadoop of Spark 4.3 lacks a class that its own client needs.
  if (!findSpark(undefined).version.startsWith('4.3.')) assert.is(await overWeb(), rows.length);
  else assert.match((await errorOf('UNREADABLE_FILE', overWeb)).remedy, /Name it by hdfs:/);
  assert.is((await remote.wholeTextFiles('hdfs:///open/lines').values().first()).length, rows.join('\n').length + 1);
  remote.setCheckpointDir('hdfs:///open/checkpoints');
  const counted = lines.map((line) => line.length);
  counted.checkpoint();
  assert.is(await counted.sum(), rows.join('').length);
  assert.is(await counted.max(), Math.max(...rows.map(({ length }) => length)));
});

onHdfs(
  'tables in every format are written there and read again: columns first, then rows, some columns, and rows of a condition',
  async () => {
    const rows = Array.from({ length: 5_000 }, (_, i) => ({ id: i, name: `name ${i % 7}`, half: i / 2 }));
    const made = () => remote.parallelize(rows, 2);
    await made().saveAsCsv('hdfs:///open/tables/csv');
    await made().saveAsJsonLines('hdfs:///open/tables/json');
    await made().saveAsParquet('hdfs:///open/tables/parquet');
    await made().saveAsArrow('hdfs:///open/tables/arrow');
    const tables = {
      csv: remote.csv('hdfs:///open/tables/csv'),
      json: remote.jsonLines('hdfs:///open/tables/json/part-*'),
      parquet: remote.parquet('hdfs:///open/tables/parquet'),
      arrow: remote.arrow('hdfs:///open/tables/arrow'),
    };
    for (const [format, table] of Object.entries(tables)) {
      assert.equal(
        table.schema?.columns.map(({ name }) => name),
        ['id', 'name', 'half'],
        format,
      );
      assert.equal(await table.collect(), rows, format);
      assert.is(
        await table
          .select('half')
          .map(({ half }) => Number(half))
          .sum(),
        6_248_750,
        format,
      );
      assert.is(await table.where((row) => Number(row.id) < 10).count(), 10, format);
    }
    const packed = remote.parallelize(['id,name', '1,"a, b"']).coalesce(1);
    await packed.saveAsTextFile('hdfs:///open/packed', { compression: 'gzip' });
    assert.equal(await remote.csv('hdfs:///open/packed').collect(), [{ id: 1, name: 'a, b' }]);
    await remote.parallelize(rows, 3).saveAsParquet('hdfs:///open/tables/parquet', { overwrite: true });
    assert.match((await errorOf('FILE_CHANGED', () => tables.parquet.collect())).message, /hdfs:.*part-0000/);
    assert.is(await remote.parquet('hdfs:///open/tables/parquet').count(), rows.length);
    await errorOf('UNREADABLE_FILE', () => remote.csv('hdfs:///open/nothing').collect());
    await errorOf('NO_FILES', () => remote.csv('hdfs:///open/tables/csv/*.txt').collect());
  },
);

onHdfs('who lacks the right is told so, for reading and for writing', async () => {
  const read = await errorOf('UNREADABLE_FILE', () => remote.textFile('hdfs:///closed/data').count());
  assert.match(read.message, /Permission denied: user=alice/);
  assert.match(read.remedy, /HADOOP_USER_NAME/);
  const written = await errorOf('DISK', () => remote.range(3).saveAsTextFile('hdfs:///closed/out'));
  assert.match(written.message, /hdfs:\/\/\/closed\/out failed: Permission denied: user=alice/);
});

real.run();
