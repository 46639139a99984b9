// Requests about files of Hadoop before Spark's driver is there, where the process that answers them ends.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { HadoopFiles } from '../../../cluster/spark/files/hadoop-files';
import { HadoopHelper } from '../../../cluster/spark/files/hadoop-helper';
import { errorOf } from '../../helpers/errors';

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

test.run();
