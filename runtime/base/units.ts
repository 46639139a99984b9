// Counts, bytes and times as a person reads them, in a few characters: one way for errors, prompt and pages. It imports nothing, for browsers load it too.

/** A count in at most five characters and its unit: `999`, `1.2 k`, `34 M`. */
export function compact(count: number): string {
  let scaled = count;
  for (const unit of ['', ' k', ' M', ' G']) {
    if (scaled < 999.5 || unit === ' G') return `${scaled < 9.95 && unit ? scaled.toFixed(1) : Math.round(scaled)}${unit}`;
    scaled /= 1_000;
  }
  return String(count);
}

/** Bytes, by 1024 as memory and budgets are: `999 B`, `1.2 KiB`, `340 MiB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let scaled = bytes;
  let unit = 0;
  for (; scaled >= 1023.5 && unit < units.length - 1; unit++) scaled /= 1024;
  return `${unit === 0 || scaled >= 99.95 ? Math.round(scaled) : scaled.toFixed(1)} ${units[unit]}`;
}

/** Milliseconds: `45 ms`, `3.2 s`, `4 min 5 s`, `2 h 10 min`. */
export function msText(ms: number): string {
  if (ms < 999.5) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 99_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return inTwo(Math.floor(seconds / 60), 'min', seconds % 60, 's');
  const minutes = Math.round(seconds / 60);
  return inTwo(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
}

const inTwo = (n: number, unit: string, rest: number, smaller: string): string =>
  `${n} ${unit}${rest === 0 ? '' : ` ${rest} ${smaller}`}`;
