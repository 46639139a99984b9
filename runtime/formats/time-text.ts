// Dates and times as text, and instants from times that have no zone, by the zone that the reader was given.

const hourMs = 3_600_000;

/** Offsets that a zone remembers: those of some years. */
const mostOffsets = 100_000;

/** Days of a month, with those of leap years. */
export function isDay(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1 || day > 31) return false;
  if (month === 2) return day <= (year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28);
  return day <= 30 || (month !== 4 && month !== 6 && month !== 9 && month !== 11);
}

/** Milliseconds since the epoch of a time of UTC; of years before 100 too, which `Date.UTC` takes for 1900 and later. */
export function utcMs(year: number, month: number, day: number, ms: number): number {
  if (year >= 100) return Date.UTC(year, month - 1, day) + ms;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getTime() + ms;
}

/** A zone of the reader's option: what local times of it are as instants. */
export class Zone {
  readonly #format: Intl.DateTimeFormat | undefined;
  /** Offsets by the hour in which they hold: rules change at whole hours of UTC, or at half ones. */
  readonly #offsets = new Map<number, number>();

  /** Throws RangeError for a zone that does not exist. */
  constructor(name: string) {
    const zone = name === 'local' ? new Intl.DateTimeFormat().resolvedOptions().timeZone : name;
    if (zone === 'UTC') return;
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      ...({ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' } as const),
    });
  }

  /** The instant of a local time, both in milliseconds as if of UTC. A time that comes twice is its first; one that is left out is moved forward. */
  instant(local: number): number {
    if (!this.#format) return local;
    const before = this.#offset(local - 24 * hourMs);
    const first = local - before;
    if (this.#offset(first) === before) return first;
    const after = this.#offset(local + 24 * hourMs);
    const second = local - after;
    return this.#offset(second) === after ? second : first;
  }

  /** The same of a date that was read as if of UTC. */
  date(local: Date): Date {
    return this.#format ? new Date(this.instant(local.getTime())) : local;
  }

  #offset(at: number): number {
    const slot = Math.floor(at / (hourMs / 2));
    const known = this.#offsets.get(slot);
    if (known !== undefined) return known;
    const parts = this.#format!.formatToParts(slot * (hourMs / 2));
    const of = (type: string) => Number(parts.find((part) => part.type === type)!.value);
    const shown = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'));
    const offset = shown - slot * (hourMs / 2);
    if (this.#offsets.size >= mostOffsets) this.#offsets.clear();
    this.#offsets.set(slot, offset);
    return offset;
  }
}

const zones = new Map<string, Zone>();

/** The zone of a name, made once: to find out about one takes a millisecond. Throws RangeError for a zone that does not exist. */
export function zoneOf(name: string): Zone {
  const key = name === 'local' ? `local ${process.env.TZ}` : name;
  const known = zones.get(key);
  if (known) return known;
  const zone = new Zone(name);
  zones.set(key, zone);
  return zone;
}

const two = (n: number): string => (n < 10 ? `0${n}` : String(n));

/** A year as ISO writes it: four digits, more with a sign. */
const yearText = (year: number): string => {
  if (year >= 0 && year <= 9999) return String(year).padStart(4, '0');
  return `${year < 0 ? '-' : '+'}${String(Math.abs(year)).padStart(6, '0')}`;
};

/** A date of a number of days since 1970, as text. */
export function dateText(days: number): string {
  const date = new Date(days * 24 * hourMs);
  if (Number.isNaN(date.getTime())) return `${days} days since 1970-01-01`;
  return `${yearText(date.getUTCFullYear())}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
}

/** A time of day as text: whole seconds, and the fraction without zeros at its end. */
export function timeText(units: bigint, perSecond: bigint, digits: number): string {
  const seconds = Number(units / perSecond);
  const fraction = String(units % perSecond)
    .padStart(digits, '0')
    .replace(/0+$/, '');
  const text = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return fraction === '' ? text : `${text}.${fraction}`;
}
