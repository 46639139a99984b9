// A job on YARN: executors in containers of a YARN on loopback, and files on its HDFS. Of the long size.
// time limit: 300 s
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../cluster/connect';
import { findSpark } from '../../cluster/spark/installed-spark';
import type { Context } from '../../runtime/index';
import { type MiniHadoop, missingForHadoop, startHadoop } from '../helpers/mini-hadoop';
import { long } from '../helpers/sizes';
import { until } from '../helpers/within';

const test = suite('YARN');
const missing = long ? missingForHadoop() : 'it is of the long size';
if (missing !== undefined) console.log(`Not run on YARN: ${missing}`);
let hadoop: MiniHadoop | undefined;
let sc: Context;
const confBefore = process.env.HADOOP_CONF_DIR;

test.before(async () => {
  if (missing !== undefined) return;
  hadoop = await startHadoop(true);
  process.env.HADOOP_CONF_DIR = hadoop.conf;
  const conf = {
    'spark.authenticate': 'false',
    'spark.driver.host': '127.0.0.1',
    'spark.driver.bindAddress': '127.0.0.1',
    'spark.executor.instances': '2',
    'spark.executor.memory': '512m',
    // They lie on the machine already.
    'spark.yarn.jars': `local:${findSpark(undefined).home}/jars/*`,
  };
  sc = await connect('yarn', { spark: { conf } });
});

test.after(async () => {
  await sc?.stop();
  await hadoop?.stop();
  if (confBefore === undefined) delete process.env.HADOOP_CONF_DIR;
  else process.env.HADOOP_CONF_DIR = confBefore;
});

(missing === undefined ? test : test.skip)('executors in containers compute, shuffle, and write to HDFS', async () => {
  const sums = sc
    .range(0, 10_000, 1, 4)
    .map((x): [number, number] => [x % 10, x])
    .reduceByKey((a, b) => a + b, 3);
  const rows = await sums.collect();
  assert.is(rows.length, 10);
  assert.is(
    rows.reduce((sum, [, x]) => sum + x, 0),
    49_995_000,
  );
  await until(60_000, () => sc.executors().length === 2, 'both executors');
  await sums.saveAsObjectFile('hdfs:///open/sums');
  assert.is(await sc.objectFile<[number, number]>('hdfs:///open/sums').values().sum(), 49_995_000);
});

test.run();
