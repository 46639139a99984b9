// Bad records in streams: a batch that fails on one fails alone, and what holds the past goes on without it.
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type DStream, ManualClock, StreamingContext } from '../../../runtime/index';
import { unordered } from '../../helpers/model';
import { quietDisplay, StreamTests } from '../../helpers/streams';

const test = suite('bad records');
const given = new StreamTests(test);
type Pair = [string, number];
type Pairs = DStream<Pair>;

const add = (a: number, b: number) => a + b;
const subtract = (a: number, b: number) => a - b;

/** Rows of each output by batch; 'failed' where the output failed. */
async function outputsOf(
  make: Record<string, (s: Pairs) => DStream<unknown>>,
  batches: Pair[][],
): Promise<{ seen: Record<string, (string[] | 'failed')[]>; notices: string[] }> {
  const clock = new ManualClock();
  const notices: string[] = [];
  const streaming = new StreamingContext(given.sc, '1s', { clock, display: quietDisplay((text) => notices.push(text)) });
  streaming.checkpoint(join(given.folder, 'checkpoint'));
  const source = streaming.queueStream<Pair>([...batches]);
  const seen: Record<string, (string[] | 'failed')[]> = {};
  for (const [name, of] of Object.entries(make)) {
    seen[name] = [];
    of(source).foreachRDD(async (rdd) => {
      seen[name].push('failed');
      const rows = unordered(await rdd.collect());
      seen[name][seen[name].length - 1] = rows;
    }, name);
  }
  streaming.start();
  for (const _ of batches) {
    clock.advance('1s');
    await streaming.idle();
  }
  await streaming.stop();
  return { seen, notices };
}

const unlucky = (v: number) => {
  if (v === 13) throw new Error('unlucky');
  return v;
};

const bad = (s: Pairs) =>
  s.map(([k, v]): Pair => {
    if (v === 13) throw new Error('unlucky');
    return [k, v];
  });

test('a batch that fails on a record fails the windows that have it, with and without an inverse, and no later one', async () => {
  const batches: Pair[][] = [1, 2, 13, 4, 5, 6, 13, 13, 9, 10, 11].map((n) => [['a', n]]);
  const { seen } = await outputsOf(
    {
      window: (s) =>
        bad(s)
          .window('3s')
          .values()
          .reduce(add)
          .map((n): Pair => ['a', n]),
      plain: (s) => bad(s).reduceByKeyAndWindow('3s', add),
      inverse: (s) => bad(s).reduceByKeyAndWindow('3s', add, subtract),
      group: (s) =>
        bad(s)
          .groupByKeyAndWindow('3s')
          .mapValues((all) => [...all].reduce(add)),
      nested: (s) => bad(s).reduceByKeyAndWindow('2s', add, subtract).reduceByKeyAndWindow('2s', add, subtract),
    },
    batches,
  );
  const of = (...sums: (number | undefined)[]) => sums.map((n) => (n === undefined ? 'failed' : [`["a",n${n}]`]));
  const expected = of(1, 3, undefined, undefined, undefined, 15, undefined, undefined, undefined, undefined, 30);
  for (const name of ['window', 'plain', 'inverse', 'group']) assert.equal(seen[name], expected, name);
  const nested = of(1, 4, undefined, undefined, undefined, 20, undefined, undefined, undefined, undefined, 40);
  assert.equal(seen.nested, nested);
});

test('records that are left out leave windows, inverse windows and states exact, and dead letters have them batch by batch', async () => {
  const numbers = [1, 2, 13, 4, 13, 6];
  const batches: Pair[][] = numbers.map((n) => [
    ['a', n],
    ['b', 1],
  ]);
  const good = (s: Pairs) => s.mapValues((v) => unlucky(v), { onError: 'skip' });
  const { seen, notices } = await outputsOf(
    {
      plain: (s) => good(s).reduceByKeyAndWindow('3s', add),
      inverse: (s) => good(s).reduceByKeyAndWindow('3s', add, subtract),
      state: (s) => good(s).runningReduce(add),
      letters: (s) =>
        good(s)
          .deadLetters<Pair>()
          .map(({ record, error }) => [`${record[0]}: ${error}`, record[1]]),
      of: (s) =>
        good(s)
          .deadLetters()
          .reduceByWindow((a) => a, '2s')
          .map(() => 'some'),
    },
    batches,
  );
  const luck = numbers.map((n) => (n === 13 ? undefined : n));
  const rows = (a: (number | undefined)[], b: number) => [
    ...(a.some((n) => n !== undefined) ? [`["a",n${a.reduce<number>((sum, n) => sum + (n ?? 0), 0)}]`] : []),
    `["b",n${b}]`,
  ];
  const windows = luck.map((_, i) => rows(luck.slice(Math.max(0, i - 2), i + 1), Math.min(3, i + 1)));
  assert.equal(seen.plain, windows);
  assert.equal(seen.inverse, windows);
  assert.equal(
    seen.state,
    luck.map((_, i) => rows(luck.slice(0, i + 1), i + 1)),
  );
  assert.equal(
    seen.letters,
    numbers.map((n) => (n === 13 ? ['["a: Error: unlucky",n13]'] : [])),
  );
  assert.equal(
    seen.of.map((some) => some.length),
    [0, 0, 1, 1, 1, 1],
  );
  const told = notices.filter((text) => text.startsWith('mapValues#'));
  assert.match(told[0], /^mapValues#\d+: 1 element was left out, because the function threw; for example 13: Error: unlucky$/);
});

test('the streams of a context leave records out where it says so, unless an operator says otherwise', async () => {
  const notices: string[] = [];
  const clock = new ManualClock();
  const display = quietDisplay((text) => notices.push(text));
  const streaming = new StreamingContext(given.sc, '1s', { clock, display, onError: 'skip' });
  const source = streaming.queueStream<Pair>([[['a', 13]], [['b', 2]]]);
  const seen: unknown[] = [];
  bad(source).foreachRDD(async (rdd) => void seen.push(await rdd.count()));
  source
    .filter(([, v]) => unlucky(v) > 0, { onError: 'fail' })
    .foreachRDD(async (rdd) => void seen.push(await rdd.count()), { onFailure: 'skip' });
  streaming.start();
  for (const _ of [1, 2]) {
    clock.advance('1s');
    await streaming.idle();
  }
  await streaming.stop();
  assert.equal(seen, [0, 1, 1]);
  assert.throws(
    () => new StreamingContext(given.sc, '1s', { onError: 'drop' as never }),
    /onError is "drop", but must be 'fail' or 'skip'/,
  );
});

test('a state goes on from the version before a batch that fails, and says which batch it leaves out', async () => {
  const batches: Pair[][] = [
    [['a', 1]],
    [
      ['a', 2],
      ['b', 13],
    ],
    [['a', 4]],
    [['b', 5]],
  ] as Pair[][];
  const { seen, notices } = await outputsOf(
    {
      lineage: (s) => bad(s).runningReduce(add),
      track: (s) => s.track({ init: (_k, v: number) => unlucky(v), update: (_k, sum: number, v: number) => sum + unlucky(v) }),
      update: (s) => s.updateStateByKey<string, number, number>((values, sum) => values.map(unlucky).reduce(add, sum ?? 0)),
      map: (s) =>
        s
          .mapWithState<string, number, number, number>((_k, v, state) => {
            state.update((state.get() ?? 0) + unlucky(v as number));
            return 1;
          })
          .stateSnapshots(),
      transform: (s) =>
        s
          .transform((rdd, time) => {
            if (time === 2000) throw new Error('unlucky');
            return rdd;
          })
          .runningReduce(add),
    },
    batches,
  );
  for (const [name, rows] of Object.entries(seen)) {
    const [one, failed, three, four] = name === 'transform' ? [rows[0], 'failed', ...rows.slice(1)] : rows;
    assert.equal([one, failed, three], [['["a",n1]'], 'failed', ['["a",n5]']], name);
    assert.equal(four, ['["a",n5]', '["b",n5]'], name);
  }
  assert.match(notices.join('\n'), /track#\d+ leaves the batch of .* out of its state: Error: unlucky/);
});

test('a state whose first batches fail begins with its initial state', async () => {
  const batches: Pair[][] = [[['a', 13]], [['a', 13]], [['a', 3]]];
  const { seen } = await outputsOf(
    {
      sums: (s) =>
        bad(s).updateStateByKey<string, number, number>(
          (v, n) => v.reduce(add, n ?? 0),
          2,
          given.sc.parallelize([['a', 100]] as Pair[]),
        ),
    },
    batches,
  );
  assert.equal(seen.sums, ['failed', 'failed', ['["a",n103]']]);
});

test('NaN, Infinity and numbers that swallow others leave an inverse window with their batch', async () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e300, 2 ** 60]) {
    const batches: Pair[][] = [1, 2, value, 4, 5, 6, 7].map((n) => [
      ['a', n],
      ['b', 1],
    ]);
    const window = (s: Pairs) => s.reduceByKeyAndWindow('3s', add, subtract, { partitioning: 1 });
    const plain = (s: Pairs) => s.reduceByKeyAndWindow('3s', add, { partitioning: 1 });
    const rows = (out: unknown[][]) => out.map(unordered);
    assert.equal(rows(await given.check.outputOf(batches, window)), rows(await given.check.outputOf(batches, plain)), `${value}`);
  }
  type Stats = { sum: number; n: number };
  const stats: [string, Stats][][] = [Number.NaN, 1, 2, 3].map((sum) => [['a', { sum, n: 1 }]]);
  const merged = (s: DStream<[string, Stats]>) =>
    s.reduceByKeyAndWindow(
      '2s',
      (a, b) => ({ sum: a.sum + b.sum, n: a.n + b.n }),
      (a, b) => ({ sum: a.sum - b.sum, n: a.n - b.n }),
    );
  assert.equal((await given.check.outputOf(stats, merged)).at(-1), [['a', { sum: 5, n: 2 }]]);
});

test('after a restart the windows that still have the failed batch name it, and the state stays without it', async () => {
  const clock = new ManualClock();
  const run = async (until: number) => {
    const rows: Record<string, unknown> = {};
    const create = (streaming: StreamingContext) => {
      const pairs = bad(streaming.generatorStream(1, (i): Pair => ['a', i === 3 ? 13 : i]));
      pairs.reduceByKeyAndWindow('4s', add, subtract).foreachRDD(async (rdd, time) => {
        rows[time] = await rdd.collect().then(unordered, (e) => [e.code, e.message]);
      });
      pairs.runningReduce(add).foreachRDD(async (rdd, time) => {
        rows[`state ${time}`] = await rdd.collect().then(unordered, (e) => [e.code]);
      });
    };
    const options = { sc: given.sc, interval: '1s', clock, display: quietDisplay() } as const;
    const streaming = StreamingContext.getOrCreate(join(given.folder, 'checkpoint'), create, options);
    streaming.start();
    while (clock.now() < until) {
      clock.advance('1s');
      await streaming.idle();
    }
    await streaming.stop();
    return rows;
  };
  const first = await run(5000);
  assert.equal((first[5000] as string[])[0], 'TASK_FAILED');
  assert.equal(first['state 5000'], ['["a",n7]']);
  const second = await run(9000);
  const [code, message] = second[6000] as string[];
  assert.is(code, 'FAILED_BEFORE');
  assert.match(message, /^The batch of 00:00:04 of reduceByKeyAndWindow#\d+ failed before the restart: Error: unlucky/);
  assert.equal(second[8000], ['["a",n22]']);
  assert.equal(second['state 9000'], [`["a",n${0 + 1 + 2 + 4 + 5 + 6 + 7 + 8}]`]);
});

test.run();
