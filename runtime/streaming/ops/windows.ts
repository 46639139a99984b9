// Windows of streams, and reductions over them: each batch is reduced once, and merged or carried to the next window.

import { refuseArgument } from '../../base/arguments';
import { checkMultiple, type Duration, milliseconds } from '../../base/duration';
import type { Partitioner } from '../../keys/partitioner';
import { choosePartitioner, combined, type Partitioning } from '../../ops/pairs';
import { StorageLevel } from '../../plan/storage-level';
import type { Accumulated, Datum, Widen } from '../../rdd/element-types';
import { type FunctionArgument, lib, ShippedFunction } from '../../rdd/function-argument';
import type { RDD } from '../../rdd/rdd';
import { derive } from '../graph/derived';
import { DStream } from '../graph/dstream';
import { StatefulDStream } from '../graph/stateful';
import { WindowedDStream } from '../graph/windowed';
import { underOneKey, withOnes } from './batchwise';

type Merge<V> = (a: V, b: V) => V;

/** Options of a window. */
export interface WindowOptions {
  /** How often there is a result. Default: each batch. */
  readonly slide?: Duration;
}

/** Options of a window of pairs. */
export interface KeyWindowOptions<K, V> extends WindowOptions {
  /** Pairs for which it returns false are left out of the results. */
  readonly keep?: (pair: [K, V]) => unknown;
  readonly partitioning?: Partitioning;
}

declare module '../graph/dstream' {
  interface DStream<T> {
    /**
     * All elements of the last `length`, each `slide` (default: the stream's own).
     * Throws NOT_A_MULTIPLE unless both are multiples of the stream's slide.
     * @example await check.outputOf([[1], [2], [3]], s => s.window('2s')) // [[1], [1, 2], [2, 3]]
     */
    window(length: Duration, slide?: Duration): DStream<T>;
    /**
     * One element each slide: all of the last `length` merged by `f`; none for an empty window. Each batch is reduced once. With
     * `inverse`, where inverse(f(a, b), b) is a, a window is computed from the previous one: its cost does not depend on its length.
     * Accepts the arguments in Spark's order, or the length first as in the papers.
     * @example await check.outputOf([[1], [2], [3]], s => s.reduceByWindow((a, b) => a + b, '2s', '1s')) // [[1], [3], [5]]
     */
    reduceByWindow(f: Merge<Widen<T>>, length: Duration, slide?: Duration): DStream<Widen<T>>;
    reduceByWindow(f: Merge<Widen<T>>, inverse: Merge<Widen<T>>, length: Duration, slide?: Duration): DStream<Widen<T>>;
    reduceByWindow(length: Duration, f: Merge<Widen<T>>, options?: WindowOptions): DStream<Widen<T>>;
    reduceByWindow(length: Duration, f: Merge<Widen<T>>, inverse: Merge<Widen<T>>, options?: WindowOptions): DStream<Widen<T>>;
    /**
     * The number of elements in the last `length`, each slide; 0 for an empty window.
     * @example await check.outputOf([['a'], ['b']], s => s.countByWindow('2s', '1s')) // [[1], [2]]
     */
    countByWindow(length: Duration, slide?: Duration): DStream<number>;
    /**
     * Pairs [element, how often it is in the last `length`]; elements compare by value.
     * @example await check.outputOf([['a'], ['a']], s => s.countByValueAndWindow('2s', '1s')) // [[['a', 1]], [['a', 2]]]
     */
    countByValueAndWindow(length: Duration, slide?: Duration, numPartitions?: number): DStream<[T, number]>;
    /**
     * All values that each key had in the last `length`.
     * @example await check.outputOf([[['a', 1]], [['a', 2]]], s => s.groupByKeyAndWindow('2s').mapValues(all => [...all].length)) // [[['a', 1]], [['a', 2]]]
     */
    groupByKeyAndWindow<K, V>(
      this: DStream<[K, V]>,
      length: Duration,
      slide?: Duration,
      partitioning?: Partitioning,
    ): DStream<[K, V[]]>;
    /**
     * `reduceByWindow` by key. With `inverse` a key leaves when the last batch that held it leaves, whatever its value is then; `keep`
     * (Spark's filterFunc) leaves further pairs out. An inverse that does not undo `f` fails with NOT_INVERSE. Throws NOT_A_MULTIPLE.
     * @example await check.outputOf([[['a', 1]], [['a', 2]]], s => s.reduceByKeyAndWindow('2s', (a, b) => a + b)) // [[['a', 1]], [['a', 3]]]
     */
    reduceByKeyAndWindow<K, V extends Datum>(
      this: DStream<[K, V]>,
      f: Merge<Accumulated<V>>,
      length: Duration,
      slide?: Duration,
      partitioning?: Partitioning,
    ): DStream<[K, Accumulated<V>]>;
    reduceByKeyAndWindow<K, V extends Datum>(
      this: DStream<[K, V]>,
      f: Merge<Accumulated<V>>,
      inverse: Merge<Accumulated<V>>,
      length: Duration,
      slide?: Duration,
      partitioning?: Partitioning,
      keep?: (pair: [K, Accumulated<V>]) => unknown,
    ): DStream<[K, Accumulated<V>]>;
    reduceByKeyAndWindow<K, V extends Datum>(
      this: DStream<[K, V]>,
      length: Duration,
      f: Merge<Accumulated<V>>,
      options?: KeyWindowOptions<K, Accumulated<V>>,
    ): DStream<[K, Accumulated<V>]>;
    reduceByKeyAndWindow<K, V extends Datum>(
      this: DStream<[K, V]>,
      length: Duration,
      f: Merge<Accumulated<V>>,
      inverse: Merge<Accumulated<V>>,
      options?: KeyWindowOptions<K, Accumulated<V>>,
    ): DStream<[K, Accumulated<V>]>;
  }
}

/** Checks the two durations of a window. */
function windowOf(operation: string, stream: DStream<unknown>, length: Duration, slide: Duration = stream.slide) {
  const sizes = { length: milliseconds(operation, 'the window', length), slide: milliseconds(operation, 'the slide', slide) };
  checkMultiple(operation, 'the window', sizes.length, stream.slide);
  checkMultiple(operation, 'the slide', sizes.slide, stream.slide);
  return sizes;
}

DStream.prototype.window = function <T>(this: DStream<T>, length: Duration, slide?: Duration) {
  const sizes = windowOf('window', this as DStream<unknown>, length, slide);
  return new WindowedDStream<T>(this, 'window', sizes.length, sizes.slide);
};

/** The arguments of a reduction, in either order. */
interface Asked {
  readonly f: unknown;
  readonly inverse?: unknown;
  readonly length: Duration;
  readonly slide?: Duration;
  readonly keep?: unknown;
  readonly partitioning?: Partitioning;
}

function askedOf(operation: string, args: readonly unknown[]): Asked {
  const rest = [...args];
  const lengthFirst = typeof rest[0] !== 'function';
  const length = lengthFirst ? rest.shift() : undefined;
  const f = rest.shift();
  const inverse = typeof rest[0] === 'function' ? rest.shift() : undefined;
  if (!lengthFirst) {
    const [after, slide, partitioning, keep] = rest;
    return { f, inverse, length: after, slide, partitioning, keep } as Asked;
  }
  const [options = {}] = rest;
  if (typeof options !== 'object' || options === null)
    refuseArgument({
      operation,
      argument: 'the options',
      value: options,
      rule: 'an object',
      remedy: `Write ${operation}('30s', f, inverse, { slide: '10s' }).`,
    });
  return { ...(options as object), f, inverse, length } as Asked;
}

interface Reduction {
  readonly operation: string;
  readonly f: FunctionArgument;
  readonly inverse?: FunctionArgument;
  readonly partitioner: Partitioner;
  readonly length: number;
  readonly slide: number;
}

const reducedBy = (partitioner: Partitioner, operation: string, f: FunctionArgument) => (pairs: RDD<unknown>) =>
  combined<unknown>(pairs, operation, partitioner, undefined, f, f);

/** The window of the batches' reductions, reduced. */
function plain(pairs: DStream<unknown>, { operation, f, partitioner, length, slide }: Reduction): DStream<unknown> {
  const reduce = reducedBy(partitioner, operation, f);
  // Encoded, as Spark persists streams: `f` may change its arguments.
  const partial = derive(pairs, operation, reduce).persist(StorageLevel.MEMORY_ONLY_SER);
  return derive(new WindowedDStream(partial, operation, length, slide), operation, reduce);
}

/** The previous window, minus the batches that left, plus those that joined. */
function incremental(pairs: DStream<unknown>, inverse: FunctionArgument, reduction: Reduction): DStream<unknown> {
  const { operation, f, partitioner, length, slide } = reduction;
  return new StatefulDStream(pairs, {
    operation,
    partitioner,
    arrange: (pairs, at) => reducedBy(at, operation, f)(pairs),
    rule: (b, first) => {
      const span = { first, step: pairs.slide, length };
      return { kind: 'window', f: b.function(f), inverse: b.function(inverse), span };
    },
    emits: 'pairs',
    window: { length, slide },
  });
}

function reduceWindow(
  pairs: DStream<unknown>,
  operation: string,
  { f, inverse, length, slide, partitioning, keep }: Asked,
): DStream<unknown> {
  const { sc } = pairs.streaming;
  const sizes = windowOf(operation, pairs, length, slide);
  const ship = (g: unknown) => (isLibrary(g) ? g : ShippedFunction.of(sc, g, operation));
  const partitioner = choosePartitioner(operation, [sc.emptyRDD()], partitioning ?? sc.defaultParallelism);
  const reduction = { operation, f: ship(f), partitioner, ...sizes };
  const window = inverse === undefined ? plain(pairs, reduction) : incremental(pairs, ship(inverse), reduction);
  return keep === undefined ? window : window.filter(keep as (pair: unknown) => unknown);
}

const isLibrary = (g: unknown): g is FunctionArgument => typeof g === 'object' && g !== null && 'library' in g;

/** All elements under one key, reduced in one partition. */
function reduceWhole(stream: DStream<unknown>, operation: string, asked: Asked): DStream<unknown> {
  const pairs = derive(stream, operation, (rdd) => underOneKey(rdd, operation));
  return derive(reduceWindow(pairs, operation, { ...asked, partitioning: 1, keep: undefined }), operation, (rdd) =>
    (rdd as RDD<[unknown, unknown]>).values(),
  );
}

DStream.prototype.reduceByWindow = function (this: DStream<unknown>, ...args: unknown[]) {
  return reduceWhole(this, 'reduceByWindow', askedOf('reduceByWindow', args));
} as DStream<unknown>['reduceByWindow'];

DStream.prototype.countByWindow = function (this: DStream<unknown>, length, slide) {
  // An empty batch counts as 0, so that each window has a number.
  const counts = this.count() as DStream<unknown>;
  return reduceWhole(counts, 'countByWindow', { f: lib('add'), inverse: lib('subtract'), length, slide }) as DStream<number>;
};

DStream.prototype.countByValueAndWindow = function <T>(
  this: DStream<T>,
  length: Duration,
  slide?: Duration,
  numPartitions?: number,
) {
  const ones = derive(this, 'countByValueAndWindow', (rdd) => withOnes(rdd, 'countByValueAndWindow')) as DStream<unknown>;
  const asked = { f: lib('add'), inverse: lib('subtract'), length, slide, partitioning: numPartitions };
  return reduceWindow(ones, 'countByValueAndWindow', asked) as DStream<[T, number]>;
};

DStream.prototype.groupByKeyAndWindow = function <K, V>(
  this: DStream<[K, V]>,
  length: Duration,
  slide?: Duration,
  partitioning?: Partitioning,
) {
  const { sc } = this.streaming;
  const operation = 'groupByKeyAndWindow';
  const sizes = windowOf(operation, this as DStream<unknown>, length, slide);
  const partitioner = choosePartitioner(operation, [sc.emptyRDD()], partitioning ?? sc.defaultParallelism);
  const placed = derive(this, operation, (rdd) => rdd.partitionBy(partitioner)).persist(StorageLevel.MEMORY_ONLY_SER);
  return derive(new WindowedDStream(placed, operation, sizes.length, sizes.slide), operation, (rdd) =>
    rdd.groupByKey(partitioner),
  );
};

DStream.prototype.reduceByKeyAndWindow = function (this: DStream<unknown>, ...args: unknown[]) {
  return reduceWindow(this, 'reduceByKeyAndWindow', askedOf('reduceByKeyAndWindow', args));
} as unknown as DStream<unknown>['reduceByKeyAndWindow'];
