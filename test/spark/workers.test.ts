// Workers that cannot run tasks: the job fails with one message, which names the host, the reason and the remedy.
// time limit: 300 s
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../cluster/connect';
import type { MillraceError } from '../../runtime/index';
import { errorOf } from '../helpers/errors';
import { startStandalone } from '../helpers/standalone';

const test = suite('workers of Spark');
let folder: string;

test.before(() => {
  folder = mkdtempSync(join(tmpdir(), 'spark-workers-'));
});

test.after(() => rmSync(folder, { recursive: true, force: true }));

/** How a job ends whose workers are started by this program. */
async function endWith(node: string): Promise<MillraceError> {
  const sc = await connect('spark-local[2]', { spark: { conf: { 'spark.millrace.node': node } } });
  try {
    return await errorOf('NO_WORKER', () => sc.range(3).count());
  } finally {
    await sc.stop();
  }
}

/** The Node of this process, after a line of a program. */
function nodeThat(says: string): string {
  const [program, first] = [join(folder, 'node'), join(folder, 'first.js')];
  writeFileSync(first, says);
  writeFileSync(program, `#!/bin/sh\nexec ${process.execPath} -r ${first} "$@"\n`);
  chmodSync(program, 0o755);
  return program;
}

test('no Node where it is looked for', async () => {
  const error = await endWith('/no/such/node');
  assert.match(error.message, /^Spark on \S+ cannot run functions: there is no Node at \/no\/such\/node\.$/);
  assert.match(error.remedy, '--spark-ship-node');
});

test('a Node that its user may not run', async () => {
  const program = join(folder, 'text');
  writeFileSync(program, 'no program');
  assert.match((await endWith(program)).message, `its user may not run ${program}`);
});

test('an old Node', async () => {
  const error = await endWith(nodeThat("Object.defineProperty(process.versions, 'node', { value: '18.20.1' })"));
  assert.match(error.message, 'its Node is 18.20.1');
  assert.match(error.remedy, 'Install Node 20.19 or newer there');
});

test('a worker of another version of Millrace', async () => {
  const other =
    "const fs = require('fs'), read = fs.readFileSync; fs.readFileSync = (path, ...more) => /spark-worker/.test(path) && !more.length ? Buffer.from('other') : read(path, ...more)";
  assert.match((await endWith(nodeThat(other))).message, 'its worker is of another version of Millrace than the session');
});

test('one worker computes a chain of persisted datasets', async () => {
  const starts = join(folder, 'starts');
  const node = nodeThat(`require('fs').appendFileSync(${JSON.stringify(starts)}, '.')`);
  const sc = await connect('spark-local[1]', { spark: { conf: { 'spark.millrace.node': node } } });
  try {
    let rows = sc.range(0, 100, 1, 1).cache();
    for (let i = 0; i < 5; i++) rows = rows.map((x) => x + 1).cache();
    assert.is(await rows.sum(), 5_450);
    assert.is(readFileSync(starts, 'utf8'), '.');
  } finally {
    await sc.stop();
  }
});

test("executors without Node get the session's own", async () => {
  const cluster = await startStandalone(1, 2);
  const conf = { 'spark.millrace.node': '/no/such/node', 'spark.executor.memory': '512m' };
  const sc = await connect(cluster.master, { spark: { shipNode: true, conf } });
  try {
    const programs = await sc
      .range(0, 2, 1, 2)
      .map(() => process.execPath)
      .collect();
    for (const program of programs) assert.is.not(program, process.execPath);
  } finally {
    await sc.stop();
    await cluster.stop();
  }
});

test.run();
