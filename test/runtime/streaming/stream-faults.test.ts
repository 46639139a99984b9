// What sources, listeners, filters, clocks and outputs do wrong costs them their batch, never the streams of the context.
import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BlockWriter } from '../../../cluster/receivers/block-writer';
import { SilenceWatch } from '../../../cluster/receivers/silence-watch';
import { type Clock, ManualClock, StreamingContext, type StreamingListener } from '../../../runtime/index';
import { quietDisplay, StreamTests } from '../../helpers/streams';
import { until, within } from '../../helpers/within';

const test = suite('stream-faults');
const tests = new StreamTests(test);

/** A context under a clock that stands still, with what it told and what its batches gave. */
class Trial {
  readonly clock = new ManualClock(1_000_000);
  readonly notices: string[] = [];
  readonly seen: number[] = [];
  readonly streaming: StreamingContext;

  constructor(clock?: Clock) {
    const display = quietDisplay((text) => this.notices.push(text));
    this.streaming = new StreamingContext(tests.sc, '1s', { clock: clock ?? this.clock, display });
    this.streaming.queueStream([[1], [2], [3], [4]]).foreachRDD(async (rdd) => void this.seen.push(...(await rdd.collect())));
  }

  async batches(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      this.clock.advance('1s');
      await this.streaming.idle();
    }
  }
}

test('a source that cannot be looked at fails its own batch, says why, and reads everything later', async () => {
  const { folder } = tests;
  const trial = new Trial();
  const { streaming } = trial;
  const filter = (name: string) => {
    if (name === 'readme') throw new Error('no number in readme');
    return true;
  };
  const lines: string[] = [];
  streaming
    .textFileStream(folder, { filter, settle: '1ms' })
    .foreachRDD(async (rdd) => void lines.push(...(await rdd.collect())));
  streaming.textFileStream(folder, { filter }).setName('remembered').remember('1s');
  streaming.start();
  await trial.batches(1);
  writeFileSync(join(folder, 'readme'), '');
  writeFileSync(join(folder, 'a'), 'one\n');
  await trial.batches(1);
  assert.is(streaming.state, 'active');
  assert.match(
    trial.notices.join('\n'),
    /foreachRDD of textFileStream#\d+ failed: textFileStream#\d+ could not be read for the batch of .*no number in readme/,
  );
  assert.match(trial.notices.join('\n'), /remembered has no dataset for the batch of .*no number in readme/);
  rmSync(join(folder, 'readme'));
  symlinkSync('loop', join(folder, 'loop'));
  await trial.batches(1);
  rmSync(join(folder, 'loop'));
  await trial.batches(2);
  assert.equal([trial.seen, lines], [[1, 2, 3, 4], ['one']]);
  const failed = streaming.batches().map(({ outputs }) => outputs.filter(({ failure }) => failure).length);
  assert.equal(failed.slice(0, 2), [0, 1]);
  await streaming.stop();
});

test('a filter that throws at the start makes no old file new', async () => {
  const { folder } = tests;
  let isBroken = true;
  writeFileSync(join(folder, 'old'), 'old\n');
  const filter = () => {
    if (isBroken) throw new Error('not yet');
    return true;
  };
  const trial = new Trial();
  const lines: string[] = [];
  trial.streaming
    .textFileStream(folder, { filter, settle: '1ms', newFilesOnly: true })
    .foreachRDD(async (rdd) => void lines.push(...(await rdd.collect())));
  trial.streaming.start();
  await trial.batches(1);
  isBroken = false;
  await trial.batches(2);
  writeFileSync(join(folder, 'new'), 'new\n');
  await trial.batches(2);
  assert.equal(lines, ['new']);
  await trial.streaming.stop();
});

test('listeners that throw or reject, and a display that throws, stop nothing', async () => {
  const trial = new Trial();
  const fail = () => {
    throw new Error('a listener');
  };
  const { streaming } = trial;
  streaming.addStreamingListener({ onBatchSubmitted: fail, onBatchCompleted: fail, onOutputOperationStarted: fail });
  streaming.addStreamingListener({ onBatchStarted: (async () => fail()) as StreamingListener['onBatchStarted'] });
  const unhandled: unknown[] = [];
  const note = (error: unknown) => unhandled.push(error);
  process.on('unhandledRejection', note);
  streaming.start();
  await trial.batches(2);
  assert.ok(trial.notices.filter((text) => text === 'a streaming listener failed: a listener').length >= 6);
  streaming.display = { ...quietDisplay(), notice: fail };
  await trial.batches(2);
  await streaming.stop();
  process.off('unhandledRejection', note);
  assert.equal([trial.seen, unhandled], [[1, 2, 3, 4], []]);
});

test('a clock that throws, or that tells no number, is reported, and the machine clock goes on for it', async () => {
  let calls = 0;
  const broken: Clock = {
    now: () => {
      if (++calls > 3) throw new Error('no time');
      return calls === 3 ? Number.NaN : Date.now();
    },
    after: () => {
      throw new Error('no timer');
    },
  };
  const notices: string[] = [];
  const times: number[] = [];
  const display = quietDisplay((text) => notices.push(text));
  const streaming = new StreamingContext(tests.sc, '20ms', { clock: broken, display });
  streaming.queueStream([[1]]).foreachRDD((_, time) => void times.push(time));
  streaming.start();
  await until(10_000, () => times.length >= 3, 'three batches');
  await streaming.stop();
  assert.match(notices.join('\n'), /the clock of the streams failed; the machine's clock is used: no time/);
  for (const [i, time] of times.entries()) assert.is(time, times[0] + i * 20);
});

test('durations beyond those of a timer wait as long as they say', async () => {
  const overflows: string[] = [];
  const note = ({ name, message }: Error) => name === 'TimeoutOverflowWarning' && overflows.push(message);
  process.on('warning', note);
  const fired: string[] = [];
  const streaming = new StreamingContext(tests.sc, '30d', { display: quietDisplay() });
  streaming.queueStream([[1]]).foreachRDD(() => void fired.push('batch'));
  streaming.start();
  void streaming.awaitTerminationOrTimeout('60d').then((ended) => fired.push(ended ? 'end' : 'timeout'));
  const folder = tests.folder;
  const silence = new SilenceWatch(200 * 86_400_000, 'source', (message) => fired.push(message));
  const blocks = new BlockWriter({
    ...{ folder, firstBlock: 0, isDurable: false, blockInterval: 100 * 86_400_000 },
    ...{ handOver: () => fired.push('block'), beforeCut: () => fired.push('cut'), badLines() {}, lost() {} },
  });
  // Each overflow would have made a timer of 1 ms.
  await new Promise((resolve) => setTimeout(resolve, 20));
  blocks.close();
  silence.close();
  process.off('warning', note);
  assert.equal([overflows, fired], [[], ['cut']]);
  await streaming.stop();
});

const never = () => new Promise<never>(() => {});

test('an output that stops its own context and awaits that goes on to its end', async () => {
  for (const graceful of [true, false]) {
    const trial = new Trial();
    const { streaming } = trial;
    let counted = 0;
    streaming.queueStream([[1, 2], [3]]).foreachRDD(async (rdd) => {
      await streaming.stop({ graceful });
      await streaming.stop();
      counted += await rdd.count();
    });
    streaming.start();
    trial.clock.advance('1s');
    await within(10_000, streaming.awaitTermination(), 'the end of the context');
    assert.equal([counted, streaming.state], [2, 'stopped'], trial.notices.join());
  }
});

test('an output that never settles is named, and its end lets the others go on', async () => {
  const trial = new Trial();
  const { streaming } = trial;
  const begun: number[] = [];
  const stuck = streaming.queueStream<number>([]).foreachRDD((_, time) => {
    begun.push(time);
    return never();
  }, 'stuck');
  const later: number[] = [];
  streaming.queueStream([[1], [2], [3]]).foreachRDD(async (rdd) => void later.push(...(await rdd.collect())));
  streaming.start();
  trial.clock.advance('1s');
  await until(10_000, () => begun.length === 1, 'the output');
  trial.clock.advance('29s');
  assert.match(trial.notices.join(), /^batches come faster than they are processed: 10 wait, the oldest of [^,]*$/);
  trial.clock.advance('1s');
  assert.match(trial.notices[1], /^stuck of queueStream#\d+ at the batch of .* has worked for 30s, .*\.stop stuck of/);
  assert.equal([begun.length, later], [1, []]);
  stuck.stop();
  await within(10_000, streaming.idle(), 'the other batches');
  assert.equal([begun.length, later], [1, [1, 2, 3]]);
  assert.match(trial.notices[2], /^stuck of .* was stopped, but its function has not ended within 2s: it is left behind/);
  await streaming.stop();
});

test('a stop does not wait for ever for outputs, and a graceful one says what it waits for', async () => {
  const [hard, graceful] = [new Trial(), new Trial()];
  for (const { streaming, clock } of [hard, graceful]) {
    let hasBegun = false;
    streaming.queueStream([[1], [2]]).foreachRDD(() => {
      hasBegun = true;
      return never();
    }, 'stuck');
    streaming.start();
    clock.advance('2s');
    await until(10_000, () => hasBegun, 'the output');
  }
  const waiting = graceful.streaming.stop({ graceful: true });
  await Promise.all([
    within(10_000, hard.streaming.stop(), 'the stop'),
    within(10_000, hard.streaming.awaitTermination(), 'its end'),
  ]);
  assert.match(hard.notices.join(), /stuck .* is left behind/);
  graceful.clock.advance('5s');
  assert.match(
    graceful.notices.join(),
    /the stop waits for stuck of .*, and 2 more batches wait; a second stop\(\) or \.stop cancels them/,
  );
  await graceful.streaming.stop();
  await within(10_000, waiting, 'the graceful stop');
});

test.run();
