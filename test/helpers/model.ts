// The naive twin of the dataset API: arrays of arrays, no laziness, no executors. It judges the engine in property tests.

type Pair<K, V> = [K, V];
type Pairs<K, V> = Model<Pair<K, V>>;

/** A text that is equal for equal keys and values: by value, NaN equals NaN, 0 equals -0, the keys of objects in any order. */
export function canonical(value: unknown): string {
  if (value === null || value === undefined || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return `n${value === 0 ? 0 : value}`;
  if (typeof value === 'bigint') return `b${value}`;
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof Date) return `d${value.getTime()}`;
  if (Array.isArray(value)) return `[${Array.from(value, canonical).join(',')}]`;
  const fields = Object.keys(value).sort();
  return `{${fields.map((key) => `${JSON.stringify(key)}:${canonical((value as Record<string, unknown>)[key])}`).join(',')}}`;
}

/** The elements in an order of their own: for results whose order is not promised. */
export const unordered = (values: Iterable<unknown>): string[] => Array.from(values, canonical).sort();

const ofGroup = (group: readonly unknown[]): string => `[${unordered(group).join(',')}]`;

/** The same with the values of each group in any order: for groupByKey and groupBy, and for cogroup. */
export const unorderedGroups = (groups: Iterable<readonly [unknown, readonly unknown[]]>): string[] =>
  Array.from(groups, ([key, group]) => `${canonical(key)} ${ofGroup(group)}`).sort();
export const unorderedCogroups = (groups: Iterable<readonly [unknown, readonly (readonly unknown[])[]]>): string[] =>
  Array.from(groups, ([key, sides]) => `${canonical(key)} ${sides.map(ofGroup).join(' ')}`).sort();

/** By value: numbers as numbers with NaN last, strings by UTF-16 units, tuples element by element. */
export function compare(left: unknown, right: unknown): number {
  if (Array.isArray(left) && Array.isArray(right)) {
    for (let index = 0; index < Math.min(left.length, right.length); index++) {
      const order = compare(left[index], right[index]);
      if (order !== 0) return order;
    }
    return left.length - right.length;
  }
  if (Number.isNaN(left) || Number.isNaN(right)) return Number(Number.isNaN(left)) - Number(Number.isNaN(right));
  const [a, b] = [left as number, right as number];
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Cuts as Spark does: slice i of n holds the elements from ⌊i·length/n⌋ to ⌊(i+1)·length/n⌋. */
function slices<T>(values: readonly T[], count: number): T[][] {
  const cutAt = (index: number) => Math.floor((index * values.length) / count);
  return Array.from({ length: count }, (_, index) => values.slice(cutAt(index), cutAt(index + 1)));
}

/** Keys in the order in which they first came, with their values in order. */
function grouped<K, V>(pairs: readonly Pair<K, V>[]): [K, V[]][] {
  const groups = new Map<string, [K, V[]]>();
  for (const [key, value] of pairs) {
    const group = groups.get(canonical(key));
    if (group) group[1].push(value);
    else groups.set(canonical(key), [key, [value]]);
  }
  return Array.from(groups.values());
}

export class Model<T> {
  readonly partitions: readonly (readonly T[])[];

  constructor(partitions: readonly (readonly T[])[]) {
    this.partitions = partitions;
  }

  static parallelize<T>(values: readonly T[], partitions: number): Model<T> {
    return new Model(slices(values, partitions));
  }

  static range(start: number, end: number, step: number, partitions: number): Model<number> {
    const length = Math.max(0, Math.ceil((end - start) / step));
    return Model.parallelize(
      Array.from({ length }, (_, index) => start + index * step),
      partitions,
    );
  }

  collect = (): T[] => this.partitions.flat(1) as T[];
  glom = (): Model<readonly T[]> => new Model(this.partitions.map((partition) => [partition]));
  count = (): number => this.collect().length;
  take = (n: number): T[] => this.collect().slice(0, n);
  isEmpty = (): boolean => this.count() === 0;
  top = (n: number): T[] =>
    this.collect()
      .sort((a, b) => compare(b, a))
      .slice(0, n);
  takeOrdered = (n: number): T[] => this.collect().sort(compare).slice(0, n);
  min = (): T => this.takeOrdered(1)[0];
  max = (): T => this.top(1)[0];
  reduce = (f: (a: T, b: T) => T): T => this.collect().reduce(f);

  /** The zero takes part once in every partition and once in the merge. */
  fold = (zero: T, f: (a: T, b: T) => T): T => this.partitions.map((partition) => partition.reduce(f, zero)).reduce(f, zero);

  aggregate<U>(zero: U, add: (sum: U, value: T) => U, merge: (a: U, b: U) => U): U {
    return this.partitions.map((partition) => partition.reduce(add, zero)).reduce(merge, zero);
  }

  countByValue = (): [T, number][] => grouped(this.collect().map((value) => [value, 1])).map(([key, ones]) => [key, ones.length]);

  mapPartitionsWithIndex<U>(f: (index: number, values: readonly T[]) => Iterable<U>): Model<U> {
    return new Model(this.partitions.map((partition, index) => Array.from(f(index, partition))));
  }

  mapPartitions = <U>(f: (values: readonly T[]) => Iterable<U>): Model<U> =>
    this.mapPartitionsWithIndex((_, values) => f(values));
  map = <U>(f: (value: T) => U): Model<U> => this.mapPartitions((values) => values.map((value) => f(value)));
  flatMap = <U>(f: (value: T) => Iterable<U>): Model<U> =>
    this.mapPartitions((values) => values.flatMap((value) => Array.from(f(value))));
  filter = (f: (value: T) => boolean): Model<T> => this.mapPartitions((values) => values.filter((value) => f(value)));
  keyBy = <K>(f: (value: T) => K): Model<[K, T]> => this.map((value) => [f(value), value]);
  union = (other: Model<T>): Model<T> => new Model([...this.partitions, ...other.partitions]);

  zipWithIndex(): Model<[T, number]> {
    let next = 0;
    return this.map((value) => [value, next++]);
  }

  /** Neighbours go together; the number of partitions never grows. */
  coalesce(count: number): Model<T> {
    const groups = slices(this.partitions, Math.min(count, this.partitions.length));
    return new Model(groups.map((group) => group.flat(1) as T[]));
  }

  /** Where the elements of the following go is not modelled: they are in one partition, and compared without order. */
  repartition = (): Model<T> => new Model([this.collect()]);
  distinct = (): Model<T> => new Model([grouped(this.collect().map((value) => [value, 0])).map(([value]) => value)]);
  groupBy = <K>(f: (value: T) => K): Model<[K, T[]]> => groupByKey(this.keyBy(f));

  /** Stable: equal keys keep their order. */
  sortBy<K>(f: (value: T) => K, ascending = true): Model<T> {
    const sign = ascending ? 1 : -1;
    return new Model([this.collect().sort((a, b) => sign * compare(f(a), f(b)))]);
  }
}

export const keys = <K, V>(pairs: Pairs<K, V>): Model<K> => pairs.map(([key]) => key);
export const values = <K, V>(pairs: Pairs<K, V>): Model<V> => pairs.map(([, value]) => value);
export const groupByKey = <K, V>(pairs: Pairs<K, V>): Model<[K, V[]]> => new Model([grouped(pairs.collect())]);
export const lookup = <K, V>(pairs: Pairs<K, V>, key: K): V[] =>
  values(pairs.filter(([k]) => canonical(k) === canonical(key))).collect();
export const countByKey = <K, V>(pairs: Pairs<K, V>): [K, number][] => keys(pairs).countByValue();

export function mapValues<K, V, U>(pairs: Pairs<K, V>, f: (value: V) => U): Model<[K, U]> {
  return pairs.map(([key, value]) => [key, f(value)]);
}

export function flatMapValues<K, V, U>(pairs: Pairs<K, V>, f: (value: V) => Iterable<U>): Model<[K, U]> {
  return pairs.flatMap(([key, value]) => Array.from(f(value), (made): [K, U] => [key, made]));
}

export function reduceByKey<K, V>(pairs: Pairs<K, V>, f: (a: V, b: V) => V): Model<[K, V]> {
  return mapValues(groupByKey(pairs), (group) => group.reduce((a, b) => f(a, b)));
}

/** Combines within each partition first, as the engine does; only for functions that agree with that. */
export function aggregateByKey<K, V, U>(
  pairs: Pairs<K, V>,
  zero: U,
  add: (sum: U, value: V) => U,
  merge: (a: U, b: U) => U,
): Model<[K, U]> {
  const combined = pairs.mapPartitions((part) => grouped(part).map(([key, group]): [K, U] => [key, group.reduce(add, zero)]));
  return reduceByKey(combined, merge);
}

export function cogroup<K, V, W>(left: Pairs<K, V>, right: Pairs<K, W>): Model<[K, [V[], W[]]]> {
  type Side = { left?: V; right?: W; isLeft: boolean };
  const sides: Model<[K, Side]> = mapValues(left, (value): Side => ({ left: value, isLeft: true }));
  const both = sides.union(mapValues(right, (value): Side => ({ right: value, isLeft: false })));
  return mapValues(groupByKey(both), (group): [V[], W[]] => [
    group.filter((side) => side.isLeft).map((side) => side.left as V),
    group.filter((side) => !side.isLeft).map((side) => side.right as W),
  ]);
}

/** All pairs of values of a key; a side that may be missing stands in as one undefined. */
function joined<K, V, W>(left: Pairs<K, V>, right: Pairs<K, W>, missing: { left: boolean; right: boolean }) {
  const orMissing = <X>(found: X[], allowed: boolean): (X | undefined)[] => (found.length === 0 && allowed ? [undefined] : found);
  return flatMapValues(cogroup(left, right), ([vs, ws]) =>
    orMissing(vs, missing.left).flatMap((v) => orMissing(ws, missing.right).map((w): [V | undefined, W | undefined] => [v, w])),
  );
}

export const join = <K, V, W>(a: Pairs<K, V>, b: Pairs<K, W>) =>
  joined(a, b, { left: false, right: false }) as Model<[K, [V, W]]>;
export const leftOuterJoin = <K, V, W>(a: Pairs<K, V>, b: Pairs<K, W>) => joined(a, b, { left: false, right: true });
export const rightOuterJoin = <K, V, W>(a: Pairs<K, V>, b: Pairs<K, W>) => joined(a, b, { left: true, right: false });
export const fullOuterJoin = <K, V, W>(a: Pairs<K, V>, b: Pairs<K, W>) => joined(a, b, { left: true, right: true });

export const sortByKey = <K, V>(pairs: Pairs<K, V>, ascending = true): Pairs<K, V> => pairs.sortBy(([key]) => key, ascending);

/** The last value of a key wins. */
export const collectAsMap = <K, V>(pairs: Pairs<K, V>): [K, V][] =>
  groupByKey(pairs)
    .collect()
    .map(([key, group]) => [key, group.at(-1)!]);
