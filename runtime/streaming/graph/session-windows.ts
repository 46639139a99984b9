// Windows by gaps: a session of a key lasts until no record came for the gap; each is emitted once, when no record in time can join it.
import { perPartition } from '../../ops/merge-answers';
import { lib } from '../../rdd/function-argument';
import type { Accumulator } from '../../shared/accumulator';
import { derive } from './derived';
import type { DStream } from './dstream';
import { reportNowAndThen } from './growth';
import { SnapshotsDStream, StatefulDStream, type StateKind } from './stateful';

/** A session of a key: when it began, when it ended, and how many records it has. */
export interface SessionSpan<K> {
  readonly key: K;
  /** The time of its first record, in milliseconds since the epoch. */
  readonly start: number;
  /** The time of its last record, and the gap: a record at this time begins another session. */
  readonly end: number;
  readonly count: number;
}

/** A session with the values of its records, in the order of their times. */
export interface Session<K, V> extends SessionSpan<K> {
  readonly values: V[];
}

/** A session with the values of its records merged. */
export interface ReducedSession<K, V> extends SessionSpan<K> {
  readonly value: V;
}

/** The result of `sessionWindow`: the sessions that ended, each once. */
export class SessionDStream<S> extends StatefulDStream<S> {
  readonly #gap: number;
  readonly #dropped: Accumulator<number>;
  #reported = 0;

  /** @internal */ constructor(records: DStream<unknown>, kind: StateKind, gap: number, dropped: Accumulator<number>) {
    super(records, kind);
    this.#gap = gap;
    this.#dropped = dropped;
    reportNowAndThen(this.host, () => this.#news());
  }

  /** The sessions that records can still join, after each batch. Costs all of them. */
  open(): DStream<S> {
    const states = new SnapshotsDStream<unknown>(this as StatefulDStream<unknown>);
    return derive(states, 'open', (rdd) => perPartition<S>(rdd, 'open', lib('openSessions', this.#gap)));
  }

  /** How many records came after their session had ended, or lay too far ahead of the clock, since the start of this run. */
  get dropped(): number {
    return this.#dropped.value;
  }

  #news(): string | undefined {
    const count = this.dropped - this.#reported;
    if (count === 0) return undefined;
    this.#reported = this.dropped;
    const records = count === 1 ? '1 record was' : `${count} records were`;
    return `${this.name}: ${records} dropped, too late for a session or too far ahead of time`;
  }
}
