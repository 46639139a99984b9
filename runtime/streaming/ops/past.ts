// Operators on the past of a stream: the stream of some time ago, and queries on remembered datasets.
import { refuseArgument } from '../../base/arguments';
import { checkMultiple, type Duration, milliseconds, type Time } from '../../base/duration';
import type { RDD } from '../../rdd/rdd';
import { DStream } from '../graph/dstream';
import { ShiftedDStream } from '../graph/windowed';

/** A moment: milliseconds since the epoch, a Date, or the time of day today as a text, `'21:00'` or `'21:00:05'`. */
export type Moment = Time | Date | string;

declare module '../graph/dstream' {
  interface DStream<T> {
    /**
     * The stream as it was `duration` before: `now.join(now.ago('5m'))` compares now with five minutes ago. It has no datasets until that
     * time has passed; outer joins give undefined for keys without a past. Throws NOT_A_MULTIPLE.
     * @example await check.outputOf([[1], [2]], s => s.ago('1s')) // [[1]]
     */
    ago(duration: Duration): DStream<T>;
    /**
     * The remembered datasets of the batches from `from` to `to`, both included, oldest first.
     * @example const hour = (counts) => counts.slice(Date.now() - 3_600_000, Date.now())
     */
    slice(from: Moment, to: Moment): RDD<T>[];
    /**
     * All elements of `slice`, as one dataset for queries at the prompt.
     * @example const part = (counts) => counts.between('21:00', '21:05')
     */
    between(from: Moment, to: Moment): RDD<T>;
    /**
     * The dataset of the last batch; undefined before the first.
     * @example const now = (counts) => counts.latest()
     */
    latest(): RDD<T> | undefined;
  }
}

DStream.prototype.ago = function <T>(this: DStream<T>, duration: Duration) {
  const by = milliseconds('ago', 'the duration', duration);
  checkMultiple('ago', 'the duration', by, this.slide);
  return new ShiftedDStream<T>(this, by);
};

function momentOf(operation: string, argument: string, moment: Moment, now: Time): Time {
  if (typeof moment === 'number' && Number.isFinite(moment)) return moment;
  if (moment instanceof Date && !Number.isNaN(moment.getTime())) return moment.getTime();
  const clock =
    typeof moment === 'string' ? /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d(?:\.\d{1,3})?))?$/.exec(moment.trim()) : undefined;
  if (!clock)
    return refuseArgument({
      operation,
      argument,
      value: moment,
      rule: "a Date, milliseconds since the epoch, or a time of day such as '21:00'",
      remedy: `Write ${operation}('21:00', '21:05').`,
    });
  const day = new Date(now);
  const seconds = Number(clock[3] ?? 0);
  day.setHours(Number(clock[1]), Number(clock[2]), Math.floor(seconds), Math.round((seconds % 1) * 1000));
  return day.getTime();
}

/** Both ends of a time in milliseconds since the epoch. Throws BAD_ARGUMENT. */
export function momentsOf(operation: string, from: Moment, to: Moment, now: Time): [Time, Time] {
  const [start, end] = [momentOf(operation, 'the start', from, now), momentOf(operation, 'the end', to, now)];
  if (start > end)
    refuseArgument({
      operation,
      argument: 'the start',
      value: from,
      rule: `not after the end, ${to}`,
      remedy: `Write ${operation}('21:00', '21:05').`,
    });
  return [start, end];
}

function sliced<T>(stream: DStream<T>, operation: string, from: Moment, to: Moment): RDD<T>[] {
  const [start, end] = momentsOf(operation, from, to, stream.streaming.clock.now());
  const known = stream.times.filter((time) => time >= start && time <= end);
  return known.flatMap((time) => stream.getOrCompute(time) ?? []);
}

DStream.prototype.slice = function (from, to) {
  return sliced(this, 'slice', from, to);
};

DStream.prototype.between = function <T>(this: DStream<T>, from: Moment, to: Moment) {
  return this.streaming.sc.union(sliced(this, 'between', from, to));
};

DStream.prototype.latest = function <T>(this: DStream<T>) {
  const time = this.times.at(-1);
  return time === undefined ? undefined : this.getOrCompute(time);
};
