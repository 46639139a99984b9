// What is there of the past of a stream after a restart or a disk error, and what is said where it is not.
import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ManualClock, StreamingContext } from '../../../runtime/index';
import { collect, type Rows, runner } from '../../helpers/stream-runs';
import { StreamTests } from '../../helpers/streams';

const test = suite('the past of streams');
const given = new StreamTests(test);
const { notices, display } = given;

const run = runner(given);

test('a window longer than what batches remember is full at once after a restart', async () => {
  const program = (s: StreamingContext, out: Rows) => collect(s.generatorStream(1, (i) => i).countByWindow('5s'), out);
  const ones = [1, 2, 3, 4, 5, 5, 5];
  assert.equal(
    await run(program, { from: 0, until: 7000 }),
    ones.map((n, i) => [1000 * (i + 1), [n]]),
  );
  const again = await run(program, { from: 7000, until: 11_000 });
  assert.equal(
    again,
    [8, 9, 10, 11].map((second) => [1000 * second, [5]]),
  );
});

test('the datasets of a remembered stream can be queried after a restart', async () => {
  const program = (s: StreamingContext, out: Rows) => {
    const squares = s
      .generatorStream(1, (i) => i)
      .map((i) => i * i)
      .remember('4s');
    squares.foreachRDD(async (_, time) => {
      out.push([time, (await squares.between(0, time).collect()).sort((a, b) => a - b)]);
    });
  };
  await run(program, { from: 0, until: 6000 });
  const [, last] = await run(program, { from: 6000, until: 8000 });
  assert.equal(last, [8000, [4, 9, 16, 25, 36, 49]]);
});

test('what of the past cannot be had again is told', async () => {
  const lossy = (s: StreamingContext, out: Rows) => collect(s.queueStream([[1], [2], [3]]).window('3s'), out);
  await run(lossy, { from: 0, until: 3000 });
  assert.equal(await run(lossy, { from: 3000, until: 4000 }), [[4000, [1]]]);
  assert.match(notices.join('\n'), /queueStream#0: what 3 batches until .* had read is lost, and windows lack it/);
});

test('a window that the checkpoint does not know says where it begins', async () => {
  const windows = (length: string) => (s: StreamingContext, out: Rows) =>
    collect(
      s
        .generatorStream(1, (i) => i)
        .countByWindow(length as '3s')
        .setName('w'),
      out,
    );
  await run(windows('3s'), { from: 0, until: 6000 });
  assert.equal(await run(windows('8s'), { from: 6000, until: 7000 }), [[7000, [3]]]);
  assert.match(notices.join('\n'), /is not in the checkpoint: its window begins with what came after/);
});

test('after a disk error of a state, or of an inverse window, the checkpoint advances again, and nothing is lost', async () => {
  const sums = (s: StreamingContext) => {
    const pairs = s.generatorStream(1, (i) => i).map((i): [string, number] => ['all', i]);
    const add = (a: number, b: number) => a + b;
    return {
      state: pairs.runningReduce(add, 1),
      window: pairs.reduceByKeyAndWindow('3s', add, (a, b) => a - b, { partitioning: 1 }),
    };
  };
  for (const kind of ['state', 'window'] as const) {
    const clock = new ManualClock(0);
    const checkpoint = join(given.folder, kind);
    const seen = new Map<number, unknown>();
    const start = () => {
      const create = (s: StreamingContext) =>
        sums(s)[kind].foreachRDD(async (rdd, time) => seen.set(time, await rdd.collect().catch((e) => e.code)));
      const streaming = StreamingContext.getOrCreate(checkpoint, create, { sc: given.sc, interval: '1s', clock, display });
      streaming.start();
      return streaming;
    };
    const streaming = start();
    const advance = async (to: number) => {
      while (clock.now() < to) {
        clock.advance('1s');
        await streaming.idle();
      }
    };
    await advance(2000);
    const folder = join(checkpoint, 'state', readdirSync(join(checkpoint, 'state'))[0]);
    // The disk fails for one batch: what should be a folder is none.
    renameSync(join(folder, '0'), join(folder, 'away'));
    writeFileSync(join(folder, '0'), '');
    await advance(3000);
    rmSync(join(folder, '0'));
    renameSync(join(folder, 'away'), join(folder, '0'));
    await advance(5000);
    await streaming.stop();
    assert.match(notices.join('\n'), /the state of .* could not be computed for 00:00:03; each batch tries it again/);
    assert.match(notices.join('\n'), /the states of 00:00:03 are whole again/);
    notices.length = 0;
    seen.delete(5000);
    clock.advance('1s');
    const again = start();
    await again.idle();
    await again.stop();
    assert.equal(
      [...seen].slice(2),
      [
        [3000, 'STATE_LOST'],
        [4000, [['all', 6]]],
        [6000, [['all', kind === 'state' ? 15 : 12]]],
      ],
      kind,
    );
    assert.match(notices.join('\n'), /no batch was interrupted/);
  }
});

test.run();
