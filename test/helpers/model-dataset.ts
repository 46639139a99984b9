// The naive model under the names of the dataset API, so that one program text runs on both.

import * as twin from './model';
import { canonical, Model } from './model';
import * as several from './model-several';

type Pairs = twin.Model<[any, any]>;
type Func = (...args: any[]) => any;

const moments = (numbers: readonly number[]) => {
  const n = numbers.length;
  const sum = numbers.reduce((a, b) => a + b, 0);
  const pop = n === 0 ? Number.NaN : several.variance(numbers);
  return { n, sum, mean: sum / n, pop, sample: (pop * n) / (n - 1) };
};

/** A dataset of the model; where Spark leaves the order open, so does what compares. */
export class ModelDataset {
  readonly model: Model<any>;

  constructor(model: Model<any>) {
    this.model = model;
  }

  get #pairs(): Pairs {
    return this.model;
  }

  // ---- operators on rows

  #of = (model: Model<any>) => new ModelDataset(model);
  map = (f: Func) => this.#of(this.model.map((x) => f(x)));
  filter = (f: Func) => this.#of(this.model.filter((x) => f(x)));
  flatMap = (f: Func) => this.#of(this.model.flatMap((x) => f(x)));
  mapPartitions = (f: Func) => this.#of(this.model.mapPartitions((rows) => f(rows.values())));
  mapPartitionsWithIndex = (f: Func) => this.#of(this.model.mapPartitionsWithIndex((i, rows) => f(i, rows.values())));
  glom = () => this.#of(this.model.glom());
  keyBy = (f: Func) => this.#of(this.model.keyBy((x) => f(x)));
  distinct = () => this.#of(this.model.distinct());
  union = (other: ModelDataset) => this.#of(this.model.union(other.model));
  groupBy = (f: Func) => this.#of(this.model.groupBy((x) => f(x)));
  sortBy = (f: Func, ascending = true) => this.#of(this.model.sortBy((x) => f(x), ascending));
  zipWithIndex = () => this.#of(this.model.zipWithIndex());
  zipWithUniqueId = () => this.#of(several.zipWithUniqueId(this.model));
  coalesce = (n: number, shuffle = false) => this.#of(shuffle ? this.model.repartition() : this.model.coalesce(n));
  repartition = () => this.#of(this.model.repartition());
  /** Only fractions that leave no choice. */
  sample = (_: boolean, fraction: 0 | 1) => this.#of(fraction === 1 ? this.model : this.model.filter(() => false));
  /** All rows are in one of the parts: which one is open. */
  randomSplit = (weights: readonly number[]) =>
    weights.map((_, i) => this.#of(i === 0 ? this.model.repartition() : new Model<any>([[]])));
  intersection = (other: ModelDataset) => this.#of(several.intersection(this.model, other.model));
  subtract = (other: ModelDataset) => this.#of(several.subtract(this.model, other.model));
  cartesian = (other: ModelDataset) => this.#of(several.cartesian(this.model, other.model));
  zip = (other: ModelDataset) => this.#of(several.zip(this.model, other.model));
  zipPartitions = (...args: unknown[]) => {
    const inputs = [this, ...(args.slice(0, -1) as ModelDataset[])].map(({ model }) => model);
    const f = args.at(-1) as Func;
    return this.#of(several.zipPartitions(inputs, (...sides) => f(...sides.map((side) => side.values()))));
  };
  cache = () => this;
  persist = () => this;
  checkpoint = () => {};
  localCheckpoint = () => this;

  // ---- operators on pairs

  reduceByKey = (f: Func) => this.#of(twin.reduceByKey(this.#pairs, f));
  groupByKey = () => this.#of(twin.groupByKey(this.#pairs));
  /** As if all lay in one partition: for functions that agree with that. */
  aggregateByKey = (zero: unknown, add: Func) =>
    this.#of(twin.mapValues(twin.groupByKey(this.#pairs), (group) => group.reduce((a, x) => add(a, x), structuredClone(zero))));
  combineByKey = (create: Func, add: Func) =>
    this.#of(twin.mapValues(twin.groupByKey(this.#pairs), ([first, ...rest]) => rest.reduce((a, x) => add(a, x), create(first))));
  foldByKey = (zero: unknown, f: Func) => this.aggregateByKey(zero, f);
  mapValues = (f: Func) => this.#of(twin.mapValues(this.#pairs, (v) => f(v)));
  flatMapValues = (f: Func) => this.#of(twin.flatMapValues(this.#pairs, (v) => f(v)));
  keys = () => this.#of(twin.keys(this.#pairs));
  values = () => this.#of(twin.values(this.#pairs));
  join = (other: ModelDataset) => this.#of(twin.join(this.#pairs, other.#pairs));
  leftOuterJoin = (other: ModelDataset) => this.#of(twin.leftOuterJoin(this.#pairs, other.#pairs));
  rightOuterJoin = (other: ModelDataset) => this.#of(twin.rightOuterJoin(this.#pairs, other.#pairs));
  fullOuterJoin = (other: ModelDataset) => this.#of(twin.fullOuterJoin(this.#pairs, other.#pairs));
  groupWith = (...others: ModelDataset[]) => this.#of(several.cogroup([this, ...others].map((d) => d.#pairs)));
  cogroup = (...others: (ModelDataset | number)[]) =>
    this.groupWith(...others.filter((other): other is ModelDataset => other instanceof ModelDataset));
  subtractByKey = (other: ModelDataset) => this.#of(several.subtractByKey(this.#pairs, other.#pairs));
  partitionBy = () => this.repartition();
  repartitionAndSortWithinPartitions = ({ numPartitions, getPartition }: { numPartitions: number; getPartition: Func }) =>
    this.#of(several.sortedWithin(this.#pairs, numPartitions, getPartition));
  sortByKey = (ascending = true) => this.#of(twin.sortByKey(this.#pairs, ascending));
  filterByRange = (low: unknown, high: unknown) => this.#of(several.filterByRange(this.#pairs, low, high));
  /** Only fractions that leave no choice. */
  sampleByKey = (_: boolean, fractions: ReadonlyMap<unknown, number>) => this.filter(([key]) => fractions.get(key) === 1);
  sampleByKeyExact = this.sampleByKey;
  countApproxDistinctByKey = () =>
    this.#of(twin.mapValues(twin.groupByKey(this.#pairs), (group) => new Set(group.map(canonical)).size));

  // ---- actions

  collect = () => this.model.collect();
  count = () => this.model.count();
  isEmpty = () => this.model.isEmpty();
  first = () => this.model.collect()[0];
  take = (n: number) => this.model.take(n);
  top = (n: number, f: Func) =>
    this.model
      .collect()
      .sort((a, b) => f(b, a))
      .slice(0, n);
  takeOrdered = (n: number, f: Func) => this.model.collect().sort(f).slice(0, n);
  min = (f: Func) => this.takeOrdered(1, f)[0];
  max = (f: Func) => this.top(1, f)[0];
  reduce = (f: Func) => this.model.reduce((a, b) => f(a, b));
  fold = (zero: unknown, f: Func) => this.model.fold(zero, (a, b) => f(a, b));
  aggregate = (zero: unknown, add: Func, merge: Func) => this.model.aggregate(zero, (a, x) => add(a, x), merge);
  treeReduce = this.reduce;
  treeAggregate = (zero: unknown, add: Func) => this.model.collect().reduce((a, x) => add(a, x), zero);
  countByValue = () => new Map(this.model.countByValue());
  countByKey = () => new Map(twin.countByKey(this.#pairs));
  collectAsMap = () => new Map(twin.collectAsMap(this.#pairs));
  reduceByKeyLocally = (f: Func) => new Map(twin.reduceByKey(this.#pairs, f).collect());
  lookup = (key: unknown) => twin.lookup(this.#pairs, key);
  foreach = (f: Func) => this.model.collect().forEach((x) => void f(x));
  foreachPartition = (f: Func) => this.model.partitions.forEach((rows) => void f(rows.values()));
  toLocalIterator = () => this.model.collect().values();
  /** As many as there would be, whichever they are. */
  takeSample = (replace: boolean, n: number) =>
    replace && !this.isEmpty() ? Array.from({ length: n }, () => this.first()) : this.take(n);
  countAsync = this.count;
  collectAsync = this.collect;
  takeAsync = this.take;
  foreachAsync = this.foreach;
  foreachPartitionAsync = this.foreachPartition;
  countApprox = () => ({ initialValue: { mean: this.count() } });
  sumApprox = () => ({ initialValue: { mean: this.sum() } });
  meanApprox = () => ({ initialValue: { mean: this.mean() } });
  countByValueApprox = () => ({ initialValue: new Map(this.model.countByValue().map(([k, mean]) => [k, { mean }])) });
  countByKeyApprox = () => ({ initialValue: new Map(twin.countByKey(this.#pairs).map(([k, mean]) => [k, { mean }])) });
  countApproxDistinct = () => this.model.distinct().count();
  histogram = (edges: readonly number[]) => several.histogram(this.collect(), edges);
  sum = () => moments(this.collect()).sum;
  mean = () => moments(this.collect()).mean;
  stats = () => ({ count: this.count(), mean: this.mean(), sum: this.sum() });
  variance = () => moments(this.collect()).pop;
  popVariance = this.variance;
  stdev = () => Math.sqrt(moments(this.collect()).pop);
  popStdev = this.stdev;
  sampleVariance = () => moments(this.collect()).sample;
  sampleStdev = () => Math.sqrt(moments(this.collect()).sample);
}

/** What a program asks of the context. */
export class ModelContext {
  parallelize = (rows: readonly unknown[], n: number) => new ModelDataset(Model.parallelize(rows, n));
  range = (start: number, end: number, step: number, n: number) => new ModelDataset(Model.range(start, end, step, n));
  emptyRDD = () => new ModelDataset(new Model([]));
  union = (...all: ModelDataset[]) => new ModelDataset(all.map(({ model }) => model).reduce((a, b) => a.union(b)));
  broadcast = (value: unknown) => ({ value });

  longAccumulator() {
    const made = {
      value: 0,
      add: (n: number) => {
        made.value += n;
      },
    };
    return made;
  }

  collectionAccumulator() {
    const made = { value: [] as unknown[], add: (x: unknown) => void made.value.push(x) };
    return made;
  }
}
