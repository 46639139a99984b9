// Language-integrated queries as DryadLINQ (Yu et al., OSDI 2008) has them: a lazy chain over a dataset, under LINQ's names.
import { type JobPromise, MillraceError, type RDD } from '../index';
import { checkCount, checkDataset } from './arguments';

/** The elements that share a key. */
export interface Grouping<K, T> {
  readonly key: K;
  readonly values: readonly T[];
}

type Source<T> = Query<T> | RDD<T>;
type Predicate<T> = (element: T) => unknown;
type Key<T> = (element: T) => unknown;

/** A query over a dataset. Throws BAD_ARGUMENT for what is none. */
export function from<T>(rdd: RDD<T>): Query<T> {
  checkDataset(rdd, { operation: 'from', argument: 'the source', remedy: 'Write from(sc.parallelize(values)).' });
  return new Query(rdd);
}

const rddOf = <T>(source: Source<T>, operation: string): RDD<T> => {
  const rdd = source instanceof Query ? source.toRDD() : source;
  checkDataset(rdd, { operation, argument: 'the other', remedy: 'Give a query or a dataset.' });
  return rdd;
};

/**
 * A lazy chain: operators build it, what answers with a promise runs it. Elements and keys compare by value. `orderBy` and what follows it
 * element by element keep their order; groups, joins and the set operators have none.
 * @example await from(sc.parallelize([3, 1, 2])).where(x => x > 1).orderBy(x => x).select(x => x * 10).toArray() // [20, 30]
 */
export class Query<T> {
  readonly #rdd: RDD<T>;

  constructor(rdd: RDD<T>) {
    this.#rdd = rdd;
  }

  /** The dataset of the query's elements. @example await from(sc.range(3)).toRDD().count() // 3 */
  toRDD(): RDD<T> {
    return this.#rdd;
  }

  // Element by element.

  /**
   * The elements that satisfy it.
   * @example await from(sc.range(4)).where(x => x > 1).toArray() // [2, 3]
   */
  where<U extends T>(predicate: (element: T) => element is U): Query<U>;
  where(predicate: Predicate<T>): Query<T>;
  where(predicate: Predicate<T>): Query<T> {
    return new Query(this.toRDD().filter(predicate));
  }

  /**
   * What the function makes of each element.
   * @example await from(sc.range(3)).select(x => x * 10).toArray() // [0, 10, 20]
   */
  select<U>(selector: (element: T) => U): Query<U> {
    return new Query(this.toRDD().map(selector as never) as RDD<U>);
  }

  /**
   * All that the selector gives for each element; with `result` together with the element.
   * @example await from(sc.parallelize(['a b'])).selectMany(l => l.split(' ')).toArray() // ['a', 'b']
   */
  selectMany<U>(collection: (element: T) => Iterable<U>): Query<U>;
  selectMany<U, R>(collection: (element: T) => Iterable<U>, result: (element: T, item: U) => R): Query<R>;
  selectMany<U, R>(collection: (element: T) => Iterable<U>, result?: (element: T, item: U) => R): Query<any> {
    if (!result) return new Query(this.toRDD().flatMap(collection as never) as RDD<U>);
    return new Query(
      this.toRDD().flatMap((element) => Array.from(collection(element), (item) => result(element, item)) as never[]) as RDD<R>,
    );
  }

  // By key.

  /**
   * The elements of each key, or what `element` makes of them.
   * @example await from(sc.range(5)).groupBy(n => n % 2).select(g => [g.key, g.values.length]).orderBy(g => g[0]).toArray() // [[0, 3], [1, 2]]
   */
  groupBy<K>(key: (element: T) => K): Query<Grouping<K, T>>;
  groupBy<K, E>(key: (element: T) => K, element: (element: T) => E): Query<Grouping<K, E>>;
  groupBy<K>(key: (element: T) => K, element?: (element: T) => unknown): Query<any> {
    const keyed = this.toRDD().keyBy(key as never) as RDD<[K, unknown]>;
    const chosen = element ? (keyed.mapValues(element as never) as RDD<[K, unknown]>) : keyed;
    return new Query(chosen.groupByKey().map(([k, values]) => ({ key: k, values })));
  }

  /**
   * What `result` makes of each two elements with equal keys.
   * @example await from(sc.range(2)).join(sc.parallelize(['a', 'bb']), n => n, w => w.length, (n, w) => n + w).toArray() // ['1a']
   */
  join<U, K, R>(inner: Source<U>, key: (element: T) => K, innerKey: (element: U) => K, result: (a: T, b: U) => R): Query<R> {
    const right = rddOf(inner, 'join').keyBy(innerKey as never) as RDD<[K, U]>;
    const joined = (this.toRDD().keyBy(key as never) as RDD<[K, T]>).join(right);
    return new Query(joined.map(([, [a, b]]) => result(a, b) as never) as RDD<R>);
  }

  /**
   * What `result` makes of each element with all inner elements of its key, which may be none.
   * @example await from(sc.range(2)).groupJoin(sc.parallelize(['a', 'b']), n => n, w => w.length, (n, ws) => ws.length).orderBy(n => n).toArray() // [0, 2]
   */
  groupJoin<U, K, R>(
    inner: Source<U>,
    key: (element: T) => K,
    innerKey: (element: U) => K,
    result: (element: T, inner: readonly U[]) => R,
  ): Query<R> {
    const right = rddOf(inner, 'groupJoin').keyBy(innerKey as never) as RDD<[K, U]>;
    const met = (this.toRDD().keyBy(key as never) as RDD<[K, T]>).cogroup(right);
    return new Query(met.flatMap(([, [outers, inners]]) => Array.from(outers, (o) => result(o, inners)) as never[]) as RDD<R>);
  }

  // Order.

  /**
   * By what `key` gives, stably: elements with equal keys stay in order. Keys must compare with each other.
   * @example await from(sc.parallelize([3, 1])).orderBy(x => x).toArray() // [1, 3]
   */
  orderBy(key: Key<T>): OrderedQuery<T> {
    return ordered(this.toRDD(), key, true);
  }

  /**
   * Sorted by the key, largest first.
   * @example await from(sc.parallelize([1, 3])).orderByDescending(x => x).toArray() // [3, 1]
   */
  orderByDescending(key: Key<T>): OrderedQuery<T> {
    return ordered(this.toRDD(), key, false);
  }

  // As sets.

  /**
   * Equal elements once; they compare by value.
   * @example await from(sc.parallelize([1, 1])).distinct().toArray() // [1]
   */
  distinct(): Query<T> {
    return new Query(this.toRDD().distinct());
  }

  /**
   * The elements of both, duplicates kept.
   * @example await from(sc.range(2)).concat(from(sc.range(1))).toArray() // [0, 1, 0]
   */
  concat(other: Source<T>): Query<T> {
    return new Query(this.toRDD().union(rddOf(other, 'concat')));
  }

  /**
   * The distinct elements of both.
   * @example await from(sc.range(2)).union(from(sc.range(2))).orderBy(x => x).toArray() // [0, 1]
   */
  union(other: Source<T>): Query<T> {
    return this.concat(other).distinct();
  }

  /**
   * The distinct elements that are in both.
   * @example await from(sc.range(2)).intersect(from(sc.range(1))).toArray() // [0]
   */
  intersect(other: Source<T>): Query<T> {
    return new Query(this.toRDD().intersection(rddOf(other, 'intersect')));
  }

  /**
   * The distinct elements that are not in the other.
   * @example await from(sc.range(2)).except(from(sc.range(1))).toArray() // [1]
   */
  except(other: Source<T>): Query<T> {
    return new Query(this.toRDD().subtract(rddOf(other, 'except')).distinct());
  }

  // Parts.

  /**
   * The first `n` elements.
   * @example await from(sc.range(5)).take(2).toArray() // [0, 1]
   */
  take(n: number): Query<T> {
    checkCount(n, 0, { operation: 'take', argument: 'the number', remedy: 'Write take(10).' });
    const first = this.toRDD()
      .zipWithIndex()
      .filter(([, index]) => index < n);
    return new Query(first.map(([element]) => element as never) as RDD<T>);
  }

  /**
   * All but the first `n` elements.
   * @example await from(sc.range(3)).skip(1).toArray() // [1, 2]
   */
  skip(n: number): Query<T> {
    checkCount(n, 0, { operation: 'skip', argument: 'the number', remedy: 'Write skip(10).' });
    const rest = this.toRDD()
      .zipWithIndex()
      .filter(([, index]) => index >= n);
    return new Query(rest.map(([element]) => element as never) as RDD<T>);
  }

  // Answers.

  /**
   * All elements.
   * @example await from(sc.range(2)).toArray() // [0, 1]
   */
  toArray(): JobPromise<T[]> {
    return this.toRDD().collect();
  }

  /**
   * The first element (that the predicate holds for). Throws EMPTY_DATASET.
   * @example await from(sc.range(3)).first() // 0
   */
  first(predicate?: Predicate<T>): JobPromise<T> {
    return this.#some('first', 1, predicate).then(([found]) => found);
  }

  /**
   * The first element, or undefined where there is none.
   * @example await from(sc.range(3)).firstOrDefault() // 0
   */
  firstOrDefault(predicate?: Predicate<T>): JobPromise<T | undefined> {
    return this.#upTo(1, predicate).then(([found]) => found);
  }

  /**
   * The only element. Throws EMPTY_DATASET where there is none, NOT_SINGLE where there are more.
   * @example await from(sc.range(1)).single() // 0
   */
  single(predicate?: Predicate<T>): JobPromise<T> {
    return this.#some('single', 2, predicate).then((found) => onlyOf('single', found));
  }

  /**
   * The only element, or undefined where there is none. Throws NOT_SINGLE where there are more.
   * @example await from(sc.range(1)).singleOrDefault() // 0
   */
  singleOrDefault(predicate?: Predicate<T>): JobPromise<T | undefined> {
    return this.#upTo(2, predicate).then((found) => onlyOf('singleOrDefault', found));
  }

  /**
   * Whether there is an element, or one that satisfies it.
   * @example await from(sc.range(2)).any()
   */
  any(predicate?: Predicate<T>): JobPromise<boolean> {
    return this.#upTo(1, predicate).then(({ length }) => length > 0);
  }

  /**
   * Whether all elements satisfy it.
   * @example await from(sc.range(2)).all(x => x < 2)
   */
  all(predicate: Predicate<T>): JobPromise<boolean> {
    return this.#upTo(1, (element) => !predicate(element)).then(({ length }) => length === 0);
  }

  /**
   * The number of elements, or of those that satisfy it.
   * @example await from(sc.range(2)).count() // 2
   */
  count(predicate?: Predicate<T>): JobPromise<number> {
    return this.#matching(predicate).count();
  }

  /**
   * 0 of no elements.
   * @example await from(sc.range(4)).sum(x => x) // 6
   */
  sum(this: Query<number>): JobPromise<number>;
  sum(selector: (element: T) => number): JobPromise<number>;
  sum(selector?: (element: T) => number): JobPromise<number> {
    return this.#numbers(selector).sum();
  }

  /**
   * Throws EMPTY_DATASET.
   * @example await from(sc.range(5)).average(x => x) // 2
   */
  average(this: Query<number>): JobPromise<number>;
  average(selector: (element: T) => number): JobPromise<number>;
  async average(selector?: (element: T) => number): Promise<number> {
    const { count, mean } = await this.#numbers(selector).stats();
    if (count === 0) throw new MillraceError('EMPTY_DATASET', { operation: 'average' });
    return mean;
  }

  /**
   * The least element, or the least of what the selector gives. Throws EMPTY_DATASET.
   * @example await from(sc.parallelize([3, 1])).min(x => x) // 1
   */
  min(): JobPromise<T>;
  min<U>(selector: (element: T) => U): JobPromise<U>;
  min(selector?: (element: T) => unknown): JobPromise<unknown> {
    return this.#selected(selector).min();
  }

  /**
   * The greatest element, or the greatest of what the selector gives. Throws EMPTY_DATASET.
   * @example await from(sc.parallelize([3, 1])).max(x => x) // 3
   */
  max(): JobPromise<T>;
  max<U>(selector: (element: T) => U): JobPromise<U>;
  max(selector?: (element: T) => unknown): JobPromise<unknown> {
    return this.#selected(selector).max();
  }

  /**
   * Elements added to copies of `seed`, one for each partition, which `combine` then merges in order.
   * @example await from(sc.parallelize(['a', 'bb'])).aggregate(0, (n, w) => n + w.length, (a, b) => a + b) // 3
   */
  aggregate<U>(seed: U, add: (acc: U, element: T) => U, combine: (a: U, b: U) => U): JobPromise<U> {
    return this.toRDD().aggregate(seed, add, combine);
  }

  #matching(predicate?: Predicate<T>): RDD<T> {
    return predicate === undefined ? this.toRDD() : this.toRDD().filter(predicate);
  }

  #selected(selector?: (element: T) => unknown): RDD<unknown> {
    return selector === undefined ? this.toRDD() : this.toRDD().map(selector as never);
  }

  #numbers(selector?: (element: T) => number): RDD<number> {
    return this.#selected(selector) as RDD<number>;
  }

  async #upTo(n: number, predicate?: Predicate<T>): Promise<T[]> {
    return this.#matching(predicate).take(n);
  }

  async #some(operation: string, n: number, predicate?: Predicate<T>): Promise<T[]> {
    const found = await this.#upTo(n, predicate);
    if (found.length === 0) throw new MillraceError('EMPTY_DATASET', { operation });
    return found;
  }
}

const ordered = <T>(rdd: RDD<T>, key: Key<T>, ascending: boolean): OrderedQuery<T> =>
  new OrderedQuery(
    rdd.map((element) => [[key(element)], element] as [unknown[], T]),
    [ascending],
  );

function onlyOf<T>(operation: string, found: readonly T[]): T {
  if (found.length <= 1) return found[0];
  const [first, second] = found.map((element) => JSON.stringify(element) ?? String(element));
  throw new MillraceError('NOT_SINGLE', { operation, first, second });
}

/** A query in an order, to which further keys can be added: they decide where those before them are equal. */
export class OrderedQuery<T> extends Query<T> {
  /** Each element with its keys so far: the functions that give them are captured where they are written. */
  readonly #keyed: RDD<[unknown[], T]>;
  readonly #ascending: readonly boolean[];
  #sorted: RDD<T> | undefined;

  constructor(keyed: RDD<[unknown[], T]>, ascending: readonly boolean[]) {
    super(keyed.values());
    this.#keyed = keyed;
    this.#ascending = ascending;
  }

  /**
   * Sorts what was equal so far by another key.
   * @example await from(sc.parallelize(['bb', 'a', 'c'])).orderBy(w => w.length).thenBy(w => w).toArray() // ['a', 'c', 'bb']
   */
  thenBy(key: Key<T>): OrderedQuery<T> {
    return this.#then(key, true);
  }

  /**
   * The same, largest first.
   * @example await from(sc.parallelize(['bb', 'a', 'c'])).orderBy(w => w.length).thenByDescending(w => w).toArray() // ['c', 'a', 'bb']
   */
  thenByDescending(key: Key<T>): OrderedQuery<T> {
    return this.#then(key, false);
  }

  #then(key: Key<T>, ascending: boolean): OrderedQuery<T> {
    const keyed = this.#keyed.map(([keys, element]) => [[...keys, key(element)], element] as [unknown[], T]);
    return new OrderedQuery(keyed, [...this.#ascending, ascending]);
  }

  /** Sorts are stable, so the last key is sorted by first; neighbours of one direction are sorted by together. */
  override toRDD(): RDD<T> {
    this.#sorted ??= runsOf(this.#ascending)
      .reduceRight((rdd, [start, end]) => rdd.sortBy(([keys]) => keys.slice(start, end), this.#ascending[start]), this.#keyed)
      .values();
    return this.#sorted;
  }
}

/** [start, end) of each run of equal values. */
function runsOf(values: readonly boolean[]): [number, number][] {
  const starts = values.flatMap((value, i) => (i === 0 || value !== values[i - 1] ? [i] : []));
  return starts.map((start, i) => [start, starts[i + 1] ?? values.length]);
}
