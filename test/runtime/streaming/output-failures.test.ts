// Outputs that fail: what is tried again, what goes on meanwhile, and what a stop and a restart make of it.
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type DStream, ManualClock, StreamingContext } from '../../../runtime/index';
import { errorOf } from '../../helpers/errors';
import { quietDisplay, StreamTests } from '../../helpers/streams';
import { until, within } from '../../helpers/within';

const test = suite('failed outputs');
const given = new StreamTests(test);

/** A stream of 0, 1, 2, … one a second, under a clock that the test moves. */
class Run {
  readonly clock: ManualClock;
  readonly notices: string[] = [];
  readonly streaming: StreamingContext;

  constructor(make: (numbers: DStream<number>) => unknown, clock = new ManualClock(), checkpoint?: string) {
    this.clock = clock;
    const display = quietDisplay((text) => this.notices.push(text));
    const create = (streaming: StreamingContext) => void make(streaming.generatorStream(1, (i) => i));
    if (checkpoint === undefined) {
      this.streaming = new StreamingContext(given.sc, '1s', { clock, display });
      create(this.streaming);
    } else this.streaming = StreamingContext.getOrCreate(checkpoint, create, { sc: given.sc, interval: '1s', clock, display });
    this.streaming.start();
  }

  async seconds(n: number): Promise<void> {
    for (let i = 0; i < n; i++) {
      this.clock.advance('1s');
      await this.streaming.idle();
    }
  }

  get told(): string {
    return this.notices.join('\n');
  }
}

/** A place that cannot be reached for a while. */
class Store {
  isDown = false;
  tries = 0;
  readonly got: number[][] = [];

  readonly put = async (rows: number[]): Promise<void> => {
    this.tries++;
    if (this.isDown) throw new Error('connect ECONNREFUSED');
    this.got.push(rows);
  };
}

test('an output whose own function fails is tried again with growing rests; its later batches wait, other outputs go on', async () => {
  const store = new Store();
  const others: number[][] = [];
  const run = new Run((numbers) => {
    numbers.foreachRDD(async (rdd) => store.put(await rdd.collect()), { name: 'store' });
    numbers.foreachRDD(async (rdd) => others.push(await rdd.collect()));
  });
  await run.seconds(1);
  store.isDown = true;
  await run.seconds(4);
  assert.equal(store.got, [[0]]);
  // At 2 s, 3 s and 5 s.
  assert.is(store.tries, 1 + 3);
  assert.equal(others, [[0], [1], [2], [3], [4]]);
  assert.equal(
    run.streaming.batches().map(({ outputs: [store] }) => [store.attempts, store.failure?.message, store.endedAt !== undefined]),
    [[1, undefined, true], [1, 'connect ECONNREFUSED', false], ...Array.from({ length: 3 }, () => [0, undefined, false])],
  );
  assert.match(
    run.told,
    /store of generatorStream#0 at the batch of 00:00:02 failed; it is tried again in 1s, and later batches of it wait: connect ECONNREFUSED/,
  );
  store.isDown = false;
  await run.seconds(4);
  assert.equal(store.got, [[0], [1], [2], [3], [4], [5], [6], [7], [8]]);
  assert.is(run.streaming.batches().length, 9);
  assert.match(run.told, /store of generatorStream#0 at the batch of 00:00:02 succeeded at try 4/);
  await run.streaming.stop();
});

test('a batch that fails on one of its records is reported, and later batches go on', async () => {
  const got: number[][] = [];
  const bad = (numbers: DStream<number>) =>
    numbers.map((i) => {
      if (i === 1) throw new Error(`bad record ${i}`);
      return i;
    });
  const run = new Run((numbers) => {
    bad(numbers).foreachRDD(async (rdd) => got.push(await rdd.collect()));
    bad(numbers).save(join(given.folder, 'saved'));
    numbers.foreachRDD((rdd) => rdd.foreach(() => {}));
  });
  await run.seconds(3);
  assert.equal(got, [[0], [2]]);
  assert.equal(readdirSync(join(given.folder, 'saved')).sort(), ['1000', '3000']);
  assert.match(run.told, /foreachRDD of map#\d+ failed: Error: bad record 1/);
  assert.is(run.streaming.batches().length, 3);
  await run.streaming.stop();
});

test('a disk that fails while a batch is saved costs no batch', async () => {
  const folder = join(given.folder, 'saved');
  const run = new Run((numbers) => numbers.save(folder));
  await run.seconds(1);
  rmSync(folder, { recursive: true });
  writeFileSync(folder, 'no folder');
  await run.seconds(2);
  assert.match(run.told, /save of generatorStream#0 at the batch of 00:00:02 failed; it is tried again in 1s/);
  rmSync(folder);
  mkdirSync(folder);
  await run.seconds(3);
  assert.equal(readdirSync(folder).sort(), ['2000', '3000', '4000', '5000', '6000']);
  await run.streaming.stop();
});

test("what foreach's function throws on executors is the output's own trouble", async () => {
  const flag = join(given.folder, 'down');
  const path = join(given.folder, 'got');
  const run = new Run((numbers) => {
    numbers.foreachRDD(
      (rdd) =>
        rdd.foreach((i) => {
          const fs = require('node:fs') as typeof import('node:fs');
          if (fs.existsSync(flag)) throw new Error('down');
          fs.appendFileSync(path, `${i} `);
        }),
      { backoff: '500ms' },
    );
  });
  writeFileSync(flag, '');
  await run.seconds(1);
  rmSync(flag);
  await run.seconds(1);
  assert.ok(existsSync(path));
  await run.streaming.stop();
});

test('skip goes on, retry with attempts gives up after them, and print and watch never hold anything up', async () => {
  const seen: Record<string, number[]> = { skip: [], retry: [] };
  const failing = (name: string) => async (rdd: { collect(): unknown }, time: number) => {
    seen[name].push(time / 1000);
    await rdd.collect();
    throw new Error('down');
  };
  const run = new Run((numbers) => {
    numbers.foreachRDD(failing('skip'), { name: 'skip', onFailure: 'skip' });
    numbers.foreachRDD(failing('retry'), { name: 'retry', attempts: 2, backoff: '1s' });
    numbers.watch();
  });
  run.streaming.display.pane = () => {
    throw new Error('no screen');
  };
  await run.seconds(4);
  assert.equal(seen.skip, [1, 2, 3, 4]);
  assert.equal(seen.retry, [1, 1, 2, 2, 3, 3, 4].slice(0, seen.retry.length));
  assert.ok(seen.retry.length >= 5, `${seen.retry}`);
  assert.match(run.told, /skip of generatorStream#0 failed: down/);
  await run.streaming.stop();
});

test('halt stops the streams, and the next run begins with that batch', async () => {
  const store = new Store();
  const checkpoint = join(given.folder, 'checkpoint');
  const make = (numbers: DStream<number>) =>
    numbers.foreachRDD(async (rdd) => store.put(await rdd.collect()), { name: 'store', onFailure: 'halt', attempts: 2 });
  const run = new Run(make, undefined, checkpoint);
  await run.seconds(2);
  store.isDown = true;
  await run.seconds(2);
  await run.streaming.awaitTermination();
  assert.is(run.streaming.state, 'stopped');
  assert.match(
    run.told,
    /store of generatorStream#0 at the batch of 00:00:03 failed, and the streams stop as its onFailure says: connect ECONNREFUSED/,
  );
  store.isDown = false;
  const again = new Run(make, run.clock, checkpoint);
  await again.streaming.idle();
  await again.seconds(1);
  assert.equal(store.got, [[0], [1], [2], [3], [4]]);
  await again.streaming.stop();
});

test('a stop tries once more; what still fails runs again after a restart', async () => {
  const store = new Store();
  const checkpoint = join(given.folder, 'checkpoint');
  const make = (numbers: DStream<number>) => numbers.foreachRDD(async (rdd) => store.put(await rdd.collect()), 'store');
  const run = new Run(make, undefined, checkpoint);
  await run.seconds(1);
  store.isDown = true;
  await run.seconds(2);
  await run.streaming.stop({ graceful: true });
  assert.equal(store.got, [[0]]);
  assert.match(run.told, /store of generatorStream#0 at the batch of 00:00:02 failed: connect ECONNREFUSED/);
  store.isDown = false;
  run.clock.advance('1s');
  const again = new Run(make, run.clock, checkpoint);
  await again.streaming.idle();
  assert.equal(store.got, [[0], [1], [2], [3]]);
  store.isDown = true;
  await again.seconds(1);
  store.isDown = false;
  await again.streaming.stop({ graceful: true });
  assert.equal(store.got.slice(4, 6), [[4], [5]]);
});

test('a replay ends when what failed has succeeded', async () => {
  const path = join(given.folder, 'old');
  writeFileSync(path, 'a\nb\nc\n');
  const clock = new ManualClock();
  const streaming = new StreamingContext(given.sc, '1s', { clock, display: quietDisplay() });
  const store = new Store();
  store.isDown = true;
  streaming.replay(path, { recordsPerBatch: 1 }).foreachRDD(async (rdd) => store.put((await rdd.collect()) as never));
  streaming.start();
  await until(20_000, () => streaming.batches().length === 3, 'all batches to be reported');
  store.isDown = false;
  assert.is(streaming.state, 'active');
  clock.advance('1s');
  await within(20_000, streaming.awaitTermination(), 'the end');
  assert.equal(store.got, [['a'], ['b'], ['c']] as never);
});

test('an output that is stopped while it waits for its next try is tried no more', async () => {
  const store = new Store();
  store.isDown = true;
  let output: { stop(): void } | undefined;
  const run = new Run((numbers) => {
    output = numbers.foreachRDD(async (rdd) => store.put(await rdd.collect()), 'store');
    numbers.foreachRDD(() => {});
  });
  await run.seconds(2);
  output?.stop();
  await run.seconds(2);
  assert.is(store.tries, 2);
  assert.is(run.streaming.batches().length, 4);
  await run.streaming.stop();
});

test('wrong options are refused', async () => {
  const streaming = new StreamingContext(given.sc, '1s');
  const numbers = streaming.queueStream([[1]]);
  const told = (options: unknown) =>
    errorOf('BAD_ARGUMENT', () => numbers.foreachRDD(() => {}, options as never)).then((e) => e.message);
  assert.match(await told({ onFailure: 'ignore' }), /onFailure.*'halt', 'retry' or 'skip'/);
  assert.match(await told({ attempts: 0 }), /attempts/);
  assert.match(await told({ backoff: 'soon' }), /backoff/);
  await streaming.stop();
});

test.run();
