// Durations as users write them, '500ms', '2s', '5m', '1h', or a number of milliseconds; and back.

import { refuseArgument } from './arguments';
import { MillraceError } from './errors';

/** A duration: a text such as `'500ms'`, `'1.5s'`, `'5m'`, `'2h'`, or a number of milliseconds. */
export type Duration = string | number;

/** A moment: milliseconds since the epoch. A batch is named by its end: the batch of time t holds what came in (t - interval, t]. */
export type Time = number;

/** The first and the last batch of old data. */
export interface Span {
  readonly first: Time;
  readonly last: Time;
}

/** A series of batches that ends: those of old data, which need not wait for the clock. */
export interface Past extends Span {
  /** Called once, when the last batch is done. */
  readonly ended: () => void;
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a duration. Throws BAD_ARGUMENT unless it is a whole number of milliseconds above 0. */
export function milliseconds(operation: string, argument: string, duration: Duration): number {
  const match = typeof duration === 'string' ? /^\s*(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|d)\s*$/.exec(duration) : undefined;
  const value = match ? Math.round(Number(match[1]) * units[match[2]] * 1000) / 1000 : duration;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value;
  return refuseArgument({
    operation,
    argument,
    value: duration,
    rule: "a duration above 0, such as '500ms', '1s', '5m' or a whole number of milliseconds",
    remedy: "Write a text such as '10s'.",
  });
}

/** The shortest text of a duration: `90s` is `90s`, 60000 is `1m`. */
export function durationText(ms: number): string {
  for (const unit of ['h', 'm', 's']) if (ms >= units[unit] && ms % units[unit] === 0) return `${ms / units[unit]}${unit}`;
  return `${ms}ms`;
}

/** The wall-clock time of a batch, `12:00:05` or `12:00:05.500`, in the zone of this process. */
export function timeText(time: Time): string {
  const date = new Date(time);
  const two = (n: number) => String(n).padStart(2, '0');
  const millis = time % 1000 === 0 ? '' : `.${String(((time % 1000) + 1000) % 1000).padStart(3, '0')}`;
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}${millis}`;
}

/** Throws NOT_A_MULTIPLE, which says both numbers, unless `ms` is a multiple of the slide of the stream that it is taken of. */
export function checkMultiple(operation: string, argument: string, ms: number, slide: number): void {
  if (ms % slide === 0) return;
  const below = durationText(Math.max(slide, Math.floor(ms / slide) * slide));
  const above = durationText(Math.ceil(ms / slide) * slide);
  throw new MillraceError('NOT_A_MULTIPLE', {
    operation,
    argument,
    value: durationText(ms),
    slide: durationText(slide),
    remedy: below === above ? `Write '${above}'.` : `Write '${below}' or '${above}'.`,
  });
}
