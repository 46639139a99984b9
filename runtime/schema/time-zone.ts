// The zones of times: instants of what a clock on a wall showed, and the one zone of a session that reading, queries, printing and functions go by.

const formats = new Map<string, Intl.DateTimeFormat>();

/** Throws RangeError for a zone that does not exist. */
function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
      era: 'short',
    });
    formats.set(zone, format);
  }
  return format;
}

/** Whether the zone is known: 'UTC', 'Europe/Berlin'. */
export function isTimeZone(zone: unknown): zone is string {
  try {
    return typeof zone === 'string' && zone !== '' && formatOf(zone) !== undefined;
  } catch {
    return false;
  }
}

/** Offsets change at full quarters of an hour. */
const quarterMs = 900_000;
const dayMs = 86_400_000;
/** Offsets that a zone remembers: those of some years. */
const mostOffsets = 100_000;
const lastMs = 8.64e15;

/** A zone: what its clocks show at an instant, and when they showed a time. */
export class Zone {
  readonly #format: Intl.DateTimeFormat | undefined;
  /** Offsets by the quarter of an hour in which they hold. */
  readonly #offsets = new Map<number, number>();

  /** Throws RangeError for a zone that does not exist. */
  constructor(name: string) {
    const format = formatOf(name);
    if (format.resolvedOptions().timeZone !== 'UTC') this.#format = format;
  }

  /**
   * The instant at which the clocks showed a time, both in milliseconds, the time as if of UTC. Of a time that came twice, when summer time
   * ended, the first; a time that never came, when it began, counts from the clock before.
   */
  instant(local: number): number {
    if (!this.#format || !(Math.abs(local) <= lastMs - dayMs)) return local;
    const before = this.offset(local - dayMs);
    const first = local - before;
    if (this.offset(first) === before) return first;
    const after = this.offset(local + dayMs);
    const second = local - after;
    return this.offset(second) === after ? second : first;
  }

  /** The same of a date that was read as if of UTC. */
  date(local: Date): Date {
    return this.#format ? new Date(this.instant(local.getTime())) : local;
  }

  /** How far the clocks are ahead of UTC at an instant, in milliseconds. */
  offset(at: number): number {
    if (!this.#format) return 0;
    const slot = Math.floor(at / quarterMs);
    const known = this.#offsets.get(slot);
    if (known !== undefined) return known;
    const offset = askedOffset(slot * quarterMs, this.#format);
    if (this.#offsets.size >= mostOffsets) this.#offsets.clear();
    this.#offsets.set(slot, offset);
    return offset;
  }
}

function askedOffset(ms: number, format: Intl.DateTimeFormat): number {
  const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]));
  const year = parts.era === 'BC' ? 1 - Number(parts.year) : Number(parts.year);
  const shown = new Date(0);
  shown.setUTCFullYear(year, Number(parts.month) - 1, Number(parts.day));
  shown.setUTCHours(Number(parts.hour), Number(parts.minute), Number(parts.second));
  return shown.getTime() - ms;
}

const zones = new Map<string, Zone>();

/** The zone of a name, made once: to find out about one takes a millisecond. Throws RangeError for a zone that does not exist. */
export function zoneOf(name: string): Zone {
  let zone = zones.get(name);
  if (!zone) {
    zone = new Zone(name);
    zones.set(name, zone);
  }
  return zone;
}

/** The zone of this process as it was started, and the one that it was given since. */
const started = process.env.TZ;
let given: string | undefined;

/**
 * Makes a zone the one of this process: of readers and queries that name none, of printed dates, and of `getHours` and its like. Undefined
 * gives back the one that it was started with.
 */
export function useTimeZone(zone: string | undefined): void {
  if (zone === given) return;
  given = zone;
  const name = zone ?? started;
  if (name === undefined) delete process.env.TZ;
  else process.env.TZ = name;
}

/** The zone that the session was given; undefined where it goes by that of the machine. */
export const givenTimeZone = (): string | undefined => given;

/** The zone of this process. */
export const timeZone = (): string => given ?? new Intl.DateTimeFormat().resolvedOptions().timeZone;

const two = (n: number): string => String(n).padStart(2, '0');

/** An instant in ISO form: on the clocks of the session's zone where it was given one, else of UTC. */
export function instantText(date: Date): string {
  // The user's class, or theirs of the prototype, may answer anything else.
  const utc = Date.prototype.toISOString.call(date);
  if (given === undefined) return utc;
  const ms = Date.prototype.getTime.call(date);
  const offset = zoneOf(given).offset(ms);
  const shown = new Date(ms + offset);
  if (Number.isNaN(shown.getTime())) return utc;
  const minutes = Math.abs(Math.trunc(offset / 60_000));
  const sign = offset < 0 ? '-' : '+';
  return `${shown.toISOString().slice(0, -1)}${offset === 0 ? 'Z' : `${sign}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`}`;
}
