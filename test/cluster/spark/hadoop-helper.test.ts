// Requests about files of Hadoop before Spark's driver is there, where the process that answers them ends.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { HadoopFiles } from '../../../cluster/spark/files/hadoop-files';
import { HadoopHelper } from '../../../cluster/spark/files/hadoop-helper';
import { MessageWriter } from '../../../cluster/spark/message';
import { errorOf } from '../../helpers/errors';
import { until } from '../../helpers/within';

const test = suite('the helper of Hadoop');
const folder = mkdtempSync(join(tmpdir(), 'hadoop-helper-'));

test.after(() => rmSync(folder, { recursive: true, force: true }));

test('a request that nobody answered is not left for the next process', async () => {
  const helper = new HadoopHelper(folder, () => ({ program: '/bin/true', args: [], env: {} }));
  const files = new HadoopFiles({ folder, send: () => {}, isReady: () => false, helper });
  await errorOf('NO_EXECUTORS', () => files.folders.remove(['hdfs://h/x']));
  assert.equal(
    readdirSync(folder).filter((name) => name.includes('request')),
    [],
  );
  helper.stop();
});

test('an answer that comes too late is removed, and is not that of a later request', async () => {
  const helper = new HadoopHelper(folder, () => ({ program: '/bin/true', args: [], env: {} }));
  const answer = new MessageWriter().text('').int(0).end();
  let answersNow = false;
  const send = (id: number, file: string) => {
    if (answersNow) writeFileSync(file, answer);
    else setTimeout(() => writeFileSync(join(folder, `hadoop-answer-${id}`), answer), 1);
  };
  const files = new HadoopFiles({ folder, send, isReady: () => true, helper }, 50);
  await errorOf('NO_EXECUTORS', () => files.folders.entries('hdfs://h/x'));
  const answers = () => readdirSync(folder).filter((name) => name.includes('answer'));
  await until(10_000, () => answers().length === 1, 'the late answer');
  answersNow = true;
  assert.equal(files.folders.entries('hdfs://h/y'), []);
  assert.equal(answers(), []);
  // One whose answer is on its way while the next one is asked stays known.
  answersNow = false;
  await errorOf('NO_EXECUTORS', () => files.folders.entries('hdfs://h/x'));
  answersNow = true;
  assert.equal(files.folders.entries('hdfs://h/y'), []);
  await until(10_000, () => answers().length === 1, 'the late answer');
  assert.equal(files.folders.entries('hdfs://h/y'), []);
  assert.equal(answers(), []);
  files.stop();
});

test.run();
