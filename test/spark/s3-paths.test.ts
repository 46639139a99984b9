// Paths of S3 on Spark by Hadoop's own client: texts, tables, saves and a stream's checkpoint, on an imitation of S3. Of the long size.
// time limit: 600 s
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../cluster/connect';
import type { RemoteFolders } from '../../runtime/base/remote/remote-folders';
import { type Context, ManualClock, StreamingContext } from '../../runtime/index';
import { Lease } from '../../runtime/streaming/recovery/lease';
import { errorOf } from '../helpers/errors';
import { hadoopAws } from '../helpers/mini-hadoop';
import { keys, S3Server } from '../helpers/s3-server';
import { long } from '../helpers/sizes';
import { quietDisplay } from '../helpers/streams';
import { checkSaves } from '../helpers/watched-folder';
import { until } from '../helpers/within';

const test = suite('S3 through Hadoop');
const { jars, missing } = long ? hadoopAws() : { jars: [], missing: 'it is of the long size' };
if (missing !== undefined) console.log(`Not run on S3: ${missing}`);
const onS3 = missing === undefined ? test : test.skip;
let server: S3Server | undefined;
let sc: Context;

test.before(async () => {
  if (missing !== undefined) return;
  server = await S3Server.start();
  await server.put('in/a.txt', 'a b\nb c\n');
  const conf = {
    'spark.jars': jars.join(),
    'spark.hadoop.fs.s3a.endpoint': server.endpoint,
    'spark.hadoop.fs.s3a.endpoint.region': 'us-east-1',
    'spark.hadoop.fs.s3a.path.style.access': 'true',
    'spark.hadoop.fs.s3a.access.key': keys.id,
    'spark.hadoop.fs.s3a.secret.key': keys.secret,
  };
  sc = await connect('spark-local[2]', { spark: { conf } });
});

test.after(async () => {
  await sc?.stop();
  server?.stop();
});

onS3('texts, whole files and object files are read and saved, also in place of an earlier save', async () => {
  assert.equal(await sc.textFile('s3://data/in/*.txt').collect(), ['a b', 'b c']);
  assert.equal(await sc.wholeTextFiles('s3://data/in').collect(), [['s3://data/in/a.txt', 'a b\nb c\n']]);
  await sc.range(0, 100, 1, 4).saveAsTextFile('s3://data/out');
  await sc.range(0, 50, 1, 2).saveAsTextFile('s3://data/out', { overwrite: true });
  assert.is(await sc.textFile('s3://data/out').count(), 50);
  await sc.range(0, 50, 1, 2).saveAsObjectFile('s3://data/objects');
  assert.is(await sc.objectFile<number>('s3://data/objects').sum(), 1225);
  const nothing = await errorOf('UNREADABLE_FILE', () => sc.textFile('s3://data/nothing').count());
  assert.match(nothing.message, /there is nothing/);
  const bucket = await errorOf('UNREADABLE_FILE', () => sc.textFile('s3://nobucket/in').count());
  assert.match(bucket.message, /bucket does not exist/);
  assert.not.match(bucket.message + bucket.remedy, new RegExp(keys.secret));
});

onS3('tables are written there and read again', async () => {
  const rows = Array.from({ length: 1_000 }, (_, i) => ({ id: i, name: `name ${i % 7}` }));
  await sc.parallelize(rows, 2).saveAsParquet('s3://data/parquet');
  assert.equal(await sc.parquet('s3://data/parquet').collect(), rows);
  await sc.parallelize(rows, 2).saveAsCsv('s3://data/csv');
  assert.is(
    await sc
      .csv('s3://data/csv')
      .select('id')
      .map(({ id }) => Number(id))
      .sum(),
    499_500,
  );
});

onS3('state goes on from its checkpoint there', async () => {
  const totals = async (from: number, until: number) => {
    const clock = new ManualClock(from);
    let last: unknown;
    const create = (streaming: StreamingContext) => {
      const pairs = streaming.generatorStream(2, (i): [string, number] => [`${i % 2}`, 1]).setName('numbers');
      const sums = pairs.runningReduce((a, b) => a + b).setName('sums');
      sums.foreachRDD(async (rdd) => {
        last = (await rdd.collect()).sort();
      });
    };
    const options = { sc, interval: '1s', clock, display: quietDisplay() } as const;
    const streaming = StreamingContext.getOrCreate('s3://data/checkpoint', create, options);
    streaming.start();
    for (await streaming.idle(); clock.now() < until; await streaming.idle()) clock.advance('1s');
    await streaming.stop();
    return last;
  };
  const each = (n: number) => ['0', '1'].map((key) => [key, n]);
  assert.equal(await totals(0, 3_000), each(3));
  assert.equal(await totals(3_000, 5_000), each(5));
});

onS3('a folder that a save makes after a stream began is read whole, and what takes its place', () =>
  checkSaves(sc, 's3://data/made-later'),
);

/** Where a file of such a folder stands. */
const ageOf = (path: string): number => {
  const [folder, name] = [path.slice(0, path.lastIndexOf('/')), path.slice(path.lastIndexOf('/') + 1)];
  return sc.engineFiles!.folders.entries(folder).find((entry) => entry.name === name)!.ageMs;
};

onS3('the file of an owner is renewed there, and made once', async () => {
  const { folders } = sc.engineFiles!;
  const path = 's3://data/owned/owner/1';
  assert.is(folders.create(path, Buffer.from('mine')), 'made');
  assert.is(folders.create(path, Buffer.from('other')), 'there');
  await until(30_000, () => ageOf(path) > 4_000, 'four seconds');
  folders.touch(path);
  assert.ok(ageOf(path) < 4_000, `${ageOf(path)} ms`);
  assert.is(folders.readWhole(path).toString(), 'mine');
  folders.remove([path]);
  await errorOf('DISK', () => folders.touch(path));
  assert.equal(folders.entries('s3://data/owned/owner'), []);
});

onS3('of programs that begin at the same time one has the checkpoint, also where the store does not say which', async () => {
  const { folders } = sc.engineFiles!;
  /** The folder as a program sees it that looked before the other one had written. */
  const late: RemoteFolders = {
    ...Object.fromEntries(
      (['makePrivate', 'entries', 'readWhole', 'writeWhole', 'remove', 'touch'] as const).map((name) => [
        name,
        (...words: unknown[]) => (folders[name] as (...words: unknown[]) => unknown)(...words),
      ]),
    ),
    create: (path: string, bytes: Uint8Array) => {
      folders.writeWhole(path, bytes);
      return 'unsure';
    },
  } as RemoteFolders;
  const first = Lease.take('s3://data/raced', late);
  first.check();
  const other = JSON.stringify({ pid: 1, namespace: 'elsewhere x', started: '1', place: 0, isReleased: false });
  folders.writeWhole('s3://data/raced/owner/1', Buffer.from(other));
  const error = await errorOf('CHECKPOINT_TAKEN_OVER', () => first.check());
  assert.match(error.message, 'process 1 on elsewhere');
  first.release();
  assert.is(folders.readWhole('s3://data/raced/owner/1').toString(), other);
  // That owner lives on another machine, by the age of its file.
  await errorOf('CHECKPOINT_IN_USE', () => Lease.take('s3://data/raced', folders));
});

test.run();
