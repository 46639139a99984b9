// What random programs are made of: every operator of the dataset API, with arguments that are drawn.
import type { Random } from '../../runtime/base/time';
import type { ModelDataset } from '../helpers/model-dataset';
import type { Rows, Step } from './program';
import { pairsOf, pick, rowsOf } from './values';

/**
 * Draws one step, for a dataset whose model is at hand. What draws by the place of a row follows a checkpoint: groups that were spilled
 * come by hash, and whether they are depends on the stage that gathers them.
 */
export type Draw = (random: Random, model: ModelDataset) => Step;

const flip = (random: Random) => random.below(2) === 0;
const count = (random: Random) => [1, 2, 3, 7][random.below(4)];
const rows = (random: Random, most = 20): Rows => ({ rows: rowsOf(random, most), slices: count(random) });
const pairs = (random: Random, most = 12): Rows => ({ rows: pairsOf(random, most), slices: count(random) });
/** Rows of which some are those of the dataset. */
const rowsLike = (random: Random, model: ModelDataset): Rows =>
  flip(random) ? rows(random) : { rows: model.take(random.below(8)), slices: count(random) };
const pairsLike = (random: Random, model: ModelDataset): Rows =>
  flip(random) ? pairs(random) : { rows: model.take(6), slices: count(random) };

const always =
  (step: Step): Draw =>
  () =>
    step;

/** A partitioner: a number, one by hash, or one of the user's own. */
const partitioning = (random: Random): string => {
  const n = count(random);
  return pick(random, [
    `${n}`,
    `new HashPartitioner(${n})`,
    `{ numPartitions: ${n}, getPartition: (key: any) => size(key) % ${n} }`,
  ]);
};

const levels = ['MEMORY_ONLY', 'MEMORY_ONLY_SER', 'MEMORY_AND_DISK', 'MEMORY_AND_DISK_SER_2', 'DISK_ONLY', 'MEMORY_ONLY_2'];

export const sources: readonly Draw[] = [
  (random) => ({ code: '$0', others: [rows(random, 60)] }),
  (random) => ({ code: '$0', others: [rows(random, 60)] }),
  (random) => ({ code: '$0', others: [pairs(random, 60)], kind: 'pairs' }),
  (random) => ({ code: '$0', others: [pairs(random, 60)], kind: 'pairs' }),
  (random) => ({ code: `sc.range(${random.below(9) - 4}, ${random.below(60)}, ${pick(random, [1, 3, 0.5])}, ${count(random)})` }),
  (random) => ({ code: 'sc.union($0, $1, $2)', others: [rows(random), rows(random), rows(random)] }),
  () => ({ code: 'sc.emptyRDD()' }),
];

export const onRows: readonly Draw[] = [
  always({ code: 'd.map((x: any) => ({ x }))', kind: 'rows' }),
  always({ code: 'd.map((x: any) => size(x))', kind: 'rows' }),
  (random) => ({ code: `((n) => d.map((x: any) => [x, n]))(${random.below(5)})`, kind: 'pairs' }),
  (random) => ({
    code: `((b) => d.map((x: any) => [b.value[size(x) % 2], x]))(sc.broadcast(["a", ${random.below(3)}]))`,
    kind: 'pairs',
  }),
  (random) => ({ code: `d.filter((x: any) => size(x) % 3 < ${random.below(3) + 1})` }),
  always({ code: 'd.flatMap((x: any) => [x, x])' }),
  always({ code: 'd.flatMap((x: any) => new Set([x, 1]))', kind: 'rows' }),
  always({ code: 'd.flatMap(() => [])' }),
  always({ code: 'd.flatMap(function* (x: any) { for (let i = 0; i < size(x) % 4; i++) yield [i, x]; })', kind: 'pairs' }),
  always({ code: 'd.mapPartitions((rows: any) => [...rows].reverse())', order: 'partitions' }),
  always({ code: 'd.mapPartitions((rows: any) => { for (const x of rows) return [x]; return []; })', order: 'partitions' }),
  always({
    code: 'd.mapPartitionsWithIndex((i: number, rows: any) => Array.from(rows, (x) => [i, x]))',
    order: 'partitions',
    kind: 'pairs',
  }),
  always({ code: 'd.glom()', order: 'partitions', kind: 'rows' }),
  always({ code: 'd.keyBy((x: any) => size(x) % 3)', kind: 'pairs' }),
  always({ code: 'd.keyBy((x: any) => x)', kind: 'pairs' }),
  (random) => ({ code: `d.distinct(${pick(random, ['', count(random)])})`, gives: 'none' }),
  (random) => ({ code: 'd.union($0)', others: [flip(random) ? rows(random) : pairs(random)], kind: 'rows' }),
  always({ code: 'd.union(d)', gives: 'unlessPartitioned' }),
  (random) => ({
    code: `d.groupBy((x: any) => canonical(x).slice(0, 2), ${count(random)}).mapValues(sorted)`,
    kind: 'pairs',
    gives: 'none',
  }),
  (random) => ({ code: `d.sortBy(canonical, ${flip(random)}, ${count(random)})`, gives: 'sequence' }),
  always({ code: 'd.zipWithIndex()', order: 'sequence', kind: 'pairs' }),
  always({ code: 'd.zipWithUniqueId()', order: 'partitions', kind: 'pairs' }),
  (random) => ({ code: `d.coalesce(${count(random)})` }),
  (random) => ({ code: `d.coalesce(${count(random)}, true)`, gives: 'none' }),
  (random) => ({ code: `d.repartition(${count(random)})`, gives: 'none' }),
  (random) => ({ code: `d.sample(${flip(random) ? 'false, 1' : pick(random, ['false, 0', 'true, 0'])}, ${random.below(1000)})` }),
  always({ code: 'd.filter(() => true).cache()' }),
  (random) => ({ code: `d.filter(() => true).persist(StorageLevel.${pick(random, levels)}, { priority: ${random.below(2)} })` }),
  always({ code: 'd.map((x: any) => x).localCheckpoint()' }),
  always({ code: '((made) => (made.checkpoint(), made))(d.map((x: any) => x))' }),
  (random) => ({
    code: `d.map((x: any) => new Box(x)).repartition(${count(random)}).cache().filter((b: any) => b.holdsMore(3)).map((b: any) => b.value)`,
    gives: 'none',
  }),
  (random, model) => ({ code: 'd.intersection($0)', others: [rowsLike(random, model)], gives: 'none' }),
  (random, model) => ({ code: `d.subtract($0, ${partitioning(random)})`, others: [rowsLike(random, model)], gives: 'none' }),
  (random) => ({ code: 'd.cartesian($0)', others: [rows(random, 5)], kind: 'pairs', most: 300 }),
  always({ code: 'd.zip(d.map(size))', order: 'partitions', kind: 'pairs' }),
  always({
    code: 'd.zipPartitions(d.filter((x: any) => size(x) % 2 === 1), d, (a: any, b: any, c: any) => [...b, [...a].length, ...c])',
    order: 'partitions',
    kind: 'rows',
  }),
  (random) => ({
    code: `((parts) => parts[1].union(parts[2]).union(parts[0]))(d.filter(() => true).randomSplit([1, 2, 0.5], ${random.below(1000)}))`,
    gives: 'none',
  }),
];

const inPairs = (step: Step): Step => ({ kind: 'pairs', gives: 'none', ...step, pairs: true });
const joins = ['join', 'leftOuterJoin', 'rightOuterJoin', 'fullOuterJoin'];
const odd = 'd.filter(([k]: any) => size(k) > 2)';
const bySize = 'd.map(([k, v]: any) => [size(k), v])';

export const onPairs: readonly Draw[] = (
  [
    (random) => ({ code: `d.reduceByKey(least, ${partitioning(random)})` }),
    (random) => ({ code: `d.groupByKey(${partitioning(random)}).mapValues(sorted)` }),
    always({
      code: 'd.aggregateByKey([], (all: any[], x: any) => { all.push(x); return all; }, (a: any[], b: any[]) => [...a, ...b]).mapValues(sorted)',
    }),
    (random) => ({
      code: `d.combineByKey((x: any) => ({ n: 1, least: x }), (c: any, x: any) => ({ n: c.n + 1, least: least(c.least, x) }), (a: any, b: any) => ({ n: a.n + b.n, least: least(a.least, b.least) }), ${count(random)})`,
    }),
    always({ code: "d.foldByKey('zzz', least)" }),
    always({ code: 'd.mapValues((x: any) => [x, size(x)])', gives: undefined }),
    always({ code: 'd.flatMapValues((x: any) => (size(x) % 2 === 0 ? [] : [x, 0]))', gives: undefined }),
    always({ code: 'd.keys()', kind: 'rows', gives: undefined }),
    always({ code: 'd.values()', kind: 'rows', gives: undefined }),
    (random) => ({ code: `d.partitionBy(${partitioning(random)})` }),
    // Keys of other kinds do not compare with those of a range: what follows must not meet its partitioner.
    always({ code: `${bySize}.partitionBy(new RangePartitioner([3, 9])).map((x: any) => x)` }),
    always({
      code: `((spread) => spread.join(spread.mapValues(size)).map((x: any) => x))(${bySize}.partitionBy(new RangePartitioner([3, 9])))`,
      most: 60,
    }),
    (random) => ({
      code: `d.map((x: any) => [[size(x), canonical(x)], x]).sortByKey(${flip(random)}, ${count(random)}).map((x: any) => x)`,
      gives: 'sequence',
    }),
    (random) => ({
      code: `${bySize}.repartitionAndSortWithinPartitions({ numPartitions: 3, getPartition: (key: number) => (key * ${random.below(7)}) % 3 }).map((x: any) => x)`,
      order: 'sequence',
      gives: 'placed',
    }),
    (random) => ({
      code: `${bySize}.sortByKey(${flip(random)}, ${count(random)}).filterByRange(${random.below(9)}, ${random.below(9) + 9}).map((x: any) => x)`,
    }),
    (random, model) => ({
      code: `d.${pick(random, joins)}($0, ${partitioning(random)})`,
      others: [pairsLike(random, model)],
      most: 400,
    }),
    (random) => ({ code: `((spread) => spread.join(spread))(d.partitionBy(${count(random)}))`, most: 60 }),
    (random) => ({ code: 'd.cogroup($0).mapValues((sides: any) => sides.map(sorted))', others: [pairs(random)] }),
    (random) => ({ code: `d.groupWith($0, ${odd}, $0).mapValues((sides: any) => sides.map(sorted))`, others: [pairs(random)] }),
    (random, model) => ({ code: 'd.subtractByKey($0)', others: [pairsLike(random, model)] }),
    (random) => ({
      code: `((spread) => spread.union(spread.mapValues((v: any) => v)).union(spread))(d.partitionBy(${count(random)}))`,
    }),
    (random) => ({
      code: `d.map(([k, v]: any) => [size(k) % 3, v]).sampleByKey(false, new Map([[0, 1], [1, 0], [2, 1]]), ${random.below(9)})`,
      gives: undefined,
    }),
    always({
      code: 'd.map(([k, v]: any) => [size(k) % 2, v]).sampleByKeyExact(false, new Map([[0, 1], [1, 0]]), 5)',
      gives: undefined,
    }),
    always({ code: 'd.countApproxDistinctByKey(0.05).mapValues((n: number) => n > 0)' }),
  ] satisfies Draw[]
).map(
  (draw: Draw): Draw =>
    (random, model) =>
      inPairs(draw(random, model)),
);
