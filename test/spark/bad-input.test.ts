// What people set wrong for a Spark that is there: each time one message that says what and what to do.
// time limit: 300 s
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../cluster/connect';
import { checkReachable } from '../../cluster/spark/reachable';
import type { ErrorCode } from '../../runtime/base/errors';
import { errorOf } from '../helpers/errors';
import { startStandalone } from '../helpers/standalone';
import { until, within } from '../helpers/within';

const test = suite('bad input on Spark');
const limitMs = 60_000;
let folder: string;

test.before(() => {
  folder = mkdtempSync(join(tmpdir(), 'bad-spark-'));
});

test.after(() => rmSync(folder, { recursive: true, force: true }));

/** A program that stands in for the Node of a worker. */
function program(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
  return file;
}

/** What a job fails with under some settings, and again: the session lives on. */
async function failure(code: ErrorCode, conf: Readonly<Record<string, string>>) {
  const notices: string[] = [];
  const sc = await connect('spark-local[1]', { spark: { conf }, onNotice: (text) => notices.push(text) });
  try {
    const error = await within(
      limitMs,
      errorOf(code, () => sc.range(3).count()),
      'the failure',
    );
    await within(
      limitMs,
      errorOf(code, () => sc.range(3).count()),
      'the failure of the next job',
    );
    return error;
  } finally {
    await sc.stop();
  }
}

test('a node without Node', async () => {
  const error = await failure('NO_WORKER', { 'spark.millrace.node': '/no/such/node' });
  assert.match(error.message, /^Spark on \S+ cannot run functions: there is no Node at \/no\/such\/node\.$/);
  assert.match(error.remedy, /Install Node [\d.]+ or newer there, name its path by --spark-conf spark\.millrace\.node=PATH/);
});

test('a Node that is too old', async () => {
  const says = "Object.defineProperty(process.versions, 'node', { value: '18.20.1' })";
  writeFileSync(join(folder, 'old.js'), says);
  const node = program('old-node', `exec ${process.execPath} -r ${join(folder, 'old.js')} "$@"`);
  const error = await failure('NO_WORKER', { 'spark.millrace.node': node });
  assert.match(error.message, /^Spark on \S+ cannot run functions: its Node is 18\.20\.1\.$/);
  assert.match(error.remedy, /^Install Node [\d.]+ or newer there/);
});

test('settings that Spark does not take', async () => {
  const error = await failure('NO_EXECUTORS', { 'spark.memory.fraction': 'much' });
  assert.match(error.message, /spark\.memory\.fraction/);
});

test('a master that answers while something else holds the thread of the session is there', async () => {
  const master = createServer().listen(0, '127.0.0.1');
  await once(master, 'listening');
  const asked = checkReachable(`spark://127.0.0.1:${(master.address() as AddressInfo).port}`);
  // Longer than an answer may take: the system has connected meanwhile.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5_500);
  await asked;
  master.close();
});

test('executors that never join: the user learns why that may be, and the next session runs', async () => {
  const cluster = await startStandalone(1, 1);
  const notices: string[] = [];
  const onNotice = (text: string) => void notices.push(text);
  // More than the worker has.
  const sc = await connect(cluster.master, { spark: { conf: { 'spark.executor.memory': '64g' } }, onNotice });
  try {
    const waiting = sc.range(3).countAsync();
    await until(limitMs, () => notices.length > 0, 'the notice');
    assert.match(
      notices[0],
      /^Nothing can run: 1 job waits, and Spark has had no executor for 15 s\..*spark\.executor\.memory.*spark\.driver\.host/,
    );
    waiting.cancel();
    await errorOf('JOB_CANCELLED', () => waiting);
    await sc.stop();
    const next = await connect(cluster.master, { spark: { conf: { 'spark.executor.memory': '512m' } } });
    assert.is(await next.range(3).count(), 3);
    await next.stop();
  } finally {
    await sc.stop();
    await cluster.stop();
  }
});

test.run();
