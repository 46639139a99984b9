// Files of a real HDFS by WebHDFS, on masters of our own: read in parts, saved by rename, and what goes wrong is told.
// time limit: 300 s
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../cluster/connect';
import type { Context } from '../../runtime/index';
import { errorOf } from '../helpers/errors';
import { type MiniHadoop, missingForHadoop, startHadoop } from '../helpers/mini-hadoop';

const test = suite('files of HDFS');
let hadoop: MiniHadoop;
let sc: Context;
let root = '';

test.before(async () => {
  const missing = missingForHadoop();
  if (missing !== undefined) throw new Error(missing);
  hadoop = await startHadoop(false);
  process.env.MILLRACE_WEBHDFS_PORT = hadoop.web.split(':')[1];
  process.env.HADOOP_USER_NAME = 'tester';
  root = `hdfs://${hadoop.web.split(':')[0]}/open`;
  sc = await connect('local[2]');
});

test.after(async () => {
  await sc.stop();
  await hadoop.stop();
});

const lines = Array.from({ length: 200_000 }, (_, i) => `line ${i} ${'x'.repeat(i % 50)}`);
const sorted = (rows: readonly string[]) => [...rows].sort();

test('what is saved is read again, in parts, by folder and by pattern', async () => {
  await sc.parallelize(lines, 2).saveAsTextFile(`${root}/text`);
  assert.equal(await sc.textFile(`${root}/text`).collect(), lines);
  const part = sc.textFile(`${root}/text/part-00000`, 4);
  assert.is(part.numPartitions, 4);
  assert.is(await part.count(), lines.length / 2);
  assert.is(await sc.textFile(`${root}/t*/part-*1`).count(), lines.length / 2);
  assert.is(await sc.textFile(`webhdfs://${hadoop.web}/open/**/part-00001`).count(), lines.length / 2);
});

test('tables, objects, names with spaces', async () => {
  const rows = Array.from({ length: 2000 }, (_, id) => ({ id, name: `ü ${id % 7}` }));
  const data = sc.parallelize(rows, 2);
  await data.saveAsParquet(`${root}/a b+ü`);
  assert.equal(await sc.parquet(`${root}/a b+ü`).collect(), rows);
  await data.saveAsCsv(`${root}/csv`);
  assert.equal(await sc.csv(`${root}/csv`).collect(), rows);
  await data.saveAsObjectFile(`${root}/objects`);
  assert.equal(await sc.objectFile(`${root}/objects`).collect(), rows);
});

test('a folder that is there is refused; overwrite replaces it, also what is read from it; a failed save leaves nothing', async () => {
  const folder = `${root}/twice`;
  await sc.range(0, 4, 1, 4).saveAsTextFile(folder);
  await errorOf('OUTPUT_EXISTS', () => sc.range(2).saveAsTextFile(folder));
  await sc
    .textFile(folder)
    .coalesce(2)
    .map((line) => `${line}!`)
    .saveAsTextFile(folder, { overwrite: true });
  assert.equal(sorted(await sc.textFile(folder).collect()), ['0!', '1!', '2!', '3!']);
  const failing = sc.range(0, 4, 1, 2).map((i) => {
    if (i === 3) throw new Error('no more');
    return i;
  });
  await failing.saveAsTextFile(`${root}/none`).catch(() => undefined);
  await errorOf('NO_SUCH_PATH', () => sc.textFile(`${root}/none`).count());
});

test('a file that changes under its dataset is FILE_CHANGED', async () => {
  await sc.parallelize(['a', 'b'], 1).saveAsTextFile(`${root}/changing`);
  const rows = sc.textFile(`${root}/changing/part-00000`);
  assert.is(await rows.count(), 2);
  await sc.parallelize(['c', 'd'], 1).saveAsTextFile(`${root}/changing`, { overwrite: true });
  await errorOf('FILE_CHANGED', () => rows.count());
});

test('hosts, paths and rights that are missing are told', async () => {
  const told = async (code: Parameters<typeof errorOf>[0], f: () => unknown) => {
    const error = await errorOf(code, f);
    return `${error.message} ${error.remedy}`;
  };
  assert.match(await told('NO_SUCH_PATH', () => sc.textFile(`${root}/nothing`).count()), /nothing at hdfs:/);
  assert.match(
    await told('UNREADABLE_FILE', () => sc.textFile(`${root.replace('/open', '/closed')}/a*`).count()),
    /HADOOP_USER_NAME/,
  );
  assert.match(await told('UNREADABLE_FILE', () => sc.textFile('webhdfs://127.0.0.1:1/a').count()), /nothing listens/);
});

test.run();
