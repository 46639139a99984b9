// Streams: batches in, batches out, under a clock that stands still; and the life of a streaming context.
import { inspect } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import {
  type Context,
  type DStream,
  ManualClock,
  type PrintedBatch,
  StreamCheck,
  StreamingContext,
} from '../../../runtime/index';
import { printValue } from '../../../shell/print/print-value';
import { masterOf } from '../../helpers/master';
import { quietDisplay } from '../../helpers/streams';
import { until } from '../../helpers/within';

const test = suite('streaming');
const screen = { columns: 100, color: false, live: false };
let sc: Context;
let check: StreamCheck;

test.before(async () => {
  sc = await connect(masterOf('local'));
  check = new StreamCheck(sc);
});

test.after(() => sc.stop());

test('inside other values datasets and streams are shown by their names', async () => {
  const streaming = new StreamingContext(sc, '1s', { clock: new ManualClock(), display: quietDisplay(() => {}) });
  const values = { rdd: sc.range(3).setName('three'), stream: streaming.queueStream<number>([]).map((x) => x) };
  assert.match(inspect(values), /^\{ rdd: RDD three \(range\)\[\d+\], stream: DStream map#\d+ every 1s \}$/);
  const shown = await printValue('res0', 'RDD<number>[]', sc.range(4).randomSplit([1, 1]), screen);
  assert.match(shown, /^res0: RDD<number>\[\] = \[RDD randomSplit\[\d+\], RDD randomSplit\[\d+\]\]$/);
  await streaming.stop();
});

test('each operator of datasets works batch by batch', async () => {
  await check.batches(
    [['a b', 'a'], [], ['c']],
    (s) =>
      s
        .flatMap((l: string) => l.split(' '))
        .map((w) => [w, 1])
        .reduceByKey((a, b) => a + b),
    [
      [
        ['a', 2],
        ['b', 1],
      ],
      [],
      [['c', 1]],
    ] as [string, number][][],
  );
  await check.batches([[3, 1, 2], [5]], (s) => s.sortBy((x) => x), [[1, 2, 3], [5]], { ordered: true });
});

test('count says 0 for an empty batch, reduce nothing', async () => {
  await check.batches([[1, 2], []], (s) => s.count(), [[2], [0]]);
  await check.batches([[1, 2], []], (s) => s.reduce((a, b) => a + b), [[3], []]);
  await check.batches([['x', 'x', 'y']], (s) => s.countByValue(), [
    [
      ['x', 2],
      ['y', 1],
    ],
  ]);
});

test('a function is frozen where the operator is written', async () => {
  let factor = 10;
  const operation = (s: import('../../../runtime/index').DStream<number>) => {
    const made = s.map((x) => x * factor);
    factor = 1000;
    return made;
  };
  await check.batches([[1], [2]], operation, [[10], [20]]);
});

test('windows hold the last batches, each slide', async () => {
  await check.batches([[1], [2], [3]], (s) => s.window('2s'), [[1], [1, 2], [2, 3], [3]]);
  await check.batches([[1], [2], [3], [4]], (s) => s.window('3s', '2s'), [
    [1, 2],
    [2, 3, 4],
  ]);
});

test('ago is the stream of some time before; joins with it skew time', async () => {
  type Pairs = [string, number][][];
  const input: Pairs = [[['a', 1]], [['a', 2]], [['a', 3]]];
  await check.batches(input, (s) => s.ago('1s'), [[['a', 1]], [['a', 2]]]);
  await check.batches(input, (s) => s.leftOuterJoin(s.ago('1s')).mapValues(([now, before]) => now - (before ?? 0)), [
    [['a', 1]],
    [['a', 1]],
    [['a', 1]],
  ] as Pairs);
});

test('joins with a dataset that is the same for all batches', async () => {
  const names = sc.parallelize([[1, 'one']] as [number, string][]);
  await check.batches([[[1, true]], [[2, true]]] as [number, boolean][][], (s) => s.join(names), [[[1, [true, 'one']]], []] as [
    number,
    [boolean, string],
  ][][]);
});

test('print shows the first rows of each batch', async () => {
  const printed: PrintedBatch[] = [];
  const clock = new ManualClock(5000);
  const display = { printed: (b: PrintedBatch) => printed.push(b), pane() {}, paneClosed() {}, notice() {} };
  const streaming = new StreamingContext(sc, '1s', { clock, display });
  streaming
    .queueStream([[1, 2, 3]])
    .setName('numbers')
    .print(2);
  streaming.start();
  clock.advance('2s');
  await streaming.idle();
  assert.equal(printed, [
    { stream: 'numbers', time: 6000, rows: [1, 2], more: true },
    { stream: 'numbers', time: 7000, rows: [], more: false },
  ]);
  await streaming.stop();
});

test('the clock set back an hour while streams run changes nothing', async () => {
  const realNow = Date.now;
  const streaming = new StreamingContext(sc, '50ms', { display: quietDisplay() });
  const times: number[] = [];
  streaming.queueStream([[1]]).foreachRDD((_, time) => void times.push(time));
  streaming.start();
  try {
    await until(10_000, () => times.length >= 2, 'batches');
    Date.now = () => realNow() - 3_600_000;
    const had = times.length;
    await until(10_000, () => times.length >= had + 3, 'batches after it');
  } finally {
    Date.now = realNow;
    await streaming.stop();
  }
  for (const [i, time] of times.entries()) assert.is(time, times[0] + i * 50);
});

test('an output that throws and skips what failed fails alone, and is named', async () => {
  const notices: string[] = [];
  const seen: number[] = [];
  const clock = new ManualClock(0);
  const display = quietDisplay((text) => notices.push(text));
  const streaming = new StreamingContext(sc, '1s', { clock, display });
  const numbers = streaming.queueStream([[1], [2]]).setName('numbers');
  const failing = () => {
    throw new Error('no disk');
  };
  numbers.foreachRDD(failing, { name: 'save', onFailure: 'skip' });
  numbers.foreachRDD(async (rdd) => seen.push(...(await rdd.collect())));
  streaming.start();
  clock.advance('2s');
  await streaming.idle();
  assert.equal(seen, [1, 2]);
  assert.equal(notices, ['save of numbers failed: no disk', 'save of numbers failed: no disk']);
  assert.equal(
    streaming.batches().map((b) => [b.records, b.outputs[0].failure?.message, b.outputs[1].failure]),
    [
      [1, 'no disk', undefined],
      [1, 'no disk', undefined],
    ],
  );
  await streaming.stop();
});

test('the last batch of a graceful stop, which is made before its time, is not late by less than nothing', async () => {
  const clock = new ManualClock(0);
  const streaming = new StreamingContext(sc, '1s', { clock });
  streaming.queueStream([[1], [2]]).foreachRDD(() => {});
  streaming.start();
  clock.advance('1200ms');
  await streaming.stop({ graceful: true });
  const { time, schedulingDelay, totalDelay } = streaming.batches().at(-1)!;
  assert.equal([time, schedulingDelay, totalDelay], [2000, 0, 0]);
});

test('the past that is remembered can be queried', async () => {
  const clock = new ManualClock(0);
  const streaming = new StreamingContext(sc, '1s', { clock });
  const numbers = streaming.queueStream([[1], [2], [3], [4]]).remember('2s');
  streaming.queueStream([[0]]).foreachRDD(() => {});
  streaming.start();
  clock.advance('4s');
  await streaming.idle();
  assert.equal(await numbers.between(1000, 4000).collect(), [3, 4]);
  assert.equal(await numbers.latest()!.collect(), [4]);
  await streaming.stop();
});

test('outputs can be added and stopped while the context runs', async () => {
  const clock = new ManualClock(0);
  const streaming = new StreamingContext(sc, '1s', { clock });
  const [first, second]: number[][] = [[], []];
  const a = streaming.queueStream([[1], [2], [3]]).foreachRDD(async (rdd) => first.push(...(await rdd.collect())));
  streaming.start();
  clock.advance('1s');
  await streaming.idle();
  streaming.queueStream([[10], [20]]).foreachRDD(async (rdd) => second.push(...(await rdd.collect())));
  clock.advance('1s');
  await streaming.idle();
  a.stop();
  clock.advance('1s');
  await streaming.idle();
  assert.equal(
    [first, second],
    [
      [1, 2],
      [10, 20],
    ],
  );
  await streaming.stop();
});

type Refused = [code: string, says: RegExp, f: () => unknown];

/** Each operation that takes options, given none of the kind. */
function withoutOptions(streaming: StreamingContext, stream: DStream<number>): Refused[] {
  const pairs = stream.map((x) => [x, x] as [number, number]);
  const nothing = null as never;
  const calls: Record<string, () => unknown> = {
    socketTextStream: () => streaming.socketTextStream('localhost', 9, nothing),
    webSocketStream: () => streaming.webSocketStream({ listen: 9 }, nothing),
    textFileStream: () => streaming.textFileStream('.', nothing),
    replay: () => streaming.replay('.', nothing),
    mapWithState: () => pairs.mapWithState((key) => key, nothing),
    track: () => pairs.track(nothing),
    save: () => stream.save('out', nothing),
    watch: () => stream.watch(nothing),
  };
  return Object.entries(calls).map(([name, f]) => ['BAD_ARGUMENT', new RegExp(`${name}: the object of options is null`), f]);
}

function codeOf(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    return `${(error as { code?: string }).code}: ${(error as Error).message}`;
  }
  return 'nothing thrown';
}

test('bad input is refused where it is written', async () => {
  const streaming = new StreamingContext(sc, '2s', { clock: new ManualClock() });
  const stream = streaming.queueStream([[1]]);
  const cases: Refused[] = [
    ['BAD_ARGUMENT', /interval is 0/, () => new StreamingContext(sc, 0)],
    ['BAD_ARGUMENT', /5ms.*at least 20ms/, () => new StreamingContext(sc, '5ms')],
    ['BAD_ARGUMENT', /"soon"/, () => new StreamingContext(sc, 'soon')],
    ['NOT_A_MULTIPLE', /3s.*2s/, () => stream.window('3s')],
    ['NOT_A_MULTIPLE', /1s.*2s/, () => stream.ago('1s')],
    ['NOT_A_MULTIPLE', /5s.*2s/, () => stream.remember('5s')],
    ['UNEQUAL_SLIDES', /union/, () => stream.union(stream.window('4s', '4s'))],
    ['BAD_ARGUMENT', /map: the function is 3, but must be a function/, () => stream.map(3 as never)],
    ['BAD_ARGUMENT', /slice: the start/, () => stream.slice(5, 4)],
    ['BAD_ARGUMENT', /slice: the start is "25:00"/, () => stream.slice('25:00', '26:00')],
    ['BAD_ARGUMENT', /between: the end is "21:75"/, () => stream.between('21:00', '21:75')],
    ['BAD_ARGUMENT', /concurrentJobs is 0/, () => new StreamingContext(sc, '2s', { concurrentJobs: 0 })],
    ['BAD_ARGUMENT', /transform: the function is 3/, () => stream.transform(3 as never)],
    ['BAD_ARGUMENT', /transformWith: the function is undefined/, () => stream.transformWith(stream, undefined as never)],
    ['BAD_ARGUMENT', /setName: the name is ""/, () => stream.setName('')],
    ['BAD_ARGUMENT', /persist: the level is "MEMORY_ONLY"/, () => stream.persist('MEMORY_ONLY' as never)],
    ['BAD_ARGUMENT', /queueStream: one at a time is "no"/, () => streaming.queueStream([], 'no' as never)],
    ['BAD_ARGUMENT', /newFilesOnly is "no"/, () => streaming.textFileStream('.', { newFilesOnly: 'no' as never })],
    ...withoutOptions(streaming, stream),
    ['NO_OUTPUTS', /no outputs/, () => streaming.start()],
  ];
  for (const [code, says, f] of cases) assert.match(codeOf(f), new RegExp(`^${code}: .*${says.source}`));
  const remedy = (e: unknown) => (e as { remedy?: string }).remedy === "Write a text such as '10s'.";
  assert.throws(() => new StreamingContext(sc, 0), remedy);
  stream.setName('a').foreachRDD(() => {});
  assert.match(
    codeOf(() => streaming.queueStream([]).setName('a')),
    /^NAME_TAKEN: Another stream is named a/,
  );
  await streaming.stop();
  assert.match(
    codeOf(() => streaming.start()),
    /^STREAMING_STOPPED: This streaming context has stopped/,
  );
});

test('what a callback or a check does wrong is said', async () => {
  const failure = await check.outputOf([[1]], (s) => s.transform((async () => {}) as never)).catch((e) => e);
  assert.is(failure.code, 'NOT_A_DATASET');
  assert.match(failure.message, /a promise/);
  const differs = await check.batches([[1]], (s) => s, [[2]]).catch((e) => e);
  assert.is(differs.code, 'CHECK_FAILED');
  assert.match(differs.message, /Batch 1 is \[1\], but \[2\]/);
});

test('the last batch of a graceful stop, which is made before its time, has no delay below zero', async () => {
  const clock = new ManualClock(400);
  const streaming = new StreamingContext(sc, '1s', { clock, display: quietDisplay(() => {}) });
  const delays: (number | undefined)[] = [];
  streaming.addStreamingListener({
    onBatchCompleted: ({ schedulingDelay, totalDelay }) => delays.push(schedulingDelay, totalDelay),
  });
  streaming.queueStream([[1]]).foreachRDD(() => {});
  streaming.start();
  await streaming.stop({ graceful: true });
  assert.equal(delays, [0, 0]);
});

test.run();
