// What is wrong in the rows and closures of users: one error each, that says what, where, on which element, and what to do.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import type { Place } from '../../../runtime/base/place';
import type { Context, RDD } from '../../../runtime/index';
import type { RemoteError } from '../../../runtime/plan/end';
import { asPairs, ErrorSession } from '../../helpers/error-session';
import { errorOf } from '../../helpers/errors';
import { ownOnly } from '../../helpers/master';
import { within } from '../../helpers/within';

const test = suite('errors in rows and closures');
const session = new ErrorSession(test);
const { numbers } = session;
let sc: Context;
let folder: string;

test.before(() => {
  ({ sc, folder } = session);
});

// ---- rows and keys

test('rows that are no pairs, named by the operation', async () => {
  const operations: Record<string, (rdd: RDD<[any, any]>) => unknown> = {
    reduceByKey: (rdd) => rdd.reduceByKey((a) => a).collect(),
    groupByKey: (rdd) => rdd.groupByKey().collect(),
    mapValues: (rdd) => rdd.mapValues((x) => x).collect(),
    flatMapValues: (rdd) => rdd.flatMapValues((x) => [x]).collect(),
    keys: (rdd) => rdd.keys().collect(),
    values: (rdd) => rdd.values().collect(),
    join: (rdd) => rdd.join(rdd).collect(),
    sortByKey: (rdd) => rdd.sortByKey().collect(),
    partitionBy: (rdd) => rdd.partitionBy(2).collect(),
    countByKey: (rdd) => rdd.countByKey(),
    collectAsMap: (rdd) => rdd.collectAsMap(),
    lookup: (rdd) => rdd.lookup(1),
  };
  for (const [name, run] of Object.entries(operations)) {
    for (const row of [5, [1], [1, 2, 3], 'ab', null]) {
      const error = await errorOf('NOT_A_PAIR', () => run(asPairs(sc.parallelize<any>([row], 1))));
      assert.match(error.message, new RegExp(`^${name} needs pairs`));
      assert.ok(error.message.includes(JSON.stringify(row)), error.message);
    }
  }
});

test('errors raised in tasks: the place of the function where one is named, and the stack of the call', async () => {
  const raised = await errorOf('NOT_A_PAIR', () =>
    asPairs(numbers())
      .mapValues((x) => x)
      .collect(),
  );
  assert.is((raised.details.place as Place).file, __filename);
  assert.is((raised.details.remote as RemoteError).code, 'NOT_A_PAIR');
  const unequal = await errorOf('UNEQUAL_ZIP', () =>
    sc
      .range(0, 4, 1, 2)
      .zip(sc.range(0, 5, 1, 2))
      .count(),
  );
  assert.is(unequal.details.place, undefined, 'no function of the user is about it');
  for (const { stack } of [raised, unequal]) assert.ok(stack?.includes(__filename), stack);
});

test('functions that return nothing to iterate over', async () => {
  const error = await errorOf('NOT_ITERABLE', () =>
    numbers()
      .flatMap((x) => x as never)
      .collect(),
  );
  assert.match(error.message, /flatMap must return something to iterate over, but returned 1/);
  await errorOf('NOT_ITERABLE', () =>
    numbers()
      .mapPartitions(() => undefined as never)
      .collect(),
  );
});

test('keys that have no value to compare by', async () => {
  class Key {}
  const make: Record<string, () => unknown> = {
    Key: () => new Key(),
    Map: () => new Map(),
    Set: () => new Set(),
    Uint8Array: () => new Uint8Array(1),
    f: () => function f() {},
    Symbol: () => Symbol('x'),
  };
  for (const [name, key] of Object.entries(make)) {
    const error = await errorOf('BAD_KEY', () =>
      numbers()
        .map(() => [key(), 1] as [unknown, number])
        .reduceByKey((a) => a)
        .collect(),
    );
    assert.match(error.message, new RegExp(name));
  }
  await errorOf('BAD_KEY', () =>
    numbers()
      .map(() => new Map())
      .distinct()
      .collect(),
  );
  await errorOf('BAD_KEY', () => asPairs(numbers()).lookup(() => 1));
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  await errorOf('BAD_KEY', () => asPairs(numbers()).lookup(cyclic));
});

test('values that do not compare are shown both', async () => {
  const mixed = sc.parallelize<unknown>([1, 'a'], 2);
  for (const run of [
    () => mixed.sortBy((x) => x as number).collect(),
    () => mixed.max(),
    () => mixed.takeOrdered(2),
    () => mixed.sortBy((x) => x as number, true, 1).collect(),
  ]) {
    const error = await errorOf('NOT_COMPARABLE', run);
    assert.ok(error.message.includes('"a"') && error.message.includes('1'), error.message);
  }
});

test('empty datasets', async () => {
  const none = sc.parallelize<number>([], 2);
  for (const [name, run] of Object.entries({
    first: () => none.first(),
    reduce: () => none.reduce((a) => a),
    min: () => none.min(),
    max: () => none.max(),
  })) {
    const error = await errorOf('EMPTY_DATASET', run);
    assert.match(error.message, new RegExp(`^${name} of`));
  }
});

test('rows that cannot leave an executor', async () => {
  await errorOf('UNSHIPPABLE_VALUE', () =>
    numbers()
      .map((x) => () => x)
      .collect(),
  );
  await errorOf('UNSHIPPABLE_VALUE', () => sc.parallelize([Symbol('x')]).count());
  await errorOf('UNSHIPPABLE_VALUE', () =>
    numbers()
      .map((x): [number, unknown] => [x, new WeakMap()])
      .groupByKey()
      .count(),
  );
  const cycle = { self: {} };
  cycle.self = cycle;
  await errorOf('UNSHIPPABLE_VALUE', () => sc.broadcast(cycle));
});

test('results that are too big: of one task, and together', async () => {
  const one = await errorOf('RESULT_TOO_BIG', () => sc.range(0, 1e6, 1, 1).collect());
  assert.match(one.message, /1\.0 MiB/);
  await errorOf('RESULT_TOO_BIG', () => sc.range(0, 1e6, 1, 8).collect());
  assert.is((await sc.range(0, 1e6, 1, 8).take(5)).length, 5);
});

// ---- closures

test('a throw in a closure: where, on what, after how many tries', async () => {
  const words = sc.parallelize(['fine', 'bad', 'fine'], 3);
  const error = await errorOf('TASK_FAILED', () =>
    words
      .map((w) => {
        if (w === 'bad') throw new TypeError('not this one');
        return w;
      })
      .collect(),
  );
  assert.match(error.message, /TypeError: not this one/);
  assert.equal([error.details.partition, error.details.attempts], [1, 4]);
  const { operator, element, frames } = error.details.remote as RemoteError;
  assert.equal([operator, element], ['map', '"bad"']);
  const { file, line, column } = frames[0];
  assert.is(file, __filename);
  const source = readFileSync(__filename, 'utf8').split('\n')[line - 1];
  assert.is(source.slice(column - 1, column + 35), "new TypeError('not this one');".slice(0, 36));
});

test('an error in a closure tells its causes', async () => {
  const error = await errorOf('TASK_FAILED', () =>
    numbers().foreach(() => {
      throw new Error('no price', { cause: new RangeError('line 7', { cause: { code: 5 } }) });
    }),
  );
  assert.is(error.message, 'Error: no price\n caused by RangeError: line 7\n caused by Error: {"code":5}');
  const round = await errorOf('TASK_FAILED', () =>
    numbers().foreach(() => {
      const e = new Error('round');
      e.cause = e;
      throw e;
    }),
  );
  assert.is(round.message.split('caused by').length, 6);
});

test('an error in a closure keeps what its thrower added, and tells its members', async () => {
  const error = await errorOf('TASK_FAILED', () =>
    numbers().foreach(() => {
      const members = [new RangeError('one'), 'two'];
      throw Object.assign(new AggregateError(members, 'all'), { status: 404, url: '/x', body: { a: [1] }, next: undefined });
    }),
  );
  assert.is(error.message, 'AggregateError: all\n • RangeError: one\n • Error: two');
  assert.equal((error.details.remote as RemoteError).fields, { status: 404, url: '/x', body: '{"a":[1]}' });
});

test('a throw of the map side of a shuffle, in a merge, and in an accumulator', async () => {
  const pairs = numbers().map((x): [number, number] => [0, x]);
  const merge = await errorOf('TASK_FAILED', () =>
    pairs
      .coalesce(1)
      .reduceByKey(() => {
        throw new Error('merge');
      })
      .collect(),
  );
  const { operator, element } = merge.details.remote as RemoteError;
  assert.equal([operator, element], ['reduceByKey', '2']);
});

test('anything can be thrown', async () => {
  for (const [thrown, shown] of [
    ['text', /text/],
    [undefined, /undefined/],
    [null, /null/],
    [{ code: 5 }, /"code":5/],
    [Object.create(null), /./],
  ] as const) {
    const error = await errorOf('TASK_FAILED', () =>
      numbers()
        .map(() => {
          throw thrown;
        })
        .collect(),
    );
    assert.match(error.message, shown);
  }
});

test('captured sockets and datasets are refused at the line, with the path', async () => {
  const holder = { conn: new net.Socket() };
  const error = await errorOf('UNSERIALIZABLE_CAPTURE', () => numbers().map((x) => (holder.conn ? x : 0)));
  assert.match(error.message, /closure → captured holder → \.conn/);
  const inner = { rdd: numbers() };
  const nested = await errorOf('NESTED_DATASET', () => numbers().map((x) => (inner.rdd ? x : 0)));
  assert.match(nested.message, /path: closure → captured inner → \.rdd/);
  await errorOf('NESTED_DATASET', () => numbers().foreach(() => sc.parallelize([1])));
});

// A worker that has loaded a module keeps it.
ownOnly(test)('a module that executors cannot load', async () => {
  const f = new Function('require', 'return () => 1');
  assert.type(f, 'function');
  const module = join(folder, 'gone.js');
  writeFileSync(module, 'exports.answer = () => 42;');
  const { answer } = require(module);
  assert.equal(
    await sc
      .parallelize([1], 1)
      .map(() => answer())
      .collect(),
    [42],
  );
  rmSync(module);
  delete require.cache[module];
  await errorOf('MODULE_NOT_FOUND', () =>
    sc
      .parallelize([1], 1)
      .map(() => answer())
      .collect(),
  );
});

test('a job that was cancelled, also before it began', async () => {
  // In processes of their own: in this one a loop would hold the timer that cancels it.
  const own = await connect('local[1]');
  const running = own.range(0, 1e12, 1, 1).sum();
  setTimeout(() => own.cancelAllJobs(': enough'), 20);
  assert.match((await errorOf('JOB_CANCELLED', () => running)).message, /cancelled: enough/);
  const count = () => ({ kind: 'count' }) as const;
  const options = { title: 'count', signal: AbortSignal.abort() };
  const aborted = own.runSink(own.range(0, 1e12, 1, 1), count, options, () => {});
  await errorOf('JOB_CANCELLED', () => within(5_000, aborted, 'the job'));
  await own.stop();
});

test.run();
