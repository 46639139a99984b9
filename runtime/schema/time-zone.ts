// Instants of times without a zone: what a clock on the wall of a zone showed.

const formats = new Map<string, Intl.DateTimeFormat>();

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
    return typeof zone === 'string' && formatOf(zone) !== undefined;
  } catch {
    return false;
  }
}

/** Offsets change at full quarters of an hour. */
const quarterMs = 900_000;
const offsets = new Map<string, Map<number, number>>();
const mostOffsets = 100_000;

/** How far the clocks of a zone are ahead of UTC at an instant, in milliseconds. */
function zoneOffset(ms: number, zone: string): number {
  if (zone === 'UTC' || zone === 'Etc/UTC') return 0;
  const known = offsets.get(zone) ?? new Map<number, number>();
  offsets.set(zone, known);
  const quarter = Math.floor(ms / quarterMs);
  let offset = known.get(quarter);
  if (offset === undefined) {
    if (known.size >= mostOffsets) known.clear();
    offset = askedOffset(quarter * quarterMs, zone);
    known.set(quarter, offset);
  }
  return offset;
}

function askedOffset(ms: number, zone: string): number {
  const parts = Object.fromEntries(
    formatOf(zone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, value]),
  );
  const year = parts.era === 'BC' ? 1 - Number(parts.year) : Number(parts.year);
  const shown = new Date(0);
  shown.setUTCFullYear(year, Number(parts.month) - 1, Number(parts.day));
  shown.setUTCHours(Number(parts.hour), Number(parts.minute), Number(parts.second));
  return shown.getTime() - ms;
}

/**
 * The instant at which the clocks of a zone showed a time, given as if it were UTC. Of a time that came twice, when summer time ended, the
 * first; a time that never came, when it began, counts from the clock before.
 */
export function instantOf(localMs: number, zone: string): number {
  if (!Number.isFinite(localMs) || Math.abs(localMs) > 8.64e15) return localMs;
  const before = zoneOffset(localMs - 86_400_000, zone);
  const guess = localMs - before;
  const offset = zoneOffset(guess, zone);
  if (offset === before) return guess;
  const second = localMs - offset;
  return zoneOffset(second, zone) === offset ? second : guess;
}
