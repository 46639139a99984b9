// Operators of random programs beyond the first slice: several datasets, zips, placement; and actions on what they give.
import type { RDD } from '../../runtime/index';
import * as twin from '../helpers/model';
import * as several from '../helpers/model-several';
import { after, canonical, flip, type Operator, partitionsOf, type State, sorted } from './state';
import { pairsOf, rowsOf } from './values';

type PairModel = twin.Model<[any, any]>;
const pairs = (s: State) => s.rdd as RDD<[any, any]>;
const pairModel = (s: State) => s.model as PairModel;
const none = { kind: 'pairs', order: 'none' } as const;

/** Rows of which some are those of the state. */
const rowsLike = (s: State, random: Parameters<Operator>[1]) =>
  flip(random) ? rowsOf(random, 20) : s.model.take(random.below(8));

export const severalOnRows: Record<string, Operator> = {
  intersection: (s, random, sc) => {
    const [rows, n] = [rowsLike(s, random), partitionsOf(random)];
    const model = several.intersection<any>(s.model, twin.Model.parallelize(rows, n));
    const rdd = s.rdd.intersection(sc.parallelize<any>(rows, n));
    return after(s, { text: `intersection(${rows.length} in ${n})`, rdd, model, kind: s.kind, order: 'none' });
  },
  subtract: (s, random, sc) => {
    const [rows, n] = [rowsLike(s, random), partitionsOf(random)];
    const model = several.subtract<any>(s.model, twin.Model.parallelize(rows, n));
    const rdd = s.rdd.subtract(sc.parallelize<any>(rows, n), n);
    return after(s, { text: `subtract(${rows.length} in ${n})`, rdd, model, kind: s.kind, order: 'none' });
  },
  cartesian: (s, random, sc) => {
    const [rows, n] = [rowsOf(random, 5), partitionsOf(random)];
    if (s.rdd.numPartitions * n > 40) return undefined;
    const model = several.cartesian(s.model, twin.Model.parallelize(rows, n));
    const order = s.order === 'partitions' ? 'partitions' : 'none';
    const rdd = s.rdd.cartesian(sc.parallelize<any>(rows, n));
    return after(s, { text: `cartesian(${rows.length} in ${n})`, rdd, model, kind: 'pairs', order });
  },
  zip: (s) => {
    if (s.order !== 'partitions') return undefined;
    const f = (x: any) => canonical(x).length;
    const model = several.zip(s.model, s.model.map(f));
    return after(s, { text: 'zip', rdd: s.rdd.zip(s.rdd.map(f)), model, kind: 'pairs' });
  },
  zipPartitions: (s) => {
    if (s.order !== 'partitions') return undefined;
    const f = (a: Iterable<any>, b: Iterable<any>, c: Iterable<any>) => [...b, [...a].length, ...c];
    const odd = (x: any) => canonical(x).length % 2 === 1;
    const rdd = s.rdd.zipPartitions(s.rdd.filter(odd), s.rdd, f);
    const model = several.zipPartitions([s.model, s.model.filter(odd), s.model], f);
    return after(s, { text: 'zipPartitions', rdd, model });
  },
  zipWithUniqueId: (s) =>
    s.order === 'partitions'
      ? after(s, {
          text: 'zipWithUniqueId',
          rdd: s.rdd.zipWithUniqueId(),
          model: several.zipWithUniqueId(s.model),
          kind: 'pairs',
        })
      : undefined,
  randomSplit: (s, random) => {
    const [seed, first] = [random.below(1000), flip(random)];
    const parts = s.rdd.randomSplit([1, 2, 0.5], seed);
    const rdd = first ? parts[1].union(parts[2]).union(parts[0]) : parts[0].union(parts[1]).union(parts[2]);
    return after(s, { text: `randomSplit#${first}`, rdd, model: s.model.repartition(), kind: s.kind, order: 'none' });
  },
};

export const severalOnPairs: Record<string, Operator> = {
  subtractByKey: (s, random, sc) => {
    const [rows, n] = [flip(random) ? pairsOf(random, 12) : pairModel(s).take(3), partitionsOf(random)];
    const model = several.subtractByKey(pairModel(s), twin.Model.parallelize(rows, n));
    const rdd = pairs(s).subtractByKey(sc.parallelize<any>(rows, n));
    return after(s, { text: `subtractByKey(${rows.length} in ${n})`, rdd, model, ...none });
  },
  groupWith: (s, random, sc) => {
    const [rows, n] = [pairsOf(random, 12), partitionsOf(random)];
    const inOrder = (sides: any) => sides.map(sorted);
    const other = sc.parallelize<any>(rows, n);
    const otherModel = twin.Model.parallelize(rows, n);
    const rdd = pairs(s)
      .groupWith(
        other,
        pairs(s).filter(([k]) => canonical(k).length > 2),
        other,
      )
      .mapValues(inOrder);
    const some = pairModel(s).filter(([k]) => canonical(k).length > 2);
    const model = twin.mapValues(several.cogroup([pairModel(s), otherModel, some, otherModel]), inOrder);
    return after(s, { text: `groupWith(${rows.length} in ${n})`, rdd, model, ...none });
  },
  filterByRange: (s, random) => {
    const [n, low] = [partitionsOf(random), random.below(20)];
    const f = ([k, v]: any): [number, any] => [canonical(k).length, v];
    const rdd = (s.rdd.map(f) as RDD<[number, any]>).sortByKey(flip(random), n).filterByRange(low, low + 10);
    const model = several.filterByRange(s.model.map(f) as PairModel, low, low + 10);
    return after(s, { text: `sortByKey(${n}).filterByRange(${low})`, rdd, model, ...none });
  },
  sortWithin: (s, random) => {
    if (s.order === 'none') return undefined;
    const n = partitionsOf(random);
    const own = { numPartitions: n, getPartition: (key: number) => (key * 7) % n };
    const f = ([k, v]: any): [number, any] => [canonical(k).length, v];
    const rdd = (s.rdd.map(f) as RDD<[number, any]>).repartitionAndSortWithinPartitions(own);
    const model = several.sortedWithin(s.model.map(f) as PairModel, n, own.getPartition);
    return after(s, { text: `repartitionAndSortWithinPartitions(${n})`, rdd, model, kind: 'pairs', order: 'partitions' });
  },
  unionAligned: (s, random) => {
    const n = partitionsOf(random);
    const spread = pairs(s).partitionBy(n);
    const rdd = spread.union(spread.mapValues((v) => v)).union(spread);
    return after(s, { text: `partitionBy(${n}).union#aligned`, rdd, model: s.model.union(s.model).union(s.model), ...none });
  },
};

type Same = (what: string, got: unknown, expected: unknown) => void;

/** Actions beyond the first slice. */
export async function judgeSeveral({ rdd, model, kind, order }: State, same: Same): Promise<void> {
  const size = (x: any): number => canonical(x).length;
  const numbers = model.collect().map(size);
  const sizes = rdd.map(size);
  const edges = [0, 2, 5, 9, 400];
  same('histogram', await sizes.histogram(edges), several.histogram(numbers, edges));
  if (numbers.length > 0) {
    const close = Math.abs((await sizes.variance()) - several.variance(numbers)) < 1e-6 * (1 + several.variance(numbers));
    same('variance', close, true);
    same(
      'treeReduce',
      await sizes.treeReduce((a, b) => a + b, 3),
      numbers.reduce((a, b) => a + b),
    );
  }
  const text = (a: string, x: any) => a + canonical(x);
  const joined = await rdd.treeAggregate('', text, (a, b) => a + b, 2);
  if (order !== 'none') same('treeAggregate', joined, model.collect().reduce<string>(text, ''));
  same('countAsync', await rdd.countAsync(), model.count());
  same('countApprox', (await rdd.countApprox(60_000)).initialValue.mean, model.count());
  const distinct = model.distinct().count();
  const estimate = await rdd.countApproxDistinct(0.01);
  same('countApproxDistinct', Math.abs(estimate - distinct) <= Math.max(2, 0.06 * distinct), true);
  if (kind !== 'pairs') return;
  const least = (a: any, b: any) => (canonical(a) <= canonical(b) ? a : b);
  const locally = await (rdd as RDD<[any, any]>).reduceByKeyLocally(least);
  same('reduceByKeyLocally', twin.unordered(locally), twin.unordered(twin.reduceByKey(model as PairModel, least).collect()));
}
