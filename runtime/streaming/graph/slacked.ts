// A stream by the time of its records: each interval closes some time after its end, and later records still correct its totals.

import { refuseArgument } from '../../base/arguments';
import { checkMultiple, type Duration, milliseconds, type Time } from '../../base/duration';
import { perPartition } from '../../ops/merge-answers';
import { choosePartitioner, combined, type Partitioning } from '../../ops/pairs';
import { StorageLevel } from '../../plan/storage-level';
import { type FunctionArgument, lib, ShippedFunction } from '../../rdd/function-argument';
import { SteppedRDD } from '../../rdd/narrow-step';
import type { RDD } from '../../rdd/rdd';
import type { Accumulator } from '../../shared/accumulator';
import { DerivedDStream, derive } from './derived';
import { DStream } from './dstream';
import { reportNowAndThen } from './growth';
import { StatefulDStream, type StateKind } from './stateful';

/** A record with the end of the interval that contains its own time. */
type Stamped<T> = [end: Time, record: T];

/** How long totals are corrected, and how their keys are partitioned. */
export interface CorrectionOptions {
  /** How long late records still change the totals of an interval after it closed: a multiple of the slide. */
  readonly keep: Duration;
  readonly partitioning?: Partitioning;
}

/** Calls `f` per element, so an error of the user's function names the record. */
const each = <T>(rdd: RDD<unknown>, operation: string, f: FunctionArgument): RDD<T> =>
  new SteppedRDD<T>(rdd, {
    operation,
    plan: (input, b) => ({ op: 'map', template: 'call', name: operation, f: b.function(f), input }),
  });

/** How much later than they happened the records of a stream may come because a stream that it is made of waits for them, in milliseconds. */
export function slackOf(stream: DStream<unknown>, known = new Map<DStream<unknown>, number>()): number {
  const before = known.get(stream);
  if (before !== undefined) return before;
  const own = stream instanceof SlackedDStream ? stream.slackMs : 0;
  const slack = own + Math.max(0, ...stream.dependencies.map((parent) => slackOf(parent, known)));
  known.set(stream, slack);
  return slack;
}

/**
 * What `slack` makes. With intervals (e - slide, e] and a slack of d, the batch of e + d has the records of interval e:
 *
 *     times    ──────(e - slide    e]───────────────────────▶
 *     arrival  ────[e - d ·· on time ·· e + d](·· late ·····▶
 *
 * Each record is in the batch of its interval or in `late()`, never in both.
 */
export class SlackedDStream<T> extends DStream<T> {
  readonly #stamped: DStream<Stamped<T>>;
  readonly #slack: number;

  /** `timeOf` gives milliseconds since the epoch; `slack` is a multiple of the parent's slide; the operator checks it. @internal */
  constructor(parent: DStream<T>, slack: number, timeOf: ShippedFunction) {
    super(parent.host, 'slack');
    this.#slack = slack;
    // Persisted: several batches search it for their records. Encoded: functions may change the values that they are given.
    this.#stamped = derive(parent, 'timeOf', (rdd, time) => {
      const { slide } = parent;
      return each<Stamped<T>>(rdd, 'slack', lib('stamped', timeOf, slide, time % slide));
    }).persist(StorageLevel.MEMORY_ONLY_SER);
    this.rememberFor(this.slide);
  }

  get slide(): number {
    return this.#stamped.slide;
  }

  /** How long after its end an interval closes. @internal */
  get slackMs(): number {
    return this.#slack;
  }

  get dependencies(): readonly DStream<unknown>[] {
    return [this.#stamped as DStream<unknown>];
  }

  /** From the batch of the earliest record ahead of its time to the batch that closes its interval. @internal */
  override get lookBack(): number {
    return 2 * this.#slack + this.slide;
  }

  protected compute(time: Time): RDD<T> | undefined {
    return this.#closedAt(time).values() as RDD<T>;
  }

  /** The interval that the batch of `time` closes. */
  #closedAt(time: Time): RDD<Stamped<T>> {
    const all = this.host.sc.union(this.#stamped.datasetsOf(time - this.lookBack, time));
    return perPartition(all, 'slack', lib('ofInterval', time - this.#slack));
  }

  /**
   * Pairs [end of the interval, record] of the records that missed the batch of their interval, in the batch in which they arrived: those
   * that are later than the slack allows, and those whose time lies further ahead than the slack.
   */
  late(): DStream<[interval: Time, record: T]> {
    return derive(this.#stamped, 'late', (rdd, time) => perPartition(rdd, 'late', lib('outOfTime', time, this.#slack)));
  }

  /**
   * Pairs [[end of the interval, key], total]: `f` merges the values of each key when their interval closes. For as long as `keep` after
   * that, each change by late records gives the new total. `f` must be associative and commutative; `pairOf` turns records into pairs.
   * Later records, and those whose time lies further ahead than the slack, are dropped, counted in `dropped`, and reported. The cost
   * depends only on the keys that have records. Needs a checkpoint folder. Throws NOT_A_MULTIPLE.
   */
  correctedReduceByKey<K, V>(
    this: SlackedDStream<[K, V]>,
    f: (a: V, b: V) => V,
    options: CorrectionOptions,
  ): CorrectedDStream<K, V>;
  correctedReduceByKey<K, V>(
    pairOf: (record: T) => [K, V],
    f: (a: V, b: V) => V,
    options: CorrectionOptions,
  ): CorrectedDStream<K, V>;
  correctedReduceByKey(...args: unknown[]): CorrectedDStream<unknown, unknown> {
    const operation = 'correctedReduceByKey';
    const { sc } = this.host;
    const [f, pairOf] = typeof args[1] === 'function' ? [args[1], args[0]] : [args[0]];
    const { keep, partitioning } = this.#checkOptions(operation, args[pairOf ? 2 : 1]);
    const merge = ShippedFunction.of(sc, f, operation);
    const pair = pairOf === undefined ? [] : [ShippedFunction.of(sc, pairOf, operation, 'pairOf')];
    const partitioner = choosePartitioner(operation, [sc.emptyRDD()], partitioning ?? sc.defaultParallelism);
    const dropped = sc.longAccumulator(`late records that ${operation} dropped`);
    const drop = ShippedFunction.of(sc, (count: number) => dropped.add(count), operation);
    const pairs = new DerivedDStream<unknown>(
      this.host,
      operation,
      [this as DStream<unknown>, this.#stamped as DStream<unknown>],
      ([, stamped], time) => {
        const late = stamped && perPartition(stamped, operation, lib('corrections', time, this.#slack, keep, drop));
        const all = sc.union<unknown>([this.#closedAt(time), ...(late ? [late] : [])]);
        return each(all, operation, lib('underInterval', operation, ...pair));
      },
    );
    return new CorrectedDStream(
      pairs,
      {
        operation,
        partitioner,
        arrange: (batch, at) => combined(batch, operation, at, undefined, merge, merge),
        rule: (b) => ({ kind: 'map', f: b.function(lib('correctedTotal', merge)), timeout: keep }),
        emits: 'made',
      },
      dropped,
    );
  }

  #checkOptions(operation: string, options: unknown): { readonly keep: number; readonly partitioning?: Partitioning } {
    const { keep: asked, partitioning } = (options ?? {}) as Partial<CorrectionOptions>;
    if (asked === undefined)
      refuseArgument({
        operation,
        argument: 'the options',
        value: options,
        rule: 'an object that says how long totals can be corrected',
        remedy: `Write ${operation}((a, b) => a + b, { keep: '1m' }).`,
      });
    const keep = milliseconds(operation, 'keep', asked);
    checkMultiple(operation, 'keep', keep, this.slide);
    return { keep, partitioning };
  }
}

/** The result of `correctedReduceByKey`: the totals of intervals, and their corrections. */
export class CorrectedDStream<K, V> extends StatefulDStream<[[interval: Time, key: K], V]> {
  readonly #dropped: Accumulator<number>;
  #reported = 0;

  /** @internal */ constructor(pairs: DStream<unknown>, kind: StateKind, dropped: Accumulator<number>) {
    super(pairs, kind);
    this.#dropped = dropped;
    reportNowAndThen(this.host, () => this.#news());
  }

  /** How many records came too late to correct anything, or too far ahead of their time, since the start of this run. */
  get dropped(): number {
    return this.#dropped.value;
  }

  #news(): string | undefined {
    const count = this.dropped - this.#reported;
    if (count === 0) return undefined;
    this.#reported = this.dropped;
    const records = count === 1 ? '1 record was' : `${count} records were`;
    return `${this.name}: ${records} dropped, too late for a correction or too far ahead of time`;
  }
}
