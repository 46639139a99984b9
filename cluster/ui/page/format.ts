// Numbers, sizes and times in few characters, as the pages show them.

/** `999`, `1.2 k`, `34 M`. */
export function count(n: number): string {
  let scaled = n;
  for (const unit of ['', ' k', ' M', ' G']) {
    if (scaled < 999.5 || unit === ' G') return `${scaled < 9.95 && unit ? scaled.toFixed(1) : Math.round(scaled)}${unit}`;
    scaled /= 1000;
  }
  return String(n);
}

export function bytes(n: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let scaled = n;
  let unit = 0;
  for (; scaled >= 1024 && unit < units.length - 1; unit++) scaled /= 1024;
  return `${unit === 0 || scaled >= 99.5 ? Math.round(scaled) : scaled.toFixed(1)} ${units[unit]}`;
}

/** `45 ms`, `3.2 s`, `4 min 5 s`, `2 h 10 min`. */
export function duration(ms: number): string {
  if (ms < 999.5) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = ms / 1000;
  if (seconds < 99.95) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false });

/** The time of day. */
export const timeOfDay = (at: number): string => clock.format(at);

/** `1 task`, `3 tasks`. */
export const counted = (n: number, noun: string): string =>
  `${count(n)} ${noun}${n === 1 ? '' : noun.endsWith('ch') ? 'es' : 's'}`;

/** Marks that turn the direction of writing, and characters that are not seen: shown, so that they deceive nobody. */
const unseen = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** A text of the user's or of data, made fit to be read: as a text node it can do no harm, but it could still deceive. */
export function plain(text: string): string {
  return text.replace(unseen, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** One line of at most so many characters. */
export function brief(text: string, most = 160): string {
  const line = plain(text.slice(0, 4 * most))
    .replace(/\s+/g, ' ')
    .trim();
  return line.length <= most ? line : `${line.slice(0, most - 1)}…`;
}
