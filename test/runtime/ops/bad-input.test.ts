// Wrong arguments of every operator in docs/operators.md: each is one declared error that names operation, argument and value; nothing runs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { type Context, HashPartitioner, RangePartitioner, type RDD, StorageLevel } from '../../../runtime/index';
import { asPairs, ErrorSession } from '../../helpers/error-session';
import { errorOf } from '../../helpers/errors';

const test = suite('bad input');
const session = new ErrorSession(test);
let foreign: Context;

test.before(async () => {
  foreign = await connect('local');
});
test.after(async () => {
  await foreign.stop();
});

const numbers = () => session.numbers() as RDD<any>;
const pairs = () => asPairs(session.sc.parallelize([['a', 1]]));
/** For operators by name, whose types have nothing in common. */
const anyPairs = () => pairs() as any;
const dataset = () => session.sc.range(1);

/** Wrong values, by what belongs in their place; made late, for some are datasets. */
const wrong = {
  function: () => [undefined, null, 'x', 5, Number.NaN, {}, dataset()],
  /** A function that may be left out. */
  compare: () => [null, 'x', 5, {}, dataset()],
  /** The same, of two elements. */
  ordering: () => [null, 'x', 5, {}, dataset(), (x: number) => -x],
  /** A number of elements. */
  size: () => [undefined, null, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '2', dataset()],
  partitions: () => [null, 0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e9, '2', {}, dataset()],
  partitioning: () => [null, 0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e9, '8', {}, [], () => 0, dataset()],
  /** Behind datasets, where another one would be right. */
  lastPartitioning: () => [null, 0, -1, 1.5, Number.NaN, '8', {}, [], () => 0],
  dataset: () => [undefined, null, 5, 'x', [1], {}, foreign.range(1)],
  flag: () => [null, 0, 1, 'false', dataset()],
  fraction: () => [undefined, null, -0.1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '0.5', dataset()],
  seed: () => [null, Number.NaN, Number.POSITIVE_INFINITY, '7', dataset()],
  number: () => [null, Number.NaN, Number.POSITIVE_INFINITY, '5', dataset()],
  sink: () => [undefined, null, 'x', 5, {}, { name: 'n' }, { write: () => 0 }, dataset()],
  folder: () => [undefined, null, '', '  ', 5, {}, dataset()],
  path: () => [null, '', '  ', 5, {}],
  texts: () => [null, 5, 'A=1', { A: 1 }, { A: undefined }, { A: 'a\0b' }],
  concurrency: () => [null, 0, -1, 1.5, Number.NaN, '8', 10_001, [8], dataset()],
  options: () => [null, 'gzip', 5, [], dataset()],
  weights: () => [undefined, null, [], [0], [-1, 2], [Number.NaN], ['1'], 0.5, dataset()],
  fractions: () => [undefined, null, { a: 1 }, new Map([['a', -1]]), new Map([['a', 2]]), new Map([['a', '1']]), 0.5],
  milliseconds: () => [undefined, null, -1, Number.NaN, Number.POSITIVE_INFINITY, '5', dataset()],
  confidence: () => [null, -0.1, 1, Number.NaN, '0.9'],
  deviation: () => [null, 0, -1, 0.5, Number.NaN, '0.1'],
  depth: () => [null, 0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '2'],
  /** A number of buckets, or edges. */
  buckets: () => [undefined, null, 0, -1, 1.5, Number.NaN, '10', [], [1], [2, 1], [1, 1], [0, Number.NaN], ['0', '1'], dataset()],
  command: () => [undefined, null, 'sort', [], [''], [5], ['a\0b'], dataset()],
  level: () => [null, 'MEMORY_ONLY', 5, {}, dataset()],
} satisfies Record<string, () => unknown[]>;

/** An operator, what is said of the argument that is wrong, what belongs there, and the call with a value in its place. */
type Row = readonly [operator: string, argument: RegExp, kind: keyof typeof wrong, call: (v: any) => unknown];

const f = (x: any) => x;
const add = (a: any, b: any) => a + b;
const theFunction = /: the function is /;
const thePartitions = /: the number of partitions is /;
const thePartitioning = /: the (partitioning|number of partitions) is /;
const theOther = /: the other dataset is /;
const theSeed = /: the seed is /;
const theSize = /: the number of elements is /;
const thePath = /: the (path|folder) is /;

const makers: readonly Row[] = [
  ['parallelize', thePartitions, 'partitions', (v) => session.sc.parallelize([1], v)],
  ['range', / start is | end is | to is /, 'number', (v) => session.sc.range(v, 5)],
  ['range', / end is | to is /, 'number', (v) => session.sc.range(0, v)],
  ['range', / step is /, 'number', (v) => session.sc.range(0, 5, v)],
  ['range', thePartitions, 'partitions', (v) => session.sc.range(0, 5, 1, v)],
  ['textFile', thePath, 'folder', (v) => session.sc.textFile(v)],
  ['textFile', thePartitions, 'partitions', (v) => session.sc.textFile('x', v)],
  ['wholeTextFiles', thePath, 'folder', (v) => session.sc.wholeTextFiles(v)],
  ['wholeTextFiles', thePartitions, 'partitions', (v) => session.sc.wholeTextFiles('x', v)],
  ['objectFile', thePath, 'folder', (v) => session.sc.objectFile(v)],
  ['setCheckpointDir', thePath, 'folder', (v) => session.sc.setCheckpointDir(v)],
];

const elementwise: readonly Row[] = [
  ['map', theFunction, 'function', (v) => numbers().map(v)],
  ['flatMap', theFunction, 'function', (v) => numbers().flatMap(v)],
  ['filter', theFunction, 'function', (v) => numbers().filter(v)],
  ...['map', 'flatMap', 'filter', 'keyBy'].map(
    (name): Row => [name, /: the object of options is /, 'options', (v) => (numbers() as any)[name](f, v)],
  ),
  ...['map', 'flatMap', 'filter', 'keyBy', 'foreach', 'foreachAsync'].map(
    (name): Row => [name, /: the concurrency is /, 'concurrency', (v) => (numbers() as any)[name](f, { concurrency: v })],
  ),
  ['mapPartitions', theFunction, 'function', (v) => numbers().mapPartitions(v)],
  ['mapPartitions', /: preservesPartitioning is /, 'flag', (v) => numbers().mapPartitions(f, v)],
  ['mapPartitionsWithIndex', theFunction, 'function', (v) => numbers().mapPartitionsWithIndex(v)],
  ['mapPartitionsWithIndex', /: preservesPartitioning is /, 'flag', (v) => numbers().mapPartitionsWithIndex((_, x) => x, v)],
  ['keyBy', theFunction, 'function', (v) => numbers().keyBy(v)],
  ['sample', /: withReplacement is /, 'flag', (v) => numbers().sample(v, 0.5)],
  ['sample', /: the fraction is /, 'fraction', (v) => numbers().sample(false, v)],
  ['sample', theSeed, 'seed', (v) => numbers().sample(false, 0.5, v)],
  ['randomSplit', /: the list of weights is /, 'weights', (v) => numbers().randomSplit(v)],
  ['randomSplit', theSeed, 'seed', (v) => numbers().randomSplit([1], v)],
  ['pipe', /: the command is /, 'command', (v) => numbers().pipe(v)],
  ['pipe', /: the object of options is /, 'options', (v) => numbers().pipe(['sort'], v)],
  ['pipe', /: the folder is /, 'path', (v) => numbers().pipe(['sort'], { cwd: v })],
  ['pipe', /: the environment is /, 'texts', (v) => numbers().pipe(['sort'], { env: v })],
];

const whole: readonly Row[] = [
  ['distinct', thePartitions, 'partitions', (v) => numbers().distinct(v)],
  ['groupBy', /groupBy: the function is /, 'function', (v) => numbers().groupBy(v)],
  ['groupBy', thePartitioning, 'partitioning', (v) => numbers().groupBy(f, v)],
  ['sortBy', theFunction, 'function', (v) => numbers().sortBy(v)],
  ['sortBy', /: ascending is /, 'flag', (v) => numbers().sortBy(f, v)],
  ['sortBy', thePartitions, 'partitions', (v) => numbers().sortBy(f, true, v)],
  ['coalesce', thePartitions, 'partitions', (v) => numbers().coalesce(v)],
  ['coalesce', /: shuffle is /, 'flag', (v) => numbers().coalesce(2, v)],
  ['repartition', thePartitions, 'partitions', (v) => numbers().repartition(v)],
  ['persist', /: the level is /, 'level', (v) => numbers().persist(v)],
  ['persist', /: the object of options is /, 'options', (v) => numbers().persist(StorageLevel.MEMORY_ONLY, v)],
  ['persist', /: the priority is /, 'number', (v) => numbers().persist(StorageLevel.MEMORY_ONLY, { priority: v })],
];

const several: readonly Row[] = [
  ['union', theOther, 'dataset', (v) => numbers().union(v)],
  ['union', theOther, 'dataset', (v) => session.sc.union(numbers(), v ?? null)],
  ['intersection', theOther, 'dataset', (v) => numbers().intersection(v)],
  ['intersection', thePartitioning, 'partitioning', (v) => numbers().intersection(numbers(), v)],
  ['subtract', theOther, 'dataset', (v) => numbers().subtract(v)],
  ['subtract', thePartitioning, 'partitioning', (v) => numbers().subtract(numbers(), v)],
  ['cartesian', theOther, 'dataset', (v) => numbers().cartesian(v)],
  ['zip', theOther, 'dataset', (v) => numbers().zip(v)],
  ['zipPartitions', theOther, 'dataset', (v) => numbers().zipPartitions(v, f)],
  ['zipPartitions', theFunction, 'compare', (v) => numbers().zipPartitions(numbers(), v)],
  ['zipPartitions', /: preservesPartitioning is /, 'flag', (v) => numbers().zipPartitions(numbers(), f, v)],
];

const ofPairs: readonly Row[] = [
  ['reduceByKey', theFunction, 'function', (v) => pairs().reduceByKey(v)],
  ['reduceByKey', thePartitioning, 'partitioning', (v) => pairs().reduceByKey(add, v)],
  ['groupByKey', thePartitioning, 'partitioning', (v) => pairs().groupByKey(v)],
  ['aggregateByKey', /: seqOp is /, 'function', (v) => pairs().aggregateByKey(0, v, add)],
  ['aggregateByKey', /: combOp is /, 'function', (v) => pairs().aggregateByKey(0, add, v)],
  ['aggregateByKey', thePartitioning, 'partitioning', (v) => pairs().aggregateByKey(0, add, add, v)],
  ['combineByKey', /: create is /, 'function', (v) => pairs().combineByKey(v, add, add)],
  ['combineByKey', /: mergeValue is /, 'function', (v) => pairs().combineByKey(f, v, add)],
  ['combineByKey', /: mergeCombiners is /, 'function', (v) => pairs().combineByKey(f, add, v)],
  ['combineByKey', thePartitioning, 'partitioning', (v) => pairs().combineByKey(f, add, add, v)],
  ['foldByKey', theFunction, 'function', (v) => pairs().foldByKey(0, v)],
  ['foldByKey', thePartitioning, 'partitioning', (v) => pairs().foldByKey(0, add, v)],
  ...['mapValues', 'flatMapValues'].map(
    (name): Row => [name, /: the concurrency is /, 'concurrency', (v) => anyPairs()[name](f, { concurrency: v })],
  ),
  ['mapValues', theFunction, 'function', (v) => pairs().mapValues(v)],
  ['flatMapValues', theFunction, 'function', (v) => pairs().flatMapValues(v)],
  ...(['join', 'leftOuterJoin', 'rightOuterJoin', 'fullOuterJoin', 'subtractByKey'] as const).flatMap((join): Row[] => [
    [join, theOther, 'dataset', (v) => anyPairs()[join](v)],
    [join, thePartitioning, 'partitioning', (v) => anyPairs()[join](pairs(), v)],
  ]),
  ['cogroup', theOther, 'dataset', (v) => pairs().cogroup(v)],
  ['cogroup', theOther, 'dataset', (v) => pairs().cogroup(v, pairs())],
  ['cogroup', thePartitioning, 'lastPartitioning', (v) => pairs().cogroup(pairs(), v)],
  ['groupWith', theOther, 'dataset', (v) => pairs().groupWith(v)],
  ['groupWith', theOther, 'dataset', (v) => pairs().groupWith(pairs(), v)],
  ['partitionBy', thePartitioning, 'partitioning', (v) => pairs().partitionBy(v)],
  ['repartitionAndSortWithinPartitions', thePartitioning, 'partitioning', (v) => pairs().repartitionAndSortWithinPartitions(v)],
  ['sortByKey', /: ascending is /, 'flag', (v) => pairs().sortByKey(v)],
  ['sortByKey', thePartitions, 'partitions', (v) => pairs().sortByKey(true, v)],
  ...(['sampleByKey', 'sampleByKeyExact'] as const).flatMap((sample): Row[] => [
    [sample, /: withReplacement is /, 'flag', (v) => pairs()[sample](v, new Map([['a', 1]]))],
    [sample, /: the map of fractions is /, 'fractions', (v) => pairs()[sample](false, v)],
    [sample, theSeed, 'seed', (v) => pairs()[sample](false, new Map([['a', 1]]), v)],
  ]),
  ['countApproxDistinctByKey', /: the relative deviation is /, 'deviation', (v) => pairs().countApproxDistinctByKey(v)],
  ['countApproxDistinctByKey', thePartitioning, 'partitioning', (v) => pairs().countApproxDistinctByKey(0.1, v)],
  ['reduceByKeyLocally', theFunction, 'function', (v) => pairs().reduceByKeyLocally(v)],
];

const answers: readonly Row[] = [
  ['take', theSize, 'size', (v) => numbers().take(v)],
  ...(['top', 'takeOrdered'] as const).flatMap((ordered): Row[] => [
    [ordered, theSize, 'size', (v) => numbers()[ordered](v)],
    // For `top` a function of one element is a key.
    [ordered, /: the compare function is /, ordered === 'top' ? 'compare' : 'ordering', (v) => numbers()[ordered](2, v)],
  ]),
  ['min', /: the compare function is /, 'ordering', (v) => numbers().min(v)],
  ['max', /: the compare function is /, 'ordering', (v) => numbers().max(v)],
  ['histogram', /: the (number of buckets|list of edges) is /, 'buckets', (v) => numbers().histogram(v)],
  ['reduce', theFunction, 'function', (v) => numbers().reduce(v)],
  ['fold', theFunction, 'function', (v) => numbers().fold(0, v)],
  ['aggregate', /: seqOp is /, 'function', (v) => numbers().aggregate(0, v, add)],
  ['aggregate', /: combOp is /, 'function', (v) => numbers().aggregate(0, add, v)],
  ['treeReduce', theFunction, 'function', (v) => numbers().treeReduce(v)],
  ['treeReduce', /: the depth is /, 'depth', (v) => numbers().treeReduce(add, v)],
  ['treeAggregate', /: seqOp is /, 'function', (v) => numbers().treeAggregate(0, v, add)],
  ['treeAggregate', /: combOp is /, 'function', (v) => numbers().treeAggregate(0, add, v)],
  ['treeAggregate', /: the depth is /, 'depth', (v) => numbers().treeAggregate(0, add, add, v)],
  ['countApproxDistinct', /: the relative deviation is /, 'deviation', (v) => numbers().countApproxDistinct(v)],
  ['takeSample', /: withReplacement is /, 'flag', (v) => numbers().takeSample(v, 2)],
  ['takeSample', theSize, 'size', (v) => numbers().takeSample(false, v)],
  ['takeSample', theSeed, 'seed', (v) => numbers().takeSample(false, 2, v)],
  ['foreach', /: the object of options is /, 'options', (v) => numbers().foreach(f, v)],
  ['foreach', theFunction, 'function', (v) => numbers().foreach(v)],
  ['foreachPartition', theFunction, 'function', (v) => numbers().foreachPartition(v)],
  ['saveAsTextFile', thePath, 'folder', (v) => numbers().saveAsTextFile(v)],
  ['saveAsTextFile', /: the object of options is /, 'options', (v) => numbers().saveAsTextFile(`${session.folder}/never`, v)],
  [
    'saveAsTextFile',
    /: the compression is /,
    'level',
    (v) => numbers().saveAsTextFile(`${session.folder}/never`, { compression: v }),
  ],
  ['saveAsTextFile', /: overwrite is /, 'flag', (v) => numbers().saveAsTextFile(`${session.folder}/never`, { overwrite: v })],
  ['saveTo', /: its argument is /, 'sink', (v) => numbers().saveTo(v)],
  ['saveAsObjectFile', thePath, 'folder', (v) => numbers().saveAsObjectFile(v)],
  ['saveAsObjectFile', /: the object of options is /, 'options', (v) => numbers().saveAsObjectFile(`${session.folder}/never`, v)],
  ...(['countApprox', 'sumApprox', 'meanApprox', 'countByValueApprox', 'countByKeyApprox'] as const).flatMap((approx): Row[] => [
    [approx, /: the time is /, 'milliseconds', (v) => anyPairs()[approx](v)],
    [approx, /: the confidence is /, 'confidence', (v) => anyPairs()[approx](100, v)],
  ]),
  ['takeAsync', theSize, 'size', (v) => numbers().takeAsync(v)],
  ['foreachAsync', theFunction, 'function', (v) => numbers().foreachAsync(v)],
  ['foreachPartitionAsync', theFunction, 'function', (v) => numbers().foreachPartitionAsync(v)],
];

const rows = [...makers, ...elementwise, ...whole, ...several, ...ofPairs, ...answers];

for (const [operator, argument, kind, call] of rows) {
  test(`${operator}${argument.source.replace(/ is .*/, '')} (${kind})`, async () => {
    const before = session.sc.jobs().length;
    for (const value of wrong[kind]()) {
      const error = await errorOf('BAD_ARGUMENT', () => call(value));
      assert.match(error.message, argument);
      assert.match(error.message, / must be /);
    }
    assert.is(session.sc.jobs().length, before, 'no job ran');
  });
}

test('what is wrong is shown as it was written', async () => {
  const told = async (call: () => unknown) => (await errorOf('BAD_ARGUMENT', call)).message;
  assert.is(
    await told(() => numbers().take('2' as never)),
    'take: the number of elements is "2", but must be a whole number from 0 on.',
  );
  assert.is(
    await told(() => numbers().sample(false, '0.5' as never)),
    'sample: the fraction is "0.5", but must be a number from 0 to 1.',
  );
  assert.is(await told(() => numbers().map(null as never)), 'map: the function is null, but must be a function.');
  const other = session.sc.range(3);
  assert.is(await told(() => numbers().map(other as never)), `map: the function is an RDD (${other}), but must be a function.`);
  assert.is(await told(() => numbers().map(session.sc as never)), 'map: the function is the context sc, but must be a function.');
  assert.is(await told(() => pairs().sortByKey(2 as never)), 'sortByKey: ascending is 2, but must be true or false.');
  const theirs = foreign.range(1);
  assert.is(
    await told(() => numbers().union(theirs)),
    `union: the other dataset is ${theirs} of another context, but must be an RDD of this context.`,
  );
});

test('actions reject and never throw before there is a promise', async () => {
  const actions: (() => Promise<unknown>)[] = [
    () => numbers().take(-1),
    () => numbers().top(-1),
    () => numbers().reduce(5 as never),
    () => numbers().fold(0, 5 as never),
    () => numbers().aggregate(0, 5 as never, 5 as never),
    () => numbers().countApprox(-1),
    () => numbers().countByValueApprox(-1),
    () => numbers().histogram(0),
    () => numbers().saveAsTextFile(''),
    () => numbers().takeAsync(-1),
  ];
  for (const action of actions) await errorOf('BAD_ARGUMENT', () => action().then(() => assert.unreachable()));
});

test('what is given to the context and to partitioners', async () => {
  const { sc } = session;
  for (const value of [null, 'fast', 5, []]) {
    const error = await errorOf('BAD_ARGUMENT', () => sc.withLocalProperties(value as never, () => 1));
    assert.match(error.message, /^withLocalProperties: the object of options is /);
  }
  for (const value of wrong.function()) await errorOf('BAD_ARGUMENT', () => sc.withLocalProperties({}, value as never));
  for (const value of ['x', null, [], {}, true]) await errorOf('BAD_ARGUMENT', () => sc.accumulator(value));
  for (const merge of ['x', 5, {}]) await errorOf('BAD_ARGUMENT', () => sc.accumulator(1, merge as never));
  for (const value of [undefined, null, 5, 'abc', {}]) {
    const error = await errorOf('BAD_OPTION', () => new RangePartitioner(value as never));
    assert.match(error.message, /^bounds is .*, but must be an array of keys/);
  }
  for (const value of [undefined, null, 0, 1.5, '8']) await errorOf('BAD_OPTION', () => new HashPartitioner(value as never));
  for (const numPartitions of [undefined, null, 0, 1.5, '8'])
    await errorOf('BAD_ARGUMENT', () => pairs().partitionBy({ numPartitions: numPartitions as never, getPartition: () => 0 }));
});

/** Operators that take nothing that could be wrong, or whose argument is a key or any value: see below for keys. */
const withoutArguments = new Set(
  `emptyRDD glom fromText deadLetters zipWithIndex zipWithUniqueId cache unpersist checkpoint localCheckpoint keys values countByKey collectAsMap lookup
  filterByRange collect count first sum mean stats variance stdev sampleVariance sampleStdev popVariance popStdev isEmpty countByValue
  toLocalIterator countAsync collectAsync`.split(/\s+/),
);

test('every operator in docs/operators.md has a row, or no argument', () => {
  const operators = readFileSync(join(__dirname, '../../..', 'docs/operators.md'), 'utf8');
  const kinds = ['make', 'element by element', 'as a whole', 'two datasets and more', 'pairs'];
  kinds.push('answers', 'answers at a deadline', 'answers in the background');
  const covered = new Set([...rows.map(([operator]) => operator), ...withoutArguments]);
  for (const kind of kinds) {
    const line = new RegExp(`^\\| ${kind} \\| (.*) \\|$`, 'm').exec(operators)?.[1] ?? '';
    const names = [...line.matchAll(/`([^`]*)`/g)].flatMap(([, code]) =>
      code
        .replace(/\w+\(\)/g, '')
        .replace('sc.', '')
        .split(' '),
    );
    assert.ok(names.filter(Boolean).length > 3, `operators to ${kind}`);
    assert.equal(
      names.filter((name) => name && !covered.has(name)),
      [],
      kind,
    );
  }
});

// ---- keys

test('values that are no keys', async () => {
  const hostile: (() => unknown)[] = [
    () => () => 1,
    () => Symbol('s'),
    () => new Map(),
    () => new Set([1]),
    () => Promise.resolve(1),
    () => new Array(4_000_000_000),
  ];
  for (const make of hostile) {
    await errorOf('BAD_KEY', () => pairs().lookup(make()));
    const keyed = numbers().map((x: number) => [x, 1] as [unknown, number]);
    await errorOf('BAD_KEY', () => keyed.filterByRange(make(), make()));
  }
  await errorOf('NOT_COMPARABLE', () => pairs().filterByRange(1, 'x'));
  await errorOf('BAD_ARGUMENT', () => pairs().filterByRange('b', 'a'));
});

test('words of every object, and numbers that are no whole ones, are keys like others', async () => {
  const words = ['__proto__', 'constructor', 'hasOwnProperty', 'toString', '', '\0', '\ud800', Number.NaN, -0, null, undefined];
  const counts = await session.sc
    .parallelize([...words, ...words])
    .map((w) => [w, 1] as [unknown, number])
    .reduceByKey((a, b) => a + b)
    .collectAsMap();
  assert.is(counts.size, words.length);
  assert.equal(
    [...counts.values()],
    words.map(() => 2),
  );
});

test.run();
