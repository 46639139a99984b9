// A closure is frozen where it is written, also where partial answers merge; and a sample looks at the clock however slow the closure.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { capture } from '../../../runtime/closure';
import type { Context, RDD } from '../../../runtime/index';
import { errorOf } from '../../helpers/errors';
import { masterOf, onSpark, ownOnly } from '../../helpers/master';

const test = suite('frozen closures');
let sc: Context;
let folder: string;

test.before(async () => {
  sc = await connect(masterOf('local'));
  folder = mkdtempSync(join(tmpdir(), 'frozen-'));
});

const numbers = () => sc.parallelize([1, 2, 3, 4, 5, 6], 3);
const pairs = () => numbers().map((x): [number, number] => [x % 2, x]);

/** Each with a function that multiplies by a captured `k`, which changes while the job runs. */
const merging: Record<string, (f: (a: number, b: number) => number) => Promise<unknown>> = {
  reduce: (f) => numbers().reduce(f),
  fold: (f) => numbers().fold(0, f),
  aggregate: (f) => numbers().aggregate(0, f, f),
  treeReduce: (f) => numbers().treeReduce(f),
  treeAggregate: (f) => numbers().treeAggregate(0, f, f),
  reduceByKeyLocally: (f) => pairs().reduceByKeyLocally(f),
  takeOrdered: (f) => numbers().takeOrdered(3, (a, b) => f(0, a) - f(0, b)),
  top: (f) => numbers().top(3, (a, b) => f(0, a) - f(0, b)),
  max: (f) => numbers().max((a, b) => f(0, a) - f(0, b)),
};

for (const [name, run] of Object.entries(merging)) {
  test(`${name} merges by the function as it was at the call`, async () => {
    const constant = await run((a, b) => a + b * 10);
    let k = 10;
    const answer = run((a, b) => a + b * k);
    k = -1000;
    assert.equal(await answer, constant);
    assert.is(k, -1000);
  });
}

test('a long list of objects is captured as one value, and means what its objects mean one by one', async () => {
  const rows = Array.from({ length: 5000 }, (_, i) => ({ id: i, name: `row ${i}`, more: { list: [i, undefined, null] } }));
  const f = (x: number) => rows[x].id + rows[x].name + String(rows[x].more.list[0]);
  const { closure, bulk } = capture(f, { operation: 'map', autoBroadcastBytes: 1000 });
  assert.ok(closure.nodes.length < 10 && bulk.length === 1, `${closure.nodes.length} nodes`);
  const named = numbers().map(f);
  const changing = sc.parallelize([0, 0, 0, 0], 2).map((x) => ++rows[x].id);
  const before = rows[1];
  rows[1] = { ...before, id: 99 };
  rows[2].name = 'changed';
  assert.equal((await named.collect()).slice(0, 2), ['1row 11', '2row 22']);
  assert.equal(await changing.collect(), [1, 2, 1, 2], 'each task has its own');
  assert.is(rows[0].id, 0);
});

test('objects of a long list that are shared, guarded or no plain data stay what they are', async () => {
  const list = () => Array.from({ length: 2000 }, (_, i): Record<string, unknown> => ({ id: i, text: `some text ${i}` }));
  const one = sc.parallelize([0], 1);
  const [rows, twice, frozen, odd, counters] = [list(), list(), list(), list(), list()];
  const first = rows[7];
  twice[9] = twice[8];
  Object.freeze(frozen[5]);
  Object.defineProperty(odd[3], 'id', { get: () => 'got', enumerable: true });
  odd[4].at = new Date(5);
  counters[6].counter = new Counter();
  const byId = new Map(rows.map((row) => [row.id, row]));
  const answer = await one
    .map(() => [
      [rows[7] === first, byId.get(7) === first, twice[9] === twice[8]],
      [Object.isFrozen(frozen[5]), Object.isFrozen(frozen[6]), odd[3].id, (odd[4].at as Date).getTime()],
      [(counters[6].counter as Counter).n, rows.length, byId.size, rows[1999].text],
    ])
    .collect();
  assert.equal(answer[0], [
    [true, true, true],
    [true, false, 'got', 5],
    [1, 2000, 2000, 'some text 1999'],
  ]);
  const alone = new Map(list().map((row) => [row.id, row]));
  const set = new Set(list());
  assert.equal(await one.map(() => [alone.get(3)!.text, set.size]).collect(), [['some text 3', 2000]]);
});

class Counter {
  n = 1;
}

test('a dataset keeps what its closure captured, though it changes in place before the first job', async () => {
  let n = 1;
  const list = [1];
  const record = { inner: { n: 1 } };
  const map = new Map([['n', 1]]);
  const set = new Set([1]);
  const bytes = new Uint8Array([1]);
  const counter = new Counter();
  const large = Array.from({ length: 200_000 }, () => 1);
  const of = {
    number: numbers().map(() => n),
    list: numbers().map(() => list.length),
    record: numbers().map(() => record.inner.n),
    map: numbers().map(() => map.get('n')),
    set: numbers().map(() => set.size),
    bytes: numbers().map(() => bytes[0]),
    instance: numbers().map(() => counter.n),
    'a list that is broadcast': numbers().map(() => large[0]),
  };
  n = 2;
  list.push(2);
  record.inner.n = 2;
  map.set('n', 2);
  set.add(2);
  bytes[0] = 2;
  counter.n = 2;
  large[0] = 2;
  for (const [what, rdd] of Object.entries(of)) assert.equal(await rdd.collect(), [1, 1, 1, 1, 1, 1], what);
});

test('a merge that counts in an accumulator counts each call once', async () => {
  const calls = sc.longAccumulator('calls');
  const sum = await numbers().reduce((a, b) => {
    calls.add(1);
    return a + b;
  });
  assert.equal([sum, calls.value], [21, 5]);
});

class Money {
  constructor(readonly cents: number) {}
  plus(other: Money) {
    return new Money(this.cents + other.cents);
  }
}

test('a merge that makes instances of a captured class gives instances of that class', async () => {
  const sums = numbers().map((x) => new Money(x));
  const sum = await sums.reduce((a, b) => (a instanceof Money ? a.plus(b) : new Money(Number.NaN)));
  assert.instance(sum, Money);
  assert.is(sum.cents, 21);
});

test('a merge function that is none, or cannot travel, is refused at the call', async () => {
  await errorOf('BAD_ARGUMENT', () => numbers().aggregate(0, (a, b) => a + b, undefined as never));
  const inner = numbers();
  await errorOf('NESTED_DATASET', () =>
    numbers().aggregate(
      0,
      (a, b) => a + b,
      (a, b) => (inner ? a + b : 0),
    ),
  );
});

// ---- samples of slow closures

const rowsInThere = 4_000;
const slow = (x: unknown) => {
  for (const end = performance.now() + 1; performance.now() < end; );
  return Number(x) % 20 === 0;
};

const sources: Record<string, () => RDD<unknown>> = {
  range: () => sc.range(0, rowsInThere, 1, 1),
  'values of the session': () =>
    sc.parallelize(
      Array.from({ length: rowsInThere }, (_, i) => i),
      1,
    ),
  text: () => {
    const path = join(folder, 'numbers.txt');
    writeFileSync(path, Array.from({ length: rowsInThere }, (_, i) => i).join('\n'));
    return sc.textFile(path, 1);
  },
  shuffle: () =>
    sc
      .range(0, rowsInThere, 1, 1)
      .keyBy((x) => x)
      .partitionBy(1)
      .map(([x]) => x),
  'rows that are pulled': () => sc.range(0, rowsInThere, 1, 1).mapPartitions((rows) => rows),
};

/** A task of Spark begins later. */
const sampleMs = onSpark ? 1_500 : 300;

for (const [name, make] of Object.entries(sources)) {
  // The first shuffle of a session on Spark may take all of the time.
  (name === 'shuffle' ? ownOnly(test) : test)(
    `the sample of a slow and selective closure over ${name} has rows and ends in time`,
    async () => {
      const started = performance.now();
      const { rows, complete, gaveUp } = await make().filter(slow).preview(1000, sampleMs);
      assert.ok(rows.length > 0, 'there are rows');
      assert.is(complete, false);
      assert.ok(gaveUp);
      // All rows take four seconds and more.
      assert.ok(performance.now() - started < sampleMs + 2_200, `${performance.now() - started} ms`);
    },
  );
}

test.after(async () => {
  await sc.stop();
  rmSync(folder, { recursive: true, force: true });
});

test.run();
