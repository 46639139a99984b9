// Windows that are reduced, plain and with an inverse: what each batch gives, and which inverse functions are accused.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type DStream, ManualClock, StreamingContext } from '../../../runtime/index';
import { StreamTests } from '../../helpers/streams';

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

test('a window that nothing asked for begins anew, and says nothing of the batches between', async () => {
  const clock = new ManualClock();
  const streaming = new StreamingContext(given.sc, '1s', { clock });
  const numbers = streaming.queueStream(Array.from({ length: 10 }, (_, i) => [['a', 10 ** i]] as Pairs));
  const add = (a: number, b: number) => a + b;
  const window = numbers.reduceByKeyAndWindow('3s', add, (a, b) => a - b);
  const seen: number[] = [];
  const watch = () => window.foreachRDD(async (rdd) => seen.push(...(await rdd.values().collect())));
  numbers.foreachRDD((rdd) => rdd.count());
  const first = watch();
  streaming.start();
  const advance = async (batches: number) => {
    for (let i = 0; i < batches; i++) {
      clock.advance('1s');
      await streaming.idle();
    }
  };
  await advance(2);
  first.stop();
  await advance(3);
  watch();
  await advance(5);
  assert.equal(seen, [1, 11, 1e5, 11e5, 111e5, 111e6, 111e7]);
  await streaming.stop();
});

test.run();
