// Elements on which a function throws and that are left out: every operator, exactly counted, reported once, and found as dead letters.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { type BadRecordOptions, type Context, type RDD, StorageLevel, TaskContext } from '../../../runtime/index';
import { errorOf } from '../../helpers/errors';
import { masterOf } from '../../helpers/master';

const test = suite('elements left out');
const notices: string[] = [];
let sc: Context;

test.before(async () => {
  sc = await connect(masterOf('local'), { onNotice: (text) => notices.push(text) });
});
test.before.each(() => {
  notices.length = 0;
});
test.after(() => sc.stop());

const skip: BadRecordOptions = { onError: 'skip' };
const odd = (x: number): number => {
  if (x % 3 === 1) throw new RangeError(`no ${x}`);
  return x;
};
const numbers = () => sc.range(0, 9, 1, 3);
const pairs = () => numbers().map((x) => [`k${x % 2}`, x] as [string, number]);

/** Each operator with what it gives, and its dead letters. */
const operators: Record<string, { made: () => RDD<unknown>; rows: unknown[]; letters: unknown[] }> = {
  map: { made: () => numbers().map((x) => odd(x) * 2, skip), rows: [0, 4, 6, 10, 12, 16], letters: [1, 4, 7] },
  filter: { made: () => numbers().filter((x) => odd(x) > 2, skip), rows: [3, 5, 6, 8], letters: [1, 4, 7] },
  flatMap: {
    made: () =>
      numbers().flatMap(function* (x) {
        yield x;
        yield odd(x);
      }, skip),
    rows: [0, 0, 2, 2, 3, 3, 5, 5, 6, 6, 8, 8],
    letters: [1, 4, 7],
  },
  keyBy: {
    made: () => numbers().keyBy((x) => odd(x) % 2, skip),
    rows: [0, 2, 3, 5, 6, 8].map((x) => [x % 2, x]),
    letters: [1, 4, 7],
  },
  mapValues: {
    made: () => pairs().mapValues((x) => odd(x) + 1, skip),
    rows: [0, 2, 3, 5, 6, 8].map((x) => [`k${x % 2}`, x + 1]),
    letters: [1, 4, 7].map((x) => [`k${x % 2}`, x]),
  },
  flatMapValues: {
    made: () => pairs().flatMapValues((x) => [odd(x)], skip),
    rows: [0, 2, 3, 5, 6, 8].map((x) => [`k${x % 2}`, x]),
    letters: [1, 4, 7].map((x) => [`k${x % 2}`, x]),
  },
};

for (const [name, { made, rows, letters }] of Object.entries(operators)) {
  test(`${name} leaves out what its function throws on, reports it, and deadLetters() finds it`, async () => {
    const rdd = made();
    assert.equal(await rdd.collect(), rows);
    assert.is(notices.length, 1);
    assert.match(notices[0], new RegExp(`^${name}\\[\\d+\\]: 3 elements were left out, .* for example \\d: RangeError: no \\d$`));
    const found = await rdd.deadLetters().collect();
    assert.equal(
      found.map(({ record }) => record),
      letters,
    );
    assert.is(found[0].error, 'RangeError: no 1');
    assert.is(notices.length, 1, 'dead letters are not left out again');
  });
}

test('a mapValues that leaves elements out keeps the partitioner', async () => {
  const kept = pairs().partitionBy(3).mapValues(odd, skip);
  assert.is(kept.partitioner?.numPartitions, 3);
  assert.is((await kept.collect()).length, 6);
});

test('elements are counted once where tasks are tried again, and where a persisted dataset is read again', async () => {
  const kept = numbers().map(odd, skip).persist(StorageLevel.MEMORY_ONLY);
  const shaky = kept.map((x) => {
    if (TaskContext.get()!.attemptNumber() < 2) throw new Error('again');
    return x;
  });
  assert.is(await shaky.count(), 6);
  await kept.count();
  assert.equal(
    notices.map((text) => /(\d+) elements/.exec(text)?.[1]),
    ['3'],
  );
  kept.unpersist();
});

test('without the option, and for errors of Millrace itself, the job fails', async () => {
  for (const options of [undefined, {}, { onError: 'fail' }] as const)
    assert.match((await errorOf('TASK_FAILED', () => numbers().map(odd, options).count())).message, /RangeError: no [147]/);
  const sum = sc.longAccumulator();
  const wrong = numbers().map((x) => {
    sum.add(`${x}` as never);
    return x;
  }, skip);
  await errorOf('BAD_ARGUMENT', () => wrong.count());
  await errorOf('NOT_ITERABLE', () =>
    numbers()
      .flatMap((x) => x as never, skip)
      .count(),
  );
});

test('what is no policy is refused at the call, and so are dead letters of other datasets', async () => {
  const told = (f: () => unknown) => {
    try {
      f();
    } catch (error) {
      return (error as Error).message;
    }
    return 'nothing';
  };
  assert.is(
    told(() => numbers().map(odd, { onError: 'ignore' as never })),
    "map: onError is \"ignore\", but must be 'fail' or 'skip'.",
  );
  for (const bad of [null, 'skip', 5, []])
    assert.match(
      told(() => numbers().filter(odd, bad as never)),
      /^filter: the object of options is/,
    );
  assert.match(
    told(() => numbers().map(odd).deadLetters()),
    /^deadLetters: map\[\d+\] is made by map, but must be the result of/,
  );
  const kept = numbers().map(odd, skip);
  kept.localCheckpoint();
  await kept.count();
  assert.match(
    told(() => kept.deadLetters()),
    /a checkpoint has taken the place/,
  );
});

test.run();
