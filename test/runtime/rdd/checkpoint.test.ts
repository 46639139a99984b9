// Checkpoints: written once by the first job, read instead of the lineage by later ones, and an error where they are gone.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startBackend } from '../../../cluster/index';
import { Context } from '../../../runtime/index';
import { errorOf } from '../../helpers/errors';
import { until } from '../../helpers/within';

const test = suite('checkpoint');
let folder: string;
let sc: Context;
let own: string;

test.before.each(async () => {
  folder = mkdtempSync(join(tmpdir(), 'checkpoint-'));
  const started = await startBackend('local', { storageBytes: 1 << 20 });
  own = started.folder;
  sc = new Context({ ...started, master: 'local' });
  await sc.start();
});

test.after.each(async () => {
  await sc.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A dataset that counts how often its elements are computed. */
function counted(n: number) {
  const computed = sc.longAccumulator();
  const rdd = sc.range(0, n, 1, 3).map((x) => {
    computed.add(1);
    return { x, text: `row ${x}` };
  });
  return { computed, rdd, expected: Array.from({ length: n }, (_, x) => ({ x, text: `row ${x}` })) };
}

test('the first job writes it, later ones read it', async () => {
  sc.setCheckpointDir(folder);
  const { computed, rdd, expected } = counted(1000);
  rdd.checkpoint();
  assert.is(rdd.isCheckpointed, false);
  assert.is(rdd.getCheckpointFile(), undefined);
  assert.is(await rdd.count(), 1000);
  assert.is(rdd.isCheckpointed, true);
  assert.is(computed.value, 1000);
  assert.equal(readdirSync(rdd.getCheckpointFile()!).sort(), ['0', '1', '2']);
  assert.equal(await rdd.collect(), expected);
  assert.is(await rdd.map(({ x }) => x).sum(), 499_500);
  assert.is(computed.value, 1000, 'nothing is computed again');
  assert.not.match(rdd.toDebugString(), /range/);
});

test('its shuffles are not needed any more, and its partitioner stays', async () => {
  sc.setCheckpointDir(folder);
  const counts = sc
    .range(0, 100, 1, 2)
    .map((x) => [x % 7, 1] as [number, number])
    .reduceByKey((a, b) => a + b, 3);
  counts.checkpoint();
  const first = await counts.collect();
  rmSync(join(own, '0'), { recursive: true });
  assert.equal(await counts.collect(), first);
  assert.is(counts.partitioner?.numPartitions, 3);
  assert.equal(await counts.lookup(3), [14]);
});

test('a checkpoint in the middle of a lineage is written by a job on what is made of it', async () => {
  sc.setCheckpointDir(folder);
  const { computed, rdd } = counted(30);
  rdd.checkpoint();
  const sorted = rdd.map(({ x }) => x).sortBy((x) => -x);
  assert.is(await sorted.first(), 29);
  assert.is(rdd.isCheckpointed, true);
  assert.is(computed.value, 30);
});

test('a local checkpoint lies in the folder of the session', async () => {
  const { computed, rdd, expected } = counted(50);
  assert.equal(await rdd.localCheckpoint().collect(), expected);
  assert.is(rdd.isCheckpointed, true);
  assert.is(rdd.getCheckpointFile(), undefined);
  assert.equal(readdirSync(join(own, 'checkpoint', String(rdd.id))).sort(), ['0', '1', '2']);
  assert.equal(await rdd.collect(), expected);
  assert.is(computed.value, 50);
});

test('a sample at the prompt writes none', async () => {
  sc.setCheckpointDir(folder);
  const { rdd } = counted(100);
  rdd.checkpoint();
  assert.is((await rdd.preview(5, 2000)).rows.length, 5);
  assert.is(rdd.isCheckpointed, false);
});

test('a folder is needed', async () => {
  const error = await errorOf('NO_CHECKPOINT_DIR', () => sc.range(3).checkpoint());
  assert.match(error.remedy, /setCheckpointDir/);
  await errorOf('BAD_ARGUMENT', () => sc.setCheckpointDir(''));
  writeFileSync(join(folder, 'file'), '');
  await errorOf('DISK', () => sc.setCheckpointDir(join(folder, 'file', 'below')));
});

test('two sessions do not write over each other', () => {
  sc.setCheckpointDir(folder);
  const first = sc.getCheckpointDir();
  sc.setCheckpointDir(folder);
  assert.is.not(sc.getCheckpointDir(), first);
});

test('a damaged or removed file is an error and never a wrong row', async () => {
  sc.setCheckpointDir(folder);
  const { rdd } = counted(1000);
  rdd.checkpoint();
  await rdd.count();
  const path = join(rdd.getCheckpointFile()!, '1');
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1] ^= 4;
  writeFileSync(path, bytes);
  assert.match((await errorOf('CHECKPOINT_LOST', () => rdd.collect())).message, /checksum/);
  rmSync(path);
  await errorOf('CHECKPOINT_LOST', () => rdd.collect());
});

test('a checkpoint that fails leaves nothing, and the lineage is kept', async () => {
  sc.setCheckpointDir(folder);
  const fails = sc.accumulator(0);
  const flag = join(folder, 'fail');
  mkdirSync(flag);
  const { existsSync } = await import('node:fs');
  const rdd = sc.range(0, 10, 1, 2).map((x) => {
    if (existsSync(flag) && x === 7) throw new Error('not yet');
    fails.add(1);
    return x;
  });
  rdd.checkpoint();
  await errorOf('TASK_FAILED', () => rdd.count());
  assert.equal(readdirSync(sc.getCheckpointDir()!), []);
  assert.is(rdd.isCheckpointed, false);
  rmSync(flag, { recursive: true });
  assert.is(await rdd.sum(), 45);
  assert.is(rdd.isCheckpointed, true);
});

test('jobs that run while a checkpoint is written are right', async () => {
  sc.setCheckpointDir(folder);
  const { rdd } = counted(300);
  rdd.checkpoint();
  const sums = await Promise.all([1, 2, 3].map((k) => rdd.map(({ x }) => x * k).sum()));
  assert.equal(sums, [44_850, 89_700, 134_550]);
  assert.is(await until(1000, () => rdd.isCheckpointed, 'the checkpoint'), true);
});

test.run();
