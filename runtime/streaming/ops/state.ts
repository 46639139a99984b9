// Operators with state by key, which carries over from batch to batch.

import { checkCallback, checkOptions, refuseArgument } from '../../base/arguments';
import { type Duration, milliseconds, type Time } from '../../base/duration';
import type { State } from '../../exec/state/state-of-key';
import type { Partitioner } from '../../keys/partitioner';
import { choosePartitioner, combined, type Partitioning } from '../../ops/pairs';
import type { Datum, Merge, Merged } from '../../rdd/element-types';
import { ShippedFunction } from '../../rdd/function-argument';
import { RDD } from '../../rdd/rdd';
import { DStream } from '../graph/dstream';
import { SnapshotsDStream, StatefulDStream } from '../graph/stateful';

/** Called for each pair, and once more with `value` undefined when the key times out. Returned rows are emitted, undefined is not. */
export type StateFunction<K, V, S, M> = (key: K, value: V | undefined, state: State<S>, time: Time) => M;

/** The initial states of `mapWithState`, the partitioning of its keys, and the timeout of idle keys. */
export interface MapWithStateOptions<K, S> {
  /** The states before the first batch. */
  readonly initialState?: RDD<[K, S]>;
  readonly partitioning?: Partitioning;
  readonly numPartitions?: number;
  /** Keys without a record for this long time out, in the first batch at or after that. */
  readonly timeout?: Duration;
}

/** How `track` makes and updates its states, and the timeout of idle keys. */
export interface TrackOptions<K, E, S> {
  /** The state that a key's first event makes. */
  readonly init: (key: K, event: E) => S | null | undefined;
  /** The state after another event; null or undefined drops it. */
  readonly update: (key: K, state: S, event: E) => S | null | undefined;
  /** Keys without an event for this long are dropped. */
  readonly timeout?: Duration;
  readonly partitioning?: Partitioning;
}

declare module '../graph/dstream' {
  interface DStream<T> {
    /**
     * Each key's state after each batch: `f(values, state, key, time)` is called for every key that has values or state, `values` being
     * empty if the batch has none; undefined drops the key. Each batch costs all keys, as in Spark; with `mapWithState` and `track` it
     * costs only the keys that have records. Needs a checkpoint folder.
     * @example const totals = (pairs) => pairs.updateStateByKey((values, old) => (old ?? 0) + values.length)
     */
    updateStateByKey<K, V, S = any>(
      this: DStream<[K, V]>,
      f: (values: V[], state: S | undefined, key: K, time: Time) => S | undefined,
      partitioning?: Partitioning,
      initial?: RDD<[K, S]>,
    ): DStream<[K, S]>;
    /**
     * The rows that `f` returns for each pair; it reads and sets the state of the key by `state`. `stateSnapshots()` of the result is
     * the stream of all states. Costs the keys that have records or time out. Accepts a StateSpec too. Needs a checkpoint folder.
     * @example const sums = (pairs) => pairs.mapWithState(StateSpec.function((key, value, state) => { state.update((state.get() ?? 0) + value); return state.get(); }))
     */
    mapWithState<K, V, S = any, M extends Datum = any>(
      this: DStream<[K, V]>,
      f: StateFunction<K, V, S, M> | StateSpec<K, V, S, M>,
      options?: MapWithStateOptions<K, S>,
    ): MapWithStateDStream<K, S, Exclude<M, undefined>>;
    /** The states that events (key, event) make of their keys: `init`, then `update`. All pairs [key, state], each batch (SOSP 2013). */
    track<K, E, S>(this: DStream<[K, E]>, options: TrackOptions<K, E, S>): DStream<[K, S]>;
    /**
     * For each key its values since the start, merged by `f`; each batch has all keys.
     * @example const sums = (pairs) => pairs.runningReduce((a, b) => a + b)
     */
    runningReduce<K, V extends Datum>(this: DStream<[K, V]>, f: (a: V, b: V) => V, partitioning?: Partitioning): DStream<[K, V]>;
    runningReduce<K, V extends Datum, R extends Merge<V>>(
      this: DStream<[K, V]>,
      f: (a: V, b: V) => R,
      partitioning?: Partitioning,
    ): DStream<[K, Merged<V, R>]>;
  }
}

/** The result of `mapWithState`: the rows of its function, and the stream of states. */
export class MapWithStateDStream<K, S, M> extends StatefulDStream<M> {
  /** Pairs [key, state] of all keys, after each batch. */
  stateSnapshots(): DStream<[K, S]> {
    return new SnapshotsDStream<[K, S]>(this as StatefulDStream<unknown>);
  }
}

/** Spark's specification of `mapWithState`; a function with options does the same. */
export class StateSpec<K, V, S, M> {
  /** What is called for each pair. */
  readonly f: StateFunction<K, V, S, M>;
  /** What was set. */
  readonly options: MapWithStateOptions<K, S>;

  private constructor(f: StateFunction<K, V, S, M>, options: MapWithStateOptions<K, S>) {
    this.f = f;
    this.options = options;
  }

  /**
   * A specification of the function (key, value, state) => row.
   * @example StateSpec.function((key, value, state) => state.get()).timeout('30s').options.timeout // '30s'
   */
  static function<K = any, V = any, S = any, M = any>(f: StateFunction<K, V, S, M>): StateSpec<K, V, S, M> {
    return new StateSpec(f, {});
  }

  #with(options: MapWithStateOptions<K, S>): StateSpec<K, V, S, M> {
    return new StateSpec(this.f, { ...this.options, ...options });
  }

  /** The states to begin with, as pairs [key, state]. */
  initialState(initialState: RDD<[K, S]>): StateSpec<K, V, S, M> {
    return this.#with({ initialState });
  }

  /** Into how many partitions keys are spread by their hash. */
  numPartitions(numPartitions: number): StateSpec<K, V, S, M> {
    return this.#with({ numPartitions });
  }

  /** How keys are spread. */
  partitioner(partitioning: Partitioning): StateSpec<K, V, S, M> {
    return this.#with({ partitioning });
  }

  /**
   * Ends a key without a record for this long; the function is called once more, with `state.isTimingOut()`.
   * @example StateSpec.function((key, value, state) => value).timeout('30s').options.timeout // '30s'
   */
  timeout(timeout: Duration): StateSpec<K, V, S, M> {
    return this.#with({ timeout });
  }
}

function partitionerOf(operation: string, stream: DStream<unknown>, partitioning?: Partitioning): Partitioner {
  const { sc } = stream.streaming;
  return choosePartitioner(operation, [sc.emptyRDD()], partitioning ?? sc.defaultParallelism);
}

/** Pairs where their keys' state is. */
const placed = (pairs: RDD<unknown>, partitioner: Partitioner) => (pairs as RDD<[unknown, unknown]>).partitionBy(partitioner);

function initialOf(operation: string, initial: unknown, partitioner: Partitioner): RDD<unknown> | undefined {
  if (initial === undefined) return undefined;
  if (!(initial instanceof RDD))
    refuseArgument({
      operation,
      argument: 'the initial state',
      value: initial,
      rule: 'a dataset of pairs [key, state]',
      remedy: "Make one: sc.parallelize([['a', 1]]).",
    });
  return placed(initial as RDD<unknown>, partitioner);
}

const timeoutOf = (operation: string, timeout: Duration | undefined): number | undefined =>
  timeout === undefined ? undefined : milliseconds(operation, 'the timeout', timeout);

DStream.prototype.updateStateByKey = function (f, partitioning, initial) {
  const operation = 'updateStateByKey';
  const partitioner = partitionerOf(operation, this as DStream<unknown>, partitioning);
  const update = ShippedFunction.of(this.streaming.sc, f, operation);
  return new StatefulDStream(this as DStream<unknown>, {
    operation,
    partitioner,
    arrange: (pairs, at) => (pairs as RDD<[unknown, unknown]>).groupByKey(at),
    initial: initialOf(operation, initial, partitioner),
    rule: (b) => ({ kind: 'update', f: b.function(update) }),
    emits: 'pairs',
  });
};

DStream.prototype.mapWithState = function (asked, given = {}) {
  const operation = 'mapWithState';
  checkOptions(operation, given, "Write mapWithState((key, value, state) => …, { timeout: '30s' }).");
  const options = asked instanceof StateSpec ? { ...asked.options, ...given } : given;
  const partitioner = partitionerOf(operation, this as DStream<unknown>, options.partitioning ?? options.numPartitions);
  const f = ShippedFunction.of(this.streaming.sc, asked instanceof StateSpec ? asked.f : asked, operation);
  const timeout = timeoutOf(operation, options.timeout);
  return new MapWithStateDStream(this as DStream<unknown>, {
    operation,
    partitioner,
    arrange: placed,
    initial: initialOf(operation, options.initialState, partitioner),
    rule: (b) => ({ kind: 'map', f: b.function(f), timeout }),
    emits: 'made',
  });
};

DStream.prototype.track = function (options) {
  const operation = 'track';
  const remedy = "Write track({ init: (key, event) => …, update: (key, state, event) => …, timeout: '30s' }).";
  checkOptions(operation, options, remedy);
  for (const f of [options.init, options.update]) checkCallback(operation, f, remedy);
  const partitioner = partitionerOf(operation, this as DStream<unknown>, options.partitioning);
  const { sc } = this.streaming;
  const [init, update] = [options.init, options.update].map((f) => ShippedFunction.of(sc, f, operation));
  const timeout = timeoutOf(operation, options.timeout);
  return new StatefulDStream(this as DStream<unknown>, {
    operation,
    partitioner,
    arrange: placed,
    rule: (b) => ({ kind: 'track', init: b.function(init), update: b.function(update), timeout }),
    emits: 'pairs',
  });
};

DStream.prototype.runningReduce = function (this: DStream<unknown>, f: unknown, partitioning?: Partitioning) {
  const operation = 'runningReduce';
  const partitioner = partitionerOf(operation, this, partitioning);
  const merge = ShippedFunction.of(this.streaming.sc, f, operation);
  return new StatefulDStream(this, {
    operation,
    partitioner,
    arrange: (pairs, at) => combined(pairs, operation, at, undefined, merge, merge),
    rule: (b) => ({ kind: 'reduce', f: b.function(merge) }),
    emits: 'pairs',
  });
} as DStream<unknown>['runningReduce'];
