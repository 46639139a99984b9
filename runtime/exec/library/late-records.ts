// Library functions that sort the records of a stream by their own time: which interval each is in, and whether it arrived in time.
import { MillraceError } from '../../base/errors';
import { showElement } from '../../base/show-element';
import { type OpenSession, sessionRow } from '../state/session-rule';
import type { State } from '../state/state-of-key';
import { notAPair } from '../task-runtime';

/** A record with the end of its interval, in milliseconds since the epoch. */
type Stamped = readonly [end: number, record: unknown];

function checkedTime(operation: string, time: unknown, record: unknown): number {
  if (typeof time === 'number' && Number.isFinite(time)) return time;
  throw new MillraceError('BAD_ARGUMENT', {
    operation,
    argument: `the time of ${showElement(record)}`,
    value: showElement(time),
    rule: 'milliseconds since the epoch',
    remedy: 'Filter records without a time out, or give them one; of a Date take getTime().',
  });
}

/** Each entry makes a function from its arguments, as in library.ts; generators are for partitions. */
export const slackFunctions = {
  /** Records with the end of their interval: intervals are `slide` long, and `offset` is what is left of an end divided by it. */
  stamped: (timeOf: (record: unknown) => unknown, slide: number, offset: number) => (record: unknown) => {
    const time = checkedTime('slack', timeOf(record), record);
    return [Math.ceil((time - offset) / slide) * slide + offset, record];
  },
  /** Of a partition the records of one interval. */
  ofInterval: (interval: number) =>
    function* (stamped: Iterable<Stamped>) {
      for (const row of stamped) if (row[0] === interval) yield row;
    },
  /** What came in the batch of `arrival` and not in time for the batch of its interval. */
  outOfTime: (arrival: number, slack: number) =>
    function* (stamped: Iterable<Stamped>) {
      for (const row of stamped) if (Math.abs(arrival - row[0]) > slack) yield row;
    },
  /** Of that, what still corrects totals, which are kept so long after their interval was closed; the rest is counted. */
  corrections: (arrival: number, slack: number, keep: number, drop: (count: number) => void) =>
    function* (stamped: Iterable<Stamped>) {
      let dropped = 0;
      for (const row of stamped) {
        const late = arrival - row[0];
        if (late > slack && late <= slack + keep) yield row;
        else if (Math.abs(late) > slack) dropped++;
      }
      if (dropped > 0) drop(dropped);
    },
  /** A record's pair as [[interval, key], value]. */
  underInterval:
    (operation: string, pairOf: (record: unknown) => unknown = (record) => record) =>
    ([end, record]: Stamped) => {
      const pair = pairOf(record);
      if (!Array.isArray(pair) || pair.length !== 2) notAPair(operation, pair);
      const [key, value] = pair as [unknown, unknown];
      return [[end, key], value];
    },
  /** A record under its key, with its time and what a session holds of it. */
  sessionRecord:
    (
      keyOf: (record: unknown) => unknown,
      timeOf: (record: unknown) => unknown,
      valueOf: (record: unknown) => unknown = (record) => record,
    ) =>
    (record: unknown) => [keyOf(record), [checkedTime('sessionWindow', timeOf(record), record), valueOf(record)]],
  /** Pairs [key, open sessions] as sessions. */
  openSessions: (gap: number) =>
    function* (pairs: Iterable<[key: unknown, sessions: readonly OpenSession[]]>) {
      for (const [key, sessions] of pairs) for (const session of sessions) yield sessionRow(key, session, gap);
    },
  /** The total of a key with what the batch adds to it, for `mapWithState`. */
  correctedTotal: (merge: (a: unknown, b: unknown) => unknown) => (key: unknown, value: unknown, state: State<unknown>) => {
    if (state.isTimingOut()) return undefined;
    state.update(state.exists() ? merge(state.get(), value) : value);
    return [key, state.get()];
  },
};
