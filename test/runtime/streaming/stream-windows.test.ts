// Windows: what each batch gives, which inverse functions are accused, and what they hold while no output reads them.
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type DStream, ManualClock, StreamingContext } from '../../../runtime/index';
import { unordered } from '../../helpers/model';
import { quietDisplay, StreamTests } from '../../helpers/streams';

const test = suite('stream windows');
const given = new StreamTests(test);

type Pairs = [string, number][];
const input: Pairs[] = [
  [
    ['a', 1],
    ['b', 2],
    ['a', 3],
  ],
  [['a', 10]],
  [],
  [['b', 5]],
  [],
];
const sums: Pairs[] = [
  [
    ['a', 4],
    ['b', 2],
  ],
  [
    ['a', 14],
    ['b', 2],
  ],
  [['a', 10]],
  [['b', 5]],
  [['b', 5]],
];

test('reduceByKeyAndWindow: plain, with an inverse, and in the order of the papers', async () => {
  const operations: ((s: DStream<[string, number]>) => DStream<[string, number]>)[] = [
    (s) => s.reduceByKeyAndWindow((a, b) => a + b, '2s'),
    (s) =>
      s.reduceByKeyAndWindow(
        (a, b) => a + b,
        (a, b) => a - b,
        '2s',
      ),
    (s) => s.reduceByKeyAndWindow('2s', (a, b) => a + b),
    (s) =>
      s.reduceByKeyAndWindow(
        '2s',
        (a, b) => a + b,
        (a, b) => a - b,
        { partitioning: 3 },
      ),
  ];
  for (const operation of operations) await given.check.batches(input, operation, sums);
});

test('a key with the value 0 stays as long as a batch holds it; keep leaves others out', async () => {
  const zeros: Pairs[] = [[['a', 0]], [['b', 1]], []];
  const windows = (keep?: (pair: [string, number]) => unknown) => (s: DStream<[string, number]>) =>
    s.reduceByKeyAndWindow(
      '2s',
      (a, b) => a + b,
      (a, b) => a - b,
      { keep },
    );
  await given.check.batches(zeros, windows(), [
    [['a', 0]],
    [
      ['a', 0],
      ['b', 1],
    ],
    [['b', 1]],
  ] as Pairs[]);
  await given.check.batches(
    zeros,
    windows(([, n]) => n > 0),
    [[], [['b', 1]], [['b', 1]]] as Pairs[],
  );
});

test('a slide longer than a batch gives one result each slide', async () => {
  const slid = (s: DStream<[string, number]>) =>
    s.reduceByKeyAndWindow(
      (a, b) => a + b,
      (a, b) => a - b,
      '3s',
      '2s',
    );
  await given.check.batches(input, slid, [
    [
      ['a', 14],
      ['b', 2],
    ],
    [
      ['a', 10],
      ['b', 5],
    ],
  ] as Pairs[]);
});

test('windows over whole streams: reduce, count, countByValue, groupByKey', async () => {
  const numbers = [[1, 2], [3], [], []];
  await given.check.batches(numbers, (s) => s.reduceByWindow((a, b) => a + b, '2s'), [[3], [6], [3], []]);
  const both = (s: DStream<number>) =>
    s.reduceByWindow(
      '2s',
      (a, b) => a + b,
      (a, b) => a - b,
      { slide: '1s' },
    );
  await given.check.batches(numbers, both, [[3], [6], [3], []]);
  await given.check.batches(numbers, (s) => s.countByWindow('2s'), [[2], [3], [1], [0]]);
  await given.check.batches([['x', 'y'], ['x']], (s) => s.countByValueAndWindow('2s'), [
    [
      ['x', 1],
      ['y', 1],
    ],
    [
      ['x', 2],
      ['y', 1],
    ],
  ] as Pairs[]);
  await given.check.batches([[['a', 1]], [['a', 2]]] as Pairs[], (s) => s.groupByKeyAndWindow('2s'), [
    [['a', [1]]],
    [['a', [1, 2]]],
  ] as [string, number[]][][]);
});

test('an inverse that does not undo the function is noticed, with the key and both values', async () => {
  const wrong = (s: DStream<[string, number]>) =>
    s.reduceByKeyAndWindow(
      (a, b) => a + b,
      (a) => a,
      '2s',
    );
  const leaving: Pairs[] = [[['a', 4]], [['a', 3]], [], []];
  const failure = await given.check.outputOf(leaving, wrong).catch((e) => e);
  assert.is(failure.code, 'NOT_INVERSE');
  assert.match(failure.message, /For the key "a" it leaves 7, but the batches hold 3/);
  // A key that never leaves is noticed too.
  const staying: Pairs[] = Array.from({ length: 12 }, (_, i) => [['a', i]]);
  assert.is((await given.check.outputOf(staying, wrong).catch((e) => e)).code, 'NOT_INVERSE');
});

test('an inverse is not accused for rounding, nor for writing the same value in another way', async () => {
  const floats: Pairs[] = Array.from({ length: 30 }, (_, i) => (i % 7 === 6 ? [] : [['a', 0.1 * i * (i % 5 === 0 ? 1e12 : 1)]]));
  const sum = (s: DStream<[string, number]>) =>
    s.reduceByKeyAndWindow(
      (a, b) => a + b,
      (a, b) => a - b,
      '3s',
    );
  assert.is((await given.check.outputOf([...floats, [], [], [], []], sum)).length, 34);
  type Histogram = Record<string, number>;
  const histograms: [string, Histogram][][] = [[['k', { x: 1 }]], [['k', { y: 2 }]], [], [], []];
  const merged = (s: DStream<[string, Histogram]>) =>
    s.reduceByKeyAndWindow(
      '2s',
      (a, b) => {
        for (const [name, n] of Object.entries(b)) a[name] = (a[name] ?? 0) + n;
        return a;
      },
      (a, b) => {
        for (const [name, n] of Object.entries(b)) a[name] -= n;
        return a;
      },
    );
  assert.equal(await given.check.outputOf(histograms, merged), [
    [['k', { x: 1 }]],
    [['k', { x: 1, y: 2 }]],
    [['k', { x: 0, y: 2 }]],
    [],
    [],
  ]);
});

const add = (a: number, b: number) => a + b;
const subtract = (a: number, b: number) => a - b;
type Numbers = DStream<[string, number]>;

/** What holds the past of its stream. */
const holders: Record<string, (s: Numbers) => DStream<unknown>> = {
  window: (s) => s.window('4s'),
  plain: (s) => s.reduceByKeyAndWindow('4s', add),
  inverse: (s) => s.reduceByKeyAndWindow('4s', add, subtract),
  countByWindow: (s) => s.countByWindow('5s'),
  groupByKeyAndWindow: (s) => s.groupByKeyAndWindow('3s').mapValues((all) => [...all].length),
  ago: (s) => s.ago('3s'),
  state: (s) => s.runningReduce(add),
  'window of a state': (s) => s.runningReduce(add).window('3s'),
  'window of a window': (s) => s.reduceByKeyAndWindow('4s', add, subtract).reduceByKeyAndWindow('3s', add, subtract),
  'state beside its own past': (s) => {
    const states = s.runningReduce(add);
    return states.join(states.ago('2s')) as DStream<unknown>;
  },
};

type Seen = Map<string, unknown[]>;

/** The batches of some holders, by name and time, while their outputs are there in the batches that `isThere` says. */
async function seenWhile(names: readonly string[], isThere: (batch: number) => boolean, isRead = true): Promise<Seen> {
  const clock = new ManualClock();
  const streaming = new StreamingContext(given.sc, '1s', { clock, display: quietDisplay() });
  streaming.checkpoint(mkdtempSync(join(given.folder, 'past-')));
  const numbers = streaming.generatorStream(2, (i): [string, number] => [i % 3 === 0 ? 'a' : 'b', i]);
  const seen: Seen = new Map();
  const outputs = names.map((name) => {
    const held = holders[name](numbers);
    return () => held.foreachRDD(async (rdd, time) => seen.set(`${name} ${time / 1000}`, unordered(await rdd.collect())));
  });
  if (isRead) numbers.foreachRDD(() => {});
  else streaming.queueStream([]).foreachRDD(() => {});
  let running: { stop(): void }[] = [];
  for (let batch = 1; batch <= 12; batch++) {
    if (!isThere(batch)) running = running.splice(0).flatMap((output) => output.stop() ?? []);
    else if (running.length === 0) running = outputs.map((add) => add());
    streaming.start();
    clock.advance('1s');
    await streaming.idle();
  }
  await streaming.stop();
  return seen;
}

test('an output that is stopped and added again, or added later, finds the past of its stream', async () => {
  const names = Object.keys(holders);
  const windows = names.filter((name) => !name.includes('state'));
  const whole = await seenWhile(names, () => true);
  const again = await seenWhile(names, (batch) => batch <= 5 || batch >= 9);
  const later = await seenWhile(windows, (batch) => batch >= 9);
  // `ago` has no batches before its time.
  assert.is(whole.size, names.length * 12 - 3);
  assert.is(again.size, whole.size - names.length * 3);
  assert.is(later.size, windows.length * 4);
  for (const [id, rows] of [...again, ...later]) assert.equal(rows, whole.get(id), id);
});

test('where no output reads the source meanwhile, a window goes on with what it had', async () => {
  const names = ['window', 'plain', 'inverse', 'state'];
  const seen = await seenWhile(names, (batch) => batch <= 4 || batch >= 6, false);
  // Batches 3 and 4 had 4 to 7, and batch 6 goes on with 8 and 9.
  const sums = {
    window: ['["a",n6]', '["a",n9]', '["b",n4]', '["b",n5]', '["b",n7]', '["b",n8]'],
    whole: ['["a",n18]', '["b",n27]'],
  };
  assert.equal(seen.get('window 6'), sums.window);
  for (const name of ['plain', 'inverse']) assert.equal(seen.get(`${name} 6`), ['["a",n15]', '["b",n24]']);
  assert.equal(seen.get('state 6'), sums.whole);
});

test.run();
