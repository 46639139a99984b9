// Functions that answer promises: the same rows in the same order, so many calls at a time, wherever the step stands.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { type Context, type DStream, type RDD, StorageLevel, StreamCheck } from '../../../runtime/index';
import type { RemoteError } from '../../../runtime/plan/end';
import { ShippedFunction } from '../../../runtime/rdd/function-argument';
import { errorOf } from '../../helpers/errors';
import { masterOf, onSpark } from '../../helpers/master';

const test = suite('awaited');
let sc: Context;

test.before(async () => {
  sc = await connect(masterOf('local'));
});

test.after(() => sc.stop());

/** As the queries of some clients are: nothing is asked before somebody awaits them. */
const thenable = (x: number) => ({ then: () => x }) as unknown as number;

async function* generated(x: number) {
  yield x;
}

/** Answers late, the later the smaller: order must not follow the clock. */
const late = async <T>(x: T): Promise<T> => {
  await new Promise((resolve) => setTimeout(resolve, Number(x) % 3 === 0 ? 3 : 0));
  return x;
};

const numbers = () => sc.range(0, 20, 1, 2);
const plain = Array.from({ length: 20 }, (_, x) => x);

test('each operator gives what it gives without promises', async () => {
  const double: RDD<number> = numbers().map(async (x) => (await late(x)) * 2);
  assert.equal(
    await double.collect(),
    plain.map((x) => x * 2),
  );
  const answered: RDD<number> = numbers().map((x) => late(x), { concurrency: 3 });
  assert.equal(await answered.collect(), plain);
  const twice: RDD<number> = numbers().flatMap(async (x) => [await late(x), x]);
  assert.equal(
    await twice.collect(),
    plain.flatMap((x) => [x, x]),
  );
  const generated: RDD<number> = numbers().flatMap(async function* (x) {
    yield await late(x);
    yield -x;
  });
  assert.equal(
    await generated.collect(),
    plain.flatMap((x) => [x, -x]),
  );
  assert.equal(
    await numbers()
      .filter(async (x) => (await late(x)) % 2 === 0)
      .collect(),
    plain.filter((x) => x % 2 === 0),
  );
  const parts: RDD<number> = numbers().mapPartitions(async (rows) => [await late([...rows].length)]);
  assert.equal(await parts.collect(), [10, 10]);
  const streamed: RDD<number> = numbers().mapPartitions(async function* (rows) {
    for (const x of rows) yield await late(x);
  });
  assert.equal(await streamed.collect(), plain);
  assert.equal(
    await numbers()
      .keyBy(async (x) => x % 2)
      .mapValues(async (x) => x + 1)
      .take(2),
    [
      [0, 1],
      [1, 2],
    ],
  );
  assert.equal(
    await numbers()
      .keyBy((x) => x)
      .flatMapValues(async (x) => [x, x])
      .count(),
    40,
  );
  const seen = sc.longAccumulator();
  await numbers().foreach(async (x) => seen.add(await late(x)), { concurrency: 4 });
  assert.is(seen.value, 190);
  const grouped: RDD<[number, number[]]> = numbers().groupBy(async (x) => x % 2);
  assert.equal((await grouped.collectAsMap()).get(1), [1, 3, 5, 7, 9, 11, 13, 15, 17, 19]);
  assert.equal(
    await numbers()
      .sortBy(async (x) => -x)
      .take(2),
    [19, 18],
  );
  const indexed = numbers().mapPartitionsWithIndex(async (index, rows) => [`${index}:${[...rows].length}`]);
  assert.equal(await indexed.collect(), ['0:10', '1:10']);
});

test('wherever the step stands: below and above shuffles, unions, zips, sorts, persisted datasets, other partitions', async () => {
  const step = () => numbers().map(async (x) => late(x));
  const pairs = () => step().map((x): [number, number] => [x % 3, x]);
  const sums = await pairs()
    .reduceByKey((a, b) => a + b)
    .map(async (row) => row)
    .collect();
  assert.equal(sums.sort(), [
    [0, 63],
    [1, 70],
    [2, 57],
  ]);
  assert.equal(
    (
      await pairs()
        .groupByKey()
        .mapValues((all) => [...all].length)
        .collect()
    ).sort(),
    [
      [0, 7],
      [1, 7],
      [2, 6],
    ],
  );
  assert.equal(
    await step()
      .sortBy((x) => -x)
      .collect(),
    [...plain].reverse(),
  );
  assert.is((await pairs().join(pairs()).collect()).length, 49 + 49 + 36);
  assert.equal(await step().union(step()).coalesce(1).collect(), [...plain, ...plain]);
  assert.equal(
    await step().zip(step()).collect(),
    plain.map((x) => [x, x]),
  );
  assert.equal(
    await step().zipWithIndex().collect(),
    plain.map((x) => [x, x]),
  );
  assert.equal(
    await step()
      .mapPartitions((rows) => [[...rows].length])
      .collect(),
    [10, 10],
  );
  assert.is(await step().cartesian(step()).count(), 400);
  assert.equal(await step().pipe(['cat']).collect(), plain.map(String));
  assert.equal(
    await step()
      .map(async (x) => x)
      .filter(async () => true)
      .collect(),
    plain,
  );
  assert.is(await step().reduce((a, b) => a + b), 190);
  let long: RDD<number> = numbers();
  for (let i = 0; i < 40; i++) long = i % 10 === 5 ? long.map(async (x) => x + 1) : long.map((x) => x + 1);
  assert.equal(
    await long.collect(),
    plain.map((x) => x + 40),
  );
  for (const level of [StorageLevel.MEMORY_ONLY, StorageLevel.DISK_ONLY]) {
    const calls = sc.longAccumulator();
    const kept = numbers().map(async (x) => {
      await late(x);
      calls.add(1);
      return x;
    });
    kept.persist(level);
    assert.equal(await kept.take(2), [0, 1]);
    assert.is(calls.value, 10);
    assert.equal(await kept.map(async (x) => x).collect(), plain);
    assert.equal([await kept.count(), calls.value], [20, 20]);
    kept.unpersist();
  }
});

test('so many calls at a time, and no more than are needed', async () => {
  const running = sc.accumulator<number[]>([], (a, b) => [...a, ...b]);
  for (const [options, most] of [
    [undefined, 8],
    [{ concurrency: 2 }, 2],
  ] as const) {
    let now = 0;
    const before = running.value.length;
    await sc
      .range(0, 30, 1, 1)
      .map(async (x) => {
        running.add([++now]);
        await late(x);
        now--;
        return x;
      }, options)
      .collect();
    assert.is(Math.max(...running.value.slice(before)), most);
  }
  for (const [options, most] of [
    [undefined, 1],
    [{}, 1],
    [{ concurrency: 3 }, 3],
  ] as const) {
    let now = 0;
    const before = running.value.length;
    await sc.range(0, 9, 1, 1).foreach(async (x) => {
      running.add([++now]);
      await late(x);
      now--;
    }, options);
    assert.is(Math.max(...running.value.slice(before)), most);
  }
  const calls = sc.longAccumulator();
  const taken = await sc
    .range(0, 1_000, 1, 1)
    .map(async (x) => {
      calls.add(1);
      return late(x);
    })
    .take(3);
  assert.equal(taken, [0, 1, 2]);
  assert.ok(calls.value <= 20, `${calls.value} calls`);
});

test('an error is that of the first element in order, with its step; skip leaves elements out', async () => {
  const failing = numbers().map(async (x) => {
    await late(x);
    if (x % 5 === 3) throw new Error(`bad ${x}`);
    return x;
  });
  const error = await errorOf('TASK_FAILED', () => failing.collect());
  assert.match(error.message, /bad 3/);
  assert.match(JSON.stringify(error.details), /"element":"3"/);
  const skipping = numbers().map(
    async (x) => {
      await late(x);
      if (x % 5 === 3) throw new Error(`bad ${x}`);
      return x;
    },
    { onError: 'skip' },
  );
  assert.equal(
    await skipping.collect(),
    plain.filter((x) => x % 5 !== 3),
  );
  assert.equal(
    await skipping
      .deadLetters<number>()
      .map((letter) => letter.record)
      .collect(),
    [3, 8, 13, 18],
  );
});

test('a cancel and the time of a sample reach a task that waits', async () => {
  const forever = numbers().map(async (x) => (x < 3 ? x : new Promise<number>(() => {})));
  const { rows, complete } = await forever.preview(20, 300);
  assert.equal([rows, complete], [[0, 1, 2], false]);
  const waiting = forever.collectAsync();
  setTimeout(() => waiting.cancel(), 100);
  await errorOf('JOB_CANCELLED', () => waiting);
});

test('a promise of a function that is not declared async is named, with the operator, the element and what to write', async () => {
  const each = /^Write (\w+)\(async x => …\), or \1\(f, { concurrency: 8 }\)/;
  const one = /^Write (\w+)\(async .*… ?\)\.$/;
  const letters = (rdd: RDD<unknown>) => rdd.deadLetters();
  const cases: [operator: string, remedy: RegExp, rdd: RDD<unknown>, element?: string][] = [
    ['map', each, numbers().map((x) => late(x)), '0'],
    ['map', each, numbers().map(late.bind(null)), '0'],
    ['map', each, numbers().map((x) => (x === 3 ? late(x) : x)), '3'],
    ['map', each, numbers().map((x) => thenable(x)), '0'],
    ['keyBy', each, numbers().keyBy((x) => late(x)), '0'],
    [
      'mapValues',
      each,
      numbers()
        .keyBy(String)
        .mapValues((x) => late(x)),
      '["0",0]',
    ],
    ['flatMap', each, numbers().flatMap((x) => late([x])), '0'],
    ['flatMap', each, numbers().flatMap((x) => generated(x)), '0'],
    [
      'flatMapValues',
      each,
      numbers()
        .keyBy(String)
        .flatMapValues((x) => late([x])),
      '["0",0]',
    ],
    ['filter', each, numbers().filter((x) => late(x)), '0'],
    ['groupBy', one, numbers().groupBy((x) => late(x)), '0'],
    ['sortBy', one, numbers().sortBy((x) => late(x)), '0'],
    ['mapPartitions', one, numbers().mapPartitions((rows) => late([...rows])), undefined],
    ['mapPartitionsWithIndex', one, numbers().mapPartitionsWithIndex((_, rows) => late([...rows])), undefined],
    ['map', each, numbers().map((x) => late(x), { onError: 'skip' }), '0'],
    [
      'mapValues',
      each,
      numbers()
        .keyBy(String)
        .mapValues((x) => late(x), { onError: 'skip' }),
      '["0",0]',
    ],
    ['filter', each, letters(numbers().filter((x) => late(x), { onError: 'skip' })), '0'],
  ];
  for (const [operator, remedy, rdd, element] of cases) {
    const error = await errorOf('PROMISE_NOT_AWAITED', () => rdd.count());
    assert.match(error.message, new RegExp(`^The function of ${operator} returned (a promise|an async iterator), which`));
    assert.is(remedy.exec(error.remedy)?.[1], operator, error.remedy);
    // Where partitions run at once, any of them may be the first to fail.
    if (element !== undefined && !onSpark) assert.is((error.details.remote as RemoteError).element, element, operator);
  }
});

test('the answers of functions that call nothing, and read no property for their answer, are not looked at', () => {
  const mayPromise = (f: unknown) => ShippedFunction.of(sc, f, 'map').mayPromise;
  const k = 2;
  const inner = (x: number) => () => late(x);
  for (const f of [
    (x: number) => x + k,
    (x: any) => x.a?.b + 1,
    (x: any) => [x.a, { x }],
    ([, v]: any) => v,
    (x: any) => `${x}`,
    inner,
    late,
  ])
    assert.not(mayPromise(f), `${f}`);
  const tag = (texts: TemplateStringsArray) => texts[0];
  const some = [
    (x: number) => late(x),
    (x: any) => x.a?.b,
    ({ a }: any) => a,
    () => new Promise(() => {}),
    () => tag`x`,
    () => import('node:fs'),
    inner.bind(null),
  ];
  for (const f of some) assert.ok(mayPromise(f), `${f}`);
});

test('streams: batch by batch, with { concurrency }, left-out elements and dead letters', async () => {
  const check = new StreamCheck(sc);
  const batches = [[1, 2, 3], [4]];
  const outputs = (make: (s: DStream<number>) => DStream<unknown>) => check.outputOf(batches, make);
  const doubled = (s: DStream<number>): DStream<number> => s.map(async (x) => (await late(x)) * 2);
  assert.equal(await outputs(doubled), [[2, 4, 6], [8]]);
  const undeclared = (s: DStream<number>): DStream<number> => s.map((x) => late(x), { concurrency: 2 });
  assert.equal(await outputs(undeclared), batches);
  assert.equal(await outputs((s) => s.flatMap(async (x) => [x, await late(x)]).filter(async (x) => x > 1)), [
    [2, 2, 3, 3],
    [4, 4],
  ]);
  assert.equal(
    await outputs((s) =>
      s.coalesce(1).mapPartitions(async function* (rows) {
        for (const x of rows) yield await late(x);
      }),
    ),
    batches,
  );
  const unlucky = (x: number) => (x === 2 ? Promise.reject(new Error(`bad ${x}`)) : late(x));
  const skipping = (s: DStream<number>) => s.map((x) => unlucky(x), { onError: 'skip', concurrency: 2 });
  assert.equal(await outputs(skipping), [[1, 3], [4]]);
  assert.equal(
    await outputs((s) =>
      skipping(s)
        .deadLetters<number>()
        .map(({ record }) => record),
    ),
    [[2], []],
  );
  await errorOf('PROMISE_NOT_AWAITED', () => outputs((s) => s.map((x) => late(x))));
  let refused: unknown;
  await outputs((s) => {
    try {
      s.map((x) => late(x), { onError: 'skip', concurrency: 0 });
    } catch (error) {
      refused = error;
    }
    return s;
  });
  await errorOf('BAD_ARGUMENT', () => Promise.reject(refused));
});

test.run();
