// State that goes on in another context, from the files in the checkpoint folder: what a restart of the driver does.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { type Context, type DStream, ManualClock, StreamingContext } from '../../../runtime/index';
import type { StatefulDStream, StateVersion } from '../../../runtime/streaming/graph/stateful';
import { masterOf } from '../../helpers/master';
import { unordered } from '../../helpers/model';
import { trackedStates, windowSums } from '../../helpers/stream-model';

const test = suite('state after a restart');
type Pair = [string, number];
let sc: Context;
let folder: string;

test.before(async () => {
  sc = await connect(masterOf('local'));
});
test.before.each(() => {
  folder = mkdtempSync(join(tmpdir(), 'restart-'));
});
test.after.each(() => rmSync(folder, { recursive: true, force: true }));
test.after(() => sc.stop());

const batches: Pair[][] = Array.from({ length: 14 }, (_, b) =>
  b % 6 === 5 ? [] : Array.from({ length: 6 }, (_, i): Pair => [`k${(b * i) % 5}`, 1 + ((b + i) % 4)]),
);

/** Some batches in a context of their own, whose state begins at `saved`; answers what each gave. */
async function part(
  make: (pairs: DStream<Pair>) => DStream<unknown>,
  from: number,
  to: number,
  saved?: StateVersion,
): Promise<{ out: unknown[][]; version: StateVersion }> {
  const clock = new ManualClock(from * 1000);
  const streaming = new StreamingContext(sc, '1s', { clock });
  streaming.checkpoint(folder);
  // The states' own files are all that is gone on with here.
  rmSync(join(folder, 'batches'), { recursive: true, force: true });
  const out: unknown[][] = [];
  const failures: Error[] = [];
  streaming.addStreamingListener({ onBatchCompleted: (info) => failures.push(...info.outputs.flatMap((o) => o.failure ?? [])) });
  const stream = make(streaming.queueStream(batches.slice(from, to)));
  stream.setName('the state');
  if (saved) (stream as StatefulDStream<unknown>).restoreState(saved);
  stream.foreachRDD(async (rdd) => out.push(await rdd.collect()));
  streaming.start();
  for (let i = from; i < to; i++) {
    clock.advance('1s');
    await streaming.idle();
  }
  await streaming.stop();
  if (failures.length > 0) throw failures[0];
  return { out, version: (stream as StatefulDStream<unknown>).stateVersion(Number.POSITIVE_INFINITY)! };
}

/** The same batches in three contexts, one after the other. */
async function inThree(make: (pairs: DStream<Pair>) => DStream<unknown>): Promise<unknown[][]> {
  const first = await part(make, 0, 5);
  const { version, first: begun, numPartitions } = first.version;
  assert.equal([version, begun, numPartitions], [5000, 1000, 2]);
  const second = await part(make, 5, 9, first.version);
  const third = await part(make, 9, batches.length, second.version);
  return [...first.out, ...second.out, ...third.out];
}

const same = (got: readonly unknown[][], expected: readonly unknown[][]) =>
  assert.equal(got.map(unordered), expected.map(unordered));

test('states and their timeouts go on', async () => {
  const tracked = (pairs: DStream<Pair>) =>
    pairs.track({
      init: (_key, n) => n,
      update: (_key, sum: number, n) => sum + n,
      timeout: '2s',
      partitioning: 2,
    });
  same(await inThree(tracked as never), trackedStates(batches, 2).states);
});

test('windows go on', async () => {
  const window = (pairs: DStream<Pair>) =>
    pairs.reduceByKeyAndWindow(
      '4s',
      (a, b) => a + b,
      (a, b) => a - b,
      { partitioning: 2 },
    );
  same(await inThree(window as never), windowSums(batches, 4, 1));
});

test('a batch that was made before the restart is not counted twice when it is made again', async () => {
  const sums = (pairs: DStream<Pair>) => pairs.runningReduce((a, b) => a + b, 2);
  const { version } = await part(sums as never, 0, 6);
  const again = await part(sums as never, 5, 8, { ...version, version: 5000 });
  same(again.out, windowSums(batches, batches.length, 1).slice(5, 8));
});

test('a damaged file is named by the batch that needs it', async () => {
  const sums = (pairs: DStream<Pair>) => pairs.runningReduce((a, b) => a + b, 2);
  const { version } = await part(sums as never, 0, 3);
  const [state] = readdirSync(join(folder, 'state'));
  for (const partition of ['0', '1']) {
    const at = join(folder, 'state', state, partition);
    for (const name of readdirSync(at).filter((n) => n.startsWith('3000'))) writeFileSync(join(at, name), 'zeros');
  }
  const failure = await part(sums as never, 3, 4, version).catch((e) => e);
  assert.is(failure.code, 'STATE_LOST');
  assert.match(failure.message, /3000\.(delta|snapshot)/);
});

test.run();
