// `sessionWindow`: windows by gaps between the records of a key, by the records' own time.
import { checkOptions } from '../../base/arguments';
import { type Duration, milliseconds, type Time } from '../../base/duration';
import { choosePartitioner, type Partitioning } from '../../ops/pairs';
import type { Datum } from '../../rdd/element-types';
import { lib, ShippedFunction } from '../../rdd/function-argument';
import { SteppedRDD } from '../../rdd/narrow-step';
import type { RDD } from '../../rdd/rdd';
import { derive } from '../graph/derived';
import { DStream } from '../graph/dstream';
import { type ReducedSession, type Session, SessionDStream } from '../graph/session-windows';
import { slackOf } from '../graph/slacked';

/** How records become sessions. */
export interface SessionOptions<T, K, V = T> {
  /** Whose session a record belongs to; keys compare by value. */
  readonly key: (record: T) => K;
  /** When it happened, in milliseconds since the epoch. */
  readonly time: (record: T) => Time;
  /** What the session holds of it. Default: the record. */
  readonly value?: (record: T) => V;
  /** How late records may come: a session is emitted so long after its end. Default: none may. */
  readonly slack?: Duration;
  readonly partitioning?: Partitioning;
}

/** Sessions whose values are merged as they come. */
export interface ReducedSessionOptions<T, K, V = T> extends SessionOptions<T, K, V> {
  /** Merges two values; associative and commutative. The state of a session is then one value. */
  readonly reduce: (a: V, b: V) => V;
}

declare module '../graph/dstream' {
  interface DStream<T> {
    /**
     * Sessions of each key: records of it less than `gap` apart are in one. Each is emitted once, in the batch that is `slack` after its
     * end, with `{ key, start, end, count }` and the `values` in the order of their times, or with `reduce` the merged `value`. Records
     * at most `slack` late are in their session exactly, also one that joins two; later ones join a session that is still open, else they
     * are dropped, counted in `dropped`, and reported; likewise records further ahead of the clock than `gap` and `slack`. `open()` has the
     * sessions that have not ended. Costs the keys that have records or end. Needs a checkpoint folder.
     * (Spark's session_window with groupBy; Flink's EventTimeSessionWindows.)
     * @example const visits = (clicks) => clicks.sessionWindow('30m', { key: c => c.user, time: c => c.at, slack: '10s' })
     */
    sessionWindow<K, V extends Datum = T>(
      gap: Duration,
      options: ReducedSessionOptions<T, K, V>,
    ): SessionDStream<ReducedSession<K, V>>;
    sessionWindow<K, V extends Datum = T>(gap: Duration, options: SessionOptions<T, K, V>): SessionDStream<Session<K, V>>;
  }
}

const operation = 'sessionWindow';
const remedy = "Write sessionWindow('30m', { key: e => e.user, time: e => e.at, slack: '10s' }).";

DStream.prototype.sessionWindow = function (this: DStream<unknown>, gap: Duration, options: unknown) {
  const { sc } = this.streaming;
  const length = milliseconds(operation, 'the gap', gap);
  checkOptions(operation, options, remedy);
  const { key, time, value, reduce, slack, partitioning } = options as Partial<ReducedSessionOptions<unknown, unknown, unknown>>;
  const ship = (f: unknown, argument: string) => ShippedFunction.of(sc, f, operation, argument);
  const functions = [ship(key, 'key'), ship(time, 'time'), ...(value === undefined ? [] : [ship(value, 'value')])];
  const merge = reduce === undefined ? undefined : ship(reduce, 'reduce');
  // The records of a stream by their time come so much later, each of them in time.
  const behind = slackOf(this);
  const late = slack === undefined ? 0 : milliseconds(operation, 'slack', slack);
  const sizes = { gap: length, slack: late + behind, slide: this.slide };
  const partitioner = choosePartitioner(operation, [sc.emptyRDD()], partitioning ?? sc.defaultParallelism);
  const dropped = sc.longAccumulator(`records that ${operation} dropped`);
  const drop = ShippedFunction.of(sc, (count: number) => dropped.add(count), operation);
  const records = derive(this, operation, (rdd) => {
    const record = lib('sessionRecord', ...functions);
    return new SteppedRDD<unknown>(rdd, {
      operation,
      plan: (input, b) => ({ op: 'map', template: 'call', name: operation, f: b.function(record), input }),
    });
  });
  const kind = {
    operation,
    partitioner,
    arrange: (batch: RDD<unknown>, at: typeof partitioner) => (batch as RDD<[unknown, unknown]>).groupByKey(at),
    rule: (b: Parameters<ConstructorParameters<typeof SessionDStream>[1]['rule']>[0]) =>
      ({ kind: 'sessions', merge: merge && b.function(merge), drop: b.function(drop), sizes }) as const,
    emits: 'made' as const,
  };
  return new SessionDStream(records, kind, length, dropped);
} as unknown as DStream<unknown>['sessionWindow'];
